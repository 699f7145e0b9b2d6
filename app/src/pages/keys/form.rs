//! The form of a key, new or changed: what was typed, what is wrong with it, and its fields.

use leptos::prelude::*;
use tollgate_domain::Timestamp;

use crate::components::{Field, Notice, Tone, described_by, moment_text};

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

    fn parse(text: &str) -> Option<Self> {
        Self::NEW.into_iter().chain([Self::Keep]).find(|expiry| expiry.as_str() == text)
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

/// What the form holds, as it was typed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyForm {
    pub alias: String,
    /// Ticked in the list of the known models.
    pub models: Vec<String>,
    /// Typed: one in a line.
    pub patterns: String,
    pub expiry: Expiry,
    /// `2027-01-31`, where the expiry is a date.
    pub date: String,
    /// The version that the form was made from; `None` for a new key.
    pub version: Option<i64>,
}

impl KeyForm {
    /// What a browser sent. Fields of other names are ignored.
    pub fn read(fields: impl IntoIterator<Item = (String, String)>) -> Self {
        let mut form = Self::default();
        for (name, value) in fields {
            match name.as_str() {
                "alias" => form.alias = value,
                "models" => form.models.push(value),
                "patterns" => form.patterns = value,
                "expiry" => form.expiry = Expiry::parse(&value).unwrap_or_default(),
                "date" => form.date = value.trim().to_owned(),
                "version" => form.version = value.parse().ok(),
                _ => {}
            }
        }
        form
    }

    /// The form of a key as it is. Models that are not among the `known` ones are typed ones.
    pub fn of(key: &crate::api::KeyView, known: &[String]) -> Self {
        let (models, patterns): (Vec<_>, Vec<_>) = key.models.iter().cloned().partition(|model| known.contains(model));
        Self {
            alias: key.alias.clone().unwrap_or_default(),
            models,
            patterns: patterns.join("\n"),
            expiry: if key.expires_at.is_some() { Expiry::Keep } else { Expiry::Never },
            date: String::new(),
            version: Some(key.version),
        }
    }

    /// Every model that was ticked or typed, each once. Empty: all of them.
    pub fn all_models(&self) -> Vec<String> {
        let typed = self.patterns.split(['\n', ',']).map(str::trim).filter(|model| !model.is_empty());
        let mut models: Vec<String> = Vec::new();
        for model in self.models.iter().map(String::as_str).chain(typed) {
            if !models.iter().any(|known| known == model) {
                models.push(model.to_owned());
            }
        }
        models
    }

    /// The end of the typed day in UTC: a key that ends on a date works on that day. The error is for the field.
    pub fn end_of_date(&self) -> Result<Option<Timestamp>, &'static str> {
        if self.expiry != Expiry::Date {
            return match self.date.as_str() {
                "" => Ok(None),
                _ => Err("Choose “On a date” above, or clear the date."),
            };
        }
        let midnight = Timestamp::parse_rfc3339(&format!("{}T00:00:00Z", self.date));
        match midnight.filter(|_| self.date.len() == 10) {
            Some(at) => Ok(Some(at.plus_seconds(86_400))),
            None if self.date.is_empty() => Err("Choose the date."),
            None => Err("That is not a date; write it as 2027-01-31."),
        }
    }
}

/// What is wrong with a form, each word at its field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FormErrors {
    pub alias: String,
    pub models: String,
    pub expiry: String,
    pub date: String,
    /// About the whole: said above the form.
    pub form: String,
    /// Somebody else changed the key meanwhile.
    pub changed_meanwhile: bool,
}

/// A form that was sent and not accepted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FormState {
    pub form: KeyForm,
    pub errors: FormErrors,
}

/// The fields, with what is in them and what is wrong.
#[component]
pub fn KeyFields(
    state: FormState,
    /// The models that are known.
    models: Vec<String>,
    /// The end that the key has, where one is changed.
    #[prop(optional_no_strip)]
    expires_at: Option<Timestamp>,
) -> impl IntoView {
    let FormState { form, errors } = state;
    let keeps = expires_at.map(|at| format!("{}: {}", Expiry::Keep.label(), moment_text(at)));
    let options = keeps
        .map(|label| (Expiry::Keep, label))
        .into_iter()
        .chain(Expiry::NEW.into_iter().map(|expiry| (expiry, expiry.label().to_owned())))
        .map(|(expiry, label)| {
            let selected = expiry == form.expiry;
            view! { <option value=expiry.as_str() selected=selected>{label}</option> }
        })
        .collect_view();
    let described = |name: &str, error: &str| described_by(name, true, !error.is_empty());
    let invalid = |error: &str| (!error.is_empty()).then_some("true");
    view! {
        {(!errors.form.is_empty()).then(|| view! { <Notice tone=Tone::Bad>{errors.form.clone()}</Notice> })}
        {form.version.map(|version| view! { <input type="hidden" name="version" value=version.to_string() /> })}
        <Field
            label="Alias"
            name="alias"
            help="What people will call the key: the application or the person that uses it. Optional, and unique."
            error=errors.alias.clone()
        >
            <input
                id="alias"
                name="alias"
                type="text"
                maxlength="200"
                autocomplete="off"
                spellcheck="false"
                value=form.alias.clone()
                aria-invalid=invalid(&errors.alias)
                aria-describedby=described("alias", &errors.alias)
            />
        </Field>
        <ModelChoice names=models ticked=form.models.clone() />
        <Field
            label="Other models or patterns"
            name="patterns"
            help="One in a line. A * stands for any text: openai/* allows every model whose name begins with openai/."
            error=errors.models.clone()
        >
            <textarea
                id="patterns"
                name="patterns"
                rows="3"
                class="mono"
                spellcheck="false"
                aria-invalid=invalid(&errors.models)
                aria-describedby=described("patterns", &errors.models)
                inner_html=escaped(&form.patterns)
            ></textarea>
        </Field>
        <div class="cluster form-row">
            <Field label="Expires" name="expiry" help="After that, calls with the key are refused." error=errors.expiry.clone()>
                <select
                    id="expiry"
                    name="expiry"
                    aria-invalid=invalid(&errors.expiry)
                    aria-describedby=described("expiry", &errors.expiry)
                >
                    {options}
                </select>
            </Field>
            <Field label="Date" name="date" help="For “On a date”: the last day, in UTC." error=errors.date.clone()>
                <input
                    id="date"
                    name="date"
                    type="date"
                    value=form.date.clone()
                    aria-invalid=invalid(&errors.date)
                    aria-describedby=described("date", &errors.date)
                />
            </Field>
        </div>
    }
}

/// A text as the content of a `<textarea>`, where the marks that hydration puts between nodes would be shown.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// A tick for each known model.
#[component]
fn ModelChoice(names: Vec<String>, ticked: Vec<String>) -> impl IntoView {
    let boxes = names
        .into_iter()
        .map(|name| {
            let checked = ticked.contains(&name);
            view! {
                <label class="check">
                    <input type="checkbox" name="models" value=name.clone() checked=checked />
                    <span class="mono">{name}</span>
                </label>
            }
        })
        .collect_view();
    view! {
        <fieldset class="field choices" aria-describedby="models-help">
            <legend>"Models"</legend>
            <div class="choice-list">{boxes}</div>
            <p class="field-help" id="models-help">
                "What the key may call. With none ticked and none typed, it may call every model, those that are configured later included."
            </p>
        </fieldset>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(fields: &[(&str, &str)]) -> KeyForm {
        KeyForm::read(fields.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())))
    }

    #[test]
    fn a_sent_form_is_read() {
        let form = read(&[
            ("alias", "team blue"),
            ("models", "gpt-4o"),
            ("models", "o3"),
            ("patterns", "openai/*\r\n gpt-4o ,azure/*\r\n\r\n"),
            ("expiry", "90d"),
            ("date", ""),
            ("version", "3"),
            ("blocked", "true"),
        ]);
        assert_eq!(form.all_models(), ["gpt-4o", "o3", "openai/*", "azure/*"]);
        assert_eq!((form.expiry.seconds(), form.version), (Some(90 * 86_400), Some(3)));
        assert_eq!(form.end_of_date(), Ok(None));
        assert!(read(&[]).all_models().is_empty());
    }

    #[test]
    fn a_key_works_on_its_last_day() {
        let form = read(&[("expiry", "date"), ("date", "2027-01-31")]);
        assert_eq!(form.end_of_date(), Ok(Timestamp::parse_rfc3339("2027-02-01T00:00:00Z")));
    }

    #[test]
    fn a_wrong_date_is_told() {
        for date in ["", "tomorrow", "2027-02-30", "2027-1-1", "+12027-01-01"] {
            assert!(read(&[("expiry", "date"), ("date", date)]).end_of_date().is_err(), "{date}");
        }
        assert!(read(&[("expiry", "never"), ("date", "2027-01-31")]).end_of_date().is_err());
    }

    #[test]
    fn what_was_typed_stays_within_its_field() {
        assert_eq!(escaped("</textarea><script>&amp;"), "&lt;/textarea&gt;&lt;script&gt;&amp;amp;");
    }

    #[test]
    fn every_choice_of_expiry_is_read_back() {
        for expiry in Expiry::NEW.into_iter().chain([Expiry::Keep]) {
            assert_eq!(Expiry::parse(expiry.as_str()), Some(expiry));
        }
    }
}
