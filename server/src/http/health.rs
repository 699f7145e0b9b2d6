//! Is the process alive, and ready? And figures for Prometheus.

use std::fmt::Write as _;

use axum::Json;
use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::{StatusCode, header};
use serde_json::json;

use super::caller::ManagementCaller;
use super::server::Server;

pub fn router() -> Router<Server> {
    Router::new()
        .route("/health/liveliness", get(alive))
        .route("/health/liveness", get(alive))
        .route("/health/readiness", get(ready))
        .route("/metrics", get(metrics))
}

/// Green as long as the process answers, whatever else is broken: a restart would mend nothing.
async fn alive() -> Json<&'static str> {
    Json("I'm alive!")
}

async fn ready(State(server): State<Server>) -> Response {
    if let Ok(()) = server.store().ping().await {
        Json(json!({"status": "healthy", "db": "connected"})).into_response()
    } else {
        let body = Json(json!({"status": "unhealthy", "db": "disconnected"}));
        (StatusCode::SERVICE_UNAVAILABLE, body).into_response()
    }
}

async fn metrics(State(server): State<Server>, caller: ManagementCaller) -> Response {
    if let Err(error) = tollgate_control::overview::authorise(server.control(), &caller.op).await {
        return super::problem::Problem::from(error).into_response();
    }
    let deliveries = server.deliveries();
    let (calls, alerts) = deliveries.map(|it| (it.call_counts(), it.alert_counts())).unwrap_or_default();
    let figures = [
        ("litellm_in_flight_requests", "gauge", "Calls under way", server.gateway().calls() as u64),
        (
            "tollgate_ledger_waiting_charges",
            "gauge",
            "Charges that wait for the database",
            server.ledger().waiting() as u64,
        ),
        (
            "tollgate_ledger_dropped_refusals_total",
            "counter",
            "Refusals that were not logged because too many came at once",
            server.ledger().dropped_refusals(),
        ),
        (
            "tollgate_budget_events_lost_total",
            "counter",
            "Budget events that were not kept because too many came at once or the database did not take them",
            server.ledger().lost_alerts(),
        ),
        ("tollgate_callbacks_delivered_total", "counter", "Calls that teams' services were told of", calls.delivered),
        (
            "tollgate_callbacks_lost_total",
            "counter",
            "Calls that a team's service was not told of: too many waited, or it did not take them",
            calls.lost,
        ),
        ("tollgate_alerts_delivered_total", "counter", "Alerts that a webhook or Slack took", alerts.delivered),
        (
            "tollgate_alerts_lost_total",
            "counter",
            "Alerts that were not delivered: too many waited, or the webhook or Slack did not take them",
            alerts.lost,
        ),
    ];
    let mut text = String::new();
    for (name, kind, help, value) in figures {
        let _ = write!(text, "# HELP {name} {help}.\n# TYPE {name} {kind}\n{name} {value}\n");
    }
    let (name, help) = ("tollgate_budget_events_total", "Marks that spend went over, and refusals in shadow");
    let _ = write!(text, "# HELP {name} {help}.\n# TYPE {name} counter\n");
    for (kind, count) in server.ledger().told_alerts() {
        let _ = writeln!(text, "{name}{{kind=\"{}\"}} {count}", kind.as_str());
    }
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], text).into_response()
}
