use std::collections::BTreeMap;

use super::*;
use crate::ids::{AccessGroupId, KeyId};
use crate::key::{KeyDigest, KeyType};
use crate::limits::Limits;
use crate::model::ModelPattern;
use crate::record::no_meta;

const NOW: Timestamp = Timestamp(1_000_000);

fn key() -> VirtualKey {
    VirtualKey {
        id: KeyId(uuid::Uuid::from_u128(1)),
        digest: KeyDigest::of("sk-1234"),
        hint: "sk-...1234".to_owned(),
        alias: None,
        models: Vec::new(),
        blocked: false,
        expires_at: None,
        user_id: None,
        team_id: None,
        organisation_id: None,
        key_type: KeyType::Default,
        allowed_routes: Vec::new(),
        access_groups: Vec::new(),
        tags: Vec::new(),
        model_aliases: BTreeMap::new(),
        budget_id: None,
        limits: Limits::default(),
        rotation: None,
        metadata: serde_json::Map::new(),
        settings: serde_json::Map::new(),
        meta: no_meta(),
    }
}

fn team() -> Team {
    serde_json::from_str(r#"{"id": "blue", "name": "Blue", "organisation_id": "acme"}"#).unwrap()
}

fn organisation() -> Organisation {
    serde_json::from_str(r#"{"id": "acme", "name": "Acme"}"#).unwrap()
}

fn user() -> User {
    serde_json::from_str(r#"{"id": "ann", "role": "member"}"#).unwrap()
}

fn principal() -> Principal {
    Principal {
        key: key(),
        user: None,
        team: None,
        organisation: None,
        membership: None,
        budgets: Vec::new(),
        access_groups: Vec::new(),
        ownership_id: 0,
        retires_at: None,
    }
}

fn models(names: &[&str]) -> Vec<ModelPattern> {
    names.iter().map(|name| ModelPattern::new(*name)).collect()
}

fn group(id: &str, names: &[&str]) -> AccessGroup {
    AccessGroup { id: AccessGroupId::parse(id).unwrap(), description: None, models: models(names), meta: no_meta() }
}

#[test]
fn a_key_works_until_anything_above_it_says_no() {
    let all = Principal { user: Some(user()), team: Some(team()), organisation: Some(organisation()), ..principal() };
    assert_eq!(all.check(NOW), Ok(()));
    let with = |fill: fn(&mut Principal)| {
        let mut changed = all.clone();
        fill(&mut changed);
        changed.check(NOW).unwrap_err()
    };
    assert_eq!(with(|p| p.key.blocked = true), KeyDenial::Blocked);
    assert_eq!(with(|p| p.key.expires_at = Some(NOW)), KeyDenial::Expired(NOW));
    assert_eq!(with(|p| p.key.meta.deleted_at = Some(NOW)), KeyDenial::Deleted);
    assert_eq!(with(|p| p.retires_at = Some(NOW)), KeyDenial::Expired(NOW));
    assert_eq!(with(|p| p.user.as_mut().unwrap().disabled = true), KeyDenial::UserDisabled);
    assert!(matches!(with(|p| p.team.as_mut().unwrap().blocked = true), KeyDenial::TeamBlocked(_)));
    assert!(matches!(with(|p| p.organisation.as_mut().unwrap().blocked = true), KeyDenial::OrganisationBlocked(_)));
    let mut later = all;
    (later.key.expires_at, later.retires_at) = (Some(Timestamp(NOW.0 + 1)), Some(Timestamp(NOW.0 + 1)));
    assert_eq!(later.check(NOW), Ok(()));
}

#[test]
fn special_names_mean_what_they_mean_in_litellm() {
    let with = |names: &[&str]| {
        let mut one = principal();
        one.key.models = models(names);
        one.team = Some(Team { models: models(&["gpt-4o"]), ..team() });
        one
    };
    assert_eq!(with(&["all-team-models"]).check_model("gpt-4o"), Ok(()));
    assert_eq!(with(&["all-team-models"]).check_model("claude"), Err(ModelDenial::Team));
    assert_eq!(with(&["all-proxy-models"]).check_model("claude"), Err(ModelDenial::Team));
    assert_eq!(with(&["no-default-models"]).check_model("gpt-4o"), Err(ModelDenial::Key));
    assert_eq!(with(&["no-default-models", "gpt-*"]).check_model("gpt-4o"), Ok(()));
    assert_eq!(with(&["gpt-4"]).check_model("gpt-4o"), Err(ModelDenial::Key), "a name is no beginning");
    let team_wide = Principal { team: Some(Team { models: models(&["all-team-models"]), ..team() }), ..principal() };
    assert_eq!(team_wide.check_model("x"), Err(ModelDenial::Team), "a team does not name itself");
}

#[test]
fn a_group_gives_access_at_the_level_that_names_it() {
    let mut one = principal();
    one.access_groups = vec![group("g-1", &["gpt-*"]), group("g-2", &["claude"])];
    one.key.access_groups = vec![AccessGroupId::parse("g-1").unwrap()];
    assert_eq!(one.check_model("gpt-4o"), Ok(()));
    assert_eq!(one.check_model("claude"), Err(ModelDenial::Key), "named by nobody");
    one.key.models = models(&["g-2"]);
    assert_eq!(one.check_model("claude"), Ok(()));
    // The team has to name it, too.
    one.team = Some(Team { access_groups: vec![AccessGroupId::parse("g-2").unwrap()], ..team() });
    assert_eq!(one.check_model("gpt-4o"), Err(ModelDenial::Team));
    // One that is gone leaves nothing, rather than everything.
    one.access_groups.clear();
    assert_eq!(one.check_model("claude"), Err(ModelDenial::Key));
}

#[test]
fn a_teams_key_is_in_its_teams_organisation_whatever_it_says() {
    let mut one = key();
    one.organisation_id = OrganisationId::parse("globex");
    assert_eq!(one.place(None).organisation, OrganisationId::parse("globex"));
    one.team_id = Some(team().id);
    assert_eq!(one.place(Some(&team())).organisation, OrganisationId::parse("acme"));
    assert_eq!(Ownership::of(&one, Some(&team())).organisation_id, OrganisationId::parse("acme"));
    let alone = Team { organisation_id: None, ..team() };
    assert_eq!(one.place(Some(&alone)).organisation, None);
    assert_eq!(Ownership::of(&one, Some(&alone)).organisation_id, None);
}
