//! `tools` and `toolConfig`.

use std::borrow::Cow;

use super::request::HINTS;
use super::schema::{self, Written};
use super::wire::camel;
use crate::json::{Bad, Json, Object};
use crate::neutral::{Dialect, Losses, Request, Tool, ToolChoice, ToolKind};
use crate::rest::report;

/// One of Google's tools is a bag: any number of functions, and any of its own tools.
pub(super) fn read(items: Vec<Json<'_>>) -> Result<Vec<Tool<'_>>, Bad> {
    let mut tools = Vec::new();
    for (at, item) in items.into_iter().enumerate() {
        let mut object = camel(item.into_object().map_err(|e| e.at("tools", at))?);
        let functions = object.take_array("functionDeclarations").map_err(|e| e.at("tools", at))?;
        for (f, function) in functions.unwrap_or_default().into_iter().enumerate() {
            let under = |bad: Bad| bad.at("functionDeclarations", f).at("tools", at);
            tools.push(function.into_object().and_then(read_function).map_err(under)?);
        }
        for (key, value) in object {
            tools.push(Tool::new(ToolKind::Native(Object::new().with(key, value).into())));
        }
    }
    Ok(tools)
}

fn read_function(object: Object<'_>) -> Result<Tool<'_>, Bad> {
    let mut object = camel(object);
    let name = object.need_text("name")?;
    let description = object.take_text("description")?;
    let parameters = match object.take_object("parametersJsonSchema")? {
        Some(schema) => Some(Json::Object(schema)),
        None => object.take_object("parameters")?.map(|schema| schema::read(schema.into())),
    };
    let kind = ToolKind::Function { name, description, parameters, strict: None };
    Ok(Tool { kind, cache: None, rest: object })
}

pub(super) fn write<'a>(request: &Request<'a>, losses: &mut Losses) -> Option<Vec<Json<'a>>> {
    let mut functions: Vec<Json<'a>> = Vec::new();
    let mut own: Vec<Json<'a>> = Vec::new();
    for (at, tool) in request.tools.iter().enumerate() {
        if tool.cache.is_some() {
            losses.hint(format!("tools[{at}].cache_control"));
        }
        match &tool.kind {
            ToolKind::Function { name, description, parameters, strict } => {
                let mut out = Object::new().with("name", name.clone());
                out.put_some("description", description.clone());
                match parameters.as_ref().filter(|schema| !is_nothing(schema)).map(schema::write) {
                    Some(Written::Schema(schema)) => out.put("parameters", schema),
                    Some(Written::Json(schema)) => out.put("parametersJsonSchema", schema),
                    None => {}
                }
                if *strict == Some(true) {
                    losses.hint(format!("tools[{at}].strict"));
                }
                if request.from == Dialect::Gemini {
                    out.fill(&tool.rest);
                } else {
                    report(&tool.rest, &format!("tools[{at}]"), HINTS, losses);
                }
                functions.push(out.into());
            }
            ToolKind::Native(value) if request.from == Dialect::Gemini => own.push(value.clone()),
            ToolKind::Native(_) => losses.parameter(format!("tools[{at}]")),
        }
    }
    if !functions.is_empty() {
        own.insert(0, Object::new().with("functionDeclarations", functions).into());
    }
    (!own.is_empty()).then_some(own)
}

/// An object without properties: Google wants nothing at all then.
fn is_nothing(schema: &Json<'_>) -> bool {
    let Some(object) = schema.as_object() else { return schema.is_null() };
    let no_fields = object.get("properties").is_none_or(|fields| fields.as_object().is_some_and(Object::is_empty));
    let words = ["type", "properties", "required", "additionalProperties", "$schema", "title", "description"];
    let open = object.get("additionalProperties").is_some_and(|more| more.as_bool() != Some(false));
    no_fields && !open && object.iter().all(|(key, _)| words.contains(&key))
}

pub(super) fn read_choice<'a>(config: &mut Object<'a>) -> Result<Option<ToolChoice<'a>>, Bad> {
    let Some(calling) = config.take_object("functionCallingConfig")? else { return Ok(None) };
    let whole = calling.clone();
    let mut calling = camel(calling);
    let mode = calling.take_text("mode")?.unwrap_or(Cow::Borrowed("AUTO"));
    let mut names = Vec::new();
    for name in calling.take_array("allowedFunctionNames")?.unwrap_or_default() {
        names.push(name.into_text().map_err(|e| e.under("allowedFunctionNames"))?);
    }
    let choice = match (mode.as_ref(), names.len()) {
        ("AUTO" | "MODE_UNSPECIFIED", 0) => ToolChoice::Auto,
        ("NONE", _) => ToolChoice::None,
        ("ANY", 0) => ToolChoice::Required,
        ("ANY", 1) => ToolChoice::Function(names.remove(0)),
        ("ANY", _) => ToolChoice::Allowed { names, required: true },
        ("VALIDATED" | "AUTO", 1..) => ToolChoice::Allowed { names, required: false },
        _ => ToolChoice::Other(whole.into()),
    };
    Ok(Some(choice))
}

pub(super) fn write_choice<'a>(request: &Request<'a>, losses: &mut Losses) -> Option<Object<'a>> {
    let with = |mode: &'static str, names: &[Cow<'a, str>]| {
        let mut calling = Object::new().with("mode", mode);
        if !names.is_empty() {
            calling.put("allowedFunctionNames", names.iter().map(|name| Json::Text(name.clone())).collect::<Vec<_>>());
        }
        Some(calling)
    };
    if request.parallel_tool_calls == Some(false) && !request.tools.is_empty() {
        losses.parameter("parallel_tool_calls");
    }
    match request.tool_choice.as_ref()? {
        ToolChoice::Auto => with("AUTO", &[]),
        ToolChoice::None => with("NONE", &[]),
        ToolChoice::Required => with("ANY", &[]),
        ToolChoice::Function(name) => with("ANY", std::slice::from_ref(name)),
        ToolChoice::Allowed { names, required: true } => with("ANY", names),
        ToolChoice::Allowed { names, required: false } => with("VALIDATED", names),
        ToolChoice::Other(Json::Object(own)) if request.from == Dialect::Gemini => Some(own.clone()),
        ToolChoice::Other(_) => {
            losses.parameter("tool_choice");
            None
        }
    }
}
