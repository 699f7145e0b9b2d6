//! Models in LiteLLM's form.

use serde_json::{Map, Value, json};
use tollgate_domain::deployment::StoredDeployment;
use tollgate_domain::price::{Meter, PriceSheet, ServiceTier};
use tollgate_domain::summary::ModelRow;

use super::super::{money, names};

/// LiteLLM's names for prices.
const PRICES: [(Meter, &str); 16] = [
    (Meter::Input, "input_cost_per_token"),
    (Meter::Output, "output_cost_per_token"),
    (Meter::CacheRead, "cache_read_input_token_cost"),
    (Meter::CacheWrite, "cache_creation_input_token_cost"),
    (Meter::CacheWrite1h, "cache_creation_input_token_cost_above_1hr"),
    (Meter::Reasoning, "output_cost_per_reasoning_token"),
    (Meter::AudioInput, "input_cost_per_audio_token"),
    (Meter::AudioOutput, "output_cost_per_audio_token"),
    (Meter::ImageInput, "input_cost_per_image_token"),
    (Meter::ImageOutput, "output_cost_per_image_token"),
    (Meter::PerInputImage, "input_cost_per_image"),
    (Meter::PerOutputImage, "output_cost_per_image"),
    (Meter::PerInputSecond, "input_cost_per_second"),
    (Meter::PerOutputSecond, "output_cost_per_second"),
    (Meter::PerInputCharacter, "input_cost_per_character"),
    (Meter::PerRequest, "input_cost_per_request"),
];

/// A price as LiteLLM has it: a number of dollars a unit.
pub fn price(sheet: Option<&PriceSheet>, meter: Meter) -> Value {
    let rates = sheet.map(PriceSheet::rates).unwrap_or_default();
    let base = rates.iter().find(|rate| (rate.meter, rate.tier, rate.above) == (meter, ServiceTier::Standard, 0));
    base.map_or(Value::Null, |rate| money::number(rate.price.to_decimal()))
}

/// A model of the database as LiteLLM keeps it, without its secrets.
pub fn describe_stored(stored: &StoredDeployment) -> Value {
    let mut out = names::object(json!({
        "model_id": stored.id,
        "model_name": stored.model,
        "litellm_params": params(stored),
        "model_info": stored_info(stored),
        "blocked": stored.blocked,
    }));
    names::show_meta(&stored.meta, &mut out);
    Value::Object(out)
}

fn params(stored: &StoredDeployment) -> Map<String, Value> {
    let mut params = stored.params.clone();
    if let Some(credential) = &stored.credential {
        params.insert("litellm_credential_name".to_owned(), json!(credential));
    }
    params
}

fn stored_info(stored: &StoredDeployment) -> Map<String, Value> {
    let mut info = stored.info.clone();
    info.extend(names::object(json!({"id": stored.id, "db_model": true, "blocked": stored.blocked})));
    info
}

/// What can be called, with what is known of it. `stored` is the database's row, where it has one. Addresses and the
/// like are for those who manage models.
pub fn describe(row: &ModelRow, stored: Option<&StoredDeployment>, whole: bool) -> Value {
    let sheet = row.price.as_ref().map(|price| &price.sheet);
    let mut info = Map::new();
    for (meter, name) in PRICES {
        let value = price(sheet, meter);
        if !value.is_null() || matches!(meter, Meter::Input | Meter::Output) {
            info.insert(name.to_owned(), value);
        }
    }
    info.extend(names::object(json!({
        "id": row.deployment_id,
        "db_model": stored.is_some(),
        "key": row.upstream_model,
        "litellm_provider": row.provider,
        "mode": row.mode,
        "max_tokens": row.max_output_tokens.or(row.max_input_tokens),
        "max_input_tokens": row.max_input_tokens,
        "max_output_tokens": row.max_output_tokens,
        "blocked": false,
    })));
    if let Some(stored) = stored {
        info.extend(stored_info(stored));
    }
    let mut shown = Map::from_iter([("model".to_owned(), format!("{}/{}", row.provider, row.upstream_model).into())]);
    if whole {
        shown.insert("api_base".to_owned(), json!(row.base_url));
        shown.extend(stored.map(params).unwrap_or_default());
    }
    json!({"model_name": row.model, "litellm_params": shown, "model_info": info})
}

/// A model of the database that can't be called at the moment: it is blocked, or its provider is not known.
pub fn describe_idle(stored: &StoredDeployment, whole: bool) -> Value {
    let mut shown = params(stored);
    if !whole {
        shown.retain(|name, _| name == "model");
    }
    json!({"model_name": stored.model, "litellm_params": shown, "model_info": stored_info(stored)})
}

/// The deployments of one name together.
pub fn describe_group(name: &str, rows: &[&ModelRow]) -> Value {
    let highest = |number: fn(&ModelRow) -> Option<u64>| rows.iter().filter_map(|row| number(row)).max();
    // The dearest: whoever plans with it is on the safe side.
    let dearest = |meter: Meter| {
        let rate = |row: &&ModelRow| {
            let rates = row.price.as_ref()?.sheet.rates().iter();
            let mut base =
                rates.filter(|rate| (rate.meter, rate.tier, rate.above) == (meter, ServiceTier::Standard, 0));
            base.next().map(|rate| rate.price)
        };
        rows.iter().filter_map(rate).max().map_or(Value::Null, |price| money::number(price.to_decimal()))
    };
    let mut providers: Vec<&str> = rows.iter().map(|row| row.provider.as_str()).collect();
    providers.sort_unstable();
    providers.dedup();
    json!({
        "model_group": name,
        "providers": providers,
        "mode": rows.iter().find_map(|row| row.mode.as_deref()).unwrap_or("chat"),
        "max_input_tokens": highest(|row| row.max_input_tokens),
        "max_output_tokens": highest(|row| row.max_output_tokens),
        "input_cost_per_token": dearest(Meter::Input),
        "output_cost_per_token": dearest(Meter::Output),
        "tpm": null,
        "rpm": null,
        "supported_openai_params": null,
    })
}

#[cfg(test)]
mod tests {
    use tollgate_domain::Picos;
    use tollgate_domain::price::Rate;

    use super::*;

    #[test]
    fn prices_are_numbers_of_dollars() {
        let rate = |meter, above, picos| Rate { meter, tier: ServiceTier::Standard, above, price: Picos(picos) };
        let sheet = PriceSheet::new(vec![rate(Meter::Input, 0, 2_500_000), rate(Meter::Input, 200_000, 5_000_000)]);
        assert_eq!(price(Some(&sheet), Meter::Input), json!(0.000_002_5));
        assert_eq!(price(Some(&sheet), Meter::Output), Value::Null);
        assert_eq!(price(None, Meter::Input), Value::Null);
    }
}
