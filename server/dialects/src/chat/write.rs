//! Requests, as providers want them.

use std::borrow::Cow;

use crate::json::{Json, Object};
use crate::neutral::{
    CacheMark, Content, Dialect, Effort, Format, Losses, Message, Part, Reasoning, ReasoningMode, Request, Role,
    Source, Tool, ToolChoice, ToolKind,
};
use crate::rest::{put_inner, report, same};
use crate::{Target, Written};

/// Fields of other dialects without which the answer is the same.
const HINTS: &[&str] = &[
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

struct Messages<'r, 'a, 'l> {
    request: &'r Request<'a>,
    own: bool,
    out: Vec<Json<'r>>,
    lost: &'l mut Losses,
}

impl<'r, 'a> Messages<'r, 'a, '_> {
    fn add(&mut self, i: usize, message: &'r Message<'a>) {
        let at = format!("messages[{i}]");
        match message.role {
            Role::Assistant => {
                let mut m = Object::with_capacity(4).with("role", "assistant");
                self.assistant(&mut m, message, &at);
                self.finish(m, message, &at);
            }
            Role::System | Role::Developer | Role::User | Role::Tool => self.others(message, &at),
        }
    }

    fn finish(&mut self, mut m: Object<'r>, message: &'r Message<'a>, at: &str) {
        m.put_some("name", message.name.as_deref());
        if self.own {
            m.fill(&message.rest);
        } else {
            report(&message.rest, at, HINTS, self.lost);
        }
        self.out.push(Json::Object(m));
    }

    /// Results of tools become messages of their own, before what else the message says; pictures in a result, which
    /// has only text here, follow as the user's.
    fn others(&mut self, message: &'r Message<'a>, at: &str) {
        let mut parts: Vec<(String, &'r Part<'a>)> = Vec::new();
        let mut has_results = false;
        for (j, part) in message.parts.iter().enumerate() {
            let at = format!("{at}.content[{j}]");
            let Content::ToolResult { id, name, parts: inner, is_error } = &part.content else {
                parts.push((at, part));
                continue;
            };
            has_results = true;
            if *is_error {
                self.lost.hint(format!("{at}.is_error"));
            }
            let mut m = Object::with_capacity(3).with("role", "tool").with("tool_call_id", &**id);
            let (texts, media): (Vec<_>, Vec<_>) =
                inner.iter().partition(|part| self.own || matches!(part.content, Content::Text(_)));
            parts.extend(media.into_iter().map(|part| (format!("{at}.content"), part)));
            let texts: Vec<_> = texts.into_iter().map(|part| (at.clone(), part)).collect();
            m.put("content", self.content(&texts));
            m.put_some("name", name.as_deref());
            if self.own {
                m.put_some("cache_control", part.cache.as_ref().map(write_cache));
                m.fill(&message.rest);
            } else {
                if part.cache.is_some() {
                    self.lost.hint("cache_control");
                }
                report(&part.rest, &at, HINTS, self.lost);
            }
            self.out.push(Json::Object(m));
        }
        if has_results && (parts.is_empty() || message.role == Role::Tool && self.own) {
            return;
        }
        let role = match message.role {
            Role::Developer if self.own || self.request.from == Dialect::Responses => "developer",
            Role::System | Role::Developer => "system",
            Role::User | Role::Assistant | Role::Tool => "user",
        };
        let mut m = Object::with_capacity(3).with("role", role);
        m.put("content", self.content(&parts));
        self.finish(m, message, at);
    }

    /// One plain text as a string, as every compatible server knows it; more as parts.
    fn content(&mut self, parts: &[(String, &'r Part<'a>)]) -> Json<'r> {
        match parts {
            [] => Json::from(""),
            [(_, Part { content: Content::Text(text), cache, rest, .. })]
                if !self.own || (cache.is_none() && rest.is_empty()) =>
            {
                if cache.is_some() {
                    self.lost.hint("cache_control");
                }
                report(rest, "content", HINTS, self.lost);
                Json::from(&**text)
            }
            parts => Json::Array(parts.iter().filter_map(|(at, part)| self.part(part, at)).collect()),
        }
    }

    fn part(&mut self, part: &'r Part<'a>, at: &str) -> Option<Json<'r>> {
        let mut p = Object::with_capacity(3);
        let rest = self.own.then_some(&part.rest);
        match &part.content {
            Content::Text(text) | Content::Document { source: Source::Text(text), .. } => {
                p.put("type", "text");
                p.put("text", &**text);
            }
            Content::Refusal(text) => {
                p.put("type", "refusal");
                p.put("refusal", &**text);
            }
            Content::Image { source, detail } => {
                let Some(url) = url(source) else { return self.gone(at) };
                let mut image = Object::with_capacity(2).with("url", url);
                image.put_some("detail", detail.as_deref());
                p.put("type", "image_url");
                put_inner(&mut p, "image_url", image, rest);
            }
            Content::Audio { source: Source::Data { media_type, data } } => {
                let format = match &**media_type {
                    "audio/mpeg" => "mp3",
                    "audio/x-wav" | "audio/wave" => "wav",
                    other => other.strip_prefix("audio/").unwrap_or(other),
                };
                p.put("type", "input_audio");
                let audio = Object::with_capacity(2).with("data", &**data).with("format", format);
                put_inner(&mut p, "input_audio", audio, rest);
            }
            Content::Video { source } if self.own => {
                let Some(url) = url(source) else { return self.gone(at) };
                p.put("type", "video_url");
                put_inner(&mut p, "video_url", Object::new().with("url", url), rest);
            }
            Content::Document { source, title } => {
                let mut file = Object::with_capacity(2);
                match source {
                    Source::Data { .. } => {
                        // OpenAI wants a name.
                        file.put("filename", title.as_deref().unwrap_or("document.pdf"));
                        file.put_some("file_data", url(source));
                    }
                    Source::File { id } if self.own => file.put("file_id", &**id),
                    Source::Url { url, .. } if self.own => file.put("file_id", &**url),
                    _ => return self.gone(at),
                }
                if self.own && !matches!(source, Source::Data { .. }) {
                    file.put_some("filename", title.as_deref());
                }
                p.put("type", "file");
                put_inner(&mut p, "file", file, rest);
            }
            Content::Other(value) if self.own => return Some(value.clone()),
            _ => return self.gone(at),
        }
        if self.own {
            p.put_some("cache_control", part.cache.as_ref().map(write_cache));
            p.fill(&part.rest);
        } else {
            if part.cache.is_some() {
                self.lost.hint("cache_control");
            }
            report(&part.rest, at, HINTS, self.lost);
        }
        Some(Json::Object(p))
    }

    fn gone(&mut self, at: &str) -> Option<Json<'r>> {
        self.lost.content(at);
        None
    }

    fn assistant(&mut self, m: &mut Object<'r>, message: &'r Message<'a>, at: &str) {
        let mut content = Vec::new();
        let mut calls = Vec::new();
        let mut thinking = Vec::new();
        let mut refusal = None;
        for (j, part) in message.parts.iter().enumerate() {
            let at = format!("{at}.content[{j}]");
            match &part.content {
                Content::ToolCall { .. } => calls.extend(write_call(part, self.own)),
                Content::Other(value) if self.own && value.get("type").and_then(Json::as_str) == Some("custom") => {
                    calls.push(value.clone());
                }
                // A message may have both fields, `refusal` beside parts.
                Content::Refusal(text) if part.cache.is_none() && part.rest.is_empty() => refusal = Some(&**text),
                Content::Thinking(_) | Content::RedactedThinking(_) if self.own => thinking.push(part),
                // OpenAI has no place for thoughts, and other servers take them from their own answers only.
                Content::Thinking(_) | Content::RedactedThinking(_) => self.lost.hint("thinking"),
                _ => content.push((at, part)),
            }
        }
        if content.is_empty() {
            m.put("content", Json::Null);
        } else {
            let content = self.content(&content);
            m.put("content", content);
        }
        m.put_some("refusal", refusal);
        write_thinking(m, &thinking);
        if !calls.is_empty() {
            m.put("tool_calls", calls);
        }
    }
}

/// A source as a URL; data without being copied.
pub fn url<'r>(source: &'r Source<'_>) -> Option<Json<'r>> {
    match source {
        Source::Url { url, .. } => Some(Json::from(&**url)),
        Source::Data { media_type, data } => Some(Json::Pieces(vec![
            Cow::Borrowed("data:"),
            Cow::Borrowed(&**media_type),
            Cow::Borrowed(";base64,"),
            Cow::Borrowed(&**data),
        ])),
        Source::File { .. } | Source::Text(_) => None,
    }
}

/// `reasoning_content` for those who read it, `thinking_blocks` for those who want to send the thoughts back.
pub fn write_thinking<'r>(m: &mut Object<'r>, parts: &[&'r Part<'_>]) {
    if parts.is_empty() {
        return;
    }
    let texts: Vec<Cow<'r, str>> = parts
        .iter()
        .filter_map(|part| match &part.content {
            Content::Thinking(text) => Some(Cow::Borrowed(&**text)),
            _ => None,
        })
        .collect();
    if !texts.is_empty() {
        m.put("reasoning_content", Json::Pieces(texts));
    }
    let signed = parts.iter().any(|p| p.signature.is_some() || matches!(p.content, Content::RedactedThinking(_)));
    if signed || parts.len() > 1 {
        let blocks: Vec<Json<'r>> = parts
            .iter()
            .map(|part| {
                let mut block = Object::with_capacity(3);
                match &part.content {
                    Content::RedactedThinking(data) => {
                        block.put("type", "redacted_thinking");
                        block.put("data", &**data);
                    }
                    Content::Thinking(text) => {
                        block.put("type", "thinking");
                        block.put("thinking", &**text);
                        block.put_some("signature", part.signature.as_deref());
                    }
                    _ => {}
                }
                Json::Object(block)
            })
            .collect();
        m.put("thinking_blocks", blocks);
    }
}

pub fn write_call<'r>(part: &'r Part<'_>, own: bool) -> Option<Json<'r>> {
    let Content::ToolCall { id, name, arguments } = &part.content else { return None };
    let mut call = Object::with_capacity(4).with("id", &**id).with("type", "function");
    // Models that have nothing to say say nothing; readers of the field want an object.
    let arguments = if arguments.is_empty() { "{}" } else { &**arguments };
    let function = Object::with_capacity(2).with("name", &**name).with("arguments", arguments);
    put_inner(&mut call, "function", function, own.then_some(&part.rest));
    if let Some(signature) = part.signature.as_deref() {
        call.put("extra_content", Object::new().with("google", Object::new().with("thought_signature", signature)));
    }
    if own {
        call.put_some("cache_control", part.cache.as_ref().map(write_cache));
        call.fill(&part.rest);
    }
    Some(Json::Object(call))
}

pub fn write_cache<'r>(mark: &'r CacheMark<'_>) -> Object<'r> {
    let mut object = Object::new().with("type", "ephemeral");
    object.put_some("ttl", mark.ttl.as_deref());
    object
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
