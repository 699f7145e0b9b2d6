use tollgate_domain::actor::{Role, Visible};
use tollgate_domain::budget::Budget;
use tollgate_domain::ids::{BudgetId, OrganisationId, TagId, TeamId, UserId};
use tollgate_domain::limits::Limits;
use tollgate_domain::membership::{Group, Membership};
use tollgate_domain::page::Cursor;
use tollgate_domain::record::{Meta, Record};
use tollgate_domain::tag::Tag;
use tollgate_domain::team::Team;
use tollgate_domain::user::User;
use tollgate_store::{RecordFilter, RecordOrder, StoreError, Table};

use crate::data::NOW;
use crate::harness::Database;

pub fn meta(seconds: i64) -> Meta {
    Meta::new(NOW.plus_seconds(seconds), "system".to_owned())
}

pub fn team(id: &str, name: &str, organisation: Option<&str>, seconds: i64) -> Team {
    Team {
        id: TeamId::parse(id).unwrap(),
        name: name.to_owned(),
        organisation_id: organisation.and_then(OrganisationId::parse),
        models: vec![],
        access_groups: vec![],
        model_aliases: Default::default(),
        blocked: false,
        budget_id: None,
        limits: Limits::default(),
        member_limits: Limits::default(),
        member_permissions: vec![],
        tags: vec![],
        metadata: Default::default(),
        settings: Default::default(),
        logging: tollgate_domain::callback::Logging::default(),
        meta: meta(seconds),
    }
}

pub async fn insert<T: Table>(db: &Database, record: &T) {
    let tx = db.store.begin().await.unwrap();
    tx.insert(record).await.unwrap();
    tx.commit().await.unwrap();
}

async fn save<T: Table>(db: &Database, record: &T) {
    let tx = db.store.begin().await.unwrap();
    tx.save(record).await.unwrap();
    tx.commit().await.unwrap();
}

/// The ids of everything that matches, page by page, and that the count agrees.
async fn ids(db: &Database, visible: &Visible, filter: &RecordFilter, limit: u32) -> Vec<String> {
    let (mut seen, mut cursor) = (Vec::new(), None);
    loop {
        let page = db.store.list::<Team>(visible, filter, cursor.as_ref(), limit).await.unwrap();
        assert!(page.items.len() <= limit as usize);
        seen.extend(page.items.iter().map(|team| team.id.to_string()));
        let Some(next) = page.next else { break };
        cursor = Some(Cursor::decode(&next).expect("a cursor that was given out is taken back"));
    }
    assert_eq!(db.store.count::<Team>(visible, filter).await.unwrap(), seen.len() as u64);
    let all: Vec<Team> = db.store.list_all(visible, filter, 10_000).await.unwrap();
    assert_eq!(all.iter().map(|team| team.id.to_string()).collect::<Vec<_>>(), seen);
    seen
}

pub async fn a_record_comes_back_as_it_was_kept(db: &Database) {
    let mut one = team("blue", "Blåbær \u{1f980}", Some("acme"), 0);
    one.metadata.insert("x".to_owned(), serde_json::json!(["nul \u{0}", {"a": 1.5}]));
    one.tags = vec!["t".to_owned()];
    one.limits.max_budget = Some(tollgate_domain::Nanos(i64::MAX));
    insert(db, &one).await;
    assert_eq!(db.store.find::<Team>("blue").await.unwrap().as_ref(), Some(&one));
    one.metadata.clear();
    one.blocked = true;
    one.meta.touch(NOW.plus_seconds(5), "ada".to_owned());
    save(db, &one).await;
    assert_eq!(db.store.find::<Team>("blue").await.unwrap().as_ref(), Some(&one));
    assert_eq!((one.meta.version, one.meta.created_at, one.meta.updated_at), (2, NOW, NOW.plus_seconds(5)));
    for unknown in ["red", "", "BLUE", "nul\0in it", "%"] {
        assert_eq!(db.store.find::<Team>(unknown).await.unwrap(), None, "{unknown:?}");
    }
    assert_eq!(db.store.find_by_handle::<User>("a\0@b").await.unwrap(), None);
}

pub async fn a_deleted_id_can_be_given_again(db: &Database) {
    let mut old = team("blue", "Old", None, 0);
    old.metadata.insert("x".to_owned(), 1.into());
    insert(db, &old).await;
    let tx = db.store.begin().await.unwrap();
    assert!(matches!(tx.insert(&team("blue", "New", None, 1)).await, Err(StoreError::Exists(_))));
    drop(tx);
    assert_eq!(db.store.find::<Team>("blue").await.unwrap().as_ref(), Some(&old), "and the first is as it was");
    old.meta.deleted_at = Some(NOW);
    save(db, &old).await;
    assert_eq!(db.store.find::<Team>("blue").await.unwrap().as_ref(), Some(&old), "kept for its history");
    assert!(ids(db, &Visible::All, &RecordFilter::default(), 10).await.is_empty());
    assert_eq!(ids(db, &Visible::All, &RecordFilter { deleted: true, ..RecordFilter::default() }, 10).await, ["blue"]);
    let new = team("blue", "New", Some("acme"), 2);
    insert(db, &new).await;
    assert_eq!(db.store.find::<Team>("blue").await.unwrap().as_ref(), Some(&new), "nothing of the old one");
    assert_eq!(ids(db, &Visible::All, &RecordFilter::default(), 10).await, ["blue"]);
}

pub async fn a_handle_is_one_living_records(db: &Database) {
    let user = |id: &str, email: Option<&str>| {
        User::new(UserId::parse(id).unwrap(), email.map(str::to_owned), Role::Member, meta(0))
    };
    let mut ann = user("ann", Some("x@example.com"));
    insert(db, &ann).await;
    insert(db, &user("no address", None)).await;
    insert(db, &user("none either", None)).await;
    let tx = db.store.begin().await.unwrap();
    assert!(matches!(tx.insert(&user("bob", Some("x@example.com"))).await, Err(StoreError::Exists(_))));
    drop(tx);
    ann.meta.deleted_at = Some(NOW);
    save(db, &ann).await;
    insert(db, &user("bob", Some("x@example.com"))).await;
    let found = db.store.find_by_handle::<User>("x@example.com").await.unwrap().unwrap();
    assert_eq!(found.id.as_str(), "bob");
    // Nor does it come back with its address while somebody else has that.
    ann.meta.deleted_at = None;
    let tx = db.store.begin().await.unwrap();
    assert!(matches!(tx.save(&ann).await, Err(StoreError::Exists(_))));
}

pub async fn every_record_is_listed_once_in_each_order(db: &Database) {
    // Names that are the same, that differ in case alone, and that a cursor could trip over.
    let names = ["b", "B", "a:1", "12:ab", "a_b", "é", "a b", "Z", "\u{1f980}", "b"];
    let long = "ü".repeat(200);
    for i in 0..40 {
        let id = format!("{}{i}", if i % 7 == 0 { &long[..380] } else { "team " });
        let name = names.get(i % 11).copied().unwrap_or(&long);
        insert(db, &team(&id, name, None, i as i64 / 3)).await;
    }
    let filter = |order| RecordFilter { order, ..RecordFilter::default() };
    let newest = ids(db, &Visible::All, &filter(RecordOrder::NewestFirst), 7).await;
    let mut oldest = ids(db, &Visible::All, &filter(RecordOrder::OldestFirst), 1).await;
    assert_eq!(oldest.len(), 40);
    oldest.reverse();
    assert_eq!(newest, oldest);
    for limit in [1, 3, 7, 40, 1000] {
        let by_name = ids(db, &Visible::All, &filter(RecordOrder::Name), limit).await;
        let mut sorted = by_name.clone();
        sorted.sort();
        sorted.dedup();
        assert_eq!(sorted.len(), 40, "each once, {limit} at a time");
        assert_eq!(by_name, ids(db, &Visible::All, &filter(RecordOrder::Name), 1000).await);
    }
    let all: Vec<Team> = db.store.list_all(&Visible::All, &filter(RecordOrder::Name), 100).await.unwrap();
    let of = |name: &str| {
        all.iter().filter(|team| team.name.to_lowercase() == name).map(|t| t.id.clone()).collect::<Vec<_>>()
    };
    assert!(of("b").is_sorted(), "the same names are told apart by id");
    // Others' cursors do no harm: they begin somewhere.
    for odd in ["0_x", "0_99:ab", "0_-1:x", "0_1:é", "5_:"] {
        let cursor = Cursor::decode(odd);
        db.store.list::<Team>(&Visible::All, &filter(RecordOrder::Name), cursor.as_ref(), 5).await.unwrap();
        db.store.list::<Team>(&Visible::All, &filter(RecordOrder::NewestFirst), cursor.as_ref(), 5).await.unwrap();
    }
    // Longer than a page of the most that a page may have.
    let tx = db.store.begin().await.unwrap();
    for i in 0..1005 {
        let id = TagId::parse(&format!("tag {i}")).unwrap();
        let tag =
            Tag { id, description: None, models: vec![], budget_id: None, limits: Limits::default(), meta: meta(0) };
        tx.insert(&tag).await.unwrap();
    }
    tx.commit().await.unwrap();
    for order in [RecordOrder::Name, RecordOrder::NewestFirst, RecordOrder::OldestFirst] {
        let tags: Vec<Tag> = db.store.list_all(&Visible::All, &filter(order), 5000).await.unwrap();
        assert_eq!(tags.len(), 1005, "{order:?}");
        let some: Vec<Tag> = db.store.list_all(&Visible::All, &filter(order), 1001).await.unwrap();
        assert_eq!(some, tags[..1001]);
    }
}

pub async fn record_filters_hold(db: &Database) {
    let mut paid = team("t-1", "Payments 100%", Some("acme"), 0);
    paid.budget_id = BudgetId::parse("b-1");
    let mut stopped = team("t-2", "Research_A", Some("globex"), 1);
    stopped.blocked = true;
    for team in [&paid, &stopped, &team("t-3", "ÅLAND", None, 2), &team("t-4", "back\\slash", Some("acme"), 3)] {
        insert(db, team).await;
    }
    let found = async |fill: &dyn Fn(&mut RecordFilter)| {
        let mut filter = RecordFilter { order: RecordOrder::OldestFirst, ..RecordFilter::default() };
        fill(&mut filter);
        ids(db, &Visible::All, &filter, 2).await
    };
    let search = async |text: &str| found(&|filter| filter.search = Some(text.to_owned())).await;
    assert_eq!(search("PAYMENTS").await, ["t-1"]);
    assert_eq!(search(" åland ").await, ["t-3"]);
    assert_eq!(search("%").await, ["t-1"]);
    assert_eq!(search("_").await, ["t-2"]);
    assert_eq!(search("\\").await, ["t-4"]);
    assert_eq!(search("t-").await, ["t-1", "t-2", "t-3", "t-4"]);
    // Not across two texts.
    assert_eq!(search("t-1\npay").await.len() + search("1pay").await.len() + search("t-1 pay").await.len(), 1);
    assert_eq!(search("a\0").await, [""; 0]);
    assert_eq!(search(&"x".repeat(100_000)).await, [""; 0]);
    assert_eq!(search("").await.len(), 4);
    assert_eq!(found(&|f| f.organisation_id = Some("acme".to_owned())).await, ["t-1", "t-4"]);
    assert_eq!(found(&|f| f.organisation_id = Some("a\0".to_owned())).await, [""; 0]);
    assert_eq!(found(&|f| f.budget_id = Some("b-1".to_owned())).await, ["t-1"]);
    assert_eq!(found(&|f| f.blocked = Some(true)).await, ["t-2"]);
    assert_eq!(found(&|f| f.blocked = Some(false)).await, ["t-1", "t-3", "t-4"]);
    assert_eq!(found(&|f| f.team_id = Some("t-3".to_owned())).await, ["t-3"]);
    assert_eq!(
        found(&|f| f.ids = Some(vec!["t-4".to_owned(), "t-1".to_owned(), "\0".to_owned()])).await,
        ["t-1", "t-4"]
    );
    assert_eq!(found(&|f| f.ids = Some(vec![])).await, [""; 0]);
    let tx = db.store.begin().await.unwrap();
    let of_acme = RecordFilter { organisation_id: Some("acme".to_owned()), ..RecordFilter::default() };
    assert_eq!((tx.count::<Team>(&of_acme).await.unwrap(), tx.list::<Team>(&of_acme).await.unwrap().len()), (2, 2));
    let page = tx.page::<Team>(&of_acme, None, 1).await.unwrap();
    let rest = tx.page::<Team>(&of_acme, page.next.as_deref().and_then(Cursor::decode).as_ref(), 1).await.unwrap();
    assert_eq!((page.items[0].id.as_str(), rest.items[0].id.as_str(), rest.next), ("t-4", "t-1", None));
}

pub async fn only_what_may_be_seen_is_listed(db: &Database) {
    for (id, organisation) in [("t-1", Some("acme")), ("t-2", Some("globex")), ("t-3", None)] {
        insert(db, &team(id, id, organisation, 0)).await;
    }
    let within = |teams: &[&str], organisations: &[&str]| Visible::Within {
        user: UserId::parse("ann"),
        key: None,
        teams: teams.iter().map(|id| TeamId::parse(id).unwrap()).collect(),
        organisations: organisations.iter().map(|id| OrganisationId::parse(id).unwrap()).collect(),
    };
    let filter = RecordFilter { order: RecordOrder::Name, ..RecordFilter::default() };
    assert_eq!(ids(db, &within(&[], &[]), &filter, 1).await, [""; 0]);
    assert_eq!(ids(db, &within(&["t-3"], &[]), &filter, 1).await, ["t-3"]);
    assert_eq!(ids(db, &within(&["t-3"], &["acme"]), &filter, 1).await, ["t-1", "t-3"]);
    // A filter narrows what is seen and never widens it.
    let other = RecordFilter { organisation_id: Some("globex".to_owned()), ..filter };
    assert_eq!(ids(db, &within(&["t-3"], &["acme"]), &other, 1).await, [""; 0]);
    let nothing = Visible::Within { user: None, key: None, teams: vec![], organisations: vec![] };
    assert_eq!(ids(db, &nothing, &RecordFilter::default(), 1).await, [""; 0]);
    // As many teams as an organisation's administrator can see at once.
    let many: Vec<_> = (0..10_000).map(|i| TeamId::parse(&format!("t-{i}")).unwrap()).collect();
    let many = Visible::Within { user: None, key: None, teams: many, organisations: vec![] };
    assert_eq!(ids(db, &many, &RecordFilter::default(), 5).await.len(), 3);
}

pub async fn kinds_are_kept_apart(db: &Database) {
    let (bob, blue) = (UserId::parse("bob").unwrap(), TeamId::parse("blue").unwrap());
    let mut member = Membership::example(Group::Team(blue), bob).unwrap();
    member.meta = meta(0);
    insert(db, &member).await;
    insert(db, &team("blue", "Blue", None, 0)).await;
    let budget =
        Budget { id: BudgetId::parse("blue").unwrap(), name: "b".to_owned(), limits: Limits::default(), meta: meta(0) };
    insert(db, &budget).await;
    let of_bob = RecordFilter { user_id: Some("bob".to_owned()), ..RecordFilter::default() };
    assert_eq!(db.store.list_all::<Membership>(&Visible::All, &of_bob, 10).await.unwrap(), [member.clone()]);
    assert_eq!(member.place().team.unwrap().as_str(), "blue");
    assert_eq!(db.store.find::<Budget>("blue").await.unwrap(), Some(budget));
    assert_eq!(db.store.find::<Tag>("blue").await.unwrap(), None);
    // A row that no version of the program wrote is an error, and not somebody with no rights or all.
    db.execute("UPDATE teams SET body = '{}' WHERE id = 'blue'").await;
    assert!(matches!(db.store.find::<Team>("blue").await, Err(StoreError::Corrupt { table: "teams", .. })));
}
