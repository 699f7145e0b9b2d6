//! Why a message ended.

use crate::neutral::Finish;

pub(super) fn read(word: &str) -> Finish<'static> {
    match word {
        "end_turn" => Finish::Stop,
        "tool_use" => Finish::ToolCalls,
        "max_tokens" => Finish::Length,
        "stop_sequence" => Finish::StopSequence(None),
        "guardrail_intervened" | "content_filtered" => Finish::ContentFilter,
        "refusal" => Finish::Refusal,
        "malformed_tool_use" => Finish::BrokenToolCall,
        "model_context_window_exceeded" => Finish::ContextWindow,
        other => Finish::Other(other.to_owned().into()),
    }
}

pub(super) fn write<'f>(finish: &'f Finish<'_>) -> &'f str {
    match finish {
        Finish::Stop | Finish::Pause => "end_turn",
        Finish::ToolCalls => "tool_use",
        Finish::Length => "max_tokens",
        Finish::StopSequence(_) => "stop_sequence",
        Finish::ContentFilter | Finish::Refusal => "content_filtered",
        Finish::BrokenToolCall => "malformed_tool_use",
        Finish::ContextWindow => "model_context_window_exceeded",
        Finish::Other(word) => word,
    }
}
