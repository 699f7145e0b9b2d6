//! Anthropic's events.

use super::{Events, Moment};
use crate::answer::messages::{error, stop_reason, usage};
use crate::answer::{Content, quoted};
use crate::books::Tokens;

impl Events {
    pub(super) fn message(&self, moment: Moment<'_>) -> String {
        match moment {
            Moment::Start => self.message_start(),
            Moment::Piece(piece) => {
                let delta = match &self.answer.content {
                    Content::Call(_) => format!(r#"{{"type":"input_json_delta","partial_json":{}}}"#, quoted(piece)),
                    _ => format!(r#"{{"type":"text_delta","text":{}}}"#, quoted(piece)),
                };
                let json = format!(r#"{{"type":"content_block_delta","index":0,"delta":{delta}}}"#);
                self.named("content_block_delta", &json)
            }
            Moment::Finish => self.message_finish(),
            Moment::Stop => self.named("message_stop", r#"{"type":"message_stop"}"#),
            Moment::Error => self.named("error", &error(529, "Overloaded")),
        }
    }

    fn message_start(&self) -> String {
        let so_far = Tokens { completion_tokens: 1, ..self.answer.usage };
        let usage = if self.reports_usage() { usage(&so_far) } else { "null".to_owned() };
        let block = match &self.answer.content {
            Content::Call(name) => {
                format!(r#"{{"type":"tool_use","id":"toolu_{}","name":{},"input":{{}}}}"#, self.answer.id, quoted(name))
            }
            _ => r#"{"type":"text","text":""}"#.to_owned(),
        };
        let mut text = self.named(
            "message_start",
            &format!(
                r#"{{"type":"message_start","message":{{"id":"{}","type":"message","role":"assistant","model":{},"content":[],"stop_reason":null,"stop_sequence":null,"usage":{usage}}}}}"#,
                self.answer.id,
                quoted(&self.answer.model),
            ),
        );
        let block = format!(r#"{{"type":"content_block_start","index":0,"content_block":{block}}}"#);
        text.push_str(&self.named("content_block_start", &block));
        text.push_str(&self.named("ping", r#"{"type": "ping"}"#));
        text
    }

    fn message_finish(&self) -> String {
        let mut text = self.named("content_block_stop", r#"{"type":"content_block_stop","index":0}"#);
        let usage =
            if self.reports_usage() { format!(r#","usage":{}"#, usage(&self.answer.usage)) } else { String::new() };
        let reason = stop_reason(self.answer.finish_reason);
        let delta =
            format!(r#"{{"type":"message_delta","delta":{{"stop_reason":"{reason}","stop_sequence":null}}{usage}}}"#);
        text.push_str(&self.named("message_delta", &delta));
        text
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Shape, Step};
    use super::*;
    use crate::answer::Answer;
    use crate::ask::Ask;
    use crate::faults::Faults;

    fn stream(body: &str) -> String {
        let ask: Ask<'_> = serde_json::from_str(body).unwrap();
        let mut faults = Faults::default();
        faults.apply_model(&ask.model).unwrap();
        let answer = Answer::new("msg-1".to_owned(), &ask, faults, 2, body.as_bytes());
        let mut events = Events::new(answer, Shape::Messages, false);
        let mut text = String::new();
        while let Step::Send { bytes, .. } = events.next_step() {
            text.push_str(std::str::from_utf8(&bytes).unwrap());
        }
        text
    }

    fn names(stream: &str) -> Vec<&str> {
        stream.lines().filter_map(|line| line.strip_prefix("event: ")).collect()
    }

    #[test]
    fn a_stream_is_as_anthropics() {
        let text = stream(r#"{"model":"m"}"#);
        let delta = "content_block_delta";
        let (start, stop) = ("content_block_start", "content_block_stop");
        assert_eq!(names(&text), ["message_start", start, "ping", delta, delta, stop, "message_delta", "message_stop"]);
        assert!(
            text.contains(r#""delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"input_tokens":10,"#)
        );
    }

    #[test]
    fn a_tool_is_called_in_pieces() {
        let text = stream(
            r#"{"model":"m","messages":[{"role":"user","content":"x"}],"tools":[{"name":"f","input_schema":{}}]}"#,
        );
        assert!(text.contains(r#""content_block":{"type":"tool_use","id":"toolu_msg-1","name":"f","input":{}}"#));
        assert!(text.contains(r#"{"type":"input_json_delta","partial_json":"{\"cit"}"#));
        assert!(text.contains(r#""stop_reason":"tool_use""#));
    }
}
