use futures::future::join_all;
use tollgate_domain::access_group::AccessGroup;
use tollgate_domain::actor::{Role, Visible};
use tollgate_domain::ids::{AccessGroupId, OrganisationId, TeamId, UserId};
use tollgate_domain::key::VirtualKey;
use tollgate_domain::membership::{Group, Membership};
use tollgate_domain::model::ModelPattern;
use tollgate_domain::record::Meta;
use tollgate_domain::user::User;
use tollgate_store::{KeyFilter, StoreError, Table};

use crate::data::{Maker, NOW};
use crate::harness::Database;
use crate::records::{insert, meta, team};

async fn keep(db: &Database, key: &VirtualKey) {
    let tx = db.store.begin().await.unwrap();
    tx.insert_key(key).await.unwrap();
    tx.commit().await.unwrap();
}

async fn delete<T: Table>(db: &Database, id: &str, deleted: bool) {
    let tx = db.store.begin().await.unwrap();
    let mut record: T = tx.find(id).await.unwrap().unwrap();
    *record.meta_mut() = Meta { deleted_at: deleted.then_some(NOW), ..record.meta().clone() };
    tx.save(&record).await.unwrap();
    tx.commit().await.unwrap();
}

pub async fn a_principal_has_what_is_above_its_key(db: &Database) {
    let make = Maker::new(70);
    let user = User::new(UserId::parse("ann").unwrap(), None, Role::Member, meta(0));
    insert(db, &user).await;
    let mut blue = team("blue", "Blue", Some("acme"), 0);
    blue.models = vec![ModelPattern::new("g-2")];
    insert(db, &blue).await;
    let mut member = Membership::example(Group::Team(blue.id.clone()), user.id.clone()).unwrap();
    member.models = vec![ModelPattern::new("gpt-*")];
    insert(db, &member).await;
    for id in ["g-1", "g-2", "g-3"] {
        let id = AccessGroupId::parse(id).unwrap();
        insert(db, &AccessGroup { id, description: None, models: vec![], meta: meta(0) }).await;
    }
    let mut key = make.key(None, NOW);
    (key.user_id, key.team_id) = (Some(user.id.clone()), Some(blue.id.clone()));
    key.access_groups = vec![AccessGroupId::parse("g-1").unwrap()];
    keep(db, &key).await;
    let found = db.store.find_principal(key.digest, NOW).await.unwrap().unwrap();
    assert_eq!((found.key, found.user, found.team), (key.clone(), Some(user), Some(blue)));
    assert_eq!(found.organisation, None, "there never was one");
    assert_eq!(found.membership.as_ref().unwrap().models, [ModelPattern::new("gpt-*")]);
    let mut groups: Vec<_> = found.access_groups.iter().map(|group| group.id.as_str()).collect();
    groups.sort();
    assert_eq!(groups, ["g-1", "g-2"]);
    assert_eq!(found.retires_at, None);

    delete::<tollgate_domain::team::Team>(db, "blue", true).await;
    assert_eq!(db.store.find_principal(key.digest, NOW).await.unwrap(), None);
    delete::<tollgate_domain::team::Team>(db, "blue", false).await;
    delete::<User>(db, "ann", true).await;
    assert_eq!(db.store.find_principal(key.digest, NOW).await.unwrap(), None);
}

pub async fn an_ownership_has_one_number(db: &Database) {
    let make = Maker::new(71);
    let nobodys = make.key(None, NOW);
    keep(db, &nobodys).await;
    assert_eq!(db.store.find_principal(nobodys.digest, NOW).await.unwrap().unwrap().ownership_id, 0);
    let mut keys = Vec::new();
    for i in 0..12 {
        let mut key = make.key(None, NOW);
        // Three users, by themselves and in two teams.
        key.user_id = UserId::parse(&format!("user {}", i % 3));
        key.team_id = (i % 2 == 0).then(|| TeamId::parse("blue").unwrap());
        keep(db, &key).await;
        keys.push(key);
    }
    let other = db.open_again().await;
    // All at once, from two processes.
    let asks = keys.iter().flat_map(|key| [&db.store, &other].map(|store| (store, key)));
    let found = join_all(asks.map(async |(store, key)| {
        let principal = store.find_principal(key.digest, NOW).await.unwrap().unwrap();
        ((key.user_id.clone(), key.team_id.clone()), principal.ownership_id)
    }))
    .await;
    other.close().await.unwrap();
    let mut numbers: Vec<_> = found.clone();
    numbers.sort();
    numbers.dedup();
    assert_eq!(numbers.len(), 6, "one number for each: {numbers:?}");
    let mut ids: Vec<_> = numbers.iter().map(|(_, id)| *id).collect();
    ids.sort_unstable();
    ids.dedup();
    assert!(ids.len() == 6 && ids[0] > 0, "{ids:?}");
}

pub async fn an_exchanged_text_is_found_until_its_time(db: &Database) {
    let make = Maker::new(72);
    let (key, first, second) = (make.key(None, NOW), make.key(None, NOW).digest, make.key(None, NOW).digest);
    keep(db, &key).await;
    let later = NOW.plus_seconds(60);
    let tx = db.store.begin().await.unwrap();
    tx.retire_digest(key.id, first, later).await.unwrap();
    tx.retire_digest(key.id, second, NOW).await.unwrap();
    assert!(matches!(tx.retire_digest(key.id, first, later).await, Err(StoreError::Exists(_))));
    drop(tx);
    let tx = db.store.begin().await.unwrap();
    tx.retire_digest(key.id, first, later).await.unwrap();
    tx.retire_digest(key.id, second, NOW).await.unwrap();
    assert_eq!(tx.retired_digests(key.id, NOW).await.unwrap(), [first]);
    tx.commit().await.unwrap();
    let found = db.store.find_principal(first, NOW).await.unwrap().unwrap();
    assert_eq!((found.key.id, found.retires_at), (key.id, Some(later)));
    assert_eq!(db.store.find_principal(second, NOW).await.unwrap(), None);
    assert_eq!(db.store.find_principal(first, later).await.unwrap(), None);
    assert_eq!(db.store.find_principal(key.digest, later).await.unwrap().unwrap().retires_at, None);
    let tx = db.store.begin().await.unwrap();
    assert_eq!(tx.end_retired(key.id, NOW).await.unwrap(), [first]);
    assert_eq!(tx.end_retired(key.id, NOW).await.unwrap(), []);
    for digest in [key.digest, first, second] {
        assert!(tx.digest_is_taken(digest).await.unwrap(), "it was given out once");
    }
    tx.commit().await.unwrap();
    assert_eq!(db.store.find_principal(first, NOW).await.unwrap(), None);
}

pub async fn keys_are_found_by_whose_they_are(db: &Database) {
    let make = Maker::new(73);
    let mut all = Vec::new();
    for (user, team, organisation, budget) in [
        (Some("ann"), None, None, None),
        (Some("ann"), Some("blue"), None, Some("b-1")),
        (Some("bob"), Some("blue"), None, None),
        (None, Some("red"), None, None),
        (Some("bob"), None, Some("acme"), None),
        (None, None, None, Some("b-1")),
    ] {
        let mut key = make.key(None, NOW);
        key.user_id = user.and_then(UserId::parse);
        key.team_id = team.and_then(TeamId::parse);
        key.organisation_id = organisation.and_then(OrganisationId::parse);
        key.budget_id = budget.and_then(tollgate_domain::ids::BudgetId::parse);
        keep(db, &key).await;
        all.push(key);
    }
    let seen = async |visible: &Visible, filter: &KeyFilter| {
        let page = db.store.list_keys(visible, filter, None, 100, NOW).await.unwrap();
        assert_eq!(db.store.count_keys(visible, filter, NOW).await.unwrap(), page.items.len() as u64);
        let mut at: Vec<_> =
            page.items.iter().map(|row| all.iter().position(|key| key.id == row.key.id).unwrap()).collect();
        at.sort_unstable();
        at
    };
    let none = KeyFilter::default;
    let within = |user: Option<&str>, teams: &[&str], organisations: &[&str]| Visible::Within {
        user: user.and_then(UserId::parse),
        key: None,
        teams: teams.iter().map(|id| TeamId::parse(id).unwrap()).collect(),
        organisations: organisations.iter().map(|id| OrganisationId::parse(id).unwrap()).collect(),
    };
    assert_eq!(seen(&within(Some("ann"), &[], &[]), &none()).await, [0, 1]);
    assert_eq!(seen(&within(Some("ann"), &["blue"], &["acme"]), &none()).await, [0, 1, 2, 4]);
    assert_eq!(seen(&within(None, &[], &[]), &none()).await, [0; 0]);
    let own = Visible::Within { user: None, key: Some(all[3].id), teams: vec![], organisations: vec![] };
    assert_eq!(seen(&own, &none()).await, [3]);
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(seen(&Visible::All, &KeyFilter { team_id: text("blue"), ..none() }).await, [1, 2]);
    assert_eq!(seen(&Visible::All, &KeyFilter { budget_id: text("b-1"), ..none() }).await, [1, 5]);
    assert_eq!(seen(&Visible::All, &KeyFilter { organisation_id: text("acme"), ..none() }).await, [4]);
    assert_eq!(seen(&within(Some("ann"), &[], &[]), &KeyFilter { user_id: text("bob"), ..none() }).await, [0; 0]);
    for odd in ["a\0b", "%", "\\", "'"] {
        let filter = KeyFilter { search: text(odd), ..none() };
        assert_eq!(seen(&Visible::All, &filter).await, [0; 0], "{odd:?}");
        let filter = KeyFilter { alias: text(odd), created_by: text(odd), ..none() };
        assert_eq!(seen(&Visible::All, &filter).await, [0; 0], "{odd:?}");
        assert_eq!(db.store.find_key_by_alias(odd).await.unwrap(), None);
    }
    let tx = db.store.begin().await.unwrap();
    let of_blue = KeyFilter { team_id: text("blue"), ..none() };
    assert_eq!(tx.keys_of(&of_blue, NOW).await.unwrap().len() as u64, tx.count_keys(&of_blue, NOW).await.unwrap());
    drop(tx);
    // Those that are exchanged by themselves.
    let mut due = all[0].clone();
    due.rotation = Some(tollgate_domain::key::Rotation::every(60, NOW));
    let tx = db.store.begin().await.unwrap();
    tx.update_key(&due).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(db.store.keys_to_rotate(NOW).await.unwrap(), []);
    assert_eq!(db.store.keys_to_rotate(NOW.plus_seconds(60)).await.unwrap(), [due.clone()]);
    assert_eq!(db.store.keys_with_rotation(None).await.unwrap(), [due.clone()]);
    assert_eq!(db.store.keys_with_rotation(Some(due.id)).await.unwrap(), []);
}
