//! Requests, as callers send them.

use crate::json::{Bad, Json, Object};
use crate::neutral::{
    Content, Dialect, Effort, Error, Format, Logprobs, Message, Part, Reasoning, ReasoningMode, Request, Role, Tool,
    ToolChoice, ToolKind,
};
use crate::rest::leave;

use super::parts::{read_assistant, read_content, take_cache};

pub fn read(body: &[u8]) -> Result<Request<'_>, Error> {
    let object = Json::parse(body).map_err(|e| Bad::new("", e.to_string()))?.into_object()?;
    Ok(read_object(object)?)
}

pub fn read_object(mut o: Object<'_>) -> Result<Request<'_>, Bad> {
    let mut request = Request::new(Dialect::Chat, o.take_text("model")?.unwrap_or_default());
    let messages = o.take_array("messages")?.ok_or_else(|| Bad::new("messages", "is missing"))?;
    request.messages = messages
        .into_iter()
        .enumerate()
        .map(|(i, message)| message.into_object().and_then(read_message).map_err(|e| e.at("messages", i)))
        .collect::<Result<_, _>>()?;
    for (i, tool) in o.take_array("tools")?.unwrap_or_default().into_iter().enumerate() {
        request.tools.push(tool.into_object().and_then(read_tool).map_err(|e| e.at("tools", i))?);
    }
    request.tool_choice = o.take("tool_choice").map(read_choice).transpose().map_err(|e| e.under("tool_choice"))?;
    request.parallel_tool_calls = o.take_bool("parallel_tool_calls")?;
    let old = o.take_u64("max_tokens")?;
    request.max_tokens = o.take_u64("max_completion_tokens")?.or(old);
    let sampling = &mut request.sampling;
    sampling.temperature = o.take_f64("temperature")?;
    sampling.top_p = o.take_f64("top_p")?;
    sampling.top_k = o.take_u64("top_k")?;
    sampling.min_p = o.take_f64("min_p")?;
    sampling.frequency_penalty = o.take_f64("frequency_penalty")?;
    sampling.presence_penalty = o.take_f64("presence_penalty")?;
    sampling.seed = o.take_i64("seed")?;
    sampling.logit_bias = o.take_object("logit_bias")?;
    request.stop = match o.take("stop") {
        None => Vec::new(),
        Some(Json::Text(text)) => vec![text],
        Some(Json::Array(items)) => items
            .into_iter()
            .enumerate()
            .map(|(i, item)| item.into_text().map_err(|e| e.at("stop", i)))
            .collect::<Result<_, _>>()?,
        Some(_) => return Err(Bad::new("stop", "must be a string or an array of strings")),
    };
    request.n = o.take_u64("n")?;
    let top = o.take_u64("top_logprobs")?;
    if o.take_bool("logprobs")? == Some(true) {
        request.logprobs = Some(Logprobs { top });
    }
    request.format =
        o.take_object("response_format")?.map(read_format).transpose().map_err(|e| e.under("response_format"))?;
    request.reasoning = read_reasoning(&mut o)?;
    request.verbosity = o.take_text("verbosity")?;
    for (i, item) in o.take_array("modalities")?.unwrap_or_default().into_iter().enumerate() {
        request.modalities.push(item.into_text().map_err(|e| e.at("modalities", i))?);
    }
    request.audio = o.take_object("audio")?;
    request.service_tier = o.take_text("service_tier")?;
    request.user = o.take_text("user")?;
    request.metadata = o.take_object("metadata")?.unwrap_or_default();
    request.stream = o.take_bool("stream")?.unwrap_or(false);
    if let Some(mut options) = o.take_object("stream_options")? {
        request.stream_usage =
            options.take_bool("include_usage").map_err(|e| e.under("stream_options"))?.unwrap_or(false);
        leave(&mut o, "stream_options", options);
    }
    request.store = o.take_bool("store")?;
    request.rest = o;
    Ok(request)
}

fn read_message(mut m: Object<'_>) -> Result<Message<'_>, Bad> {
    let role = match &*m.need_text("role")? {
        "system" => Role::System,
        "developer" => Role::Developer,
        "user" => Role::User,
        "assistant" => Role::Assistant,
        "tool" | "function" => Role::Tool,
        other => return Err(Bad::new("role", format!("`{other}` is no role"))),
    };
    let name = m.take_text("name")?;
    let cache = take_cache(&mut m)?;
    let mut parts = match role {
        Role::Assistant => read_assistant(&mut m)?,
        Role::Tool => {
            let id = m.take_text("tool_call_id")?.unwrap_or_default();
            let parts = read_content(m.take("content"))?;
            vec![Part::new(Content::ToolResult { id, name: name.clone(), parts, is_error: false })]
        }
        Role::System | Role::Developer | Role::User => read_content(m.take("content"))?,
    };
    if let (Some(last), Some(cache)) = (parts.last_mut(), cache) {
        last.cache.get_or_insert(cache);
    }
    Ok(Message { role, parts, name: name.filter(|_| role != Role::Tool), rest: m })
}

fn read_tool(mut tool: Object<'_>) -> Result<Tool<'_>, Bad> {
    if tool.get("type").and_then(Json::as_str) != Some("function") || tool.get("function").is_none() {
        return Ok(Tool::new(ToolKind::Native(Json::Object(tool))));
    }
    tool.take("type");
    let mut function = tool.take_object("function")?.unwrap_or_default();
    let under = |e: Bad| e.under("function");
    let kind = ToolKind::Function {
        name: function.need_text("name").map_err(under)?,
        description: function.take_text("description").map_err(under)?,
        parameters: function.take_object("parameters").map_err(under)?.map(Json::Object),
        strict: function.take_bool("strict").map_err(under)?,
    };
    let cache = match take_cache(&mut tool)? {
        Some(cache) => Some(cache),
        None => take_cache(&mut function).map_err(under)?,
    };
    leave(&mut tool, "function", function);
    Ok(Tool { kind, cache, rest: tool })
}

fn read_choice(value: Json<'_>) -> Result<ToolChoice<'_>, Bad> {
    let mut object = match value {
        Json::Text(word) => {
            return match &*word {
                "auto" => Ok(ToolChoice::Auto),
                "none" => Ok(ToolChoice::None),
                "required" | "any" => Ok(ToolChoice::Required),
                other => Err(Bad::new("", format!("`{other}` is none of auto, none, required"))),
            };
        }
        other => other.into_object()?,
    };
    match object.get("type").and_then(Json::as_str) {
        Some("function") => {
            let mut function = object.take_object("function")?.ok_or_else(|| Bad::new("function", "is missing"))?;
            Ok(ToolChoice::Function(function.need_text("name").map_err(|e| e.under("function"))?))
        }
        Some("allowed_tools") => {
            let allowed = object.get("allowed_tools");
            let tools = allowed.and_then(|a| a.get("tools")).and_then(Json::as_array).unwrap_or_default();
            let names: Option<Vec<_>> = tools
                .iter()
                .map(|tool| match tool.get("function")?.get("name")? {
                    Json::Text(name) => Some(name.clone()),
                    _ => None,
                })
                .collect();
            let required = allowed.and_then(|a| a.get("mode")).and_then(Json::as_str) == Some("required");
            match names {
                Some(names) if !names.is_empty() => Ok(ToolChoice::Allowed { names, required }),
                _ => Ok(ToolChoice::Other(Json::Object(object))),
            }
        }
        _ => Ok(ToolChoice::Other(Json::Object(object))),
    }
}

fn read_format(mut format: Object<'_>) -> Result<Format<'_>, Bad> {
    Ok(match format.get("type").and_then(Json::as_str) {
        Some("text") => Format::Text,
        Some("json_object") => Format::JsonObject,
        Some("json_schema") => {
            let mut inner = format.take_object("json_schema")?.ok_or_else(|| Bad::new("json_schema", "is missing"))?;
            let under = |e: Bad| e.under("json_schema");
            Format::JsonSchema {
                name: inner.take_text("name").map_err(under)?,
                description: inner.take_text("description").map_err(under)?,
                schema: inner.take("schema").unwrap_or_else(|| Json::Object(Object::new())),
                strict: inner.take_bool("strict").map_err(under)?,
            }
        }
        _ => Format::Other(Json::Object(format)),
    })
}

/// `reasoning_effort`, and `thinking` as Anthropic has it.
fn read_reasoning<'a>(o: &mut Object<'a>) -> Result<Option<Reasoning<'a>>, Bad> {
    let effort = match o.take_text("reasoning_effort")? {
        Some(word) => {
            Some(Effort::parse(&word).ok_or_else(|| Bad::new("reasoning_effort", format!("`{word}` is no effort")))?)
        }
        None => None,
    };
    let mut reasoning = Reasoning { effort, ..Reasoning::default() };
    if let Some(mut thinking) = o.take_object("thinking")? {
        let under = |e: Bad| e.under("thinking");
        reasoning.mode = match thinking.take_text("type").map_err(under)?.as_deref() {
            Some("enabled") => Some(ReasoningMode::On),
            Some("disabled") => Some(ReasoningMode::Off),
            Some("adaptive") => Some(ReasoningMode::Adaptive),
            _ => return Err(Bad::new("thinking.type", "must be enabled, adaptive or disabled")),
        };
        reasoning.budget = thinking.take_u64("budget_tokens").map_err(under)?;
        reasoning.summary = thinking.take_text("display").map_err(under)?;
        leave(o, "thinking", thinking);
    }
    Ok((reasoning != Reasoning::default()).then_some(reasoning))
}
