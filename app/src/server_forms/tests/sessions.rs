//! How long somebody stays signed in.

use std::sync::Arc;

use http::StatusCode;
use tollgate_domain::Clock as _;
use tollgate_domain::clock::{ManualClock, SystemClock};

use super::site::Site;
use crate::server::SignOn;

const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;

async fn begun(seconds_ago: i64) -> (Site, Arc<ManualClock>) {
    let clock = Arc::new(ManualClock::at(SystemClock.now().plus_seconds(-seconds_ago)));
    (Site::open_at(clock.clone(), SignOn::default(), None).await, clock)
}

async fn is_signed_in(site: &Site) -> bool {
    site.get("/ui/account").await.status == StatusCode::OK
}

#[tokio::test]
async fn a_session_that_nobody_uses_ends() {
    let (site, clock) = begun(0).await;
    clock.advance_seconds(12 * HOUR - 60);
    assert!(is_signed_in(&site).await);
    let (site, clock) = begun(0).await;
    clock.advance_seconds(12 * HOUR + 60);
    assert!(!is_signed_in(&site).await);
}

#[tokio::test]
async fn a_session_ends_after_a_week_however_busy() {
    // Its beginning is a week ago; how long it may lie idle is counted from now on.
    let (site, clock) = begun(7 * DAY).await;
    for _ in 0..28 {
        assert!(is_signed_in(&site).await);
        clock.advance_seconds(6 * HOUR);
    }
    assert!(is_signed_in(&site).await, "a week, to the second");
    clock.advance_seconds(1);
    assert!(!is_signed_in(&site).await);
    clock.advance_seconds(-2);
    assert!(!is_signed_in(&site).await, "it is gone for good");
}
