//! Why a candidate ended.

use crate::neutral::Finish;

/// Google has no word of its own for an answer that ends in calls: it says `STOP`.
pub(super) fn read(word: &str, has_calls: bool) -> Finish<'static> {
    match word {
        "STOP" if has_calls => Finish::ToolCalls,
        "STOP" => Finish::Stop,
        "MAX_TOKENS" => Finish::Length,
        "SAFETY"
        | "RECITATION"
        | "BLOCKLIST"
        | "PROHIBITED_CONTENT"
        | "SPII"
        | "IMAGE_SAFETY"
        | "IMAGE_PROHIBITED_CONTENT"
        | "IMAGE_RECITATION"
        | "MODEL_ARMOR" => Finish::ContentFilter,
        "MALFORMED_FUNCTION_CALL" | "UNEXPECTED_TOOL_CALL" => Finish::BrokenToolCall,
        other => Finish::Other(other.to_owned().into()),
    }
}

pub(super) fn write(finish: &Finish<'_>) -> &'static str {
    match finish {
        Finish::Stop | Finish::StopSequence(_) | Finish::ToolCalls => "STOP",
        Finish::Length | Finish::ContextWindow => "MAX_TOKENS",
        Finish::ContentFilter | Finish::Refusal => "SAFETY",
        Finish::BrokenToolCall => "MALFORMED_FUNCTION_CALL",
        Finish::Other(word) => KNOWN.iter().find(|known| *known == word).copied().unwrap_or("OTHER"),
        Finish::Pause => "OTHER",
    }
}

/// Words that mean nothing elsewhere; SDKs refuse words that they don't know.
const KNOWN: [&str; 9] = [
    "LANGUAGE",
    "OTHER",
    "IMAGE_OTHER",
    "NO_IMAGE",
    "TOO_MANY_TOOL_CALLS",
    "MISSING_THOUGHT_SIGNATURE",
    "MALFORMED_RESPONSE",
    "FINISH_REASON_UNSPECIFIED",
    "CONTINUATION",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_survive() {
        for word in KNOWN.iter().chain(&["STOP", "MAX_TOKENS", "SAFETY", "MALFORMED_FUNCTION_CALL"]) {
            assert_eq!(write(&read(word, false)), *word);
        }
        assert_eq!(read("STOP", true), Finish::ToolCalls);
        assert_eq!(write(&Finish::Other("end_of_days".into())), "OTHER");
    }
}
