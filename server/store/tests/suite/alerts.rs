use tollgate_domain::actor::Visible;
use tollgate_domain::ledger::{AccountKey, AccountKind, Alert, AlertKind, Span};
use tollgate_domain::page::Cursor;
use tollgate_domain::{Nanos, Timestamp};
use tollgate_store::AlertFilter;

use crate::data::{NOW, add_ownerships, within};
use crate::harness::Database;

fn alert(n: i64, kind: AlertKind, account: AccountKey, ownership_id: i64) -> Alert {
    Alert {
        id: format!("{n:06}-0"),
        at: Timestamp(NOW.0 + n),
        kind,
        account,
        limited: "budget a month".to_owned(),
        is_money: true,
        span: (kind == AlertKind::Threshold).then_some(Span { start: Timestamp(0), end: Timestamp(i64::MAX) }),
        percent: (kind == AlertKind::Threshold).then_some(80),
        limit: 100,
        used: 80,
        reserved: 1,
        asked: 2,
        charge_id: format!("charge-{n}"),
        ownership_id,
        cost: Nanos(n),
    }
}

async fn ids(db: &Database, visible: &Visible, filter: &AlertFilter) -> Vec<String> {
    let (mut found, mut cursor) = (Vec::new(), None);
    loop {
        let page = db.store.list_alerts(visible, filter, cursor.as_ref(), 2).await.unwrap();
        found.extend(page.items.into_iter().map(|alert| alert.id));
        let Some(next) = page.next else { return found };
        cursor = Some(Cursor::decode(&next).unwrap());
    }
}

pub async fn a_mark_is_told_once_a_turn_and_a_shadow_for_every_call(db: &Database) {
    let team = || AccountKey::new(AccountKind::Team, "t-1");
    let mark = alert(1, AlertKind::Threshold, team(), 0);
    assert_eq!(db.store.append_alerts(std::slice::from_ref(&mark)).await.unwrap(), std::slice::from_ref(&mark.id));
    // Of another call, after a restart: it is the same mark of the same turn.
    let again = Alert { id: "000002-0".to_owned(), charge_id: "charge-2".to_owned(), ..mark.clone() };
    let of_model = Alert { id: "3".to_owned(), account: team().of_model("gpt-4o"), ..mark.clone() };
    let higher = Alert { id: "4".to_owned(), percent: Some(100), ..mark.clone() };
    let next = Span { start: Timestamp(7), end: Timestamp(9) };
    let next = Alert { id: "5".to_owned(), span: Some(next), ..mark.clone() };
    let new = db.store.append_alerts(&[again, of_model, higher, next]).await.unwrap();
    assert_eq!(new, ["3", "4", "5"]);
    let shadows: Vec<_> = (10..13).map(|n| alert(n, AlertKind::Shadow, team(), 0)).collect();
    assert_eq!(db.store.append_alerts(&shadows).await.unwrap().len(), 3);
    assert_eq!(db.store.append_alerts(&shadows).await.unwrap(), Vec::<String>::new());
    let page = db.store.list_alerts(&Visible::All, &AlertFilter::default(), None, 1000).await.unwrap();
    assert!(page.items.contains(&mark), "it comes back as it was kept");
    assert_eq!((page.items.len(), page.next), (7, None));
}

pub async fn alerts_are_seen_by_whoever_sees_the_accounts_spend(db: &Database) {
    add_ownerships(db).await;
    // The second ownership.
    let [user, team, organisation] = ["u-1", "t-1", "o-1"];
    let of = |kind, id: &str| AccountKey::new(kind, id);
    let all = [
        of(AccountKind::Gateway, ""),
        of(AccountKind::Organisation, organisation),
        of(AccountKind::Team, team),
        of(AccountKind::Membership, "m"),
        of(AccountKind::Key, "k"),
        of(AccountKind::Tag, "a"),
    ];
    let alerts: Vec<_> =
        all.into_iter().enumerate().map(|(n, account)| alert(n as i64, AlertKind::Shadow, account, 2)).collect();
    db.store.append_alerts(&alerts).await.unwrap();
    let seen = async |visible: &Visible| {
        let ids = ids(db, visible, &AlertFilter::default()).await;
        ids.iter().map(|id| id[5..6].to_owned()).collect::<String>()
    };
    assert_eq!(seen(&Visible::All).await, "543210");
    assert_eq!(seen(&within(None, &[], &[])).await, "");
    for (visible, expected) in [
        (within(Some(user), &[], &[]), "43"),
        (within(None, &[team], &[]), "432"),
        (within(None, &[], &[organisation]), "4321"),
        (within(Some("stranger"), &["t-9"], &["o-9"]), ""),
    ] {
        assert_eq!(seen(&visible).await, expected, "{visible:?}");
    }
    let teams = AlertFilter { account_kind: Some(AccountKind::Team), ..AlertFilter::default() };
    assert_eq!(ids(db, &Visible::All, &teams).await, ["000002-0"]);
    let late = AlertFilter { since: Some(Timestamp(NOW.0 + 4)), ..AlertFilter::default() };
    assert_eq!(ids(db, &Visible::All, &late).await, ["000005-0", "000004-0"]);
}

pub async fn shadows_are_added_up(db: &Database) {
    add_ownerships(db).await;
    let team = || AccountKey::new(AccountKind::Team, "t-1");
    let alerts: Vec<_> = (1..=4).map(|n| alert(n, AlertKind::Shadow, team(), if n < 3 { 2 } else { 0 })).collect();
    db.store.append_alerts(&alerts).await.unwrap();
    db.store.append_alerts(&[alert(9, AlertKind::Shadow, team().of_model("m"), 0)]).await.unwrap();
    db.store.append_alerts(&[alert(50, AlertKind::SoftLimit, team(), 0)]).await.unwrap();
    let sums = db.store.shadow_sums(&Visible::All, &AlertFilter::default(), 10).await.unwrap();
    assert_eq!((sums[0].calls, sums[0].users, sums[0].saved), (4, 1, Nanos(10)));
    assert_eq!((sums[1].account.model.as_deref(), sums[1].saved), (Some("m"), Nanos(9)), "{sums:?}");
}
