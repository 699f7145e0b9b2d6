//! The rows of charges and refusals.

use std::borrow::Cow;
use std::sync::Arc;

use tollgate_domain::charge::{CallKey, Charge, Operation, Outcome, Refusal};
use tollgate_domain::usage::{Certainty, Units};
use uuid::Uuid;

use super::adjust::Adjustment;
use super::bulk::{Arguments, Bulk, Connection};
use super::{cost_lines, units};
use crate::labels::MASTER_KEY;
use crate::{StoreError, latency};

/// The longest texts that are indexed: PostgreSQL refuses index entries over 2,700 bytes.
const INDEXED: usize = 500;

/// The longest of the others.
const FREE: usize = 8192;

/// Columns of every charge. What the other ones hold is nearly always their default: see [`is_plain`].
macro_rules! charges {
    ($($more:literal),*) => {
        Bulk {
            table: "charges",
            columns: &[
                "id",
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
                "certainty",
                "input_tokens",
                "cache_read_tokens",
                "output_tokens",
                "reasoning_tokens",
                "cost_nanos",
                "reserved_nanos",
                "cost_lines",
                "price_source",
                "duration_us",
                "latency_bucket",
                "first_byte_us",
                "upstream_id",
                "end_user",
                $($more,)*
            ],
            conflict: "(id) DO NOTHING",
        }
    };
}

const PLAIN_CHARGES: Bulk = charges!();

const CHARGES: Bulk = charges!(
    "call_id",
    "attempt",
    "error",
    "cache_write_tokens",
    "cache_write_1h_tokens",
    "audio_input_tokens",
    "image_input_tokens",
    "audio_output_tokens",
    "image_output_tokens",
    "client_left",
    "tags",
    "units",
    "instead_of"
);

/// Adjusting entries: few, and with all columns.
const ADJUSTMENTS: Bulk = charges!(
    "call_id",
    "attempt",
    "error",
    "cache_write_tokens",
    "cache_write_1h_tokens",
    "audio_input_tokens",
    "image_input_tokens",
    "audio_output_tokens",
    "image_output_tokens",
    "client_left",
    "tags",
    "units",
    "instead_of",
    "adjusts",
    "run_id"
);

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

/// Whether the columns that [`PLAIN_CHARGES`] leaves out hold their defaults.
fn is_plain(charge: &Charge) -> bool {
    let usage = &charge.usage;
    let parts = usage.cache_write | usage.cache_write_1h | usage.audio_input | usage.image_input;
    charge.call_id.is_none()
        && charge.attempt == 1
        && charge.error.is_none()
        && parts | usage.audio_output | usage.image_output == 0
        && usage.units == Units::default()
        && !charge.client_left
        && charge.instead_of.is_none()
        && charge.tags.is_empty()
}

/// Inserts charges and tells how many were written.
pub async fn insert_charges(tx: &mut Connection, charges: &[Charge]) -> Result<u64, StoreError> {
    let (plain, full): (Vec<_>, Vec<_>) = charges.iter().partition(|charge| is_plain(charge));
    let mut binder = ChargeBinder::default();
    let plain = PLAIN_CHARGES.insert(tx, &plain, |arguments, charge| binder.bind(arguments, charge)).await?;
    let full = CHARGES.insert(tx, &full, |arguments, charge| binder.bind_full(arguments, charge)).await?;
    Ok(plain + full)
}

/// Inserts charges and gives the ids of those that were not there.
pub async fn insert_charges_returning(tx: &mut Connection, charges: &[Charge]) -> Result<Vec<String>, StoreError> {
    let charges: Vec<_> = charges.iter().collect();
    let mut binder = ChargeBinder::default();
    CHARGES.insert_returning(tx, &charges, |arguments, charge| binder.bind_full(arguments, charge)).await
}

/// Inserts adjusting entries and tells how many were written.
pub async fn insert_adjustments(tx: &mut Connection, entries: &[Adjustment]) -> Result<u64, StoreError> {
    let mut binder = ChargeBinder::default();
    ADJUSTMENTS
        .insert(tx, entries, |arguments, entry| {
            binder.bind_full(arguments, &entry.charge);
            arguments.id(entry.adjusts.0);
            arguments.text(&entry.run_id);
        })
        .await
}

/// The words for the values of a type, each made once.
struct Words<T, const N: usize> {
    all: [(T, Arc<str>); N],
    word: fn(T) -> &'static str,
}

impl<T: Copy + PartialEq, const N: usize> Words<T, N> {
    fn of(all: [T; N], word: fn(T) -> &'static str) -> Self {
        Self { all: all.map(|value| (value, word(value).into())), word }
    }

    fn bind(&self, arguments: &mut Arguments, value: T) {
        match self.all.iter().find(|(known, _)| *known == value) {
            Some((_, word)) => arguments.shared(word),
            None => arguments.text((self.word)(value)),
        }
    }
}

/// Binds charges one after the other, and remembers what the next one probably has too.
struct ChargeBinder {
    operations: Words<Operation, { Operation::ALL.len() }>,
    outcomes: Words<Outcome, { Outcome::ALL.len() }>,
    certainties: Words<Certainty, { Certainty::ALL.len() }>,
    key: Option<(CallKey, Arc<str>)>,
    customer: Arc<str>,
    /// Room for a text.
    scratch: String,
}

impl Default for ChargeBinder {
    fn default() -> Self {
        Self {
            operations: Words::of(Operation::ALL, Operation::as_str),
            outcomes: Words::of(Outcome::ALL, Outcome::as_str),
            certainties: Words::of(Certainty::ALL, Certainty::as_str),
            key: None,
            customer: "".into(),
            scratch: String::new(),
        }
    }
}

impl ChargeBinder {
    fn bind(&mut self, arguments: &mut Arguments, charge: &Charge) {
        let usage = &charge.usage;
        arguments.id(charge.id.0);
        arguments.int(charge.started_at.0);
        self.bind_key(arguments, charge.key());
        arguments.int(charge.ownership_id);
        self.operations.bind(arguments, charge.operation);
        shared(arguments, &charge.model, INDEXED);
        shared(arguments, &charge.deployment_id, INDEXED);
        shared(arguments, &charge.provider, INDEXED);
        shared(arguments, &charge.upstream_model, FREE);
        arguments.flag(charge.streamed);
        self.outcomes.bind(arguments, charge.outcome);
        arguments.small(small(charge.status));
        self.certainties.bind(arguments, charge.certainty);
        arguments.int(tokens(usage.input));
        arguments.int(tokens(usage.cache_read));
        arguments.int(tokens(usage.output));
        arguments.int(tokens(usage.reasoning));
        arguments.int(charge.cost.0);
        arguments.int(charge.reserved.0);
        self.scratch.clear();
        cost_lines::write(&mut self.scratch, &charge.cost_lines);
        arguments.text_or_null(Some(self.scratch.as_str()).filter(|lines| !lines.is_empty()));
        match &charge.price_source {
            Some(source) => shared(arguments, source, FREE),
            None => arguments.text_or_null(None),
        }
        arguments.int(charge.duration_us);
        arguments.small(i16::from(latency::bucket(charge.duration_us)));
        arguments.int_or_null(charge.first_byte_us);
        arguments.text_or_null(charge.upstream_id.as_deref().map(free).as_deref());
        match charge.end_user.as_deref().map(indexed) {
            None => arguments.text_or_null(None),
            Some(customer) => {
                if *self.customer != *customer {
                    self.customer = customer.as_ref().into();
                }
                arguments.shared(&self.customer);
            }
        }
    }

    fn bind_full(&mut self, arguments: &mut Arguments, charge: &Charge) {
        let usage = &charge.usage;
        self.bind(arguments, charge);
        arguments.text_or_null(charge.call_id.as_deref().map(indexed).as_deref());
        arguments.int(charge.attempt);
        arguments.text_or_null(charge.error.as_deref().map(free).as_deref());
        arguments.int(tokens(usage.cache_write));
        arguments.int(tokens(usage.cache_write_1h));
        arguments.int(tokens(usage.audio_input));
        arguments.int(tokens(usage.image_input));
        arguments.int(tokens(usage.audio_output));
        arguments.int(tokens(usage.image_output));
        arguments.flag(charge.client_left);
        let tags = (!charge.tags.is_empty()).then(|| {
            let tags: Vec<_> = charge.tags.iter().map(|tag| indexed(tag)).collect();
            // A list of texts can always be written.
            serde_json::to_string(&tags).unwrap_or_default()
        });
        arguments.text_or_null(tags.as_deref());
        arguments.text_or_null(units::write(&usage.units).as_deref());
        arguments.text_or_null(charge.instead_of.as_deref().map(indexed).as_deref());
    }

    fn bind_key(&mut self, arguments: &mut Arguments, key: CallKey) {
        let text = match &self.key {
            Some((known, text)) if *known == key => text,
            _ => &self.key.insert((key, key_text(key))).1,
        };
        arguments.shared(text);
    }
}

fn key_text(key: CallKey) -> Arc<str> {
    match key {
        CallKey::Master => MASTER_KEY.into(),
        CallKey::Virtual(key) => (&*key.0.as_hyphenated().encode_lower(&mut Uuid::encode_buffer())).into(),
    }
}

/// Binds a text that is shared as it is, if every database takes it.
fn shared(arguments: &mut Arguments, text: &Arc<str>, limit: usize) {
    match clean(text, limit) {
        Cow::Borrowed(kept) if kept.len() == text.len() => arguments.shared(text),
        kept => arguments.text(&kept),
    }
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
