//! `usageMetadata`.

use super::wire::{get, number};
use crate::json::{Json, Object};
use crate::neutral::Usage;

pub(super) fn read(object: &Object<'_>) -> Usage {
    let count = |camel, snake| number(get(object, camel, snake));
    let prompt = count("promptTokenCount", "prompt_token_count");
    let tool_use = count("toolUsePromptTokenCount", "tool_use_prompt_token_count");
    let candidates = count("candidatesTokenCount", "candidates_token_count");
    let thoughts = count("thoughtsTokenCount", "thoughts_token_count");
    let total = count("totalTokenCount", "total_token_count");
    let input = prompt.saturating_add(tool_use);
    // Some models of Vertex AI count thoughts among the candidates' tokens; their total gives it away.
    let included = thoughts <= candidates && total > 0 && total == input.saturating_add(candidates);
    let prompt_details = get(object, "promptTokensDetails", "prompt_tokens_details");
    let answer_details = get(object, "candidatesTokensDetails", "candidates_tokens_details");
    Usage {
        input,
        cache_read: count("cachedContentTokenCount", "cached_content_token_count").min(input),
        audio_input: of_modality(prompt_details, "AUDIO"),
        image_input: of_modality(prompt_details, "IMAGE"),
        output: if included { candidates } else { candidates.saturating_add(thoughts) },
        reasoning: thoughts,
        audio_output: of_modality(answer_details, "AUDIO"),
        image_output: of_modality(answer_details, "IMAGE"),
        ..Usage::default()
    }
}

fn of_modality(details: Option<&Json<'_>>, modality: &str) -> u64 {
    let rows = details.and_then(Json::as_array).unwrap_or_default().iter().filter_map(Json::as_object);
    rows.filter(|row| row.get("modality").and_then(Json::as_str) == Some(modality))
        .fold(0, |sum, row| sum.saturating_add(number(get(row, "tokenCount", "token_count"))))
}

pub(super) fn write(usage: &Usage) -> Object<'static> {
    let candidates = usage.output.saturating_sub(usage.reasoning);
    let mut out = Object::new().with("promptTokenCount", usage.input).with("candidatesTokenCount", candidates);
    let some = |count: u64| (count > 0).then_some(count);
    out.put_some("cachedContentTokenCount", some(usage.cache_read));
    out.put_some("thoughtsTokenCount", some(usage.reasoning));
    out.put("totalTokenCount", usage.total());
    out.put("promptTokensDetails", details(usage.input, usage.audio_input, usage.image_input));
    if usage.audio_output > 0 || usage.image_output > 0 {
        out.put("candidatesTokensDetails", details(candidates, usage.audio_output, usage.image_output));
    }
    out
}

fn details(total: u64, audio: u64, image: u64) -> Vec<Json<'static>> {
    let text = total.saturating_sub(audio).saturating_sub(image);
    let rows = [("TEXT", text), ("AUDIO", audio), ("IMAGE", image)];
    let rows = rows.into_iter().filter(|(_, count)| *count > 0);
    rows.map(|(name, count)| Object::new().with("modality", name).with("tokenCount", count).into()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Usage {
        read(Json::parse(text.as_bytes()).unwrap().as_object().unwrap())
    }

    #[test]
    fn thoughts_are_part_of_the_output() {
        let usage = of(
            r#"{"promptTokenCount":10,"candidatesTokenCount":20,"thoughtsTokenCount":70,"totalTokenCount":100,
            "cachedContentTokenCount":4,"promptTokensDetails":[{"modality":"TEXT","tokenCount":4},{"modality":"AUDIO","tokenCount":6}]}"#,
        );
        let expected =
            Usage { input: 10, cache_read: 4, audio_input: 6, output: 90, reasoning: 70, ..Usage::default() };
        assert_eq!(usage, expected);
        assert_eq!(read(&write(&usage)), usage);
    }

    #[test]
    fn thoughts_that_are_counted_already_are_not_counted_twice() {
        let usage =
            of(r#"{"promptTokenCount":10,"candidatesTokenCount":90,"thoughtsTokenCount":70,"totalTokenCount":100}"#);
        assert_eq!((usage.output, usage.reasoning), (90, 70));
    }

    #[test]
    fn what_tools_put_into_the_prompt_is_input() {
        let usage = of(
            r#"{"promptTokenCount":"10","toolUsePromptTokenCount":5,"candidatesTokenCount":1,"totalTokenCount":16}"#,
        );
        assert_eq!((usage.input, usage.output), (15, 1));
    }
}
