//! The readers on their own; `golden` has what providers send and bill.

mod golden;
mod sums;

use proptest::prelude::*;
use serde_json::{Value, json};
use tollgate_domain::usage::Units;

use super::*;

const SHAPES: [Shape; 11] = [
    Shape::Chat,
    Shape::Responses,
    Shape::Images,
    Shape::Transcription,
    Shape::Speech,
    Shape::Messages,
    Shape::Gemini,
    Shape::Converse,
    Shape::Invoke,
    Shape::Cohere,
    Shape::Ollama,
];

fn of(shape: Shape, answer: &Value) -> Option<Usage> {
    read(shape, answer.to_string().as_bytes()).unwrap().usage
}

fn chat(usage: &Value) -> Option<Usage> {
    of(Shape::Chat, &json!({ "usage": usage }))
}

#[test]
fn zero_is_not_absent() {
    assert_eq!(chat(&json!({"prompt_tokens": 0, "completion_tokens": 0})), Some(Usage::default()));
    for nothing in [json!({}), json!(null), json!([]), json!("none"), json!(7)] {
        assert_eq!(chat(&nothing), None, "{nothing}");
    }
    for shape in SHAPES {
        let report = read(shape, b"{}").unwrap();
        assert_eq!(report, Report::default(), "{shape:?}");
        assert_eq!(read(shape, b"<html>"), None);
        assert_eq!(read(shape, b"\xff"), None);
        assert_eq!(read(shape, b"7"), None);
    }
    let zero = |shape, answer| assert_eq!(of(shape, &answer), Some(Usage::default()), "{shape:?}");
    zero(Shape::Messages, json!({"usage": {"input_tokens": 0, "output_tokens": 0}}));
    zero(Shape::Gemini, json!({"usageMetadata": {"promptTokenCount": 0}}));
    zero(Shape::Converse, json!({"usage": {"inputTokens": 0, "outputTokens": 0}}));
    zero(Shape::Cohere, json!({"usage": {"billed_units": {"input_tokens": 0}}}));
    zero(Shape::Ollama, json!({"eval_count": 0}));
    zero(Shape::Transcription, json!({"usage": {"type": "duration", "seconds": 0}}));
}

#[test]
fn what_is_not_a_count_breaks_nothing_beside_it() {
    let usage = chat(&json!({
        "prompt_tokens": "12", "completion_tokens": 3.0, "total_tokens": null,
        "prompt_tokens_details": {"cached_tokens": {"a": 1}, "audio_tokens": "five", "image_tokens": -3},
        "completion_tokens_details": [1, 2, 3],
    }));
    assert_eq!(usage, Some(Usage { input: 12, output: 3, ..Usage::default() }));
    let usage = of(
        Shape::Messages,
        &json!({"usage": {"input_tokens": 5, "cache_creation": null, "cache_read_input_tokens": null}}),
    );
    assert_eq!(usage, Some(Usage { input: 5, ..Usage::default() }));
    let usage = of(Shape::Gemini, &json!({"usageMetadata": {"promptTokenCount": 5, "promptTokensDetails": {"x": 1}}}));
    assert_eq!(usage, Some(Usage { input: 5, ..Usage::default() }));
}

#[test]
fn parts_are_never_more_than_their_whole() {
    let usage = chat(&json!({
        "prompt_tokens": 10, "completion_tokens": 4, "total_tokens": 14,
        "prompt_tokens_details": {"cached_tokens": 900, "audio_tokens": 800},
        "completion_tokens_details": {"reasoning_tokens": 700, "audio_tokens": 600},
    }));
    let expected = Usage { input: 10, cache_read: 10, audio_input: 10, output: 4, reasoning: 4, ..Usage::default() };
    assert_eq!(usage, Some(expected));
}

#[test]
fn an_answer_says_who_it_is_and_how_it_was_served() {
    let report = read(
        Shape::Chat,
        br#"{"id":"chatcmpl-1","service_tier":"priority","usage":{"prompt_tokens":1,"cost":0.0000123456789}}"#,
    );
    let report = report.unwrap();
    assert_eq!((report.id.as_deref(), report.tier), (Some("chatcmpl-1"), ServiceTier::Priority));
    assert_eq!(report.stated, Some(Nanos(12_346)), "rounded up");
    assert_eq!(read(Shape::Chat, br#"{"usage":{"prompt_tokens":1,"cost":-3}}"#).unwrap().stated, None);
    let long = read(Shape::Chat, json!({"id": "é".repeat(500)}).to_string().as_bytes()).unwrap();
    assert_eq!(long.id.unwrap().chars().count(), MAX_ID);
    let message = json!({"id": "msg_1", "usage": {"input_tokens": 1, "service_tier": "batch"}});
    let report = read(Shape::Messages, message.to_string().as_bytes()).unwrap();
    assert_eq!((report.id.as_deref(), report.tier), (Some("msg_1"), ServiceTier::Batch));
    let gemini = json!({"responseId": "r", "usageMetadata": {"promptTokenCount": 1, "trafficType": "ON_DEMAND_FLEX"}});
    let report = read(Shape::Gemini, gemini.to_string().as_bytes()).unwrap();
    assert_eq!((report.id.as_deref(), report.tier), (Some("r"), ServiceTier::Flex));
}

#[test]
fn speech_is_counted_in_characters() {
    let usage = spoken(r#"{"model":"tts-1","input":"Grüße!","voice":"alloy"}"#.as_bytes()).unwrap();
    assert_eq!(usage.units, Units { input_characters: 6, ..Units::default() });
    assert_eq!(spoken(br#"{"model":"tts-1"}"#), None);
}

#[test]
fn what_a_stream_holds_is_bounded() {
    let mut tally = Tally::new(Shape::Chat);
    for number in 0..2000 {
        tally.event(
            json!({"usage": {format!("member_{number}"): number, "prompt_tokens": number}}).to_string().as_bytes(),
        );
    }
    assert!(tally.picked["usage"].as_object().unwrap().len() <= 256);
    assert!(!tally.event(json!({"usage": {"prompt_tokens": 1, "x": "y".repeat(100_000)}}).to_string().as_bytes()));
    let usage = tally.report().usage.unwrap();
    assert_eq!(usage.input, 1999);
}

fn anything() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        (0_u64..5000).prop_map(Value::from),
        "[0-9a-z.]{0,6}".prop_map(Value::from),
        Just(json!([1, {"modality": "AUDIO", "tokenCount": 3}])),
        Just(json!({"reasoning_tokens": 5, "cached_tokens": u64::MAX, "audio_tokens": "9"})),
    ]
}

proptest! {
    #[test]
    fn no_nonsense_panics_or_costs_more_than_its_wholes(
        members in proptest::collection::vec((proptest::sample::select(vec![
            "prompt_tokens", "completion_tokens", "total_tokens", "input_tokens", "output_tokens", "prompt_tokens_details",
            "completion_tokens_details", "input_tokens_details", "cached_tokens", "reasoning_tokens", "citation_tokens",
            "num_search_queries", "cache_creation_input_tokens", "cache_read_input_tokens", "cache_creation",
            "promptTokenCount", "candidatesTokenCount", "thoughtsTokenCount", "totalTokenCount", "promptTokensDetails",
            "inputTokens", "outputTokens", "cacheReadInputTokens", "cacheDetails", "billed_units", "seconds", "cost",
        ]), anything()), 0..12),
        shape in proptest::sample::select(SHAPES.to_vec()),
    ) {
        let inner: Value = members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect::<Map<_, _>>().into();
        let answer = json!({"usage": inner, "usageMetadata": inner, "prompt_eval_count": inner["prompt_tokens"]});
        let report = read(shape, answer.to_string().as_bytes()).unwrap();
        if let Some(usage) = report.usage {
            let parts = usage.cache_read + usage.cache_write + usage.cache_write_1h;
            prop_assert!(parts <= usage.input);
            prop_assert!(usage.reasoning + usage.audio_output + usage.image_output <= usage.output);
        }
        // Saying it again changes nothing.
        let mut tally = Tally::new(shape);
        for _ in 0..3 {
            tally.event(answer.to_string().as_bytes());
        }
        prop_assert_eq!(tally.report(), report);
    }
}
