//! The form of an organisation, new or changed.

use leptos::prelude::*;
use tollgate_domain::organisation::Organisation;

use crate::api::OrganisationFormView;
use crate::kit::{Form, LIMITS_NOTE, LimitNames, json_text, limit_fields};

/// The form of an organisation as it is.
pub fn form_of(organisation: &Organisation, view: &OrganisationFormView) -> Form {
    let models: Vec<_> = organisation.models.iter().map(|model| model.as_str().to_owned()).collect();
    let groups = organisation.access_groups.iter().map(|group| ("access_groups", group.to_string()));
    let values = [
        ("name", organisation.name.clone()),
        ("budget_id", organisation.budget_id.as_ref().map(ToString::to_string).unwrap_or_default()),
        ("metadata", json_text(&organisation.metadata)),
    ];
    Form::filled(values.into_iter().chain(groups)).with_limits(&LimitNames::OWN, &organisation.limits).with_models(
        "models",
        &models,
        &view.models,
    )
}

/// The fields. `give`: also what an organisation is given; who runs only the organisation may not change that.
pub fn fields(form: &Form, view: OrganisationFormView, give: bool) -> impl IntoView + use<> {
    let OrganisationFormView { models, budgets, access_groups, .. } = view;
    let given = give.then(|| {
        view! {
            // Says to the handler that these fields were there to be filled in.
            <input type="hidden" name="given" value="on" />
            <h2>"Models"</h2>
            {form.model_choice("models", "Models", models).help("What its teams may call. With none ticked and none typed: every model.").view()}
            {(!access_groups.known.is_empty()).then(|| form.ticks("access_groups", "Access groups", "Groups of models that it may call besides.", access_groups.known))}
            <h2>"Budget and limits"</h2>
            <p class="field-help">{format!("Of all its teams together. {LIMITS_NOTE}")}</p>
            {form.pick("budget_id", "Shared budget", "A budget that is kept under Budgets.", "None", &budgets)}
            {limit_fields(form, &LimitNames::OWN)}
        }
    });
    view! {
        {form.whole()}
        {form.text("name", "Name").required().help("What people call the organisation.").view()}
        {given}
        <h2>"More"</h2>
        {form.lines("metadata", "Metadata").placeholder("{\"cost_centre\": \"4711\"}").help("Anything worth keeping, as a JSON object.").view()}
    }
}
