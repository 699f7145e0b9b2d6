//! Making, changing, disabling and deleting users, and their passwords.

use axum::extract::{Path, Request};
use axum::response::Response;
use axum::routing::post;
use axum::{Extension, Router};
use http::StatusCode;
use leptos::prelude::provide_context;
use tollgate_control::{Control, ControlError, OpContext, access, records, users};
use tollgate_domain::actor::Role;
use tollgate_domain::entropy::SystemEntropy;
use tollgate_domain::ids::{BudgetId, OrganisationId, TeamId, UserId};
use tollgate_domain::membership::{Group, MemberRole};
use tollgate_domain::organisation::Organisation;
use tollgate_domain::record::no_meta;
use tollgate_domain::user::{SHORTEST_PASSWORD, User};

use super::{Segment, change, id, ids, is_named, read_form, show_again, typed_models};
use crate::api::choices::meant;
use crate::kit::{Form, LimitNames, redirect_with, refusal};
use crate::pages::{InvitationLink, ShownOnce, USERS, user_href};
use crate::server::{ServerState, Viewer, render};

const NAMES: &[(&str, &str)] = &[("models", "models"), ("conflict", "email")];

pub fn router() -> Router<ServerState> {
    Router::new()
        .route("/ui/users/new", post(create))
        .route("/ui/users/{id}/settings", post(update))
        .route("/ui/users/{id}/disable", post(disable))
        .route("/ui/users/{id}/enable", post(enable))
        .route("/ui/users/{id}/password", post(set_password))
        .route("/ui/users/{id}/delete", post(delete))
        .route("/ui/users/{id}/sessions", post(end_sessions))
        .route("/ui/users/{id}/invite", post(invite))
        .route("/ui/users/{id}/second-factor", post(remove_second_factor))
}

/// What a form says of a user. What is wrong is told in the form.
fn read(form: &mut Form) -> impl FnOnce(&mut User) + use<> {
    let (email, name) = (form.get("email").map(|email| email.to_lowercase()), form.get("name"));
    let role = Role::parse(&form.typed("role"));
    let budget = id(form, "budget_id", BudgetId::parse);
    let limits = form.limits(&LimitNames::OWN);
    let metadata = form.json_object("metadata");
    let models = typed_models(form);
    move |user| {
        user.email = email;
        user.name = name;
        user.role = role.unwrap_or(user.role);
        user.models = models;
        user.budget_id = budget;
        user.limits = limits.over(&user.limits);
        user.metadata = metadata;
    }
}

/// A short password is told before anything is made.
fn check_password(form: &mut Form) {
    let length = form.get("password").map(|password| password.chars().count());
    if length.is_some_and(|length| length < SHORTEST_PASSWORD) {
        form.refuse_at("password", format!("At least {SHORTEST_PASSWORD} characters."));
    }
}

async fn create(
    Extension(viewer): Extension<Viewer>,
    Extension(control): Extension<Control>,
    request: Request,
) -> Response {
    let (mut form, request) = match read_form(request).await {
        Ok(read) => read,
        Err(response) => return response,
    };
    let op = viewer.op();
    let Some(user) = try_create(&control, &op, &mut form).await else { return show_again(request, form).await };
    let notice = match form.secret("password") {
        None => "created",
        Some(password) => match users::set_password(&control, &op, &user.id, password).await {
            Ok(()) => "created",
            Err(_) => "created_without_password",
        },
    };
    redirect_with(&user_href(user.id.as_str()), notice)
}

/// `None`, and what is wrong told in the form.
async fn try_create(control: &Control, op: &OpContext, form: &mut Form) -> Option<User> {
    let apply = read(form);
    check_password(form);
    if form.get("email").is_none() && form.get("name").is_none() {
        form.refuse_at("email", "Give an address or a name.");
    }
    if form.get("email").is_none() && form.get("password").is_some() {
        form.refuse_at("email", "Who signs in with a password needs an address.");
    }
    if let Some(text) = form.get("organisation") {
        let meant = meant::<Organisation>(control, op, text).await;
        let meant = meant.map_err(|error| form.refuse(&error, NAMES)).ok()?;
        form.set("organisation", meant);
    }
    let organisation = id(form, "organisation", OrganisationId::parse);
    let teams = ids(form, "teams", TeamId::parse);
    if form.is_refused() {
        return None;
    }
    let role = |form: &Form, name| MemberRole::parse(&form.typed(name)).unwrap_or_default();
    let team_role = role(form, "team_role");
    let mut groups: Vec<_> = teams.into_iter().map(|team| (Group::Team(team), team_role)).collect();
    groups.extend(organisation.map(|id| (Group::Organisation(id), role(form, "organisation_role"))));
    let mut new = User::new(UserId::new(control.clock().as_ref(), &SystemEntropy), None, Role::Member, no_meta());
    apply(&mut new);
    users::create(control, op, new, &groups).await.map_err(|error| form.refuse(&error, NAMES)).ok()
}

async fn update(
    Extension(viewer): Extension<Viewer>,
    Extension(control): Extension<Control>,
    Path(Segment(id)): Path<Segment>,
    request: Request,
) -> Response {
    let (mut form, request) = match read_form(request).await {
        Ok(read) => read,
        Err(response) => return response,
    };
    let apply = read(&mut form);
    if form.is_refused() {
        return show_again(request, form).await;
    }
    let apply = |user: &mut User| {
        apply(user);
        Ok(())
    };
    // A conflict is about the address, or about the last administrator.
    let last_admin = form.typed("role") != Role::Admin.as_str();
    let names = if last_admin { &[("models", "models"), ("conflict", "")][..] } else { NAMES };
    match change(&control, &viewer.op(), &id, &mut form, names, apply).await {
        Ok(Some(_)) => redirect_with(&format!("{}/settings", user_href(&id)), "updated"),
        Ok(None) => show_again(request, form).await,
        Err(error) => redirect_with(&user_href(&id), refusal(&error)),
    }
}

async fn disable(viewer: Extension<Viewer>, control: Extension<Control>, id: Path<Segment>) -> Response {
    set_disabled(viewer, control, id, true).await
}

async fn enable(viewer: Extension<Viewer>, control: Extension<Control>, id: Path<Segment>) -> Response {
    set_disabled(viewer, control, id, false).await
}

async fn set_disabled(
    Extension(viewer): Extension<Viewer>,
    Extension(control): Extension<Control>,
    Path(Segment(id)): Path<Segment>,
    disabled: bool,
) -> Response {
    let action = if disabled { "user.disable" } else { "user.enable" };
    let apply = |user: &mut User| {
        user.disabled = disabled;
        Ok(())
    };
    let notice = match records::update_as(&control, &viewer.op(), &id, None, action, apply).await {
        Ok(_) if disabled => "disabled",
        Ok(_) => "enabled",
        Err(ControlError::Conflict { .. }) => "last_admin",
        Err(error) => refusal(&error),
    };
    redirect_with(&user_href(&id), notice)
}

async fn set_password(
    Extension(viewer): Extension<Viewer>,
    Extension(control): Extension<Control>,
    Path(Segment(id)): Path<Segment>,
    request: Request,
) -> Response {
    let (mut form, request) = match read_form(request).await {
        Ok(read) => read,
        Err(response) => return response,
    };
    let Some(user) = UserId::parse(&id) else { return redirect_with(USERS, "not_found") };
    let Some(password) = form.secret("password") else {
        form.refuse_at("password", "Type the new password.");
        return show_again(request, form).await;
    };
    match users::set_password(&control, &viewer.op(), &user, password).await {
        Ok(()) => redirect_with(&user_href(&id), "password_set"),
        Err(error @ ControlError::Invalid { .. }) => {
            form.refuse(&error, NAMES);
            show_again(request, form).await
        }
        Err(error) => redirect_with(&user_href(&id), refusal(&error)),
    }
}

/// Shows the link once.
async fn invite(
    Extension(viewer): Extension<Viewer>,
    Extension(control): Extension<Control>,
    Path(Segment(id)): Path<Segment>,
    request: Request,
) -> Response {
    let Some(user) = UserId::parse(&id) else { return redirect_with(USERS, "not_found") };
    match access::invite(&control, &viewer.op(), &user).await {
        Ok(token) => {
            let link = format!("{}/ui/invitation?token={}", viewer.base_url, token.expose());
            let link = InvitationLink(ShownOnce::new(link));
            render(request, StatusCode::OK, move || provide_context(link.clone())).await
        }
        Err(error @ ControlError::Conflict { .. }) => {
            let mut form = Form::default();
            form.refuse(&error, &[("conflict", "")]);
            show_again(request, form).await
        }
        Err(error) => redirect_with(&user_href(&id), refusal(&error)),
    }
}

/// Of somebody who lost phone and recovery codes.
async fn remove_second_factor(
    Extension(viewer): Extension<Viewer>,
    Extension(control): Extension<Control>,
    Path(Segment(id)): Path<Segment>,
) -> Response {
    let Some(user) = UserId::parse(&id) else { return redirect_with(USERS, "not_found") };
    match access::remove_second_factor(&control, &viewer.op(), &user, None).await {
        Ok(()) => redirect_with(&user_href(&id), "second_factor_removed"),
        Err(error) => redirect_with(&user_href(&id), refusal(&error)),
    }
}

/// Ends one session, or all where none is named. One's own ends too.
async fn end_sessions(
    Extension(viewer): Extension<Viewer>,
    Extension(control): Extension<Control>,
    Path(Segment(id)): Path<Segment>,
    request: Request,
) -> Response {
    let (form, _) = match read_form(request).await {
        Ok(read) => read,
        Err(response) => return response,
    };
    let Some(user) = UserId::parse(&id) else { return redirect_with(USERS, "not_found") };
    let own = viewer.user.as_ref().is_some_and(|viewer| viewer.id == user);
    let page = if own { "/ui/account".to_owned() } else { user_href(&id) };
    match access::end_sessions(&control, &viewer.op(), &user, form.get("session").as_deref()).await {
        Ok(_) => redirect_with(&page, "sessions_ended"),
        Err(error) => redirect_with(&page, refusal(&error)),
    }
}

/// Deletes a user whose name was typed; it can't be undone.
async fn delete(
    Extension(viewer): Extension<Viewer>,
    Extension(control): Extension<Control>,
    Path(Segment(id)): Path<Segment>,
    request: Request,
) -> Response {
    let (mut form, request) = match read_form(request).await {
        Ok(read) => read,
        Err(response) => return response,
    };
    let op = viewer.op();
    let user = match records::get::<User>(&control, &op, &id).await {
        Ok(user) => user,
        Err(error) => return redirect_with(USERS, refusal(&error)),
    };
    if !is_named(&mut form, user.label()) {
        return show_again(request, form).await;
    }
    match users::delete(&control, &op, &user.id, form.version()).await {
        Ok(_) => redirect_with(USERS, "deleted"),
        // The last administrator, or changed meanwhile: the page says which.
        Err(error @ ControlError::Conflict { .. }) => {
            form.refuse(&error, &[]);
            show_again(request, form).await
        }
        Err(error) => redirect_with(&user_href(&id), refusal(&error)),
    }
}
