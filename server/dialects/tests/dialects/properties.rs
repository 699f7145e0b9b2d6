//! Generated requests: there and back they are the same.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use tollgate_dialects::neutral::Dialect;
use tollgate_dialects::{Target, Url};

use crate::support::{TARGET, codecs, of};

fn word() -> impl Strategy<Value = String> {
    "[a-z][a-z0-9]{0,9}"
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof!["[ -~]{1,20}", "\\PC{1,12}", Just("quote \" and \\ and \u{1F980}\n".to_owned())]
}

fn base64() -> impl Strategy<Value = String> {
    "[A-Za-z0-9+/]{4,40}"
}

fn number() -> impl Strategy<Value = f64> {
    (0..200_u32).prop_map(|n| f64::from(n) / 100.0)
}

/// An object of fields that may be there or not.
fn object(fields: Vec<(&'static str, BoxedStrategy<Value>)>) -> BoxedStrategy<Value> {
    let strategies: Vec<_> =
        fields.into_iter().map(|(key, value)| option::of(value).prop_map(move |value| (key, value))).collect();
    strategies
        .prop_map(|fields| {
            let fields = fields.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?)));
            Value::Object(fields.collect::<Map<_, _>>())
        })
        .boxed()
}

fn with(base: Value, more: Value) -> Value {
    let (Value::Object(mut base), Value::Object(more)) = (base, more) else { panic!("objects") };
    base.extend(more);
    Value::Object(base)
}

fn cached(part: BoxedStrategy<Value>) -> BoxedStrategy<Value> {
    let mark = prop_oneof![Just(json!({"type":"ephemeral"})), Just(json!({"type":"ephemeral","ttl":"1h"}))];
    (part, object(vec![("cache_control", mark.boxed()), ("unknown", text().prop_map(Value::from).boxed())]))
        .prop_map(|(part, more)| with(part, more))
        .boxed()
}

fn schema() -> impl Strategy<Value = Value> {
    (word(), text()).prop_map(|(name, description)| {
        json!({"type":"object","properties":{name:{"type":"string","description":description}},"required":[]})
    })
}

fn chat_part() -> BoxedStrategy<Value> {
    prop_oneof![
        text().prop_map(|t| json!({"type":"text","text":t})),
        (word(), option::of(Just("low"))).prop_map(|(w, detail)| match detail {
            Some(detail) =>
                json!({"type":"image_url","image_url":{"url":format!("https://x.example/{w}"),"detail":detail}}),
            None => json!({"type":"image_url","image_url":{"url":format!("https://x.example/{w}")}}),
        }),
        base64().prop_map(|d| json!({"type":"image_url","image_url":{"url":format!("data:image/png;base64,{d}")}})),
        base64().prop_map(|d| json!({"type":"input_audio","input_audio":{"data":d,"format":"wav"}})),
        (word(), base64()).prop_map(|(name, d)| {
            json!({"type":"file","file":{"filename":name,"file_data":format!("data:application/pdf;base64,{d}")}})
        }),
        word().prop_map(|id| json!({"type":"file","file":{"file_id":id}})),
        text().prop_map(|t| json!({"type":"new_kind","new_kind":{"deep":[t]}})),
    ]
    .boxed()
}

fn chat_message() -> BoxedStrategy<Value> {
    let call = (word(), word(), schema()).prop_map(|(id, name, arguments)| {
        json!({"id":id,"type":"function","function":{"name":name,"arguments":arguments.to_string()}})
    });
    prop_oneof![
        (prop_oneof![Just("system"), Just("developer"), Just("user")], text())
            .prop_map(|(role, t)| json!({"role":role,"content":t})),
        (vec(cached(chat_part()), 1..4), option::of(word())).prop_map(|(parts, name)| match name {
            Some(name) => json!({"role":"user","content":parts,"name":name}),
            None => json!({"role":"user","content":parts}),
        }),
        (option::of(text()), vec(call, 1..3))
            .prop_map(|(t, calls)| { json!({"role":"assistant","content":t,"tool_calls":calls}) }),
        (text(), word()).prop_map(|(t, s)| json!({"role":"assistant","content":t,"thinking_blocks":[
            {"type":"thinking","thinking":t,"signature":s},{"type":"redacted_thinking","data":s}]})),
        (word(), text()).prop_map(|(id, t)| json!({"role":"tool","tool_call_id":id,"content":t})),
        text().prop_map(|t| json!({"role":"assistant","content":null,"refusal":t,"annotations":[]})),
    ]
    .boxed()
}

fn chat() -> BoxedStrategy<Value> {
    let v = |s: BoxedStrategy<String>| s.prop_map(Value::from).boxed();
    let tool = (word(), text(), schema(), any::<bool>()).prop_map(|(name, d, schema, strict)| {
        json!({"type":"function","function":{"name":name,"description":d,"parameters":schema,"strict":strict}})
    });
    let choice = prop_oneof![
        Just(json!("auto")),
        Just(json!("none")),
        Just(json!("required")),
        word().prop_map(|name| json!({"type":"function","function":{"name":name}})),
        word().prop_map(|name| json!({"type":"allowed_tools","allowed_tools":{"mode":"required","tools":[
            {"type":"function","function":{"name":name}}]}})),
        word().prop_map(|name| json!({"type":"custom","custom":{"name":name}})),
    ];
    let format = prop_oneof![
        Just(json!({"type":"text"})),
        Just(json!({"type":"json_object"})),
        (word(), schema(), any::<bool>()).prop_map(
            |(name, schema, strict)| json!({"type":"json_schema","json_schema":{"name":name,"schema":schema,"strict":strict}})
        ),
    ];
    let fields = object(vec![
        ("tools", vec(tool, 1..3).prop_map(Value::from).boxed()),
        ("tool_choice", choice.boxed()),
        ("parallel_tool_calls", any::<bool>().prop_map(Value::from).boxed()),
        ("temperature", number().prop_map(Value::from).boxed()),
        ("top_p", number().prop_map(Value::from).boxed()),
        ("top_k", (1..100_u64).prop_map(Value::from).boxed()),
        ("frequency_penalty", number().prop_map(Value::from).boxed()),
        ("presence_penalty", number().prop_map(Value::from).boxed()),
        ("seed", any::<i64>().prop_map(Value::from).boxed()),
        ("logit_bias", (0..9_i64).prop_map(|n| json!({"50256":n})).boxed()),
        ("stop", vec(text(), 2..5).prop_map(Value::from).boxed()),
        ("n", (1..9_u64).prop_map(Value::from).boxed()),
        ("max_completion_tokens", any::<u32>().prop_map(Value::from).boxed()),
        ("response_format", format.boxed()),
        ("reasoning_effort", prop_oneof![Just(json!("low")), Just(json!("xhigh"))].boxed()),
        ("thinking", Just(json!({"type":"enabled","budget_tokens":2000})).boxed()),
        ("verbosity", Just(json!("low")).boxed()),
        ("modalities", Just(json!(["text", "audio"])).boxed()),
        ("audio", v(word().boxed()).prop_map(|voice| json!({"voice":voice,"format":"wav"})).boxed()),
        ("service_tier", v(word().boxed())),
        ("user", v(text().boxed())),
        ("metadata", v(text().boxed()).prop_map(|t| json!({"label":t})).boxed()),
        ("store", any::<bool>().prop_map(Value::from).boxed()),
        ("prediction", v(text().boxed()).prop_map(|t| json!({"type":"content","content":t})).boxed()),
        ("something_new", v(text().boxed()).prop_map(|t| json!([{"deep":t}, null, 1.5])).boxed()),
    ]);
    let logprobs = option::of(0..9_u64).prop_map(|top| match top {
        Some(top) => json!({"logprobs":true,"top_logprobs":top}),
        None => json!({}),
    });
    let stream = any::<bool>().prop_map(|on| {
        if on {
            json!({"stream":true,"stream_options":{"include_usage":true,"include_obfuscation":false}})
        } else {
            json!({})
        }
    });
    (vec(chat_message(), 1..6), fields, logprobs, stream)
        .prop_map(|(messages, fields, logprobs, stream)| {
            with(with(with(json!({"model":"m","messages":messages}), fields), logprobs), stream)
        })
        .boxed()
}

fn block() -> BoxedStrategy<Value> {
    prop_oneof![
        text().prop_map(|t| json!({"type":"text","text":t})),
        base64().prop_map(|d| json!({"type":"image","source":{"type":"base64","media_type":"image/png","data":d}})),
        word().prop_map(|w| json!({"type":"image","source":{"type":"file","file_id":w}})),
        (word(), text()).prop_map(|(w, title)| json!({"type":"document","title":title,"context":w,
            "source":{"type":"url","url":format!("https://x.example/{w}.pdf")},"citations":{"enabled":true}})),
        text().prop_map(|t| json!({"type":"document","source":{"type":"text","media_type":"text/plain","data":t}})),
        text()
            .prop_map(|t| json!({"type":"search_result","source":"x","title":t,"content":[{"type":"text","text":t}]})),
    ]
    .boxed()
}

fn messages_message() -> BoxedStrategy<Value> {
    let result = (word(), prop_oneof![text().prop_map(Value::from), vec(block(), 1..3).prop_map(Value::from)]);
    let result = result
        .prop_map(|(id, content)| json!({"type":"tool_result","tool_use_id":id,"content":content,"is_error":true}));
    let said = prop_oneof![
        text().prop_map(|t| json!({"type":"text","text":t})),
        (text(), word()).prop_map(|(t, s)| json!({"type":"thinking","thinking":t,"signature":s})),
        word().prop_map(|d| json!({"type":"redacted_thinking","data":d})),
        (word(), word(), schema())
            .prop_map(|(id, name, input)| json!({"type":"tool_use","id":id,"name":name,"input":input})),
        (word(), text())
            .prop_map(|(id, q)| json!({"type":"server_tool_use","id":id,"name":"web_search","input":{"query":q}})),
    ];
    prop_oneof![
        text().prop_map(|t| json!({"role":"user","content":t})),
        vec(cached(prop_oneof![block(), result.boxed()].boxed()), 1..4)
            .prop_map(|b| json!({"role":"user","content":b})),
        vec(cached(said.boxed()), 1..4).prop_map(|b| json!({"role":"assistant","content":b})),
    ]
    .boxed()
}

fn messages() -> BoxedStrategy<Value> {
    let tool = prop_oneof![
        (word(), text(), schema())
            .prop_map(|(name, d, schema)| json!({"name":name,"description":d,"input_schema":schema})),
        word().prop_map(|name| json!({"type":"web_search_20250305","name":name,"max_uses":3})),
    ];
    let choice = prop_oneof![
        Just(json!({"type":"auto","disable_parallel_tool_use":true})),
        Just(json!({"type":"any"})),
        Just(json!({"type":"none"})),
        word().prop_map(|name| json!({"type":"tool","name":name,"disable_parallel_tool_use":false})),
    ];
    let thinking = prop_oneof![
        Just(json!({"type":"enabled","budget_tokens":1500})),
        Just(json!({"type":"disabled"})),
        Just(json!({"type":"adaptive","display":"omitted"})),
    ];
    let system = prop_oneof![
        text().prop_map(Value::from),
        vec(cached(text().prop_map(|t| json!({"type":"text","text":t})).boxed()), 1..3).prop_map(Value::from),
    ];
    let config = (schema(), word())
        .prop_map(|(schema, new)| json!({"effort":"high","format":{"type":"json_schema","schema":schema},"new":new}));
    let fields = object(vec![
        ("system", system.boxed()),
        ("tools", vec(cached(tool.boxed()), 1..3).prop_map(Value::from).boxed()),
        ("tool_choice", choice.boxed()),
        ("thinking", thinking.boxed()),
        ("output_config", config.boxed()),
        ("temperature", number().prop_map(Value::from).boxed()),
        ("top_p", number().prop_map(Value::from).boxed()),
        ("top_k", (1..100_u64).prop_map(Value::from).boxed()),
        ("stop_sequences", vec(text(), 1..5).prop_map(Value::from).boxed()),
        ("metadata", (text(), text()).prop_map(|(id, t)| json!({"user_id":id,"more":t})).boxed()),
        ("service_tier", word().prop_map(Value::from).boxed()),
        ("stream", Just(json!(true)).boxed()),
        ("container", word().prop_map(Value::from).boxed()),
        ("mcp_servers", word().prop_map(|name| json!([{"type":"url","name":name}])).boxed()),
    ]);
    (vec(messages_message(), 1..6), any::<u16>(), fields)
        .prop_map(|(messages, most, fields)| with(json!({"model":"m","max_tokens":most,"messages":messages}), fields))
        .boxed()
}

fn item() -> BoxedStrategy<Value> {
    let part = prop_oneof![
        text().prop_map(|t| json!({"type":"input_text","text":t})),
        word().prop_map(|w| json!({"type":"input_image","image_url":format!("https://x.example/{w}"),"detail":"high"})),
        word().prop_map(|w| json!({"type":"input_image","file_id":w,"detail":"auto"})),
        word().prop_map(|w| json!({"type":"input_file","file_url":format!("https://x.example/{w}"),"filename":w})),
        (word(), base64()).prop_map(|(w, d)| {
            json!({"type":"input_file","filename":w,"file_data":format!("data:application/pdf;base64,{d}")})
        }),
        text().prop_map(|t| json!({"type":"new_kind","x":t})),
    ];
    let said = prop_oneof![
        text().prop_map(|t| json!({"type":"output_text","text":t,"annotations":[{"index":3}]})),
        text().prop_map(|t| json!({"type":"refusal","refusal":t})),
    ];
    let thoughts = vec(text().prop_map(|t| json!({"type":"summary_text","text":t})), 0..3);
    prop_oneof![
        (prop_oneof![Just("system"), Just("developer"), Just("user")], text())
            .prop_map(|(role, t)| json!({"role":role,"content":t})),
        (vec(part, 1..3), word()).prop_map(
            |(parts, id)| json!({"type":"message","id":id,"role":"user","content":parts,"status":"completed"})
        ),
        text().prop_map(|t| json!({"role":"assistant","content":t})),
        (vec(said, 1..3), word()).prop_map(|(parts, id)| {
            json!({"type":"message","id":id,"role":"assistant","content":parts,"status":"completed"})
        }),
        (word(), word(), schema()).prop_map(|(id, name, arguments)| {
            json!({"type":"function_call","id":id,"call_id":name,"name":name,"arguments":arguments.to_string()})
        }),
        (word(), text()).prop_map(|(id, t)| json!({"type":"function_call_output","call_id":id,"output":t,"id":id})),
        (word(), thoughts, option::of(word())).prop_map(|(id, thoughts, sealed)| match sealed {
            Some(sealed) => json!({"type":"reasoning","id":id,"summary":thoughts,"encrypted_content":sealed}),
            None => json!({"type":"reasoning","id":id,"summary":thoughts}),
        }),
        word().prop_map(|id| json!({"type":"item_reference","id":id})),
        (word(), text()).prop_map(|(id, t)| json!({"type":"web_search_call","id":id,"action":{"query":t}})),
        word()
            .prop_map(|id| json!({"type":"computer_call_output","call_id":id,"output":{"type":"computer_screenshot"}})),
    ]
    .boxed()
}

fn responses() -> BoxedStrategy<Value> {
    let tool = prop_oneof![
        (word(), schema()).prop_map(|(name, s)| json!({"type":"function","name":name,"parameters":s,"strict":true})),
        word().prop_map(|id| json!({"type":"file_search","vector_store_ids":[id]})),
    ];
    let choice = prop_oneof![
        Just(json!("required")),
        word().prop_map(|name| json!({"type":"function","name":name})),
        word().prop_map(|name| json!({"type":"allowed_tools","mode":"auto","tools":[{"type":"function","name":name}]})),
        Just(json!({"type":"file_search"})),
    ];
    let format = prop_oneof![
        Just(json!({"type":"text"})),
        (word(), schema()).prop_map(|(name, s)| json!({"type":"json_schema","name":name,"schema":s,"strict":false})),
    ];
    let format = (format, word()).prop_map(|(format, new)| json!({"format":format,"verbosity":"high","new":new}));
    let input = prop_oneof![text().prop_map(Value::from), vec(item(), 1..7).prop_map(Value::from)];
    let fields = object(vec![
        ("instructions", text().prop_map(Value::from).boxed()),
        ("tools", vec(tool, 1..3).prop_map(Value::from).boxed()),
        ("tool_choice", choice.boxed()),
        ("parallel_tool_calls", any::<bool>().prop_map(Value::from).boxed()),
        ("max_output_tokens", any::<u32>().prop_map(Value::from).boxed()),
        ("temperature", number().prop_map(Value::from).boxed()),
        ("top_p", number().prop_map(Value::from).boxed()),
        ("top_logprobs", (0..9_u64).prop_map(Value::from).boxed()),
        ("text", format.boxed()),
        ("reasoning", word().prop_map(|new| json!({"effort":"low","summary":"auto","new":new})).boxed()),
        ("user", word().prop_map(Value::from).boxed()),
        ("metadata", text().prop_map(|t| json!({"label":t})).boxed()),
        ("store", any::<bool>().prop_map(Value::from).boxed()),
        ("previous_response_id", word().prop_map(Value::from).boxed()),
        ("include", vec(word(), 1..3).prop_map(Value::from).boxed()),
        ("brand_new", text().prop_map(|t| json!({"deep":[t]})).boxed()),
    ]);
    (input, fields).prop_map(|(input, fields)| with(json!({"model":"m","input":input}), fields)).boxed()
}

/// Every word and number of a document, sorted.
fn leaves(value: &Value, out: &mut Vec<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| leaves(item, out)),
        Value::Object(fields) => fields.iter().for_each(|(key, value)| {
            // Arguments are a document in a text.
            match (key.as_str(), value.as_str().and_then(|text| serde_json::from_str(text).ok())) {
                ("arguments", Some(inner)) => leaves(&inner, out),
                // A part of text may become a plain text.
                // One message of the user's may become a plain input.
                ("role", _) if *value == "user" => {}
                ("type", _) if matches!(value.as_str(), Some("text" | "input_text" | "output_text" | "message")) => {}
                _ => leaves(value, out),
            }
        }),
        Value::Null => {}
        other => out.push(other.to_string()),
    }
}

fn check(dialect: Dialect, body: &Value) {
    let codec = of(dialect);
    let bytes = body.to_string().into_bytes();
    let request = codec.read_request(&bytes, Url::default()).unwrap_or_else(|e| panic!("{e}: {body}"));
    let written = codec.write_request(&request, Target { model: "m", ..TARGET }).unwrap();
    assert!(written.lost.is_empty(), "{:?} of {body}", written.lost);
    let again = codec.read_request(&written.body, Url::default()).unwrap();
    assert_eq!(again, request, "{body}\n{}", String::from_utf8_lossy(&written.body));
    let (mut before, mut after) = (Vec::new(), Vec::new());
    leaves(body, &mut before);
    leaves(&serde_json::from_slice(&written.body).unwrap(), &mut after);
    for leaf in &before {
        let at = after.iter().position(|other| other == leaf);
        after.swap_remove(
            at.unwrap_or_else(|| panic!("{leaf} is lost: {body}\n{}", String::from_utf8_lossy(&written.body))),
        );
    }
    // In the other dialects it is a request, or there is a reason why not.
    for (to, back) in codecs() {
        match back.write_request(&request, TARGET) {
            Ok(written) => {
                let read = back.read_request(&written.body, Url::default());
                assert!(read.is_ok(), "{to}: {read:?}");
            }
            Err(error) => assert!(!error.message.is_empty()),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn chat_requests_lose_nothing(body in chat()) {
        check(Dialect::Chat, &body);
    }

    #[test]
    fn messages_requests_lose_nothing(body in messages()) {
        check(Dialect::Messages, &body);
    }

    #[test]
    fn responses_requests_lose_nothing(body in responses()) {
        check(Dialect::Responses, &body);
    }
}
