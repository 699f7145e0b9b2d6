use proptest::prelude::*;
use serde_json::json;

use super::*;

fn guess(text: &str) -> u64 {
    let quoted = serde_json::Value::from(text).to_string();
    let mut gauge = Gauge::default();
    gauge.text(quoted.trim_matches('"').as_bytes());
    gauge.tokens()
}

#[test]
fn the_tokeniser_counts_as_openai_does() {
    assert_eq!(exact(""), 0);
    assert_eq!(exact("hello world"), 2);
    assert_eq!(exact("tiktoken is great!"), 6);
}

/// Texts of many kinds, and how far the guess may be off.
#[test]
fn a_guess_is_near_what_the_tokeniser_counts() {
    let texts = [
        ("prose", include_str!("../../../ARCHITECTURE.md"), 12),
        ("code", include_str!("strings.rs"), 20),
        ("json", include_str!("../../data/usage-cases.txt"), 25),
        (
            "german",
            "Der schnelle braune Fuchs springt über den faulen Hund, während die Großmutter im Garten gemütlich ihren Kaffee trinkt und den Vögeln zuhört. Anschließend gehen alle gemeinsam zum Abendessen ins Wirtshaus.",
            25,
        ),
        (
            "french",
            "Le renard brun et rapide saute par-dessus le chien paresseux pendant que la grand-mère boit tranquillement son café dans le jardin et écoute les oiseaux chanter à l'ombre des arbres.",
            25,
        ),
        (
            "russian",
            "Быстрая коричневая лиса прыгает через ленивую собаку, пока бабушка спокойно пьёт кофе в саду и слушает пение птиц в тени деревьев.",
            40,
        ),
        (
            "chinese",
            "敏捷的棕色狐狸跳过了懒狗，而祖母在花园里悠闲地喝着咖啡，听着鸟儿在树荫下歌唱。今天的天气非常好，大家都很高兴。",
            35,
        ),
        (
            "japanese",
            "素早い茶色の狐が怠け者の犬を飛び越え、おばあさんは庭でゆっくりとコーヒーを飲みながら、木陰で歌う鳥の声を聞いています。",
            35,
        ),
    ];
    let mut report = Vec::new();
    let mut fits = true;
    for (name, text, percent) in texts {
        let (counted, guessed) = (exact(text), guess(text));
        let off = guessed.abs_diff(counted) * 100 / counted;
        fits &= off <= percent;
        report.push(format!("{name}: {counted} counted, {guessed} guessed, {off} % off (at most {percent})"));
    }
    assert!(fits, "{report:#?}");
}

#[test]
fn a_prompt_is_what_the_model_reads() {
    let request = json!({
        "model": "gpt-4o", "temperature": 1, "user": "somebody whose name is very long and does not matter here at all",
        "messages": [
            {"role": "system", "content": "You are a helpful assistant."},
            {"role": "user", "content": [{"type": "text", "text": "What is in this \"picture\"?"},
                {"type": "image_url", "image_url": {"url": format!("data:image/png;base64,{}", "A".repeat(100_000))}}]},
        ],
    });
    let request = request.to_string();
    let text = exact("You are a helpful assistant.\nWhat is in this \"picture\"?");
    assert_eq!(exact_prompt(request.as_bytes()), text + 2 * AROUND_MESSAGE + MEDIUM);
    let quick = prompt(request.as_bytes()) - 2 * AROUND_MESSAGE - MEDIUM;
    assert!(quick.abs_diff(text) <= 4, "{quick} guessed, {text} counted");
    assert_eq!(prompt(b"not JSON"), 0);
    let tiny = br#"{"messages":[{"role":"user","content":[{"url":"data:,"}]}]}"#;
    assert_eq!([prompt(tiny), exact_prompt(tiny)], [tiny.len() as u64; 2], "no more than what is set aside");
}

#[test]
fn long_prompts_are_measured_in_part() {
    let of = |words: usize| {
        prompt(json!({"prompt": "seven words of some length come again ".repeat(words)}).to_string().as_bytes())
    };
    let (short, long) = (of(100), of(100_000));
    assert!(long.abs_diff(short * 1000) <= short * 20, "{short} {long}");
}

#[test]
fn an_answer_is_what_the_model_wrote() {
    let answer = json!({"id": "chatcmpl-1", "model": "some-model", "choices": [{"index": 0, "finish_reason": "stop",
        "message": {"role": "assistant", "content": "hello\nworld", "tool_calls": [{"id": "call_1", "type": "function",
            "function": {"name": "weather", "arguments": "{\"place\":\"Rome\"}"}}]}}]});
    let expected = exact("hello\nworld\nweather\n{\"place\":\"Rome\"}");
    // Members come in the order of their names, which does not matter to the sum by more than a token.
    assert!(exact_answer(answer.to_string().as_bytes()).abs_diff(expected) <= 1);
    assert_eq!(exact_answer(br#"{"data":[{"embedding":[0.1,0.2]}],"model":"m"}"#), 0);
}

#[test]
fn deltas_add_up_to_the_text() {
    let text = include_str!("../../../ARCHITECTURE.md");
    let mut gauge = Gauge::default();
    let mut first = true;
    for word in text.split_inclusive(' ') {
        let delta = if first { json!({"role": "assistant", "content": word}) } else { json!({ "content": word }) };
        first = false;
        let chunk = json!({"id": "chatcmpl-1", "object": "chat.completion.chunk", "model": "a long name of a model",
            "choices": [{"index": 0, "delta": delta, "logprobs": null, "finish_reason": null}]});
        measure_delta(format!("data: {chunk}\n\n").as_bytes(), &mut gauge);
    }
    assert_eq!(gauge.tokens(), guess(text));
    let before = gauge;
    measure_delta(b"data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n", &mut gauge);
    measure_delta(b": a comment\n\n", &mut gauge);
    measure_delta(b"data: [DONE]\n\n", &mut gauge);
    assert_eq!(gauge, before);
}

#[test]
fn long_words_of_one_letter_do_not_take_long() {
    // Some tokenisers need minutes for this.
    assert!(exact(&"a".repeat(1_000_000)) > 50_000);
}

proptest! {
    #[test]
    fn a_guess_is_the_same_however_it_is_cut(text in "\\PC{0,60}", cuts in proptest::collection::vec(0_usize..200, 0..5)) {
        let json = serde_json::Value::from(text).to_string();
        let bytes = json.as_bytes();
        let mut whole = Gauge::default();
        whole.text(bytes);
        let mut cuts: Vec<_> = cuts.into_iter().map(|cut| cut.min(bytes.len())).collect();
        cuts.sort_unstable();
        let (mut cut, mut from) = (Gauge::default(), 0);
        for at in cuts.into_iter().chain([bytes.len()]) {
            cut.text(&bytes[from..at]);
            from = at;
        }
        prop_assert_eq!(cut, whole);
        // No more tokens than bytes: what is reserved for a call is enough.
        prop_assert!(whole.tokens() <= bytes.len() as u64 + 1);
    }

    #[test]
    fn nothing_panics(bytes in proptest::collection::vec(prop_oneof![Just(b'"'), Just(b'\\'), Just(b':'), any::<u8>()], 0..300)) {
        prompt(&bytes);
        let mut gauge = Gauge::default();
        measure_delta(&[b"\"choices\"", &bytes[..]].concat(), &mut gauge);
    }
}
