use serde_json::json;
use tollgate_domain::Timestamp;
use tollgate_domain::actor::Visible;
use tollgate_domain::charge::CallKey;
use tollgate_domain::ids::UserId;
use tollgate_domain::key::{KeyStatus, VirtualKey};
use tollgate_domain::model::ModelPattern;
use tollgate_domain::page::Cursor;
use tollgate_domain::record::Meta;
use tollgate_store::{KeyFilter, LedgerBatch, StoreError};

use crate::data::{Maker, NOW};
use crate::harness::Database;

async fn insert(db: &Database, key: &VirtualKey) {
    let tx = db.store.begin().await.unwrap();
    tx.insert_key(key).await.unwrap();
    tx.commit().await.unwrap();
}

async fn aliases(db: &Database, filter: KeyFilter) -> Vec<String> {
    let page = db.store.list_keys(&Visible::All, &filter, None, 100, NOW).await.unwrap();
    assert_eq!(db.store.count_keys(&Visible::All, &filter, NOW).await.unwrap(), page.items.len() as u64);
    let mut aliases: Vec<_> = page.items.into_iter().map(|row| row.key.alias.unwrap_or_default()).collect();
    aliases.sort();
    aliases
}

pub async fn a_key_comes_back_as_it_was_kept(db: &Database) {
    let make = Maker::new(1);
    let mut key = make.key(Some("Blåbær \u{1f980}"), NOW);
    key.models = vec![ModelPattern::new("gpt-4o"), ModelPattern::new("openai/*")];
    key.expires_at = Some(Timestamp(NOW.0 + 1));
    key.user_id = UserId::parse("u-1");
    key.metadata.insert("tags".to_owned(), json!(["a", {"b": "nul \u{0} in it"}]));
    key.settings.insert("max_budget".to_owned(), json!(12.5));
    insert(db, &key).await;
    assert_eq!(db.store.find_key_by_digest(key.digest).await.unwrap().as_ref(), Some(&key));

    let charge = tollgate_domain::charge::Charge { key_id: Some(key.id), ..make.charge(60) };
    let refusal = tollgate_domain::charge::Refusal { key: Some(CallKey::Virtual(key.id)), at: NOW, ..make.refusal(60) };
    let batch = LedgerBatch { charges: vec![charge.clone()], refusals: vec![refusal] };
    db.store.append_ledger(&batch).await.unwrap();
    let page = db.store.list_keys(&Visible::All, &KeyFilter::default(), None, 10, NOW).await.unwrap();
    assert_eq!((page.items.len(), page.next), (1, None));
    let row = &page.items[0];
    assert_eq!((&row.key, row.status, row.calls, row.spent), (&key, KeyStatus::Active, 2, charge.cost));
    assert_eq!(row.last_used_at, Some(NOW));

    let tx = db.store.begin().await.unwrap();
    key.blocked = true;
    key.models.clear();
    key.metadata.clear();
    key.meta.version = 2;
    tx.update_key(&key).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(db.store.find_key(key.id).await.unwrap(), Some(key));
}

pub async fn deleted_keys_do_not_authenticate(db: &Database) {
    let make = Maker::new(2);
    let mut key = make.key(None, NOW);
    insert(db, &key).await;
    key.meta.deleted_at = Some(NOW);
    let tx = db.store.begin().await.unwrap();
    tx.update_key(&key).await.unwrap();
    assert!(tx.digest_is_taken(key.digest).await.unwrap());
    assert_eq!(tx.find_key_by_digest(key.digest).await.unwrap(), None);
    tx.commit().await.unwrap();
    assert_eq!(db.store.find_key_by_digest(key.digest).await.unwrap(), None);
    assert_eq!(db.store.find_key(key.id).await.unwrap(), Some(key.clone()));
    // Nor does it come back.
    let again = VirtualKey { id: make.key(None, NOW).id, meta: Meta { deleted_at: None, ..key.meta }, ..key };
    let tx = db.store.begin().await.unwrap();
    assert!(matches!(tx.insert_key(&again).await, Err(StoreError::Exists(_))));
}

pub async fn aliases_are_unique_among_live_keys(db: &Database) {
    let make = Maker::new(3);
    let mut first = make.key(Some("app"), NOW);
    insert(db, &first).await;
    insert(db, &make.key(None, NOW)).await;
    insert(db, &make.key(None, NOW)).await;
    let second = make.key(Some("app"), NOW);
    let tx = db.store.begin().await.unwrap();
    assert_eq!(tx.find_key_by_alias("app").await.unwrap().map(|key| key.id), Some(first.id));
    assert!(matches!(tx.insert_key(&second).await, Err(StoreError::Exists(_))));
    drop(tx);
    first.meta.deleted_at = Some(NOW);
    let tx = db.store.begin().await.unwrap();
    tx.update_key(&first).await.unwrap();
    assert_eq!(tx.find_key_by_alias("app").await.unwrap(), None);
    tx.insert_key(&second).await.unwrap();
    tx.commit().await.unwrap();
}

pub async fn search_takes_its_text_literally(db: &Database) {
    let make = Maker::new(4);
    for alias in ["Payments API", "100%", "a_b", "axb", "back\\slash"] {
        insert(db, &make.key(Some(alias), NOW)).await;
    }
    let mut owned = make.key(Some("owned"), NOW);
    owned.user_id = UserId::parse("u-77");
    insert(db, &owned).await;
    let search = |text: &str| KeyFilter { search: Some(text.to_owned()), ..KeyFilter::default() };
    assert_eq!(aliases(db, search("payments a")).await, ["Payments API"]);
    assert_eq!(aliases(db, search(" PAY ")).await, ["Payments API"]);
    assert_eq!(aliases(db, search("%")).await, ["100%"]);
    assert_eq!(aliases(db, search("a_b")).await, ["a_b"]);
    assert_eq!(aliases(db, search("\\")).await, ["back\\slash"]);
    assert_eq!(aliases(db, search("u-77")).await, ["owned"]);
    assert_eq!(aliases(db, search(&owned.hint[6..].to_uppercase())).await, ["owned"]);
    assert_eq!(aliases(db, search(&owned.id.to_string())).await, ["owned"]);
    assert_eq!(aliases(db, search(&owned.digest.to_hex())).await, ["owned"]);
    assert_eq!(aliases(db, search("nothing like it")).await, [""; 0]);
    let by_user = KeyFilter { user_id: Some("u-77".to_owned()), ..KeyFilter::default() };
    assert_eq!(aliases(db, by_user).await, ["owned"]);
}

pub async fn statuses_are_told_apart(db: &Database) {
    let make = Maker::new(5);
    let mut keys: Vec<_> = ["active", "later", "blocked", "expired", "both", "deleted"]
        .iter()
        .map(|alias| make.key(Some(alias), NOW))
        .collect();
    keys[1].expires_at = Some(Timestamp(NOW.0 + 1));
    keys[2].blocked = true;
    keys[3].expires_at = Some(NOW);
    keys[4].expires_at = Some(NOW);
    keys[4].blocked = true;
    keys[5].meta.deleted_at = Some(NOW);
    for key in &keys {
        insert(db, key).await;
    }
    let status = |status| KeyFilter { status: Some(status), ..KeyFilter::default() };
    assert_eq!(aliases(db, status(KeyStatus::Active)).await, ["active", "later"]);
    assert_eq!(aliases(db, status(KeyStatus::Blocked)).await, ["blocked", "both"]);
    assert_eq!(aliases(db, status(KeyStatus::Expired)).await, ["expired"]);
    assert_eq!(aliases(db, status(KeyStatus::Deleted)).await, ["deleted"]);
    assert_eq!(aliases(db, KeyFilter::default()).await, ["active", "blocked", "both", "expired", "later"]);
    // The filter agrees with the domain's rule.
    for key in &keys {
        let filter = status(key.status(NOW));
        assert!(aliases(db, filter).await.contains(key.alias.as_ref().unwrap()));
    }
}

pub async fn every_key_is_listed_once(db: &Database) {
    let make = Maker::new(6);
    for i in 0..25 {
        // Several of the same moment: the id decides.
        insert(db, &make.key(Some(&format!("key {i}")), Timestamp(NOW.0 - i / 4))).await;
    }
    let (mut seen, mut cursor) = (Vec::new(), None);
    loop {
        let page = db.store.list_keys(&Visible::All, &KeyFilter::default(), cursor.as_ref(), 7, NOW).await.unwrap();
        seen.extend(page.items.into_iter().map(|row| (row.key.meta.created_at, row.key.id.to_string())));
        match page.next {
            Some(next) => cursor = Some(Cursor::decode(&next).unwrap()),
            None => break,
        }
    }
    assert_eq!(seen.len(), 25);
    assert!(seen.is_sorted_by(|a, b| a > b), "newest first, each once");
}
