//! The form of a key, new or changed.

use leptos::prelude::*;
use tollgate_domain::Timestamp;

use crate::api::KeyView;
use crate::components::moment_text;
use crate::kit::Form;

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
pub fn form_of(key: &KeyView, known: &[String]) -> Form {
    let expiry = if key.expires_at.is_some() { Expiry::Keep } else { Expiry::Never };
    Form::filled([("alias", key.alias.clone().unwrap_or_default()), ("expiry", expiry.as_str().to_owned())])
        .with_models("models", &key.models, known)
}

/// The fields. `expires_at` is the end that the key has, where one is changed.
pub fn fields(form: &Form, models: Vec<String>, expires_at: Option<Timestamp>) -> impl IntoView + use<> {
    let keeps = expires_at.map(|at| (Expiry::Keep.as_str(), format!("{}: {}", Expiry::Keep.label(), moment_text(at))));
    let expiries = Expiry::NEW.map(|expiry| (expiry.as_str(), expiry.label().to_owned()));
    let alias = form
        .text("alias", "Alias")
        .help("What people will call the key: the application or the person that uses it. Optional, and unique.");
    let models = form.model_choice("models", "Models", models).help(
        "What the key may call. With none ticked and none typed, it may call every model, those that are configured later included.",
    );
    let expiry = form
        .select("expiry", "Expires", keeps.into_iter().chain(expiries))
        .help("After that, calls with the key are refused.");
    let date = form.date("date", "Date").help("For “On a date”: the last day, in UTC.");
    view! {
        {form.whole()}
        {alias.view()}
        {models.view()}
        <div class="cluster form-row">{expiry.view()} {date.view()}</div>
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
