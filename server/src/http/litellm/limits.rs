//! LiteLLM's fields for budgets and rate limits, to and from [`Limits`].

use std::collections::BTreeMap;

use serde_json::value::RawValue;
use serde_json::{Map, Value, json};
use tollgate_control::ControlError;
use tollgate_domain::Timestamp;
use tollgate_domain::limits::{BudgetDuration, BudgetWindow, Limits, ModelLimits};

use super::body::{Field, Fields, integer, invalid};
use super::{duration, money};

/// What `rate_limits` has to be.
const RATES: &str = "a list of objects with `kind` (requests, input_tokens, output_tokens, tokens), `period` (minute, \
                     hour, day) and `limit`";

/// Reads every field that limits something into `limits`.
pub fn read(fields: &mut Fields, limits: &mut Limits) -> Result<(), ControlError> {
    fields.dollars("max_budget")?.store(&mut limits.max_budget);
    fields.dollars("soft_budget")?.store(&mut limits.soft_budget);
    budget_duration(fields, "budget_duration")?.store(&mut limits.budget_duration);
    windows(fields)?.set(&mut limits.windows);
    fields.integer("tpm_limit")?.store(&mut limits.tpm_limit);
    fields.integer("rpm_limit")?.store(&mut limits.rpm_limit);
    fields.integer("tpd_limit")?.store(&mut limits.tpd_limit);
    fields.integer("rpd_limit")?.store(&mut limits.rpd_limit);
    fields.integer("max_parallel_requests")?.store(&mut limits.max_parallel_requests);
    fields.take("rate_limits", RATES)?.set(&mut limits.rates);
    fields.dollars("temp_budget_increase")?.store(&mut limits.temporary_increase);
    fields
        .text("temp_budget_expiry")?
        .try_map(|text| match duration::seconds("temp_budget_expiry", &text) {
            Ok(seconds) => Ok(super::now().plus_seconds(seconds)),
            Err(_) => duration::moment("temp_budget_expiry", &text),
        })?
        .store(&mut limits.temporary_until);
    models(fields, &mut limits.models)?;
    match fields.fields("shadow_limits")? {
        Field::Absent => {}
        Field::Null => limits.shadow = None,
        Field::Value(mut fields) => {
            let mut shadow = Limits::default();
            // One that is deeper is refused with the whole: see `Limits::check`.
            if fields.has("shadow_limits") {
                return Err(invalid("shadow_limits", "limits in shadow have no shadow themselves"));
            }
            read(&mut fields, &mut shadow)?;
            fields.finish()?;
            limits.shadow = (!shadow.is_empty()).then(|| Box::new(shadow));
        }
    }
    Ok(())
}

/// An empty text is none.
pub fn budget_duration(fields: &mut Fields, name: &'static str) -> Result<Field<BudgetDuration>, ControlError> {
    fields.word(name)?.try_map(|text| parse_duration(name, &text))
}

fn parse_duration(name: &'static str, text: &str) -> Result<BudgetDuration, ControlError> {
    BudgetDuration::parse(text).ok_or_else(|| {
        invalid(name, "must be a number and one of s, m, h, d, w, mo (`30d`), or hourly, daily, weekly, monthly")
    })
}

/// `budget_limits: [{budget_duration, max_budget}]`
fn windows(fields: &mut Fields) -> Result<Field<Vec<BudgetWindow>>, ControlError> {
    fields.list("budget_limits")?.try_map(|windows| {
        let window = |mut fields: Fields| {
            let duration = budget_duration(&mut fields, "budget_duration")?.value();
            let max_budget = fields.dollars("max_budget")?.value();
            // An answer of ours has it, and may come back.
            fields.raw("reset_at");
            fields.finish()?;
            let (Some(duration), Some(max_budget)) = (duration, max_budget) else {
                return Err(invalid("budget_limits", "each needs `budget_duration` and `max_budget`"));
            };
            Ok(BudgetWindow { duration, max_budget })
        };
        windows.into_iter().map(window).collect()
    })
}

/// One of a model's limits.
type Limit = fn(&mut ModelLimits) -> &mut Option<i64>;

/// Three fields of LiteLLM's, one map of ours. Each field that is given replaces what it says of every model.
fn models(fields: &mut Fields, limits: &mut BTreeMap<String, ModelLimits>) -> Result<(), ControlError> {
    let budgets = given(fields.by_name("model_max_budget")?);
    if let Some(budgets) = budgets {
        for model in limits.values_mut() {
            (model.max_budget, model.budget_duration) = (None, None);
        }
        for (name, raw) in budgets {
            model_budget(&raw, limits.entry(name).or_default())?;
        }
    }
    let rates: [(&'static str, Limit); 2] =
        [("model_rpm_limit", |model| &mut model.rpm_limit), ("model_tpm_limit", |model| &mut model.tpm_limit)];
    for (field, limit) in rates {
        let Some(numbers) = given(fields.by_name(field)?) else { continue };
        for model in limits.values_mut() {
            *limit(model) = None;
        }
        for (name, raw) in numbers {
            *limit(limits.entry(name).or_default()) = Some(integer(field, &raw)?);
        }
    }
    limits.retain(|_, model| *model != ModelLimits::default());
    Ok(())
}

/// `null` and `{}` are the same: none.
fn given(field: Field<BTreeMap<String, Box<RawValue>>>) -> Option<BTreeMap<String, Box<RawValue>>> {
    match field {
        Field::Absent => None,
        Field::Null => Some(BTreeMap::new()),
        Field::Value(map) => Some(map),
    }
}

/// `{budget_limit|max_budget, time_period|budget_duration, tpm_limit, rpm_limit}`, or an amount alone.
fn model_budget(raw: &RawValue, model: &mut ModelLimits) -> Result<(), ControlError> {
    const FIELD: &str = "model_max_budget";
    if !raw.get().starts_with('{') {
        model.max_budget = Some(money::read(FIELD, raw.get())?);
        return Ok(());
    }
    let mut fields = Fields::parse(raw.get().as_bytes())?;
    for name in ["budget_limit", "max_budget"] {
        fields.dollars(name)?.store(&mut model.max_budget);
    }
    for name in ["time_period", "budget_duration"] {
        budget_duration(&mut fields, name)?.store(&mut model.budget_duration);
    }
    fields.integer("tpm_limit")?.store(&mut model.tpm_limit);
    fields.integer("rpm_limit")?.store(&mut model.rpm_limit);
    fields.take("rate_limits", RATES)?.set(&mut model.rates);
    fields.finish()
}

/// Adds every field that limits something, in LiteLLM's form.
pub fn show(limits: &Limits, out: &mut Map<String, Value>) {
    let windows: Vec<Value> = limits
        .windows
        .iter()
        .map(|window| json!({"budget_duration": window.duration, "max_budget": money::show(window.max_budget)}))
        .collect();
    out.extend([
        ("max_budget".to_owned(), money::show_option(limits.max_budget)),
        ("soft_budget".to_owned(), money::show_option(limits.soft_budget)),
        ("budget_duration".to_owned(), json!(limits.budget_duration)),
        ("budget_limits".to_owned(), if windows.is_empty() { Value::Null } else { windows.into() }),
        ("tpm_limit".to_owned(), json!(limits.tpm_limit)),
        ("rpm_limit".to_owned(), json!(limits.rpm_limit)),
        ("tpd_limit".to_owned(), json!(limits.tpd_limit)),
        ("rpd_limit".to_owned(), json!(limits.rpd_limit)),
        ("max_parallel_requests".to_owned(), json!(limits.max_parallel_requests)),
        ("rate_limits".to_owned(), if limits.rates.is_empty() { Value::Null } else { json!(limits.rates) }),
        ("temp_budget_increase".to_owned(), money::show_option(limits.temporary_increase)),
        ("temp_budget_expiry".to_owned(), json!(limits.temporary_until.map(Timestamp::to_rfc3339))),
        ("model_max_budget".to_owned(), model_budgets(&limits.models)),
        ("model_rpm_limit".to_owned(), rates(&limits.models, |model| model.rpm_limit)),
        ("model_tpm_limit".to_owned(), rates(&limits.models, |model| model.tpm_limit)),
    ]);
    if let Some(shadow) = &limits.shadow {
        let mut shown = Map::new();
        show(shadow, &mut shown);
        shown.retain(|_, value| !value.is_null() && value.as_object().is_none_or(|map| !map.is_empty()));
        out.insert("shadow_limits".to_owned(), Value::Object(shown));
    }
}

pub fn model_budgets(models: &BTreeMap<String, ModelLimits>) -> Value {
    let budget = |(name, model): (&String, &ModelLimits)| {
        let amount = model.max_budget?;
        Some((name.clone(), json!({"budget_limit": money::show(amount), "time_period": model.budget_duration})))
    };
    Value::Object(models.iter().filter_map(budget).collect())
}

fn rates(models: &BTreeMap<String, ModelLimits>, limit: fn(&ModelLimits) -> Option<i64>) -> Value {
    let rates: Map<String, Value> =
        models.iter().filter_map(|(name, model)| Some((name.clone(), limit(model)?.into()))).collect();
    if rates.is_empty() { Value::Null } else { Value::Object(rates) }
}

#[cfg(test)]
mod tests {
    use tollgate_domain::Nanos;

    use super::*;

    fn parse(text: &str, limits: &mut Limits) -> Result<(), ControlError> {
        let mut fields = Fields::parse(text.as_bytes())?;
        read(&mut fields, limits)?;
        fields.finish()
    }

    #[test]
    fn every_limit_comes_back_as_it_was_given() {
        let given = r#"{
            "max_budget": 10.5, "soft_budget": 8.0, "budget_duration": "30d",
            "budget_limits": [{"budget_duration": "1d", "max_budget": 1.0}],
            "rate_limits": [{"kind": "output_tokens", "period": "hour", "limit": 5}],
            "tpm_limit": 1000, "rpm_limit": 10, "tpd_limit": 100000, "rpd_limit": 500, "max_parallel_requests": 2,
            "temp_budget_increase": 5.0, "temp_budget_expiry": "2027-01-31T00:00:00.000Z",
            "model_max_budget": {"gpt-4o": {"budget_limit": 0.5, "time_period": "1d"}},
            "model_rpm_limit": {"gpt-4o": 3}, "model_tpm_limit": {"gpt-4": 7},
            "shadow_limits": {"max_budget": 2.0, "budget_duration": "1d", "rpm_limit": 3}
        }"#;
        let mut limits = Limits::default();
        parse(given, &mut limits).unwrap();
        limits.check().unwrap();
        assert_eq!(limits.max_budget, Some(Nanos(10_500_000_000)));
        assert_eq!(limits.models["gpt-4o"].rpm_limit, Some(3));
        let mut shown = Map::new();
        show(&limits, &mut shown);
        assert_eq!(Value::Object(shown), serde_json::from_str::<Value>(given).unwrap());
    }

    #[test]
    fn what_is_left_out_stays_and_null_clears() {
        let mut limits = Limits::default();
        parse(r#"{"max_budget": 1, "rpm_limit": 5, "model_rpm_limit": {"a": 1}}"#, &mut limits).unwrap();
        parse(r#"{"rpm_limit": null, "model_max_budget": {"a": 2}}"#, &mut limits).unwrap();
        assert_eq!((limits.max_budget, limits.rpm_limit), (Some(Nanos(1_000_000_000)), None));
        assert_eq!(limits.models["a"].rpm_limit, Some(1));
        assert_eq!(limits.models["a"].max_budget, Some(Nanos(2_000_000_000)));
        parse(r#"{"max_budget": null, "model_rpm_limit": {}, "model_max_budget": null}"#, &mut limits).unwrap();
        assert_eq!(limits, Limits::default());
    }

    #[test]
    fn both_names_of_a_models_budget_are_read() {
        let mut limits = Limits::default();
        let text = r#"{"model_max_budget": {"a": {"max_budget": 1, "budget_duration": "7d", "rpm_limit": 2}, "b": 3}}"#;
        parse(text, &mut limits).unwrap();
        assert_eq!(limits.models["a"].budget_duration.as_ref().map(BudgetDuration::as_str), Some("7d"));
        assert_eq!(limits.models["a"].rpm_limit, Some(2));
        assert_eq!(limits.models["b"].max_budget, Some(Nanos(3_000_000_000)));
    }

    #[test]
    fn nonsense_is_refused() {
        for text in [
            r#"{"max_budget": "lots"}"#,
            r#"{"budget_duration": "soon"}"#,
            r#"{"budget_limits": [{"max_budget": 1}]}"#,
            r#"{"rpm_limit": 1.5}"#,
            r#"{"model_max_budget": {"a": {"limit": 1}}}"#,
            r#"{"temp_budget_expiry": "soon"}"#,
            r#"{"shadow_limits": {"max_budget": "lots"}}"#,
            r#"{"shadow_limits": {"shadow_limits": {"max_budget": 1}}}"#,
            r#"{"shadow_limits": {"rpm": 1}}"#,
        ] {
            assert!(parse(text, &mut Limits::default()).is_err(), "{text}");
        }
    }
}
