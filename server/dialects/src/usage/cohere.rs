//! Cohere's usage: what is billed is told apart from what was processed, and is less.

use serde_json::Value;
use tollgate_domain::usage::{Units, Usage};

use super::json::{Members, first, sum};
use super::{Picked, keep, keep_text};

pub fn pick(answer: &Members<'_>, picked: &mut Picked) {
    // Version 2, its streams' last event; version 1, its streams' last event.
    let usage = answer
        .value("usage")
        .or_else(|| answer.object("delta")?.value("usage"))
        .or_else(|| answer.value("meta"))
        .or_else(|| answer.object("response")?.value("meta"));
    keep(picked, "usage", usage);
    keep_text(picked, "id", answer.text("id"));
}

pub fn usage(picked: &Value) -> Option<Usage> {
    let (billed, processed) = (&picked["usage"]["billed_units"], &picked["usage"]["tokens"]);
    let units = Units {
        queries: first(billed, &["search_units"]).unwrap_or(0),
        input_images: first(billed, &["images"]).unwrap_or(0),
        ..Units::default()
    };
    let counts = |of: &Value| (first(of, &["input_tokens"]), first(of, &["output_tokens"]));
    let of_images = first(billed, &["image_tokens"]);
    let (input, output) = match counts(billed) {
        (None, None) if of_images.is_none() && units == Units::default() => counts(processed),
        counts => counts,
    };
    if input.is_none() && output.is_none() && of_images.is_none() && units == Units::default() {
        return None;
    }
    Some(Usage {
        // Embedders count images beside the text.
        input: sum(&[input, of_images]).unwrap_or(0),
        image_input: of_images.unwrap_or(0),
        output: output.unwrap_or(0),
        units,
        ..Usage::default()
    })
}
