//! The answers of OpenAI's responses.

use super::{ARGUMENTS, Answer, CREATED, Content, quoted};
use crate::faults::UsagePlace;

impl Answer {
    pub fn response_body(&self) -> String {
        let status = if self.finish_reason == "length" { "incomplete" } else { "completed" };
        self.response_object(status, &format!("[{}]", self.response_item()), true)
    }

    /// The one thing that is said.
    pub fn response_item(&self) -> String {
        let id = &self.id;
        match &self.content {
            Content::Call(name) => format!(
                r#"{{"type":"function_call","id":"fc_{id}","call_id":"call_{id}","name":{},"arguments":{},"status":"completed"}}"#,
                quoted(name),
                quoted(ARGUMENTS)
            ),
            _ => format!(
                r#"{{"type":"message","id":"msg_{id}","role":"assistant","status":"completed","content":[{{"type":"output_text","text":{},"annotations":[],"logprobs":[]}}]}}"#,
                quoted(&self.text())
            ),
        }
    }

    pub fn response_object(&self, status: &str, output: &str, counted: bool) -> String {
        let details = if status == "incomplete" { r#"{"reason":"max_output_tokens"}"# } else { "null" };
        let usage = if counted && self.faults.usage != UsagePlace::Missing {
            let tokens = &self.usage;
            format!(
                r#"{{"input_tokens":{},"input_tokens_details":{{"cached_tokens":{}}},"output_tokens":{},"output_tokens_details":{{"reasoning_tokens":{}}},"total_tokens":{}}}"#,
                tokens.prompt_tokens,
                tokens.cached_tokens,
                tokens.completion_tokens,
                tokens.reasoning_tokens,
                tokens.prompt_tokens + tokens.completion_tokens,
            )
        } else {
            "null".to_owned()
        };
        format!(
            r#"{{"id":"{}","object":"response","created_at":{CREATED},"status":"{status}","error":null,"incomplete_details":{details},"instructions":null,"max_output_tokens":null,"model":{},"output":{output},"parallel_tool_calls":true,"previous_response_id":null,"reasoning":{{"effort":null,"summary":null}},"store":true,"temperature":1.0,"text":{{"format":{{"type":"text"}}}},"tool_choice":"auto","tools":[],"top_p":1.0,"truncation":"disabled","usage":{usage},"user":null,"metadata":{{}}}}"#,
            self.id,
            quoted(&self.model),
        )
    }
}
