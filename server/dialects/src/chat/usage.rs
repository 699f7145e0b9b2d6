//! `usage`, written.

use crate::json::Object;
use crate::neutral::Usage;

pub fn write(usage: &Usage) -> Object<'static> {
    let mut prompt = Object::new().with("cached_tokens", usage.cache_read).with("audio_tokens", usage.audio_input);
    let written = usage.cache_write.saturating_add(usage.cache_write_1h);
    prompt.put_some("cache_write_tokens", (written > 0).then_some(written));
    prompt.put_some("image_tokens", (usage.image_input > 0).then_some(usage.image_input));
    let mut completion =
        Object::new().with("reasoning_tokens", usage.reasoning).with("audio_tokens", usage.audio_output);
    completion.put_some("image_tokens", (usage.image_output > 0).then_some(usage.image_output));
    Object::new()
        .with("prompt_tokens", usage.input)
        .with("completion_tokens", usage.output)
        .with("total_tokens", usage.total())
        .with("prompt_tokens_details", prompt)
        .with("completion_tokens_details", completion)
}
