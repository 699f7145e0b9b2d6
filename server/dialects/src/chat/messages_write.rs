//! Messages, as providers want them.

use crate::json::{Json, Object};
use crate::neutral::{Content, Dialect, Losses, Message, Part, Request, Role, Source};
use crate::rest::{put_inner, report};

use super::parts_write::{url, write_cache, write_call, write_thinking};
use super::write::HINTS;

/// Writes messages one after another.
pub struct Messages<'r, 'a, 'l> {
    pub request: &'r Request<'a>,
    /// They came from this dialect.
    pub own: bool,
    pub out: Vec<Json<'r>>,
    pub lost: &'l mut Losses,
}

impl<'r, 'a> Messages<'r, 'a, '_> {
    pub fn add(&mut self, i: usize, message: &'r Message<'a>) {
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
