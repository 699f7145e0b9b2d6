use super::*;
use crate::json::{Json, Object};
use crate::neutral::{
    Content, Dialect, Effort, Format, Message, Part, Reasoning, Request, Role, Source, Tool, ToolChoice, ToolKind,
};
use crate::{Codec as _, Target, Url};

fn read(body: &'static [u8]) -> Request<'static> {
    API.read_request(body, Url { model: Some("gemini-2.5-flash"), stream: Some(false) }).unwrap()
}

fn write(request: &Request<'_>, model: &str) -> String {
    let written = API.write_request(request, Target::new(model)).unwrap();
    assert_eq!(written.lost.iter().collect::<Vec<_>>(), Vec::<&crate::neutral::Lost>::new());
    text(&written.body)
}

fn lost(request: &Request<'_>) -> Vec<String> {
    let written = API.write_request(request, Target::new("gemini-3-pro")).unwrap();
    written.lost.iter().map(|lost| format!("{:?} {}", lost.weight, lost.field)).collect()
}

/// Fields in any order.
fn value(bytes: &[u8]) -> serde_json::Value {
    serde_json::from_slice(bytes).unwrap()
}

#[test]
fn a_request_comes_back_as_it_was() {
    for (name, body) in [
        ("request", golden!("request-parts.json").as_slice()),
        ("request-tools", golden!("request-tools.json").as_slice()),
    ] {
        let request = read(body);
        assert_eq!(value(write(&request, "gemini-2.5-flash").as_bytes()), value(body), "{name}");
    }
}

#[test]
fn what_it_says_is_understood() {
    let request = read(golden!("request-parts.json"));
    assert_eq!(request.messages[0], Message::text(Role::System, "Answer in one sentence."));
    assert_eq!(request.messages.len(), 4);
    assert!(matches!(&request.messages[3].parts[0].content,
        Content::Document { source: Source::Url { url, .. }, .. } if url == "https://example.org/tides.pdf"));
    assert_eq!((request.n, request.max_tokens, request.sampling.top_k), (Some(2), Some(800), Some(40)));
    assert_eq!(request.logprobs.unwrap().top, Some(3));
    assert_eq!(request.reasoning.as_ref().unwrap().budget, Some(1024));
    let Some(Format::JsonSchema { schema, .. }) = &request.format else { panic!() };
    assert_eq!(schema.to_string(), r#"{"type":"object","properties":{"time":{"type":"string"}},"required":["time"]}"#);
    let kept: Vec<_> = request.rest.iter().map(|(key, _)| key).collect();
    assert_eq!(kept, ["generationConfig", "safetySettings", "cachedContent"]);
}

#[test]
fn calls_and_results_without_ids_are_paired() {
    let request = read(golden!("request-tools.json"));
    let id_of = |message: usize, part: usize| match &request.messages[message].parts[part].content {
        Content::ToolCall { id, .. } | Content::ToolResult { id, .. } => id.clone().into_owned(),
        other => panic!("{other:?}"),
    };
    assert_eq!((id_of(1, 0), id_of(1, 1)), (id_of(2, 0), id_of(2, 1)));
    assert_ne!(id_of(1, 0), id_of(1, 1));
    assert_eq!(request.tool_choice, Some(ToolChoice::Function("get_weather".into())));
    assert_eq!(request.tools.len(), 2);
    assert!(matches!(&request.messages[2].parts[1].content,
        Content::ToolResult { parts, .. } if parts[0].content == Content::Text("seven".into())));
}

#[test]
fn both_spellings_and_both_alphabets_are_read() {
    let body = br#"{"system_instruction":"Short","contents":[{"parts":[{"inline_data":{"mime_type":"image/png","data":"-_8"}}]}],
        "generation_config":{"max_output_tokens":5,"thinking_config":{"include_thoughts":true}},
        "tools":[{"function_declarations":[{"name":"f","parameters_json_schema":{"type":"object"}}]}],
        "tool_config":{"function_calling_config":{"mode":"NONE"}}}"#;
    let request = read(body);
    assert_eq!(request.messages[0], Message::text(Role::System, "Short"));
    let source = Source::Data { media_type: "image/png".into(), data: "+/8=".into() };
    assert_eq!(request.messages[1].parts[0].content, Content::Image { source, detail: None });
    assert_eq!(request.max_tokens, Some(5));
    assert_eq!(request.tool_choice, Some(ToolChoice::None));
    assert_eq!(request.reasoning.unwrap().summary.as_deref(), Some("auto"));
}

/// Sent by Google's Python SDK, which spells fields both ways.
#[test]
fn what_the_sdk_sends_is_understood() {
    let request = read(golden!("sdk.json"));
    assert!(request.rest.is_empty(), "{:?}", request.rest);
    assert_eq!(request.reasoning.as_ref().unwrap().effort, Some(Effort::Low));
    assert_eq!(request.tools.len(), 2);
    let out = write(&request, "gemini-3-pro-preview");
    assert!(out.contains(r#""parametersJsonSchema":{"type":"object","properties":{"place":{"$ref":"#), "{out}");
    assert!(out.contains(r#""thoughtSignature":"Cg5vcGFxdWUtYnl0ZXM=""#), "{out}");
    assert!(out.contains(r#""thinkingConfig":{"thinkingLevel":"LOW","includeThoughts":true}"#), "{out}");
}

/// A conversation as OpenAI's dialect has it.
fn foreign() -> Request<'static> {
    let call = |id: &'static str| Content::ToolCall { id: id.into(), name: "f".into(), arguments: r#"{"a":1}"#.into() };
    let result = |id: &'static str, text: &'static str| {
        let content = Content::ToolResult { id: id.into(), name: None, parts: vec![Part::text(text)], is_error: false };
        Message::new(Role::Tool, vec![content.into()])
    };
    let mut request = Request::new(Dialect::Chat, "alias");
    request.messages = vec![
        Message::text(Role::System, "Be kind."),
        Message::text(Role::User, "Hi"),
        Message::new(Role::Assistant, vec![Part::text("Wait."), call("call_1").into(), call("call_2").into()]),
        result("call_1", "one"),
        result("call_2", r#"{"b":2}"#),
        Message::text(Role::Developer, "Be brief."),
    ];
    let parameters =
        Json::parse(br#"{"type":"object","properties":{"a":{"type":"integer"}},"additionalProperties":false}"#);
    request.tools = vec![Tool::new(ToolKind::Function {
        name: "f".into(),
        description: None,
        parameters: parameters.ok(),
        strict: None,
    })];
    request
}

#[test]
fn results_of_parallel_calls_come_together() {
    let expected = r#"{"contents":[{"role":"user","parts":[{"text":"Hi"}]},{"role":"model","parts":[{"text":"Wait."},{"functionCall":{"id":"call_1","name":"f","args":{"a":1}}},{"functionCall":{"id":"call_2","name":"f","args":{"a":1}}}]},{"role":"user","parts":[{"functionResponse":{"id":"call_1","name":"f","response":{"output":"one"}}},{"functionResponse":{"id":"call_2","name":"f","response":{"b":2}}}]}],"systemInstruction":{"parts":[{"text":"Be kind."},{"text":"Be brief."}]},"tools":[{"functionDeclarations":[{"name":"f","parameters":{"type":"OBJECT","properties":{"a":{"type":"INTEGER"}}}}]}]}"#;
    assert_eq!(write(&foreign(), "gemini-2.5-flash"), expected);
}

#[test]
fn new_models_are_told_that_a_call_has_no_signature() {
    let out = write(&foreign(), "gemini-3-pro");
    assert_eq!(out.matches("skip_thought_signature_validator").count(), 1, "on the first of parallel calls");
    let mut request = foreign();
    request.messages[2].parts[1].signature = Some("c2ln".into());
    assert!(!write(&request, "gemini-3-pro").contains("skip_thought"), "a real one is sent instead");
}

#[test]
fn what_can_not_be_said_is_told() {
    let mut request = foreign();
    request.sampling.min_p = Some(0.1);
    request.sampling.logit_bias = Some(Object::new().with("1", 2_u64));
    request.parallel_tool_calls = Some(false);
    request.user = Some("u".into());
    request.metadata = Object::new().with("k", "v");
    request.tools.push(Tool::new(ToolKind::Native(Object::new().with("type", "web_search").into())));
    request.messages.push(Message::new(
        Role::User,
        vec![
            Content::Image { source: Source::File { id: "file-1".into() }, detail: None }.into(),
            Content::Other(Json::Null).into(),
            Content::RedactedThinking("x".into()).into(),
        ],
    ));
    assert_eq!(
        lost(&request),
        [
            "Content messages[6].content[0]",
            "Content messages[6].content[1]",
            "Hint messages[6].content[2]",
            "Parameter tools[1]",
            "Parameter parallel_tool_calls",
            "Parameter min_p",
            "Parameter logit_bias",
            "Hint user",
            "Hint metadata",
        ]
    );
}

#[test]
fn vertex_takes_labels_and_its_own_path() {
    let mut request = foreign();
    request.metadata = Object::new().with("team", "a");
    request.stream = true;
    let written = Gemini(Door::Vertex).write_request(&request, Target::new("gemini-2.5-pro")).unwrap();
    assert_eq!(written.path, "/publishers/google/models/gemini-2.5-pro:streamGenerateContent?alt=sse");
    assert!(text(&written.body).contains(r#""labels":{"team":"a"}"#));
}

#[test]
fn a_model_that_does_not_reason_is_not_told_to() {
    let mut request = foreign();
    request.reasoning = Some(Reasoning { effort: Some(Effort::High), ..Reasoning::default() });
    let target = Target { reasons: Some(false), ..Target::new("gemini-2.0-flash") };
    let written = API.write_request(&request, target).unwrap();
    assert!(!text(&written.body).contains("thinkingConfig"));
}

#[test]
fn wrong_requests_say_where() {
    for (body, expected) in [
        (r#"{"contents":[{"role":"robot","parts":[]}]}"#, "contents[0].role: must be `user` or `model`"),
        (r#"{"contents":[{"parts":[{"functionCall":{}}]}]}"#, "contents[0].parts[0].functionCall.name: is missing"),
        (r#"{"generationConfig":{"topP":"x"}}"#, "generationConfig.topP: must be a number"),
        ("[]", "must be an object"),
    ] {
        let error = API.read_request(body.as_bytes(), Url::default()).unwrap_err();
        assert_eq!(error.message, expected);
        assert_eq!(error.kind, crate::neutral::ErrorKind::BadRequest);
    }
}
