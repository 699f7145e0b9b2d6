//! A team's fields in LiteLLM's form: read into a team, and shown.

use std::collections::{BTreeMap, HashMap};

use serde_json::{Map, Value, json};
use tollgate_control::{ControlError, records};
use tollgate_domain::Nanos;
use tollgate_domain::actor::{Action, Resource};
use tollgate_domain::ids::{BudgetId, OrganisationId, TeamId};
use tollgate_domain::limits::Limits;
use tollgate_domain::membership::Membership;
use tollgate_domain::record::{Record as _, no_meta};
use tollgate_domain::report::TotalsOf;
use tollgate_domain::team::Team;
use tollgate_domain::user::User;
use tollgate_store::RecordFilter;

use super::super::body::{Field, Fields, invalid};
use super::super::budgets::{self, Tables};
use super::super::spend::Spent;
use super::super::{Call, LiteLlmError, keys, limits, money, names};

/// The most members of teams that an answer has.
const MOST_MEMBERS: usize = 10_000;

/// Fields that are kept and returned as they are, with what LiteLLM answers when they were not given.
const KEPT: &[(&str, &str)] = &[
    ("allowed_ips", "null"),
    ("allowed_passthrough_routes", "null"),
    ("allowed_vector_store_indexes", "null"),
    ("budget_fallbacks", "null"),
    ("cancel_on_disconnect", "null"),
    ("default_estimated_output_tokens", "null"),
    ("default_team_member_models", "[]"),
    ("disable_global_guardrails", "null"),
    ("enforced_batch_output_expires_after", "null"),
    ("enforced_file_expires_after", "null"),
    ("guardrails", "null"),
    ("object_permission", "null"),
    ("policies", "null"),
    ("prompts", "null"),
    ("router_settings", "null"),
    ("rpm_limit_type", "null"),
    ("secret_manager_settings", "null"),
    ("team_member_key_duration", "null"),
    ("tpm_limit_type", "null"),
];

/// A team with nothing but an id, which is its name until it gets one.
pub fn team(id: TeamId) -> Team {
    Team {
        name: id.to_string(),
        id,
        organisation_id: None,
        models: Vec::new(),
        access_groups: Vec::new(),
        model_aliases: BTreeMap::new(),
        blocked: false,
        budget_id: None,
        limits: Limits::default(),
        member_limits: Limits::default(),
        member_permissions: Vec::new(),
        tags: Vec::new(),
        metadata: Map::new(),
        settings: Map::new(),
        logging: tollgate_domain::callback::Logging::default(),
        meta: no_meta(),
    }
}

/// Reads everything that a team may be given, at its making or later; the caller refuses what is left over.
pub fn apply(fields: &mut Fields, team: &mut Team) -> Result<(), ControlError> {
    match fields.word("team_alias")? {
        Field::Absent => {}
        Field::Null => team.name = team.id.to_string(),
        Field::Value(name) => team.name = name,
    }
    fields.id("organization_id", OrganisationId::parse)?.store(&mut team.organisation_id);
    names::models(fields, "models")?.set(&mut team.models);
    keys::access_groups(fields)?.set(&mut team.access_groups);
    fields.take("model_aliases", "an object of texts")?.set(&mut team.model_aliases);
    fields.boolean("blocked")?.set(&mut team.blocked);
    fields.id("budget_id", BudgetId::parse)?.store(&mut team.budget_id);
    limits::read(fields, &mut team.limits)?;
    member_limits(fields, &mut team.member_limits)?;
    fields.texts("team_member_permissions")?.set(&mut team.member_permissions);
    fields.texts("tags")?.set(&mut team.tags);
    fields.object("metadata")?.set(&mut team.metadata);
    names::no_spend(fields)?;
    fields.keep(KEPT, &mut team.settings)
}

/// What each member gets that has no limits of its own.
fn member_limits(fields: &mut Fields, limits: &mut Limits) -> Result<(), ControlError> {
    fields.dollars("team_member_budget")?.store(&mut limits.max_budget);
    limits::budget_duration(fields, "team_member_budget_duration")?.store(&mut limits.budget_duration);
    fields.integer("team_member_rpm_limit")?.store(&mut limits.rpm_limit);
    fields.integer("team_member_tpm_limit")?.store(&mut limits.tpm_limit);
    match fields.raw("team_member_model_max_budget") {
        Field::Absent => {}
        Field::Null => limits.models.clear(),
        Field::Value(raw) => {
            let mut of_models = Fields::default();
            of_models.put("model_max_budget", raw);
            limits.models.clear();
            limits::read(&mut of_models, limits)
                .map_err(|error| invalid("team_member_model_max_budget", error.to_string()))?;
        }
    }
    Ok(())
}

/// A team in LiteLLM's form.
pub fn describe(team: &Team, people: &People, tables: &Tables, spent: &Spent) -> Map<String, Value> {
    let mut out = Map::new();
    names::show_kept(KEPT, &team.settings, &mut out);
    limits::show(&team.limits, &mut out);
    names::show_meta(&team.meta, &mut out);
    let members = people.of(team);
    let with_roles: Vec<Value> = members
        .iter()
        .map(|membership| {
            let user = people.user(membership);
            json!({
                "user_id": membership.user_id,
                "user_email": user.and_then(|user| user.email.as_deref()),
                "user_alias": user.and_then(|user| user.name.as_deref()),
                "role": names::team_role(membership.role),
            })
        })
        .collect();
    let own = &team.member_limits;
    out.extend(names::object(json!({
        "team_id": team.id,
        "team_alias": if team.name == team.id.as_str() { Value::Null } else { json!(team.name) },
        "organization_id": team.organisation_id,
        "models": team.models,
        "access_group_ids": team.access_groups,
        "model_aliases": team.model_aliases,
        "blocked": team.blocked,
        "budget_id": team.budget_id,
        "litellm_budget_table": tables.get(team.budget_id.as_ref()),
        "team_member_permissions": team.member_permissions,
        "team_member_budget": money::show_option(own.max_budget),
        "team_member_budget_duration": own.budget_duration,
        "team_member_rpm_limit": own.rpm_limit,
        "team_member_tpm_limit": own.tpm_limit,
        "team_member_model_max_budget": if own.models.is_empty() { Value::Null } else { limits::model_budgets(&own.models) },
        "team_member_budget_table": if own.is_empty() { Value::Null } else { Value::Object(budgets::table(None, own)) },
        "tags": if team.tags.is_empty() { Value::Null } else { json!(team.tags) },
        "metadata": team.metadata,
        "members_with_roles": with_roles,
        "members": members.iter().map(|membership| json!(membership.user_id)).collect::<Value>(),
        "admins": [],
        "spend": money::show(spent.of(team.id.as_str())),
        "budget_reset_at": null,
    })));
    out
}

/// One membership as LiteLLM shows it.
pub fn describe_membership(team: &Team, membership: &Membership, tables: &Tables, spent: Nanos) -> Value {
    let table = tables.get_or_own(membership.budget_id.as_ref(), &membership.limits);
    let (table, source) = match table {
        Value::Null if team.member_limits.is_empty() => (Value::Null, "none"),
        Value::Null => (Value::Object(budgets::table(None, &team.member_limits)), "team_default"),
        own => (own, "custom"),
    };
    json!({
        "user_id": membership.user_id,
        "team_id": team.id,
        "spend": money::show(spent),
        "budget_id": membership.budget_id,
        "litellm_budget_table": table,
        "budget_source": source,
        "allowed_models": membership.models,
    })
}

/// Who is in the teams of an answer, as far as whoever asks may know.
#[derive(Debug, Default)]
pub struct People {
    members: HashMap<TeamId, Vec<Membership>>,
    users: HashMap<String, User>,
}

impl People {
    pub fn of(&self, team: &Team) -> &[Membership] {
        self.members.get(&team.id).map(Vec::as_slice).unwrap_or_default()
    }

    pub fn user(&self, membership: &Membership) -> Option<&User> {
        self.users.get(membership.user_id.as_str())
    }
}

impl Call {
    /// The members of these teams, oldest first. A plain member does not see the others, but themselves.
    pub(in super::super) async fn people_of(&self, teams: &[Team]) -> Result<People, LiteLlmError> {
        let mut people = People::default();
        for team in teams {
            let mut filter = RecordFilter {
                team_id: Some(team.id.to_string()),
                order: tollgate_store::RecordOrder::OldestFirst,
                ..RecordFilter::default()
            };
            if !self.op.may(Action::Read, Resource::Membership, &team.place()) {
                let Some(user) = self.user() else { continue };
                filter.user_id = Some(user.to_string());
            }
            let members: Vec<Membership> =
                self.server.store().list_all(&tollgate_domain::actor::Visible::All, &filter, MOST_MEMBERS).await?;
            people.members.insert(team.id.clone(), members);
        }
        let mut ids: Vec<String> =
            people.members.values().flatten().map(|membership| membership.user_id.to_string()).collect();
        ids.sort();
        ids.dedup();
        for ids in ids.chunks(500) {
            let filter = RecordFilter { ids: Some(ids.to_vec()), ..RecordFilter::default() };
            // Names go with the list of members: whoever may see that may see these.
            let users: Vec<User> =
                self.server.store().list_all(&tollgate_domain::actor::Visible::All, &filter, ids.len()).await?;
            people.users.extend(users.into_iter().map(|user| (user.id.to_string(), user)));
        }
        Ok(people)
    }

    /// A team in LiteLLM's form, with its members.
    pub(in super::super) async fn describe_team(&self, team: &Team) -> Result<Map<String, Value>, LiteLlmError> {
        let people = self.people_of(std::slice::from_ref(team)).await?;
        let tables = self.budget_tables(team.budget_id.iter()).await?;
        let mut spent = self.spent(TotalsOf::Team, std::iter::once(team.id.to_string())).await?;
        self.counted_by_team(std::slice::from_ref(team), &mut spent).await?;
        Ok(describe(team, &people, &tables, &spent))
    }

    pub(in super::super) async fn team(&self, id: &str) -> Result<Team, LiteLlmError> {
        Ok(records::get(self.control(), &self.op, id).await?)
    }
}

/// Teams in LiteLLM's form, with their members.
pub async fn describe_all(call: &Call, teams: &[Team]) -> Result<Vec<Value>, LiteLlmError> {
    let people = call.people_of(teams).await?;
    let tables = call.budget_tables(teams.iter().filter_map(|team| team.budget_id.as_ref())).await?;
    let mut spent = call.spent(TotalsOf::Team, teams.iter().map(|team| team.id.to_string())).await?;
    call.counted_by_team(teams, &mut spent).await?;
    Ok(teams.iter().map(|team| Value::Object(describe(team, &people, &tables, &spent))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_comes_back_as_it_was_given() {
        let given = json!({
            "team_alias": "Blue", "organization_id": "o", "models": ["gpt-4o"], "access_group_ids": ["g"],
            "model_aliases": {"fast": "gpt-4o-mini"}, "blocked": true, "max_budget": 10.0, "rpm_limit": 3,
            "team_member_budget": 1.0, "team_member_budget_duration": "30d", "team_member_rpm_limit": 2,
            "team_member_tpm_limit": 20, "team_member_permissions": ["/key/generate"], "tags": ["x"],
            "team_member_model_max_budget": {"gpt-4o": {"budget_limit": 0.5, "time_period": "1d"}},
            "metadata": {"a": 1}, "guardrails": ["pii"], "team_member_key_duration": "30d",
            "budget_fallbacks": {"a": ["b"]}, "cancel_on_disconnect": true,
            "allowed_ips": ["10.0.0.0/8", "2001:db8::/32"],
        });
        let mut made = team(TeamId::parse("t").unwrap());
        let mut fields = Fields::parse(given.to_string().as_bytes()).unwrap();
        apply(&mut fields, &mut made).unwrap();
        fields.finish().unwrap();
        let shown = describe(&made, &People::default(), &Tables::default(), &Spent::default());
        for (name, value) in given.as_object().unwrap() {
            assert_eq!(shown.get(name), Some(value), "{name}");
        }
        assert_eq!(shown["team_id"], "t");
    }

    #[test]
    fn a_team_without_a_name_shows_none() {
        let made = team(TeamId::parse("t").unwrap());
        let shown = describe(&made, &People::default(), &Tables::default(), &Spent::default());
        assert_eq!((&shown["team_alias"], &shown["members_with_roles"]), (&Value::Null, &json!([])));
    }
}
