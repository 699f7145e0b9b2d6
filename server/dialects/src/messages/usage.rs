//! `usage`, read and written.

use crate::json::{Json, Object};
use crate::neutral::Usage;

/// The provider's own counts. In a stream, later ones say only what changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    input: u64,
    cache_read: u64,
    cache_write: u64,
    cache_write_1h: u64,
    output: u64,
    reasoning: u64,
}

impl Counts {
    pub fn update(&mut self, usage: &Object<'_>) {
        let set = |to: &mut u64, value: Option<&Json<'_>>| {
            if let Some(count) = value.and_then(Json::as_u64) {
                *to = count;
            }
        };
        set(&mut self.input, usage.get("input_tokens"));
        set(&mut self.cache_read, usage.get("cache_read_input_tokens"));
        set(&mut self.cache_write, usage.get("cache_creation_input_tokens"));
        let hour = usage.get("cache_creation").and_then(|creation| creation.get("ephemeral_1h_input_tokens"));
        set(&mut self.cache_write_1h, hour);
        set(&mut self.output, usage.get("output_tokens"));
        let thoughts = usage.get("output_tokens_details").and_then(|details| details.get("thinking_tokens"));
        set(&mut self.reasoning, thoughts);
    }

    pub fn usage(&self) -> Usage {
        let hour = self.cache_write_1h.min(self.cache_write);
        Usage {
            input: self.input.saturating_add(self.cache_read).saturating_add(self.cache_write),
            cache_read: self.cache_read,
            cache_write: self.cache_write - hour,
            cache_write_1h: hour,
            output: self.output,
            reasoning: self.reasoning,
            ..Usage::default()
        }
    }
}

pub fn write(usage: &Usage) -> Object<'static> {
    let written = usage.cache_write.saturating_add(usage.cache_write_1h);
    let input = usage.input.saturating_sub(usage.cache_read).saturating_sub(written);
    let creation = Object::with_capacity(2)
        .with("ephemeral_5m_input_tokens", usage.cache_write)
        .with("ephemeral_1h_input_tokens", usage.cache_write_1h);
    let mut out = Object::with_capacity(6)
        .with("input_tokens", input)
        .with("cache_creation_input_tokens", written)
        .with("cache_read_input_tokens", usage.cache_read)
        .with("cache_creation", creation)
        .with("output_tokens", usage.output);
    if usage.reasoning > 0 {
        out.put("output_tokens_details", Object::new().with("thinking_tokens", usage.reasoning));
    }
    out
}
