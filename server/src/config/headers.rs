//! `organization` and `extra_headers`: what every call of a deployment carries besides its key.

use tollgate_domain::secret::Secret;

use super::finding::shown;
use super::value::{Cursor, Reader};

/// Whether `name` is a token as RFC 9110 has it.
pub(super) fn is_header_name(name: &str) -> bool {
    let token = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
    !name.is_empty() && name.len() <= 100 && name.bytes().all(token)
}

/// Headers that every call carries. Those that say how a request is sent are the gateway's own.
pub(super) fn read(params: &Cursor<'_>, reader: &mut Reader<'_>) -> Vec<(String, Secret)> {
    const OURS: [&str; 11] = [
        "accept-encoding",
        "connection",
        "content-length",
        "content-type",
        "expect",
        "host",
        "keep-alive",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    ];
    let mut headers: Vec<(String, Secret)> = Vec::new();
    if let Some(cursor) = params.get("organization")
        && let Some(text) = reader.name(&cursor)
        && let Some(value) = header_value(&text.value, &cursor, reader)
    {
        headers.push(("OpenAI-Organization".to_owned(), value));
    }
    for key in ["headers", "extra_headers"] {
        let Some(map) = params.get(key).and_then(|cursor| reader.mapping(cursor)) else { continue };
        for (name, place, cursor) in map.entries() {
            if !is_header_name(name) || OURS.contains(&name.to_ascii_lowercase().as_str()) {
                let message = format!("{} can't be set here", shown(name));
                let help = "a header's name has letters, digits and `-`, and is none that says how the request is sent";
                reader.report.error(place, &cursor.path, message, help);
                continue;
            }
            if let Some(text) = reader.text(&cursor)
                && let Some(value) = header_value(&text.value, &cursor, reader)
            {
                headers.retain(|(other, _)| !other.eq_ignore_ascii_case(name));
                headers.push((name.to_owned(), value));
            }
        }
    }
    headers
}

fn header_value(text: &str, cursor: &Cursor<'_>, reader: &mut Reader<'_>) -> Option<Secret> {
    let text = text.trim();
    if text.bytes().all(|b| b.is_ascii_graphic() || b == b' ' || b == b'\t') {
        return Some(Secret::new(text.to_owned()));
    }
    reader.wrong(cursor, "has characters that a header can't have", "write one line of printable ASCII");
    None
}
