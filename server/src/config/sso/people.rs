//! What somebody new is: `litellm_settings.default_internal_user_params`.

use tollgate_domain::actor::Role;
use tollgate_domain::ids::TeamId;
use tollgate_domain::model::ModelPattern;
use tollgate_domain::sso::Admission;

use super::listed;
use crate::config::files::Section;
use crate::config::value::{Cursor, Reader};
use crate::config::yaml::Value;

pub(super) fn admission(litellm: &Section<'_>, reader: &mut Reader<'_>) -> Admission {
    let domains = listed("ALLOWED_EMAIL_DOMAINS", reader);
    let mut admission = Admission {
        email_domains: domains.iter().map(|domain| domain.trim_start_matches('@').to_owned()).collect(),
        admin_id: reader.variables.get("PROXY_ADMIN_ID").map(|id| id.trim().to_owned()),
        ..Admission::default()
    };
    let params = litellm.get("default_internal_user_params", reader);
    let Some(params) = params.and_then(|cursor| reader.mapping(cursor)) else { return admission };
    if let Some(role) = params.get("user_role").and_then(|cursor| role(&cursor, reader)) {
        admission.role = role;
    }
    admission.limits.max_budget = params.get("max_budget").and_then(|cursor| reader.dollars(&cursor));
    admission.limits.budget_duration = params.get("budget_duration").and_then(|cursor| reader.duration(&cursor));
    if let Some(models) = params.get("models").and_then(|cursor| reader.list(cursor)) {
        let names: Vec<_> = models.items().filter_map(|item| reader.name(&item)).collect();
        admission.models = names.iter().map(|name| ModelPattern::new(&name.value)).collect();
    }
    if let Some(teams) = params.get("teams").and_then(|cursor| reader.list(cursor)) {
        for item in teams.items() {
            // LiteLLM also takes a mapping, with a budget and a role within the team.
            let id = if matches!(item.node.value, Value::Map(_)) { item.get("team_id") } else { Some(item) };
            admission.teams.extend(id.and_then(|cursor| team(&cursor, reader)));
        }
    }
    admission
}

pub(super) fn role(cursor: &Cursor<'_>, reader: &mut Reader<'_>) -> Option<Role> {
    let name = reader.name(cursor)?;
    let role = Role::parse_any(&name.value);
    if role.is_none() {
        let help = "`admin`, `auditor`, `member` or `viewer`, or LiteLLM's names for them";
        reader.wrong(cursor, format!("not a role: {}", name.shown()), help);
    }
    role
}

pub(super) fn team(cursor: &Cursor<'_>, reader: &mut Reader<'_>) -> Option<TeamId> {
    let name = reader.name(cursor)?;
    let team = TeamId::parse(&name.value);
    if team.is_none() {
        reader.wrong(cursor, format!("not a team's id: {}", name.shown()), "at most 200 printable characters");
    }
    team
}
