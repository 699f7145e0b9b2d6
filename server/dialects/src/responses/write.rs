//! Requests, as OpenAI wants them.

use crate::json::{Json, Object};
use crate::neutral::{
    Content, Dialect, Effort, Format, Losses, Message, Part, ReasoningMode, Request, Role, ToolChoice, ToolKind,
};
use crate::rest::{put_inner, report};
use crate::{Target, Written};

use super::items_write::{input_part, left, output_items};

/// Fields of other dialects without which the answer is the same.
pub const HINTS: &[&str] =
    &["cache_control", "caller", "citations", "context", "context_management", "prediction", "stream_options"];

pub fn write(request: &Request<'_>, target: Target<'_>) -> Written {
    let mut lost = Losses::new(Dialect::Responses);
    let own = request.from == Dialect::Responses;
    let mut o = Object::with_capacity(16).with("model", target.model.to_owned());
    let mut messages = request.messages.as_slice();
    if let [Message { role: Role::System, parts, name: None, rest }, others @ ..] = messages
        && let [Part { content: Content::Text(text), cache: None, rest: part_rest, .. }] = parts.as_slice()
        && rest.is_empty()
        && part_rest.is_empty()
    {
        o.put("instructions", &**text);
        messages = others;
    }
    let skipped = request.messages.len() - messages.len();
    let mut input = Vec::with_capacity(messages.len());
    for (i, message) in messages.iter().enumerate() {
        write_message(message, own, &format!("messages[{}]", i + skipped), &mut input, &mut lost);
    }
    match input.as_slice() {
        [Json::Object(only)] if only.len() == 2 && only.get("role").and_then(Json::as_str) == Some("user") => {
            match only.get("content") {
                Some(text @ Json::Text(_)) => o.put("input", text.clone()),
                _ => o.put("input", input),
            }
        }
        _ => o.put("input", input),
    }
    write_tools(&mut o, request, own, &mut lost);
    o.put_some("max_output_tokens", request.max_tokens);
    o.put_some("temperature", request.sampling.temperature);
    o.put_some("top_p", request.sampling.top_p);
    if let Some(logprobs) = request.logprobs {
        o.put("top_logprobs", logprobs.top.unwrap_or(0));
        if !own {
            o.put("include", vec![Json::from("message.output_text.logprobs")]);
        }
    }
    sampling(request, &mut lost);
    write_text(&mut o, request, own, &mut lost);
    write_reasoning(&mut o, request, own, target, &mut lost);
    match request.service_tier.as_deref() {
        Some("standard_only") if !own => o.put("service_tier", "default"),
        tier => o.put_some("service_tier", tier),
    }
    o.put_some("user", request.user.as_deref());
    if !request.metadata.is_empty() {
        if own || request.from == Dialect::Chat {
            o.put("metadata", request.metadata.clone());
        } else {
            lost.hint("metadata");
        }
    }
    if request.stream {
        o.put("stream", true);
    }
    match request.store {
        // What isn't asked to be kept isn't: here, absent means kept.
        None if !own => o.put("store", false),
        store => o.put_some("store", store),
    }
    if own {
        o.fill(&request.rest);
    } else {
        report(&request.rest, "", HINTS, &mut lost);
    }
    Written { path: "/responses".to_owned(), body: o.to_vec(), lost }
}

fn write_message<'r>(message: &'r Message<'_>, own: bool, at: &str, input: &mut Vec<Json<'r>>, lost: &mut Losses) {
    if message.name.is_some() {
        lost.hint(format!("{at}.name"));
    }
    if message.role == Role::Assistant {
        if !own {
            report(&message.rest, at, HINTS, lost);
        }
        input.extend(output_items(&message.parts, own, None, lost));
        return;
    }
    let mut parts = Vec::new();
    for (j, part) in message.parts.iter().enumerate() {
        let at = format!("{at}.content[{j}]");
        match &part.content {
            Content::ToolResult { id, parts: inner, is_error, .. } => {
                if *is_error {
                    lost.hint(format!("{at}.is_error"));
                }
                let mut item = Object::with_capacity(3).with("type", "function_call_output").with("call_id", &**id);
                item.put("output", content(inner, own, &at, lost));
                left(&mut item, part, own, &at, lost);
                input.push(Json::Object(item));
            }
            // Outputs of OpenAI's own tools are items themselves.
            Content::Other(value) if own && message.parts.len() == 1 && message.rest.is_empty() && is_item(value) => {
                input.push(value.clone());
            }
            _ => parts.push(part),
        }
    }
    if parts.is_empty() && !message.parts.is_empty() {
        return;
    }
    let role = match message.role {
        Role::System => "system",
        Role::Developer => "developer",
        Role::User | Role::Assistant | Role::Tool => "user",
    };
    let mut item = Object::with_capacity(3);
    if message.rest.get("id").is_some() || message.rest.get("status").is_some() {
        item.put("type", "message");
    }
    item.put("role", role);
    let plain = match parts.as_slice() {
        [Part { content: Content::Text(text), cache, rest, .. }] if rest.is_empty() || !own => {
            if cache.is_some() {
                lost.hint("cache_control");
            }
            report(rest, at, HINTS, lost);
            Some(Json::from(&**text))
        }
        _ => None,
    };
    let content = plain.unwrap_or_else(|| {
        let parts = parts.into_iter().enumerate();
        Json::Array(parts.filter_map(|(j, part)| input_part(part, own, &format!("{at}.content[{j}]"), lost)).collect())
    });
    item.put("content", content);
    if own {
        item.fill(&message.rest);
    } else {
        report(&message.rest, at, HINTS, lost);
    }
    input.push(Json::Object(item));
}

/// Parts of messages are of few kinds; everything else is an item of its own.
fn is_item(value: &Json<'_>) -> bool {
    value.get("type").and_then(Json::as_str).is_some_and(|kind| kind.ends_with("_output"))
}

fn content<'r>(parts: &'r [Part<'_>], own: bool, at: &str, lost: &mut Losses) -> Json<'r> {
    match parts {
        [] => Json::from(""),
        [Part { content: Content::Text(text), rest, .. }] if rest.is_empty() => Json::from(&**text),
        parts => {
            let parts = parts.iter().enumerate();
            Json::Array(
                parts.filter_map(|(j, part)| input_part(part, own, &format!("{at}.content[{j}]"), lost)).collect(),
            )
        }
    }
}

fn write_tools<'r>(o: &mut Object<'r>, request: &'r Request<'_>, own: bool, lost: &mut Losses) {
    let mut tools = Vec::with_capacity(request.tools.len());
    for (i, tool) in request.tools.iter().enumerate() {
        match &tool.kind {
            ToolKind::Function { name, description, parameters, strict } => {
                let mut t = Object::with_capacity(5).with("type", "function").with("name", &**name);
                t.put_some("description", description.as_deref());
                t.put_some("parameters", parameters.clone());
                // Here, absent means strict.
                t.put_some("strict", if own { *strict } else { Some(strict.unwrap_or(false)) });
                if tool.cache.is_some() {
                    lost.hint("cache_control");
                }
                if own {
                    t.fill(&tool.rest);
                } else {
                    report(&tool.rest, &format!("tools[{i}]"), HINTS, lost);
                }
                tools.push(Json::Object(t));
            }
            ToolKind::Native(value) if own => tools.push(value.clone()),
            ToolKind::Native(_) => lost.parameter(format!("tools[{i}]")),
        }
    }
    let has_tools = !tools.is_empty();
    if has_tools {
        o.put("tools", tools);
    }
    if !has_tools && !own {
        return;
    }
    let named = |name: &'r str| Object::new().with("type", "function").with("name", name);
    match &request.tool_choice {
        None => {}
        Some(ToolChoice::Auto) => o.put("tool_choice", "auto"),
        Some(ToolChoice::None) => o.put("tool_choice", "none"),
        Some(ToolChoice::Required) => o.put("tool_choice", "required"),
        Some(ToolChoice::Function(name)) => o.put("tool_choice", named(name)),
        Some(ToolChoice::Allowed { names, required }) => {
            let tools: Vec<Json<'r>> = names.iter().map(|name| Json::Object(named(name))).collect();
            let mode = if *required { "required" } else { "auto" };
            o.put("tool_choice", Object::new().with("type", "allowed_tools").with("mode", mode).with("tools", tools));
        }
        Some(ToolChoice::Other(value)) if own => o.put("tool_choice", value.clone()),
        Some(ToolChoice::Other(_)) => lost.parameter("tool_choice"),
    }
    o.put_some("parallel_tool_calls", request.parallel_tool_calls);
}

/// What other dialects can ask for and this one can't.
fn sampling(request: &Request<'_>, lost: &mut Losses) {
    let s = &request.sampling;
    let differs = |value: Option<f64>| value.is_some_and(|value| value != 0.0);
    for (is_set, field) in [
        (s.top_k.is_some(), "top_k"),
        (s.min_p.is_some(), "min_p"),
        (differs(s.frequency_penalty), "frequency_penalty"),
        (differs(s.presence_penalty), "presence_penalty"),
        (s.seed.is_some(), "seed"),
        (s.logit_bias.as_ref().is_some_and(|bias| !bias.is_empty()), "logit_bias"),
        (!request.stop.is_empty(), "stop"),
        (request.n.is_some_and(|n| n > 1), "n"),
        (request.modalities.iter().any(|kind| kind != "text"), "modalities"),
        (request.audio.is_some(), "audio"),
    ] {
        if is_set {
            lost.parameter(field);
        }
    }
}

fn write_text<'r>(o: &mut Object<'r>, request: &'r Request<'_>, own: bool, lost: &mut Losses) {
    let mut text = Object::new();
    text.put_some("verbosity", request.verbosity.as_deref());
    match &request.format {
        None => {}
        Some(Format::Text) => text.put("format", Object::new().with("type", "text")),
        Some(Format::JsonObject) => text.put("format", Object::new().with("type", "json_object")),
        Some(Format::JsonSchema { name, description, schema, strict }) => {
            let mut format = Object::with_capacity(5).with("type", "json_schema");
            format.put("name", name.as_deref().unwrap_or("answer"));
            format.put_some("description", description.as_deref());
            format.put("schema", schema.clone());
            format.put_some("strict", *strict);
            text.put("format", format);
        }
        Some(Format::Other(value)) if own => text.put("format", value.clone()),
        Some(Format::Other(_)) => lost.parameter("response_format"),
    }
    if !text.is_empty() {
        put_inner(o, "text", text, own.then_some(&request.rest));
    }
}

fn write_reasoning<'r>(o: &mut Object<'r>, request: &'r Request<'_>, own: bool, target: Target<'_>, lost: &mut Losses) {
    let Some(reasoning) = &request.reasoning else { return };
    let mut out = Object::new();
    if own {
        out.put_some("effort", reasoning.effort.map(Effort::as_str));
        out.put_some("summary", reasoning.summary.as_deref());
    } else if target.reasons == Some(false) {
        lost.hint("reasoning");
    } else if reasoning.mode != Some(ReasoningMode::Off) {
        let effort = reasoning.effort.or_else(|| reasoning.budget.map(Effort::of_budget));
        let effort = if effort == Some(Effort::Max) { Some(Effort::XHigh) } else { effort };
        out.put_some("effort", effort.map(Effort::as_str));
        // Whoever speaks of thoughts wants to see them.
        if reasoning.mode.is_some() && reasoning.summary.as_deref() != Some("omitted") {
            out.put("summary", "auto");
        }
    }
    if !out.is_empty() {
        put_inner(o, "reasoning", out, own.then_some(&request.rest));
    }
}
