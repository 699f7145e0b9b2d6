//! Messages and what they are made of. Answers are made of the same parts.

use std::borrow::Cow;

use crate::json::{Json, Object};

#[derive(Clone, Debug, PartialEq)]
pub struct Message<'a> {
    pub role: Role,
    /// In their order. A result of a tool is a part like others: it stands in a message of [`Role::Tool`], or, as
    /// dialects without that role have it, in a user's message among other parts.
    pub parts: Vec<Part<'a>>,
    /// Tells participants of the same role apart.
    pub name: Option<Cow<'a, str>>,
    pub rest: Object<'a>,
}

impl<'a> Message<'a> {
    pub fn new(role: Role, parts: Vec<Part<'a>>) -> Self {
        Self { role, parts, name: None, rest: Object::new() }
    }

    pub fn text(role: Role, text: impl Into<Cow<'a, str>>) -> Self {
        Self::new(role, vec![Part::text(text)])
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    System,
    /// OpenAI's newer name for system; the same where there is only one.
    Developer,
    User,
    Assistant,
    /// Its parts are [`Content::ToolResult`]s.
    Tool,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Part<'a> {
    pub content: Content<'a>,
    /// Up to here, the prompt should be kept in the provider's cache.
    pub cache: Option<CacheMark<'a>>,
    /// What the provider wants to have back with this part: the signature of Anthropic's thoughts, Gemini's thought
    /// signature on any part. Opaque, and worthless to other providers.
    pub signature: Option<Cow<'a, str>>,
    pub rest: Object<'a>,
}

impl<'a> Part<'a> {
    pub fn new(content: Content<'a>) -> Self {
        Self { content, cache: None, signature: None, rest: Object::new() }
    }

    pub fn text(text: impl Into<Cow<'a, str>>) -> Self {
        Self::new(Content::Text(text.into()))
    }
}

impl<'a> From<Content<'a>> for Part<'a> {
    fn from(content: Content<'a>) -> Self {
        Self::new(content)
    }
}

/// A mark of the provider's prompt cache.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CacheMark<'a> {
    /// `5m`, `1h`; absent: the provider's own.
    pub ttl: Option<Cow<'a, str>>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Content<'a> {
    Text(Cow<'a, str>),
    Image {
        source: Source<'a>,
        /// `auto`, `low`, `high`.
        detail: Option<Cow<'a, str>>,
    },
    /// A PDF, or text that is to be treated as a document.
    Document {
        source: Source<'a>,
        /// Its title or file name.
        title: Option<Cow<'a, str>>,
    },
    /// `media_type` of its source: `audio/wav`, `audio/mp3`, …
    Audio {
        source: Source<'a>,
    },
    Video {
        source: Source<'a>,
    },
    ToolCall {
        /// Empty in dialects that have no ids; writers that need one make it from the name and the place.
        id: Cow<'a, str>,
        name: Cow<'a, str>,
        /// The arguments as JSON text, as the model wrote it: it may be broken.
        arguments: Cow<'a, str>,
    },
    ToolResult {
        /// The call's id.
        id: Cow<'a, str>,
        /// The tool's name, where the dialect says it.
        name: Option<Cow<'a, str>>,
        /// Text, pictures, documents.
        parts: Vec<Part<'a>>,
        is_error: bool,
    },
    /// Thoughts that may be read; the signature is the part's.
    Thinking(Cow<'a, str>),
    /// Thoughts that only the provider can read.
    RedactedThinking(Cow<'a, str>),
    /// The model says that it won't.
    Refusal(Cow<'a, str>),
    /// One that only its own dialect knows, whole.
    Other(Json<'a>),
}

#[derive(Clone, Debug, PartialEq)]
pub enum Source<'a> {
    Url {
        url: Cow<'a, str>,
        media_type: Option<Cow<'a, str>>,
    },
    Data {
        media_type: Cow<'a, str>,
        /// Base64, standard alphabet.
        data: Cow<'a, str>,
    },
    /// The provider's id of an uploaded file; worthless to other providers.
    File {
        id: Cow<'a, str>,
    },
    /// A document's text itself.
    Text(Cow<'a, str>),
}

impl<'a> Source<'a> {
    /// Reads a URL; one of the form `data:image/png;base64,…` becomes data.
    pub fn from_url(url: Cow<'a, str>) -> Self {
        fn split(url: &str) -> Option<(&str, &str)> {
            let (head, data) = url.strip_prefix("data:")?.split_once(',')?;
            Some((head.strip_suffix(";base64")?, data))
        }
        match url {
            Cow::Borrowed(text) => match split(text) {
                Some((kind, data)) => Self::Data { media_type: kind.into(), data: data.into() },
                None => Self::Url { url, media_type: None },
            },
            Cow::Owned(text) => match split(&text) {
                Some((kind, data)) => Self::Data { media_type: kind.to_owned().into(), data: data.to_owned().into() },
                None => Self::Url { url: Cow::Owned(text), media_type: None },
            },
        }
    }

    /// As a URL: data becomes a `data:` URL. `None`: neither.
    pub fn to_url(&self) -> Option<Cow<'a, str>> {
        match self {
            Self::Url { url, .. } => Some(url.clone()),
            Self::Data { media_type, data } => Some(format!("data:{media_type};base64,{data}").into()),
            Self::File { .. } | Self::Text(_) => None,
        }
    }
}
