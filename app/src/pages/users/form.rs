//! The form of a person, new or changed.

use leptos::prelude::*;
use tollgate_domain::actor::Role;
use tollgate_domain::user::User;

use super::list::role_name;
use crate::api::UserFormView;
use crate::kit::{Form, LIMITS_NOTE, LimitNames, json_text, limit_fields};

/// The form of a person as they are.
pub fn form_of(user: &User, view: &UserFormView) -> Form {
    let models: Vec<_> = user.models.iter().map(|model| model.as_str().to_owned()).collect();
    Form::filled([
        ("email", user.email.clone().unwrap_or_default()),
        ("name", user.name.clone().unwrap_or_default()),
        ("role", user.role.as_str().to_owned()),
        ("budget_id", user.budget_id.as_ref().map(ToString::to_string).unwrap_or_default()),
        ("metadata", json_text(&user.metadata)),
    ])
    .with_limits(&LimitNames::OWN, &user.limits)
    .with_models("models", &models, &view.models)
}

fn role_option(role: Role) -> (&'static str, String) {
    let may = match role {
        Role::Admin => "may do everything",
        Role::Auditor => "sees everything, changes nothing",
        Role::Member => "has keys, and what teams and organisations allow",
        Role::Viewer => "sees what a member sees, changes nothing",
    };
    (role.as_str(), format!("{}: {may}", role_name(role)))
}

/// The fields, but for those that only a new person has.
pub fn fields(form: &Form, models: Vec<String>, view: &UserFormView) -> impl IntoView + use<> {
    // The least that is of use comes first.
    let roles = [Role::Member, Role::Viewer, Role::Auditor, Role::Admin].map(role_option);
    view! {
        {form.whole()}
        {form.email("email", "E-mail address").help("What the person signs in with. Optional for somebody who only has keys.").view()}
        {form.text("name", "Name").help("Optional.").view()}
        {form.select("role", "Role", roles).view()}
        <h2>"Models"</h2>
        {form.model_choice("models", "Models", models).help("What personal keys may call. With none ticked and none typed: every model.").view()}
        <h2>"Budget and limits"</h2>
        <p class="field-help">{format!("Of all personal keys together. {LIMITS_NOTE}")}</p>
        {form.pick("budget_id", "Shared budget", "A budget that is kept under Budgets.", "None", &view.budgets)}
        {limit_fields(form, &LimitNames::OWN)}
        <h2>"More"</h2>
        {form.lines("metadata", "Metadata").placeholder("{\"department\": \"sales\"}").help("Anything worth keeping, as a JSON object.").view()}
    }
}
