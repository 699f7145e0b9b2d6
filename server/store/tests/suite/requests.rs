use std::collections::BTreeSet;

use tollgate_domain::Timestamp;
use tollgate_domain::actor::Visible;
use tollgate_domain::charge::{CallKey, Charge, Outcome, Refusal};
use tollgate_domain::ids::KeyId;
use tollgate_domain::page::Cursor;
use tollgate_domain::summary::{RequestFilter, RequestRow, StatusFilter};
use tollgate_store::LedgerBatch;

use crate::data::{Maker, NOW, add_ownerships, sees, views};
use crate::harness::Database;

async fn all(db: &Database, filter: &RequestFilter, limit: u32) -> Vec<RequestRow> {
    seen_by(db, &Visible::All, filter, limit).await
}

async fn seen_by(db: &Database, visible: &Visible, filter: &RequestFilter, limit: u32) -> Vec<RequestRow> {
    let (mut rows, mut cursor) = (Vec::new(), None);
    loop {
        let page = db.store.list_requests(visible, filter, cursor.as_ref(), limit).await.unwrap();
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
        make.move_charge(charge, NOW);
    }
    for refusal in batch.refusals.iter_mut().take(20) {
        make.move_refusal(refusal, NOW);
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
        let page = db.store.list_requests(&Visible::All, &RequestFilter::default(), cursor.as_ref(), 17).await.unwrap();
        seen.extend(page.items.into_iter().map(|row| (row.at.0 / 1000, row.id)));
        // Newer ones arrive between the pages.
        let mut newer = make.charges(3, 60);
        newer.iter_mut().for_each(|charge| make.move_charge(charge, Timestamp(NOW.0 + 1000)));
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
    let refused = batch.refusals.iter().filter(|r| r.key == Some(CallKey::Virtual(key.id))).count();
    assert_eq!(rows.len(), charge_rows(&|c| c.key_id == Some(key.id)) + refused);
    assert!(rows.iter().all(|row| row.key_label.as_deref() == Some("the app")));

    let rows = all(db, &with(&|f| f.key = Some("master_key".to_owned())), 13).await;
    let refused = batch.refusals.iter().filter(|r| r.key == Some(CallKey::Master)).count();
    assert!(refused > 0);
    assert_eq!(rows.len(), charge_rows(&|c| c.key_id.is_none()) + refused);
    assert!(rows.iter().all(|row| row.key_label.as_deref() == Some("Master key")));

    let rows = all(db, &with(&|f| f.model = Some("claude".to_owned())), 13).await;
    assert_eq!(rows.len(), charge_rows(&|c| &*c.model == "claude"));

    let by_status = async |status| all(db, &with(&|f| f.status = Some(status)), 13).await;
    let rows = by_status(StatusFilter::Success).await;
    assert_eq!(rows.len(), charge_rows(&|c| c.outcome == Outcome::Success));
    assert!(rows.iter().all(|row| row.outcome == Some(Outcome::Success)));
    assert_eq!(by_status(StatusFilter::Failed).await.len(), charge_rows(&|c| c.outcome != Outcome::Success));
    let rows = by_status(StatusFilter::Refused).await;
    assert_eq!(rows.len(), 40);
    assert!(rows.iter().all(|row| row.outcome.is_none() && row.status == 403 && row.error.is_some()));
    let nobodys = batch.refusals.iter().filter(|r| r.key.is_none()).count();
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
    let expected = charge_rows(&|c| c.key_id == Some(key.id) && &*c.model == "gpt-4o" && c.outcome != Outcome::Success);
    assert_eq!(count(all_at_once).await, expected);
}

pub async fn a_request_is_found_by_its_ids(db: &Database) {
    let make = Maker::new(22);
    let mut batch = LedgerBatch { charges: make.charges(2, 60), refusals: make.refusals(1, 60) };
    batch.charges[0].call_id = Some("my call".to_owned());
    batch.charges[1].call_id = batch.charges[0].call_id.clone();
    batch.refusals[0].call_id = Some("refused".to_owned());
    batch.charges[1].attempt = 2;
    db.store.append_ledger(&batch).await.unwrap();
    let get = async |id: &str| db.store.get_request(&Visible::All, id).await.unwrap();

    let first = get(&batch.charges[0].id.to_string()).await.unwrap();
    assert_eq!((first.attempt, first.row.id), (1, batch.charges[0].id.to_string()));
    assert_eq!(get("my call").await.unwrap().attempt, 2);
    for id in [batch.refusals[0].id.to_string(), "refused".to_owned()] {
        let detail = get(&id).await.unwrap();
        assert_eq!(detail.refusal_kind.as_deref(), Some("key_model_access_denied"));
        assert_eq!(detail.row.status, 403);
    }
    assert_eq!(get("nothing").await, None);

    let filter = RequestFilter { call_id: Some("my call".to_owned()), ..RequestFilter::default() };
    assert_eq!(all(db, &filter, 10).await.len(), 2);
    let filter = RequestFilter { call_id: Some(batch.refusals[0].id.to_string()), ..RequestFilter::default() };
    assert_eq!(all(db, &filter, 10).await.len(), 1);
}

fn virtual_key(refusal: &Refusal) -> Option<KeyId> {
    if let Some(CallKey::Virtual(id)) = refusal.key { Some(id) } else { None }
}

/// Everybody sees what is theirs, whatever else is asked for, and nothing more.
pub async fn nobody_sees_what_is_not_theirs(db: &Database) {
    let make = Maker::new(23);
    add_ownerships(db).await;
    let batch = LedgerBatch { charges: make.charges(200, 3600), refusals: make.refusals(80, 3600) };
    db.store.append_ledger(&batch).await.unwrap();
    let text = |text: &str| Some(text.to_owned());
    let filters = [
        RequestFilter::default(),
        RequestFilter { key: text(&make.keys[0].to_string()), ..RequestFilter::default() },
        RequestFilter { team: text("t-1"), ..RequestFilter::default() },
        RequestFilter { user: text("u-2"), team: text("t-2"), ..RequestFilter::default() },
        RequestFilter { organisation: text("o-1"), model: text("claude"), ..RequestFilter::default() },
        RequestFilter { end_user: text("c-1"), ..RequestFilter::default() },
        RequestFilter { tag: text("b"), ..RequestFilter::default() },
        RequestFilter { tag: text("a,\"b\""), user: text("u-1"), ..RequestFilter::default() },
        RequestFilter { deployment: text("d1"), provider: text("openai"), ..RequestFilter::default() },
        RequestFilter { status: Some(StatusFilter::Failed), team: text("t-1"), ..RequestFilter::default() },
        RequestFilter { status: Some(StatusFilter::Success), ..RequestFilter::default() },
        RequestFilter { since: Some(NOW.plus_seconds(-1000)), model: text("gpt-4o"), ..RequestFilter::default() },
        RequestFilter { key: text("nul \u{0}"), model: text("\u{0}"), ..RequestFilter::default() },
    ];
    let owned = |filter: &RequestFilter, ownership: i64| {
        let owners = usize::try_from(ownership - 1).ok().and_then(|place| crate::data::OWNERSHIPS.get(place));
        let [u, t, o] = owners.copied().unwrap_or_default();
        let fits = |asked: &Option<String>, has: &str| asked.as_deref().is_none_or(|asked| asked == has);
        fits(&filter.user, u) && fits(&filter.team, t) && fits(&filter.organisation, o)
    };
    let fits = |asked: &Option<String>, has: &str| asked.as_deref().is_none_or(|asked| asked == has);
    for visible in views(&make) {
        for filter in &filters {
            let charges = batch.charges.iter().filter(|c| {
                sees(&visible, c.key_id, c.ownership_id)
                    && owned(filter, c.ownership_id)
                    && fits(&filter.key, &c.key_id.map_or("master_key".to_owned(), |id| id.to_string()))
                    && fits(&filter.model, &c.model)
                    && fits(&filter.end_user, c.end_user.as_deref().unwrap_or_default())
                    && fits(&filter.deployment, &c.deployment_id)
                    && fits(&filter.provider, &c.provider)
                    && filter.tag.as_ref().is_none_or(|tag| c.tags.contains(tag))
                    && filter.since.is_none_or(|since| c.started_at >= since)
                    && match filter.status {
                        Some(StatusFilter::Failed) => c.outcome != Outcome::Success,
                        Some(StatusFilter::Success) => c.outcome == Outcome::Success,
                        _ => true,
                    }
            });
            let known_of_charges = [&filter.end_user, &filter.tag, &filter.deployment, &filter.provider];
            let charges_alone = filter.status.is_some() || known_of_charges.into_iter().any(Option::is_some);
            let refusals = batch.refusals.iter().filter(|r| {
                !charges_alone
                    && sees(&visible, virtual_key(r), r.ownership_id)
                    && owned(filter, r.ownership_id)
                    && fits(&filter.key, &virtual_key(r).map_or("master_key".to_owned(), |id| id.to_string()))
                    && fits(&filter.model, r.model.as_deref().unwrap_or_default())
                    && filter.since.is_none_or(|since| r.at >= since)
            });
            let expected: BTreeSet<_> =
                charges.clone().map(|c| c.id.to_string()).chain(refusals.map(|r| r.id.to_string())).collect();
            let rows = seen_by(db, &visible, filter, 7).await;
            assert!(rows.is_sorted_by(|a, b| a.id > b.id));
            let found: BTreeSet<_> = rows.into_iter().map(|row| row.id).collect();
            assert_eq!(found, expected, "{visible:?} {filter:?}");
            // The same in bulk, the other way round.
            let expected: BTreeSet<_> = charges.map(|c| c.id.to_string()).collect();
            assert_eq!(export(db, &visible, filter, 7).await, expected.into_iter().collect::<Vec<_>>());
        }
        for charge in batch.charges.iter().take(40) {
            let found = db.store.get_request(&visible, &charge.id.to_string()).await.unwrap();
            assert_eq!(found.is_some(), sees(&visible, charge.key_id, charge.ownership_id));
        }
    }
}

async fn export(db: &Database, visible: &Visible, filter: &RequestFilter, limit: u32) -> Vec<String> {
    let (mut ids, mut after) = (Vec::new(), None::<String>);
    loop {
        let mut count = 0;
        let next = db.store.charges_after(visible, filter, after.as_deref(), limit, |charge| {
            ids.push(charge.id.to_owned());
            count += 1;
        });
        after = next.await.unwrap();
        assert!(count <= limit);
        if after.is_none() {
            return ids;
        }
    }
}

pub async fn an_exported_charge_has_everything(db: &Database) {
    let make = Maker::new(24);
    add_ownerships(db).await;
    let charges = make.charges(30, 3600);
    db.store.append_ledger(&LedgerBatch { charges: charges.clone(), refusals: vec![] }).await.unwrap();
    let mut seen = 0;
    let each = |line: &tollgate_store::ExportedCharge<'_>| {
        let charge = charges.iter().find(|charge| charge.id.to_string() == line.id).unwrap();
        let owners = usize::try_from(charge.ownership_id - 1).ok().map(|place| crate::data::OWNERSHIPS[place]);
        assert_eq!([line.user_id, line.team_id, line.organisation_id], owners.unwrap_or_default());
        assert_eq!((line.call_id, line.started_at), (&*charge.call_id(), charge.started_at));
        assert_eq!((line.model, line.provider), (&*charge.model, &*charge.provider));
        assert_eq!((line.outcome, line.status), (charge.outcome.as_str(), charge.status as i16));
        assert_eq!((line.streamed, line.client_left), (charge.streamed, charge.client_left));
        assert_eq!((line.input_tokens, line.output_tokens), (charge.usage.input as i64, charge.usage.output as i64));
        assert_eq!((line.reasoning_tokens, line.cost), (charge.usage.reasoning as i64, charge.cost));
        assert_eq!((line.duration_us, line.first_byte_us), (charge.duration_us, charge.first_byte_us));
        assert_eq!(
            (line.error, line.end_user),
            (charge.error.as_deref().unwrap_or(""), charge.end_user.as_deref().unwrap_or(""))
        );
        let tags: Vec<String> = if line.tags.is_empty() { vec![] } else { serde_json::from_str(line.tags).unwrap() };
        assert_eq!(tags, charge.tags);
        seen += 1;
    };
    let next = db.store.charges_after(&Visible::All, &RequestFilter::default(), None, 1000, each).await.unwrap();
    assert_eq!((seen, next), (30, None));
}
