//! Paths: the model and what is wanted of it stand in the URL.

use super::Door;

/// What is wanted of a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    GenerateContent,
    StreamGenerateContent,
    CountTokens,
    EmbedContent,
    BatchEmbedContents,
    /// Vertex AI's way to other makers' models, in their own dialect: Anthropic's.
    RawPredict,
    StreamRawPredict,
    /// Vertex AI's older embedding and image models.
    Predict,
}

impl Verb {
    pub const ALL: [Self; 8] = [
        Self::GenerateContent,
        Self::StreamGenerateContent,
        Self::CountTokens,
        Self::EmbedContent,
        Self::BatchEmbedContents,
        Self::RawPredict,
        Self::StreamRawPredict,
        Self::Predict,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::GenerateContent => "generateContent",
            Self::StreamGenerateContent => "streamGenerateContent",
            Self::CountTokens => "countTokens",
            Self::EmbedContent => "embedContent",
            Self::BatchEmbedContents => "batchEmbedContents",
            Self::RawPredict => "rawPredict",
            Self::StreamRawPredict => "streamRawPredict",
            Self::Predict => "predict",
        }
    }
}

/// Reads what follows `models/` in a path: `gemini-3-pro:generateContent`. Models may have slashes and colons in their
/// names; the verb is what follows the last colon.
pub fn read(tail: &str) -> Option<(&str, Verb)> {
    let (model, word) = tail.rsplit_once(':')?;
    let verb = Verb::ALL.into_iter().find(|verb| verb.as_str() == word)?;
    (!model.is_empty()).then_some((model, verb))
}

/// The path below the base URL: `https://generativelanguage.googleapis.com`, or for Vertex AI
/// `https://{location}-aiplatform.googleapis.com/v1/projects/{project}/locations/{location}`. Streams are asked for as
/// server-sent events.
pub fn write(door: Door, model: &str, verb: Verb) -> String {
    let name = model.strip_prefix("models/").unwrap_or(model);
    let place = match door {
        // Tuned models have a collection of their own.
        Door::GeminiApi if name.starts_with("tunedModels/") => format!("/v1beta/{}", encode(name)),
        Door::GeminiApi => format!("/v1beta/models/{}", encode(name)),
        Door::Vertex => format!("/{}", vertex_place(name)),
    };
    let sse = if matches!(verb, Verb::StreamGenerateContent) { "?alt=sse" } else { "" };
    format!("{place}:{}{sse}", verb.as_str())
}

/// An endpoint of one's own is called by its number, everything else belongs to a publisher.
fn vertex_place(name: &str) -> String {
    if name.starts_with("endpoints/") || name.starts_with("publishers/") {
        return encode(name);
    }
    if !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_digit()) {
        return format!("endpoints/{name}");
    }
    let publisher = if name.starts_with("claude") { "anthropic" } else { "google" };
    format!("publishers/{publisher}/models/{}", encode(name))
}

/// The base URL of a location: the global one has no prefix.
pub fn vertex_base(project: &str, location: &str) -> String {
    let host = if location == "global" { String::new() } else { format!("{}-", encode(location)) };
    let (project, location) = (encode(project), encode(location));
    format!("https://{host}aiplatform.googleapis.com/v1/projects/{project}/locations/{location}")
}

/// Percent-encoded, slashes and the `@` of versions kept.
fn encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for (at, segment) in text.split('/').enumerate() {
        if at > 0 {
            out.push('/');
        }
        // A dot segment would climb out of the collection.
        if matches!(segment, "." | "..") {
            out.push_str(&segment.replace('.', "%2E"));
            continue;
        }
        for byte in segment.bytes() {
            match byte {
                b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'@' => {
                    out.push(char::from(byte));
                }
                byte => {
                    out.push('%');
                    out.push(char::from(b"0123456789ABCDEF"[usize::from(byte >> 4)]));
                    out.push(char::from(b"0123456789ABCDEF"[usize::from(byte & 15)]));
                }
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_read() {
        assert_eq!(read("gemini-3-pro:generateContent"), Some(("gemini-3-pro", Verb::GenerateContent)));
        assert_eq!(
            read("ollama/llama3:8b:streamGenerateContent"),
            Some(("ollama/llama3:8b", Verb::StreamGenerateContent))
        );
        for wrong in ["gemini-3-pro", ":generateContent", "a:b", ""] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn paths_are_written() {
        let gemini = |model| write(Door::GeminiApi, model, Verb::StreamGenerateContent);
        assert_eq!(gemini("gemini-3-pro"), "/v1beta/models/gemini-3-pro:streamGenerateContent?alt=sse");
        assert_eq!(gemini("models/gemini-3-pro"), gemini("gemini-3-pro"));
        assert_eq!(gemini("tunedModels/mine"), "/v1beta/tunedModels/mine:streamGenerateContent?alt=sse");
        let vertex = |model| write(Door::Vertex, model, Verb::GenerateContent);
        assert_eq!(vertex("gemini-3-pro"), "/publishers/google/models/gemini-3-pro:generateContent");
        assert_eq!(vertex("123456"), "/endpoints/123456:generateContent");
        assert_eq!(
            write(Door::Vertex, "claude-sonnet-4-5@20250929", Verb::StreamRawPredict),
            "/publishers/anthropic/models/claude-sonnet-4-5@20250929:streamRawPredict"
        );
        assert_eq!(vertex_base("p", "global"), "https://aiplatform.googleapis.com/v1/projects/p/locations/global");
        assert_eq!(
            vertex_base("p", "europe-west4"),
            "https://europe-west4-aiplatform.googleapis.com/v1/projects/p/locations/europe-west4"
        );
    }

    #[test]
    fn a_model_can_not_leave_its_place() {
        assert_eq!(
            write(Door::GeminiApi, "../../x?key=1#", Verb::CountTokens),
            "/v1beta/models/%2E%2E/%2E%2E/x%3Fkey%3D1%23:countTokens"
        );
    }
}
