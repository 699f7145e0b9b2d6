//! The rows of charges and refusals.

use std::borrow::Cow;

use tollgate_domain::charge::{Charge, Refusal};

use super::bulk::{Arguments, Bulk, Connection};
use super::cost_lines;
use crate::{StoreError, latency};

/// The longest texts that are indexed: PostgreSQL refuses index entries over 2,700 bytes.
const INDEXED: usize = 500;

/// The longest of the others.
const FREE: usize = 8192;

pub const CHARGES: Bulk = Bulk {
    table: "charges",
    columns: &[
        "id",
        "call_id",
        "attempt",
        "started_at",
        "key_id",
        "ownership_id",
        "operation",
        "model",
        "deployment_id",
        "provider",
        "upstream_model",
        "streamed",
        "outcome",
        "status",
        "error",
        "certainty",
        "input_tokens",
        "cache_read_tokens",
        "cache_write_tokens",
        "cache_write_1h_tokens",
        "audio_input_tokens",
        "image_input_tokens",
        "output_tokens",
        "reasoning_tokens",
        "audio_output_tokens",
        "image_output_tokens",
        "cost_nanos",
        "cost_lines",
        "price_source",
        "duration_us",
        "latency_bucket",
        "first_byte_us",
        "client_left",
        "upstream_id",
        "end_user",
        "tags",
    ],
    conflict: "(id) DO NOTHING",
};

pub const REFUSALS: Bulk = Bulk {
    table: "refusals",
    columns: &["id", "call_id", "at", "key_id", "ownership_id", "operation", "model", "status", "kind", "message"],
    conflict: "(id) DO NOTHING",
};

/// What finds the charges with a tag.
const TAGS: Bulk = Bulk { table: "charge_tags", columns: &["tag", "charge_id"], conflict: "DO NOTHING" };

pub async fn insert_tags<'a>(
    tx: &mut Connection,
    charges: impl IntoIterator<Item = &'a Charge>,
) -> Result<(), StoreError> {
    let tagged = charges.into_iter().flat_map(|charge| charge.tags.iter().map(|tag| (charge.id, tag.as_str())));
    let rows: Vec<_> = tagged.collect();
    TAGS.insert(tx, &rows, |arguments, (id, tag)| {
        arguments.text(&indexed(tag));
        arguments.id(id.0);
    })
    .await
    .map(drop)
}

/// `scratch` is room for a text, used again and again.
pub fn bind_charge(arguments: &mut Arguments, charge: &Charge, scratch: &mut String) {
    let usage = &charge.usage;
    let tags = (!charge.tags.is_empty()).then(|| {
        let tags: Vec<_> = charge.tags.iter().map(|tag| indexed(tag)).collect();
        // A list of texts can always be written.
        serde_json::to_string(&tags).unwrap_or_default()
    });
    arguments.id(charge.id.0);
    arguments.text_or_null(charge.call_id.as_deref().map(indexed).as_deref());
    arguments.int(charge.attempt);
    arguments.int(charge.started_at.0);
    arguments.key(Some(charge.key()));
    arguments.int(charge.ownership_id);
    arguments.text(charge.operation.as_str());
    arguments.text(&indexed(&charge.model));
    arguments.text(&indexed(&charge.deployment_id));
    arguments.text(&indexed(&charge.provider));
    arguments.text(&free(&charge.upstream_model));
    arguments.flag(charge.streamed);
    arguments.text(charge.outcome.as_str());
    arguments.small(small(charge.status));
    arguments.text_or_null(charge.error.as_deref().map(free).as_deref());
    arguments.text(charge.certainty.as_str());
    arguments.int(tokens(usage.input));
    arguments.int(tokens(usage.cache_read));
    arguments.int(tokens(usage.cache_write));
    arguments.int(tokens(usage.cache_write_1h));
    arguments.int(tokens(usage.audio_input));
    arguments.int(tokens(usage.image_input));
    arguments.int(tokens(usage.output));
    arguments.int(tokens(usage.reasoning));
    arguments.int(tokens(usage.audio_output));
    arguments.int(tokens(usage.image_output));
    arguments.int(charge.cost.0);
    scratch.clear();
    cost_lines::write(scratch, &charge.cost_lines);
    arguments.text_or_null(Some(scratch.as_str()).filter(|lines| !lines.is_empty()));
    arguments.text_or_null(charge.price_source.as_deref().map(free).as_deref());
    arguments.int(charge.duration_us);
    arguments.small(i16::from(latency::bucket(charge.duration_us)));
    arguments.int_or_null(charge.first_byte_us);
    arguments.flag(charge.client_left);
    arguments.text_or_null(charge.upstream_id.as_deref().map(free).as_deref());
    arguments.text_or_null(charge.end_user.as_deref().map(indexed).as_deref());
    arguments.text_or_null(tags.as_deref());
}

pub fn bind_refusal(arguments: &mut Arguments, refusal: &Refusal) {
    arguments.id(refusal.id.0);
    arguments.text_or_null(refusal.call_id.as_deref().map(indexed).as_deref());
    arguments.int(refusal.at.0);
    arguments.key(refusal.key);
    arguments.int(refusal.ownership_id);
    arguments.text(refusal.operation.as_str());
    arguments.text_or_null(refusal.model.as_deref().map(indexed).as_deref());
    arguments.small(small(refusal.status));
    arguments.text(&free(&refusal.kind));
    arguments.text(&free(&refusal.message));
}

/// A text that every database takes, as long as an index entry may be.
pub fn indexed(text: &str) -> Cow<'_, str> {
    clean(text, INDEXED)
}

fn free(text: &str) -> Cow<'_, str> {
    clean(text, FREE)
}

/// Cuts a text to at most `limit` bytes and replaces U+0000, which PostgreSQL has no way to keep.
fn clean(text: &str, limit: usize) -> Cow<'_, str> {
    let text = &text[..text.floor_char_boundary(limit)];
    if text.contains('\0') { Cow::Owned(text.replace('\0', "\u{fffd}")) } else { Cow::Borrowed(text) }
}

fn small(status: u16) -> i16 {
    i16::try_from(status).unwrap_or(i16::MAX)
}

pub fn tokens(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_cut_between_characters_and_have_no_nul() {
        assert_eq!(clean("gpt-4o", 500), "gpt-4o");
        assert_eq!(clean("a\0b", 500), "a\u{fffd}b");
        assert_eq!(clean("ééé", 3), "é");
    }
}
