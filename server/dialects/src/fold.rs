//! For tests: a stream put together again, which must be the whole answer.

use crate::json::{Json, Object};
use crate::neutral::{Answer, Choice, Content, Delta, Dialect, Event, Part, PartStart, Source};
use crate::{ReadStream, WriteStream};

/// All events of a stream that comes in these chunks, and whether it ended well.
pub(crate) fn events(reader: &mut dyn ReadStream, chunks: &[&[u8]]) -> (Vec<Event<'static>>, bool) {
    let mut found = Vec::new();
    for chunk in chunks {
        if reader.feed(chunk, &mut |event| found.push(event.into_owned())).is_err() {
            return (found, false);
        }
    }
    let ended = reader.end(&mut |event| found.push(event.into_owned())).is_ok();
    (found, ended)
}

pub(crate) fn written(writer: &mut dyn WriteStream, events: &[Event<'_>]) -> Vec<u8> {
    let mut out = Vec::new();
    for event in events {
        writer.write(event, &mut out);
    }
    out
}

/// Checks the order that readers promise, and joins the pieces.
pub(crate) fn fold(from: Dialect, events: &[Event<'static>]) -> Answer<'static> {
    let mut answer = Answer::new(from);
    let mut open: Vec<(u32, u32)> = Vec::new();
    for (at, event) in events.iter().enumerate() {
        assert_eq!(at == 0, matches!(event, Event::Start { .. }), "the start comes first and once: {event:?}");
        match event.clone() {
            Event::Start { id, model, created, service_tier } => {
                answer = Answer { id, model, created, service_tier, ..answer };
            }
            Event::PartStart { choice, part, start } => {
                assert!(!open.iter().any(|(c, _)| *c == choice), "one part at a time");
                open.push((choice, part));
                let content = match start {
                    PartStart::Text => Content::Text("".into()),
                    PartStart::Thinking => Content::Thinking("".into()),
                    PartStart::RedactedThinking(data) => Content::RedactedThinking(data),
                    PartStart::Refusal => Content::Refusal("".into()),
                    PartStart::ToolCall { id, name } => Content::ToolCall { id, name, arguments: "".into() },
                    PartStart::Image { media_type, data } => {
                        Content::Image { source: Source::Data { media_type, data }, detail: None }
                    }
                    PartStart::Audio => {
                        Content::Audio { source: Source::Data { media_type: "".into(), data: "".into() } }
                    }
                    PartStart::Other(value) => Content::Other(value),
                };
                let choice = choice_of(&mut answer, choice);
                assert_eq!(choice.parts.len(), part as usize, "parts are numbered in their order");
                choice.parts.push(Part::new(content));
            }
            Event::Delta { choice, part, delta } => {
                assert!(open.contains(&(choice, part)), "deltas belong to open parts");
                let part = &mut choice_of(&mut answer, choice).parts[part as usize];
                match (delta, &mut part.content) {
                    (Delta::Text(piece), Content::Text(text))
                    | (Delta::Thinking(piece), Content::Thinking(text))
                    | (Delta::Refusal(piece), Content::Refusal(text))
                    | (Delta::Arguments(piece), Content::ToolCall { arguments: text, .. }) => {
                        text.to_mut().push_str(&piece);
                    }
                    (Delta::Signature(signature), _) => part.signature = Some(signature),
                    (Delta::Audio(piece), Content::Audio { source: Source::Data { data, .. } }) => {
                        data.to_mut().push_str(piece.get("data").and_then(Json::as_str).unwrap_or_default());
                    }
                    (Delta::Other(value), _) => part.rest = Object::new().with("other", value),
                    (delta, content) => panic!("{delta:?} in {content:?}"),
                }
            }
            Event::PartEnd { choice, part } => {
                assert!(open.contains(&(choice, part)));
                open.retain(|other| *other != (choice, part));
            }
            Event::Logprobs { choice, value } => choice_of(&mut answer, choice).logprobs = Some(value),
            Event::Finish { choice, finish } => {
                assert!(!open.iter().any(|(c, _)| *c == choice), "parts end before their choice");
                let choice = choice_of(&mut answer, choice);
                assert_eq!(choice.finish, None, "one finish a choice");
                choice.finish = Some(finish);
            }
            Event::Usage(usage) => answer.usage = Some(usage),
            Event::Ping => {}
            Event::Error(_) | Event::End => assert_eq!(at, events.len() - 1, "the end comes last"),
        }
    }
    answer
}

fn choice_of<'c>(answer: &'c mut Answer<'static>, index: u32) -> &'c mut Choice<'static> {
    let at = answer.choices.iter().position(|choice| choice.index == index).unwrap_or_else(|| {
        answer.choices.push(Choice { index, ..Choice::default() });
        answer.choices.len() - 1
    });
    &mut answer.choices[at]
}
