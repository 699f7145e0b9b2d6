//! The form of a team, new or changed.

use leptos::prelude::*;
use tollgate_domain::team::Team;

use crate::api::TeamFormView;
use crate::kit::{Form, LIMITS_NOTE, LimitNames, json_text, limit_fields, pairs_text};

/// LiteLLM's names for what a team may let its members do with their keys in it.
const PERMISSIONS: [(&str, &str); 6] = [
    ("/key/generate", "Create keys"),
    ("/key/update", "Change their keys"),
    ("/key/regenerate", "Rotate their keys"),
    ("/key/delete", "Delete their keys"),
    ("/key/info", "Look at their keys"),
    ("/key/list", "List their keys"),
];

/// The form of a team as it is.
pub fn form_of(team: &Team, view: &TeamFormView) -> Form {
    let id = |id: Option<String>| id.unwrap_or_default();
    let models: Vec<_> = team.models.iter().map(|model| model.as_str().to_owned()).collect();
    let groups = team.access_groups.iter().map(|group| ("access_groups", group.to_string()));
    let permissions = team.member_permissions.iter().map(|permission| ("member_permissions", permission.clone()));
    let values = [
        ("name", team.name.clone()),
        ("organisation_id", id(team.organisation_id.as_ref().map(ToString::to_string))),
        ("budget_id", id(team.budget_id.as_ref().map(ToString::to_string))),
        ("model_aliases", pairs_text(&team.model_aliases)),
        ("tags", team.tags.join("\n")),
        ("metadata", json_text(&team.metadata)),
    ];
    Form::filled(values.into_iter().chain(groups).chain(permissions))
        .with_limits(&LimitNames::OWN, &team.limits)
        .with_limits(&LimitNames::MEMBER, &team.member_limits)
        .with_models("models", &models, &view.models)
}

/// The fields. `give`: also what a team is given by those above it; who runs only the team may not change that.
pub fn fields(form: &Form, view: TeamFormView, give: bool) -> impl IntoView + use<> {
    let TeamFormView { models, organisations, budgets, access_groups, may_be_free, .. } = view;
    let given = give.then(|| {
        let none = if may_be_free { "None" } else { "Choose one" };
        view! {
            // Says to the handler that these fields were there to be filled in.
            <input type="hidden" name="given" value="on" />
            {form.pick("organisation_id", "Organisation", "What the team spends counts for its organisation, too.", none, &organisations)}
            <h2>"Models"</h2>
            {form.model_choice("models", "Models", models).help("What its keys may call. With none ticked and none typed: every model.").view()}
            {(!access_groups.known.is_empty()).then(|| form.ticks("access_groups", "Access groups", "Groups of models that it may call besides.", access_groups.known))}
            <h2>"Budget and limits"</h2>
            <p class="field-help">{format!("Of the whole team together. {LIMITS_NOTE}")}</p>
            {form.pick("budget_id", "Shared budget", "A budget that is kept under Budgets.", "None", &budgets)}
            {limit_fields(form, &LimitNames::OWN)}
        }
    });
    let permissions = PERMISSIONS.map(|(value, label)| (value.to_owned(), label.to_owned())).to_vec();
    view! {
        {form.whole()}
        {form.text("name", "Name").required().help("What people call the team.").view()}
        {given}
        <h2>"Members"</h2>
        {form.ticks("member_permissions", "What members may do with their own keys in this team", "Administrators of the team may do all of it for everybody.", permissions)}
        <p class="field-help">"What each member may spend who has no limits of their own:"</p>
        {limit_fields(form, &LimitNames::MEMBER)}
        <h2>"More"</h2>
        {form.lines("model_aliases", "Model aliases").placeholder("fast = gpt-4o-mini").help("Names that its keys may use for other models, one in a line: name = model.").view()}
        {form.lines("tags", "Tags").help("Put on each of its calls. One in a line.").view()}
        {form.lines("metadata", "Metadata").placeholder("{\"department\": \"sales\"}").help("Anything worth keeping, as a JSON object.").view()}
    }
}
