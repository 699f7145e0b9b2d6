//! `usage`, written.

use crate::json::Object;
use crate::neutral::Usage;

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
