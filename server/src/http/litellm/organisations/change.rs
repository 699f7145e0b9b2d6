//! Organisations made, looked at, changed and deleted.

use axum::Json;
use axum::extract::Path;
use serde_json::{Map, Value};
use tollgate_control::{groups, records};
use tollgate_domain::actor::{Action, Resource};
use tollgate_domain::ids::OrganisationId;
use tollgate_domain::limits::Limits;
use tollgate_domain::membership::Membership;
use tollgate_domain::organisation::Organisation;
use tollgate_domain::record::{Record as _, no_meta};
use tollgate_domain::report::TotalsOf;
use tollgate_domain::team::Team;
use tollgate_store::RecordFilter;

use super::super::body::{Fields, invalid};
use super::super::params::Params;
use super::super::{Answer, Call, LiteLlmError, teams};
use super::shape;

/// The most organisations of a list, of a call, and of what belongs to one.
const MOST: usize = 1000;
const MOST_AT_ONCE: usize = 100;

pub async fn new(call: Call, mut fields: Fields) -> Answer {
    let id = fields
        .id("organization_id", OrganisationId::parse)?
        .value()
        .unwrap_or_else(|| call.new_id(OrganisationId::new));
    let name = fields.needed("organization_alias")?;
    let mut new = Organisation {
        id,
        name,
        models: Vec::new(),
        access_groups: Vec::new(),
        blocked: false,
        budget_id: None,
        limits: Limits::default(),
        metadata: Map::new(),
        settings: Map::new(),
        meta: no_meta(),
    };
    shape::apply(&mut fields, &mut new)?;
    let made = records::create(call.control(), &call.op, new).await?;
    let tables = call.budget_tables(made.budget_id.iter()).await?;
    Ok(Json(Value::Object(shape::describe(&made, &tables))))
}

pub async fn update(call: Call, mut fields: Fields) -> Answer {
    let id = fields.needed("organization_id")?;
    change(&call, &id, fields).await
}

/// PATCH `/v2/organization/{id}`
pub async fn patch(call: Call, Path(id): Path<String>, mut fields: Fields) -> Answer {
    fields.raw("organization_id");
    change(&call, &id, fields).await
}

async fn change(call: &Call, id: &str, mut fields: Fields) -> Answer {
    let change = |organisation: &mut Organisation| shape::apply(&mut fields, organisation);
    let changed: Organisation = records::update(call.control(), &call.op, id, None, change).await?;
    Ok(Json(Value::Object(full(call, &changed).await?)))
}

/// `{"organization_ids": [...]}`. All are looked at before the first goes; one with teams is kept.
pub async fn delete(call: Call, mut fields: Fields) -> Answer {
    let ids = ids(&mut fields, "organization_ids")?;
    for id in &ids {
        records::get::<Organisation>(call.control(), &call.op, id).await?;
    }
    let mut deleted = Vec::with_capacity(ids.len());
    for id in &ids {
        deleted.push(groups::delete_organisation(call.control(), &call.op, id, None).await?);
    }
    let tables = call.budget_tables(deleted.iter().filter_map(|gone| gone.budget_id.as_ref())).await?;
    Ok(Json(deleted.iter().map(|gone| Value::Object(shape::describe(gone, &tables))).collect()))
}

fn ids(fields: &mut Fields, name: &'static str) -> Result<Vec<String>, LiteLlmError> {
    let ids = fields.texts(name)?.value().unwrap_or_default();
    fields.finish()?;
    if ids.is_empty() || ids.len() > MOST_AT_ONCE {
        return Err(invalid(name, format!("from 1 to {MOST_AT_ONCE} organisations")).into());
    }
    Ok(ids)
}

pub async fn info(call: Call, params: Params) -> Answer {
    let id = params.needed("organization_id")?;
    let found: Organisation = records::get(call.control(), &call.op, id).await?;
    Ok(Json(Value::Object(full(&call, &found).await?)))
}

/// The older form: POST `{"organizations": [...]}`.
pub async fn info_many(call: Call, mut fields: Fields) -> Answer {
    let ids = ids(&mut fields, "organizations")?;
    let found: Vec<Organisation> = call.by_ids(ids).await?;
    let mut out = Vec::with_capacity(found.len());
    for organisation in &found {
        out.push(Value::Object(full(&call, organisation).await?));
    }
    Ok(Json(out.into()))
}

pub async fn list(call: Call, params: Params) -> Answer {
    let filter = RecordFilter {
        search: params.owned("org_alias").or_else(|| params.owned("organization_alias")),
        ids: params.owned("org_id").or_else(|| params.owned("organization_id")).map(|id| vec![id]),
        ..RecordFilter::default()
    };
    let found: Vec<Organisation> = records::list_all(call.control(), &call.op, &filter, MOST).await?;
    let mut out = Vec::with_capacity(found.len());
    for organisation in &found {
        out.push(Value::Object(full(&call, organisation).await?));
    }
    Ok(Json(out.into()))
}

/// With its teams and members, as far as whoever asks may see them.
async fn full(call: &Call, organisation: &Organisation) -> Result<Map<String, Value>, LiteLlmError> {
    let filter = RecordFilter { organisation_id: Some(organisation.id.to_string()), ..RecordFilter::default() };
    let may = |resource| call.op.may(Action::Read, resource, &organisation.place());
    let members: Vec<Membership> = if may(Resource::Membership) {
        records::list_all(call.control(), &call.op, &filter, MOST).await?
    } else {
        Vec::new()
    };
    let of_it: Vec<Team> = if may(Resource::Team) {
        records::list_all(call.control(), &call.op, &filter, MOST).await?
    } else {
        Vec::new()
    };
    let budgets = members.iter().filter_map(|member| member.budget_id.as_ref());
    let tables = call.budget_tables(budgets.chain(organisation.budget_id.iter())).await?;
    let mut out = shape::describe(organisation, &tables);
    let id = organisation.id.as_str();
    call.spent(TotalsOf::Organisation, std::iter::once(id.to_owned())).await?.put(id, &mut out);
    let members: Vec<Value> = members.iter().map(|member| shape::describe_membership(member, &tables)).collect();
    out.insert("members".to_owned(), members.into());
    out.insert("teams".to_owned(), teams::describe_all(call, &of_it).await?.into());
    Ok(out)
}
