//! What comes from other dialects.

use super::*;

fn request() -> Request<'static> {
    let call = |id: &'static str| Content::ToolCall { id: id.into(), name: "f".into(), arguments: r#"{"a":1}"#.into() };
    let result = |id: &'static str, text: &'static str| {
        let content = Content::ToolResult { id: id.into(), name: None, parts: vec![Part::text(text)], is_error: false };
        Message::new(Role::Tool, vec![content.into()])
    };
    let mut request = Request::new(Dialect::Chat, "alias");
    request.messages = vec![
        Message::text(Role::System, "Be kind."),
        Message::text(Role::User, "Hi"),
        Message::new(Role::Assistant, vec![call("call_1").into(), call("call_2").into()]),
        result("call_1", "one"),
        result("call_2", "two"),
        Message::text(Role::User, "And?"),
    ];
    request.tools = vec![Tool::new(ToolKind::Function {
        name: "f".into(),
        description: Some("".into()),
        parameters: None,
        strict: Some(false),
    })];
    request
}

fn write(request: &Request<'_>, model: &str) -> (String, Vec<String>) {
    let written = Converse.write_request(request, Target::new(model)).unwrap();
    let lost = written.lost.iter().map(|lost| format!("{:?} {}", lost.weight, lost.field)).collect();
    (String::from_utf8(written.body).unwrap(), lost)
}

#[test]
fn roles_take_turns() {
    let (body, lost) = write(&request(), CLAUDE);
    assert_eq!(
        body,
        r#"{"messages":[{"role":"user","content":[{"text":"Hi"}]},{"role":"assistant","content":[{"toolUse":{"toolUseId":"call_1","name":"f","input":{"a":1}}},{"toolUse":{"toolUseId":"call_2","name":"f","input":{"a":1}}}]},{"role":"user","content":[{"toolResult":{"toolUseId":"call_1","content":[{"text":"one"}]}},{"toolResult":{"toolUseId":"call_2","content":[{"text":"two"}]}},{"text":"And?"}]}],"system":[{"text":"Be kind."}],"toolConfig":{"tools":[{"toolSpec":{"name":"f","inputSchema":{"json":{"type":"object","properties":{}}}}}]}}"#
    );
    assert_eq!(lost, Vec::<String>::new());
}

#[test]
fn calls_that_are_not_declared_any_more_are() {
    let mut request = request();
    request.tools.clear();
    let (body, _) = write(&request, CLAUDE);
    assert!(body.contains(r#""toolConfig":{"tools":[{"toolSpec":{"name":"f""#));
    request.messages.truncate(2);
    assert!(!write(&request, CLAUDE).0.contains("toolConfig"));
}

#[test]
fn no_tool_means_no_tools() {
    let mut request = request();
    request.tool_choice = Some(ToolChoice::None);
    assert_eq!(write(&request, CLAUDE).1, ["Parameter tool_choice"], "the calls can't stand without");
    request.messages.truncate(2);
    let (body, lost) = write(&request, CLAUDE);
    assert!(!body.contains("toolConfig") && lost.is_empty());
}

#[test]
fn each_family_has_its_own_words() {
    let mut request = request();
    request.messages.truncate(2);
    request.sampling.top_k = Some(5);
    request.reasoning = Some(Reasoning { effort: Some(Effort::High), ..Reasoning::default() });
    request.max_tokens = Some(100);
    let (body, lost) = write(&request, CLAUDE);
    assert!(
        body.contains(r#""additionalModelRequestFields":{"thinking":{"type":"enabled","budget_tokens":4096}}"#),
        "{body}"
    );
    assert!(body.contains(r#""maxTokens":4196"#), "{body}");
    assert_eq!(lost, ["Parameter top_k"], "who thinks samples itself");
    let (body, lost) = write(&request, "amazon.nova-2-lite-v1:0");
    assert!(
        body.contains(
            r#"{"reasoningConfig":{"type":"enabled","maxReasoningEffort":"high"},"inferenceConfig":{"topK":5}}"#
        ),
        "{body}"
    );
    assert!(lost.is_empty());
    let (body, lost) = write(&request, "openai.gpt-oss-120b-1:0");
    assert!(body.contains(r#"{"reasoning_effort":"high"}"#), "{body}");
    assert_eq!(lost, ["Parameter top_k"]);
    let (body, lost) = write(&request, "meta.llama3-1-8b-instruct-v1:0");
    assert!(!body.contains("additionalModelRequestFields"));
    assert_eq!(lost, ["Parameter reasoning_effort", "Parameter top_k"]);
}

#[test]
fn media_of_every_kind() {
    let data = |media_type: &'static str| Source::Data { media_type: media_type.into(), data: "AAAA".into() };
    let mut request = Request::new(Dialect::Messages, "alias");
    request.messages = vec![Message::new(
        Role::User,
        vec![
            Content::Image { source: data("image/jpeg"), detail: None }.into(),
            Content::Document { source: data("application/pdf"), title: Some("a.pdf".into()) }.into(),
            Content::Document { source: Source::Text("plain".into()), title: None }.into(),
            Content::Audio { source: data("audio/wav") }.into(),
            Content::Video { source: data("video/mp4") }.into(),
            Content::Image {
                source: Source::Url { url: "https://a.example/a.png".into(), media_type: None },
                detail: None,
            }
            .into(),
            Content::Image { source: data("image/tiff"), detail: None }.into(),
            Part::text("  "),
            Part::text("What?"),
        ],
    )];
    let (body, lost) = write(&request, CLAUDE);
    assert_eq!(
        body,
        r#"{"messages":[{"role":"user","content":[{"image":{"format":"jpeg","source":{"bytes":"AAAA"}}},{"document":{"format":"pdf","name":"a pdf","source":{"bytes":"AAAA"}}},{"document":{"format":"txt","name":"document 2","source":{"bytes":"cGxhaW4="}}},{"audio":{"format":"wav","source":{"bytes":"AAAA"}}},{"video":{"format":"mp4","source":{"bytes":"AAAA"}}},{"text":"What?"}]}]}"#
    );
    assert_eq!(lost, ["Content messages[0].content[5]", "Content messages[0].content[6]"]);
}

#[test]
fn thoughts_need_a_signature_and_marks_a_model_that_keeps_them() {
    let mut request = Request::new(Dialect::Messages, "alias");
    let thought = |signature: Option<&'static str>| Part {
        signature: signature.map(Into::into),
        cache: signature.map(|_| crate::neutral::CacheMark::default()),
        ..Part::new(Content::Thinking("Hm.".into()))
    };
    request.messages = vec![Message::new(Role::Assistant, vec![thought(None), thought(Some("sig"))])];
    let (body, lost) = write(&request, CLAUDE);
    assert!(body.contains(r#"[{"reasoningContent":{"reasoningText":{"text":"Hm.","signature":"sig"}}},{"cachePoint":{"type":"default"}}]"#), "{body}");
    assert_eq!(lost, ["Hint messages[0].content[0]"]);
    let (body, lost) = write(&request, "mistral.mistral-large-2402-v1:0");
    assert!(!body.contains("cachePoint"));
    assert_eq!(lost.len(), 2);
}

#[test]
fn what_can_not_be_said_is_told() {
    let mut request = request();
    request.n = Some(2);
    request.sampling.seed = Some(1);
    request.sampling.frequency_penalty = Some(0.5);
    request.format = Some(Format::JsonObject);
    request.user = Some("u".into());
    request.parallel_tool_calls = Some(false);
    request.rest.put("web_search_options", Object::new());
    request.metadata.put("n", Json::from(1_u64));
    let (_, lost) = write(&request, CLAUDE);
    assert_eq!(
        lost,
        [
            "Parameter web_search_options",
            "Parameter parallel_tool_calls",
            "Parameter response_format",
            "Hint metadata",
            "Parameter frequency_penalty",
            "Parameter seed",
            "Parameter n",
            "Hint user",
        ]
    );
}

#[test]
fn schemas_go_as_text() {
    let mut request = request();
    let schema = Json::parse(br#"{"type":"object"}"#).unwrap();
    request.format =
        Some(Format::JsonSchema { name: Some("answer".into()), description: None, schema, strict: Some(true) });
    let (body, _) = write(&request, CLAUDE);
    assert!(body.contains(r#""outputConfig":{"textFormat":{"type":"json_schema","structure":{"jsonSchema":{"schema":"{\"type\":\"object\"}","name":"answer"}}}}"#), "{body}");
}

#[test]
fn anthropics_body_has_a_version_and_no_model() {
    let mut request = request();
    request.messages.truncate(2);
    request.tools.clear();
    request.stream = true;
    let bedrock = invoke::write_bedrock(&request, Target::new(CLAUDE)).unwrap();
    assert_eq!(bedrock.path, "/model/eu.anthropic.claude-sonnet-4-5-20250929-v1%3A0/invoke-with-response-stream");
    let body = value(&bedrock.body);
    assert_eq!(body["anthropic_version"], invoke::BEDROCK_VERSION);
    assert!(body.get("model").is_none() && body.get("stream").is_none());
    let vertex = invoke::write_vertex(&request, Target::new("claude-sonnet-4-5@20250929")).unwrap();
    assert_eq!(vertex.path, "/publishers/anthropic/models/claude-sonnet-4-5@20250929:streamRawPredict");
    let body = value(&vertex.body);
    assert_eq!((&body["anthropic_version"], &body["stream"]), (&invoke::VERTEX_VERSION.into(), &true.into()));
}
