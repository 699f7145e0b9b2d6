//! Alerts, limits in shadow in forms, and limits that are tried.

use http::StatusCode;
use tollgate_domain::clock::SystemClock;
use tollgate_domain::ledger::{AccountKey, AccountKind, Alert, AlertKind};
use tollgate_domain::{Clock as _, Nanos};
use tollgate_store::LedgerBatch;

use super::site::Site;
use super::usage::charge;

fn shadow(n: i64, account: AccountKey) -> Alert {
    Alert {
        id: format!("charge-{n}-0"),
        at: SystemClock.now(),
        kind: AlertKind::Shadow,
        account,
        limited: "budget a month".to_owned(),
        is_money: true,
        span: None,
        percent: None,
        limit: 5_000_000_000,
        used: 4_500_000_000,
        reserved: 0,
        asked: 1_000_000_000,
        charge_id: format!("charge-{n}"),
        ownership_id: 0,
        cost: Nanos(750_000_000),
    }
}

#[tokio::test]
async fn alerts_are_listed_and_told_on_the_page_of_the_account() {
    let site = Site::open().await;
    site.get("/ui/alerts").await.says("No alerts yet");
    site.get("/ui").await.says("/ui/alerts");
    let made = site.post("/ui/customers/create", &[("id", "eve"), ("shadow_limits", "budget=5 per=30d")]).await;
    assert_eq!(made.status, StatusCode::SEE_OTHER, "{}", made.html);
    let page = site.get("/ui/customers/eve").await;
    page.says("In shadow, refusing nobody").says("budget=5 per=30d").never_says("Limits in shadow would have refused");
    let eve = AccountKey::new(AccountKind::Customer, "eve");
    let soft = Alert { kind: AlertKind::SoftLimit, id: "soft".to_owned(), ..shadow(9, eve.clone()) };
    site.store.append_alerts(&[shadow(1, eve.clone()), shadow(2, eve), soft]).await.unwrap();
    let page = site.get("/ui/alerts").await;
    page.says("Would have been refused").says("Soft budget reached").says("$1.50").says("/ui/customers/eve");
    let (key, _) = site.create_key("crawler").await;
    let of_key = Alert { id: "named".to_owned(), ..shadow(3, AccountKey::new(AccountKind::Key, key.as_str())) };
    site.store.append_alerts(&[of_key]).await.unwrap();
    site.get("/ui/alerts")
        .await
        .says(">key crawler<")
        .says(&format!("title=\"key {key}\""))
        .never_says(&format!(">key {key}<"));
    site.get("/ui/alerts?kind=soft_limit").await.says("Soft budget reached").never_says(">Would have been refused<");
    site.get("/ui/alerts?account_kind=team").await.says("No alert matches");
    site.get("/ui/customers/eve")
        .await
        .says("Limits in shadow would have refused")
        .says("$1.50")
        .says("account_id=eve");
}

#[tokio::test]
async fn a_limit_is_tried_on_a_page() {
    let site = Site::open().await;
    site.get("/ui/alerts/try").await.says("Nothing tried yet");
    let charges = (1..=4).map(|n| charge(None, "o3", 1_000_000_000, SystemClock.now().plus_seconds(-600 * n)));
    let batch = LedgerBatch { charges: charges.collect(), refusals: Vec::new() };
    site.store.append_ledger(&batch).await.unwrap();
    let page = site.get("/ui/alerts/try?account=gateway&max_budget=2.5").await;
    page.says("Calls played").says("$4.00").says("Would have saved").says("$2.00").says("the master key");
    site.get("/ui/alerts/try?account=planet&max_budget=1").await.says("be tried</p>");
    site.get("/ui/alerts/try?account=gateway&max_budget=lots").await.says("amount of dollars");
}
