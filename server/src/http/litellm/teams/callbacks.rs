//! Where a team's calls are logged beside the gateway's own log: `/team/{id}/callback`. Nowhere, so far.

use axum::Json;
use axum::extract::Path;
use http::StatusCode;
use serde_json::json;
use tollgate_domain::actor::{Action, Resource};
use tollgate_domain::record::Record as _;
use tollgate_gateway::CallError;

use super::super::{Answer, Call, LiteLlmError};

/// There are none, which is what is said.
pub async fn callbacks(call: Call, Path(team): Path<String>) -> Answer {
    let team = call.team(&team).await?;
    Ok(Json(json!({
        "status": "success",
        "data": {"team_id": team.id, "success_callbacks": [], "failure_callbacks": [], "callback_vars": {}},
    })))
}

pub async fn callback_add(call: Call, Path(team): Path<String>) -> Answer {
    refuse(&call, &team).await
}

pub async fn callback_delete(call: Call, Path((team, _)): Path<(String, String)>) -> Answer {
    refuse(&call, &team).await
}

/// Keys of other services are not taken where nothing would use them.
async fn refuse(call: &Call, team: &str) -> Answer {
    let team = call.team(team).await?;
    if !call.op.may(Action::Update, Resource::Team, &team.place()) {
        return Err(CallError::management_denied().into());
    }
    let message = "Calls are logged in the gateway itself, and not sent to other services for single teams yet.";
    Err(LiteLlmError::new(StatusCode::NOT_IMPLEMENTED, message, None))
}
