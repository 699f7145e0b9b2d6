//! Replicate: predictions, which are made, waited for and collected.
//!
//! Its language models take one prompt and a few settings, and answer with pieces of text. A conversation is written as
//! a prompt; tools, pictures and formats have no words there.

use std::fmt::Write as _;
use std::time::Duration;

use crate::json::{Json, Object};
use crate::neutral::{
    Answer, Choice, Content, Delta, Dialect, Error, Event, Finish, Losses, Part, PartStart, Request, Role, Usage,
};
use crate::sse::Events;
use crate::{ReadStream, Target, Written, errors};

/// Writes a prediction. A model is `owner/name`, or a version's id, which is 64 hexadecimal digits.
pub fn write(request: &Request<'_>, target: Target<'_>) -> Written {
    let mut lost = Losses::new(Dialect::Chat);
    let (prompt, system) = prompt(request, &mut lost);
    let sampling = &request.sampling;
    let mut input = Object::new().with("prompt", prompt);
    input.put_some("system_prompt", system);
    input.put_some("max_tokens", request.max_tokens);
    input.put_some("temperature", sampling.temperature);
    input.put_some("top_p", sampling.top_p);
    input.put_some("top_k", sampling.top_k);
    input.put_some("seed", sampling.seed);
    input.put_some("presence_penalty", sampling.presence_penalty);
    input.put_some("frequency_penalty", sampling.frequency_penalty);
    input.put_some("stop_sequences", (!request.stop.is_empty()).then(|| request.stop.join(",")));
    for (is_set, field) in [
        (!request.tools.is_empty(), "tools"),
        (request.format.is_some(), "response_format"),
        (request.n.is_some_and(|n| n > 1), "n"),
        (request.logprobs.is_some(), "logprobs"),
        (sampling.min_p.is_some(), "min_p"),
        (sampling.logit_bias.is_some(), "logit_bias"),
        (request.audio.is_some(), "audio"),
        // They are joined by commas.
        (request.stop.iter().any(|stop| stop.contains(',')), "stop"),
    ] {
        if is_set {
            lost.parameter(field);
        }
    }
    if request.reasoning.is_some() {
        lost.hint("reasoning_effort");
    }
    let mut body = Object::new();
    let path = if target.model.len() == 64 && target.model.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        body.put("version", target.model.to_owned());
        "/predictions".to_owned()
    } else {
        let words = target.model.split('/').map(|word| {
            let mut out = String::new();
            crate::bedrock::sign::encode(word.as_bytes(), &mut out);
            out
        });
        format!("/models/{}/predictions", words.collect::<Vec<_>>().join("/"))
    };
    body.put("input", input);
    if request.stream {
        body.put("stream", true);
    }
    Written { path, body: body.to_vec(), lost }
}

/// A single question stays as it is; a conversation says who speaks.
fn prompt(request: &Request<'_>, lost: &mut Losses) -> (String, Option<String>) {
    let mut system: Vec<String> = Vec::new();
    let mut turns: Vec<(&str, String)> = Vec::new();
    for (at, message) in request.messages.iter().enumerate() {
        let mut text = String::new();
        for (piece, part) in message.parts.iter().enumerate() {
            match &part.content {
                Content::Text(more) | Content::Refusal(more) => text.push_str(more),
                Content::Thinking(_) | Content::RedactedThinking(_) => {
                    lost.hint(format!("messages[{at}].content[{piece}]"));
                }
                _ => lost.content(format!("messages[{at}].content[{piece}]")),
            }
        }
        match message.role {
            Role::System | Role::Developer => system.push(text),
            Role::User | Role::Tool => turns.push(("User", text)),
            Role::Assistant => turns.push(("Assistant", text)),
        }
    }
    let system = (!system.is_empty()).then(|| system.join("\n"));
    if let [("User", only)] = &turns[..] {
        return (only.clone(), system);
    }
    let mut out = String::new();
    for (who, text) in &turns {
        let _ = write!(out, "{who}: {text}\n\n");
    }
    out.push_str("Assistant:");
    (out, system)
}

/// How far a prediction is.
#[derive(Clone, Debug, PartialEq)]
pub enum Prediction {
    Done(Box<Answer<'static>>),
    /// Ask again, or read the stream.
    Pending {
        get: Option<String>,
        stream: Option<String>,
    },
}

/// Reads a prediction. One that failed is an error.
pub fn read(body: &[u8]) -> Result<Prediction, Error> {
    let json = Json::parse(body).map_err(|e| Error::broken(e.to_string()))?;
    let text = |key| json.get(key).and_then(Json::as_str);
    let url = |key| json.get("urls").and_then(|urls| urls.get(key)?.as_str()).map(str::to_owned);
    match text("status") {
        Some("succeeded" | "successful") => {}
        Some("starting" | "processing" | "queued") => {
            return Ok(Prediction::Pending { get: url("get"), stream: url("stream") });
        }
        Some("failed" | "canceled" | "aborted") => {
            let said = text("error").unwrap_or("the prediction failed");
            return Err(Error::new(errors::classify(Some(500), "", "", said), said));
        }
        _ => return Err(Error::broken("the prediction has no status")),
    }
    let output = match json.get("output") {
        Some(Json::Array(pieces)) => pieces.iter().filter_map(Json::as_str).collect(),
        Some(Json::Text(text)) => text.clone().into_owned(),
        _ => return Err(Error::broken("the prediction has no text")),
    };
    let count = |key| json.get("metrics").and_then(|metrics| metrics.get(key)?.as_u64());
    let mut answer = Answer::new(Dialect::Chat);
    answer.id = text("id").unwrap_or_default().to_owned().into();
    answer.model = text("model").unwrap_or_default().to_owned().into();
    answer.usage = count("input_token_count").zip(count("output_token_count")).map(|(input, output)| Usage {
        input,
        output,
        ..Usage::default()
    });
    let parts = vec![Part::text(output)];
    answer.choices.push(Choice { parts, finish: Some(Finish::Stop), ..Choice::default() });
    Ok(Prediction::Done(Box::new(answer)))
}

/// Reads an answer of another status than 2xx: `{"title": …, "detail": …, "status": …}`.
pub fn read_error(status: u16, retry_after: Option<Duration>, body: &[u8]) -> Error {
    errors::read(status, retry_after, body)
}

/// Reads the stream that a prediction names.
#[derive(Debug, Default)]
pub struct Reader {
    events: Events,
    state: State,
}

#[derive(Debug, Default)]
struct State {
    started: bool,
    ended: bool,
}

impl State {
    fn event(&mut self, name: &[u8], data: &[u8], each: &mut dyn FnMut(Event<'_>)) -> Result<(), Error> {
        if self.ended {
            return Ok(());
        }
        if !self.started {
            self.started = true;
            each(Event::Start { id: "".into(), model: "".into(), created: None, service_tier: None });
            each(Event::PartStart { choice: 0, part: 0, start: PartStart::Text });
        }
        let text = std::str::from_utf8(data).map_err(|_| Error::broken("the stream is no text"))?;
        match name {
            b"output" => each(Event::Delta { choice: 0, part: 0, delta: Delta::Text(text.into()) }),
            b"error" => {
                self.ended = true;
                each(Event::PartEnd { choice: 0, part: 0 });
                let said = Json::parse(data).ok().and_then(|json| Some(json.get("detail")?.as_str()?.to_owned()));
                let said = said.unwrap_or_else(|| text.to_owned());
                each(Event::Error(Error::new(errors::classify(None, "", "", &said), said)));
            }
            b"done" => {
                self.ended = true;
                each(Event::PartEnd { choice: 0, part: 0 });
                let reason = Json::parse(data).ok().and_then(|json| Some(json.get("reason")?.as_str()?.to_owned()));
                if let Some(reason) = reason {
                    each(Event::Error(Error::broken(format!("the prediction ended: {reason}"))));
                } else {
                    each(Event::Finish { choice: 0, finish: Finish::Stop });
                    each(Event::End);
                }
            }
            _ => {}
        }
        Ok(())
    }
}

impl ReadStream for Reader {
    fn feed(&mut self, bytes: &[u8], each: &mut dyn FnMut(Event<'_>)) -> Result<(), Error> {
        let state = &mut self.state;
        self.events.feed(bytes, &mut |name, data| state.event(name, data, each))
    }

    fn end(&mut self, each: &mut dyn FnMut(Event<'_>)) -> Result<(), Error> {
        let state = &mut self.state;
        self.events.end(&mut |name, data| state.event(name, data, each))?;
        if self.state.ended { Ok(()) } else { Err(Error::broken("the stream ended before the prediction did")) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fold;
    use crate::neutral::{ErrorKind, Message};

    #[test]
    fn a_conversation_is_a_prompt() {
        let mut request = Request::new(Dialect::Messages, "m");
        request.messages = vec![Message::text(Role::System, "Short."), Message::text(Role::User, "Hi")];
        request.max_tokens = Some(9);
        let written = write(&request, Target::new("meta/llama 3"));
        assert_eq!(written.path, "/models/meta/llama%203/predictions");
        assert_eq!(
            String::from_utf8(written.body).unwrap(),
            r#"{"input":{"prompt":"Hi","system_prompt":"Short.","max_tokens":9}}"#
        );
        request.messages.push(Message::text(Role::Assistant, "Ho"));
        request.messages.push(Message::text(Role::User, "And?"));
        request.n = Some(2);
        request.stream = true;
        let version = "0".repeat(64);
        let written = write(&request, Target::new(&version));
        assert_eq!(written.path, "/predictions");
        let body = String::from_utf8(written.body).unwrap();
        assert!(body.contains(r#""prompt":"User: Hi\n\nAssistant: Ho\n\nUser: And?\n\nAssistant:""#), "{body}");
        assert!(body.contains(r#""stream":true"#));
        assert_eq!(written.lost.refusal(false).unwrap().field, "n");
    }

    #[test]
    fn predictions_are_read() {
        let done = br#"{"id":"p1","model":"meta/llama","status":"succeeded","output":["Hi"," there"],"metrics":{"input_token_count":3,"output_token_count":2}}"#;
        let Prediction::Done(answer) = read(done).unwrap() else { panic!() };
        assert_eq!(answer.choices[0].parts, [Part::text("Hi there")]);
        assert_eq!(answer.usage.unwrap().output, 2);
        let pending = br#"{"status":"starting","urls":{"get":"https://a.example/g","stream":"https://a.example/s"}}"#;
        let urls = |text: &str| Some(text.to_owned());
        let expected = Prediction::Pending { get: urls("https://a.example/g"), stream: urls("https://a.example/s") };
        assert_eq!(read(pending).unwrap(), expected);
        let failed = read(br#"{"status":"failed","error":"Prompt length exceeds context window"}"#).unwrap_err();
        assert_eq!(failed.kind, ErrorKind::ContextWindow);
        assert!(read(b"{}").is_err());
        let denied = read_error(401, None, br#"{"title":"Unauthenticated","detail":"No token","status":401}"#);
        assert_eq!((denied.kind, denied.message.as_str()), (ErrorKind::Authentication, "No token"));
    }

    #[test]
    fn streams_are_read_however_they_are_cut() {
        let stream = b"event: output\nid: 1\ndata: Hi\n\nevent: output\nid: 2\ndata: \ndata: there\n\nevent: done\nid: 3\ndata: {}\n\n";
        let (whole, ended) = fold::events(&mut Reader::default(), &[stream]);
        assert!(ended);
        assert_eq!(fold::fold(Dialect::Chat, &whole).choices[0].parts, [Part::text("Hi\nthere")]);
        for at in 0..stream.len() {
            assert_eq!(fold::events(&mut Reader::default(), &[&stream[..at], &stream[at..]]).0, whole);
        }
        assert!(!fold::events(&mut Reader::default(), &[&stream[..40]]).1);
        let (events, _) = fold::events(&mut Reader::default(), &[b"event: error\ndata: {\"detail\":\"Broken\"}\n\n"]);
        assert!(matches!(events.last(), Some(Event::Error(error)) if error.message == "Broken"));
    }
}
