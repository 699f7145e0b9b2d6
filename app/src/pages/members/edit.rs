//! One member: what they are in the group, and what they may spend and call in it.

use leptos::prelude::*;
use tollgate_domain::membership::Group;

use super::{group_href, group_of, member_href, members_href, noun, role_options};
use crate::api::{MemberView, ServerError, get_member};
use crate::components::{Moment, PageHeader};
use crate::kit::{
    Fact, Facts, Form, LIMITS_NOTE, LimitFacts, LimitNames, NoticeFromAddress, id_of_segment, limit_fields,
    load_titled, path_id, path_param,
};
use crate::pages::user_href;

const PURPOSE: &str = "What this person is here, and what they may spend and call here.";

#[component]
pub fn TeamMemberPage() -> impl IntoView {
    page(group_of(true, &path_id()))
}

#[component]
pub fn OrganisationMemberPage() -> impl IntoView {
    page(group_of(false, &path_id()))
}

/// The member of the address.
pub(super) async fn asked(group: Option<Group>, user: String) -> Result<(Group, MemberView), ServerError> {
    let group = group.ok_or(ServerError::NotFound)?;
    let view = get_member(group.clone(), user).await?;
    Ok((group, view))
}

fn page(group: Option<Group>) -> impl IntoView {
    let refused = Form::of_context();
    load_titled("Member", PURPOSE, asked(group, id_of_segment(&path_param("user"))), move |(group, view)| {
        view! { <Member group view refused /> }
    })
}

fn form_of(view: &MemberView) -> Form {
    let membership = &view.member.membership;
    let models: Vec<_> = membership.models.iter().map(|model| model.as_str().to_owned()).collect();
    Form::filled([
        ("role", membership.role.as_str().to_owned()),
        ("budget_id", membership.budget_id.as_ref().map(ToString::to_string).unwrap_or_default()),
    ])
    .with_limits(&LimitNames::OWN, &membership.limits)
    .with_models("models", &models, &view.models)
}

#[component]
fn Member(group: Group, view: MemberView, refused: Option<Form>) -> impl IntoView {
    let form = refused.unwrap_or_else(|| form_of(&view));
    let MemberView { member, group_name, budgets, models, may_change, may_remove, .. } = view;
    let membership = member.membership;
    let (user, noun) = (membership.user_id.to_string(), noun(&group));
    let href = member_href(&group, &user);
    let remove = format!("{href}/remove");
    let remove = may_remove.then(|| view! { <a class="button quiet danger-quiet" href=remove>"Remove"</a> });
    let body = if may_change {
        view! {
            <form class="stack form" method="post" action=href data-guard="">
                {form.version_field(membership.meta.version)}
                {form.whole()}
                {form.select("role", "Role", role_options()).help("Administrators manage members, keys and settings here.").view()}
                <h2>"Limits of this member"</h2>
                <p class="field-help">{format!("Within the {noun}'s own. Without any, those that the {noun} sets for every member hold. {LIMITS_NOTE}")}</p>
                {form.pick("budget_id", "Shared budget", "A budget that is kept under Budgets: each member spends one like it.", "None", &budgets)}
                {limit_fields(&form, &LimitNames::OWN)}
                <h2>"Models"</h2>
                {form.model_choice("models", "Models", models).help(format!("With none ticked and none typed: those of the {noun}.")).view()}
                <div class="cluster">
                    <button class="button primary" type="submit">"Save changes"</button>
                    <a class="button quiet" href=members_href(&group)>"Cancel"</a>
                </div>
            </form>
        }
        .into_any()
    } else {
        view! { <LimitFacts limits=membership.limits.clone() /> }.into_any()
    };
    view! {
        <nav class="crumbs" aria-label="Where this is"><a href=group_href(&group)>{group_name}</a></nav>
        <PageHeader title=member.label purpose=PURPOSE>{remove}</PageHeader>
        <NoticeFromAddress own=&super::MEMBER_SAID />
        <Facts>
            <Fact label="Person"><a href=user_href(&user)>{user.clone()}</a></Fact>
            <Fact label="Member since"><Moment at=membership.meta.created_at /></Fact>
        </Facts>
        {body}
    }
}
