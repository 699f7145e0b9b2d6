//! Paths and hosts.

use super::sign::encode;

/// What is wanted of a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    Converse,
    ConverseStream,
    Invoke,
    InvokeStream,
    CountTokens,
}

impl Verb {
    pub const ALL: [Self; 5] =
        [Self::Converse, Self::ConverseStream, Self::Invoke, Self::InvokeStream, Self::CountTokens];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Converse => "converse",
            Self::ConverseStream => "converse-stream",
            Self::Invoke => "invoke",
            Self::InvokeStream => "invoke-with-response-stream",
            Self::CountTokens => "count-tokens",
        }
    }
}

/// The path below [`base`]. A model is an id, the id of an inference profile, or an ARN, whose colons and slashes are
/// encoded: they are part of one segment.
pub fn write(model: &str, verb: Verb) -> String {
    let mut out = String::from("/model/");
    encode(model.as_bytes(), &mut out);
    out.push('/');
    out.push_str(verb.as_str());
    out
}

/// Reads a path: the model, decoded, and the verb.
pub fn read(path: &str) -> Option<(String, Verb)> {
    let (model, word) = path.strip_prefix("/model/")?.rsplit_once('/')?;
    let verb = Verb::ALL.into_iter().find(|verb| verb.as_str() == word)?;
    let mut decoded = Vec::with_capacity(model.len());
    let mut bytes = model.bytes();
    while let Some(byte) = bytes.next() {
        if byte == b'%' {
            let two = [bytes.next()?, bytes.next()?];
            decoded.push(u8::from_str_radix(std::str::from_utf8(&two).ok()?, 16).ok()?);
        } else {
            decoded.push(byte);
        }
    }
    let model = String::from_utf8(decoded).ok()?;
    (!model.is_empty()).then_some((model, verb))
}

/// The address of a region's models.
pub fn base(region: &str) -> String {
    let suffix = if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
    format!("https://bedrock-runtime.{region}.{suffix}")
}

/// The region that an ARN names: `arn:aws:bedrock:eu-central-1:123456789012:inference-profile/…`.
pub fn region_of(model: &str) -> Option<&str> {
    let mut fields = model.strip_prefix("arn:")?.split(':');
    let (_, service, region) = (fields.next()?, fields.next()?, fields.next()?);
    (service == "bedrock" && !region.is_empty()).then_some(region)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn models_are_one_segment() {
        let arn =
            "arn:aws:bedrock:eu-central-1:123456789012:inference-profile/eu.anthropic.claude-3-haiku-20240307-v1:0";
        let path = write(arn, Verb::ConverseStream);
        assert_eq!(
            path,
            "/model/arn%3Aaws%3Abedrock%3Aeu-central-1%3A123456789012%3Ainference-profile%2Feu.anthropic.claude-3-haiku-20240307-v1%3A0/converse-stream"
        );
        assert_eq!(read(&path), Some((arn.to_owned(), Verb::ConverseStream)));
        assert_eq!(region_of(arn), Some("eu-central-1"));
        assert_eq!(region_of("anthropic.claude-3-haiku-20240307-v1:0"), None);
    }

    #[test]
    fn nothing_else_is_a_path() {
        for wrong in ["/model//converse", "/model/a/b", "/model/%/invoke", "/model/%zz/invoke", "/x/a/invoke", ""] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn regions_have_addresses() {
        assert_eq!(base("eu-central-1"), "https://bedrock-runtime.eu-central-1.amazonaws.com");
        assert_eq!(base("cn-north-1"), "https://bedrock-runtime.cn-north-1.amazonaws.com.cn");
    }
}
