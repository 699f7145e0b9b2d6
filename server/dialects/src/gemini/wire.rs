//! JSON as protobuf reads and writes it.

use std::borrow::Cow;

use crate::json::{Json, Object};

/// The fields of a message under their camel-case names. Not for maps, whose keys are the caller's own.
pub(super) fn camel(object: Object<'_>) -> Object<'_> {
    if !object.iter().any(|(key, _)| key.contains('_')) {
        return object;
    }
    object.into_iter().map(|(key, value)| (camel_key(key), value)).collect()
}

fn camel_key(key: Cow<'_, str>) -> Cow<'_, str> {
    if !key.contains('_') {
        return key;
    }
    let mut out = String::with_capacity(key.len());
    let mut raise = false;
    for c in key.chars() {
        match c {
            '_' => raise = !out.is_empty(),
            c if raise => {
                out.push(c.to_ascii_uppercase());
                raise = false;
            }
            c => out.push(c),
        }
    }
    Cow::Owned(out)
}

/// Base64 in the standard alphabet, padded; Google's Python SDK sends the URL alphabet.
pub(super) fn standard_base64(data: Cow<'_, str>) -> Cow<'_, str> {
    let padding = match data.len() % 4 {
        2 => "==",
        3 => "=",
        _ => "",
    };
    if padding.is_empty() && memchr::memchr2(b'-', b'_', data.as_bytes()).is_none() {
        return data;
    }
    let mut out = String::with_capacity(data.len() + padding.len());
    out.extend(data.chars().map(|c| match c {
        '-' => '+',
        '_' => '/',
        c => c,
    }));
    out.push_str(padding);
    Cow::Owned(out)
}

/// A count: protobuf writes 64-bit numbers as text.
pub(super) fn number(value: Option<&Json<'_>>) -> u64 {
    match value {
        Some(Json::Text(text)) => text.parse().unwrap_or_default(),
        Some(value) => value.as_u64().unwrap_or_default(),
        None => 0,
    }
}

/// A field of an answer under either of its names.
pub(super) fn get<'o, 'a>(object: &'o Object<'a>, camel: &str, snake: &str) -> Option<&'o Json<'a>> {
    object.get(camel).or_else(|| object.get(snake))
}

/// The kind of a file by its name's ending, for links that don't say it.
pub(super) fn media_type_of(url: &str) -> Option<&'static str> {
    if url.contains("youtube.com/") || url.contains("youtu.be/") {
        return Some("video/mp4");
    }
    let path = url.split(['?', '#']).next()?;
    let ending = path.rsplit('/').next()?.rsplit_once('.')?.1;
    Some(match ending.to_ascii_lowercase().as_str() {
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "gif" => "image/gif",
        "webp" => "image/webp",
        "heic" => "image/heic",
        "pdf" => "application/pdf",
        "txt" => "text/plain",
        "md" => "text/markdown",
        "html" => "text/html",
        "csv" => "text/csv",
        "json" => "application/json",
        "mp3" => "audio/mp3",
        "wav" => "audio/wav",
        "ogg" => "audio/ogg",
        "flac" => "audio/flac",
        "mp4" => "video/mp4",
        "webm" => "video/webm",
        "mov" => "video/quicktime",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_spellings_are_one() {
        let object = Json::parse(br#"{"inline_data":1,"mimeType":2,"_x":3}"#).unwrap().into_object().unwrap();
        assert_eq!(camel(object).to_string(), r#"{"inlineData":1,"mimeType":2,"x":3}"#);
    }

    #[test]
    fn base64_has_one_alphabet() {
        assert!(matches!(standard_base64("ab+/".into()), Cow::Borrowed("ab+/")));
        assert_eq!(standard_base64("-_8".into()), "+/8=");
        assert_eq!(standard_base64("-_".into()), "+/==");
    }

    #[test]
    fn links_tell_what_they_are() {
        assert_eq!(media_type_of("https://a.example/x/Cat.JPEG?w=3"), Some("image/jpeg"));
        assert_eq!(media_type_of("https://www.youtube.com/watch?v=1"), Some("video/mp4"));
        assert_eq!(media_type_of("https://a.example/"), None);
    }
}
