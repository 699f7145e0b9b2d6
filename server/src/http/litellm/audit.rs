//! `/audit`, `/audit/{id}`

use axum::Json;
use axum::extract::Path;
use futures::future::BoxFuture;
use serde_json::{Value, json};
use tollgate_control::ControlError;
use tollgate_control::audit::{self, AuditFilter, AuditLine};
use tollgate_domain::key::KeyDigest;
use tollgate_domain::page::{Cursor, Page};

use super::body::invalid;
use super::names::{self, MASTER_USER};
use super::params::{Numbered, Params};
use super::{Answer, Call, LiteLlmError, duration};

/// What the log calls a kind of thing, and the table in which LiteLLM keeps it.
const TABLES: [(&str, &str); 12] = [
    ("key", "LiteLLM_VerificationToken"),
    ("team", "LiteLLM_TeamTable"),
    ("user", "LiteLLM_UserTable"),
    ("organisation", "LiteLLM_OrganizationTable"),
    ("membership", "LiteLLM_TeamMembership"),
    ("budget", "LiteLLM_BudgetTable"),
    ("customer", "LiteLLM_EndUserTable"),
    ("tag", "LiteLLM_TagTable"),
    ("access_group", "LiteLLM_AccessGroupTable"),
    ("model", "LiteLLM_ProxyModelTable"),
    ("credential", "LiteLLM_CredentialsTable"),
    ("settings", "LiteLLM_Config"),
];

/// What the log calls an action (`key.create`), and LiteLLM (`created`).
const ACTIONS: [(&str, &str); 6] = [
    ("create", "created"),
    ("update", "updated"),
    ("delete", "deleted"),
    ("block", "blocked"),
    ("unblock", "unblocked"),
    ("rotate", "rotated"),
];

fn describe(line: &AuditLine) -> Value {
    let event = &line.event;
    let verb = event.action.rsplit('.').next().unwrap_or_default();
    let action = ACTIONS.iter().find(|(ours, _)| *ours == verb).map_or(event.action.as_str(), |(_, theirs)| theirs);
    let table = TABLES.iter().find(|(ours, _)| *ours == event.resource_kind);
    let values = |text: &Option<String>| -> Value {
        text.as_deref().and_then(|text| serde_json::from_str(text).ok()).unwrap_or(Value::Null)
    };
    json!({
        "id": event.id,
        "updated_at": names::time(event.at),
        "changed_by": event.on_behalf_of.as_deref().unwrap_or_else(|| names::who(&event.actor)),
        "changed_by_api_key": if event.actor_kind == "key" { json!(event.actor) } else { Value::Null },
        "action": action,
        "table_name": table.map_or(event.resource_kind.as_str(), |(_, theirs)| theirs),
        "object_id": event.resource_id,
        "before_value": values(&event.before),
        "updated_values": values(&event.after),
        "ip_address": event.address,
        "user_agent": event.user_agent,
        "request_id": event.request_id,
        "sequence": line.seq,
        "hash": line.hash,
    })
}

pub async fn list(call: Call, params: Params) -> Answer {
    params.refuse(&["changed_by_api_key", "object_team_id"])?;
    let page = Numbered::read(&params, "page_size", 50, 100)?;
    let filter = filter(&call, &params).await?;
    let total = audit::count(call.control(), &call.op, &filter).await?;
    let fetch = |cursor: Option<Cursor>, limit: u32| -> BoxFuture<'_, Result<Page<AuditLine>, ControlError>> {
        let (call, filter) = (&call, &filter);
        Box::pin(async move { audit::list(call.control(), &call.op, filter, cursor.as_ref(), limit).await })
    };
    let lines: Vec<AuditLine> = page.rows(total, fetch).await?;
    let lines: Vec<Value> = lines.iter().map(describe).collect();
    Ok(Json(json!({
        "audit_logs": lines, "total": total, "page": page.page, "page_size": page.size,
        "total_pages": page.pages(total),
    })))
}

async fn filter(call: &Call, params: &Params) -> Result<AuditFilter, LiteLlmError> {
    if params.text("sort_by").is_some_and(|by| by != "updated_at")
        || params.text("sort_order").is_some_and(|order| !order.eq_ignore_ascii_case("desc"))
    {
        return Err(invalid("sort_by", "only `updated_at`, `desc`: newest first").into());
    }
    let kind = params.text("table_name").map(|table| {
        TABLES.iter().find(|(ours, theirs)| *theirs == table || *ours == table).map_or(table, |(ours, _)| ours)
    });
    let action = match (params.text("action"), kind) {
        (None, _) => None,
        (Some(action), _) if action.contains('.') => Some(action.to_owned()),
        (Some(action), Some(kind)) => {
            let ours = ACTIONS.iter().find(|(_, theirs)| *theirs == action).map_or(action, |(ours, _)| ours);
            Some(format!("{kind}.{ours}"))
        }
        (Some(_), None) => {
            return Err(invalid("action", "needs `table_name` beside it, or its full name: `key.create`").into());
        }
    };
    let mut object = params.owned("object_id");
    if let Some(digest) = params.text("object_key_hash") {
        let digest = KeyDigest::parse_hex(digest).ok_or_else(|| invalid("object_key_hash", "must be a key's hash"))?;
        // A key that is not there any more has lines too, but under its id alone.
        let key = call.server.store().find_key_by_digest(digest).await?;
        object = Some(key.map_or_else(|| digest.to_hex(), |key| key.id.to_string()));
    }
    let actor = params.text("changed_by").map(|who| if who == MASTER_USER { "master_key" } else { who });
    Ok(AuditFilter {
        search: params.owned("search"),
        actor: actor.map(str::to_owned),
        action,
        resource_kind: kind.map(str::to_owned),
        resource_id: object,
        since: params.text("start_date").map(|text| duration::moment("start_date", text)).transpose()?,
        until: params.text("end_date").map(|text| duration::end("end_date", text)).transpose()?,
    })
}

pub async fn info(call: Call, Path(id): Path<String>) -> Answer {
    Ok(Json(describe(&audit::get(call.control(), &call.op, &id).await?)))
}
