//! Requests: `GenerateContentRequest`.

use super::parts::{self, Calls};
use super::wire::camel;
use super::{Door, generation, tools};
use crate::Target;
use crate::json::{Bad, Json, Object};
use crate::neutral::{Content, Dialect, Error, ErrorKind, Losses, Message, Request, Role};
use crate::rest::report;

/// Fields of other dialects without which the answer is the same.
pub(super) const HINTS: &[&str] = &[
    "annotations",
    "citations",
    "extra_content",
    "include",
    "index",
    "prompt_cache_key",
    "prompt_cache_retention",
    "provider_specific_fields",
    "safety_identifier",
    "status",
];

/// Reads a call for `model`, which the path names; `stream`: it asks for a stream.
pub fn read<'a>(body: &'a [u8], model: &'a str, stream: bool) -> Result<Request<'a>, Error> {
    let json = Json::parse(body).map_err(|e| Error::new(ErrorKind::BadRequest, e.to_string()))?;
    Ok(read_object(json.into_object()?, model, stream)?)
}

pub(super) fn read_object<'a>(object: Object<'a>, model: &'a str, stream: bool) -> Result<Request<'a>, Bad> {
    let mut object = camel(object);
    object.take("model");
    let mut request = Request::new(Dialect::Gemini, model);
    request.stream = stream;
    request.stream_usage = true;
    let mut calls = Calls::default();
    if let Some(system) = object.take("systemInstruction") {
        let message = read_system(system, &mut calls).map_err(|e| e.under("systemInstruction"))?;
        request.messages.push(message);
    }
    for (at, content) in object.take_array("contents")?.unwrap_or_default().into_iter().enumerate() {
        request.messages.push(read_content(content, &mut calls).map_err(|e| e.at("contents", at))?);
    }
    request.tools = tools::read(object.take_array("tools")?.unwrap_or_default())?;
    if let Some(config) = object.take_object("toolConfig")? {
        let mut config = camel(config);
        request.tool_choice = tools::read_choice(&mut config).map_err(|e| e.under("toolConfig"))?;
        if !config.is_empty() {
            object.put("toolConfig", config);
        }
    }
    if let Some(config) = object.take_object("generationConfig")? {
        generation::read(config, &mut request).map_err(|e| e.under("generationConfig"))?;
    }
    request.metadata = object.take_object("labels")?.unwrap_or_default();
    request.store = object.take_bool("store")?;
    request.service_tier = object.take_text("serviceTier")?.map(|tier| match tier.to_ascii_lowercase().as_str() {
        "standard" => "default".into(),
        "flex" => "flex".into(),
        "priority" => "priority".into(),
        _ => "auto".into(),
    });
    for (key, value) in object {
        request.rest.put(key, value);
    }
    Ok(request)
}

/// A `Content`, or just a text, as some callers write it.
fn read_system<'a>(system: Json<'a>, calls: &mut Calls) -> Result<Message<'a>, Bad> {
    if let Json::Text(text) = system {
        return Ok(Message::text(Role::System, text));
    }
    let mut message = read_content(system, calls)?;
    message.role = Role::System;
    Ok(message)
}

fn read_content<'a>(content: Json<'a>, calls: &mut Calls) -> Result<Message<'a>, Bad> {
    let mut object = camel(content.into_object()?);
    let role = match object.take_text("role")?.as_deref() {
        Some("user") | None => Role::User,
        Some("model") => Role::Assistant,
        Some("function" | "tool") => Role::Tool,
        Some("system") => Role::System,
        Some(_) => return Err(Bad::new("role", "must be `user` or `model`")),
    };
    let mut read = Vec::new();
    for (at, part) in object.take_array("parts")?.unwrap_or_default().into_iter().enumerate() {
        read.push(parts::read(part, calls).map_err(|e| e.at("parts", at))?);
    }
    Ok(Message { role, parts: read, name: None, rest: object })
}

/// Writes a call as the body for `door`; the path says the model and whether it streams.
pub fn write<'a>(request: &Request<'a>, target: Target<'_>, door: Door) -> (Object<'a>, Losses) {
    let mut losses = Losses::new(Dialect::Gemini);
    let mut out = write_prompt(request, target.model, &mut losses);
    let config = generation::write(request, target, &mut losses);
    if !config.is_empty() {
        out.put("generationConfig", config);
    }
    write_account(request, door, &mut out, &mut losses);
    if request.from == Dialect::Gemini {
        out.fill(&request.rest);
    } else {
        report(&request.rest, "", HINTS, &mut losses);
    }
    (out, losses)
}

/// Contents, system instruction and tools: all that counts as prompt.
pub(super) fn write_prompt<'a>(request: &Request<'a>, model: &str, losses: &mut Losses) -> Object<'a> {
    let own = request.from == Dialect::Gemini;
    let mut contents: Vec<Json<'a>> = Vec::new();
    let mut system: Vec<Json<'a>> = Vec::new();
    let mut pending: Option<(&'static str, bool, Vec<Json<'a>>, Object<'a>)> = None;
    let close = |pending: Option<(&'static str, bool, Vec<Json<'a>>, Object<'a>)>, contents: &mut Vec<Json<'a>>| {
        let Some((role, _, parts, rest)) = pending else { return };
        if !parts.is_empty() {
            let mut content = Object::new().with("role", role).with("parts", parts);
            content.fill(&rest);
            contents.push(content.into());
        }
    };
    let mut writer = parts::Writer::new(request, model, losses);
    for (at, message) in request.messages.iter().enumerate() {
        let path = format!("messages[{at}]");
        if message.name.is_some() {
            writer.losses.hint(format!("{path}.name"));
        }
        if !own {
            report(&message.rest, &path, HINTS, writer.losses);
        }
        let written = writer.message(&message.parts, &path);
        let role = match message.role {
            Role::System | Role::Developer => {
                system.extend(written);
                continue;
            }
            Role::User | Role::Tool => "user",
            Role::Assistant => "model",
        };
        // The results of parallel calls must come together, in one content.
        let results = message.role == Role::Tool
            || !message.parts.is_empty()
                && message.parts.iter().all(|part| matches!(part.content, Content::ToolResult { .. }));
        let rest = if own { message.rest.clone() } else { Object::new() };
        pending = match pending.take() {
            Some((_, true, mut parts, rest)) if results => {
                parts.extend(written);
                Some((role, true, parts, rest))
            }
            other => {
                close(other, &mut contents);
                Some((role, results, written, rest))
            }
        };
    }
    close(pending, &mut contents);
    let mut out = Object::new();
    if contents.is_empty() && !system.is_empty() {
        // Google refuses a prompt that is all instruction.
        contents.push(Object::new().with("role", "user").with("parts", std::mem::take(&mut system)).into());
    }
    out.put("contents", contents);
    if !system.is_empty() {
        out.put("systemInstruction", Object::new().with("parts", system));
    }
    out.put_some("tools", tools::write(request, losses));
    let mut config = Object::new();
    config.put_some("functionCallingConfig", tools::write_choice(request, losses));
    if own && let Some(Json::Object(more)) = request.rest.get("toolConfig") {
        config.fill(more);
    }
    if !config.is_empty() {
        out.put("toolConfig", config);
    }
    out
}

/// What is about the account and not about the answer.
fn write_account<'a>(request: &Request<'a>, door: Door, out: &mut Object<'a>, losses: &mut Losses) {
    if request.user.is_some() {
        losses.hint("user");
    }
    match door {
        Door::Vertex => {
            if !request.metadata.is_empty() {
                out.put("labels", request.metadata.clone());
            }
            if request.store == Some(true) {
                losses.hint("store");
            }
            // Vertex AI takes it in a header.
            if request.service_tier.as_deref().is_some_and(|tier| tier != "auto" && tier != "default") {
                losses.hint("service_tier");
            }
        }
        Door::GeminiApi => {
            if !request.metadata.is_empty() {
                losses.hint("metadata");
            }
            out.put_some("store", request.store);
            match request.service_tier.as_deref() {
                Some("default") => out.put("serviceTier", "standard"),
                Some(tier @ ("flex" | "priority")) => out.put("serviceTier", tier.to_owned()),
                Some("auto") | None => {}
                Some(_) => losses.hint("service_tier"),
            }
        }
    }
}
