//! Requests, read.

use super::{blocks_read, extras};
use crate::Url;
use crate::json::{Bad, Json, Object};
use crate::neutral::{Dialect, Error, ErrorKind, Format, Message, Request, Role, Tool, ToolChoice, ToolKind};

pub(super) fn read<'a>(body: &'a [u8], url: Url<'a>) -> Result<Request<'a>, Error> {
    let json = Json::parse(body).map_err(|e| Error::new(ErrorKind::BadRequest, e.to_string()))?;
    Ok(read_object(json.into_object()?, url)?)
}

fn read_object<'a>(mut object: Object<'a>, url: Url<'a>) -> Result<Request<'a>, Bad> {
    let mut request = Request::new(Dialect::Converse, url.model.unwrap_or_default());
    request.stream = url.stream.unwrap_or(false);
    request.stream_usage = true;
    object.take("modelId");
    let system = object.take_array("system")?.unwrap_or_default();
    if !system.is_empty() {
        request.messages.push(read_blocks(Role::System, system).map_err(|e| e.under("system"))?);
    }
    for (at, message) in object.take_array("messages")?.unwrap_or_default().into_iter().enumerate() {
        request.messages.push(message.into_object().and_then(read_message).map_err(|e| e.at("messages", at))?);
    }
    if let Some(mut config) = object.take_object("inferenceConfig")? {
        let under = |bad: Bad| bad.under("inferenceConfig");
        request.max_tokens = config.take_u64("maxTokens").map_err(under)?;
        request.sampling.temperature = config.take_f64("temperature").map_err(under)?;
        request.sampling.top_p = config.take_f64("topP").map_err(under)?;
        for stop in config.take_array("stopSequences").map_err(under)?.unwrap_or_default() {
            request.stop.push(stop.into_text().map_err(|e| e.under("inferenceConfig.stopSequences"))?);
        }
        crate::rest::leave(&mut request.rest, "inferenceConfig", config);
    }
    if let Some(config) = object.take_object("toolConfig")? {
        read_tools(config, &mut request).map_err(|e| e.under("toolConfig"))?;
    }
    if let Some(fields) = object.take_object("additionalModelRequestFields")? {
        let left = extras::read(fields, &mut request);
        crate::rest::leave(&mut request.rest, "additionalModelRequestFields", left);
    }
    request.format = read_format(&mut object)?;
    request.metadata = object.take_object("requestMetadata")?.unwrap_or_default();
    if let Some(mut tier) = object.take_object("serviceTier")? {
        request.service_tier = tier.take_text("type")?;
    }
    for (key, value) in object {
        request.rest.put(key, value);
    }
    Ok(request)
}

fn read_message(mut object: Object<'_>) -> Result<Message<'_>, Bad> {
    let role = match object.need_text("role")?.as_ref() {
        "user" => Role::User,
        "assistant" => Role::Assistant,
        "system" => Role::System,
        _ => return Err(Bad::new("role", "must be `user` or `assistant`")),
    };
    let blocks = object.take_array("content")?.unwrap_or_default();
    Ok(Message { rest: object, ..read_blocks(role, blocks)? })
}

fn read_blocks(role: Role, blocks: Vec<Json<'_>>) -> Result<Message<'_>, Bad> {
    let mut parts = Vec::with_capacity(blocks.len());
    for (at, block) in blocks.into_iter().enumerate() {
        blocks_read::read(block, &mut parts).map_err(|e| e.at("content", at))?;
    }
    Ok(Message::new(role, parts))
}

fn read_tools<'a>(mut config: Object<'a>, request: &mut Request<'a>) -> Result<(), Bad> {
    for (at, tool) in config.take_array("tools")?.unwrap_or_default().into_iter().enumerate() {
        let mut tool = tool.into_object().map_err(|e| e.at("tools", at))?;
        if let (Some(point), Some(last)) = (tool.take_object("cachePoint")?, request.tools.last_mut()) {
            last.cache = Some(blocks_read::read_point(point)?);
            continue;
        }
        let kind = match tool.take_object("toolSpec")? {
            Some(mut spec) => {
                let name = spec.need_text("name").map_err(|e| e.under("toolSpec").at("tools", at))?;
                let schema = match spec.take_object("inputSchema")? {
                    Some(mut schema) => schema.take_object("json").map_err(|e| e.under("toolSpec.inputSchema"))?,
                    None => None,
                };
                let description = spec.take_text("description")?;
                ToolKind::Function {
                    name,
                    description,
                    parameters: schema.map(Json::Object),
                    strict: spec.take_bool("strict")?,
                }
            }
            None => ToolKind::Native(tool.into()),
        };
        request.tools.push(Tool::new(kind));
    }
    let Some(mut choice) = config.take_object("toolChoice")? else { return Ok(()) };
    request.tool_choice = Some(if choice.get("auto").is_some() {
        ToolChoice::Auto
    } else if choice.get("any").is_some() {
        ToolChoice::Required
    } else if let Some(mut tool) = choice.take_object("tool")? {
        ToolChoice::Function(tool.need_text("name").map_err(|e| e.under("toolChoice.tool"))?)
    } else {
        ToolChoice::Other(choice.into())
    });
    Ok(())
}

fn read_format<'a>(object: &mut Object<'a>) -> Result<Option<Format<'a>>, Bad> {
    let Some(config) = object.take_object("outputConfig")? else { return Ok(None) };
    let schema = || {
        let inner = config.get("textFormat")?.get("structure")?.get("jsonSchema")?;
        let text = |key| inner.get(key).and_then(Json::as_str).map(|text| text.to_owned().into());
        let schema = Json::parse(inner.get("schema")?.as_str()?.as_bytes()).ok()?.into_owned();
        // Elsewhere a schema must be an object.
        schema.as_object()?;
        Some(Format::JsonSchema { name: text("name"), description: text("description"), schema, strict: None })
    };
    Ok(Some(schema().unwrap_or_else(|| Format::Other(config.clone().into()))))
}
