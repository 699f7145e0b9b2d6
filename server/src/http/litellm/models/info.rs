//! What can be called: `/model/info`, `/v2/model/info`, `/model_group/info`.

use std::collections::{BTreeMap, HashMap};

use axum::Json;
use serde_json::{Value, json};
use tollgate_control::{models, records};
use tollgate_domain::actor::{Action, Place, Resource};
use tollgate_domain::deployment::StoredDeployment;
use tollgate_domain::principal::Principal;
use tollgate_domain::summary::ModelRow;
use tollgate_store::RecordFilter;

use super::super::params::{Numbered, Params};
use super::super::{Answer, Call, LiteLlmError, now};
use super::shape;

/// The most models of the database.
const MOST: usize = 10_000;

/// What whoever asks may look at.
struct Shown {
    rows: Vec<ModelRow>,
    stored: HashMap<String, StoredDeployment>,
    whole: bool,
}

impl Call {
    /// With a virtual key, what that may call; of the rest, whoever manages models sees all.
    async fn models(&self) -> Result<Shown, LiteLlmError> {
        let whole = self.op.may(Action::Update, Resource::Model, &Place::default()) || self.is_admin();
        let mut rows = models::list(self.control(), &self.op).await?;
        let stored: Vec<StoredDeployment> =
            records::list_all(self.control(), &self.op, &RecordFilter::default(), MOST).await?;
        let mut stored: HashMap<String, StoredDeployment> =
            stored.into_iter().map(|one| (one.id.to_string(), one)).collect();
        if let (false, Some(key)) = (whole, &self.key) {
            let principal = self.server.store().find_principal(key.digest, now()).await?;
            let may = |model: &str| {
                let may = |principal: &Principal| principal.check_model(model).is_ok();
                principal.as_ref().is_some_and(may)
            };
            rows.retain(|row| may(&row.model));
            stored.retain(|_, one| may(one.model.as_str()));
        }
        Ok(Shown { rows, stored, whole })
    }
}

impl Shown {
    /// Those that can be called in the order of the configuration, then those of the database that can't.
    fn describe(&self) -> Vec<Value> {
        let called = self.rows.iter().map(|row| shape::describe(row, self.stored.get(&row.deployment_id), self.whole));
        let mut idle: Vec<&StoredDeployment> = self
            .stored
            .values()
            .filter(|one| !self.rows.iter().any(|row| row.deployment_id == one.id.as_str()))
            .collect();
        idle.sort_by_key(|one| (one.meta.created_at, one.id.to_string()));
        called.chain(idle.into_iter().map(|one| shape::describe_idle(one, self.whole))).collect()
    }
}

pub async fn info(call: Call, params: Params) -> Answer {
    let mut all = call.models().await?.describe();
    if let Some(id) = params.text("litellm_model_id") {
        all.retain(|one| one["model_info"]["id"] == id);
        if all.is_empty() {
            let message = format!("There is no model with the id `{id}`.");
            return Err(LiteLlmError::new(http::StatusCode::NOT_FOUND, message, Some("litellm_model_id")));
        }
    }
    Ok(Json(json!({ "data": all })))
}

/// In pages, with a search in the names.
pub async fn info_v2(call: Call, params: Params) -> Answer {
    let page = Numbered::read(&params, "size", 50, 1000)?;
    let mut all = call.models().await?.describe();
    if let Some(model) = params.text("model") {
        all.retain(|one| one["model_name"] == model);
    }
    if let Some(id) = params.text("modelId") {
        all.retain(|one| one["model_info"]["id"] == id);
    }
    if let Some(search) = params.text("search").map(str::to_lowercase) {
        let has = |text: &Value| text.as_str().is_some_and(|text| text.to_lowercase().contains(&search));
        all.retain(|one| has(&one["model_name"]) || has(&one["litellm_params"]["model"]));
    }
    let total = all.len() as u64;
    let start = (page.page as usize - 1).saturating_mul(page.size as usize);
    let data: Vec<Value> = all.into_iter().skip(start).take(page.size as usize).collect();
    Ok(Json(json!({
        "data": data, "total_count": total, "current_page": page.page, "size": page.size,
        "total_pages": page.pages(total),
    })))
}

pub async fn group_info(call: Call, params: Params) -> Answer {
    let shown = call.models().await?;
    let mut groups: BTreeMap<&str, Vec<&ModelRow>> = BTreeMap::new();
    for row in &shown.rows {
        groups.entry(&row.model).or_default().push(row);
    }
    if let Some(wanted) = params.text("model_group") {
        groups.retain(|name, _| *name == wanted);
    }
    let data: Vec<Value> = groups.iter().map(|(name, rows)| shape::describe_group(name, rows)).collect();
    Ok(Json(json!({ "data": data })))
}

/// Models that their providers will take away, as far as the price book knows: it has no such dates.
pub async fn deprecations(_: Call, params: Params) -> Answer {
    let days = params.number("warn_within_days", 30, 100_000)?;
    Ok(Json(json!({"deprecated": [], "imminent": [], "upcoming": [], "warn_within_days": days})))
}
