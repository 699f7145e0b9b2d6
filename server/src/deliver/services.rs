//! The services that are told of calls, and in which form.

use serde_json::{Map, Value, json};
use tollgate_control::callbacks::headers;
use tollgate_domain::callback::{Callback, CallbackName};
use tollgate_domain::charge::{Charge, Outcome};
use tollgate_domain::secret::Secret;
use tollgate_domain::{Nanos, Timestamp};

use super::calls::Call;
use super::send::Sender;

/// Langfuse, where a team names no other.
const LANGFUSE: &str = "https://cloud.langfuse.com";

pub enum Service {
    /// `POST /api/public/ingestion`
    Langfuse { url: String, public_key: Secret, secret_key: Secret },
    /// Any address that takes a list of calls.
    Generic { name: CallbackName, url: String, headers: Vec<(String, Secret)> },
}

impl Service {
    /// `secret` gives a secret variable. Fails if one is missing that is needed, in words for an administrator.
    pub fn of(callback: &Callback, secret: impl Fn(&str) -> Option<Secret>) -> Result<Self, String> {
        let needed = |name: &str| secret(name).ok_or_else(|| format!("`{name}` is missing"));
        match callback.name {
            CallbackName::Langfuse => {
                let host = callback.vars.get("langfuse_host").map_or(LANGFUSE, String::as_str);
                Ok(Self::Langfuse {
                    url: format!("{}/api/public/ingestion", host.trim_end_matches('/')),
                    public_key: needed("langfuse_public_key")?,
                    secret_key: needed("langfuse_secret_key")?,
                })
            }
            name @ (CallbackName::GenericApi | CallbackName::Webhook) => {
                let url = callback.vars.get("endpoint").cloned().ok_or("`endpoint` is missing")?;
                let given = secret("headers");
                let given = given.as_ref().map(Secret::expose).unwrap_or_default();
                let pairs =
                    headers(given).flatten().map(|(name, value)| (name.to_owned(), Secret::new(value.to_owned())));
                Ok(Self::Generic { name, url, headers: pairs.collect() })
            }
        }
    }

    pub fn name(&self) -> &'static str {
        match self {
            Self::Langfuse { .. } => CallbackName::Langfuse.as_str(),
            Self::Generic { name, .. } => name.as_str(),
        }
    }

    /// Tells it of calls. How many of them it did not take; `Err`: none, and why.
    pub async fn tell(&self, calls: &[&Call], sender: &Sender) -> Result<usize, String> {
        match self {
            Self::Langfuse { url, public_key, secret_key } => {
                let events: Vec<Value> = calls.iter().flat_map(|call| langfuse(call)).collect();
                let dress = |request: reqwest::RequestBuilder| {
                    request.basic_auth(public_key.expose(), Some(secret_key.expose()))
                };
                let answer = sender.post(url, &json!({ "batch": events }), dress).await?;
                // 207: each event for itself.
                let answer: Value = serde_json::from_str(&answer).unwrap_or_default();
                Ok(answer.get("errors").and_then(Value::as_array).map_or(0, Vec::len))
            }
            Self::Generic { url, headers, .. } => {
                let list: Vec<Value> = calls.iter().map(|call| generic(call)).collect();
                let dress = |request: reqwest::RequestBuilder| {
                    headers.iter().fold(request, |request, (name, value)| request.header(name, value.expose()))
                };
                sender.post(url, &Value::Array(list), dress).await.map(|_| 0)
            }
        }
    }
}

/// Dollars as a JSON number.
pub fn dollars(amount: Nanos) -> Value {
    serde_json::from_str(&amount.to_decimal()).unwrap_or_default()
}

fn after(start: Timestamp, micros: i64) -> Timestamp {
    Timestamp(start.0.saturating_add(micros.max(0)))
}

fn times(charge: &Charge) -> (Timestamp, Option<Timestamp>, Timestamp) {
    let start = charge.started_at;
    (start, charge.first_byte_us.map(|micros| after(start, micros)), after(start, charge.duration_us))
}

/// Whose call it was, under LiteLLM's names.
fn whose(call: &Call) -> Map<String, Value> {
    let Call { charge, owner } = call;
    Map::from_iter([
        ("user_api_key_id".to_owned(), json!(charge.key_id.map(|id| id.to_string()))),
        ("user_api_key_user_id".to_owned(), json!(owner.user_id)),
        ("user_api_key_team_id".to_owned(), json!(owner.team_id)),
        ("user_api_key_org_id".to_owned(), json!(owner.organisation_id)),
    ])
}

/// A trace, which several attempts of a call share, and what was generated.
fn langfuse(call: &Call) -> [Value; 2] {
    let charge = &call.charge;
    let (start, first, end) = times(charge);
    let (id, trace) = (charge.id.to_string(), charge.call_id());
    let failed = charge.outcome != Outcome::Success;
    let mut metadata = whose(call);
    metadata.insert("provider".to_owned(), json!(charge.provider));
    metadata.insert("deployment_id".to_owned(), json!(charge.deployment_id));
    metadata.insert("requested_model".to_owned(), json!(charge.model));
    metadata.insert("certainty".to_owned(), json!(charge.certainty.as_str()));
    let input = charge.usage.input;
    let output = charge.usage.output;
    let trace_event = json!({
        "id": format!("{id}-trace"), "timestamp": start.to_rfc3339(), "type": "trace-create",
        "body": {
            "id": trace, "timestamp": start.to_rfc3339(), "name": charge.operation.as_str(),
            "userId": charge.end_user, "tags": charge.tags, "metadata": whose(call),
        },
    });
    let generation = json!({
        "id": format!("{id}-generation"), "timestamp": end.to_rfc3339(), "type": "generation-create",
        "body": {
            "id": id, "traceId": trace, "name": charge.operation.as_str(),
            "startTime": start.to_rfc3339(), "endTime": end.to_rfc3339(),
            "completionStartTime": first.map(Timestamp::to_rfc3339), "model": charge.upstream_model,
            "usageDetails": {
                "input": input, "output": output, "total": input.saturating_add(output),
                "cache_read_input_tokens": charge.usage.cache_read,
            },
            "costDetails": {"total": dollars(charge.cost)},
            "level": if failed { "ERROR" } else { "DEFAULT" }, "statusMessage": charge.error,
            "metadata": metadata,
        },
    });
    [trace_event, generation]
}

/// A call under the names of LiteLLM's standard logging payload.
fn generic(call: &Call) -> Value {
    let charge = &call.charge;
    let (start, first, end) = times(charge);
    let (input, output) = (charge.usage.input, charge.usage.output);
    let status = if charge.outcome == Outcome::Success { "success" } else { "failure" };
    json!({
        "id": charge.id.to_string(), "litellm_call_id": charge.call_id(), "call_type": charge.operation.as_str(),
        "stream": charge.streamed, "status": status, "status_code": charge.status, "error_str": charge.error,
        "model": charge.upstream_model, "model_group": charge.model, "model_id": charge.deployment_id,
        "custom_llm_provider": charge.provider,
        "startTime": start.to_rfc3339(), "completionStartTime": first.map(Timestamp::to_rfc3339),
        "endTime": end.to_rfc3339(),
        "prompt_tokens": input, "completion_tokens": output, "total_tokens": input.saturating_add(output),
        "cache_read_input_tokens": charge.usage.cache_read, "response_cost": dollars(charge.cost),
        "cost_certainty": charge.certainty.as_str(), "end_user": charge.end_user, "request_tags": charge.tags,
        "metadata": whose(call),
    })
}
