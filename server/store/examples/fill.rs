//! Fills a database as years of use would: an office of thousands, its ledger and its audit log.
//!
//! ```sh
//! cargo run --release -p tollgate-store --example fill -- sqlite:///tmp/full.db [charges] [audit lines]
//! ```

#![expect(clippy::pedantic, clippy::unwrap_used, reason = "a tool for developers and tests")]

#[path = "common/charges.rs"]
mod charges;

use sea_orm::ConnectionTrait as _;
use tollgate_domain::Timestamp;
use tollgate_domain::actor::Role;
use tollgate_domain::audit::AuditEvent;
use tollgate_domain::budget::Budget;
use tollgate_domain::clock::{Clock as _, ManualClock, SystemClock};
use tollgate_domain::customer::Customer;
use tollgate_domain::entropy::SeededEntropy;
use tollgate_domain::ids::{AuditId, BudgetId, CustomerId, KeyId, OrganisationId, TagId, TeamId, UserId, new_uuid};
use tollgate_domain::key::{KeyType, PlainKey, VirtualKey};
use tollgate_domain::membership::{Group, MemberRole, Membership};
use tollgate_domain::organisation::Organisation;
use tollgate_domain::record::Meta;
use tollgate_domain::tag::Tag;
use tollgate_domain::team::Team;
use tollgate_domain::user::User;
use tollgate_store::{LedgerBatch, Store, StoreOptions};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const MONTH: i64 = 30 * 86_400 * 1_000_000;
const BATCH: i64 = 5000;
/// More than a day's charges: each row of a day's sums is written once or twice instead of with every batch.
const CHARGES: i64 = 50_000;

/// How many of what.
const ORGANISATIONS: u64 = 50;
const TEAMS: u64 = 500;
const USERS: u64 = 2000;
const KEYS: u64 = 5000;
/// Of them: those that call.
const BUSY_KEYS: usize = 500;
const CUSTOMERS: u64 = 2000;
const TAGS: u64 = 200;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let url = arguments.next().unwrap_or_else(|| "sqlite:///tmp/tollgate-full.db".to_owned());
    let mut number = |otherwise: i64| arguments.next().map_or(otherwise, |text| text.parse().unwrap());
    let (charges, lines) = (number(1_000_000), number(100_000));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(fill(&url, charges, lines));
}

async fn fill(url: &str, charges: i64, lines: i64) {
    let store = Store::open(url, StoreOptions::default()).await.unwrap();
    store.migrate().await.unwrap();
    let now = SystemClock.now();
    let entropy = SeededEntropy::new(1);
    let keys = office(&store, &entropy, now).await;
    let owner =
        |id| format!("({id}, 'user-{id}', 'team-{}', 'organisation-{}')", id % TEAMS, id % TEAMS % ORGANISATIONS);
    let values: Vec<_> = (1..=USERS).map(owner).collect();
    let db = sea_orm::Database::connect(url).await.unwrap();
    db.execute_unprepared(&format!("INSERT INTO ownerships VALUES {}", values.join(", "))).await.unwrap();
    db.close().await.unwrap();

    let shared = charges::shared();
    let mut done = 0;
    while done < charges {
        let at = |i: i64| Timestamp(now.0 - MONTH + MONTH / charges * (done + i));
        let batch = (0..CHARGES.min(charges - done)).map(|i| {
            let mut charge = charges::charge(&entropy, &keys[..BUSY_KEYS], &shared, USERS, at(i));
            charge.end_user = Some(format!("customer-{}", i % CUSTOMERS as i64));
            charge
        });
        let batch = LedgerBatch { charges: batch.collect(), refusals: vec![] };
        store.append_ledger(&batch).await.unwrap();
        done += batch.charges.len() as i64;
    }

    let mut done = 0;
    while done < lines {
        let tx = store.begin().await.unwrap();
        for i in done..lines.min(done + BATCH) {
            tx.append_audit(&line(&entropy, i, Timestamp(now.0 - MONTH + MONTH / lines * i))).await.unwrap();
        }
        tx.commit().await.unwrap();
        done += BATCH;
    }
    store.close().await.unwrap();
}

/// Everything that lists show; the keys.
async fn office(store: &Store, entropy: &SeededEntropy, now: Timestamp) -> Vec<KeyId> {
    let meta = |i: u64| Meta::new(Timestamp(now.0 - MONTH - i as i64 * 1_000_000), "system".to_owned());
    let tx = store.begin().await.unwrap();
    for i in 0..ORGANISATIONS {
        let organisation = Organisation {
            id: OrganisationId::parse(&format!("organisation-{i}")).unwrap(),
            name: format!("Organisation {i}"),
            models: vec![],
            access_groups: vec![],
            blocked: false,
            budget_id: None,
            limits: Default::default(),
            metadata: Default::default(),
            settings: Default::default(),
            meta: meta(i),
        };
        tx.insert(&organisation).await.unwrap();
    }
    for i in 0..TEAMS {
        let team = Team {
            id: team(i),
            name: format!("Team {i}"),
            organisation_id: OrganisationId::parse(&format!("organisation-{}", i % ORGANISATIONS)),
            models: vec![],
            access_groups: vec![],
            model_aliases: Default::default(),
            blocked: false,
            budget_id: None,
            limits: Default::default(),
            member_limits: Default::default(),
            member_permissions: vec![],
            tags: vec![],
            metadata: Default::default(),
            settings: Default::default(),
            logging: tollgate_domain::callback::Logging::default(),
            meta: meta(i),
        };
        tx.insert(&team).await.unwrap();
    }
    for i in 0..USERS {
        let email = Some(format!("user-{i}@example.com"));
        tx.insert(&User::new(user(i), email, Role::Member, meta(i))).await.unwrap();
        let mut member = Membership::example(Group::Team(team(i % TEAMS)), user(i)).unwrap();
        (member.role, member.meta) = (MemberRole::Member, meta(i));
        tx.insert(&member).await.unwrap();
    }
    for i in 0..CUSTOMERS {
        let customer = Customer {
            id: CustomerId::parse(&format!("customer-{i}")).unwrap(),
            name: Some(format!("Customer {i}")),
            blocked: false,
            budget_id: None,
            limits: Default::default(),
            models: vec![],
            default_model: None,
            allowed_model_region: None,
            metadata: Default::default(),
            settings: Default::default(),
            meta: meta(i),
        };
        tx.insert(&customer).await.unwrap();
    }
    for i in 0..TAGS {
        let id = TagId::parse(&format!("tag-{i}")).unwrap();
        let limits = Default::default();
        tx.insert(&Tag { id, description: None, models: vec![], budget_id: None, limits, meta: meta(i) })
            .await
            .unwrap();
        let id = BudgetId::parse(&format!("budget-{i}")).unwrap();
        let name = format!("Budget {i}");
        tx.insert(&Budget { id, name, limits: Default::default(), meta: meta(i) }).await.unwrap();
    }
    let mut keys = Vec::new();
    for i in 0..KEYS {
        let plain = PlainKey::generate(entropy);
        let key = VirtualKey {
            id: KeyId::new(&ManualClock::at(meta(i).created_at), entropy),
            digest: plain.digest(),
            hint: plain.hint(),
            alias: Some(format!("key-{i}")),
            models: vec![],
            blocked: i % 50 == 0,
            expires_at: None,
            user_id: Some(user(i % USERS)),
            team_id: Some(team(i % USERS % TEAMS)),
            organisation_id: None,
            key_type: KeyType::Default,
            allowed_routes: vec![],
            access_groups: vec![],
            tags: vec![],
            model_aliases: Default::default(),
            budget_id: None,
            limits: Default::default(),
            rotation: None,
            metadata: Default::default(),
            settings: Default::default(),
            meta: meta(i),
        };
        tx.insert_key(&key).await.unwrap();
        keys.push(key.id);
    }
    tx.commit().await.unwrap();
    keys
}

fn team(i: u64) -> TeamId {
    TeamId::parse(&format!("team-{i}")).unwrap()
}

fn user(i: u64) -> UserId {
    UserId::parse(&format!("user-{i}")).unwrap()
}

fn line(entropy: &SeededEntropy, i: i64, at: Timestamp) -> AuditEvent {
    let (action, kind) = [("key.update", "key"), ("team.update", "team"), ("sign_in", "user")][i as usize % 3];
    AuditEvent {
        id: AuditId(new_uuid(&ManualClock::at(at), entropy)),
        at,
        actor_kind: "user".to_owned(),
        actor: format!("user-{}", i % USERS as i64),
        on_behalf_of: None,
        address: Some("192.0.2.7".to_owned()),
        user_agent: Some("Mozilla/5.0".to_owned()),
        request_id: format!("request-{i}"),
        action: action.to_owned(),
        resource_kind: kind.to_owned(),
        resource_id: format!("{kind}-{}", i % 500),
        before: Some(format!(r#"{{"alias":"a-{i}","blocked":false,"models":["gpt-4o","gpt-4o-mini"]}}"#)),
        after: Some(format!(r#"{{"alias":"b-{i}","blocked":false,"models":["gpt-4o","gpt-4o-mini"]}}"#)),
    }
}
