//! Ollama's own API: counts stand in the answer itself, and in a stream's last line.

use serde_json::Value;
use tollgate_domain::usage::Usage;

use super::json::{Members, first};
use super::{Picked, keep};

const COUNTS: [&str; 2] = ["prompt_eval_count", "eval_count"];

pub fn pick(answer: &Members<'_>, picked: &mut Picked) {
    for name in COUNTS {
        keep(picked, name, answer.value(name));
    }
}

pub fn usage(picked: &Value) -> Option<Usage> {
    let [input, output] = COUNTS.map(|name| first(picked, &[name]));
    // The prompt's count is left out when all of it was in the cache.
    (input.is_some() || output.is_some()).then(|| Usage {
        input: input.unwrap_or(0),
        output: output.unwrap_or(0),
        ..Usage::default()
    })
}
