//! Gemini's usage: thoughts are beside the candidates, what tools put into the prompt is beside the prompt.

use memchr::memmem;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;
use serde_json::value::RawValue;
use tollgate_domain::usage::{Units, Usage};

use super::json::{Members, at, count, first, sum};
use super::{Picked, keep, keep_text};

pub fn pick(answer: &Members<'_>, picked: &mut Picked) {
    let usage = answer.value("usageMetadata");
    let tier = usage.as_ref().and_then(|usage| {
        let text = |name: &str| usage[name].as_str().map(str::to_owned);
        text("trafficType").or_else(|| text("serviceTier"))
    });
    keep_text(picked, "tier", tier);
    keep(picked, "usage", usage);
    keep_text(picked, "id", answer.text("responseId"));
    keep_text(picked, "model", answer.text("modelVersion"));
    let queries = queries(answer);
    if queries > 0 {
        picked.insert("queries".to_owned(), queries.into());
    }
    predictions(answer, picked);
}

/// The searches that the candidates are grounded in.
fn queries(answer: &Members<'_>) -> usize {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Candidate<'a> {
        #[serde(borrow, default)]
        grounding_metadata: Option<&'a RawValue>,
    }
    let Some(candidates) = answer.get("candidates") else { return 0 };
    if memmem::find(candidates.get().as_bytes(), b"\"webSearchQueries\"").is_none() {
        return 0;
    }
    let candidates = answer.list::<Candidate<'_>>("candidates").unwrap_or_default();
    let grounded = candidates.iter().filter_map(|candidate| {
        Members::read(candidate.grounding_metadata?.get())?.list::<IgnoredAny>("webSearchQueries")
    });
    grounded.map(|queries| queries.len()).sum()
}

/// Vertex AI's embeddings and pictures.
fn predictions(answer: &Members<'_>, picked: &mut Picked) {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Prediction<'a> {
        #[serde(borrow, default)]
        embeddings: Option<&'a RawValue>,
        #[serde(default)]
        bytes_base64_encoded: Option<IgnoredAny>,
    }
    let Some(predictions) = answer.list::<Prediction<'_>>("predictions") else { return };
    let tokens = predictions.iter().filter_map(|prediction| {
        let statistics = Members::read(prediction.embeddings?.get())?.value("statistics")?;
        first(&statistics, &["token_count"])
    });
    if let Some(tokens) = tokens.reduce(u64::saturating_add) {
        picked.insert("embedded".to_owned(), tokens.into());
    }
    let images = predictions.iter().filter(|prediction| prediction.bytes_base64_encoded.is_some()).count();
    if images > 0 {
        picked.insert("images".to_owned(), images.into());
    }
}

pub fn usage(picked: &Value) -> Option<Usage> {
    let usage = &picked["usage"];
    let prompt = first(usage, &["promptTokenCount"]).or_else(|| at(picked, &["embedded"]));
    let candidates = first(usage, &["candidatesTokenCount", "responseTokenCount"]);
    let thoughts = first(usage, &["thoughtsTokenCount"]);
    let total = first(usage, &["totalTokenCount"]);
    let units = Units {
        web_searches: searches(picked),
        output_images: at(picked, &["images"]).unwrap_or(0),
        cache_read_audio: of_kind(&usage["cacheTokensDetails"], "AUDIO"),
        cache_read_image: of_kind(&usage["cacheTokensDetails"], "IMAGE"),
        ..Units::default()
    };
    if prompt.is_none() && candidates.is_none() && thoughts.is_none() && units == Units::default() {
        return None;
    }
    let tools = first(usage, &["toolUsePromptTokenCount"]);
    let input = sum(&[prompt, tools]);
    // Where the total says that the thoughts are among the candidates, they are not added again.
    let among = thoughts > Some(0) && total.is_some() && total == sum(&[input, candidates]);
    let output = if among { candidates } else { sum(&[candidates, thoughts]) };
    let kind =
        |names: [&str; 2], kind| names.iter().map(|name| of_kind(&usage[*name], kind)).fold(0, u64::saturating_add);
    Some(Usage {
        input: input.unwrap_or(0),
        cache_read: first(usage, &["cachedContentTokenCount"]).unwrap_or(0),
        audio_input: kind(["promptTokensDetails", "toolUsePromptTokensDetails"], "AUDIO"),
        image_input: kind(["promptTokensDetails", "toolUsePromptTokensDetails"], "IMAGE"),
        output: output.unwrap_or(0),
        reasoning: thoughts.unwrap_or(0),
        audio_output: kind(["candidatesTokensDetails", "responseTokensDetails"], "AUDIO"),
        image_output: kind(["candidatesTokensDetails", "responseTokensDetails"], "IMAGE"),
        units,
        ..Usage::default()
    })
}

/// Gemini 3 and later bill each query, earlier ones each answer that is grounded in any.
fn searches(picked: &Value) -> u64 {
    let queries = at(picked, &["queries"]).unwrap_or(0);
    let model = picked["model"].as_str().unwrap_or_default();
    let is_early = ["gemini-1", "gemini-2"].iter().any(|family| model.starts_with(family));
    if is_early { queries.min(1) } else { queries }
}

/// The tokens of one kind in a list of `{modality, tokenCount}`.
fn of_kind(details: &Value, kind: &str) -> u64 {
    let items = details.as_array().map(Vec::as_slice).unwrap_or_default();
    let counts = items.iter().filter(|item| item["modality"] == kind).filter_map(|item| count(&item["tokenCount"]));
    counts.fold(0, u64::saturating_add)
}
