//! People who come through a provider: made, linked, given roles and teams, refused.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::json;
use tollgate_control::access::{self, SsoError};
use tollgate_control::keys::{self, KeyFilter};
use tollgate_control::{ControlError, groups, records, scim, users};
use tollgate_domain::actor::{Actor, Memberships, Role, Visible};
use tollgate_domain::ids::TeamId;
use tollgate_domain::limits::Limits;
use tollgate_domain::membership::Membership;
use tollgate_domain::money::Nanos;
use tollgate_domain::record::no_meta;
use tollgate_domain::scim::ScimToken;
use tollgate_domain::sso::{Admission, Fault, Groups, Proven, RoleMapping, TeamMapping};
use tollgate_domain::user::User;
use tollgate_store::RecordFilter;

use crate::harness::{NOW, Office, op, op_of, person, secret};
use crate::sweep::world::{group, new_key, team, team_id, user_id};

fn eve(groups: &[&str]) -> Proven {
    Proven {
        provider: "okta".to_owned(),
        issuer: "https://idp.example.com".to_owned(),
        subject: "00u1".to_owned(),
        session: None,
        email: Some("eve@example.com".to_owned()),
        email_verified: true,
        email_links: true,
        name: Some("Eve".to_owned()),
        alias: None,
        roles: Vec::new(),
        groups: Groups::Told(groups.iter().map(|group| (*group).to_owned()).collect()),
    }
}

async fn come(office: &Office, admission: &Admission, who: &Proven) -> Result<User, Fault> {
    match access::sign_in_through(&office.control, &op(Actor::Anonymous), admission, who, |_| true).await {
        Ok(user) => Ok(user),
        Err(SsoError::Refused(fault)) => Err(fault),
        Err(SsoError::Control(error)) => panic!("{error:?}"),
    }
}

async fn teams(office: &Office, user: &User) -> Vec<String> {
    let filter = RecordFilter { user_id: Some(user.id.to_string()), ..RecordFilter::default() };
    let all: Vec<Membership> = office.store().list_all(&Visible::All, &filter, 100).await.unwrap();
    let mut teams: Vec<_> = all.iter().map(|membership| membership.group.id().to_owned()).collect();
    teams.sort();
    teams
}

async fn with_teams() -> Office {
    let office = Office::open().await;
    for name in ["blue", "green", "red"] {
        records::create(&office.control, &op(Actor::MasterKey), team(name, None)).await.unwrap();
    }
    office
}

fn ids(teams: &[&str]) -> BTreeSet<TeamId> {
    teams.iter().map(|team| team_id(team)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_new_is_made_as_the_configuration_says() {
    let office = with_teams().await;
    let before = office.audit().await.len();
    let admission = Admission {
        role: Role::Member,
        // A team that is not there is none.
        teams: ids(&["blue", "nowhere"]),
        limits: Limits { max_budget: Some(Nanos(5_000_000_000)), ..Limits::default() },
        ..Admission::default()
    };
    let user = come(&office, &admission, &eve(&[])).await.unwrap();
    assert_eq!((user.email.as_deref(), user.name.as_deref()), (Some("eve@example.com"), Some("Eve")));
    assert_eq!((user.role, user.limits.max_budget), (Role::Member, Some(Nanos(5_000_000_000))));
    assert_eq!(teams(&office, &user).await, ["blue"]);
    let lines = office.audit_since(before).await;
    let told: Vec<_> = lines.iter().map(|l| (l.event.action.as_str(), l.event.actor.as_str())).collect();
    let id = user.id.to_string();
    assert_eq!(told, [("user.create", "system"), ("membership.create", "system"), ("sign_in", &id)]);
    assert_eq!(lines[0].event.on_behalf_of.as_deref(), Some("single sign-on: okta"));
    assert!(lines[2].event.after.as_deref().unwrap().contains("https://idp.example.com"));

    // Again: the same person, whatever the address and the name are now; nothing is made.
    let again = Proven { email: Some("other@example.com".to_owned()), name: None, ..eve(&[]) };
    assert_eq!(come(&office, &Admission::default(), &again).await.unwrap().id, user.id);
    assert_eq!(office.audit_since(before + 3).await.len(), 1);
    // Another subject, or the same one elsewhere, is somebody else.
    for other in [
        Proven { subject: "00u2".to_owned(), email: None, ..eve(&[]) },
        Proven { issuer: "https://idp.example.org".to_owned(), email: None, ..eve(&[]) },
    ] {
        assert_ne!(come(&office, &Admission::default(), &other).await.unwrap().id, user.id);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_joins_accounts_only_where_that_is_allowed_and_vouched_for() {
    let office = Office::open().await;
    let master = op(Actor::MasterKey);
    let local = User::new(user_id("local"), Some("eve@example.com".to_owned()), Role::Admin, no_meta());
    users::create(&office.control, &master, local, &[]).await.unwrap();
    let before = office.audit().await.len();
    let linking = Admission { link_by_email: true, ..Admission::default() };
    assert_eq!(come(&office, &Admission::default(), &eve(&[])).await, Err(Fault::EmailTaken));
    // Microsoft's addresses are whatever whoever runs the tenant likes.
    assert_eq!(come(&office, &linking, &Proven { email_links: false, ..eve(&[]) }).await, Err(Fault::EmailTaken));
    let lines = office.audit_since(before).await;
    assert_eq!(lines.len(), 2);
    for line in &lines {
        assert_eq!((line.event.action.as_str(), line.event.actor.as_str()), ("sign_in.failed", "anonymous"));
        assert!(line.event.after.as_deref().unwrap().contains("email_taken"));
    }
    // An address that nobody vouches for is not even kept.
    let squatter = Proven { email_verified: false, email_links: false, subject: "00u9".to_owned(), ..eve(&[]) };
    assert_eq!(come(&office, &linking, &squatter).await.unwrap().email, None);
    assert_eq!(come(&office, &linking, &eve(&[])).await.unwrap().id, user_id("local"));
    // From now on by the identity alone.
    let later = Proven { email: None, email_verified: false, ..eve(&[]) };
    assert_eq!(come(&office, &Admission::default(), &later).await.unwrap().id, user_id("local"));
    assert!(office.actions().await.contains(&"user.link".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn roles_and_teams_follow_the_groups() {
    let office = with_teams().await;
    let master = op(Actor::MasterKey);
    let mapping = RoleMapping {
        otherwise: Some(Role::Viewer),
        groups: BTreeMap::from([("ops".to_owned(), Role::Admin), ("staff".to_owned(), Role::Member)]),
    };
    let in_teams = TeamMapping { teams: BTreeMap::from([("staff".to_owned(), ids(&["blue"]))]), by_id: true };
    let admission = Admission {
        role_mappings: BTreeMap::from([("okta".to_owned(), mapping)]),
        team_mappings: BTreeMap::from([("okta".to_owned(), in_teams)]),
        ..Admission::default()
    };
    let keeper = User::new(user_id("keeper"), Some("keeper@example.com".to_owned()), Role::Admin, no_meta());
    users::create(&office.control, &master, keeper, &[]).await.unwrap();

    let user = come(&office, &admission, &eve(&["ops", "staff", "green", "nowhere"])).await.unwrap();
    assert_eq!(user.role, Role::Admin);
    assert_eq!(teams(&office, &user).await, ["blue", "green"]);
    // By hand, in another team; with a key in one that the groups gave.
    groups::add_member(&office.control, &master, &group("red"), &user.id, |_| {}).await.unwrap();
    keys::create(&office.control, &master, new_key(Some(user.id.as_str()), Some("green"), None)).await.unwrap();

    let user = come(&office, &admission, &eve(&["staff"])).await.unwrap();
    assert_eq!(user.role, Role::Member);
    assert_eq!(teams(&office, &user).await, ["blue", "red"], "left what the groups gave, and nothing else");
    let filter = KeyFilter { team_id: Some("green".to_owned()), ..KeyFilter::default() };
    assert_eq!(keys::count(&office.control, &master, &filter).await.unwrap(), 0, "with the keys that were in it");

    // Too many groups for a token: nothing is changed.
    let user = come(&office, &admission, &Proven { groups: Groups::TooMany, ..eve(&[]) }).await.unwrap();
    assert_eq!((user.role, teams(&office, &user).await), (Role::Member, vec!["blue".to_owned(), "red".to_owned()]));
    let user = come(&office, &admission, &eve(&[])).await.unwrap();
    assert_eq!((user.role, teams(&office, &user).await), (Role::Viewer, vec!["red".to_owned()]));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_administrator_is_not_locked_out_by_a_group() {
    let office = Office::open().await;
    let mapping = RoleMapping { otherwise: None, groups: BTreeMap::from([("ops".to_owned(), Role::Admin)]) };
    let admission = Admission { role_mappings: BTreeMap::from([("okta".to_owned(), mapping)]), ..Admission::default() };
    assert_eq!(come(&office, &admission, &eve(&["ops"])).await.unwrap().role, Role::Admin);
    assert_eq!(come(&office, &admission, &eve(&[])).await.unwrap().role, Role::Admin);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_disabled_foreign_or_not_admitted_stays_out() {
    let office = Office::open().await;
    let master = op(Actor::MasterKey);
    let user = come(&office, &Admission::default(), &eve(&[])).await.unwrap();
    let id = user.id.to_string();
    let disable = |disabled| {
        records::update::<User>(&office.control, &master, &id, None, move |user| {
            user.disabled = disabled;
            Ok(())
        })
    };
    disable(true).await.unwrap();
    assert_eq!(come(&office, &Admission::default(), &eve(&[])).await, Err(Fault::Disabled));
    let last = office.audit().await.pop().unwrap().event;
    assert_eq!((last.action.as_str(), last.resource_id.as_str()), ("sign_in.failed", user.id.as_str()));
    disable(false).await.unwrap();
    assert!(come(&office, &Admission::default(), &eve(&[])).await.is_ok());

    let state = office.state().await;
    let ours = Admission { email_domains: BTreeSet::from(["ours.example".to_owned()]), ..Admission::default() };
    let stranger = Proven { subject: "00u7".to_owned(), ..eve(&[]) };
    assert_eq!(come(&office, &ours, &stranger).await, Err(Fault::Domain));
    let admins = |role| role == Role::Admin;
    let stranger = Proven { email: None, ..stranger };
    let result =
        access::sign_in_through(&office.control, &op(Actor::Anonymous), &Admission::default(), &stranger, admins).await;
    assert!(matches!(result, Err(SsoError::Refused(Fault::NotAdmitted))), "{result:?}");
    assert_eq!(office.state().await, state, "nobody was made");

    // Whoever is deleted leaves no identity behind: it is a new person who comes.
    users::delete(&office.control, &master, &user.id, None).await.unwrap();
    assert_ne!(come(&office, &Admission::default(), &eve(&[])).await.unwrap().id, user.id);
}

#[tokio::test(flavor = "multi_thread")]
async fn failures_are_recorded_and_nobody_fills_the_log() {
    let office = Office::open().await;
    let nobody = op(Actor::Anonymous);
    for _ in 0..20 {
        access::sso_failed(&office.control, &nobody, "okta", Fault::State, "made up").await.unwrap();
    }
    assert_eq!(office.audit().await.len(), 5);
    for _ in 0..8 {
        access::sso_failed(&office.control, &nobody, "okta", Fault::Signature, "a forged token").await.unwrap();
    }
    let lines = office.audit().await;
    assert_eq!(lines.len(), 13);
    let after = lines[12].event.after.as_deref().unwrap();
    assert!(after.contains("signature") && after.contains("a forged token") && after.contains("okta"), "{after}");
}

#[tokio::test(flavor = "multi_thread")]
async fn others_sessions_are_ended_by_those_who_may_change_users() {
    let office = Office::open().await;
    let user = come(&office, &Admission::default(), &eve(&[])).await.unwrap();
    let end = async |actor: Actor| {
        access::end_sessions(&office.control, &op_of(actor, Memberships::default()), &user.id, None).await
    };
    for actor in [person("mallory", Role::Member), person("mallory", Role::Auditor), Actor::Anonymous] {
        assert!(matches!(end(actor).await, Err(ControlError::Denied { .. })));
    }
    for actor in [person(user.id.as_str(), Role::Viewer), person("root", Role::Admin), Actor::MasterKey] {
        assert_eq!(end(actor).await.unwrap(), 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn people_without_rights_do_not_take_the_setup_link_away() {
    let office = Office::open().await;
    let system = tollgate_control::OpContext::system("start");
    assert!(access::needs_setup(&office.control).await.unwrap());
    come(&office, &Admission::default(), &eve(&[])).await.unwrap();
    assert!(access::needs_setup(&office.control).await.unwrap());
    let token = access::begin_setup(&office.control, &system).await.unwrap();
    let nobody = op(Actor::Anonymous);
    let password = secret("a long enough password");
    access::complete_setup(&office.control, &nobody, token, "ada@example.com", None, password).await.unwrap();
    assert!(!access::needs_setup(&office.control).await.unwrap());
    // And whom the configuration makes an administrator needs none.
    let office = Office::open().await;
    let admission = Admission { admin_id: Some("00u1".to_owned()), ..Admission::default() };
    assert_eq!(come(&office, &admission, &eve(&[])).await.unwrap().role, Role::Admin);
    assert!(!access::needs_setup(&office.control).await.unwrap());
}

/// A client of SCIM that brings people of this provider.
async fn provisioner(office: &Office, provider: &str) -> scim::Provisioner {
    let new = scim::NewToken { name: provider.to_owned(), provider: Some(provider.to_owned()), expires_at: None };
    let issued = scim::issue(&office.control, &op(Actor::MasterKey), new).await.unwrap();
    let admission = Arc::new(Admission::default());
    let request = op(Actor::Anonymous);
    let digest = issued.plain.digest();
    scim::authenticate(&office.control, request, digest, &admission, String::new()).await.unwrap().unwrap()
}

fn resource(value: serde_json::Value) -> serde_json::Map<String, serde_json::Value> {
    let serde_json::Value::Object(resource) = value else { panic!("{value}") };
    resource
}

#[tokio::test(flavor = "multi_thread")]
async fn whom_scim_brought_is_found_at_the_first_sign_in_and_taken_by_nobody_later() {
    let office = Office::open().await;
    let okta = provisioner(&office, "okta").await;
    let made =
        okta.create_user(&resource(json!({ "userName": "eve@example.com", "externalId": "00u1" }))).await.unwrap();
    let id = made["id"].as_str().unwrap().to_owned();
    // Of another provider, nobody is them.
    let elsewhere = Proven { provider: "google".to_owned(), ..eve(&[]) };
    assert_eq!(come(&office, &Admission::default(), &elsewhere).await, Err(Fault::EmailTaken));
    // By the provider's own id, whatever the address is.
    let user = come(&office, &Admission::default(), &Proven { email: None, ..eve(&[]) }).await.unwrap();
    assert_eq!(user.id.as_str(), id);
    // From then on they are that subject, whatever SCIM says.
    okta.replace_user(&id, &resource(json!({ "userName": "eve@example.com", "externalId": "00u2" }))).await.unwrap();
    let other = Proven { subject: "00u2".to_owned(), ..eve(&[]) };
    assert_eq!(come(&office, &Admission::default(), &other).await, Err(Fault::EmailTaken));
    assert_ne!(come(&office, &Admission::default(), &Proven { email: None, ..other }).await.unwrap().id.as_str(), id);

    // By the address, where the provider vouches for it: Microsoft's does not count.
    let made = okta.create_user(&resource(json!({ "userName": "mallory@example.com" }))).await.unwrap();
    let mallory = Proven { subject: "00u7".to_owned(), email: Some("mallory@example.com".to_owned()), ..eve(&[]) };
    let weak = Proven { email_links: false, ..mallory.clone() };
    assert_eq!(come(&office, &Admission::default(), &weak).await, Err(Fault::EmailTaken));
    assert_eq!(come(&office, &Admission::default(), &mallory).await.unwrap().id.as_str(), made["id"].as_str().unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn scim_takes_over_no_administrator_who_was_here_before() {
    let office = Office::open().await;
    let master = op(Actor::MasterKey);
    for (name, role) in [("root", Role::Admin), ("other", Role::Admin), ("plain", Role::Member)] {
        let user = User::new(user_id(name), Some(format!("{name}@example.com")), role, no_meta());
        users::create(&office.control, &master, user, &[]).await.unwrap();
    }
    let okta = provisioner(&office, "okta").await;
    for name in ["root", "plain"] {
        let said = json!({ "userName": format!("{name}@example.com"), "externalId": format!("00u-{name}") });
        okta.replace_user(name, &resource(said)).await.unwrap();
    }
    let who =
        |name: &str| Proven { subject: format!("00u-{name}"), email: Some(format!("{name}@example.com")), ..eve(&[]) };
    assert_eq!(come(&office, &Admission::default(), &who("root")).await, Err(Fault::EmailTaken));
    assert_eq!(come(&office, &Admission::default(), &who("plain")).await.unwrap().id, user_id("plain"));
    // Deactivated there, out here; and the last administrator stays.
    okta.patch_user("root", &off()).await.unwrap();
    let refused = okta.patch_user("other", &off()).await.unwrap_err().told();
    assert_eq!(refused.status, 409);
}

fn off() -> Vec<tollgate_domain::scim::Operation> {
    let body = json!({ "Operations": [{ "op": "replace", "path": "active", "value": "False" }] });
    tollgate_domain::scim::operations(&resource(body)).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn scim_tokens_end_and_are_noted() {
    let office = Office::open().await;
    let new = |expires_at| scim::NewToken { name: "idp".to_owned(), provider: None, expires_at };
    let master = op(Actor::MasterKey);
    let past = scim::issue(&office.control, &master, new(Some(NOW))).await;
    assert!(matches!(past, Err(ControlError::Invalid { field: "expires_at", .. })));
    let issued = scim::issue(&office.control, &master, new(Some(NOW.plus_seconds(3600)))).await.unwrap();
    assert!(!format!("{issued:?}").contains(issued.plain.expose()));
    assert!(!office.dump(|_| true).await.contains(issued.plain.expose()));
    let admission = Arc::new(Admission::default());
    let come = async || {
        let digest = issued.plain.digest();
        scim::authenticate(&office.control, op(Actor::Anonymous), digest, &admission, String::new()).await.unwrap()
    };
    assert!(come().await.is_some());
    let token: ScimToken = records::get(&office.control, &master, issued.token.id.as_str()).await.unwrap();
    assert_eq!((token.last_used_at, token.meta.version), (Some(NOW), 1));
    office.clock.advance_seconds(3600);
    assert!(come().await.is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_mapping_would_do_is_seen_before_and_is_what_it_does() {
    let office = with_teams().await;
    let mapping = |teams: &[(&str, &[&str])]| TeamMapping {
        teams: teams.iter().map(|(group, teams)| ((*group).to_owned(), ids(teams))).collect(),
        by_id: false,
    };
    let of_okta = |teams: &[(&str, &[&str])], roles: &[(&str, Role)]| Admission {
        role: Role::Member,
        team_mappings: BTreeMap::from([("okta".to_owned(), mapping(teams))]),
        role_mappings: BTreeMap::from([(
            "okta".to_owned(),
            RoleMapping {
                otherwise: None,
                groups: roles.iter().map(|(group, role)| ((*group).to_owned(), *role)).collect(),
            },
        )]),
        ..Admission::default()
    };
    let now = of_okta(&[("eng", &["blue", "green"])], &[("ops", Role::Auditor)]);
    let user = come(&office, &now, &eve(&["eng", "ops"])).await.unwrap();
    let other = Proven { subject: "00u2".to_owned(), email: Some("bob@example.org".to_owned()), ..eve(&["staff"]) };
    come(&office, &now, &other).await.unwrap();
    let (seen, unknown) = access::preview(&office.control, &op(Actor::MasterKey), &now).await.unwrap();
    assert_eq!((seen.len(), unknown, seen.iter().any(access::Foreseen::is_change)), (2, 0, false));

    let mut then = of_okta(&[("eng", &["green", "red", "nowhere"])], &[("ops", Role::Admin)]);
    then.email_domains = BTreeSet::from(["example.com".to_owned()]);
    let before = office.state().await;
    let (seen, _) = access::preview(&office.control, &op(Actor::MasterKey), &then).await.unwrap();
    assert_eq!(office.state().await, before, "looking changes nothing");
    let of = |label: &str| seen.iter().find(|one| one.user.as_str() == label).unwrap().clone();
    let eves = of(user.id.as_str());
    assert_eq!((eves.role, eves.refused), ((Role::Auditor, Role::Admin), None));
    assert_eq!((eves.joins, eves.leaves), (ids(&["red"]), ids(&["blue"])));
    let bobs = seen.iter().find(|one| one.user != user.id).unwrap();
    assert_eq!((bobs.refused, bobs.role.0), (Some(Fault::Domain), bobs.role.1));
    // And that is what happens.
    let after = come(&office, &then, &eve(&["eng", "ops"])).await.unwrap();
    assert_eq!((after.role, teams(&office, &after).await), (Role::Admin, vec!["green".to_owned(), "red".to_owned()]));
}
