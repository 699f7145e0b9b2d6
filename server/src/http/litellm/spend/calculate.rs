//! `/spend/calculate`: what an answer costs, by what it used and the price that holds here.

use axum::Json;
use serde_json::json;
use tollgate_domain::price::{PriceSheet, ServiceTier, resolve_price};
use tollgate_domain::usage::Usage;

use super::super::body::{Fields, invalid};
use super::super::{Answer, Call, LiteLlmError, money};

/// `{model, messages}` or `{completion_response: {model, usage}}`.
pub async fn calculate(call: Call, mut fields: Fields) -> Answer {
    let model = fields.word("model")?.value();
    fields.raw("messages");
    let answer = fields.fields("completion_response")?.value();
    fields.finish()?;
    let Some(mut answer) = answer else {
        let message = "is needed, with its `usage`: tokens are counted by providers, not here";
        return Err(invalid("completion_response", message).into());
    };
    let model = match model {
        Some(model) => model,
        None => answer.needed("model")?,
    };
    let usage = read_usage(&mut answer)?;
    let sheet = price(&call, &model)?;
    let cost = sheet.cost(&usage, ServiceTier::default());
    let cost = cost.map_err(|error| invalid("model", format!("`{model}` can't be priced: {error}")))?;
    Ok(Json(json!({ "cost": money::show(cost.total) })))
}

fn read_usage(answer: &mut Fields) -> Result<Usage, LiteLlmError> {
    let missing = || invalid("completion_response", "needs `usage`");
    let mut usage = answer.fields("usage")?.value().ok_or_else(missing)?;
    let mut details = usage.fields("prompt_tokens_details")?.value().unwrap_or_default();
    let count = |fields: &mut Fields, name: &'static str| -> Result<u64, LiteLlmError> {
        let number = fields.integer(name)?.value().unwrap_or(0);
        Ok(u64::try_from(number).map_err(|_| invalid(name, "must not be negative"))?)
    };
    Ok(Usage {
        input: count(&mut usage, "prompt_tokens")?,
        output: count(&mut usage, "completion_tokens")?,
        cache_read: count(&mut details, "cached_tokens")?,
        ..Usage::default()
    })
}

/// The price of a model that can be called here, or else of one that the price book knows.
fn price(call: &Call, model: &str) -> Result<PriceSheet, LiteLlmError> {
    let catalog = call.server.gateway().catalog();
    let deployment = catalog.find(model).first();
    let of_book = || {
        let (provider, name) = model.split_once('/').unwrap_or(("openai", model));
        resolve_price(None, None, provider, name)
    };
    let found = deployment.map_or_else(of_book, |deployment| {
        let upstream = deployment.upstream_model_for(catalog.resolve(model));
        let of_book = || resolve_price(None, deployment.base_model.as_deref(), &deployment.provider, &upstream);
        deployment.price.clone().or_else(of_book)
    });
    found.map(|price| price.sheet).ok_or_else(|| invalid("model", format!("no price of `{model}` is known")).into())
}
