//! The events of OpenAI's responses.

use super::{Events, Moment};
use crate::answer::{ARGUMENTS, Content, quoted};

impl Events {
    pub(super) fn response(&mut self, moment: Moment<'_>) -> String {
        let is_call = matches!(self.answer.content, Content::Call(_));
        let id = self.answer.id.clone();
        match moment {
            Moment::Start => {
                let begun = self.answer.response_object("in_progress", "[]", false);
                let mut text = self.numbered("response.created", &format!(r#""response":{begun}"#));
                let item = match &self.answer.content {
                    Content::Call(name) => format!(
                        r#"{{"type":"function_call","id":"fc_{id}","call_id":"call_{id}","name":{},"arguments":"","status":"in_progress"}}"#,
                        quoted(name)
                    ),
                    _ => format!(
                        r#"{{"type":"message","id":"msg_{id}","role":"assistant","status":"in_progress","content":[]}}"#
                    ),
                };
                let added = format!(r#""output_index":0,"item":{item}"#);
                text += &self.numbered("response.output_item.added", &added);
                if !is_call {
                    let part = r#"{"type":"output_text","text":"","annotations":[],"logprobs":[]}"#;
                    let added = format!(r#""item_id":"msg_{id}","output_index":0,"content_index":0,"part":{part}"#);
                    text += &self.numbered("response.content_part.added", &added);
                }
                text
            }
            Moment::Piece(piece) if is_call => {
                let delta = format!(r#""item_id":"fc_{id}","output_index":0,"delta":{}"#, quoted(piece));
                self.numbered("response.function_call_arguments.delta", &delta)
            }
            Moment::Piece(piece) => {
                let delta = format!(
                    r#""item_id":"msg_{id}","output_index":0,"content_index":0,"delta":{},"logprobs":[]"#,
                    quoted(piece)
                );
                self.numbered("response.output_text.delta", &delta)
            }
            Moment::Finish => {
                let mut text = String::new();
                if is_call {
                    let done = format!(r#""item_id":"fc_{id}","output_index":0,"arguments":{}"#, quoted(ARGUMENTS));
                    text += &self.numbered("response.function_call_arguments.done", &done);
                } else {
                    let whole = quoted(&self.answer.text());
                    let place = format!(r#""item_id":"msg_{id}","output_index":0,"content_index":0"#);
                    let done = format!(r#"{place},"text":{whole},"logprobs":[]"#);
                    text += &self.numbered("response.output_text.done", &done);
                    let part = format!(r#"{{"type":"output_text","text":{whole},"annotations":[],"logprobs":[]}}"#);
                    text += &self.numbered("response.content_part.done", &format!(r#"{place},"part":{part}"#));
                }
                let item = self.answer.response_item();
                text + &self.numbered("response.output_item.done", &format!(r#""output_index":0,"item":{item}"#))
            }
            Moment::Stop => {
                let cut = self.answer.finish_reason == "length";
                let (name, status) =
                    if cut { ("response.incomplete", "incomplete") } else { ("response.completed", "completed") };
                let output = format!("[{}]", self.answer.response_item());
                let whole = self.answer.response_object(status, &output, true);
                self.numbered(name, &format!(r#""response":{whole}"#))
            }
            Moment::Error => {
                let error = r#""code":"server_error","message":"The server had an error.","param":null"#;
                self.numbered("error", error)
            }
        }
    }

    fn numbered(&mut self, name: &str, members: &str) -> String {
        let json = format!(r#"{{"type":"{name}","sequence_number":{},{members}}}"#, self.said);
        self.said += 1;
        self.named(name, &json)
    }
}
