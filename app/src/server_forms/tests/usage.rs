//! Usage: sums by what people ask for, and the same as a file.

use http::{StatusCode, header};
use tollgate_domain::charge::{Charge, Operation, Outcome};
use tollgate_domain::clock::SystemClock;
use tollgate_domain::entropy::SystemEntropy;
use tollgate_domain::ids::{ChargeId, KeyId};
use tollgate_domain::usage::{Certainty, Usage};
use tollgate_domain::{Clock as _, Nanos, Timestamp};
use tollgate_store::LedgerBatch;

use super::site::Site;

const DAY: i64 = 86_400;

pub fn charge(key: Option<KeyId>, model: &str, cost: i64, at: Timestamp) -> Charge {
    let id = ChargeId::new(&SystemClock, &SystemEntropy);
    Charge {
        call_id: Some(format!("call-{id}")),
        id,
        attempt: 1,
        started_at: at,
        key_id: key,
        ownership_id: 0,
        operation: Operation::ChatCompletion,
        model: model.into(),
        deployment_id: "one".into(),
        provider: "openai".into(),
        upstream_model: model.into(),
        streamed: false,
        outcome: Outcome::Success,
        status: 200,
        error: None,
        certainty: Certainty::Measured,
        usage: Usage { input: 1_000, output: 50, ..Usage::default() },
        cost: Nanos(cost),
        reserved: Nanos::ZERO,
        cost_lines: Vec::new(),
        price_source: None,
        duration_us: 2_000_000,
        first_byte_us: None,
        client_left: false,
        instead_of: None,
        upstream_id: None,
        end_user: Some("shop-7".to_owned()),
        tags: vec!["batch".to_owned()],
    }
}

/// Three calls: two of today, by a key and by the master key, and one of some days ago.
async fn filled(site: &Site) -> String {
    let (key, _) = site.create_key("journey").await;
    let now = SystemClock.now();
    let charges = vec![
        charge(KeyId::parse(&key), "gpt-4o", 2_500_000_000, now),
        charge(None, "o3", 1_000_000_000, now),
        charge(KeyId::parse(&key), "o3", 500_000_000, now.plus_seconds(-10 * DAY)),
    ];
    site.store.append_ledger(&LedgerBatch { charges, refusals: Vec::new() }).await.unwrap();
    key
}

#[tokio::test]
async fn sums_are_told_apart_by_what_the_address_says() {
    let site = Site::open().await;
    site.get("/ui/usage").await.says("Nothing was called yet").says("Create a key to call with");
    let key = filled(&site).await;

    let page = site.get("/ui/usage").await;
    page.says("Spend by model").says("$4.00").says("$2.50").says("$1.50").says("62 %").says("37 %");
    page.says("/ui/usage?model=gpt-4o&amp;by=key").says("/ui/usage/export?format=csv");
    site.get("/ui/usage?period=7d").await.says("$3.50").never_says("$4.00");
    let page = site.get("/ui/usage?by=key").await;
    page.says(">journey<").says(">Master key<").says("$3.00").says(&format!("/ui/usage?key={key}"));
    let page = site.get("/ui/usage?by=day").await;
    let today = SystemClock.now().to_rfc3339()[..10].to_owned();
    page.says("Spend by day").says(&format!(">{today}<")).says("$0.50");
    site.get("/ui/usage?by=customer").await.says(">shop-7<").says("Calls without a customer are left out");
    site.get("/ui/usage?by=tag").await.says(">batch<").says("counts in each of them");
    site.get("/ui/usage?by=team").await.says("No team");

    let page = site.get("/ui/usage?key=journey&model=o3").await;
    page.says("Key: journey").says("Model: o3").says("$0.50").never_says("$2.50");
    site.get("/ui/usage?model=unheard").await.says("Nothing was called").says("Show all usage");
}

#[tokio::test]
async fn a_file_has_what_the_filters_match() {
    let site = Site::open().await;
    filled(&site).await;
    let csv = site.get("/ui/usage/export?by=key&format=csv&key=journey").await;
    assert_eq!(csv.status, StatusCode::OK);
    assert_eq!(csv.headers[header::CONTENT_TYPE], "text/csv; charset=utf-8; header=present");
    let name = csv.headers[header::CONTENT_DISPOSITION].to_str().unwrap();
    assert!(name.starts_with("attachment; filename=\"usage-by-key-20"), "{name}");
    let lines: Vec<_> = csv.html.split("\r\n").filter(|line| !line.is_empty()).collect();
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(lines[0].starts_with("key,calls,") && lines[1].ends_with(",3"), "{lines:?}");

    let json = site.get("/ui/requests/export?format=jsonl&model=o3").await;
    let rows: Vec<serde_json::Value> = json.html.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let mut costs: Vec<_> = rows.iter().map(|row| row["cost_usd"].as_str().unwrap()).collect();
    // In the order of their ids, which were made within the same millisecond.
    costs.sort_unstable();
    assert_eq!(costs, ["0.5", "1"]);
    let rows = site.get("/ui/requests/export?key=journey").await;
    assert_eq!(rows.html.lines().count(), 3);
    let none = site.get("/ui/requests/export?key=unheard").await;
    assert_eq!(none.location(), "/ui/requests?key=unheard&notice=not_found");
    site.get(none.location()).await.says("There is no such key");
    site.get("/ui/requests?model=o3").await.says("/ui/requests/export?model=o3&amp;format=csv");
    site.get("/ui/audit?action=request.export").await.says("Exported");
}

#[tokio::test]
async fn one_sees_and_exports_what_is_ones_own() {
    let mut site = Site::open().await;
    filled(&site).await;
    site.create_user("bob@example.com", "member").await;
    site.sign_in("bob@example.com").await;
    site.get("/ui/usage").await.says("Nothing was called yet").never_says("gpt-4o</a>");
    let csv = site.get("/ui/usage/export?by=model").await;
    assert_eq!(csv.html.lines().count(), 1, "{}", csv.html);
    assert_eq!(site.get("/ui/requests/export").await.html.lines().count(), 1);
}
