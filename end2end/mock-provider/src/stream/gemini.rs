//! Google's events: each an answer of its own, with what was counted until then.

use super::{Events, Moment};
use crate::answer::gemini::{error, finish_reason, usage};
use crate::answer::{ARGUMENTS, Content, quoted};
use crate::books::Tokens;

impl Events {
    pub(super) fn generated(&mut self, moment: Moment<'_>) -> String {
        let is_call = matches!(self.answer.content, Content::Call(_));
        match moment {
            Moment::Start | Moment::Stop => String::new(),
            // A call comes whole, with the end.
            Moment::Piece(_) if is_call => String::new(),
            Moment::Piece(piece) => {
                self.said += 1;
                self.generated_event(&format!(r#"{{"text":{}}}"#, quoted(piece)), None)
            }
            Moment::Finish => {
                let part = match &self.answer.content {
                    Content::Call(name) => {
                        format!(r#"{{"functionCall":{{"name":{},"args":{ARGUMENTS}}}}}"#, quoted(name))
                    }
                    _ => r#"{"text":""}"#.to_owned(),
                };
                self.said = self.answer.usage.completion_tokens;
                self.generated_event(&part, Some(finish_reason(self.answer.finish_reason)))
            }
            Moment::Error => self.plain(&error(503, "The model is overloaded.")),
        }
    }

    fn generated_event(&self, part: &str, finish: Option<&str>) -> String {
        let finish = finish.map_or_else(String::new, |reason| format!(r#","finishReason":"{reason}""#));
        let usage = if self.reports_usage() {
            let so_far = Tokens { completion_tokens: self.said, reasoning_tokens: 0, ..self.answer.usage };
            let counted = if finish.is_empty() { &so_far } else { &self.answer.usage };
            format!(r#","usageMetadata":{}"#, usage(counted))
        } else {
            String::new()
        };
        self.plain(&format!(
            r#"{{"candidates":[{{"content":{{"parts":[{part}],"role":"model"}}{finish},"index":0}}]{usage},"modelVersion":{},"responseId":"{}"}}"#,
            quoted(&self.answer.model),
            self.answer.id,
        ))
    }

    fn plain(&self, json: &str) -> String {
        let end = if self.answer.faults.crlf { "\r\n" } else { "\n" };
        format!("data: {json}{end}{end}")
    }
}
