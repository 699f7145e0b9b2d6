//! A small company, made once, and everybody who could want something of it.

use tollgate_control::increases::{self, NewIncrease};
use tollgate_control::keys::{self, NewKey};
use tollgate_control::{ControlError, Managed, OpContext, groups, records, users};
use tollgate_domain::Nanos;
use tollgate_domain::access_group::AccessGroup;
use tollgate_domain::actor::{Action, Actor, Memberships, Place, Role, Visible};
use tollgate_domain::budget::Budget;
use tollgate_domain::credential::Credential;
use tollgate_domain::customer::Customer;
use tollgate_domain::deployment::StoredDeployment;
use tollgate_domain::ids::{
    AccessGroupId, BudgetId, CredentialId, CustomerId, DeploymentId, OrganisationId, TagId, TeamId, UserId,
};
use tollgate_domain::increase::IncreaseRequest;
use tollgate_domain::key::VirtualKey;
use tollgate_domain::ledger::AccountKind;
use tollgate_domain::membership::{Group, MemberRole, Membership};
use tollgate_domain::model::ModelPattern;
use tollgate_domain::organisation::Organisation;
use tollgate_domain::record::{Record, no_meta};
use tollgate_domain::tag::Tag;
use tollgate_domain::team::Team;
use tollgate_domain::user::User;
use tollgate_store::{KeyFilter, RecordFilter, Table};

use crate::harness::{Office, op, op_as, op_of, person, secret, vault};

/// Somebody who wants something.
#[derive(Clone)]
pub struct Cast {
    pub name: &'static str,
    pub op: OpContext,
}

impl Cast {
    pub fn user_id(&self) -> Option<UserId> {
        self.op.actor.user_id().cloned()
    }
}

/// Every kind of actor. The viewer and the auditor are administrators of a team besides: it must not help them.
#[expect(clippy::type_complexity, reason = "a table that is read once")]
pub const PEOPLE: [(&str, Role, &[(&str, MemberRole)]); 7] = [
    ("viewer", Role::Viewer, &[("blue", MemberRole::Admin)]),
    ("auditor", Role::Auditor, &[("blue", MemberRole::Admin)]),
    (
        "member",
        Role::Member,
        &[("blue", MemberRole::Member), ("green", MemberRole::Member), ("acme", MemberRole::Member)],
    ),
    ("team admin", Role::Member, &[("blue", MemberRole::Admin)]),
    ("organisation admin", Role::Member, &[("acme", MemberRole::Admin), ("empty", MemberRole::Admin)]),
    ("admin", Role::Admin, &[]),
    ("bob", Role::Member, &[("blue", MemberRole::Member), ("acme", MemberRole::Member), ("red", MemberRole::Admin)]),
];

pub const ORGANISATIONS: [&str; 3] = ["acme", "empty", "globex"];

pub fn user_id(text: &str) -> UserId {
    UserId::parse(text).unwrap()
}

pub fn team_id(text: &str) -> TeamId {
    TeamId::parse(text).unwrap()
}

pub fn group(name: &str) -> Group {
    match ORGANISATIONS.contains(&name) {
        true => Group::Organisation(OrganisationId::parse(name).unwrap()),
        false => Group::Team(team_id(name)),
    }
}

pub fn team(id: &str, organisation: Option<&str>) -> Team {
    Team {
        id: team_id(id),
        name: id.to_owned(),
        organisation_id: organisation.and_then(OrganisationId::parse),
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
        meta: no_meta(),
    }
}

pub fn organisation(id: &str) -> Organisation {
    Organisation {
        id: OrganisationId::parse(id).unwrap(),
        name: id.to_owned(),
        models: vec![],
        access_groups: vec![],
        blocked: false,
        budget_id: None,
        limits: Default::default(),
        metadata: Default::default(),
        settings: Default::default(),
        meta: no_meta(),
    }
}

pub fn user(id: &str, role: Role) -> User {
    User::new(user_id(id), Some(format!("{}@example.com", id.replace(' ', "."))), role, no_meta())
}

pub fn budget(id: &str) -> Budget {
    Budget { id: BudgetId::parse(id).unwrap(), name: id.to_owned(), limits: Default::default(), meta: no_meta() }
}

pub fn customer(id: &str) -> Customer {
    Customer {
        id: CustomerId::parse(id).unwrap(),
        name: None,
        blocked: false,
        budget_id: None,
        limits: Default::default(),
        models: vec![],
        default_model: None,
        allowed_model_region: None,
        metadata: Default::default(),
        settings: Default::default(),
        meta: no_meta(),
    }
}

pub fn tag(id: &str) -> Tag {
    Tag {
        id: TagId::parse(id).unwrap(),
        description: None,
        models: vec![],
        budget_id: None,
        limits: Default::default(),
        meta: no_meta(),
    }
}

pub fn access_group(id: &str, models: &[&str]) -> AccessGroup {
    let models = models.iter().map(|model| ModelPattern::new(*model)).collect();
    AccessGroup { id: AccessGroupId::parse(id).unwrap(), description: None, models, meta: no_meta() }
}

pub fn deployment(id: &str) -> StoredDeployment {
    StoredDeployment {
        id: DeploymentId::parse(id).unwrap(),
        model: ModelPattern::new("gpt-4o"),
        params: Default::default(),
        secrets: Default::default(),
        credential: None,
        info: Default::default(),
        blocked: false,
        meta: no_meta(),
    }
}

pub fn credential(id: &str) -> Credential {
    Credential {
        id: CredentialId::parse(id).unwrap(),
        provider: Some("openai".to_owned()),
        values: Default::default(),
        info: Default::default(),
        meta: no_meta(),
    }
}

/// A key of this person, in this team, charged to this organisation.
pub fn new_key(user: Option<&str>, team: Option<&str>, organisation: Option<&str>) -> NewKey {
    let mut new = NewKey::default();
    new.key.user_id = user.map(user_id);
    new.key.team_id = team.map(team_id);
    new.key.organisation_id = organisation.and_then(OrganisationId::parse);
    new
}

/// Ten dollars more, for a while.
pub fn increase(account: AccountKind, id: &str) -> NewIncrease {
    let (account_id, reason) = (id.to_owned(), "the last week of the project".to_owned());
    NewIncrease { account, account_id, amount: Nanos(10_000_000_000), until: None, reason }
}

/// What a delegating team lets its members do.
const DELEGATED: [&str; 3] = ["/key/generate", "/key/update", "/key/delete"];

/// The database of the company, as a file.
pub async fn template() -> Vec<u8> {
    let office = Office::open().await;
    let (control, master) = (&office.control, &op(Actor::MasterKey));
    for name in ORGANISATIONS {
        records::create(control, master, organisation(name)).await.unwrap();
    }
    let mut green = team("green", None);
    green.member_permissions = DELEGATED.map(str::to_owned).to_vec();
    for team in [team("blue", Some("acme")), team("red", Some("globex")), green] {
        groups::create_team(control, master, team, &[]).await.unwrap();
    }
    for (name, role, memberships) in PEOPLE {
        let groups: Vec<_> = memberships.iter().map(|(name, role)| (group(name), *role)).collect();
        users::create(control, master, user(name, role), &groups).await.unwrap();
        keys::create(control, master, new_key(Some(name), None, None)).await.unwrap();
        for team in memberships.iter().map(|(name, _)| *name).filter(|name| !ORGANISATIONS.contains(name)) {
            keys::create(control, master, new_key(Some(name), Some(team), None)).await.unwrap();
        }
    }
    // Another, so that none is the last.
    users::create(control, master, user("root", Role::Admin), &[]).await.unwrap();
    for (user, team, organisation) in [
        (None, Some("blue"), None),
        (None, Some("red"), None),
        (None, None, None),
        (Some("bob"), None, Some("acme")),
        (None, None, Some("globex")),
    ] {
        keys::create(control, master, new_key(user, team, organisation)).await.unwrap();
    }
    records::create(control, master, budget("b-1")).await.unwrap();
    records::create(control, master, customer("c-1")).await.unwrap();
    records::create(control, master, tag("t-1")).await.unwrap();
    records::create(control, master, access_group("g-1", &["gpt-*"])).await.unwrap();
    records::create(control, master, deployment("d-1")).await.unwrap();
    let mut secret_one = credential("cr-1");
    control.put_secret(&mut secret_one, "api_key", &secret("sk-provider-1234567890")).unwrap();
    records::create(control, master, secret_one).await.unwrap();
    for account in ["team:blue:bob", "team:red:bob"] {
        let bob = &op_as(&office, "bob", Role::Member).await;
        increases::ask(control, bob, increase(AccountKind::Membership, account)).await.unwrap();
    }
    office.into_bytes().await
}

pub async fn company(template: &[u8]) -> Office {
    Office::open_with(Some(template), vault("master")).await
}

/// Everybody, with nobody and programs.
pub async fn cast(office: &Office) -> Vec<Cast> {
    let service =
        all_keys(office).await.into_iter().find(|key| key.user_id.is_none() && key.team_id.is_some()).unwrap();
    let none = Memberships::default;
    let mut all = vec![
        Cast { name: "nobody", op: op_of(Actor::Anonymous, none()) },
        Cast { name: "ownerless key", op: op_of(Actor::Key { id: service.id }, none()) },
        Cast { name: "master key", op: op_of(Actor::MasterKey, none()) },
        Cast { name: "system", op: op_of(Actor::System, none()) },
    ];
    for (name, role, _) in PEOPLE.into_iter().filter(|(name, ..)| *name != "bob") {
        let memberships = office.control.memberships(&user_id(name)).await.unwrap();
        all.push(Cast { name, op: op_of(person(name, role), memberships) });
    }
    all
}

pub async fn all<T: Table>(office: &Office) -> Vec<T> {
    office.store().list_all(&Visible::All, &RecordFilter::default(), 1000).await.unwrap()
}

pub async fn all_keys(office: &Office) -> Vec<VirtualKey> {
    let now = office.control.clock().now();
    let page = office.store().list_keys(&Visible::All, &KeyFilter::default(), None, 1000, now).await.unwrap();
    page.items.into_iter().map(|row| row.key).collect()
}

/// Where a record is, thought out anew: its own place, and the organisation of its team.
pub fn place_of<T: Record>(record: &T, teams: &[Team]) -> Place {
    let mut place = record.place();
    if let (Some(team), None) = (&place.team, &place.organisation) {
        place.organisation = teams.iter().find(|t| t.id == *team).and_then(|team| team.organisation_id.clone());
    }
    place
}

/// The same for a key, for somebody who wants to do this to it.
pub fn key_place(key: &VirtualKey, action: Action, teams: &[Team]) -> Place {
    let team = key.team_id.as_ref().map(|id| teams.iter().find(|team| team.id == *id).unwrap());
    let wanted = match action {
        Action::Create => "/key/generate",
        Action::Update => "/key/update",
        Action::Delete => "/key/delete",
        Action::Read | Action::Export => "/key/info",
    };
    Place {
        owner: key.user_id.clone(),
        team: key.team_id.clone(),
        organisation: match team {
            Some(team) => team.organisation_id.clone(),
            None => key.organisation_id.clone(),
        },
        key: Some(key.id),
        delegated: team.is_some_and(|team| team.member_permissions.iter().any(|permission| permission == wanted)),
    }
}

/// A record of each kind, and a change of it that anybody may make who may change it at all.
pub trait Sample: Managed + Table {
    fn touch(&mut self) -> Result<(), ControlError>;
}

macro_rules! samples {
    ($($type:ty: |$this:ident| $touch:expr;)*) => {$(
        impl Sample for $type {
            fn touch(&mut self) -> Result<(), ControlError> {
                let $this = self;
                $touch;
                Ok(())
            }
        }
    )*};
}

samples! {
    Organisation: |o| _ = o.metadata.insert("x".to_owned(), 1.into());
    Team: |t| _ = t.metadata.insert("x".to_owned(), 1.into());
    User: |u| _ = u.metadata.insert("x".to_owned(), 1.into());
    Membership: |m| m.role = MemberRole::Admin;
    Budget: |b| b.name.push('2');
    Customer: |c| c.blocked = true;
    Tag: |t| t.description = Some("x".to_owned());
    AccessGroup: |g| g.description = Some("x".to_owned());
    StoredDeployment: |d| d.blocked = true;
    Credential: |c| c.provider = None;
    IncreaseRequest: |r| r.note = Some("x".to_owned());
}
