//! Pricing anew, and invoices.

use http::StatusCode;
use tollgate_domain::Clock as _;
use tollgate_domain::actor::Role;
use tollgate_domain::charge::Charge;
use tollgate_domain::clock::SystemClock;
use tollgate_domain::entropy::SystemEntropy;
use tollgate_domain::ids::ChargeId;
use tollgate_domain::{Nanos, Timestamp};
use tollgate_store::LedgerBatch;

use super::site::Site;
use super::usage;

/// One whose id is of its moment.
fn charge(model: &str, cost: i64, at: Timestamp) -> Charge {
    Charge { id: ChargeId::of(at, &SystemEntropy), ..usage::charge(None, model, cost, at) }
}

#[tokio::test]
async fn charges_are_priced_anew_after_a_look() {
    let site = Site::open().await;
    let now = SystemClock.now();
    let charges = vec![charge("gpt-4o", 2_500_000_000, now), charge("o3", 1_000_000_000, now)];
    site.store.append_ledger(&LedgerBatch { charges: charges.clone(), refusals: Vec::new() }).await.unwrap();
    site.get("/ui/repricing").await.says("See what would change").never_says("What would change<");
    // 1,000 in and 50 out.
    let page = site.get("/ui/repricing?asked=1&model=gpt-4o&price=input%3D1000000+output%3D0").await;
    page.says("What would change<").says("Book the difference").says("$1,000.00").says(&charges[0].id.to_string());
    page.never_says(&charges[1].id.to_string());
    site.get("/ui/repricing?asked=1&price=input%3D1").await.says("a model or a deployment").never_says("Book the");
    let fields = [("model", "gpt-4o"), ("price", "input=1000000 output=0")];
    let done = site.post("/ui/repricing", &fields).await;
    assert_eq!(done.location(), "/ui/repricing?notice=done");
    site.get(done.location()).await.says("priced anew").says("Done").says("$997.50");
    let report = site.store.verify_ledger().await.unwrap();
    assert!(report.balances() && report.adjustments == 1, "{:#?}", report.told);
    assert_eq!(report.cost, Nanos(1_001_000_000_000));
    let wrong = site.post("/ui/repricing", &[("model", "gpt-4o"), ("price", "nonsense")]).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    wrong.says("nonsense");

    site.become_a(Role::Auditor).await;
    site.get("/ui/repricing?asked=1&model=o3&price=input%3D1+output%3D1")
        .await
        .says("What would change<")
        .never_says("Book the difference");
    assert!(site.post("/ui/repricing", &fields).await.location().contains("notice=denied"));
}

#[tokio::test]
async fn a_file_is_imported_compared_and_deleted() {
    let site = Site::open().await;
    let now = SystemClock.now();
    let charges = vec![charge("gpt-4o", 250_000_000, now)];
    site.store.append_ledger(&LedgerBatch { charges, refusals: Vec::new() }).await.unwrap();
    site.get("/ui/reconciliation").await.says("No invoices yet").says("multipart/form-data");
    let day = now.to_datetime().format("%Y-%m-%d").to_string();
    let text = format!("date,model,cost\n{day},gpt-4o-2024-08-06,0.25\n{day},ghost,3\n");
    let fields = [("provider", "openai"), ("format", ""), ("columns", ""), ("rate", "")];
    let done = site.upload("/ui/reconciliation", &fields, ("november.csv", &text)).await;
    assert!(done.location().ends_with("?notice=imported"), "{} {}", done.status, done.html);
    let page = site.get(done.location()).await;
    page.says("november.csv").says("one group differs").says("Agrees").says("Only theirs").says("ghost");
    page.says(&format!("/ui/requests?since={day}&amp;until={day}&amp;model=gpt-4o"));
    site.get(&format!("/ui/requests?since={day}&until={day}&model=gpt-4o")).await.never_says("No request matches");
    let again = site.upload("/ui/reconciliation", &fields, ("other.csv", &text)).await;
    assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY);
    again.says("imported already");
    let bad = site.upload("/ui/reconciliation", &fields, ("bad.csv", "date,model,cost\nx,m,1\n")).await;
    assert_eq!(bad.status, StatusCode::UNPROCESSABLE_ENTITY);
    bad.says("line 2");
    site.get("/ui/reconciliation").await.says("november.csv");
    let href = done.location().split('?').next().unwrap();
    site.get(&format!("{href}/delete")).await.says("Delete november.csv?");
    let gone = site.post(&format!("{href}/delete"), &[]).await;
    assert_eq!(gone.location(), "/ui/reconciliation?notice=deleted");
    assert_eq!(site.get(href).await.status, StatusCode::NOT_FOUND);
}
