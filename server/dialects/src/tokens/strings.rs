//! The texts in a piece of JSON, found without reading the rest: it need not be whole, or JSON at all.

use memchr::{memchr, memchr2};

/// A text of a piece of JSON, without its quotes and with its escapes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    /// A member's name.
    Name(&'a [u8]),
    /// A member's value, or one of a list that is one.
    Value { name: &'a [u8], text: &'a [u8] },
}

/// Gives every text in `json`, until `visit` says that it is enough.
pub fn each<'a>(json: &'a [u8], mut visit: impl FnMut(Piece<'a>) -> bool) {
    let mut at = 0;
    let mut name: &[u8] = b"";
    while let Some(quote) = memchr(b'"', &json[at..]) {
        let start = at + quote + 1;
        let Some(end) = end(json, start) else { return };
        let text = &json[start..end];
        at = end + 1;
        let next = json[at..].iter().position(|byte| !byte.is_ascii_whitespace()).map_or(json.len(), |gap| at + gap);
        let piece = if json.get(next) == Some(&b':') {
            name = text;
            Piece::Name(text)
        } else {
            Piece::Value { name, text }
        };
        if !visit(piece) {
            return;
        }
    }
}

/// Where a text that begins at `start` ends.
fn end(json: &[u8], start: usize) -> Option<usize> {
    let mut at = start;
    loop {
        at += memchr2(b'"', b'\\', json.get(at..)?)?;
        if json[at] == b'"' {
            return Some(at);
        }
        at += 2;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_values_are_told_apart() {
        let mut found = Vec::new();
        each(br#"{"a" : "b\"\\", "c":["d","e"],"f":1,"g":{"h":"i"}, "cut"#, |piece| {
            found.push(match piece {
                Piece::Name(name) => String::from_utf8_lossy(name).into_owned(),
                Piece::Value { name, text } => {
                    format!("{}={}", String::from_utf8_lossy(name), String::from_utf8_lossy(text))
                }
            });
            true
        });
        assert_eq!(found, ["a", r#"a=b\"\\"#, "c", "c=d", "c=e", "f", "g", "h", "h=i"]);
        each(b"\"\\", |_| panic!("there is no text"));
        each(b"", |_| panic!("there is no text"));
    }
}
