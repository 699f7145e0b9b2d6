//! Requests, as callers send them.

use crate::Url;
use crate::json::{Bad, Json, Object};
use crate::neutral::{
    Dialect, Effort, Error, Format, Message, Reasoning, ReasoningMode, Request, Role, Tool, ToolChoice, ToolKind,
};
use crate::rest::leave;

use super::blocks_read::{read_content, take_cache};

pub fn read<'a>(body: &'a [u8], url: Url<'a>) -> Result<Request<'a>, Error> {
    let object = Json::parse(body).map_err(|e| Bad::new("", e.to_string()))?.into_object()?;
    Ok(read_object(object, url)?)
}

fn read_object<'a>(mut o: Object<'a>, url: Url<'a>) -> Result<Request<'a>, Bad> {
    // Vertex AI has the model in the URL.
    let model = o.take_text("model")?.or(url.model.map(Into::into)).unwrap_or_default();
    let mut request = Request::new(Dialect::Messages, model);
    let system = read_content(o.take("system"), "system")?;
    if !system.is_empty() {
        request.messages.push(Message::new(Role::System, system));
    }
    let messages = o.take_array("messages")?.ok_or_else(|| Bad::new("messages", "is missing"))?;
    for (i, message) in messages.into_iter().enumerate() {
        request.messages.push(message.into_object().and_then(read_message).map_err(|e| e.at("messages", i))?);
    }
    for (i, tool) in o.take_array("tools")?.unwrap_or_default().into_iter().enumerate() {
        request.tools.push(tool.into_object().and_then(read_tool).map_err(|e| e.at("tools", i))?);
    }
    if let Some(mut choice) = o.take_object("tool_choice")? {
        let under = |e: Bad| e.under("tool_choice");
        let single = choice.take_bool("disable_parallel_tool_use").map_err(under)?;
        request.parallel_tool_calls = single.map(|single| !single);
        request.tool_choice = Some(match choice.get("type").and_then(Json::as_str) {
            Some("auto") => ToolChoice::Auto,
            Some("any") => ToolChoice::Required,
            Some("none") => ToolChoice::None,
            Some("tool") => ToolChoice::Function(choice.need_text("name").map_err(under)?),
            _ => ToolChoice::Other(Json::Object(choice)),
        });
    }
    request.max_tokens = o.take_u64("max_tokens")?;
    request.sampling.temperature = o.take_f64("temperature")?;
    request.sampling.top_p = o.take_f64("top_p")?;
    request.sampling.top_k = o.take_u64("top_k")?;
    for (i, stop) in o.take_array("stop_sequences")?.unwrap_or_default().into_iter().enumerate() {
        request.stop.push(stop.into_text().map_err(|e| e.at("stop_sequences", i))?);
    }
    read_thinking(&mut o, &mut request)?;
    request.service_tier = o.take_text("service_tier")?;
    if let Some(mut metadata) = o.take_object("metadata")? {
        request.user = metadata.take_text("user_id").map_err(|e| e.under("metadata"))?;
        request.metadata = metadata;
    }
    request.stream = o.take_bool("stream")?.or(url.stream).unwrap_or(false);
    request.stream_usage = true;
    request.rest = o;
    Ok(request)
}

fn read_message(mut m: Object<'_>) -> Result<Message<'_>, Bad> {
    let role = match &*m.need_text("role")? {
        "user" => Role::User,
        "assistant" => Role::Assistant,
        "system" => Role::System,
        other => return Err(Bad::new("role", format!("`{other}` is no role"))),
    };
    let parts = read_content(m.take("content"), "content")?;
    Ok(Message { role, parts, name: None, rest: m })
}

fn read_tool(mut tool: Object<'_>) -> Result<Tool<'_>, Bad> {
    match tool.get("type").and_then(Json::as_str) {
        None | Some("custom") => {}
        Some(_) => return Ok(Tool::new(ToolKind::Native(Json::Object(tool)))),
    }
    tool.take("type");
    let kind = ToolKind::Function {
        name: tool.need_text("name")?,
        description: tool.take_text("description")?,
        parameters: tool.take_object("input_schema")?.map(Json::Object),
        strict: tool.take_bool("strict")?,
    };
    Ok(Tool { kind, cache: take_cache(&mut tool)?, rest: tool })
}

fn read_thinking<'a>(o: &mut Object<'a>, request: &mut Request<'a>) -> Result<(), Bad> {
    let mut reasoning = Reasoning::default();
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
    if let Some(mut config) = o.take_object("output_config")? {
        let under = |e: Bad| e.under("output_config");
        if let Some(word) = config.take_text("effort").map_err(under)? {
            let effort = Effort::parse(&word);
            let wrong = || Bad::new("output_config.effort", format!("`{word}` is no effort"));
            reasoning.effort = Some(effort.ok_or_else(wrong)?);
        }
        if let Some(mut format) = config.take_object("format").map_err(under)? {
            request.format = Some(match format.get("type").and_then(Json::as_str) {
                Some("json_schema") => Format::JsonSchema {
                    name: None,
                    description: None,
                    schema: format.take("schema").unwrap_or_else(|| Json::Object(Object::new())),
                    strict: None,
                },
                _ => Format::Other(Json::Object(format)),
            });
        }
        leave(o, "output_config", config);
    }
    request.reasoning = (reasoning != Reasoning::default()).then_some(reasoning);
    Ok(())
}
