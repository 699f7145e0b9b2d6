//! Whose a key is.

use leptos::prelude::*;

use crate::api::{KeyFormView, KeyView};
use crate::kit::Form;
use crate::pages::{team_href, user_href};

/// Whose a key can be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Owner {
    /// Whoever fills the form in.
    Me,
    Person,
    /// A team's, and nobody's in person.
    Team,
    /// The same for a program: it is told apart by its name.
    Service,
    #[default]
    Nobody,
}

impl Owner {
    const ALL: [Self; 5] = [Self::Me, Self::Person, Self::Team, Self::Service, Self::Nobody];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Me => "me",
            Self::Person => "person",
            Self::Team => "team",
            Self::Service => "service",
            Self::Nobody => "nobody",
        }
    }

    /// What was chosen in a form.
    pub fn of(form: &Form) -> Self {
        let text = form.typed("owner");
        Self::ALL.into_iter().find(|owner| owner.as_str() == text).unwrap_or_default()
    }

    /// Whose a key is, for `me`.
    pub fn of_key(key: &KeyView, me: &str) -> Self {
        match (&key.user_id, &key.team_id) {
            (Some(user), _) if user == me => Self::Me,
            (Some(_), _) => Self::Person,
            (None, Some(_)) if key.is_service_account() => Self::Service,
            (None, Some(_)) => Self::Team,
            (None, None) => Self::Nobody,
        }
    }

    fn label(self) -> &'static str {
        match self {
            Self::Me => "Me",
            Self::Person => "A person",
            Self::Team => "A team",
            Self::Service => "A service account of a team",
            Self::Nobody => "Nobody",
        }
    }
}

/// The fields that say whose a key is.
pub fn owner_fields(form: &Form, view: &KeyFormView) -> impl IntoView + use<> {
    let chosen = Owner::of(form);
    let offered = Owner::ALL.into_iter().filter(|owner| match owner {
        Owner::Me => !view.me.is_empty(),
        Owner::Person | Owner::Team | Owner::Service => view.for_anybody || !view.teams.known.is_empty(),
        Owner::Nobody => view.for_anybody,
    });
    let mut offered: Vec<_> = offered.collect();
    if !offered.contains(&chosen) {
        offered.push(chosen);
    }
    let others = offered.len() > 1;
    let owner = form
        .select("owner", "Whose it is", offered.into_iter().map(|owner| (owner.as_str(), owner.label())))
        .help("A person's key ends with the person; a team's or a service account's stays.")
        .view();
    let person = others.then(|| form.pick("user_id", "Person", "For “A person”.", "Nobody", &view.people));
    let some_teams = view.for_anybody || !view.teams.known.is_empty();
    let team = some_teams.then(|| {
        form.pick(
            "team_id",
            "Team",
            "Whose models and budget it shares. Optional for a person's.",
            "No team",
            &view.teams,
        )
    });
    let organisation = (view.for_anybody && !(view.organisations.known.is_empty())).then(|| {
        form.pick(
            "organisation_id",
            "Organisation",
            "For a key without a team: for whom its spend counts.",
            "None",
            &view.organisations,
        )
    });
    view! {
        <div class="cluster form-row">{owner}{person}</div>
        <div class="cluster form-row">{team}{organisation}</div>
    }
}

/// Whose a key is, in a cell: the person, or the team.
#[component]
pub fn OwnerCell(key: KeyView) -> impl IntoView {
    let person = key.user_id.clone().map(|id| {
        let label = key.user.clone().unwrap_or_else(|| id.clone());
        view! { <a class="clip" href=user_href(&id)>{label}</a> }
    });
    let team = key.team_label().zip(key.team_id.as_deref()).map(|(label, id)| {
        view! { <a class="clip" href=team_href(id)>{label.to_owned()}</a> }
    });
    let kind = if key.is_service_account() { "Service account" } else { "Team" };
    match (person, team) {
        (Some(person), Some(team)) => view! { {person} " " <span class="sub">"in "{team}</span> }.into_any(),
        (Some(person), None) => person.into_any(),
        (None, Some(team)) => view! { {team} " " <span class="sub">{kind}</span> }.into_any(),
        (None, None) => view! { <span class="muted">"Nobody"</span> }.into_any(),
    }
}
