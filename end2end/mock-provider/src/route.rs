//! What of a provider's interface is asked for, and how it shows whose call it is.

use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderName, Method};

use crate::answer;
use crate::stream::Shape;

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Route {
    Chat,
    Completion,
    Embeddings,
    /// Anthropic's.
    Messages,
    CountMessage,
    Responses,
    /// Google's; the model is in the path.
    Generate {
        stream: bool,
    },
    CountGenerate,
    /// Amazon's; so is its.
    Converse {
        stream: bool,
    },
}

impl Route {
    /// The route, and the model where the path has it.
    pub fn of(method: &Method, path: &str) -> Option<(Self, Option<String>)> {
        if method != Method::POST {
            return None;
        }
        let route = match path {
            "/v1/chat/completions" | "/chat/completions" => Self::Chat,
            "/v1/completions" | "/completions" => Self::Completion,
            "/v1/embeddings" | "/embeddings" | "/v1beta/openai/embeddings" => Self::Embeddings,
            "/v1/messages" => Self::Messages,
            "/v1/messages/count_tokens" => Self::CountMessage,
            "/v1/responses" | "/responses" | "/openai/v1/responses" => Self::Responses,
            _ => return Self::with_model(path),
        };
        Some((route, None))
    }

    fn with_model(path: &str) -> Option<(Self, Option<String>)> {
        if let Some(tail) = path.strip_prefix("/v1beta/models/") {
            let (model, verb) = tail.rsplit_once(':')?;
            let route = match verb {
                "generateContent" => Self::Generate { stream: false },
                "streamGenerateContent" => Self::Generate { stream: true },
                "countTokens" => Self::CountGenerate,
                _ => return None,
            };
            return Some((route, Some(decoded(model))));
        }
        if let Some(tail) = path.strip_prefix("/openai/deployments/") {
            let (model, operation) = tail.split_once('/')?;
            let (route, _) = Self::of(&Method::POST, &format!("/{operation}"))?;
            return Some((route, Some(decoded(model))));
        }
        let (model, verb) = path.strip_prefix("/model/")?.rsplit_once('/')?;
        let route = match verb {
            "converse" => Self::Converse { stream: false },
            "converse-stream" => Self::Converse { stream: true },
            _ => return None,
        };
        Some((route, Some(decoded(model))))
    }

    /// For the books.
    pub fn path(self) -> &'static str {
        match self {
            Self::Chat => "/v1/chat/completions",
            Self::Completion => "/v1/completions",
            Self::Embeddings => "/v1/embeddings",
            Self::Messages => "/v1/messages",
            Self::CountMessage => "/v1/messages/count_tokens",
            Self::Responses => "/v1/responses",
            Self::Generate { stream: false } => "/v1beta/models/*:generateContent",
            Self::Generate { stream: true } => "/v1beta/models/*:streamGenerateContent",
            Self::CountGenerate => "/v1beta/models/*:countTokens",
            Self::Converse { stream: false } => "/model/*/converse",
            Self::Converse { stream: true } => "/model/*/converse-stream",
        }
    }

    pub fn shape(self) -> Shape {
        match self {
            Self::Chat => Shape::Chat,
            Self::Messages | Self::CountMessage => Shape::Messages,
            Self::Responses => Shape::Responses,
            Self::Generate { .. } | Self::CountGenerate => Shape::Gemini,
            Self::Converse { .. } => Shape::Converse,
            Self::Completion | Self::Embeddings => Shape::Completion,
        }
    }

    /// What ids of answers begin with.
    pub fn prefix(self) -> &'static str {
        match self.shape() {
            Shape::Chat => "chatcmpl-mock-",
            Shape::Messages => "msg_mock_",
            Shape::Responses => "resp_mock_",
            Shape::Gemini => "gen-mock-",
            Shape::Converse => "conv-mock-",
            Shape::Completion => "cmpl-mock-",
        }
    }

    /// Whether the call brings `key` in the way that this provider knows.
    pub fn is_authorised(self, headers: &HeaderMap, key: &str) -> bool {
        let has = |name: HeaderName, wanted: &str| headers.get(name).is_some_and(|given| given == wanted);
        let bearer = || has(AUTHORIZATION, &format!("Bearer {key}"));
        match self.shape() {
            Shape::Messages => has(HeaderName::from_static("x-api-key"), key),
            Shape::Gemini => has(HeaderName::from_static("x-goog-api-key"), key),
            // Signed, by whom it says; or with a key.
            Shape::Converse => bearer() || signed(headers, key),
            // As Azure has it.
            _ => bearer() || has(HeaderName::from_static("api-key"), key),
        }
    }

    pub fn error(self, status: u16, message: &str) -> String {
        match self.shape() {
            Shape::Messages => answer::messages::error(status, message),
            Shape::Gemini => answer::gemini::error(status, message),
            Shape::Converse => answer::converse::error(message),
            _ => answer::error(status, message),
        }
    }

    pub fn stream_type(self) -> &'static str {
        match self.shape() {
            Shape::Converse => "application/vnd.amazon.eventstream",
            _ => "text/event-stream; charset=utf-8",
        }
    }
}

/// A signature of `key`, or of one that is made of it, over the host and the moment.
fn signed(headers: &HeaderMap, key: &str) -> bool {
    let Some(text) = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()) else { return false };
    let Some(rest) = text.strip_prefix("AWS4-HMAC-SHA256 Credential=") else { return false };
    let names = text.split("SignedHeaders=").nth(1).and_then(|rest| rest.split(',').next()).unwrap_or_default();
    let signs = |name: &str| names.split(';').any(|signed| signed == name);
    rest.starts_with(&format!("{key}/"))
        && rest.contains("/bedrock/aws4_request")
        && signs("host")
        && signs("x-amz-date")
        && headers.contains_key("x-amz-date")
}

fn decoded(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        let hex = |byte: Option<u8>| byte.and_then(|byte| char::from(byte).to_digit(16));
        match byte {
            b'%' => {
                let code = hex(bytes.next()).unwrap_or_default() * 16 + hex(bytes.next()).unwrap_or_default();
                out.push(u8::try_from(code).unwrap_or_default());
            }
            byte => out.push(byte),
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn models_are_in_some_paths() {
        let of = |path: &str| Route::of(&Method::POST, path).map(|(route, model)| (route.path(), model));
        let generate = "/v1beta/models/*:streamGenerateContent";
        assert_eq!(
            of("/v1beta/models/mock-tokens-3%2Bcrlf:streamGenerateContent"),
            Some((generate, Some("mock-tokens-3+crlf".to_owned())))
        );
        assert_eq!(of("/model/a%3A0/converse"), Some(("/model/*/converse", Some("a:0".to_owned()))));
        assert_eq!(of("/v1/messages"), Some(("/v1/messages", None)));
        assert_eq!(of("/model/x"), None);
    }
}
