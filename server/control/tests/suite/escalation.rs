//! Nobody comes into more power than they were given, by whatever detour.

use tollgate_control::keys::{self, KeyRef, NewKey, RotateKey};
use tollgate_control::{Control, ControlError, OpContext, groups, records};
use tollgate_domain::actor::{Actor, Role};
use tollgate_domain::ids::OrganisationId;
use tollgate_domain::key::{KeyType, Rotation, VirtualKey};
use tollgate_domain::membership::{Group, MemberRole, Membership};
use tollgate_domain::organisation::Organisation;
use tollgate_domain::team::Team;
use tollgate_domain::user::User;

use crate::harness::{Office, op, op_as, person};
use crate::sweep::world::{company, group, new_key, team, team_id, template, user_id};

fn denied<T: std::fmt::Debug>(result: Result<T, ControlError>) {
    assert!(matches!(result, Err(ControlError::Denied { .. })), "{result:?}");
}

fn invalid<T: std::fmt::Debug>(result: Result<T, ControlError>, expected: &str) {
    assert!(matches!(&result, Err(ControlError::Invalid { field, .. }) if *field == expected), "{result:?}");
}

async fn office() -> Office {
    company(&template().await).await
}

async fn team_admin(office: &Office) -> OpContext {
    op_as(office, "team admin", Role::Member).await
}

/// What the key would make of whoever shows it to the management API.
fn acts(key: &VirtualKey) -> bool {
    key.key_type != KeyType::LlmApi && key.user_id.is_some()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_for_somebody_else_calls_models_and_no_more() {
    let office = office().await;
    let (control, lead) = (&office.control, &team_admin(&office).await);
    // The gateway's administrator is made a member, and gets a key whose text the team's administrator sees.
    let blue = Group::Team(team_id("blue"));
    groups::add_member(control, lead, &blue, &user_id("root"), |_| ()).await.unwrap();
    let created = keys::create(control, lead, new_key(Some("root"), Some("blue"), None)).await.unwrap().key;
    assert_eq!(created.key_type, KeyType::LlmApi);
    for key_type in [KeyType::Management, KeyType::ReadOnly] {
        let mut new = new_key(Some("root"), Some("blue"), None);
        new.key.key_type = key_type;
        invalid(keys::create(control, lead, new).await, "key_type");
        let widen = |key: &mut VirtualKey, _| {
            key.key_type = key_type;
            Ok(())
        };
        invalid(keys::update(control, lead, &KeyRef::Id(created.id), None, widen).await, "key_type");
    }
    // One that the administrator has already: its text is exchanged, and seen.
    let master = op(Actor::MasterKey);
    let given = keys::create(control, &master, new_key(Some("root"), Some("blue"), None)).await.unwrap().key;
    assert!(acts(&given), "who may change the person may give them a key");
    let rotated =
        keys::rotate(control, lead, &KeyRef::Id(given.id), RotateKey::default(), |_, _| Ok(())).await.unwrap();
    assert!(!acts(&rotated.key));
    // A key that belonged to nobody when its text was seen.
    let service = keys::create(control, lead, new_key(None, Some("blue"), None)).await.unwrap().key;
    assert_eq!(service.key_type, KeyType::Default);
    let give = |key: &mut VirtualKey, _| {
        key.user_id = Some(user_id("root"));
        Ok(())
    };
    assert!(!acts(&keys::update(control, lead, &KeyRef::Id(service.id), None, give).await.unwrap()));
    // An organisation's administrator neither.
    let head = &op_as(&office, "organisation admin", Role::Member).await;
    let charged = keys::create(control, head, new_key(Some("root"), None, Some("acme"))).await.unwrap().key;
    assert!(!acts(&charged));
    // One's own are as powerful as oneself.
    let own = keys::create(control, lead, new_key(Some("team admin"), None, None)).await.unwrap().key;
    assert!(acts(&own));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_that_waits_is_handed_out_without_its_persons_power() {
    let office = office().await;
    let (control, lead) = (&office.control, &team_admin(&office).await);
    let mut new = new_key(Some("bob"), Some("blue"), None);
    new.key.rotation = Some(Rotation::every(60, control.clock().now()));
    let key = keys::create(control, &op(Actor::MasterKey), new).await.unwrap().key;
    office.clock.advance_seconds(60);
    assert_eq!(keys::rotate_due(control, &op(Actor::System)).await.unwrap(), 1);
    keys::collect(control, lead, &KeyRef::Id(key.id), None).await.unwrap();
    let now = office.store().find_key(key.id).await.unwrap().unwrap();
    assert!(!acts(&now));
    let log = office.audit().await;
    let line = &log.last().unwrap().event;
    assert_eq!((line.action.as_str(), line.after.as_deref()), ("key.collect", Some(r#"{"key_type":"llm_api"}"#)));
}

#[tokio::test(flavor = "multi_thread")]
async fn naming_ones_own_organisation_opens_no_other_team() {
    let office = office().await;
    let (control, head) = (&office.control, &op_as(&office, "organisation admin", Role::Member).await);
    denied(keys::create(control, head, new_key(None, Some("red"), Some("acme"))).await);
    denied(keys::create(control, head, new_key(Some("bob"), Some("green"), Some("acme"))).await);
    // Where it is the team's own, it is as if it had not been said.
    let key = keys::create(control, head, new_key(None, Some("blue"), Some("acme"))).await.unwrap().key;
    assert_eq!(key.organisation_id, None);
    // A key of one's own organisation does not take one into a team, nor a team's key out of it.
    let charged = keys::create(control, head, new_key(None, None, Some("acme"))).await.unwrap().key;
    let into = |key: &mut VirtualKey, _| {
        key.team_id = Some(team_id("red"));
        Ok(())
    };
    denied(keys::update(control, head, &KeyRef::Id(charged.id), None, into).await);
    let master = op(Actor::MasterKey);
    let others = keys::create(control, &master, new_key(None, Some("red"), None)).await.unwrap().key;
    denied(keys::set_blocked(control, head, &KeyRef::Id(others.id), true).await);
    // A team is made and moved only where one may make teams.
    denied(groups::create_team(control, head, team("new", Some("globex")), &[]).await);
    denied(groups::create_team(control, head, team("new", None), &[]).await);
    let to = |organisation: &'static str| {
        move |team: &mut Team| {
            team.organisation_id = OrganisationId::parse(organisation);
            Ok(())
        }
    };
    denied(records::update(control, head, "blue", None, to("globex")).await);
    denied(records::update(control, head, "red", None, to("acme")).await);
    assert_eq!(
        records::update(control, head, "blue", None, to("empty")).await.unwrap().organisation_id,
        OrganisationId::parse("empty")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_charges_an_organisation_that_is_not_theirs() {
    let office = office().await;
    let control = &office.control;
    let member = &op_as(&office, "member", Role::Member).await;
    keys::create(control, member, new_key(Some("member"), None, Some("acme"))).await.unwrap();
    invalid(keys::create(control, member, new_key(Some("member"), None, Some("globex"))).await, "user_id");
    let own = keys::create(control, member, new_key(Some("member"), None, None)).await.unwrap().key;
    let charge = |key: &mut VirtualKey, _| {
        key.organisation_id = OrganisationId::parse("globex");
        Ok(())
    };
    invalid(keys::update(control, member, &KeyRef::Id(own.id), None, charge).await, "user_id");
    denied(keys::create(control, member, new_key(Some("bob"), None, Some("acme"))).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_moved_by_who_may_take_and_make_them() {
    let office = office().await;
    let control = &office.control;
    let master = op(Actor::MasterKey);
    let member = &op_as(&office, "member", Role::Member).await;
    let change = |fill: fn(&mut VirtualKey)| {
        move |key: &mut VirtualKey, _| {
            fill(key);
            Ok(())
        }
    };
    let own = keys::create(control, member, new_key(Some("member"), None, None)).await.unwrap().key;
    let own = KeyRef::Id(own.id);
    denied(keys::update(control, member, &own, None, change(|key| key.user_id = Some(user_id("bob")))).await);
    denied(keys::update(control, member, &own, None, change(|key| key.user_id = None)).await);
    denied(keys::update(control, member, &own, None, change(|key| key.team_id = Some(team_id("blue")))).await);
    // Into a team that lets its members make keys, and out of it again, for it lets them delete them, too.
    keys::update(control, member, &own, None, change(|key| key.team_id = Some(team_id("green")))).await.unwrap();
    keys::update(control, member, &own, None, change(|key| key.team_id = None)).await.unwrap();
    // Where it lets them change keys alone, theirs stay.
    let only = |permissions: &'static [&str]| {
        move |team: &mut Team| {
            team.member_permissions = permissions.iter().map(|p| (*p).to_owned()).collect();
            Ok(())
        }
    };
    let given = keys::create(control, &master, new_key(Some("member"), Some("green"), None)).await.unwrap().key;
    let given = KeyRef::Id(given.id);
    records::update(control, &master, "green", None, only(&["/key/update"])).await.unwrap();
    keys::update(control, member, &given, None, change(|key| key.blocked = false)).await.unwrap();
    denied(keys::update(control, member, &given, None, change(|key| key.team_id = None)).await);
    records::update(control, &master, "green", None, only(&[])).await.unwrap();
    denied(keys::set_blocked(control, member, &given, false).await);
    // A member is not given keys of others by moving the person instead of the team.
    let lead = &team_admin(&office).await;
    let theirs = keys::create(control, lead, new_key(None, Some("blue"), None)).await.unwrap().key;
    let stranger = |key: &mut VirtualKey, _| {
        key.user_id = Some(user_id("root"));
        Ok(())
    };
    keys::update(control, lead, &KeyRef::Id(theirs.id), None, stranger).await.unwrap();
    denied(
        keys::update(control, lead, &KeyRef::Id(theirs.id), None, change(|key| key.team_id = Some(team_id("red"))))
            .await,
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn groups_are_run_within_what_they_were_given() {
    let office = office().await;
    let control = &office.control;
    let (lead, head) = (&team_admin(&office).await, &op_as(&office, "organisation admin", Role::Member).await);
    let given: [fn(&mut Team); 5] = [
        |team| team.limits.rpm_limit = Some(1_000_000),
        |team| team.models.clear(),
        |team| team.blocked = true,
        |team| team.access_groups = vec![tollgate_domain::ids::AccessGroupId::parse("g-1").unwrap()],
        |team| team.organisation_id = None,
    ];
    let master = op(Actor::MasterKey);
    let limit = |team: &mut Team| {
        team.models = vec![tollgate_domain::model::ModelPattern::new("gpt-4o")];
        Ok(())
    };
    records::update(control, &master, "blue", None, limit).await.unwrap();
    let apply = |change: fn(&mut Team)| {
        move |team: &mut Team| {
            change(team);
            Ok(())
        }
    };
    for change in given {
        denied(records::update(control, lead, "blue", None, apply(change)).await);
    }
    let own: [fn(&mut Team); 3] = [
        |team| team.member_limits.rpm_limit = Some(5),
        |team| team.tags = vec!["x".to_owned()],
        |team| team.member_permissions = vec!["/key/generate".to_owned()],
    ];
    for change in own {
        records::update(control, lead, "blue", None, apply(change)).await.unwrap();
    }
    for change in &given[..4] {
        records::update(control, head, "blue", None, apply(*change)).await.unwrap();
    }
    let given: [fn(&mut Organisation); 2] =
        [|organisation| organisation.limits.rpm_limit = Some(9), |organisation| organisation.blocked = true];
    for change in given {
        let apply = |organisation: &mut Organisation| {
            change(organisation);
            Ok(())
        };
        denied(records::update(control, head, "acme", None, apply).await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_membership_stays_where_it_is() {
    let office = office().await;
    let (control, lead) = (&office.control, &team_admin(&office).await);
    let (blue, bob) = (group("blue"), user_id("bob"));
    let elsewhere = |member: &mut Membership| {
        member.group = group("red");
        member.role = MemberRole::Admin;
        Ok(())
    };
    // To another place, where one may not anyway.
    denied(groups::update_member(control, lead, &blue, &bob, None, elsewhere).await);
    let other_id = |member: &mut Membership| {
        *member = groups::membership(&group("red"), &user_id("team admin"), MemberRole::Admin)?;
        Ok(())
    };
    invalid(groups::update_member(control, lead, &blue, &bob, None, other_id).await, "id");
    let somebody = |member: &mut Membership| {
        member.user_id = user_id("root");
        Ok(())
    };
    invalid(groups::update_member(control, lead, &blue, &bob, None, somebody).await, "user_id");
    invalid(groups::update_member(control, &op(Actor::MasterKey), &blue, &bob, None, elsewhere).await, "user_id");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_person_is_now_counts() {
    let office = office().await;
    let control = &office.control;
    // Somebody who was taken out of the team, whose page is still open: what they are is looked up with every request.
    let (blue, lead) = (group("blue"), user_id("team admin"));
    groups::remove_member(control, &op(Actor::MasterKey), &blue, &lead).await.unwrap();
    let lead = &team_admin(&office).await;
    denied(records::update(control, lead, "blue", None, |_: &mut Team| Ok(())).await);
    denied(keys::create(control, lead, new_key(None, Some("blue"), None)).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_administrator_stays() {
    let office = Office::open().await;
    let control = &office.control;
    let ada = crate::sweep::world::user("ada", Role::Admin);
    let master = &op(Actor::MasterKey);
    tollgate_control::users::create(control, master, ada, &[]).await.unwrap();
    let to = |role: Role, disabled: bool| {
        move |user: &mut User| {
            (user.role, user.disabled) = (role, disabled);
            Ok(())
        }
    };
    let conflict = |result: Result<User, ControlError>| {
        assert!(matches!(result, Err(ControlError::Conflict { .. })), "{result:?}");
    };
    let myself = op_of_admin(control).await;
    for op in [master, &myself] {
        conflict(records::update(control, op, "ada", None, to(Role::Member, false)).await);
        conflict(records::update(control, op, "ada", None, to(Role::Admin, true)).await);
        conflict(tollgate_control::users::delete(control, op, &user_id("ada"), None).await);
        conflict(records::delete(control, op, "ada", None).await);
    }
    // Another who is disabled does not count; and more than a page of others hides nobody.
    let tx = control.store().begin().await.unwrap();
    for i in 0..1100 {
        let mut other = crate::sweep::world::user(&format!("user {i}"), Role::Member);
        other.meta.created_at = control.clock().now().plus_seconds(i);
        tx.insert(&other).await.unwrap();
    }
    tx.commit().await.unwrap();
    let grace = User { disabled: true, ..crate::sweep::world::user("grace", Role::Admin) };
    tollgate_control::users::create(control, master, grace, &[]).await.unwrap();
    conflict(records::update(control, master, "ada", None, to(Role::Member, false)).await);
    records::update(control, master, "grace", None, to(Role::Admin, false)).await.unwrap();
    // The youngest may go, though the only other administrator is older than a whole page of people.
    records::update(control, master, "grace", None, to(Role::Member, false)).await.unwrap();
    records::update(control, master, "grace", None, to(Role::Admin, false)).await.unwrap();
    records::update(control, master, "ada", None, to(Role::Member, false)).await.unwrap();
    conflict(records::update(control, master, "grace", None, to(Role::Viewer, false)).await);
}

async fn op_of_admin(control: &Control) -> OpContext {
    crate::harness::op_of(person("ada", Role::Admin), control.memberships(&user_id("ada")).await.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_make_keys_does_not_learn_which_there_are() {
    let office = office().await;
    let control = &office.control;
    let custom = |user: Option<&str>| NewKey {
        custom_key: Some(crate::harness::secret("sk-chosen-by-hand-1234")),
        ..new_key(user, None, None)
    };
    keys::create(control, &op(Actor::MasterKey), custom(None)).await.unwrap();
    let viewer = &op_as(&office, "viewer", Role::Viewer).await;
    denied(keys::create(control, viewer, custom(Some("viewer"))).await);
}
