//! The state that pages keep in their address: read from and written to query strings.
//!
//! The router's own map decodes a value twice, so a search for `100%25` would not survive; this one works on the raw
//! text.

use leptos::prelude::*;
use leptos_router::hooks::{use_location, use_params_map};

/// What the address of the page that is being rendered says behind its `?`.
pub fn query() -> Query {
    Query::parse(&use_location().search.read_untracked())
}

/// A named part of the page's path: the `id` of `/ui/keys/:id`. Empty where the path has none.
pub fn path_param(name: &str) -> String {
    use_params_map().read_untracked().get(name).unwrap_or_default()
}

/// Names that stand for pages of their own beside things' ids.
const TAKEN: [&str; 6] = [".", "..", "bulk", "create", "delete", "new"];

/// An id as a part of a path. People choose ids: one that is also the name of a page, or a dot, gets a `~` before it.
pub fn segment(id: &str) -> String {
    let mut out = String::new();
    if TAKEN.contains(&id) || id.starts_with('~') {
        out.push('~');
    }
    encode(id, &mut out);
    out
}

/// The id that [`segment`] made a part of a path of, decoded.
pub fn id_of_segment(part: &str) -> String {
    part.strip_prefix('~').unwrap_or(part).to_owned()
}

/// The id in the path of the page that is being rendered, of a thing whose id people may choose.
pub fn path_id() -> String {
    id_of_segment(&path_param("id"))
}

/// The longest query string that is looked at, in bytes: what is behind that is not there.
const LONGEST: usize = 4096;

/// Names and values in their order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query(Vec<(String, String)>);

impl Query {
    /// Reads `a=1&b=2`, with or without a `?` before it.
    pub fn parse(text: &str) -> Self {
        let text = text.strip_prefix('?').unwrap_or(text);
        let text = text.get(..text.floor_char_boundary(LONGEST)).unwrap_or_default();
        let pairs = text.split('&').filter(|pair| !pair.is_empty());
        Self(
            pairs
                .map(|pair| {
                    let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
                    (decode(name), decode(value))
                })
                .collect(),
        )
    }

    /// The last value of this name without the space around it; an empty one counts as absent, because a form sends
    /// its empty fields too.
    pub fn get(&self, name: &str) -> Option<String> {
        let value = self.0.iter().rev().find(|(n, _)| n == name).map(|(_, value)| value.trim())?;
        (!value.is_empty()).then(|| value.to_owned())
    }

    /// Every value of this name, as checkboxes send them.
    pub fn all(&self, name: &str) -> Vec<String> {
        self.0.iter().filter(|(n, value)| n == name && !value.is_empty()).map(|(_, value)| value.clone()).collect()
    }

    /// Adds a value, if there is one.
    pub fn with(mut self, name: &str, value: Option<impl Into<String>>) -> Self {
        self.0.extend(value.map(|value| (name.to_owned(), value.into())));
        self
    }

    /// A link: the path alone where there is nothing to say.
    pub fn href(&self, path: &str) -> String {
        let mut href = path.to_owned();
        for (i, (name, value)) in self.0.iter().enumerate() {
            href.push(if i == 0 { '?' } else { '&' });
            encode(name, &mut href);
            href.push('=');
            encode(value, &mut href);
        }
        href
    }
}

fn encode(text: &str, out: &mut String) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            const HEX: &[u8; 16] = b"0123456789ABCDEF";
            out.push('%');
            out.push(char::from(HEX[usize::from(byte >> 4)]));
            out.push(char::from(HEX[usize::from(byte & 15)]));
        }
    }
}

fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut i = 0;
    while let Some(&byte) = bytes.get(i) {
        let escaped = (byte == b'%').then(|| Some(hex(*bytes.get(i + 1)?)? << 4 | hex(*bytes.get(i + 2)?)?)).flatten();
        i += if escaped.is_some() { 3 } else { 1 };
        out.push(escaped.unwrap_or(if byte == b'+' { b' ' } else { byte }));
    }
    String::from_utf8_lossy(&out).into_owned()
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        for value in ["a b", "100%", "100%25", "ä€😀", "a&b=c?d#e", "+", "openai/*", "\"<script>"] {
            let href = Query::default().with("q", Some(value)).href("/ui/keys");
            let (_, text) = href.split_once('?').unwrap();
            assert!(text.bytes().all(|b| b.is_ascii_graphic() && !b"\"<>#".contains(&b)), "{text}");
            assert_eq!(Query::parse(text).get("q").as_deref(), Some(value));
        }
    }

    #[test]
    fn what_a_form_sends_is_read() {
        let query = Query::parse("?q=team+blue&status=&after=%20&q=last");
        assert_eq!(query.get("q").as_deref(), Some("last"));
        assert_eq!(query.get("status"), None);
        assert_eq!(query.get("after"), None);
        assert_eq!(query.get("absent"), None);
        assert_eq!(Query::parse("q=team+blue").get("q").as_deref(), Some("team blue"));
    }

    #[test]
    fn broken_escapes_are_taken_as_they_are() {
        assert_eq!(Query::parse("q=%").get("q").as_deref(), Some("%"));
        assert_eq!(Query::parse("q=%4").get("q").as_deref(), Some("%4"));
        assert_eq!(Query::parse("q=%zz").get("q").as_deref(), Some("%zz"));
        assert_eq!(Query::parse("q=%FF").get("q").as_deref(), Some("\u{fffd}"));
        assert_eq!(Query::parse(&format!("q={}", "é".repeat(5000))).get("q").unwrap().len(), 4094);
    }

    #[test]
    fn every_id_is_a_part_of_a_path() {
        assert_eq!(segment("team-1"), "team-1");
        for id in ["new", "..", "~x", "a/b", "50%", "ä ö", "?x=1#y", "new1"] {
            let part = segment(id);
            assert!(!TAKEN.contains(&part.as_str()) && !part.contains(['/', '?', '#', ' ']), "{part}");
            assert_eq!(id_of_segment(&decode(&part)), id);
        }
    }

    #[test]
    fn nothing_to_say_is_no_question_mark() {
        assert_eq!(Query::default().with("q", None::<String>).href("/ui/keys"), "/ui/keys");
    }
}
