//! Lines of LiteLLM's spend log: calls newest first, each with what its charge says.

use std::collections::HashMap;

use serde_json::{Value, json};
use tollgate_control::requests;
use tollgate_domain::Timestamp;
use tollgate_domain::charge::{Operation, Outcome};
use tollgate_domain::page::Cursor;
use tollgate_domain::summary::{RequestFilter, RequestRow, StatusFilter};

use super::super::{Call, LiteLlmError, money, names};
use super::keys::Keys;

/// The most lines that are looked through, the newest; as many as LiteLLM's.
pub const MOST: usize = 10_000;

/// What a charge says beyond its row.
#[derive(Clone, Debug, Default)]
pub struct More {
    pub upstream_id: String,
    deployment_id: String,
    upstream_model: String,
    end_user: String,
    tags: Value,
    cache_read: i64,
    cache_write: i64,
    price_source: String,
}

impl Call {
    /// The newest calls that match, and whether there are more than [`MOST`].
    pub(super) async fn newest(
        &self,
        filter: &RequestFilter,
        status: Option<&str>,
    ) -> Result<(Vec<RequestRow>, bool), LiteLlmError> {
        let statuses: &[Option<StatusFilter>] = match status {
            Some("success") => &[Some(StatusFilter::Success)],
            // What was refused failed too, for LiteLLM.
            Some(_) => &[Some(StatusFilter::Failed), Some(StatusFilter::Refused)],
            None => &[None],
        };
        let (mut rows, mut more) = (Vec::new(), false);
        for status in statuses {
            let filter = RequestFilter { status: *status, ..filter.clone() };
            let mut cursor = None;
            let start = rows.len();
            loop {
                let page = requests::list(self.control(), &self.op, &filter, cursor.take(), 1000).await?;
                rows.extend(page.items);
                cursor = page.next.as_deref().and_then(Cursor::decode);
                if cursor.is_none() {
                    break;
                }
                if rows.len() - start >= MOST {
                    more = true;
                    break;
                }
            }
        }
        rows.sort_by(|a, b| (b.at, &b.id).cmp(&(a.at, &a.id)));
        more |= rows.len() > MOST;
        rows.truncate(MOST);
        Ok((rows, more))
    }

    /// What the charges of these rows, newest first, say beyond them.
    pub(super) async fn more_of(
        &self,
        filter: &RequestFilter,
        rows: &[RequestRow],
    ) -> Result<HashMap<String, More>, LiteLlmError> {
        let (Some(newest), Some(oldest)) = (rows.first(), rows.last()) else { return Ok(HashMap::new()) };
        let filter = RequestFilter {
            since: Some(oldest.at),
            until: Some(Timestamp(newest.at.0.saturating_add(1))),
            status: None,
            ..filter.clone()
        };
        let wanted: std::collections::HashSet<&str> = rows.iter().map(|row| row.id.as_str()).collect();
        let mut found = HashMap::new();
        let mut after = None;
        loop {
            let each = |charge: &requests::ExportedCharge<'_>| {
                if wanted.contains(charge.id) {
                    found.insert(charge.id.to_owned(), more(charge));
                }
            };
            let next =
                requests::charges(self.control(), &self.op, &filter, after.as_deref(), requests::LARGEST_PART, each)
                    .await?;
            match next {
                Some(next) => after = Some(next),
                None => return Ok(found),
            }
        }
    }

    /// Rows in LiteLLM's form.
    pub(super) async fn describe_calls(
        &self,
        filter: &RequestFilter,
        rows: &[RequestRow],
    ) -> Result<Vec<Value>, LiteLlmError> {
        let more = self.more_of(filter, rows).await?;
        let keys = self.keys_by_id(rows.iter().filter_map(|row| row.key_id.as_deref())).await?;
        Ok(rows.iter().map(|row| describe(row, more.get(&row.id), &keys)).collect())
    }
}

fn more(charge: &requests::ExportedCharge<'_>) -> More {
    More {
        upstream_id: charge.upstream_id.to_owned(),
        deployment_id: charge.deployment_id.to_owned(),
        upstream_model: charge.upstream_model.to_owned(),
        end_user: charge.end_user.to_owned(),
        tags: serde_json::from_str(charge.tags).unwrap_or_else(|_| json!([])),
        cache_read: charge.cache_read_tokens,
        cache_write: charge.cache_write_tokens,
        price_source: charge.price_source.to_owned(),
    }
}

pub fn call_type(operation: Operation) -> &'static str {
    match operation {
        Operation::ChatCompletion => "acompletion",
        Operation::Completion => "atext_completion",
        Operation::Embedding => "aembedding",
        Operation::Messages => "anthropic_messages",
        Operation::Responses => "aresponses",
        Operation::GenerateContent => "agenerate_content",
        Operation::ImageGeneration => "aimage_generation",
        Operation::ImageEdit => "aimage_edit",
        Operation::ImageVariation => "aimage_variation",
        Operation::Moderation => "amoderation",
        Operation::Rerank => "arerank",
        Operation::Speech => "aspeech",
        // There they are one.
        Operation::Transcription | Operation::AudioTranslation => "atranscription",
        Operation::Other => "other",
    }
}

fn after(at: Timestamp, micros: i64) -> Value {
    names::time(Timestamp(at.0.saturating_add(micros)))
}

fn describe(row: &RequestRow, more: Option<&More>, keys: &Keys) -> Value {
    let more = more.cloned().unwrap_or_default();
    let key = row.key_id.as_deref().unwrap_or_default();
    let ownership = &row.ownership;
    let success = row.outcome == Some(Outcome::Success);
    let user = ownership.user_id.as_ref().map_or("", |id| id.as_str());
    let user = if key == "master_key" { names::MASTER_USER } else { user };
    let status = if success { "success" } else { "failure" };
    let error = (!success).then(|| json!({"error_code": row.status.to_string(), "error_message": row.error}));
    json!({
        "request_id": if more.upstream_id.is_empty() { &row.id } else { &more.upstream_id },
        "litellm_call_id": row.call_id,
        "call_type": call_type(row.operation),
        "api_key": if key.is_empty() { String::new() } else { keys.hash(key) },
        "spend": money::show(row.cost),
        "total_tokens": row.input_tokens + row.output_tokens,
        "prompt_tokens": row.input_tokens,
        "completion_tokens": row.output_tokens,
        "startTime": names::time(row.at),
        "completionStartTime": row.first_byte_us.map(|micros| after(row.at, micros)),
        "endTime": after(row.at, row.duration_us.unwrap_or_default()),
        "request_duration_ms": row.duration_us.map(|micros| micros / 1000),
        "model": if more.upstream_model.is_empty() { row.model.as_deref().unwrap_or_default() } else { &more.upstream_model },
        "model_id": more.deployment_id,
        "model_group": row.model,
        "custom_llm_provider": row.provider,
        "user": user,
        "team_id": ownership.team_id,
        "organization_id": ownership.organisation_id,
        "end_user": more.end_user,
        "request_tags": if more.tags.is_array() { more.tags } else { json!([]) },
        "status": status,
        "cache_hit": "False",
        "cache_key": "",
        "session_id": null,
        "requester_ip_address": null,
        "messages": {},
        "response": {},
        "metadata": {
            "status": status,
            "user_api_key": if key.is_empty() { Value::Null } else { keys.hash(key).into() },
            "user_api_key_alias": keys.alias(key),
            "user_api_key_user_id": ownership.user_id,
            "user_api_key_team_id": ownership.team_id,
            "user_api_key_org_id": ownership.organisation_id,
            "error_information": error,
            "usage_object": {
                "prompt_tokens": row.input_tokens, "completion_tokens": row.output_tokens,
                "cache_read_input_tokens": more.cache_read, "cache_creation_input_tokens": more.cache_write,
            },
            "cost_certainty": row.certainty,
            "price_source": more.price_source,
        },
    })
}
