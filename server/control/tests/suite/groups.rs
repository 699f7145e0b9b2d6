//! Organisations, teams, who is in them, and what goes when they go.

use tollgate_control::keys::{self, KeyFilter, KeyRef};
use tollgate_control::{ControlError, groups, records, users};
use tollgate_domain::actor::{Actor, Role};
use tollgate_domain::budget::Budget;
use tollgate_domain::credential::Credential;
use tollgate_domain::deployment::StoredDeployment;
use tollgate_domain::ids::{AccessGroupId, BudgetId, CredentialId};
use tollgate_domain::key::VirtualKey;
use tollgate_domain::membership::{MemberRole, Membership};
use tollgate_domain::organisation::Organisation;
use tollgate_domain::team::Team;

use crate::harness::{Office, Told, op, op_as};
use crate::sweep::world::{
    access_group, all, all_keys, budget, company, credential, deployment, group, new_key, organisation, team, template,
    user, user_id,
};

fn conflict<T: std::fmt::Debug>(result: Result<T, ControlError>) -> String {
    match result {
        Err(ControlError::Conflict { message }) => message,
        other => panic!("{other:?}"),
    }
}

async fn lives(office: &Office, key: &VirtualKey) -> bool {
    office.store().find_principal(key.digest, office.control.clock().now()).await.unwrap().is_some()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_teams_life() {
    let office = Office::open().await;
    let (control, master) = (&office.control, &op(Actor::MasterKey));
    records::create(control, master, organisation("acme")).await.unwrap();
    for name in ["ann", "bob", "eve"] {
        users::create(control, master, user(name, Role::Member), &[]).await.unwrap();
    }
    groups::add_member(control, master, &group("acme"), &user_id("ann"), |m| m.role = MemberRole::Admin).await.unwrap();
    let ann = &op_as(&office, "ann", Role::Member).await;

    // Whoever makes a team and is no administrator of the gateway becomes its administrator.
    let bob = (user_id("bob"), MemberRole::Member);
    let before = office.audit().await.len();
    groups::create_team(control, ann, team("blue", Some("acme")), std::slice::from_ref(&bob)).await.unwrap();
    let lines = office.audit_since(before).await;
    let told: Vec<_> = lines.iter().map(|l| (l.event.action.as_str(), l.event.resource_id.as_str())).collect();
    assert_eq!(
        told,
        [("team.create", "blue"), ("membership.create", "team:blue:bob"), ("membership.create", "team:blue:ann")]
    );
    let mut members = all::<Membership>(&office).await;
    members.retain(|member| member.group == group("blue"));
    members.sort_by(|a, b| a.user_id.cmp(&b.user_id));
    assert_eq!(members.iter().map(|member| member.role).collect::<Vec<_>>(), [MemberRole::Admin, MemberRole::Member]);

    // All or nothing: one member that is not there, and there is no team.
    let nobody = [bob.clone(), (user_id("nobody"), MemberRole::Member)];
    let before = office.audit().await;
    let refused = groups::create_team(control, ann, team("red", Some("acme")), &nobody).await;
    assert!(matches!(refused, Err(ControlError::Invalid { field: "user_id", .. })), "{refused:?}");
    conflict(groups::create_team(control, ann, team("red", Some("acme")), &[bob.clone(), bob]).await);
    assert_eq!((all::<Team>(&office).await.len(), office.audit().await), (1, before));
    conflict(groups::add_member(control, ann, &group("blue"), &user_id("bob"), |_| ()).await);
    let none = groups::add_member(control, master, &group("green"), &user_id("bob"), |_| ()).await;
    assert!(matches!(none, Err(ControlError::NotFound { .. })), "{none:?}");

    // Whoever leaves a team leaves their keys of the team, and keeps their own.
    let of_team = keys::create(control, ann, new_key(Some("bob"), Some("blue"), None)).await.unwrap().key;
    let others = keys::create(control, ann, new_key(None, Some("blue"), None)).await.unwrap().key;
    let own = keys::create(control, master, new_key(Some("bob"), None, None)).await.unwrap().key;
    office.told();
    let before = office.audit().await.len();
    groups::remove_member(control, ann, &group("blue"), &user_id("bob")).await.unwrap();
    let actions: Vec<_> = office.audit_since(before).await.into_iter().map(|line| line.event.action).collect();
    assert_eq!(actions, ["key.delete", "membership.delete"]);
    assert_eq!(office.told(), [Told::Key(of_team.digest, None), Told::Principals]);
    assert!(!lives(&office, &of_team).await && lives(&office, &others).await && lives(&office, &own).await);
    // Back again, as a new member.
    let back = groups::add_member(control, ann, &group("blue"), &user_id("bob"), |_| ()).await.unwrap();
    assert_eq!((back.role, back.meta.version), (MemberRole::Member, 1));
    assert!(!lives(&office, &of_team).await);

    // An organisation with teams stays; a team takes everything along.
    assert!(conflict(groups::delete_organisation(control, master, "acme", None).await).contains("1 team"));
    conflict(groups::delete_team(control, ann, "blue", Some(7)).await);
    groups::delete_team(control, ann, "blue", Some(1)).await.unwrap();
    assert!(!lives(&office, &others).await && lives(&office, &own).await);
    assert!(all::<Membership>(&office).await.iter().all(|member| member.group != group("blue")));
    let gone = records::get::<Team>(control, master, "blue").await;
    assert!(matches!(gone, Err(ControlError::NotFound { .. })));
    // A new team of the same name has nothing of the old one.
    groups::create_team(control, master, team("blue", Some("acme")), &[]).await.unwrap();
    assert!(!lives(&office, &others).await);
    assert!(all::<Membership>(&office).await.iter().all(|member| member.group != group("blue")));
    groups::delete_team(control, master, "blue", None).await.unwrap();

    let charged = keys::create(control, master, new_key(Some("bob"), None, Some("acme"))).await.unwrap().key;
    groups::delete_organisation(control, master, "acme", None).await.unwrap();
    assert!(!lives(&office, &charged).await, "a key must not outlive what binds it");
    assert!(all::<Membership>(&office).await.is_empty() && all::<Organisation>(&office).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn however_much_there_is_all_of_it_goes() {
    let office = company(&template().await).await;
    let (control, master) = (&office.control, &op(Actor::MasterKey));
    let tx = office.store().begin().await.unwrap();
    for i in 0..1050 {
        let person = user(&format!("user {i}"), Role::Member);
        let member = groups::membership(&group("blue"), &person.id, MemberRole::Member).unwrap();
        tx.insert(&person).await.unwrap();
        tx.insert(&member).await.unwrap();
        let mut key = new_key(Some(person.id.as_str()), Some("blue"), None).key;
        key.id.0 = uuid::Uuid::from_u128(i + 1);
        key.digest = tollgate_domain::key::KeyDigest::of(&format!("text {i}"));
        tx.insert_key(&key).await.unwrap();
    }
    tx.commit().await.unwrap();
    let filter = KeyFilter { team_id: Some("blue".to_owned()), ..KeyFilter::default() };
    assert!(keys::count(control, master, &filter).await.unwrap() > 1050);
    groups::delete_team(control, master, "blue", None).await.unwrap();
    assert_eq!(keys::count(control, master, &filter).await.unwrap(), 0);
    let members = records::Filter { team_id: Some("blue".to_owned()), ..records::Filter::default() };
    assert_eq!(records::count::<Membership>(control, master, &members).await.unwrap(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_takes_everything_along() {
    let office = company(&template().await).await;
    let (control, master) = (&office.control, &op(Actor::MasterKey));
    let theirs: Vec<_> =
        all_keys(&office).await.into_iter().filter(|key| key.user_id == Some(user_id("bob"))).collect();
    assert_eq!(theirs.len(), 4, "personal, of two teams, of an organisation");
    let before = office.audit().await.len();
    office.told();
    users::delete(control, master, &user_id("bob"), None).await.unwrap();
    let mut actions: Vec<_> = office.audit_since(before).await.into_iter().map(|line| line.event.action).collect();
    assert_eq!(actions.pop().as_deref(), Some("user.delete"));
    actions.sort();
    actions.dedup_by(|a, b| a == b);
    assert_eq!(actions, ["key.delete", "membership.delete"]);
    let told = office.told();
    for key in theirs {
        assert!(!lives(&office, &key).await);
        assert!(told.contains(&Told::Key(key.digest, None)));
    }
    assert!(told.contains(&Told::Principals));
    assert!(all::<Membership>(&office).await.iter().all(|member| member.user_id != user_id("bob")));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_in_use_is_not_deleted() {
    let office = company(&template().await).await;
    let (control, master) = (&office.control, &op(Actor::MasterKey));
    let b = BudgetId::parse("b-1");
    let limit = |team: &mut Team| {
        team.budget_id = BudgetId::parse("b-1");
        Ok(())
    };
    records::update(control, master, "blue", None, limit).await.unwrap();
    let mut new = new_key(None, None, None);
    new.key.budget_id.clone_from(&b);
    let key = keys::create(control, master, new).await.unwrap().key;
    let before = (office.state().await, office.audit().await.len());
    let message = conflict(records::delete::<Budget>(control, master, "b-1", None).await);
    assert_eq!(message, "the budget is in use by 1 team, 1 key: take it from them first");
    assert_eq!((office.state().await, office.audit().await.len()), before);
    keys::delete(control, master, &[KeyRef::Id(key.id)]).await.unwrap();
    groups::delete_team(control, master, "blue", None).await.unwrap();
    records::delete::<Budget>(control, master, "b-1", None).await.unwrap();
    records::create(control, master, budget("b-1")).await.unwrap();

    let shared = StoredDeployment { credential: CredentialId::parse("cr-1"), ..deployment("d-2") };
    records::create(control, master, shared).await.unwrap();
    let message = conflict(records::delete::<Credential>(control, master, "cr-1", None).await);
    assert!(message.contains("1 model:"), "{message}");
    records::delete::<StoredDeployment>(control, master, "d-2", None).await.unwrap();
    records::delete::<Credential>(control, master, "cr-1", None).await.unwrap();
    // Its secrets went with it, and are not those of the next of that name.
    assert!(!office.state().await.contains("\"nonce\""));
    let again = records::create(control, master, credential("cr-1")).await.unwrap();
    assert!(again.values.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_points_to_nothing_can_still_be_changed() {
    let office = company(&template().await).await;
    let (control, master) = (&office.control, &op(Actor::MasterKey));
    let name = |team: &mut Team| {
        team.access_groups = AccessGroupId::parse("g-2").into_iter().collect();
        Ok(())
    };
    records::create(control, master, access_group("g-2", &["gpt-4o"])).await.unwrap();
    records::update(control, master, "blue", None, name).await.unwrap();
    records::delete::<tollgate_domain::access_group::AccessGroup>(control, master, "g-2", None).await.unwrap();
    // Blocking must not fail for it; naming it anew does.
    let block = |team: &mut Team| {
        team.blocked = true;
        Ok(())
    };
    records::update(control, master, "blue", None, block).await.unwrap();
    let refused = records::update(control, master, "red", None, name).await;
    assert!(matches!(refused, Err(ControlError::Invalid { field: "access_groups", .. })), "{refused:?}");

    // A model that can't be called any more can be blocked, and not let go again.
    let tx = office.store().begin().await.unwrap();
    let mut broken = deployment("d-9");
    broken.params.insert("broken".to_owned(), true.into());
    tx.insert(&broken).await.unwrap();
    tx.commit().await.unwrap();
    let set = |blocked: bool| {
        move |model: &mut StoredDeployment| {
            model.blocked = blocked;
            Ok(())
        }
    };
    records::update(control, master, "d-9", None, set(true)).await.unwrap();
    let refused = records::update(control, master, "d-9", None, set(false)).await;
    assert!(matches!(refused, Err(ControlError::Invalid { field: "litellm_params", .. })), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_administrators_edit_the_same_team() {
    let office = company(&template().await).await;
    let control = &office.control;
    let (one, other) = (&op_as(&office, "admin", Role::Admin).await, &op_as(&office, "root", Role::Admin).await);
    let seen = records::get::<Team>(control, one, "blue").await.unwrap().meta.version;
    let rename = |name: &'static str| {
        move |team: &mut Team| {
            team.name = name.to_owned();
            Ok(())
        }
    };
    let tag = |team: &mut Team| {
        team.tags.push("x".to_owned());
        Ok(())
    };
    records::update(control, one, "blue", Some(seen), rename("Blue")).await.unwrap();
    let before = (office.state().await, office.audit().await.len());
    office.told();
    let message = conflict(records::update(control, other, "blue", Some(seen), rename("Azure")).await);
    assert!(message.contains("was changed meanwhile"), "{message}");
    assert_eq!((office.state().await, office.audit().await.len()), before);
    assert_eq!(office.told(), []);
    // Without a version it is the change alone that is made, on what is there: nothing of the first is lost.
    let both = records::update(control, other, "blue", None, tag).await.unwrap();
    assert_eq!((both.name.as_str(), both.tags.len(), both.meta.version), ("Blue", 1, seen + 2));
    // At the very same time: one of them wins, and each that won is there.
    let (a, b) = futures::join!(
        records::update(control, one, "blue", Some(both.meta.version), rename("First")),
        records::update(control, other, "blue", Some(both.meta.version), rename("Second")),
    );
    assert_eq!(usize::from(a.is_ok()) + usize::from(b.is_ok()), 1);
    let winner = a.or(b).unwrap();
    assert_eq!(records::get::<Team>(control, one, "blue").await.unwrap(), winner);
    let changes = futures::future::join_all((0..20).map(|_| records::update(control, one, "blue", None, tag))).await;
    assert_eq!(changes.iter().filter(|change| change.is_ok()).count(), 19, "twenty tags are the most");
    assert_eq!(records::get::<Team>(control, one, "blue").await.unwrap().tags.len(), 20);
}
