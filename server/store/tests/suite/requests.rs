use std::collections::BTreeSet;

use tollgate_domain::Timestamp;
use tollgate_domain::charge::{Charge, Outcome};
use tollgate_domain::page::Cursor;
use tollgate_domain::summary::{RequestFilter, RequestRow, StatusFilter};
use tollgate_store::LedgerBatch;

use crate::data::{Maker, NOW};
use crate::harness::Database;

async fn all(db: &Database, filter: &RequestFilter, limit: u32) -> Vec<RequestRow> {
    let (mut rows, mut cursor) = (Vec::new(), None);
    loop {
        let page = db.store.list_requests(filter, cursor.as_ref(), limit).await.unwrap();
        assert!(page.items.len() <= limit as usize);
        rows.extend(page.items);
        match page.next {
            Some(next) => cursor = Some(Cursor::decode(&next).unwrap()),
            None => return rows,
        }
    }
}

pub async fn every_request_is_listed_once_while_others_are_added(db: &Database) {
    let make = Maker::new(20);
    let mut batch = LedgerBatch { charges: make.charges(150, 3600), refusals: make.refusals(60, 3600) };
    // Many of the same moment, charges and refusals: the id decides.
    for charge in batch.charges.iter_mut().take(50) {
        charge.started_at = NOW;
    }
    for refusal in batch.refusals.iter_mut().take(20) {
        refusal.at = NOW;
    }
    db.store.append_ledger(&batch).await.unwrap();
    let expected: BTreeSet<_> = batch
        .charges
        .iter()
        .map(|charge| charge.id.to_string())
        .chain(batch.refusals.iter().map(|refusal| refusal.id.to_string()))
        .collect();

    let (mut seen, mut cursor) = (Vec::new(), None);
    loop {
        let page = db.store.list_requests(&RequestFilter::default(), cursor.as_ref(), 17).await.unwrap();
        seen.extend(page.items.into_iter().map(|row| (row.at, row.id)));
        // Newer ones arrive between the pages.
        let newer: Vec<_> =
            make.charges(3, 60).into_iter().map(|c| Charge { started_at: Timestamp(NOW.0 + 1000), ..c }).collect();
        db.store.append_ledger(&LedgerBatch { charges: newer, refusals: vec![] }).await.unwrap();
        match page.next {
            Some(next) => cursor = Some(Cursor::decode(&next).unwrap()),
            None => break,
        }
    }
    assert!(seen.is_sorted_by(|a, b| a > b), "newest first, each once");
    let seen: BTreeSet<_> = seen.into_iter().map(|(_, id)| id).collect();
    assert_eq!(seen, expected);
}

pub async fn filters_hold(db: &Database) {
    let make = Maker::new(21);
    let key = make.key(Some("the app"), NOW);
    let tx = db.store.begin().await.unwrap();
    tx.insert_key(&key).await.unwrap();
    tx.commit().await.unwrap();
    let mut batch = LedgerBatch { charges: make.charges(80, 3600), refusals: make.refusals(40, 3600) };
    for charge in batch.charges.iter_mut().step_by(3) {
        charge.key_id = Some(key.id);
    }
    db.store.append_ledger(&batch).await.unwrap();

    let charge_rows = |keep: &dyn Fn(&Charge) -> bool| batch.charges.iter().filter(|c| keep(c)).count();
    let count = async |filter: RequestFilter| all(db, &filter, 13).await.len();
    let with = |change: &dyn Fn(&mut RequestFilter)| {
        let mut filter = RequestFilter::default();
        change(&mut filter);
        filter
    };

    assert_eq!(count(RequestFilter::default()).await, 120);
    let rows = all(db, &with(&|f| f.key = Some(key.id.to_string())), 13).await;
    let refused = batch.refusals.iter().filter(|r| r.key_id == Some(key.id)).count();
    assert_eq!(rows.len(), charge_rows(&|c| c.key_id == Some(key.id)) + refused);
    assert!(rows.iter().all(|row| row.key_label.as_deref() == Some("the app")));

    let rows = all(db, &with(&|f| f.key = Some("master_key".to_owned())), 13).await;
    assert_eq!(rows.len(), charge_rows(&|c| c.key_id.is_none()));
    assert!(rows.iter().all(|row| row.key_label.as_deref() == Some("Master key")));

    let rows = all(db, &with(&|f| f.model = Some("claude".to_owned())), 13).await;
    assert_eq!(rows.len(), charge_rows(&|c| c.model == "claude"));

    let by_status = async |status| all(db, &with(&|f| f.status = Some(status)), 13).await;
    let rows = by_status(StatusFilter::Success).await;
    assert_eq!(rows.len(), charge_rows(&|c| c.outcome == Outcome::Success));
    assert!(rows.iter().all(|row| row.outcome == Some(Outcome::Success)));
    assert_eq!(by_status(StatusFilter::Failed).await.len(), charge_rows(&|c| c.outcome != Outcome::Success));
    let rows = by_status(StatusFilter::Refused).await;
    assert_eq!(rows.len(), 40);
    assert!(rows.iter().all(|row| row.outcome.is_none() && row.status == 403 && row.error.is_some()));
    let nobodys = batch.refusals.iter().filter(|r| r.key_id.is_none()).count();
    assert_eq!(rows.iter().filter(|row| row.key_label.is_none()).count(), nobodys);

    let (since, until) = (NOW.plus_seconds(-1800), NOW.plus_seconds(-600));
    let rows = all(db, &with(&|f| (f.since, f.until) = (Some(since), Some(until))), 13).await;
    let inside = |at: Timestamp| at >= since && at < until;
    let refused = batch.refusals.iter().filter(|r| inside(r.at)).count();
    assert_eq!(rows.len(), charge_rows(&|c| inside(c.started_at)) + refused);

    let all_at_once = with(&|f| {
        f.key = Some(key.id.to_string());
        f.model = Some("gpt-4o".to_owned());
        f.status = Some(StatusFilter::Failed);
    });
    let expected = charge_rows(&|c| c.key_id == Some(key.id) && c.model == "gpt-4o" && c.outcome != Outcome::Success);
    assert_eq!(count(all_at_once).await, expected);
}

pub async fn a_request_is_found_by_its_ids(db: &Database) {
    let make = Maker::new(22);
    let mut batch = LedgerBatch { charges: make.charges(2, 60), refusals: make.refusals(1, 60) };
    batch.charges[1].call_id = batch.charges[0].call_id.clone();
    batch.charges[1].attempt = 2;
    db.store.append_ledger(&batch).await.unwrap();
    let get = async |id: &str| db.store.get_request(id).await.unwrap();

    let first = get(&batch.charges[0].id.to_string()).await.unwrap();
    assert_eq!((first.attempt, first.row.id), (1, batch.charges[0].id.to_string()));
    assert_eq!(get(&batch.charges[0].call_id).await.unwrap().attempt, 2);
    for id in [batch.refusals[0].id.to_string(), batch.refusals[0].call_id.clone()] {
        let detail = get(&id).await.unwrap();
        assert_eq!(detail.refusal_kind.as_deref(), Some("key_model_access_denied"));
        assert_eq!(detail.row.status, 403);
    }
    assert_eq!(get("nothing").await, None);

    let filter = RequestFilter { call_id: Some(batch.charges[0].call_id.clone()), ..RequestFilter::default() };
    assert_eq!(all(db, &filter, 10).await.len(), 2);
    let filter = RequestFilter { call_id: Some(batch.refusals[0].id.to_string()), ..RequestFilter::default() };
    assert_eq!(all(db, &filter, 10).await.len(), 1);
}
