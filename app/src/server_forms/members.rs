//! Adding, changing and removing members of teams and organisations.

use axum::extract::{Path, Request};
use axum::response::Response;
use axum::routing::post;
use axum::{Extension, Router};
use tollgate_control::{Control, ControlError, groups, people, records};
use tollgate_domain::ids::{BudgetId, OrganisationId, TeamId, UserId};
use tollgate_domain::membership::{Group, MemberRole, Membership};
use tollgate_domain::user::User;

use super::{Segment, change, read_form, show_again, typed_models};
use crate::api::choices::meant;
use crate::kit::{Form, LimitNames, redirect_with, refusal};
use crate::pages::{ORGANISATIONS, TEAMS, group_href, member_href, members_href};
use crate::server::{ServerState, Viewer};

const NAMES: &[(&str, &str)] = &[("models", "models"), ("conflict", "user_id")];

pub fn router() -> Router<ServerState> {
    Router::new()
        .route("/ui/teams/{id}/members", post(add_to_team))
        .route("/ui/teams/{id}/members/{user}", post(change_in_team))
        .route("/ui/teams/{id}/members/{user}/remove", post(remove_from_team))
        .route("/ui/organisations/{id}/members", post(add_to_organisation))
        .route("/ui/organisations/{id}/members/{user}", post(change_in_organisation))
        .route("/ui/organisations/{id}/members/{user}/remove", post(remove_from_organisation))
}

type Who = Extension<Viewer>;
type Ctl = Extension<Control>;

async fn add_to_team(who: Who, control: Ctl, Path(Segment(id)): Path<Segment>, request: Request) -> Response {
    match TeamId::parse(&id) {
        Some(id) => add(who, control, Group::Team(id), request).await,
        None => redirect_with(TEAMS, "not_found"),
    }
}

async fn add_to_organisation(who: Who, control: Ctl, Path(Segment(id)): Path<Segment>, request: Request) -> Response {
    match OrganisationId::parse(&id) {
        Some(id) => add(who, control, Group::Organisation(id), request).await,
        None => redirect_with(ORGANISATIONS, "not_found"),
    }
}

async fn change_in_team(
    who: Who,
    control: Ctl,
    Path((Segment(id), Segment(user))): Path<(Segment, Segment)>,
    request: Request,
) -> Response {
    match (TeamId::parse(&id), UserId::parse(&user)) {
        (Some(id), Some(user)) => update(who, control, Group::Team(id), user, request).await,
        _ => redirect_with(TEAMS, "not_found"),
    }
}

async fn change_in_organisation(
    who: Who,
    control: Ctl,
    Path((Segment(id), Segment(user))): Path<(Segment, Segment)>,
    request: Request,
) -> Response {
    match (OrganisationId::parse(&id), UserId::parse(&user)) {
        (Some(id), Some(user)) => update(who, control, Group::Organisation(id), user, request).await,
        _ => redirect_with(ORGANISATIONS, "not_found"),
    }
}

async fn remove_from_team(
    who: Who,
    control: Ctl,
    Path((Segment(id), Segment(user))): Path<(Segment, Segment)>,
) -> Response {
    match (TeamId::parse(&id), UserId::parse(&user)) {
        (Some(id), Some(user)) => remove(who, control, Group::Team(id), user).await,
        _ => redirect_with(TEAMS, "not_found"),
    }
}

async fn remove_from_organisation(
    who: Who,
    control: Ctl,
    Path((Segment(id), Segment(user))): Path<(Segment, Segment)>,
) -> Response {
    match (OrganisationId::parse(&id), UserId::parse(&user)) {
        (Some(id), Some(user)) => remove(who, control, Group::Organisation(id), user).await,
        _ => redirect_with(ORGANISATIONS, "not_found"),
    }
}

async fn add(Extension(viewer): Who, Extension(control): Ctl, group: Group, request: Request) -> Response {
    let (mut form, request) = match read_form(request).await {
        Ok(read) => read,
        Err(response) => return response,
    };
    let text = form.required("user_id", "Say who.");
    let role = MemberRole::parse(&form.typed("role")).unwrap_or_default();
    if form.is_refused() {
        return show_again(request, form).await;
    }
    let op = viewer.op();
    let added = async {
        let text = meant::<User>(&control, &op, text).await?;
        let user = people::to_be_member(&control, &op, &group, &text).await?;
        groups::add_member(&control, &op, &group, &user, |new| new.role = role).await
    };
    match added.await {
        Ok(_) => redirect_with(&members_href(&group), "member_added"),
        Err(ControlError::Conflict { .. }) => {
            form.refuse_at("user_id", "They are a member already.");
            show_again(request, form).await
        }
        Err(error) => {
            form.refuse(&error, NAMES);
            show_again(request, form).await
        }
    }
}

async fn update(
    Extension(viewer): Who,
    Extension(control): Ctl,
    group: Group,
    user: UserId,
    request: Request,
) -> Response {
    let (mut form, request) = match read_form(request).await {
        Ok(read) => read,
        Err(response) => return response,
    };
    let here = member_href(&group, user.as_str());
    let Some(id) = Membership::id_of(&group, &user) else { return redirect_with(&here, "not_found") };
    match try_update(&control, &viewer, id.as_str(), &mut form).await {
        Ok(Some(_)) => redirect_with(&members_href(&group), "member_changed"),
        Ok(None) => show_again(request, form).await,
        Err(error) => redirect_with(&here, refusal(&error)),
    }
}

async fn try_update(
    control: &Control,
    viewer: &Viewer,
    id: &str,
    form: &mut Form,
) -> Result<Option<Membership>, ControlError> {
    let limits = form.limits(&LimitNames::OWN);
    let budget = super::id(form, "budget_id", BudgetId::parse);
    if form.is_refused() {
        return Ok(None);
    }
    let role = MemberRole::parse(&form.typed("role"));
    let models = typed_models(form);
    let apply = |membership: &mut Membership| {
        membership.role = role.unwrap_or(membership.role);
        membership.limits = limits.over(&membership.limits);
        membership.budget_id = budget;
        membership.models = models;
        Ok(())
    };
    let op = viewer.op();
    change(control, &op, id, form, NAMES, apply).await
}

async fn remove(Extension(viewer): Who, Extension(control): Ctl, group: Group, user: UserId) -> Response {
    match groups::remove_member(&control, &viewer.op(), &group, &user).await {
        Ok(_) => {
            // Who took themselves out may not see the members any more.
            let op = viewer.op();
            let there = match &group {
                Group::Team(id) => {
                    records::get::<tollgate_domain::team::Team>(&control, &op, id.as_str()).await.is_ok()
                }
                Group::Organisation(_) => true,
            };
            let path = if there { members_href(&group) } else { TEAMS.to_owned() };
            redirect_with(&path, "member_removed")
        }
        Err(error) => redirect_with(&group_href(&group), refusal(&error)),
    }
}
