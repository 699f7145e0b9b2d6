//! `/team/info`

use std::collections::HashMap;

use axum::Json;
use serde_json::{Value, json};
use tollgate_control::{records, usage};
use tollgate_domain::Nanos;
use tollgate_domain::actor::{Action, Resource};
use tollgate_domain::ledger::{AccountKind, Needed};
use tollgate_domain::membership::Membership;
use tollgate_domain::organisation::Organisation;
use tollgate_domain::record::Record as _;
use tollgate_domain::report::{Dimension, TotalsOf, UsageFilter};
use tollgate_domain::team::Team;

use super::super::params::Params;
use super::super::spend::Range;
use super::super::{Answer, Call, LiteLlmError, keys, reset};
use super::shape;

/// The most keys of a team that the answer has: the others are at `/key/list?team_id=`.
const MOST_KEYS: usize = 1000;

pub async fn info(call: Call, params: Params) -> Answer {
    let team = call.team(params.needed("team_id")?).await?;
    let people = call.people_of(std::slice::from_ref(&team)).await?;
    let budgets = people.of(&team).iter().filter_map(|membership| membership.budget_id.as_ref());
    let tables = call.budget_tables(budgets.chain(team.budget_id.iter())).await?;
    let spent = spent_within(&call, &team, people.of(&team)).await?;
    let memberships: Vec<Value> = people
        .of(&team)
        .iter()
        .map(|membership| {
            let spent = spent.get(membership.user_id.as_str()).copied().unwrap_or_default();
            shape::describe_membership(&team, membership, &tables, spent)
        })
        .collect();
    let rows = call.keys_of_team(&team.id, MOST_KEYS).await?;
    let mut total = call.spent(TotalsOf::Team, std::iter::once(team.id.to_string())).await?;
    call.counted_by_team(std::slice::from_ref(&team), &mut total).await?;
    let mut row = shape::describe(&team, &people, &tables, &total);
    row.insert("organization_models".to_owned(), organisation_models(&call, &team).await?);
    row.insert("caller_edit_access".to_owned(), json!({ "kind": edit_access(&call, &team) }));
    Ok(Json(json!({
        "team_id": team.id, "team_info": row, "keys": keys::describe_all(&call, &rows).await?,
        "team_memberships": memberships,
    })))
}

/// What each member spent through the team, as far as whoever asks may see it.
async fn spent_within(
    call: &Call,
    team: &Team,
    members: &[Membership],
) -> Result<HashMap<String, Nanos>, LiteLlmError> {
    if !call.op.allowed_somewhere(Action::Read, Resource::Request) {
        return Ok(HashMap::new());
    }
    let filter = UsageFilter { teams: vec![team.id.to_string()], ..Range::always().filter() };
    let rows = call.sums(&filter, &[Dimension::User]).await?;
    let mut spent: HashMap<String, Nanos> =
        rows.into_iter().map(|row| (row.group.concat(), row.measures.cost)).collect();
    let anew = members.iter().filter_map(|member| {
        Some((member, reset::since(&member.limits, AccountKind::Membership, member.id.as_str())?))
    });
    let (anew, needed): (Vec<&Membership>, Vec<Needed>) = anew.unzip();
    for (member, sum) in anew.into_iter().zip(usage::spent(call.control(), &needed).await?) {
        spent.insert(member.user_id.to_string(), sum);
    }
    Ok(spent)
}

async fn organisation_models(call: &Call, team: &Team) -> Result<Value, LiteLlmError> {
    let Some(id) = &team.organisation_id else { return Ok(json!([])) };
    if !call.op.may(Action::Read, Resource::Organisation, &team.place()) {
        return Ok(json!([]));
    }
    let organisation: Organisation = records::get(call.control(), &call.op, id.as_str()).await?;
    Ok(json!(organisation.models))
}

/// What whoever asks may change of the team.
fn edit_access(call: &Call, team: &Team) -> &'static str {
    let may = |action| call.op.may(action, Resource::Team, &team.place());
    match (may(Action::Create), may(Action::Update)) {
        (true, _) => "unrestricted",
        (false, true) => "team_admin",
        (false, false) => "none",
    }
}
