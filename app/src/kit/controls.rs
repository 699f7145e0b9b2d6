//! The fields of a [`Form`]: label above, help below, the server's word at the field, what was typed in it.

use leptos::prelude::*;

use super::Form;
use super::form::other;
use crate::components::{Field, Icon, IconName, described_by};

/// A field that is being put together; [`Control::view`] ends that.
pub struct Control {
    form: Form,
    name: &'static str,
    label: &'static str,
    help: String,
    kind: Kind,
    required: bool,
    placeholder: &'static str,
}

enum Kind {
    /// An `<input>` of this type.
    Input(&'static str),
    Number {
        min: i64,
        max: i64,
    },
    Money,
    Span,
    Secret,
    Lines,
    Select(Vec<(String, String)>),
    Models(Vec<String>),
    Check,
}

impl Form {
    fn control(&self, name: &'static str, label: &'static str, kind: Kind) -> Control {
        let form = self.clone();
        Control { form, name, label, help: String::new(), kind, required: false, placeholder: "" }
    }

    pub fn text(&self, name: &'static str, label: &'static str) -> Control {
        self.control(name, label, Kind::Input("text"))
    }

    pub fn email(&self, name: &'static str, label: &'static str) -> Control {
        self.control(name, label, Kind::Input("email"))
    }

    pub fn url(&self, name: &'static str, label: &'static str) -> Control {
        self.control(name, label, Kind::Input("url"))
    }

    /// Read with [`Form::end_of_day`].
    pub fn date(&self, name: &'static str, label: &'static str) -> Control {
        self.control(name, label, Kind::Input("date"))
    }

    /// A whole number; read with [`Form::integer`].
    pub fn number(&self, name: &'static str, label: &'static str, min: i64, max: i64) -> Control {
        self.control(name, label, Kind::Number { min, max })
    }

    /// Dollars; read with [`Form::money`]. Filled in with `Nanos::to_decimal`.
    pub fn dollars(&self, name: &'static str, label: &'static str) -> Control {
        self.control(name, label, Kind::Money)
    }

    /// A length of time; read with [`Form::span`]. Filled in with [`super::span_text`].
    pub fn length(&self, name: &'static str, label: &'static str) -> Control {
        self.control(name, label, Kind::Span)
    }

    /// What is typed and never comes back; read with [`Form::secret`].
    pub fn password(&self, name: &'static str, label: &'static str) -> Control {
        self.control(name, label, Kind::Secret)
    }

    /// Words or lines; read with [`Form::tags`], or as they are.
    pub fn lines(&self, name: &'static str, label: &'static str) -> Control {
        self.control(name, label, Kind::Lines)
    }

    /// One of some: value and label.
    pub fn select<V: Into<String>, L: Into<String>>(
        &self,
        name: &'static str,
        label: &'static str,
        options: impl IntoIterator<Item = (V, L)>,
    ) -> Control {
        let options = options.into_iter().map(|(value, label)| (value.into(), label.into())).collect();
        self.control(name, label, Kind::Select(options))
    }

    /// A tick for each known model, and a place for others and patterns; read with [`Form::models`]. Filled in with
    /// [`Form::with_models`].
    pub fn model_choice(&self, name: &'static str, label: &'static str, known: Vec<String>) -> Control {
        self.control(name, label, Kind::Models(known))
    }

    /// Read with [`Form::is_ticked`].
    pub fn check(&self, name: &'static str, label: &'static str) -> Control {
        self.control(name, label, Kind::Check)
    }
}

impl Control {
    pub fn help(self, help: impl Into<String>) -> Self {
        Self { help: help.into(), ..self }
    }

    pub fn required(self) -> Self {
        Self { required: true, ..self }
    }

    pub fn placeholder(self, placeholder: &'static str) -> Self {
        Self { placeholder, ..self }
    }

    pub fn view(self) -> AnyView {
        match self.kind {
            Kind::Check => self.checkbox(),
            Kind::Models(_) => self.models(),
            _ => self.plain(),
        }
    }

    fn plain(self) -> AnyView {
        let Self { form, name, label, help, kind, required, placeholder } = self;
        let error = form.problem(name);
        let invalid = (!error.is_empty()).then_some("true");
        let described = described_by(name, !help.is_empty(), !error.is_empty());
        let placeholder = (!placeholder.is_empty()).then_some(placeholder);
        let value = form.typed(name);
        let input = |kind: &'static str,
                     value: Option<String>,
                     mode: Option<&'static str>,
                     min: Option<i64>,
                     max: Option<i64>| {
            let autocomplete = if kind == "password" { "new-password" } else { "off" };
            view! {
                <input
                    id=name
                    name=name
                    type=kind
                    value=value
                    inputmode=mode
                    min=min
                    max=max
                    maxlength=(kind != "number" && kind != "date").then_some("1000")
                    autocomplete=autocomplete
                    spellcheck="false"
                    placeholder=placeholder
                    required=required
                    aria-invalid=invalid
                    aria-describedby=described.clone()
                />
            }
        };
        let control = match kind {
            Kind::Number { min, max } => {
                input("number", Some(value), Some("numeric"), Some(min), Some(max)).into_any()
            }
            Kind::Money => view! {
                <div class="affix"><span aria-hidden="true">"$"</span>{input("text", Some(value), Some("decimal"), None, None)}</div>
            }
            .into_any(),
            Kind::Secret => input("password", None, None, None, None).into_any(),
            Kind::Lines => view! {
                <textarea
                    id=name
                    name=name
                    rows="3"
                    spellcheck="false"
                    placeholder=placeholder
                    required=required
                    aria-invalid=invalid
                    aria-describedby=described
                    inner_html=escaped(&value)
                ></textarea>
            }
            .into_any(),
            Kind::Select(options) => {
                let options = options
                    .into_iter()
                    .map(|(option, label)| {
                        let selected = option == value;
                        view! { <option value=option selected=selected>{label}</option> }
                    })
                    .collect_view();
                view! {
                    <select id=name name=name required=required aria-invalid=invalid aria-describedby=described>
                        {options}
                    </select>
                }
                .into_any()
            }
            Kind::Input(kind) => input(kind, Some(value), None, None, None).into_any(),
            Kind::Span | Kind::Models(_) | Kind::Check => input("text", Some(value), None, None, None).into_any(),
        };
        view! { <Field label name help error>{control}</Field> }.into_any()
    }

    fn checkbox(self) -> AnyView {
        let Self { form, name, label, help, .. } = self;
        let error = form.problem(name);
        let described = described_by(name, !help.is_empty(), !error.is_empty());
        view! {
            <div class="field">
                <label class="check">
                    <input
                        type="checkbox"
                        id=name
                        name=name
                        value="on"
                        checked=form.is_ticked(name)
                        aria-describedby=described
                    />
                    {label}
                </label>
                {below(name, help, error)}
            </div>
        }
        .into_any()
    }

    fn models(self) -> AnyView {
        let Self { form, name, label, help, kind, .. } = self;
        let Kind::Models(known) = kind else { return ().into_any() };
        let ticked = form.all(name);
        let boxes = known
            .into_iter()
            .map(|model| {
                let checked = ticked.contains(&model);
                view! {
                    <label class="check">
                        <input type="checkbox" name=name value=model.clone() checked=checked />
                        <span class="mono">{model}</span>
                    </label>
                }
            })
            .collect_view();
        let other = other(name);
        let error = form.problem(name);
        let invalid = (!error.is_empty()).then_some("true");
        let described = described_by(&other, true, !error.is_empty());
        view! {
            <fieldset class="field choices" aria-describedby=format!("{name}-help")>
                <legend>{label}</legend>
                <div class="choice-list">{boxes}</div>
                {below(name, help, String::new())}
            </fieldset>
            <Field
                label="Other models or patterns"
                name=other.clone()
                help="One in a line. A * stands for any text: openai/* means every model whose name begins with openai/."
                error
            >
                <textarea
                    id=other.clone()
                    name=other.clone()
                    rows="3"
                    class="mono"
                    spellcheck="false"
                    aria-invalid=invalid
                    aria-describedby=described
                    inner_html=escaped(&form.typed(&other))
                ></textarea>
            </Field>
        }
        .into_any()
    }
}

impl Form {
    /// Fills in a choice of models: those that are not among the `known` ones are typed ones.
    pub fn with_models(mut self, name: &str, models: &[String], known: &[String]) -> Self {
        let (ticked, typed): (Vec<_>, Vec<_>) = models.iter().cloned().partition(|model| known.contains(model));
        self.extend(ticked.into_iter().map(|model| (name.to_owned(), model)));
        self.extend([(other(name), typed.join("\n"))]);
        self
    }
}

pub(super) fn below(name: &str, help: String, error: String) -> impl IntoView + use<> {
    let (help_id, error_id) = (format!("{name}-help"), format!("{name}-error"));
    view! {
        {(!error.is_empty()).then(|| view! { <p class="field-error" id=error_id><Icon name=IconName::Bad />{error}</p> })}
        {(!help.is_empty()).then(|| view! { <p class="field-help" id=help_id>{help}</p> })}
    }
}

/// A text as the content of a `<textarea>`, where the marks that Leptos puts between nodes would be shown.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_typed_stays_within_its_field() {
        assert_eq!(escaped("</textarea><script>&amp;"), "&lt;/textarea&gt;&lt;script&gt;&amp;amp;");
    }

    #[test]
    fn unknown_models_are_typed_ones() {
        let known = ["gpt-4o".to_owned(), "o3".to_owned()];
        let models = ["gpt-4o".to_owned(), "azure/*".to_owned(), "mine".to_owned()];
        let form = Form::default().with_models("models", &models, &known);
        assert_eq!(form.all("models"), ["gpt-4o"]);
        assert_eq!(form.models("models"), models);
    }
}
