//! What calls of a key may, as the data plane sees it after each change.

use tollgate_control::keys::{self, KeyRef, RotateKey};
use tollgate_control::{ControlError, groups, records};
use tollgate_domain::access_group::AccessGroup;
use tollgate_domain::actor::Actor;
use tollgate_domain::ids::AccessGroupId;
use tollgate_domain::key::{KeyDigest, Rotation, VirtualKey};
use tollgate_domain::membership::{MemberRole, Membership};
use tollgate_domain::model::ModelPattern;
use tollgate_domain::organisation::Organisation;
use tollgate_domain::principal::{KeyDenial, ModelDenial, Principal};
use tollgate_domain::team::Team;
use tollgate_domain::user::User;

use crate::harness::{NOW, Office, Told, op};
use crate::sweep::world::{access_group, company, group, new_key, template, user_id};

async fn find(office: &Office, digest: KeyDigest) -> Option<Principal> {
    office.store().find_principal(digest, office.control.clock().now()).await.unwrap()
}

async fn check(office: &Office, digest: KeyDigest) -> Result<(), KeyDenial> {
    find(office, digest).await.unwrap().check(office.control.clock().now())
}

async fn change<T: crate::sweep::world::Sample>(office: &Office, id: &str, apply: impl FnOnce(&mut T)) {
    let apply = |thing: &mut T| {
        apply(thing);
        Ok(())
    };
    records::update(&office.control, &op(Actor::MasterKey), id, None, apply).await.unwrap();
}

fn models(names: &[&str]) -> Vec<ModelPattern> {
    names.iter().map(|name| ModelPattern::new(*name)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_above_a_key_can_stop_it() {
    let office = company(&template().await).await;
    let (control, master) = (&office.control, &op(Actor::MasterKey));
    let digest = keys::create(control, master, new_key(Some("bob"), Some("blue"), None)).await.unwrap().key.digest;
    let personal = keys::create(control, master, new_key(Some("bob"), None, None)).await.unwrap().key.digest;
    office.told();
    change::<Team>(&office, "blue", |team| team.blocked = true).await;
    assert_eq!(office.told(), [Told::Principals]);
    assert!(matches!(check(&office, digest).await, Err(KeyDenial::TeamBlocked(id)) if id.as_str() == "blue"));
    assert_eq!(check(&office, personal).await, Ok(()));
    change::<Team>(&office, "blue", |team| team.blocked = false).await;
    change::<Organisation>(&office, "acme", |organisation| organisation.blocked = true).await;
    assert!(matches!(check(&office, digest).await, Err(KeyDenial::OrganisationBlocked(id)) if id.as_str() == "acme"));
    change::<Organisation>(&office, "acme", |organisation| organisation.blocked = false).await;
    change::<User>(&office, "bob", |user| user.disabled = true).await;
    for digest in [digest, personal] {
        assert_eq!(check(&office, digest).await, Err(KeyDenial::UserDisabled));
    }
    change::<User>(&office, "bob", |user| user.disabled = false).await;
    assert_eq!(check(&office, digest).await, Ok(()));
    // Where something above is gone although the key lives, the key does not become freer by it.
    let tx = office.store().begin().await.unwrap();
    let mut team: Team = tx.find("blue").await.unwrap().unwrap();
    team.meta.deleted_at = Some(NOW);
    tx.save(&team).await.unwrap();
    tx.commit().await.unwrap();
    assert!(find(&office, digest).await.is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn each_level_that_names_models_has_to_name_it() {
    let office = company(&template().await).await;
    let (control, master) = (&office.control, &op(Actor::MasterKey));
    let in_team = keys::create(control, master, new_key(Some("bob"), Some("blue"), None)).await.unwrap().key;
    let personal = keys::create(control, master, new_key(Some("bob"), None, None)).await.unwrap().key;
    let may = async |key: &VirtualKey, model: &str| find(&office, key.digest).await.unwrap().check_model(model);
    assert_eq!(may(&in_team, "anything").await, Ok(()));
    change::<Organisation>(&office, "acme", |organisation| organisation.models = models(&["gpt-*", "claude"])).await;
    assert_eq!(may(&in_team, "mistral").await, Err(ModelDenial::Organisation));
    assert_eq!(may(&personal, "mistral").await, Ok(()));
    change::<Team>(&office, "blue", |team| team.models = models(&["gpt-4o", "claude"])).await;
    assert_eq!(may(&in_team, "gpt-5").await, Err(ModelDenial::Team));
    let id = Membership::id_of(&group("blue"), &user_id("bob")).unwrap();
    change::<Membership>(&office, id.as_str(), |member| member.models = models(&["gpt-4o"])).await;
    assert_eq!(may(&in_team, "claude").await, Err(ModelDenial::Member));
    assert_eq!(may(&in_team, "gpt-4o").await, Ok(()));
    let narrow = |key: &mut VirtualKey, _| {
        key.models = models(&["no-default-models"]);
        Ok(())
    };
    keys::update(control, master, &KeyRef::Id(in_team.id), None, narrow).await.unwrap();
    assert_eq!(may(&in_team, "gpt-4o").await, Err(ModelDenial::Key));
    // A person's own limits are for personal keys.
    change::<User>(&office, "bob", |user| user.models = models(&["small"])).await;
    assert_eq!(may(&personal, "gpt-4o").await, Err(ModelDenial::User));
    assert_eq!(may(&personal, "small").await, Ok(()));
}

#[tokio::test(flavor = "multi_thread")]
async fn access_groups_and_aliases() {
    let office = company(&template().await).await;
    let (control, master) = (&office.control, &op(Actor::MasterKey));
    // Many others, older and younger, change nothing.
    let tx = office.store().begin().await.unwrap();
    for i in 0..1100 {
        let mut other = access_group(&format!("other {i}"), &["*"]);
        other.meta.created_at = NOW.plus_seconds(i - 500);
        tx.insert(&other).await.unwrap();
    }
    tx.commit().await.unwrap();
    let mut new = new_key(None, Some("blue"), None);
    new.key.access_groups = AccessGroupId::parse("g-1").into_iter().collect();
    new.key.model_aliases.insert("best".to_owned(), "gpt-4o".to_owned());
    let key = keys::create(control, master, new).await.unwrap().key;
    let principal = async || find(&office, key.digest).await.unwrap();
    assert_eq!(principal().await.access_groups.len(), 1, "those that are named, and no others");
    assert_eq!(principal().await.check_model("gpt-4o"), Ok(()));
    assert_eq!(principal().await.check_model("claude"), Err(ModelDenial::Key));
    change::<AccessGroup>(&office, "g-1", |group| group.models = models(&["claude"])).await;
    assert_eq!(principal().await.check_model("claude"), Ok(()));
    // Among models, a group's name stands for the group.
    change::<Team>(&office, "blue", |team| {
        team.models = models(&["g-1"]);
        team.model_aliases = [("best", "claude"), ("fast", "mini")].map(|(a, b)| (a.to_owned(), b.to_owned())).into();
    })
    .await;
    assert_eq!(principal().await.check_model("claude"), Ok(()));
    assert_eq!(principal().await.check_model("g-1"), Err(ModelDenial::Key));
    let found = principal().await;
    assert_eq!(
        (found.resolve_alias("best"), found.resolve_alias("fast"), found.resolve_alias("x")),
        ("gpt-4o", "mini", "x")
    );
    // A group that is gone gives access to nothing, and not to everything.
    records::delete::<AccessGroup>(control, master, "g-1", None).await.unwrap();
    assert_eq!(principal().await.check_model("claude"), Err(ModelDenial::Key));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_exchanged_text_works_for_its_grace_and_no_longer() {
    let office = company(&template().await).await;
    let (control, master) = (&office.control, &op(Actor::MasterKey));
    let created = keys::create(control, master, new_key(None, None, None)).await.unwrap();
    let key = KeyRef::Id(created.key.id);
    let first = created.key.digest;
    let rotate = async |grace_seconds| {
        let how = RotateKey { grace_seconds, ..RotateKey::default() };
        keys::rotate(control, master, &key, how, |_, _| Ok(())).await.unwrap()
    };
    office.told();
    let rotated = rotate(60).await;
    assert_eq!(rotated.old_until, Some(NOW.plus_seconds(60)));
    let second = rotated.key.digest;
    assert_eq!(rotated.key.id, created.key.id);
    assert!(office.told().contains(&Told::Key(first, None)));
    assert_eq!((check(&office, first).await, check(&office, second).await), (Ok(()), Ok(())));
    let third = rotate(120).await.key.digest;
    // Whatever happens to the key happens to all of its texts, and the data plane is told of each.
    office.told();
    keys::set_blocked(control, master, &key, true).await.unwrap();
    let told = office.told();
    for digest in [first, second, third] {
        assert_eq!(check(&office, digest).await, Err(KeyDenial::Blocked));
        assert!(told.iter().any(|told| matches!(told, Told::Key(of, _) if *of == digest)), "{told:?}");
    }
    keys::set_blocked(control, master, &key, false).await.unwrap();
    // What was looked up before the time came is judged again.
    let kept = find(&office, first).await.unwrap();
    office.clock.advance_seconds(60);
    assert!(matches!(kept.check(control.clock().now()), Err(KeyDenial::Expired(_))));
    assert!(find(&office, first).await.is_none());
    assert_eq!((check(&office, second).await, check(&office, third).await), (Ok(()), Ok(())));
    // Without grace, earlier graces end too.
    office.told();
    let fourth = rotate(0).await.key.digest;
    for digest in [first, second, third] {
        assert!(find(&office, digest).await.is_none());
    }
    assert!(office.told().contains(&Told::Key(second, None)));
    assert_eq!(check(&office, fourth).await, Ok(()));
    // A text that was ever given out is nobody else's.
    let custom = RotateKey { custom_key: Some(crate::harness::secret(created.plain.expose())), ..RotateKey::default() };
    let again = keys::rotate(control, master, &key, custom, |_, _| Ok(())).await;
    assert!(matches!(again, Err(ControlError::Conflict { .. })), "{again:?}");
    let fifth = rotate(60).await.key.digest;
    office.told();
    keys::delete(control, master, std::slice::from_ref(&key)).await.unwrap();
    let told = office.told();
    for digest in [fourth, fifth] {
        assert!(find(&office, digest).await.is_none());
        assert!(told.contains(&Told::Key(digest, None)), "{told:?}");
    }
    let mut by_hand = new_key(None, None, None);
    by_hand.custom_key = Some(crate::harness::secret(created.plain.expose()));
    assert!(matches!(keys::create(control, master, by_hand).await, Err(ControlError::Conflict { .. })));
}

#[tokio::test(flavor = "multi_thread")]
async fn earlier_texts_go_with_a_team_too() {
    let office = company(&template().await).await;
    let (control, master) = (&office.control, &op(Actor::MasterKey));
    let created = keys::create(control, master, new_key(None, Some("blue"), None)).await.unwrap().key;
    let how = RotateKey { grace_seconds: 60, ..RotateKey::default() };
    let now = keys::rotate(control, master, &KeyRef::Id(created.id), how, |_, _| Ok(())).await.unwrap().key;
    office.told();
    groups::delete_team(control, master, "blue", None).await.unwrap();
    let told = office.told();
    for digest in [created.digest, now.digest] {
        assert!(find(&office, digest).await.is_none());
        assert!(told.contains(&Told::Key(digest, None)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_exchanged_when_their_time_comes() {
    let office = company(&template().await).await;
    let (control, master, system) = (&office.control, &op(Actor::MasterKey), &op(Actor::System));
    let due = async |interval| {
        let mut new = new_key(Some("bob"), Some("blue"), None);
        new.key.rotation = Some(Rotation::every(interval, NOW));
        keys::create(control, master, new).await.unwrap().key
    };
    let (one, other, later) = (due(60).await, due(60).await, due(3600).await);
    assert_eq!(keys::rotate_due(control, system).await.unwrap(), 0);
    office.clock.advance_seconds(60);
    // One that could not be saved as it is keeps nobody from it.
    let tx = office.store().begin().await.unwrap();
    let mut odd = other.clone();
    odd.tags = vec!["a,b".to_owned()];
    tx.update_key(&odd).await.unwrap();
    tx.commit().await.unwrap();
    let before = office.audit().await.len();
    assert_eq!(keys::rotate_due(control, system).await.unwrap(), 2);
    assert_eq!(keys::rotate_due(control, system).await.unwrap(), 0);
    let actions: Vec<_> = office.audit_since(before).await.into_iter().map(|line| line.event.action).collect();
    assert_eq!(actions, ["key.rotate", "key.rotate"]);
    assert!(office.store().find_key(later.id).await.unwrap().unwrap().rotation.unwrap().pending.is_none());

    // The old text works for half of the interval, and its holder gets the new one, once.
    assert_eq!(check(&office, one.digest).await, Ok(()));
    // A new schedule does not lose the text that waits.
    let slower = |key: &mut VirtualKey, now| {
        key.rotation = Some(Rotation::every(600, now));
        Ok(())
    };
    keys::update(control, master, &KeyRef::Id(one.id), None, slower).await.unwrap();
    let holder = find(&office, one.digest).await.unwrap().key;
    let asks = op(Actor::Key { id: one.id });
    let text = keys::collect(control, &asks, &KeyRef::Id(one.id), Some(&holder)).await.unwrap();
    assert_eq!(check(&office, KeyDigest::of(text.expose())).await, Ok(()));
    let again = keys::collect(control, &asks, &KeyRef::Id(one.id), Some(&holder)).await;
    assert!(matches!(again, Err(ControlError::NotFound { .. })));
    // Not somebody else's.
    let others = keys::collect(control, &asks, &KeyRef::Id(other.id), Some(&holder)).await;
    assert!(matches!(others, Err(ControlError::Denied { .. })), "{others:?}");
    office.clock.advance_seconds(30);
    assert!(find(&office, one.digest).await.is_none());
    assert!(!office.dump(|_| true).await.contains(text.expose()));
    assert!(find(&office, later.digest).await.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_place_in_another_team_is_another_membership() {
    let office = company(&template().await).await;
    let (control, master) = (&office.control, &op(Actor::MasterKey));
    let id = Membership::id_of(&group("red"), &user_id("bob")).unwrap();
    change::<Membership>(&office, id.as_str(), |member| member.models = models(&["none"])).await;
    let key = keys::create(control, master, new_key(Some("bob"), Some("blue"), None)).await.unwrap().key;
    assert_eq!(find(&office, key.digest).await.unwrap().check_model("gpt-4o"), Ok(()));
    let to = |key: &mut VirtualKey, _| {
        key.team_id = tollgate_domain::ids::TeamId::parse("red");
        Ok(())
    };
    let moved = keys::update(control, master, &KeyRef::Id(key.id), None, to).await.unwrap();
    let principal = find(&office, moved.digest).await.unwrap();
    assert_eq!(principal.check_model("gpt-4o"), Err(ModelDenial::Member));
    assert_eq!(principal.organisation.unwrap().id.as_str(), "globex");
    let role = office.store().find::<Membership>(id.as_str()).await.unwrap().unwrap().role;
    assert_eq!(role, MemberRole::Admin);
}
