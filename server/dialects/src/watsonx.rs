//! IBM watsonx.ai: OpenAI's chat completions, with the model under another name and whose it is beside it. Answers and
//! streams are OpenAI's.

use crate::json::Object;

/// The version of the interface: a day.
pub const VERSION: &str = "2025-02-11";

/// Whom a call belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner<'a> {
    Project(&'a str),
    Space(&'a str),
    /// The model is a deployment of one's own, which knows its owner.
    Deployment,
}

/// Path and body for a chat completion of OpenAI's form, whose `model` is the model, or the deployment.
pub fn write<'a>(body: Object<'a>, owner: Owner<'a>) -> (String, Object<'a>) {
    let stream = body.get("stream").and_then(crate::json::Json::as_bool).unwrap_or(false);
    let mut model = String::new();
    let mut out = Object::with_capacity(body.len() + 1);
    for (key, value) in body {
        match key.as_ref() {
            "model" => value.as_str().unwrap_or_default().clone_into(&mut model),
            // The path says it, and the counts come always.
            "stream" | "stream_options" => {}
            _ => out.put(key, value),
        }
    }
    let verb = if stream { "chat_stream" } else { "chat" };
    let path = if owner == Owner::Deployment {
        let mut encoded = String::new();
        crate::bedrock::sign::encode(model.as_bytes(), &mut encoded);
        format!("/ml/v1/deployments/{encoded}/text/{verb}?version={VERSION}")
    } else {
        out.put("model_id", model);
        format!("/ml/v1/text/{verb}?version={VERSION}")
    };
    match owner {
        Owner::Project(id) => out.put("project_id", id),
        Owner::Space(id) => out.put("space_id", id),
        Owner::Deployment => {}
    }
    (path, out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Json;
    use crate::neutral::{Content, Event, Finish};
    use crate::{Codec as _, fold};

    fn written(owner: Owner<'static>) -> (String, String) {
        let body = br#"{"model":"ibm/granite","messages":[],"stream":true,"stream_options":{"include_usage":true}}"#;
        let (path, body) = write(Json::parse(body).unwrap().into_object().unwrap(), owner);
        (path, body.to_string())
    }

    #[test]
    fn the_owner_stands_beside_the_model() {
        let (path, body) = written(Owner::Project("p"));
        assert_eq!(path, "/ml/v1/text/chat_stream?version=2025-02-11");
        assert_eq!(body, r#"{"messages":[],"model_id":"ibm/granite","project_id":"p"}"#);
        assert!(written(Owner::Space("s")).1.contains(r#""space_id":"s""#));
        let (path, body) = written(Owner::Deployment);
        assert_eq!(path, "/ml/v1/deployments/ibm%2Fgranite/text/chat_stream?version=2025-02-11");
        assert_eq!(body, r#"{"messages":[]}"#);
    }

    #[test]
    fn answers_and_streams_are_openais() {
        let chat = crate::chat::Chat;
        let answer = br#"{"id":"chat-1","object":"chat.completion","model_id":"ibm/granite","model":"ibm/granite","choices":[{"index":0,"message":{"role":"assistant","content":"Hi"},"finish_reason":"stop"}],"created":1,"model_version":"1.0.0","created_at":"2025-02-11T00:00:00Z","usage":{"completion_tokens":2,"prompt_tokens":3,"total_tokens":5}}"#;
        let answer = chat.read_answer(answer).unwrap();
        assert_eq!(answer.choices[0].parts[0].content, Content::Text("Hi".into()));
        let stream = "id: 1\nevent: message\ndata: {\"id\":\"chat-1\",\"model_id\":\"m\",\"choices\":[{\"index\":0,\"finish_reason\":null,\"delta\":{\"role\":\"assistant\",\"content\":\"Hi\"}}]}\n\n\
            id: 2\nevent: message\ndata: {\"id\":\"chat-1\",\"model_id\":\"m\",\"choices\":[{\"index\":0,\"finish_reason\":\"stop\",\"delta\":{\"content\":\"\"}}]}\n\n\
            id: 3\nevent: message\ndata: {\"id\":\"chat-1\",\"model_id\":\"m\",\"choices\":[],\"usage\":{\"completion_tokens\":2,\"prompt_tokens\":3,\"total_tokens\":5}}\n\n";
        let (events, _) = fold::events(&mut *chat.stream_reader(), &[stream.as_bytes()]);
        assert!(events.contains(&Event::Finish { choice: 0, finish: Finish::Stop }), "{events:?}");
        assert!(events.iter().any(|event| matches!(event, Event::Usage(usage) if usage.output == 2)));
    }
}
