//! OpenAI's shapes, and those of everybody who is compatible with them.

use memchr::memmem;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;
use serde_json::value::RawValue;
use tollgate_domain::usage::{Units, Usage};

use super::json::{Members, at, count, first, small, sum};
use super::{Picked, keep, keep_text};

pub fn pick_chat(answer: &Members<'_>, picked: &mut Picked) {
    let usage = answer.value("usage").or_else(|| answer.object("x_groq")?.value("usage"));
    keep(picked, "usage", usage.or_else(|| of_choice(answer)));
    keep(picked, "pages", answer.value("usage_info"));
    keep_text(picked, "id", answer.text("id"));
    keep_text(picked, "tier", answer.text("service_tier"));
}

/// Moonshot's streams have the usage in the last choice.
fn of_choice(answer: &Members<'_>) -> Option<Value> {
    #[derive(Deserialize)]
    struct Choice<'a> {
        #[serde(borrow, default)]
        usage: Option<&'a RawValue>,
    }
    // Whole answers are long, and nearly never have it there.
    memmem::find(answer.get("choices")?.get().as_bytes(), b"\"usage\"")?;
    let choices: Vec<Choice<'_>> = answer.list("choices")?;
    choices.into_iter().find_map(|choice| small(choice.usage?))
}

pub fn chat(picked: &Value) -> Option<Usage> {
    let usage = &picked["usage"];
    // DeepSeek: the prompt is hits and misses.
    let (hit, miss) = (first(usage, &["prompt_cache_hit_tokens"]), first(usage, &["prompt_cache_miss_tokens"]));
    let prompt = first(usage, &["prompt_tokens", "input_tokens"]).or_else(|| hit.and(sum(&[hit, miss])));
    let completion = first(usage, &["completion_tokens", "output_tokens"]);
    let total = first(usage, &["total_tokens"]);
    let units = chat_units(picked);
    if prompt.is_none() && completion.is_none() && total.is_none() && units == Units::default() {
        return None;
    }
    // Embeddings have only prompt and total, rerankers only the total.
    let input = prompt.or_else(|| Some(total?.saturating_sub(completion.unwrap_or(0)))).unwrap_or(0);
    let of_input = details(usage, &["prompt_tokens_details", "input_tokens_details", "input_token_details"]);
    let of_output = details(usage, &["completion_tokens_details", "output_tokens_details", "output_token_details"]);
    let cached = first(of_input, &["cached_tokens"]).or(hit);
    let inside = first(of_output, &["reasoning_tokens"]);
    let reasoning = inside.or_else(|| first(usage, &["reasoning_tokens"])).unwrap_or(0);
    let completion = completion.unwrap_or(0);
    // xAI counts reasoning beside the completion, and only the total tells; Perplexity's total doesn't even do that.
    let beside = total == Some(input.saturating_add(completion).saturating_add(reasoning))
        || (inside.is_none() && usage.get("num_search_queries").is_some());
    Some(Usage {
        input,
        cache_read: cached.or_else(|| first(usage, &["cached_tokens", "cache_read_input_tokens"])).unwrap_or(0),
        cache_write: first(of_input, &["cache_write_tokens", "cache_creation_tokens"])
            .or_else(|| first(usage, &["cache_creation_input_tokens"]))
            .unwrap_or(0),
        cache_write_1h: 0,
        audio_input: first(of_input, &["audio_tokens"]).unwrap_or(0),
        image_input: first(of_input, &["image_tokens"]).unwrap_or(0),
        output: if beside { completion.saturating_add(reasoning) } else { completion },
        reasoning,
        audio_output: first(of_output, &["audio_tokens"]).unwrap_or(0),
        image_output: first(of_output, &["image_tokens"]).unwrap_or(0),
        units: cached_parts(of_input, units),
    })
}

/// The details, under whichever name they are.
fn details<'a>(usage: &'a Value, names: &[&str]) -> &'a Value {
    names.iter().map(|name| &usage[*name]).find(|found| found.is_object()).unwrap_or(&Value::Null)
}

/// What of the cached tokens is not text.
fn cached_parts(details: &Value, units: Units) -> Units {
    Units {
        cache_read_audio: at(details, &["cached_tokens_details", "audio_tokens"]).unwrap_or(0),
        cache_read_image: at(details, &["cached_tokens_details", "image_tokens"]).unwrap_or(0),
        ..units
    }
}

fn chat_units(picked: &Value) -> Units {
    let usage = &picked["usage"];
    let mut units = Units {
        pages: at(picked, &["pages", "pages_processed"]).unwrap_or(0),
        // Mistral's: an empty object where there is no sound.
        input_seconds: first(usage, &["prompt_audio_seconds"]).unwrap_or(0),
        citation: first(usage, &["citation_tokens"]).unwrap_or(0),
        ..Units::default()
    };
    // Perplexity: every call of a searching model is one search, a long one tells how many it made.
    let searches =
        first(usage, &["num_search_queries"]).or_else(|| at(usage, &["server_tool_use", "web_search_requests"]));
    match (searches, usage["search_context_size"].as_str()) {
        (Some(searches), _) => units.web_searches = searches,
        (None, Some("low")) => units.web_searches_low = 1,
        (None, Some("high")) => units.web_searches_high = 1,
        (None, Some(_)) => units.web_searches = 1,
        (None, None) => {}
    }
    units
}

pub fn pick_response(answer: &Members<'_>, picked: &mut Picked) {
    #[derive(Deserialize)]
    struct Item<'a> {
        #[serde(borrow, default)]
        r#type: Option<&'a RawValue>,
        #[serde(borrow, default)]
        action: Option<&'a RawValue>,
    }
    // An event has the response in it.
    let within = answer.object("response");
    let response = within.as_ref().unwrap_or(answer);
    keep(picked, "usage", response.value("usage"));
    keep_text(picked, "id", response.text("id"));
    keep_text(picked, "tier", response.text("service_tier"));
    let items = response.list::<Item<'_>>("output").unwrap_or_default();
    // Opening a page that was found is not billed.
    let searches = items.iter().filter(|item| {
        let is_call = item.r#type.is_some_and(|kind| kind.get() == "\"web_search_call\"");
        let action = item.action.and_then(|action| Members::read(action.get())?.text("type"));
        is_call && action.is_none_or(|action| action == "search")
    });
    let searches = searches.count();
    if searches > 0 {
        picked.insert("searches".to_owned(), searches.into());
    }
}

pub fn response(picked: &Value) -> Option<Usage> {
    let mut usage = chat(picked)?;
    usage.units.web_searches = usage.units.web_searches.max(at(picked, &["searches"]).unwrap_or(0));
    Some(usage)
}

pub fn pick_images(answer: &Members<'_>, picked: &mut Picked) {
    keep(picked, "usage", answer.value("usage"));
    let images = match answer.text("type") {
        // A stream's events: previews come before the image itself.
        Some(kind) => usize::from(kind.ends_with(".completed")),
        None => answer.list::<IgnoredAny>("data").map_or(0, |images| images.len()),
    };
    if images > 0 {
        picked.insert("images".to_owned(), images.into());
    }
}

pub fn images(picked: &Value) -> Option<Usage> {
    let usage = &picked["usage"];
    let units = Units { output_images: at(picked, &["images"]).unwrap_or(0), ..Units::default() };
    let (input, output) = (first(usage, &["input_tokens"]), first(usage, &["output_tokens"]));
    if input.is_none() && output.is_none() && units.output_images == 0 {
        return None;
    }
    let (of_input, of_output) = (&usage["input_tokens_details"], &usage["output_tokens_details"]);
    let output = output.unwrap_or(0);
    // What is not told apart is the image.
    let text = first(of_output, &["text_tokens"]).unwrap_or(0);
    Some(Usage {
        input: input.unwrap_or(0),
        cache_read: first(of_input, &["cached_tokens"]).unwrap_or(0),
        image_input: first(of_input, &["image_tokens"]).unwrap_or(0),
        output,
        image_output: first(of_output, &["image_tokens"]).unwrap_or(output.saturating_sub(text)),
        units: cached_parts(of_input, units),
        ..Usage::default()
    })
}

pub fn pick_audio(answer: &Members<'_>, picked: &mut Picked) {
    keep(picked, "usage", answer.value("usage"));
    keep(picked, "duration", answer.value("duration"));
}

pub fn transcription(picked: &Value) -> Option<Usage> {
    let usage = &picked["usage"];
    let seconds = first(usage, &["seconds"]).or_else(|| count(&picked["duration"]));
    let (input, output) = (first(usage, &["input_tokens"]), first(usage, &["output_tokens"]));
    if seconds.is_none() && input.is_none() && output.is_none() {
        return None;
    }
    let details = details(usage, &["input_token_details", "input_tokens_details"]);
    Some(Usage {
        input: input.unwrap_or(0),
        audio_input: first(details, &["audio_tokens"]).unwrap_or(0),
        output: output.unwrap_or(0),
        units: Units { input_seconds: seconds.unwrap_or(0), ..Units::default() },
        ..Usage::default()
    })
}

pub fn speech(picked: &Value) -> Option<Usage> {
    let usage = &picked["usage"];
    let (input, output) = (first(usage, &["input_tokens"]), first(usage, &["output_tokens"]));
    sum(&[input, output])?;
    let output = output.unwrap_or(0);
    Some(Usage { input: input.unwrap_or(0), output, audio_output: output, ..Usage::default() })
}

/// What a request for speech uses where the answer is nothing but sound: the characters of its `input`. `None`: it has
/// none.
pub fn spoken(request: &[u8]) -> Option<Usage> {
    let text = Members::read(std::str::from_utf8(request).ok()?)?.text("input")?;
    let characters = u64::try_from(text.chars().count()).unwrap_or(u64::MAX);
    Some(Usage { units: Units { input_characters: characters, ..Units::default() }, ..Usage::default() })
}
