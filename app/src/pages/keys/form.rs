//! The form of a key, new or changed.

use std::collections::BTreeMap;

use leptos::prelude::*;
use tollgate_domain::Timestamp;
use tollgate_domain::key::KeyType;

use super::owner::{Owner, owner_fields};
use crate::api::{KeyFormView, KeyView, SERVICE_ACCOUNT};
use crate::components::moment_text;
use crate::kit::{Form, LIMITS_NOTE, LimitNames, json_text, limit_fields, pairs_text, span_text};

/// When a key shall end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Expiry {
    /// As it is: only where a key is changed.
    Keep,
    #[default]
    Never,
    Day,
    Month,
    Quarter,
    Year,
    Date,
}

impl Expiry {
    /// What a new key is offered.
    pub const NEW: [Self; 6] = [Self::Never, Self::Day, Self::Month, Self::Quarter, Self::Year, Self::Date];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Keep => "keep",
            Self::Never => "never",
            Self::Day => "1d",
            Self::Month => "30d",
            Self::Quarter => "90d",
            Self::Year => "365d",
            Self::Date => "date",
        }
    }

    /// What was chosen in a form.
    pub fn of(form: &Form) -> Self {
        let text = form.typed("expiry");
        Self::NEW.into_iter().chain([Self::Keep]).find(|expiry| expiry.as_str() == text).unwrap_or_default()
    }

    /// The end of the chosen day, where it is one. What is wrong is told in the form.
    pub fn date(form: &mut Form) -> Option<Timestamp> {
        match (Self::of(form), form.get("date")) {
            (Self::Date, None) => form.refuse_at("date", "Choose the date."),
            (Self::Date, Some(_)) => return form.end_of_day("date"),
            (_, Some(_)) => form.refuse_at("date", "Choose “On a date” above, or clear the date."),
            (_, None) => {}
        }
        None
    }

    fn label(self) -> &'static str {
        match self {
            Self::Keep => "As it is",
            Self::Never => "Never",
            Self::Day => "In 1 day",
            Self::Month => "In 30 days",
            Self::Quarter => "In 90 days",
            Self::Year => "In a year",
            Self::Date => "On a date",
        }
    }

    /// From now on, where it is a span.
    pub fn seconds(self) -> Option<i64> {
        let days = match self {
            Self::Day => 1,
            Self::Month => 30,
            Self::Quarter => 90,
            Self::Year => 365,
            Self::Keep | Self::Never | Self::Date => return None,
        };
        Some(days * 86_400)
    }
}

/// The form of a key as it is.
pub fn form_of(key: &KeyView, view: &KeyFormView) -> Form {
    let expiry = if key.expires_at.is_some() { Expiry::Keep } else { Expiry::Never };
    let mut metadata = key.metadata.clone();
    // Who its owner is says the same.
    metadata.remove(SERVICE_ACCOUNT);
    let span = |seconds: Option<i64>| seconds.map(span_text).unwrap_or_default();
    let groups = key.access_groups.iter().map(|group| ("access_groups", group.clone()));
    let values = [
        ("alias", key.alias.clone().unwrap_or_default()),
        ("owner", Owner::of_key(key, &view.me).as_str().to_owned()),
        ("user_id", key.user_id.clone().unwrap_or_default()),
        ("team_id", key.team_id.clone().unwrap_or_default()),
        ("organisation_id", key.organisation_id.clone().unwrap_or_default()),
        ("expiry", expiry.as_str().to_owned()),
        ("tags", key.tags.join("\n")),
        ("budget_id", key.budget_id.clone().unwrap_or_default()),
        ("key_type", key.key_type.as_str().to_owned()),
        ("allowed_routes", key.allowed_routes.join("\n")),
        ("model_names", pairs_text(&key.model_aliases)),
        ("rotate_every", span(key.rotation.as_ref().map(|rotation| rotation.interval_seconds))),
        ("rotate_grace", span(key.rotation.as_ref().map(|rotation| rotation.grace_seconds).filter(|grace| *grace > 0))),
        ("metadata", json_text(&metadata)),
        ("throttle", if key.mildness.throttle { "on".to_owned() } else { String::new() }),
        ("leaving", leaving_name(key.mildness.cancel).to_owned()),
        ("budget_fallbacks", fallback_lines(&key.mildness.fallbacks).join("\n")),
    ];
    Form::filled(values.into_iter().chain(groups)).with_limits(&LimitNames::OWN, &key.limits).with_models(
        "models",
        &key.models,
        &view.models,
    )
}

/// `gpt-4o = gpt-4o-mini, o3-mini`: what the form has in each line.
pub fn fallback_lines(fallbacks: &BTreeMap<String, Vec<String>>) -> Vec<String> {
    fallbacks.iter().map(|(model, others)| format!("{model} = {}", others.join(", "))).collect()
}

/// The name in the form of what becomes of a call whose client leaves.
pub fn leaving_name(cancel: Option<bool>) -> &'static str {
    match cancel {
        None => "",
        Some(true) => "cancel",
        Some(false) => "drain",
    }
}

fn type_option(key_type: KeyType) -> (&'static str, &'static str) {
    let label = match key_type {
        KeyType::Default => "Default: calls models, and manages what its owner may",
        KeyType::LlmApi => "Calls models only",
        KeyType::Management => "Manages only",
        KeyType::ReadOnly => "Reads what its owner may read, calls nothing",
    };
    (key_type.as_str(), label)
}

/// The fields. `expires_at` is the end that the key has, where one is changed.
pub fn fields(form: &Form, view: KeyFormView, expires_at: Option<Timestamp>) -> impl IntoView + use<> {
    let keeps = expires_at.map(|at| (Expiry::Keep.as_str(), format!("{}: {}", Expiry::Keep.label(), moment_text(at))));
    let expiries = Expiry::NEW.map(|expiry| (expiry.as_str(), expiry.label().to_owned()));
    let alias = form
        .text("alias", "Alias")
        .help("What people will call the key: the application or the person that uses it. Optional, and unique.");
    let owner = owner_fields(form, &view);
    let KeyFormView { models, budgets, access_groups, .. } = view;
    let models = form.model_choice("models", "Models", models).help(
        "What the key may call. With none ticked and none typed, it may call every model that its owner may, those that are configured later included.",
    );
    let expiry = form
        .select("expiry", "Expires", keeps.into_iter().chain(expiries))
        .help("After that, calls with the key are refused.");
    let throttle = form
        .check("throttle", "Slow down instead of refusing")
        .help("Beyond its budget, the key has a part of its rate limits left: litellm_settings.budget_exceeded_throttle_percentage. Without that, or without rate limits, it is refused.");
    let date = form.date("date", "Date").help("For “On a date”: the last day, in UTC.");
    view! {
        {form.whole()}
        {alias.view()}
        {owner}
        {models.view()}
        {(!access_groups.known.is_empty()).then(|| form.ticks("access_groups", "Access groups", "Groups of models that it may call besides.", access_groups.known))}
        <div class="cluster form-row">{expiry.view()} {date.view()}</div>
        <h2>"Budget and limits"</h2>
        <p class="field-help">{LIMITS_NOTE}</p>
        {form.pick("budget_id", "Shared budget", "A budget that is kept under Budgets.", "None", &budgets)}
        {limit_fields(form, &LimitNames::OWN)}
        {throttle.view()}
        {rare_fields(form)}
    }
}

/// Those that few need: open where one is filled in.
fn rare_fields(form: &Form) -> impl IntoView + use<> {
    const NAMES: [&str; 8] = [
        "tags",
        "allowed_routes",
        "model_names",
        "budget_fallbacks",
        "leaving",
        "rotate_every",
        "rotate_grace",
        "metadata",
    ];
    let is_default = form.get("key_type").is_none_or(|text| text == KeyType::Default.as_str());
    let open = !is_default || NAMES.iter().any(|name| form.get(name).is_some() || !form.problem(name).is_empty());
    let tags = form.lines("tags", "Tags").help("Put on each of its calls. One in a line.");
    let key_type = form.select("key_type", "Type", KeyType::ALL.map(type_option));
    let routes = form
        .lines("allowed_routes", "Allowed routes")
        .placeholder("/chat/completions")
        .help("Routes or groups of routes, such as llm_api_routes, one in a line. Empty: those of its type.");
    let names = form
        .lines("model_names", "Other names for models")
        .placeholder("fast = gpt-4o-mini")
        .help("Names that it may use, one in a line: name = model.");
    let fallbacks = form
        .lines("budget_fallbacks", "When a model's budget is used up")
        .placeholder("gpt-4o = gpt-4o-mini")
        .help("What is called instead, one in a line: model = first choice, second choice. Empty: as its team has it.");
    let leaving = form
        .select(
            "leaving",
            "A client that leaves",
            [
                ("", "As its team or the gateway has it"),
                ("cancel", "Takes its call along: the provider's connection is closed"),
                ("drain", "Leaves its call to its end"),
            ],
        )
        .help("Either way the key pays for what was used.");
    let every = form
        .length("rotate_every", "Rotated every")
        .placeholder("90d")
        .help("Its text is exchanged by itself; the new one waits here to be collected. Empty: never.");
    let grace = form
        .length("rotate_grace", "The old text works for")
        .placeholder("7d")
        .help("After each exchange. Empty: half of that time, at most 7 days.");
    let metadata = form
        .lines("metadata", "Metadata")
        .placeholder("{\"department\": \"sales\"}")
        .help("Anything worth keeping, as a JSON object.");
    view! {
        <details class="more" open=open>
            <summary>"Tags, type, routes, fallbacks, rotation, metadata"</summary>
            <div class="stack">
                {tags.view()}
                {key_type.view()}
                {routes.view()}
                {names.view()}
                {fallbacks.view()}
                {leaving.view()}
                <div class="cluster form-row">{every.view()}{grace.view()}</div>
                {metadata.view()}
            </div>
        </details>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(fields: &[(&str, &str)]) -> (Option<Timestamp>, String) {
        let mut form = Form::filled(fields.iter().map(|&(name, value)| (name, value.to_owned())));
        let date = Expiry::date(&mut form);
        (date, form.problem("date"))
    }

    #[test]
    fn a_key_works_on_its_last_day() {
        let end = Timestamp::parse_rfc3339("2027-02-01T00:00:00Z");
        assert_eq!(date(&[("expiry", "date"), ("date", "2027-01-31")]), (end, String::new()));
        assert_eq!(date(&[("expiry", "90d"), ("date", "")]), (None, String::new()));
    }

    #[test]
    fn a_wrong_date_is_told() {
        for text in ["", "tomorrow", "2027-02-30", "2027-1-1", "+12027-01-01"] {
            assert!(!date(&[("expiry", "date"), ("date", text)]).1.is_empty(), "{text}");
        }
        assert!(!date(&[("expiry", "never"), ("date", "2027-01-31")]).1.is_empty());
    }

    #[test]
    fn every_choice_of_expiry_is_read_back() {
        for expiry in Expiry::NEW.into_iter().chain([Expiry::Keep]) {
            assert_eq!(Expiry::of(&Form::filled([("expiry", expiry.as_str().to_owned())])), expiry);
        }
        assert_eq!(Expiry::of(&Form::default()), Expiry::Never);
    }
}
