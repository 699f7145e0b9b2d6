//! Requests, as providers want them.

use crate::json::{Json, Object};
use crate::neutral::{Dialect, Effort, Format, Losses, Reasoning, ReasoningMode, Request, Tool, ToolChoice, ToolKind};
use crate::rest::{put_inner, report, same};
use crate::{Target, Written};

use super::messages_write::Messages;
use super::parts_write::write_cache;

/// Fields of other dialects without which the answer is the same.
pub const HINTS: &[&str] = &[
    "cache_control",
    "context_management",
    "prompt_cache_key",
    "prompt_cache_retention",
    "safety_identifier",
    "include",
    "caller",
    "citations",
    "context",
    "eager_input_streaming",
    "defer_loading",
    "input_examples",
    "allowed_callers",
    "truncation",
    "status",
];

pub fn write(request: &Request<'_>, target: Target<'_>) -> Written {
    let mut lost = Losses::new(Dialect::Chat);
    let own = request.from == Dialect::Chat;
    let mut o = Object::with_capacity(16);
    o.put("model", target.model.to_owned());
    let mut messages = Messages { request, own, out: Vec::with_capacity(request.messages.len()), lost: &mut lost };
    for (i, message) in request.messages.iter().enumerate() {
        messages.add(i, message);
    }
    let messages = messages.out;
    o.put("messages", messages);
    let tools: Vec<Json<'_>> =
        request.tools.iter().enumerate().filter_map(|(i, tool)| write_tool(i, tool, own, &mut lost)).collect();
    let has_tools = !tools.is_empty();
    if has_tools {
        o.put("tools", tools);
    }
    if let Some(choice) = &request.tool_choice
        && (has_tools || own)
    {
        o.put_some("tool_choice", write_choice(choice, own, &mut lost));
    }
    if has_tools || own {
        o.put_some("parallel_tool_calls", request.parallel_tool_calls);
    }
    o.put_some(if target.old_max_tokens { "max_tokens" } else { "max_completion_tokens" }, request.max_tokens);
    write_sampling(&mut o, request, own, &mut lost);
    if let Some(format) = &request.format {
        o.put_some("response_format", write_format(format, own, &mut lost));
    }
    if let Some(reasoning) = &request.reasoning {
        write_reasoning(&mut o, reasoning, request, target, &mut lost);
    }
    o.put_some("verbosity", request.verbosity.as_deref());
    if !request.modalities.is_empty() {
        o.put("modalities", request.modalities.iter().map(|m| Json::from(&**m)).collect::<Vec<_>>());
    }
    o.put_some("audio", request.audio.clone());
    match request.service_tier.as_deref() {
        Some("standard_only") if !own => o.put("service_tier", "default"),
        tier => o.put_some("service_tier", tier),
    }
    o.put_some("user", request.user.as_deref());
    if !request.metadata.is_empty() {
        if own || request.from == Dialect::Responses {
            o.put("metadata", request.metadata.clone());
        } else {
            lost.hint("metadata");
        }
    }
    if request.stream {
        o.put("stream", true);
    }
    if request.stream && request.stream_usage {
        let options = Object::new().with("include_usage", true);
        put_inner(&mut o, "stream_options", options, same(&request.rest, request.from, Dialect::Chat));
    }
    o.put_some("store", request.store);
    if own {
        o.fill(&request.rest);
    } else {
        report(&request.rest, "", HINTS, &mut lost);
    }
    Written { path: "/chat/completions".to_owned(), body: o.to_vec(), lost }
}

fn write_sampling<'r>(o: &mut Object<'r>, request: &'r Request<'_>, own: bool, lost: &mut Losses) {
    let s = &request.sampling;
    o.put_some("temperature", s.temperature);
    o.put_some("top_p", s.top_p);
    // Extensions that many compatible servers know; OpenAI itself refuses them.
    if own {
        o.put_some("top_k", s.top_k);
        o.put_some("min_p", s.min_p);
    } else if s.top_k.is_some() {
        lost.parameter("top_k");
    } else if s.min_p.is_some() {
        lost.parameter("min_p");
    }
    o.put_some("frequency_penalty", s.frequency_penalty);
    o.put_some("presence_penalty", s.presence_penalty);
    o.put_some("seed", s.seed);
    o.put_some("logit_bias", s.logit_bias.clone());
    let most = if own { usize::MAX } else { 4 };
    if request.stop.len() > most {
        lost.parameter("stop");
    }
    if !request.stop.is_empty() {
        o.put("stop", request.stop.iter().take(most).map(|stop| Json::from(&**stop)).collect::<Vec<_>>());
    }
    o.put_some("n", request.n);
    if let Some(logprobs) = request.logprobs {
        o.put("logprobs", true);
        o.put_some("top_logprobs", logprobs.top);
    }
}

fn write_tool<'r>(i: usize, tool: &'r Tool<'_>, own: bool, lost: &mut Losses) -> Option<Json<'r>> {
    match &tool.kind {
        ToolKind::Function { name, description, parameters, strict } => {
            let mut function = Object::with_capacity(4).with("name", &**name);
            function.put_some("description", description.as_deref());
            function.put_some("parameters", parameters.clone());
            function.put_some("strict", *strict);
            let mut out = Object::with_capacity(2).with("type", "function");
            put_inner(&mut out, "function", function, own.then_some(&tool.rest));
            if own {
                out.put_some("cache_control", tool.cache.as_ref().map(write_cache));
                out.fill(&tool.rest);
            } else {
                if tool.cache.is_some() {
                    lost.hint("cache_control");
                }
                report(&tool.rest, &format!("tools[{i}]"), HINTS, lost);
            }
            Some(Json::Object(out))
        }
        ToolKind::Native(value) if own => Some(value.clone()),
        ToolKind::Native(_) => {
            lost.parameter(format!("tools[{i}]"));
            None
        }
    }
}

fn write_choice<'r>(choice: &'r ToolChoice<'_>, own: bool, lost: &mut Losses) -> Option<Json<'r>> {
    let named =
        |name: &'r str| Object::new().with("type", "function").with("function", Object::new().with("name", name));
    Some(match choice {
        ToolChoice::Auto => Json::from("auto"),
        ToolChoice::None => Json::from("none"),
        ToolChoice::Required => Json::from("required"),
        ToolChoice::Function(name) => Json::Object(named(name)),
        ToolChoice::Allowed { names, required } => {
            let tools: Vec<Json<'r>> = names.iter().map(|name| Json::Object(named(name))).collect();
            let mode = if *required { "required" } else { "auto" };
            let allowed = Object::new().with("mode", mode).with("tools", tools);
            Json::Object(Object::new().with("type", "allowed_tools").with("allowed_tools", allowed))
        }
        ToolChoice::Other(value) if own => value.clone(),
        ToolChoice::Other(_) => {
            lost.parameter("tool_choice");
            return None;
        }
    })
}

fn write_format<'r>(format: &'r Format<'_>, own: bool, lost: &mut Losses) -> Option<Json<'r>> {
    Some(match format {
        Format::Text => Json::Object(Object::new().with("type", "text")),
        Format::JsonObject => Json::Object(Object::new().with("type", "json_object")),
        Format::JsonSchema { name, description, schema, strict } => {
            let mut inner = Object::with_capacity(4).with("name", name.as_deref().unwrap_or("answer"));
            inner.put_some("description", description.as_deref());
            inner.put("schema", schema.clone());
            inner.put_some("strict", *strict);
            Json::Object(Object::new().with("type", "json_schema").with("json_schema", inner))
        }
        Format::Other(value) if own => value.clone(),
        Format::Other(_) => {
            lost.parameter("response_format");
            return None;
        }
    })
}

fn write_reasoning<'r>(
    o: &mut Object<'r>,
    reasoning: &'r Reasoning<'_>,
    request: &'r Request<'_>,
    target: Target<'_>,
    lost: &mut Losses,
) {
    if request.from == Dialect::Chat {
        o.put_some("reasoning_effort", reasoning.effort.map(Effort::as_str));
        if let Some(mode) = reasoning.mode {
            let word = match mode {
                ReasoningMode::On => "enabled",
                ReasoningMode::Off => "disabled",
                ReasoningMode::Adaptive => "adaptive",
            };
            let mut thinking = Object::with_capacity(2).with("type", word);
            thinking.put_some("budget_tokens", reasoning.budget);
            thinking.put_some("display", reasoning.summary.as_deref());
            put_inner(o, "thinking", thinking, Some(&request.rest));
        }
        return;
    }
    if reasoning.summary.is_some() {
        lost.hint("reasoning.summary");
    }
    if target.reasons == Some(false) {
        lost.hint("reasoning");
        return;
    }
    let effort = match reasoning.mode {
        // Models that can't switch it off refuse the word.
        Some(ReasoningMode::Off) => None,
        _ => reasoning.effort.or_else(|| reasoning.budget.map(Effort::of_budget)),
    };
    match effort {
        Some(Effort::Max) => o.put("reasoning_effort", "xhigh"),
        effort => o.put_some("reasoning_effort", effort.map(Effort::as_str)),
    }
}
