//! Requests: found, and told in full.

use http::StatusCode;
use tollgate_domain::charge::{Charge, Operation, Outcome, Refusal};
use tollgate_domain::clock::SystemClock;
use tollgate_domain::entropy::SystemEntropy;
use tollgate_domain::ids::{ChargeId, KeyId};
use tollgate_domain::price::{CostLine, Meter};
use tollgate_domain::usage::{Certainty, Usage};
use tollgate_domain::{Clock as _, Nanos, Picos, Timestamp};
use tollgate_store::LedgerBatch;

use super::site::Site;

fn new_id() -> ChargeId {
    ChargeId::new(&SystemClock, &SystemEntropy)
}

fn charge(key: Option<KeyId>, model: &str, at: Timestamp) -> Charge {
    Charge {
        id: new_id(),
        call_id: Some(format!("call-{}", new_id())),
        attempt: 1,
        started_at: at,
        key_id: key,
        ownership_id: 0,
        operation: Operation::ChatCompletion,
        model: model.into(),
        deployment_id: "gpt-4o-1".into(),
        provider: "openai".into(),
        upstream_model: "gpt-4o-2024".into(),
        streamed: true,
        outcome: Outcome::Success,
        status: 200,
        error: None,
        certainty: Certainty::Measured,
        usage: Usage { input: 1_000, cache_read: 400, output: 1_234, ..Usage::default() },
        cost: Nanos(14_340_000),
        reserved: Nanos::ZERO,
        cost_lines: vec![
            CostLine { meter: Meter::CacheRead, units: 400, price: Picos(1_250_000) },
            CostLine { meter: Meter::Input, units: 600, price: Picos(2_500_000) },
            CostLine { meter: Meter::Output, units: 1_234, price: Picos(10_000_000) },
        ],
        price_source: Some("price book: openai/gpt-4o".into()),
        duration_us: 2_000_000,
        first_byte_us: Some(500_000),
        client_left: true,
        instead_of: None,
        upstream_id: Some("chatcmpl-77".to_owned()),
        end_user: Some("user-9".to_owned()),
        tags: Vec::new(),
    }
}

fn refusal(kind: &str, status: u16, message: &str, at: Timestamp) -> Refusal {
    Refusal {
        id: new_id(),
        call_id: Some(format!("call-{}", new_id())),
        at,
        key: None,
        ownership_id: 0,
        operation: Operation::ChatCompletion,
        model: Some("secret-model".to_owned()),
        status,
        kind: kind.to_owned(),
        message: message.to_owned(),
    }
}

#[tokio::test]
async fn the_list_is_filtered_by_its_address() {
    let site = Site::open().await;
    site.get("/ui/requests").await.says("No requests yet");
    let (key, _) = site.create_key("team blue").await;
    let now = SystemClock.now();
    let mine = charge(KeyId::parse(&key), "gpt-4o", now);
    let masters = charge(None, "o3", now.plus_seconds(-7_200));
    let failed = Charge {
        outcome: Outcome::UpstreamError,
        status: 500,
        error: Some("openai: no".to_owned()),
        ..charge(None, "o3", now.plus_seconds(-1))
    };
    let refused = refusal("key_model_access_denied", 403, "The requested model", now.plus_seconds(-2));
    let batch =
        LedgerBatch { charges: vec![mine.clone(), masters.clone(), failed.clone()], refusals: vec![refused.clone()] };
    site.store.append_ledger(&batch).await.unwrap();

    let ids = [&mine.id, &masters.id, &failed.id, &refused.id].map(|id| format!("/ui/requests/{id}"));
    let all = site.get("/ui/requests").await;
    for id in &ids {
        all.says(id);
    }
    all.says("class=\"live-part\"").says("team blue").says("Master key").never_says("class=\"chip\"");
    let expect = async |path: &str, shown: &[usize]| {
        let page = site.get(path).await;
        for (i, id) in ids.iter().enumerate() {
            assert_eq!(page.html.contains(id.as_str()), shown.contains(&i), "{path}: {i}");
        }
        page
    };
    expect("/ui/requests?status=success", &[0, 1]).await;
    expect("/ui/requests?status=failed", &[2]).await;
    expect("/ui/requests?status=refused", &[3]).await;
    expect("/ui/requests?model=o3", &[1, 2]).await;
    expect("/ui/requests?period=1h", &[0, 2, 3]).await;
    expect("/ui/requests?key=master_key", &[1, 2]).await;
    expect(&format!("/ui/requests?key={key}"), &[0]).await.says("Key: team blue");
    expect("/ui/requests?key=team%20blue&model=gpt-4o", &[0])
        .await
        .says("aria-label=\"Remove the filter Model: gpt-4o\"");
    expect(&format!("/ui/requests?call={}", masters.call_id.as_deref().unwrap()), &[1]).await;
    expect("/ui/requests?key=nobody", &[]).await.says("There is no such key");
    expect("/ui/requests?model=none", &[]).await.says("No request matches");

    site.get(&format!("/ui/keys/{key}"))
        .await
        .says(&ids[0])
        .says(&format!("/ui/requests?key={key}"))
        .never_says(&ids[1]);
}

#[tokio::test]
async fn requests_are_paged_without_gaps() {
    let site = Site::open().await;
    let now = SystemClock.now();
    let charges: Vec<_> = (0..60).map(|n| charge(None, "gpt-4o", now.plus_seconds(-n / 4))).collect();
    site.store.append_ledger(&LedgerBatch { charges: charges.clone(), refusals: Vec::new() }).await.unwrap();
    let first = site.get("/ui/requests?model=gpt-4o").await;
    let next = first.between("href=\"/ui/requests?model=gpt-4o&amp;after=", "\"");
    let second = site.get(&format!("/ui/requests?model=gpt-4o&after={next}")).await;
    second.never_says("class=\"live-part\"").never_says("Next page").says("First page");
    for charge in charges {
        let id = format!("/ui/requests/{}\"", charge.id);
        assert!(first.html.contains(&id) ^ second.html.contains(&id), "{id}");
    }
}

#[tokio::test]
async fn a_call_is_told_in_full() {
    let site = Site::open().await;
    let (key, _) = site.create_key("team blue").await;
    let charge = charge(KeyId::parse(&key), "gpt-4o", SystemClock.now());
    site.store.append_ledger(&LedgerBatch { charges: vec![charge.clone()], refusals: Vec::new() }).await.unwrap();
    let page = site.get(&format!("/ui/requests/{}", charge.id)).await;
    assert_eq!(page.status, StatusCode::OK);
    page.says("openai answered to the end in 2.00 s.").says("The client left before the end");
    page.says("$1.25 per million").says("$0.0005").says("$0.01234").says("$0.01434").never_says("damaged");
    page.says("500 ms").says("1.50 s").says("price book: openai/gpt-4o").says("complete count, at a known price");
    page.says(charge.call_id.as_deref().unwrap())
        .says("chatcmpl-77")
        .says("gpt-4o-2024")
        .says("gpt-4o-1")
        .says("user-9")
        .says("team blue");
    let by_call = site.get(&format!("/ui/requests/{}", charge.call_id.as_deref().unwrap())).await;
    by_call.says("chatcmpl-77");
    let unknown = site.get("/ui/requests/0199d5a4-0000-7000-8000-000000000000").await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_refusal_says_what_to_do() {
    let site = Site::open().await;
    let message = "The requested model 'x' is not available for this API key";
    let refused = refusal("key_model_access_denied", 403, message, SystemClock.now());
    site.store.append_ledger(&LedgerBatch { charges: Vec::new(), refusals: vec![refused.clone()] }).await.unwrap();
    let page = site.get(&format!("/ui/requests/{}", refused.id)).await;
    page.says("The key may not call this model").says("Add the model to the key").says("key_model_access_denied");
    page.says("No provider was asked, and nothing was charged").says("403").never_says("Charged");
}

#[tokio::test]
async fn what_callers_write_stays_text() {
    let site = Site::open().await;
    let mut refused = refusal("invalid_request_error", 400, "</script><script>alert(1)</script>", SystemClock.now());
    refused.model = Some("</title></script><script>alert(2)</script>".to_owned());
    site.store.append_ledger(&LedgerBatch { charges: Vec::new(), refusals: vec![refused.clone()] }).await.unwrap();
    for path in ["/ui/requests".to_owned(), format!("/ui/requests/{}", refused.id)] {
        site.get(&path).await.says("&lt;script&gt;alert(2)").never_says("<script>alert");
    }
}
