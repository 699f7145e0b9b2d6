//! Streams: the events of an answer, one after the other, made when they are asked for.

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
        let phase = if shape == Shape::Chat { Phase::Start } else { Phase::Token(1) };
        Self { answer, shape, include_usage, phase, paused: false, head }
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
            Phase::Finish => {
                self.phase = Phase::Usage;
                let reason = format!("\"{}\"", self.answer.finish_reason);
                let choice = match self.shape {
                    Shape::Chat => self.chat_choice("{}", &reason),
                    Shape::Completion => completion_choice("", &reason),
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
        let choice = match (&self.answer.content, self.shape) {
            (Content::Call(_), Shape::Chat) => {
                let delta =
                    format!(r#"{{"tool_calls":[{{"index":0,"function":{{"arguments":{}}}}}]}}"#, quoted(&piece));
                self.chat_choice(&delta, "null")
            }
            (_, Shape::Chat) => self.chat_choice(&format!(r#"{{"content":{}}}"#, quoted(&piece)), "null"),
            (_, Shape::Completion) => completion_choice(&piece, "null"),
        };
        self.chunk(&choice, self.running_usage(number).as_deref())
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
