//! Requests, as Anthropic wants them.

use std::cell::Cell;

use crate::json::{Json, MAX_NODES, Object};
use crate::neutral::{Dialect, Error, Format, Losses, Message, Request, Role, Tool, ToolChoice, ToolKind};
use crate::rest::{put_inner, report};
use crate::{Target, Written};

use super::blocks_write::{Blocks, HINTS, shorten, write_cache};
use super::thinking;

/// Anthropic wants a limit. This is LiteLLM's, where the model's own is not known.
const MAX_TOKENS: u64 = 4096;

pub fn write(request: &Request<'_>, target: Target<'_>) -> Result<Written, Error> {
    let mut lost = Losses::new(Dialect::Messages);
    let own = request.from == Dialect::Messages;
    let mut o = prompt(request, target, &mut lost)?;
    let (thinking, effort) = thinking::write(&mut o, request, target, &mut lost);
    write_choice(&mut o, request, thinking.on && !own, &mut lost);
    output_config(&mut o, request, effort, &mut lost);
    let max_tokens = request.max_tokens.or(target.max_output).unwrap_or(MAX_TOKENS);
    // The budget is a part of it, in words of other dialects too; but nothing would be left for the answer.
    let max_tokens =
        if !own && max_tokens <= thinking.budget { thinking.budget.saturating_add(max_tokens) } else { max_tokens };
    o.put("max_tokens", max_tokens);
    sampling(&mut o, request, thinking.on && !own, &mut lost);
    if let Some(tier) = request.service_tier.as_deref() {
        match tier {
            "auto" | "standard_only" => o.put("service_tier", tier),
            "default" => o.put("service_tier", "standard_only"),
            tier if own => o.put("service_tier", tier),
            _ => lost.hint("service_tier"),
        }
    }
    let mut metadata = Object::new();
    metadata.put_some("user_id", request.user.as_deref());
    if own {
        metadata.fill(&request.metadata);
    } else if !request.metadata.is_empty() {
        lost.hint("metadata");
    }
    if !metadata.is_empty() {
        o.put("metadata", metadata);
    }
    if request.stream {
        o.put("stream", true);
    }
    if own {
        o.fill(&request.rest);
    } else {
        if request.store == Some(true) {
            lost.hint("store");
        }
        report(&request.rest, "", HINTS, &mut lost);
    }
    Ok(Written { path: "/v1/messages".to_owned(), body: o.to_vec(), lost })
}

/// Model, system, messages, tools: what counts as the prompt.
pub fn prompt<'r>(request: &'r Request<'_>, target: Target<'_>, lost: &mut Losses) -> Result<Object<'r>, Error> {
    let own = request.from == Dialect::Messages;
    let mut o = Object::with_capacity(14).with("model", target.model.to_owned());
    let mut system = Vec::new();
    let mut messages: Vec<(&'static str, Vec<Json<'r>>, Object<'r>)> = Vec::new();
    let mut blocks = Blocks { own, answer: false, lost, left: Cell::new(MAX_NODES) };
    for (i, message) in request.messages.iter().enumerate() {
        let at = format!("messages[{i}]");
        let mut found = Vec::with_capacity(message.parts.len());
        for (j, part) in message.parts.iter().enumerate() {
            found.extend(blocks.write(part, &format!("{at}.content[{j}]"))?);
        }
        let role = match message.role {
            // Within a conversation, only Anthropic's own callers know where it may stand.
            Role::System if own && i > 0 => "system",
            Role::System | Role::Developer => {
                system.extend(found);
                left(message, &at, own, blocks.lost);
                continue;
            }
            Role::User | Role::Tool => "user",
            Role::Assistant => "assistant",
        };
        let rest = left(message, &at, own, blocks.lost);
        match messages.last_mut() {
            // Results must stand together, and before what the user says.
            Some((last, before, _)) if !own && *last == role => before.append(&mut found),
            _ if found.is_empty() && !own => {}
            _ => messages.push((role, found, rest)),
        }
    }
    o.put_some("system", shorten(system));
    let messages: Vec<Json<'r>> = messages
        .into_iter()
        .map(|(role, found, rest)| {
            let content = shorten(found).unwrap_or_else(|| Json::Array(Vec::new()));
            let mut m = Object::with_capacity(2).with("role", role).with("content", content);
            m.fill(&rest);
            Json::Object(m)
        })
        .collect();
    o.put("messages", messages);
    write_tools(&mut o, request, own, blocks.lost);
    Ok(o)
}

/// What of a message has no place among its blocks.
fn left<'r>(message: &'r Message<'_>, at: &str, own: bool, lost: &mut Losses) -> Object<'r> {
    if message.name.is_some() {
        lost.hint(format!("{at}.name"));
    }
    if own {
        return message.rest.clone();
    }
    report(&message.rest, at, HINTS, lost);
    Object::new()
}

fn write_tools<'r>(o: &mut Object<'r>, request: &'r Request<'_>, own: bool, lost: &mut Losses) {
    let mut tools = Vec::with_capacity(request.tools.len());
    for (i, tool) in request.tools.iter().enumerate() {
        let Tool { kind, cache, rest } = tool;
        match kind {
            ToolKind::Function { name, .. } if !offered(request, name) => {}
            ToolKind::Function { name, description, parameters, strict } => {
                let mut t = Object::with_capacity(5).with("name", &**name);
                t.put_some("description", description.as_deref());
                let schema = parameters.clone().unwrap_or_else(|| {
                    Json::Object(Object::new().with("type", "object").with("properties", Object::new()))
                });
                t.put("input_schema", schema);
                t.put_some("strict", *strict);
                t.put_some("cache_control", cache.as_ref().map(write_cache));
                if own {
                    t.fill(rest);
                } else {
                    report(rest, &format!("tools[{i}]"), HINTS, lost);
                }
                tools.push(Json::Object(t));
            }
            ToolKind::Native(value) if own || is_anthropic(value) => tools.push(value.clone()),
            ToolKind::Native(_) => lost.parameter(format!("tools[{i}]")),
        }
    }
    if !tools.is_empty() {
        o.put("tools", tools);
    }
}

/// Whether `tool_choice` leaves this function to the model.
fn offered(request: &Request<'_>, name: &str) -> bool {
    match &request.tool_choice {
        Some(ToolChoice::Allowed { names, .. }) => names.iter().any(|allowed| allowed == name),
        _ => true,
    }
}

/// Tools of Anthropic's own have a date in their type: `web_search_20250305`. They pass from whatever dialect.
fn is_anthropic(tool: &Json<'_>) -> bool {
    let date = tool.get("type").and_then(Json::as_str).and_then(|word| word.rsplit_once('_')).map(|(_, date)| date);
    date.is_some_and(|date| date.len() == 8 && date.starts_with("20") && date.bytes().all(|b| b.is_ascii_digit()))
}

fn write_choice<'r>(o: &mut Object<'r>, request: &'r Request<'_>, thinks: bool, lost: &mut Losses) {
    let own = request.from == Dialect::Messages;
    if o.get("tools").is_none() && !own {
        return;
    }
    let mut choice = match &request.tool_choice {
        None if request.parallel_tool_calls == Some(false) => Object::new().with("type", "auto"),
        None => return,
        Some(ToolChoice::Auto | ToolChoice::Allowed { required: false, .. }) => Object::new().with("type", "auto"),
        Some(ToolChoice::None) => Object::new().with("type", "none"),
        Some(ToolChoice::Required | ToolChoice::Allowed { required: true, .. } | ToolChoice::Function(_)) if thinks => {
            // Whoever thinks can't be forced.
            lost.parameter("tool_choice");
            Object::new().with("type", "auto")
        }
        Some(ToolChoice::Required | ToolChoice::Allowed { .. }) => Object::new().with("type", "any"),
        Some(ToolChoice::Function(name)) => Object::new().with("type", "tool").with("name", &**name),
        Some(ToolChoice::Other(Json::Object(value))) if own => value.clone(),
        Some(ToolChoice::Other(_)) => return lost.parameter("tool_choice"),
    };
    if request.tool_choice != Some(ToolChoice::None) {
        match request.parallel_tool_calls {
            Some(parallel) if own || !parallel => choice.put("disable_parallel_tool_use", !parallel),
            _ => {}
        }
    }
    o.put("tool_choice", choice);
}

fn output_config<'r>(o: &mut Object<'r>, request: &'r Request<'_>, effort: Option<&'static str>, lost: &mut Losses) {
    let own = request.from == Dialect::Messages;
    let mut config = Object::new();
    config.put_some("effort", effort);
    match &request.format {
        None | Some(Format::Text) => {}
        Some(Format::JsonSchema { schema, .. }) => {
            config.put("format", Object::new().with("type", "json_schema").with("schema", schema.clone()));
        }
        Some(Format::Other(value)) if own => config.put("format", value.clone()),
        Some(Format::JsonObject | Format::Other(_)) => lost.parameter("response_format"),
    }
    if !config.is_empty() || own && request.rest.get("output_config").is_some() {
        put_inner(o, "output_config", config, own.then_some(&request.rest));
    }
}

fn sampling<'r>(o: &mut Object<'r>, request: &'r Request<'_>, thinks: bool, lost: &mut Losses) {
    let own = request.from == Dialect::Messages;
    let s = &request.sampling;
    match s.temperature {
        // Whoever thinks does it at 1.
        Some(temperature) if thinks && temperature < 1.0 => lost.parameter("temperature"),
        Some(temperature) if temperature > 1.0 && !own => {
            lost.hint("temperature");
            o.put("temperature", 1.0);
        }
        temperature => o.put_some("temperature", temperature),
    }
    match s.top_p {
        Some(top_p) if thinks && top_p < 0.95 => lost.parameter("top_p"),
        top_p => o.put_some("top_p", top_p),
    }
    match s.top_k {
        Some(_) if thinks => lost.parameter("top_k"),
        top_k => o.put_some("top_k", top_k),
    }
    let mut stops = Vec::with_capacity(request.stop.len());
    for stop in &request.stop {
        if own || !stop.trim().is_empty() {
            stops.push(Json::from(&**stop));
        } else {
            // Anthropic refuses white space.
            lost.parameter("stop");
        }
    }
    if !stops.is_empty() {
        o.put("stop_sequences", stops);
    }
    let differs = |value: Option<f64>| value.is_some_and(|value| value != 0.0);
    for (is_set, field) in [
        (s.min_p.is_some(), "min_p"),
        (differs(s.frequency_penalty), "frequency_penalty"),
        (differs(s.presence_penalty), "presence_penalty"),
        (s.seed.is_some(), "seed"),
        (s.logit_bias.as_ref().is_some_and(|bias| !bias.is_empty()), "logit_bias"),
        (request.n.is_some_and(|n| n > 1), "n"),
        (request.logprobs.is_some(), "logprobs"),
        (request.modalities.iter().any(|kind| kind != "text"), "modalities"),
        (request.audio.is_some(), "audio"),
    ] {
        if is_set {
            lost.parameter(field);
        }
    }
    if request.verbosity.is_some() {
        lost.hint("verbosity");
    }
}
