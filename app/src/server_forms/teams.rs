//! Making, changing, blocking and deleting teams.

use axum::extract::{Path, Request};
use axum::response::Response;
use axum::routing::post;
use axum::{Extension, Router};
use tollgate_control::{Control, ControlError, OpContext, groups, records};
use tollgate_domain::entropy::SystemEntropy;
use tollgate_domain::ids::{AccessGroupId, BudgetId, OrganisationId, TeamId, UserId};
use tollgate_domain::membership::MemberRole;
use tollgate_domain::organisation::Organisation;
use tollgate_domain::record::no_meta;
use tollgate_domain::team::Team;
use tollgate_domain::user::User;

use super::{Segment, change, id, ids, is_named, read_form, show_again, typed_models};
use crate::api::choices::meant;
use crate::kit::{Form, LimitNames, redirect_with, refusal};
use crate::pages::{TEAMS, team_href};
use crate::server::{ServerState, Viewer};

const NAMES: &[(&str, &str)] =
    &[("models", "models"), ("access_groups", "access_groups"), ("user_id", "first_admin"), ("conflict", "name")];

pub fn router() -> Router<ServerState> {
    Router::new()
        .route("/ui/teams/new", post(create))
        .route("/ui/teams/{id}/settings", post(update))
        .route("/ui/teams/{id}/block", post(block))
        .route("/ui/teams/{id}/unblock", post(unblock))
        .route("/ui/teams/{id}/delete", post(delete))
}

/// A team with nothing but a name and an id.
fn empty(control: &Control) -> Team {
    Team {
        id: TeamId::new(control.clock().as_ref(), &SystemEntropy),
        name: String::new(),
        organisation_id: None,
        models: Vec::new(),
        access_groups: Vec::new(),
        model_aliases: std::collections::BTreeMap::new(),
        blocked: false,
        budget_id: None,
        limits: tollgate_domain::limits::Limits::default(),
        member_limits: tollgate_domain::limits::Limits::default(),
        member_permissions: Vec::new(),
        tags: Vec::new(),
        metadata: serde_json::Map::new(),
        settings: serde_json::Map::new(),
        logging: tollgate_domain::callback::Logging::default(),
        meta: no_meta(),
    }
}

/// What a form says of a team. What is wrong is told in the form.
async fn read(
    control: &Control,
    op: &OpContext,
    form: &mut Form,
) -> Result<impl FnOnce(&mut Team) + use<>, ControlError> {
    let name = form.required("name", "Give the team a name.");
    if let Some(text) = form.get("organisation_id") {
        let meant = meant::<Organisation>(control, op, text).await?;
        form.set("organisation_id", meant);
    }
    let organisation = id(form, "organisation_id", OrganisationId::parse);
    let budget = id(form, "budget_id", BudgetId::parse);
    let access_groups = ids(form, "access_groups", AccessGroupId::parse);
    let limits = form.limits(&LimitNames::OWN);
    let member_limits = form.limits(&LimitNames::MEMBER);
    let aliases = form.pairs("model_aliases");
    let metadata = form.json_object("metadata");
    let (models, given) = (typed_models(form), form.is_ticked("given"));
    let (tags, permissions) = (form.tags("tags"), form.all("member_permissions"));
    Ok(move |team: &mut Team| {
        team.name = name;
        if given {
            team.organisation_id = organisation;
            team.models = models;
            team.access_groups = access_groups;
            team.budget_id = budget;
            team.limits = limits.over(&team.limits);
        }
        team.member_limits = member_limits.over(&team.member_limits);
        team.member_permissions = permissions;
        team.model_aliases = aliases;
        team.tags = tags;
        team.metadata = metadata;
    })
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
    match try_create(&control, &viewer.op(), &mut form).await {
        Some(team) => redirect_with(&team_href(team.id.as_str()), "created"),
        None => show_again(request, form).await,
    }
}

/// `None`, and what is wrong told in the form.
async fn try_create(control: &Control, op: &OpContext, form: &mut Form) -> Option<Team> {
    let apply = read(control, op, form).await.map_err(|error| form.refuse(&error, NAMES)).ok()?;
    if let Some(text) = form.get("first_admin") {
        let user = meant::<User>(control, op, text).await.map_err(|error| form.refuse(&error, NAMES)).ok()?;
        form.set("first_admin", user);
    }
    let admin = id(form, "first_admin", UserId::parse);
    if form.is_refused() {
        return None;
    }
    let mut new = empty(control);
    apply(&mut new);
    let members: Vec<_> = admin.into_iter().map(|user| (user, MemberRole::Admin)).collect();
    groups::create_team(control, op, new, &members).await.map_err(|error| form.refuse(&error, NAMES)).ok()
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
    let op = viewer.op();
    let saved = async {
        let apply = read(&control, &op, &mut form).await?;
        if form.is_refused() {
            return Ok(None);
        }
        let apply = |team: &mut Team| {
            apply(team);
            Ok(())
        };
        change(&control, &op, &id, &mut form, NAMES, apply).await
    };
    match saved.await {
        Ok(Some(_)) => redirect_with(&format!("{}/settings", team_href(&id)), "updated"),
        Ok(None) => show_again(request, form).await,
        Err(error) => redirect_with(&team_href(&id), refusal(&error)),
    }
}

async fn block(viewer: Extension<Viewer>, control: Extension<Control>, id: Path<Segment>) -> Response {
    set_blocked(viewer, control, id, true).await
}

async fn unblock(viewer: Extension<Viewer>, control: Extension<Control>, id: Path<Segment>) -> Response {
    set_blocked(viewer, control, id, false).await
}

async fn set_blocked(
    Extension(viewer): Extension<Viewer>,
    Extension(control): Extension<Control>,
    Path(Segment(id)): Path<Segment>,
    blocked: bool,
) -> Response {
    let action = if blocked { "team.block" } else { "team.unblock" };
    let apply = |team: &mut Team| {
        team.blocked = blocked;
        Ok(())
    };
    let notice = match records::update_as(&control, &viewer.op(), &id, None, action, apply).await {
        Ok(_) if blocked => "blocked",
        Ok(_) => "unblocked",
        Err(error) => refusal(&error),
    };
    redirect_with(&team_href(&id), notice)
}

/// Deletes a team whose name was typed; it can't be undone.
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
    let team = match records::get::<Team>(&control, &op, &id).await {
        Ok(team) => team,
        Err(error) => return redirect_with(TEAMS, refusal(&error)),
    };
    if !is_named(&mut form, &team.name) {
        return show_again(request, form).await;
    }
    match groups::delete_team(&control, &op, &id, form.version()).await {
        Ok(_) => redirect_with(TEAMS, "deleted"),
        Err(error) => redirect_with(&team_href(&id), refusal(&error)),
    }
}
