//! Streams: the events of an answer, one after the other, made when they are asked for.

mod converse;
mod gemini;
mod messages;
mod responses;

use std::fmt::Write as _;
use std::time::Duration;

use bytes::Bytes;

use crate::answer::{ARGUMENTS, Answer, CREATED, Content, error, quoted, token, usage};
use crate::books::Tokens;
use crate::faults::UsagePlace;

/// Pieces in which a tool call's arguments are streamed.
const ARGUMENT_PIECE: usize = 5;

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    Chat,
    Completion,
    /// Anthropic's.
    Messages,
    /// OpenAI's newer.
    Responses,
    Gemini,
    /// Amazon's, in binary frames.
    Converse,
}

/// What is to be said next, in a shape that is not OpenAI's older one.
#[derive(Clone, Copy)]
enum Moment<'a> {
    Start,
    Piece(&'a str),
    Finish,
    Stop,
    Error,
}

/// What comes next in a stream.
pub enum Step {
    Send { bytes: Bytes, usage: bool },
    Pause(Duration),
    Cut { reset: bool },
    End,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    Start,
    /// The next token to send.
    Token(u64),
    Finish,
    Usage,
    Done,
    End,
    Cut,
}

/// A stream's events.
pub struct Events {
    answer: Answer,
    shape: Shape,
    include_usage: bool,
    phase: Phase,
    paused: bool,
    /// Events, or pieces of text, that were sent.
    said: u64,
    /// What every chunk starts with, up to `"choices":`.
    head: String,
}

impl Events {
    pub fn new(answer: Answer, shape: Shape, include_usage: bool) -> Self {
        let object = if shape == Shape::Chat { "chat.completion.chunk" } else { "text_completion" };
        let head = format!(
            r#"{{"id":"{}","object":"{object}","created":{CREATED},"model":{},"service_tier":"default","system_fingerprint":"fp_mock","choices":"#,
            answer.id,
            quoted(&answer.model),
        );
        let phase = if shape == Shape::Completion { Phase::Token(1) } else { Phase::Start };
        Self { answer, shape, include_usage, phase, paused: false, said: 0, head }
    }

    pub fn next_step(&mut self) -> Step {
        let faults = &self.answer.faults;
        let first = matches!((self.phase, self.shape), (Phase::Start, _) | (Phase::Token(1), Shape::Completion));
        let pause = match self.phase {
            _ if first => faults.first_token_delay,
            Phase::Token(_) => faults.chunk_delay,
            _ => Duration::ZERO,
        };
        if !pause.is_zero() && !self.paused {
            self.paused = true;
            return Step::Pause(pause);
        }
        self.paused = false;
        self.advance()
    }

    fn advance(&mut self) -> Step {
        match self.phase {
            Phase::Start if self.is_foreign() => {
                self.phase = Phase::Token(1);
                self.say(Moment::Start)
            }
            Phase::Start => {
                self.phase = Phase::Token(1);
                let delta = match &self.answer.content {
                    Content::Call(name) => {
                        let id = &self.answer.id;
                        let name = quoted(name);
                        format!(
                            r#"{{"role":"assistant","content":null,"tool_calls":[{{"index":0,"id":"call_{id}","type":"function","function":{{"name":{name},"arguments":""}}}}],"refusal":null}}"#
                        )
                    }
                    _ => r#"{"role":"assistant","content":"","refusal":null}"#.to_owned(),
                };
                self.chunk(&self.chat_choice(&delta, "null"), self.running_usage(0).as_deref())
            }
            Phase::Token(number) => self.token(number),
            Phase::Finish if self.is_foreign() => {
                self.phase = Phase::Done;
                self.say(Moment::Finish)
            }
            Phase::Finish => {
                self.phase = Phase::Usage;
                let reason = format!("\"{}\"", self.answer.finish_reason);
                let choice = match self.shape {
                    Shape::Chat => self.chat_choice("{}", &reason),
                    _ => completion_choice("", &reason),
                };
                let on_last = matches!(self.answer.faults.usage, UsagePlace::OnLast | UsagePlace::Each);
                self.chunk(&choice, on_last.then(|| usage(&self.answer.usage)).as_deref())
            }
            Phase::Usage => {
                self.phase = Phase::Done;
                let due = match self.answer.faults.usage {
                    UsagePlace::Normal => self.include_usage,
                    UsagePlace::Always => true,
                    UsagePlace::Missing | UsagePlace::OnLast | UsagePlace::Each => false,
                };
                if !due {
                    return self.advance();
                }
                self.chunk("", Some(&usage(&self.answer.usage)))
            }
            Phase::Done => {
                self.phase = Phase::End;
                if self.answer.faults.no_done {
                    return Step::End;
                }
                if self.is_foreign() {
                    return self.say(Moment::Stop);
                }
                Step::Send { bytes: self.event("[DONE]"), usage: false }
            }
            Phase::Cut => Step::Cut { reset: self.answer.faults.reset },
            Phase::End => Step::End,
        }
    }

    fn token(&mut self, number: u64) -> Step {
        let faults = &self.answer.faults;
        let sent = number - 1;
        if faults.cut_after.is_some_and(|after| after <= sent) {
            self.phase = Phase::Cut;
            return self.advance();
        }
        if faults.error_after.is_some_and(|after| after <= sent) {
            self.phase = Phase::End;
            if self.is_foreign() {
                return self.say(Moment::Error);
            }
            let event = self.event(&error(500, "The server had an error while processing your request."));
            return Step::Send { bytes: event, usage: false };
        }
        let Some(piece) = self.piece(number) else {
            self.phase = Phase::Finish;
            return self.advance();
        };
        self.phase = Phase::Token(number + 1);
        if self.answer.faults.broken_chunk == Some(number) {
            return Step::Send { bytes: self.event(&format!("{}[{{\"index\":0,", self.head)), usage: false };
        }
        if self.is_foreign() {
            return self.say(Moment::Piece(&piece));
        }
        let choice = match (&self.answer.content, self.shape) {
            (Content::Call(_), Shape::Chat) => {
                let delta =
                    format!(r#"{{"tool_calls":[{{"index":0,"function":{{"arguments":{}}}}}]}}"#, quoted(&piece));
                self.chat_choice(&delta, "null")
            }
            (_, Shape::Chat) => self.chat_choice(&format!(r#"{{"content":{}}}"#, quoted(&piece)), "null"),
            _ => completion_choice(&piece, "null"),
        };
        self.chunk(&choice, self.running_usage(number).as_deref())
    }

    fn is_foreign(&self) -> bool {
        !matches!(self.shape, Shape::Chat | Shape::Completion)
    }

    fn say(&mut self, moment: Moment<'_>) -> Step {
        let bytes: Bytes = match self.shape {
            Shape::Messages => self.message(moment).into(),
            Shape::Responses => self.response(moment).into(),
            Shape::Gemini => self.generated(moment).into(),
            Shape::Converse => self.frames(moment).into(),
            Shape::Chat | Shape::Completion => Bytes::new(),
        };
        if bytes.is_empty() {
            return self.advance();
        }
        let counted = matches!(moment, Moment::Finish) || matches!(moment, Moment::Stop) && self.counts_last();
        Step::Send { bytes, usage: counted && self.reports_usage() }
    }

    /// Whether the usage comes with the very last event.
    fn counts_last(&self) -> bool {
        matches!(self.shape, Shape::Responses | Shape::Converse)
    }

    fn reports_usage(&self) -> bool {
        self.answer.faults.usage != UsagePlace::Missing
    }

    /// A server-sent event with a name.
    fn named(&self, name: &str, json: &str) -> String {
        let end = if self.answer.faults.crlf { "\r\n" } else { "\n" };
        let mut text = String::with_capacity(json.len() + 48);
        if self.answer.faults.comments {
            let _ = write!(text, ": keep-alive{end}{end}");
        }
        let _ = write!(text, "event: {name}{end}data: {json}{end}{end}");
        text
    }

    /// Piece `number` (from 1) of what is streamed.
    fn piece(&self, number: u64) -> Option<String> {
        let index = usize::try_from(number - 1).ok()?;
        let nth = |text: &str, size: usize| {
            let start = index.checked_mul(size).filter(|start| *start < text.len())?;
            let start = text.ceil_char_boundary(start);
            let end = text.ceil_char_boundary((index + 1).saturating_mul(size).min(text.len()));
            Some(text[start..end].to_owned())
        };
        match &self.answer.content {
            Content::Count => (number <= self.answer.tokens).then(|| token(number, self.answer.faults.chunk_bytes)),
            Content::Text(text) => nth(text, self.answer.faults.chunk_bytes.max(1024)),
            Content::Call(_) => nth(ARGUMENTS, ARGUMENT_PIECE),
        }
    }

    fn running_usage(&self, sent: u64) -> Option<String> {
        let so_far =
            Tokens { completion_tokens: sent, reasoning_tokens: 0, audio_output_tokens: 0, ..self.answer.usage };
        (self.answer.faults.usage == UsagePlace::Each).then(|| usage(&so_far))
    }

    #[expect(clippy::unused_self, reason = "beside completion_choice, for the reader")]
    fn chat_choice(&self, delta: &str, reason: &str) -> String {
        format!(r#"{{"index":0,"delta":{delta},"logprobs":null,"finish_reason":{reason}}}"#)
    }

    fn chunk(&self, choice: &str, usage: Option<&str>) -> Step {
        let usage_member = match usage {
            Some(usage) => format!(r#","usage":{usage}"#),
            None if self.include_usage && self.answer.faults.usage == UsagePlace::Normal => {
                r#","usage":null"#.to_owned()
            }
            None => String::new(),
        };
        let json = format!("{}[{choice}]{usage_member}}}", self.head);
        Step::Send { bytes: self.event(&json), usage: usage.is_some() }
    }

    /// One server-sent event.
    fn event(&self, json: &str) -> Bytes {
        let faults = &self.answer.faults;
        let end = if faults.crlf { "\r\n" } else { "\n" };
        let mut text = String::with_capacity(json.len() + 16);
        if faults.comments {
            let _ = write!(text, ": keep-alive{end}{end}");
        }
        match json.split_once(',') {
            // The JSON starts with an id, so that a line end after its first comma is white space to JSON.
            Some((start, rest)) if faults.multiline => {
                let _ = write!(text, "data: {start},{end}data: {rest}{end}{end}");
            }
            _ => {
                let _ = write!(text, "data: {json}{end}{end}");
            }
        }
        text.into()
    }
}

fn completion_choice(text: &str, reason: &str) -> String {
    format!(r#"{{"text":{},"index":0,"logprobs":null,"finish_reason":{reason}}}"#, quoted(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ask::Ask;
    use crate::faults::Faults;

    fn events(body: &str, shape: Shape) -> (Vec<String>, Option<Step>) {
        let ask: Ask<'_> = serde_json::from_str(body).unwrap();
        let mut faults = Faults::default();
        faults.apply_model(&ask.model).unwrap();
        let answer = Answer::new("id-1".to_owned(), &ask, faults, 2, body.as_bytes());
        let mut events = Events::new(answer, shape, ask.includes_usage());
        let mut texts = Vec::new();
        loop {
            match events.next_step() {
                Step::Send { bytes, .. } => texts.push(String::from_utf8(bytes.to_vec()).unwrap()),
                Step::End => return (texts, None),
                step => return (texts, Some(step)),
            }
        }
    }

    fn data(event: &str) -> serde_json::Value {
        serde_json::from_str(event.strip_prefix("data: ").unwrap()).unwrap()
    }

    #[test]
    fn a_stream_is_as_openais() {
        let (events, _) = events(r#"{"model":"m","stream_options":{"include_usage":true}}"#, Shape::Chat);
        assert_eq!(events.len(), 6);
        assert_eq!(events[5], "data: [DONE]\n\n");
        let chunks: Vec<_> = events[..5].iter().map(|event| data(event)).collect();
        assert_eq!(chunks[0]["choices"][0]["delta"]["role"], "assistant");
        assert_eq!(chunks[1]["choices"][0]["delta"]["content"], "1 ");
        assert_eq!(chunks[2]["choices"][0]["delta"]["content"], "2 ");
        assert_eq!(chunks[3]["choices"][0]["finish_reason"], "stop");
        assert!(chunks[..4].iter().all(|chunk| chunk.get("usage") == Some(&serde_json::Value::Null)));
        assert_eq!(chunks[4]["choices"], serde_json::json!([]));
        assert_eq!(chunks[4]["usage"]["total_tokens"], 12);
        assert!(chunks.iter().all(|chunk| chunk["id"] == "id-1"));
    }

    #[test]
    fn usage_that_nobody_asked_for_is_not_sent() {
        let (events, _) = events(r#"{"model":"m"}"#, Shape::Completion);
        assert_eq!(events.len(), 4);
        assert!(events[..3].iter().all(|event| data(event).get("usage").is_none()));
        assert_eq!(data(&events[1])["choices"][0]["text"], "2 ");
    }

    #[test]
    fn events_on_several_lines_are_the_same_json() {
        let (events, _) = events(r#"{"model":"mock-multiline+crlf+comments"}"#, Shape::Chat);
        let event = events[1].strip_prefix(": keep-alive\r\n\r\n").unwrap().strip_suffix("\r\n\r\n").unwrap();
        let lines: Vec<_> = event.split("\r\n").map(|line| line.strip_prefix("data: ").unwrap()).collect();
        assert_eq!(lines.len(), 2);
        let chunk: serde_json::Value = serde_json::from_str(&lines.join("\n")).unwrap();
        assert_eq!(chunk["choices"][0]["delta"]["content"], "1 ");
    }

    #[test]
    fn faults_come_after_so_many_tokens() {
        let (events_before, step) = events(r#"{"model":"mock-cut-after-1+rst+tokens-5"}"#, Shape::Chat);
        assert_eq!(events_before.len(), 2);
        assert!(matches!(step, Some(Step::Cut { reset: true })));
        let (events, step) = events(r#"{"model":"mock-error-after-1+tokens-5"}"#, Shape::Chat);
        assert_eq!(data(&events[2])["error"]["type"], "server_error");
        assert!(events.len() == 3 && step.is_none());
    }

    #[test]
    fn a_tool_calls_arguments_come_in_pieces() {
        let body = r#"{"model":"m","messages":[{"role":"user","content":"x"}],"tools":[{"function":{"name":"f"}}]}"#;
        let (events, _) = events(body, Shape::Chat);
        let start = data(&events[0]);
        assert_eq!(start["choices"][0]["delta"]["tool_calls"][0]["function"]["name"], "f");
        let arguments: String = events[1..events.len() - 2]
            .iter()
            .map(|event| {
                data(event)["choices"][0]["delta"]["tool_calls"][0]["function"]["arguments"]
                    .as_str()
                    .unwrap()
                    .to_owned()
            })
            .collect();
        assert_eq!(arguments, ARGUMENTS);
    }
}
