//! Requests, written.

use super::blocks_write::{Blocks, HINTS};
use super::extras::{self, Family};
use crate::Target;
use crate::json::{Json, Object};
use crate::neutral::{Content, Dialect, Format, Losses, Request, Role, ToolChoice, ToolKind};
use crate::rest::report;

pub(super) fn write<'r>(request: &'r Request<'_>, target: Target<'_>) -> (Object<'r>, Losses) {
    let mut lost = Losses::new(Dialect::Converse);
    let own = request.from == Dialect::Converse;
    let mut out = Object::new();
    let family = Family::of(target.model);
    prompt(request, family.caches() || own, &mut out, &mut lost);
    let (fields, decided) = extras::write(request, target, &mut lost);
    let mut config = Object::new();
    let max_tokens = match request.max_tokens {
        // The budget is a part of it, but nothing would be left for the answer.
        Some(most) if most <= decided.budget => Some(decided.budget.saturating_add(most)),
        None if decided.budget > 0 => Some(decided.budget.saturating_add(target.max_output.unwrap_or(4096))),
        most => most,
    };
    config.put_some("maxTokens", max_tokens);
    match request.sampling.temperature {
        Some(temperature) if decided.thinks && temperature < 1.0 => lost.parameter("temperature"),
        Some(temperature) if temperature > 1.0 && !own => {
            lost.hint("temperature");
            config.put("temperature", 1.0);
        }
        temperature => config.put_some("temperature", temperature),
    }
    match request.sampling.top_p {
        Some(top_p) if decided.thinks && top_p < 0.95 => lost.parameter("top_p"),
        top_p => config.put_some("topP", top_p),
    }
    if !request.stop.is_empty() {
        config.put("stopSequences", request.stop.iter().map(|stop| Json::from(&**stop)).collect::<Vec<_>>());
    }
    if own && let Some(Json::Object(left)) = request.rest.get("inferenceConfig") {
        config.fill(left);
    }
    if !config.is_empty() {
        out.put("inferenceConfig", config);
    }
    tools(request, family.caches() || own, decided.thinks, &mut out, &mut lost);
    if !fields.is_empty() {
        out.put("additionalModelRequestFields", fields);
    }
    rest(request, own, &mut out, &mut lost);
    (out, lost)
}

/// System and messages. Roles take turns: what follows one's own goes into the same message.
fn prompt<'r>(request: &'r Request<'_>, caches: bool, out: &mut Object<'r>, lost: &mut Losses) {
    let own = request.from == Dialect::Converse;
    let mut system: Vec<Json<'r>> = Vec::new();
    let mut messages: Vec<(&'static str, Vec<Json<'r>>, Object<'r>)> = Vec::new();
    let mut blocks = Blocks { from: request.from, caches, documents: 0, lost };
    for (i, message) in request.messages.iter().enumerate() {
        let at = format!("messages[{i}]");
        let mut found = Vec::with_capacity(message.parts.len());
        for (j, part) in message.parts.iter().enumerate() {
            let at = format!("{at}.content[{j}]");
            let is_system = matches!(message.role, Role::System | Role::Developer);
            if is_system && !own && !matches!(part.content, Content::Text(_)) {
                blocks.lost.content(at);
                continue;
            }
            blocks.write(part, &at, &mut found);
        }
        if message.name.is_some() {
            blocks.lost.hint(format!("{at}.name"));
        }
        if !own {
            report(&message.rest, &at, HINTS, blocks.lost);
        }
        let role = match message.role {
            Role::System | Role::Developer => {
                system.append(&mut found);
                continue;
            }
            Role::User | Role::Tool => "user",
            Role::Assistant => "assistant",
        };
        match messages.last_mut() {
            Some((last, before, _)) if *last == role && !own => before.append(&mut found),
            _ if found.is_empty() && !own => {}
            _ => messages.push((role, found, if own { message.rest.clone() } else { Object::new() })),
        }
    }
    if messages.is_empty() && !system.is_empty() && !own {
        messages.push(("user", std::mem::take(&mut system), Object::new()));
    }
    let messages = messages.into_iter().map(|(role, content, rest)| -> Json<'r> {
        let mut message = Object::new().with("role", role).with("content", content);
        message.fill(&rest);
        message.into()
    });
    out.put("messages", messages.collect::<Vec<_>>());
    if !system.is_empty() {
        out.put("system", system);
    }
}

fn tools<'r>(request: &'r Request<'_>, caches: bool, thinks: bool, out: &mut Object<'r>, lost: &mut Losses) {
    let own = request.from == Dialect::Converse;
    let offered = |name: &str| match &request.tool_choice {
        Some(ToolChoice::Allowed { names, .. }) => names.iter().any(|allowed| allowed == name),
        _ => true,
    };
    let mut written: Vec<Json<'r>> = Vec::new();
    for (i, tool) in request.tools.iter().enumerate() {
        let at = format!("tools[{i}]");
        match &tool.kind {
            ToolKind::Function { name, .. } if !offered(name) => continue,
            ToolKind::Function { name, description, parameters, strict } => {
                let mut spec = Object::new().with("name", &**name);
                spec.put_some("description", description.as_deref().filter(|text| !text.is_empty()));
                let schema = parameters.clone().unwrap_or_else(nothing);
                spec.put("inputSchema", Object::new().with("json", schema));
                // Models that don't know it refuse it, and false says nothing.
                spec.put_some("strict", strict.filter(|strict| *strict));
                written.push(Object::new().with("toolSpec", spec).into());
                if !own {
                    report(&tool.rest, &at, HINTS, lost);
                }
            }
            ToolKind::Native(value) if own => written.push(value.clone()),
            ToolKind::Native(_) => lost.parameter(at.clone()),
        }
        if let Some(mark) = &tool.cache {
            let mut blocks = Blocks { from: request.from, caches, documents: 0, lost };
            written.extend(blocks.point(mark, &at));
        }
    }
    let calls = request.messages.iter().flat_map(|message| &message.parts).filter_map(|part| match &part.content {
        Content::ToolCall { name, .. } => Some(&**name),
        _ => None,
    });
    let none = request.tool_choice == Some(ToolChoice::None);
    let called: std::collections::BTreeSet<&str> = calls.collect();
    if none {
        // There is no word for it; without tools it means the same, but old calls can't stand without them.
        if called.is_empty() {
            return;
        }
        lost.parameter("tool_choice");
    }
    if written.is_empty() && !own {
        // Calls in the conversation need declarations.
        for name in called {
            let spec = Object::new().with("name", name).with("inputSchema", Object::new().with("json", nothing()));
            written.push(Object::new().with("toolSpec", spec).into());
        }
    }
    if written.is_empty() {
        return;
    }
    if request.parallel_tool_calls == Some(false) {
        lost.parameter("parallel_tool_calls");
    }
    let mut config = Object::new().with("tools", written);
    let choice = |word: &'static str| Some(Object::new().with(word, Object::new()));
    let choice = match &request.tool_choice {
        None | Some(ToolChoice::None) => None,
        Some(ToolChoice::Auto | ToolChoice::Allowed { required: false, .. }) => choice("auto"),
        // Whoever thinks can't be forced.
        Some(_) if thinks => {
            lost.parameter("tool_choice");
            None
        }
        Some(ToolChoice::Required | ToolChoice::Allowed { .. }) => choice("any"),
        Some(ToolChoice::Function(name)) => Some(Object::new().with("tool", Object::new().with("name", &**name))),
        Some(ToolChoice::Other(Json::Object(value))) if own => Some(value.clone()),
        Some(ToolChoice::Other(_)) => {
            lost.parameter("tool_choice");
            None
        }
    };
    config.put_some("toolChoice", choice);
    out.put("toolConfig", config);
}

fn nothing<'r>() -> Json<'r> {
    Object::new().with("type", "object").with("properties", Object::new()).into()
}

fn rest<'r>(request: &'r Request<'_>, own: bool, out: &mut Object<'r>, lost: &mut Losses) {
    match &request.format {
        None | Some(Format::Text) => {}
        Some(Format::JsonSchema { name, description, schema, .. }) => {
            let mut inner = Object::new().with("schema", schema.to_string());
            inner.put_some("name", name.as_deref());
            inner.put_some("description", description.as_deref());
            let structure = Object::new().with("jsonSchema", inner);
            let format = Object::new().with("type", "json_schema").with("structure", structure);
            out.put("outputConfig", Object::new().with("textFormat", format));
        }
        Some(Format::Other(value)) if own => out.put("outputConfig", value.clone()),
        Some(Format::JsonObject | Format::Other(_)) => lost.parameter("response_format"),
    }
    let is_text = |value: &Json<'_>| matches!(value, Json::Text(_));
    if request.metadata.iter().all(|(_, value)| is_text(value)) {
        if !request.metadata.is_empty() {
            out.put("requestMetadata", request.metadata.clone());
        }
    } else {
        lost.hint("metadata");
    }
    match request.service_tier.as_deref() {
        Some(tier @ ("default" | "flex" | "priority" | "reserved")) => {
            out.put("serviceTier", Object::new().with("type", tier));
        }
        Some(tier) if own => out.put("serviceTier", Object::new().with("type", tier)),
        Some("auto") | None => {}
        Some(_) => lost.hint("service_tier"),
    }
    if own {
        let left = request.rest.clone().into_iter();
        let left = left.filter(|(key, _)| key != "inferenceConfig" && key != "additionalModelRequestFields");
        out.fill(&left.collect());
        return;
    }
    let sampling = &request.sampling;
    let differs = |value: Option<f64>| value.is_some_and(|value| value != 0.0);
    for (is_set, field) in [
        (sampling.min_p.is_some(), "min_p"),
        (differs(sampling.frequency_penalty), "frequency_penalty"),
        (differs(sampling.presence_penalty), "presence_penalty"),
        (sampling.seed.is_some(), "seed"),
        (sampling.logit_bias.as_ref().is_some_and(|bias| !bias.is_empty()), "logit_bias"),
        (request.n.is_some_and(|n| n > 1), "n"),
        (request.logprobs.is_some(), "logprobs"),
        (request.modalities.iter().any(|kind| kind != "text"), "modalities"),
        (request.audio.is_some(), "audio"),
    ] {
        if is_set {
            lost.parameter(field);
        }
    }
    for (is_set, field) in [
        (request.verbosity.is_some(), "verbosity"),
        (request.user.is_some(), "user"),
        (request.store == Some(true), "store"),
    ] {
        if is_set {
            lost.hint(field);
        }
    }
}
