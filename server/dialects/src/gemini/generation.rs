//! `generationConfig`.

use std::borrow::Cow;

use super::schema::{self, Written};
use super::thinking;
use super::wire::camel;
use crate::Target;
use crate::json::{Bad, Json, Object};
use crate::neutral::{Dialect, Format, Logprobs, Losses, Request};

pub(super) fn read<'a>(config: Object<'a>, request: &mut Request<'a>) -> Result<(), Bad> {
    let mut config = camel(config);
    request.sampling.temperature = config.take_f64("temperature")?;
    request.sampling.top_p = config.take_f64("topP")?;
    // A whole number that protobuf holds as a fraction.
    request.sampling.top_k = config.take_f64("topK")?.map(whole);
    request.sampling.presence_penalty = config.take_f64("presencePenalty")?;
    request.sampling.frequency_penalty = config.take_f64("frequencyPenalty")?;
    request.sampling.seed = config.take_i64("seed")?;
    request.n = config.take_u64("candidateCount")?;
    request.max_tokens = config.take_u64("maxOutputTokens")?;
    for text in config.take_array("stopSequences")?.unwrap_or_default() {
        request.stop.push(text.into_text().map_err(|e| e.under("stopSequences"))?);
    }
    let top = config.take_u64("logprobs")?;
    if config.take_bool("responseLogprobs")?.unwrap_or(false) {
        request.logprobs = Some(Logprobs { top });
    }
    request.format = read_format(&mut config)?;
    for kind in config.take_array("responseModalities")?.unwrap_or_default() {
        let kind = kind.into_text().map_err(|e| e.under("responseModalities"))?;
        request.modalities.push(kind.to_ascii_lowercase().into());
    }
    if let Some(speech) = config.take("speechConfig") {
        match voice_of(&speech) {
            Some(voice) => request.audio = Some(Object::new().with("voice", voice).with("format", "pcm16")),
            // Several speakers, a language: known here only.
            None => config.put("speechConfig", speech),
        }
    }
    request.reasoning = config.take_object("thinkingConfig")?.map(thinking::read).transpose()?;
    if !config.is_empty() {
        request.rest.put("generationConfig", config);
    }
    Ok(())
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "casts of floats saturate")]
fn whole(value: f64) -> u64 {
    value as u64
}

fn read_format<'a>(config: &mut Object<'a>) -> Result<Option<Format<'a>>, Bad> {
    let kind = config.take_text("responseMimeType")?;
    let schema = match config.take_object("responseJsonSchema")? {
        Some(schema) => Some(Json::Object(schema)),
        None => config.take_object("responseSchema")?.map(|schema| schema::read(schema.into())),
    };
    Ok(match (kind.as_deref(), schema) {
        (None | Some("text/plain"), None) => kind.map(|_| Format::Text),
        (Some("application/json"), None) => Some(Format::JsonObject),
        (None | Some("application/json"), Some(schema)) => {
            Some(Format::JsonSchema { name: None, description: None, schema, strict: None })
        }
        (_, schema) => {
            let mut own = Object::new();
            own.put_some("responseMimeType", kind);
            own.put_some("responseJsonSchema", schema);
            Some(Format::Other(own.into()))
        }
    })
}

fn voice_of(speech: &Json<'_>) -> Option<String> {
    let speech = camel(speech.as_object()?.clone());
    let voice = camel(speech.get("voiceConfig")?.as_object()?.clone());
    let prebuilt = camel(voice.get("prebuiltVoiceConfig")?.as_object()?.clone());
    let only = speech.len() == 1 && voice.len() == 1 && prebuilt.len() == 1;
    prebuilt.get("voiceName")?.as_str().filter(|_| only).map(str::to_owned)
}

pub(super) fn write<'a>(request: &Request<'a>, target: Target<'_>, losses: &mut Losses) -> Object<'a> {
    let sampling = &request.sampling;
    let mut out = Object::new();
    out.put_some("temperature", sampling.temperature);
    out.put_some("topP", sampling.top_p);
    out.put_some("topK", sampling.top_k);
    out.put_some("candidateCount", request.n);
    out.put_some("maxOutputTokens", request.max_tokens);
    if !request.stop.is_empty() {
        out.put("stopSequences", request.stop.iter().map(|text| Json::Text(text.clone())).collect::<Vec<_>>());
    }
    out.put_some("presencePenalty", sampling.presence_penalty);
    out.put_some("frequencyPenalty", sampling.frequency_penalty);
    out.put_some("seed", sampling.seed);
    if let Some(logprobs) = request.logprobs {
        out.put("responseLogprobs", true);
        out.put_some("logprobs", logprobs.top);
    }
    if let Some(format) = &request.format {
        write_format(format, request.from, &mut out, losses);
    }
    if !request.modalities.is_empty() {
        let kinds = request.modalities.iter().map(|kind| Json::from(kind.to_ascii_uppercase()));
        out.put("responseModalities", kinds.collect::<Vec<_>>());
    }
    if let Some(audio) = &request.audio {
        if let Some(voice) = audio.get("voice").and_then(Json::as_str) {
            let voice = Object::new().with("voiceName", voice.to_owned());
            let voice = Object::new().with("prebuiltVoiceConfig", voice);
            out.put("speechConfig", Object::new().with("voiceConfig", voice));
        }
        // Sound comes as plain samples, whatever is asked for.
        if audio.get("format").and_then(Json::as_str).is_some_and(|format| format != "pcm16") {
            losses.parameter("audio.format");
        }
    }
    out.put_some("thinkingConfig", thinking::write(request, target, losses));
    let lost = [
        ("min_p", sampling.min_p.is_some()),
        ("logit_bias", sampling.logit_bias.as_ref().is_some_and(|bias| !bias.is_empty())),
    ];
    for (field, _) in lost.iter().filter(|(_, is_there)| *is_there) {
        losses.parameter(*field);
    }
    if request.verbosity.as_deref().is_some_and(|verbosity| verbosity != "medium") {
        losses.parameter("verbosity");
    }
    if request.from == Dialect::Gemini
        && let Some(Json::Object(own)) = request.rest.get("generationConfig")
    {
        out.fill(own);
    }
    out
}

fn write_format<'a>(format: &Format<'a>, from: Dialect, out: &mut Object<'a>, losses: &mut Losses) {
    match format {
        Format::Text => out.put("responseMimeType", "text/plain"),
        Format::JsonObject => out.put("responseMimeType", "application/json"),
        Format::JsonSchema { schema, .. } => {
            out.put("responseMimeType", Cow::Borrowed("application/json"));
            match schema::write(schema) {
                Written::Schema(schema) => out.put("responseSchema", schema),
                Written::Json(schema) if schema.as_object().is_some() => out.put("responseJsonSchema", schema),
                // No schema at all: only its own dialect may take it.
                Written::Json(_) => losses.parameter("response_format"),
            }
        }
        Format::Other(Json::Object(own)) if from == Dialect::Gemini => out.fill(own),
        Format::Other(_) => losses.parameter("response_format"),
    }
}
