//! Requests, as callers send them.

use crate::json::{Bad, Json, Object};
use crate::neutral::{
    Dialect, Effort, Error, Format, Logprobs, Message, Reasoning, Request, Role, Tool, ToolChoice, ToolKind,
};
use crate::rest::leave;

use super::items_read::read_item;

pub fn read(body: &[u8]) -> Result<Request<'_>, Error> {
    let object = Json::parse(body).map_err(|e| Bad::new("", e.to_string()))?.into_object()?;
    Ok(read_object(object)?)
}

fn read_object(mut o: Object<'_>) -> Result<Request<'_>, Bad> {
    let mut request = Request::new(Dialect::Responses, o.take_text("model")?.unwrap_or_default());
    match o.take("instructions") {
        None => {}
        Some(Json::Text(text)) => request.messages.push(Message::text(Role::System, text)),
        Some(Json::Array(items)) => {
            for (i, item) in items.into_iter().enumerate() {
                let item = item.into_object().and_then(|item| read_item(item, &mut request.messages));
                item.map_err(|e| e.at("instructions", i))?;
            }
        }
        Some(_) => return Err(Bad::new("instructions", "must be a string")),
    }
    let instructed = !request.messages.is_empty();
    match o.take("input") {
        None => {}
        Some(Json::Text(text)) => request.messages.push(Message::text(Role::User, text)),
        Some(Json::Array(items)) => {
            for (i, item) in items.into_iter().enumerate() {
                let item = item.into_object().and_then(|item| read_item(item, &mut request.messages));
                item.map_err(|e| e.at("input", i))?;
            }
        }
        Some(_) => return Err(Bad::new("input", "must be a string or an array")),
    }
    // Instructions are not kept for the next response, messages are: the way back must know which it was.
    if let Some(first) = request.messages.first_mut()
        && !instructed
        && first.role == Role::System
        && first.rest.is_empty()
    {
        first.rest.put("type", "message");
    }
    for (i, tool) in o.take_array("tools")?.unwrap_or_default().into_iter().enumerate() {
        request.tools.push(tool.into_object().and_then(read_tool).map_err(|e| e.at("tools", i))?);
    }
    request.tool_choice = o.take("tool_choice").map(read_choice).transpose().map_err(|e| e.under("tool_choice"))?;
    request.parallel_tool_calls = o.take_bool("parallel_tool_calls")?;
    request.max_tokens = o.take_u64("max_output_tokens")?;
    request.sampling.temperature = o.take_f64("temperature")?;
    request.sampling.top_p = o.take_f64("top_p")?;
    request.logprobs = o.take_u64("top_logprobs")?.map(|top| Logprobs { top: Some(top) });
    if let Some(mut text) = o.take_object("text")? {
        let under = |e: Bad| e.under("text");
        request.verbosity = text.take_text("verbosity").map_err(under)?;
        request.format = text.take_object("format").map_err(under)?.map(read_format).transpose().map_err(under)?;
        leave(&mut o, "text", text);
    }
    if let Some(mut reasoning) = o.take_object("reasoning")? {
        let under = |e: Bad| e.under("reasoning");
        let effort = match reasoning.take_text("effort").map_err(under)? {
            None => None,
            Some(word) => {
                let effort = Effort::parse(&word);
                Some(effort.ok_or_else(|| Bad::new("reasoning.effort", format!("`{word}` is no effort")))?)
            }
        };
        let summary = reasoning.take_text("summary").map_err(under)?;
        if effort.is_some() || summary.is_some() {
            request.reasoning = Some(Reasoning { effort, summary, ..Reasoning::default() });
        }
        leave(&mut o, "reasoning", reasoning);
    }
    request.service_tier = o.take_text("service_tier")?;
    request.user = o.take_text("user")?;
    request.metadata = o.take_object("metadata")?.unwrap_or_default();
    request.stream = o.take_bool("stream")?.unwrap_or(false);
    request.stream_usage = true;
    request.store = o.take_bool("store")?;
    request.rest = o;
    Ok(request)
}

fn read_tool(mut tool: Object<'_>) -> Result<Tool<'_>, Bad> {
    if tool.get("type").and_then(Json::as_str) != Some("function") {
        return Ok(Tool::new(ToolKind::Native(Json::Object(tool))));
    }
    tool.take("type");
    let kind = ToolKind::Function {
        name: tool.need_text("name")?,
        description: tool.take_text("description")?,
        parameters: tool.take_object("parameters")?.map(Json::Object),
        strict: tool.take_bool("strict")?,
    };
    Ok(Tool { kind, cache: None, rest: tool })
}

fn read_choice(value: Json<'_>) -> Result<ToolChoice<'_>, Bad> {
    let mut object = match value {
        Json::Text(word) => {
            return match &*word {
                "auto" => Ok(ToolChoice::Auto),
                "none" => Ok(ToolChoice::None),
                "required" => Ok(ToolChoice::Required),
                other => Err(Bad::new("", format!("`{other}` is none of auto, none, required"))),
            };
        }
        other => other.into_object()?,
    };
    match object.get("type").and_then(Json::as_str) {
        Some("function") => Ok(ToolChoice::Function(object.need_text("name")?)),
        Some("allowed_tools") => {
            let tools = object.get("tools").and_then(Json::as_array).unwrap_or_default();
            let names: Option<Vec<_>> = tools
                .iter()
                .map(|tool| match (tool.get("type").and_then(Json::as_str), tool.get("name")?) {
                    (Some("function"), Json::Text(name)) => Some(name.clone()),
                    _ => None,
                })
                .collect();
            let required = object.get("mode").and_then(Json::as_str) == Some("required");
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
        Some("json_schema") => Format::JsonSchema {
            name: format.take_text("name")?,
            description: format.take_text("description")?,
            schema: format.take("schema").unwrap_or_else(|| Json::Object(Object::new())),
            strict: format.take_bool("strict")?,
        },
        _ => Format::Other(Json::Object(format)),
    })
}
