//! Choosing among what there is: one thing, or several.

use leptos::prelude::*;

use super::Form;
use crate::components::{Field, described_by};

/// The most that a list to choose from holds. Where there are more, one types what is meant.
pub const MOST_CHOICES: usize = 200;

/// What can be chosen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choices {
    /// Ids and what people call them.
    pub known: Vec<(String, String)>,
    /// There are more than these.
    pub more: bool,
}

impl Choices {
    /// What people call the thing with this id.
    pub fn label<'a>(&'a self, id: &'a str) -> &'a str {
        self.known.iter().find(|(known, _)| known == id).map_or(id, |(_, label)| label)
    }
}

impl Form {
    /// One of some things, or none of them. Where there are too many, a text that names one: its id, or what people
    /// call it.
    pub fn pick(
        &self,
        name: &'static str,
        label: &'static str,
        help: impl Into<String>,
        none: &'static str,
        choices: &Choices,
    ) -> AnyView {
        let chosen = self.typed(name);
        if !choices.more {
            let mut options = vec![(String::new(), none.to_owned())];
            options.extend(choices.known.iter().cloned());
            // What it is now may be out of sight for whoever looks.
            if !options.iter().any(|(id, _)| *id == chosen) {
                options.push((chosen.clone(), chosen));
            }
            return self.select(name, label, options).help(help).view();
        }
        let (help, error) = (help.into(), self.problem(name));
        let invalid = (!error.is_empty()).then_some("true");
        let described = described_by(name, !help.is_empty(), !error.is_empty());
        let list = format!("{name}-known");
        let known =
            choices.known.iter().cloned().map(|(id, label)| view! { <option value=id>{label}</option> }).collect_view();
        view! {
            <Field label name help error>
                <input
                    id=name
                    name=name
                    type="text"
                    value=chosen
                    list=list.clone()
                    maxlength="1000"
                    autocomplete="off"
                    spellcheck="false"
                    placeholder=none
                    aria-invalid=invalid
                    aria-describedby=described
                />
                <datalist id=list>{known}</datalist>
            </Field>
        }
        .into_any()
    }

    /// A tick for each of some; read with [`Form::all`]. Ticked ones that are not known are kept.
    pub fn ticks(
        &self,
        name: &'static str,
        label: &'static str,
        help: impl Into<String>,
        known: Vec<(String, String)>,
    ) -> AnyView {
        let ticked = self.all(name);
        let others = ticked.iter().filter(|value| !known.iter().any(|(known, _)| known == *value));
        let others: Vec<_> = others.map(|value| (value.clone(), value.clone())).collect();
        let boxes = known
            .into_iter()
            .chain(others)
            .map(|(value, label)| {
                let checked = ticked.contains(&value);
                view! {
                    <label class="check">
                        <input type="checkbox" name=name value=value checked=checked />
                        <span>{label}</span>
                    </label>
                }
            })
            .collect_view();
        let (help, error) = (help.into(), self.problem(name));
        let described = described_by(name, !help.is_empty(), !error.is_empty());
        view! {
            <fieldset class="field choices" aria-describedby=described>
                <legend>{label}</legend>
                <div class="choice-list">{boxes}</div>
                {super::controls::below(name, help, error)}
            </fieldset>
        }
        .into_any()
    }
}
