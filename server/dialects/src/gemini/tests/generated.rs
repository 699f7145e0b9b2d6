use proptest::prelude::*;

use super::*;
use crate::gemini::{Reader, count, embed, path, schema};
use crate::json::Json;
use crate::{Codec as _, Target, Url, fold};

/// JSON with the words of this dialect in wrong places.
fn document() -> impl Strategy<Value = serde_json::Value> {
    let word = prop::sample::select(vec![
        "contents",
        "parts",
        "text",
        "role",
        "model",
        "user",
        "functionCall",
        "functionResponse",
        "name",
        "args",
        "response",
        "inlineData",
        "mimeType",
        "data",
        "thought",
        "thoughtSignature",
        "candidates",
        "content",
        "finishReason",
        "STOP",
        "usageMetadata",
        "promptTokenCount",
        "tools",
        "functionDeclarations",
        "parameters",
        "type",
        "OBJECT",
        "properties",
        "generationConfig",
        "responseSchema",
        "thinkingConfig",
        "thinkingBudget",
        "error",
        "status",
        "message",
        "anyOf",
        "items",
        "enum",
        "nullable",
        "systemInstruction",
        "toolConfig",
        "functionCallingConfig",
        "mode",
        "ANY",
        "index",
    ]);
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<i32>().prop_map(|quarters| (f64::from(quarters) / 4.0).into()),
        word.clone().prop_map(Into::into),
        ".{0,8}".prop_map(Into::into),
    ];
    leaf.prop_recursive(6, 64, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Into::into),
            prop::collection::vec((word.clone(), inner), 0..6).prop_map(|fields| {
                fields.into_iter().map(|(key, value)| (key.to_owned(), value)).collect::<serde_json::Map<_, _>>().into()
            }),
        ]
    })
}

proptest! {
    #[test]
    fn no_document_panics(value in document(), wrap in 0_u8..4) {
        let value = match wrap {
            0 => serde_json::json!({"contents": [{"parts": [value]}]}),
            1 => serde_json::json!({"candidates": [{"content": {"parts": [value]}, "finishReason": "STOP"}]}),
            2 => serde_json::json!({"tools": [{"functionDeclarations": [{"name": "f", "parameters": value}]}], "generationConfig": value}),
            _ => value,
        };
        let body = value.to_string().into_bytes();
        if let Ok(request) = API.read_request(&body, Url { model: Some("m"), stream: None }) {
            let written = API.write_request(&request, Target::new("gemini-3-pro")).unwrap();
            // What was written can be read, and then stays what it is.
            let again = API.read_request(&written.body, Url { model: Some("m"), stream: None }).unwrap();
            let second = API.write_request(&again, Target::new("gemini-3-pro")).unwrap();
            prop_assert_eq!(text(&second.body), text(&written.body));
        }
        if let Ok(answer) = API.read_answer(&body) {
            API.write_answer(&answer, STAMP);
        }
        API.read_error(400, None, &body);
        let _ = count::read(&body, "m");
        let _ = count::read_answer(&body);
        let _ = (embed::read_google(&body, true), embed::read_google(&body, false), embed::read_openai(&body));
        let _ = (embed::read_google_answer(&body), embed::read_openai_answer(&body));
        let json = Json::parse(&body).unwrap();
        schema::write(&json);
        schema::read(json);
        let mut stream = b"data: ".to_vec();
        stream.extend_from_slice(&body);
        stream.extend_from_slice(b"\n\n");
        let (events, _) = fold::events(&mut Reader::default(), &[&stream]);
        fold::written(&mut *API.stream_writer(STAMP), &events);
    }

    #[test]
    fn no_bytes_panic(chunks in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 0..6), tail in ".{0,40}") {
        let chunks: Vec<&[u8]> = chunks.iter().map(Vec::as_slice).collect();
        fold::events(&mut Reader::default(), &chunks);
        let whole = chunks.concat();
        let _ = API.read_request(&whole, Url::default());
        let _ = API.read_answer(&whole);
        API.read_error(500, None, &whole);
        if let Some((model, verb)) = path::read(&tail) {
            path::write(Door::Vertex, model, verb);
        }
    }
}
