//! AWS's event-stream encoding: binary messages with headers and checksums.
//!
//! ```text
//! total length u32 | headers' length u32 | CRC-32 of these 8 bytes | headers | payload | CRC-32 of all before
//! header: name's length u8 | name | type u8 | value
//! ```
//!
//! All numbers are big-endian. `aws-smithy-eventstream` does the same, with a dozen crates behind it and over a buffer
//! type of its own; this is the whole format.

use crate::neutral::Error;

/// The largest message that AWS sends.
pub const MAX_MESSAGE_BYTES: usize = 24 * 1024 * 1024;

/// The largest headers that AWS sends.
const MAX_HEADER_BYTES: usize = 128 * 1024;

/// Lengths and their checksum.
const PRELUDE: usize = 12;

const STRING: u8 = 7;

/// A message, borrowed from the bytes it came in.
#[derive(Clone, Copy, Debug)]
pub struct Message<'a> {
    headers: &'a [u8],
    pub payload: &'a [u8],
}

impl<'a> Message<'a> {
    /// A header that is text; `None`: there is none of that name, or it is something else.
    pub fn header(&self, name: &str) -> Option<&'a str> {
        let mut rest = self.headers;
        while let Some((found, kind, value, tail)) = split_header(rest) {
            if found == name.as_bytes() {
                return (kind == STRING).then(|| std::str::from_utf8(value).ok()).flatten();
            }
            rest = tail;
        }
        None
    }
}

/// Name, type, value without its length, and what follows.
type Header<'b> = (&'b [u8], u8, &'b [u8], &'b [u8]);

fn split_header(bytes: &[u8]) -> Option<Header<'_>> {
    let (length, rest) = bytes.split_first()?;
    let (name, rest) = rest.split_at_checked(usize::from(*length))?;
    let (kind, rest) = rest.split_first()?;
    let (length, rest) = match *kind {
        0 | 1 => (0, rest),
        2 => (1, rest),
        3 => (2, rest),
        4 => (4, rest),
        5 | 8 => (8, rest),
        6 | STRING => {
            let (length, rest) = rest.split_at_checked(2)?;
            (usize::from(u16::from_be_bytes(length.try_into().ok()?)), rest)
        }
        9 => (16, rest),
        _ => return None,
    };
    let (value, rest) = rest.split_at_checked(length)?;
    Some((name, *kind, value, rest))
}

/// Cuts bytes into messages, however they are chunked. Holds one message at most.
#[derive(Debug, Default)]
pub struct Frames {
    held: Vec<u8>,
}

impl Frames {
    /// Calls `each` with every message that is complete. After an error, the stream is over.
    pub fn feed(
        &mut self,
        mut bytes: &[u8],
        each: &mut dyn FnMut(Message<'_>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        loop {
            if self.held.is_empty() {
                let Some(length) = length(bytes)?.filter(|length| *length <= bytes.len()) else {
                    self.held.extend_from_slice(bytes);
                    return Ok(());
                };
                let (message, rest) = bytes.split_at(length);
                each(parse(message)?)?;
                bytes = rest;
                if bytes.is_empty() {
                    return Ok(());
                }
                continue;
            }
            // First what says how long it is, then all of it.
            let wanted = length(&self.held)?.unwrap_or(PRELUDE);
            let missing = wanted.saturating_sub(self.held.len()).min(bytes.len());
            let (piece, rest) = bytes.split_at(missing);
            self.held.extend_from_slice(piece);
            bytes = rest;
            match length(&self.held)? {
                Some(length) if length == self.held.len() => {
                    let held = std::mem::take(&mut self.held);
                    each(parse(&held)?)?;
                    if bytes.is_empty() {
                        return Ok(());
                    }
                }
                _ if bytes.is_empty() => return Ok(()),
                _ => {}
            }
        }
    }

    /// Whether the stream may end here.
    pub fn is_complete(&self) -> bool {
        self.held.is_empty()
    }
}

fn number(bytes: &[u8], at: usize) -> Option<u32> {
    let four = bytes.get(at..at.checked_add(4)?)?;
    Some(u32::from_be_bytes(four.try_into().ok()?))
}

fn broken(what: &str) -> Error {
    Error::broken(format!("a message of the event stream {what}"))
}

/// The length of the message that begins here; `None`: not enough of it is there.
fn length(bytes: &[u8]) -> Result<Option<usize>, Error> {
    let (Some(total), Some(headers), Some(crc)) = (number(bytes, 0), number(bytes, 4), number(bytes, 8)) else {
        return Ok(None);
    };
    if crc32fast::hash(&bytes[..8]) != crc {
        return Err(broken("has a wrong checksum on its lengths"));
    }
    let (total, headers) = (total as usize, headers as usize);
    if total > MAX_MESSAGE_BYTES || headers > MAX_HEADER_BYTES {
        return Err(broken("is too large"));
    }
    if total < PRELUDE + headers + 4 {
        return Err(broken("has lengths that don't fit"));
    }
    Ok(Some(total))
}

fn parse(bytes: &[u8]) -> Result<Message<'_>, Error> {
    let headers = number(bytes, 4).unwrap_or_default() as usize;
    let end = bytes.len() - 4;
    if number(bytes, end) != Some(crc32fast::hash(&bytes[..end])) {
        return Err(broken("has a wrong checksum"));
    }
    let (headers, payload) = bytes[PRELUDE..end].split_at(headers);
    let mut rest = headers;
    while !rest.is_empty() {
        rest = split_header(rest).ok_or_else(|| broken("has broken headers"))?.3;
    }
    Ok(Message { headers, payload })
}

/// Reads bytes that are one message, as they came.
pub fn one(bytes: &[u8]) -> Result<Message<'_>, Error> {
    match length(bytes)? {
        Some(length) if length == bytes.len() => parse(bytes),
        _ => Err(broken("is cut off")),
    }
}

/// Appends a message with these headers of text. Names are cut at 255 bytes, values at 64 KiB.
pub fn encode(headers: &[(&str, &str)], payload: &[u8], out: &mut Vec<u8>) {
    let mut encoded = Vec::new();
    for (name, value) in headers {
        let name = &name.as_bytes()[..name.len().min(usize::from(u8::MAX))];
        let value = &value.as_bytes()[..value.len().min(usize::from(u16::MAX))];
        encoded.push(u8::try_from(name.len()).unwrap_or(u8::MAX));
        encoded.extend_from_slice(name);
        encoded.push(STRING);
        encoded.extend_from_slice(&u16::try_from(value.len()).unwrap_or(u16::MAX).to_be_bytes());
        encoded.extend_from_slice(value);
    }
    let start = out.len();
    let length = |count: usize| u32::try_from(count).unwrap_or(u32::MAX).to_be_bytes();
    out.extend_from_slice(&length(PRELUDE + encoded.len() + payload.len() + 4));
    out.extend_from_slice(&length(encoded.len()));
    out.extend_from_slice(&crc32fast::hash(&out[start..]).to_be_bytes());
    out.extend_from_slice(&encoded);
    out.extend_from_slice(payload);
    out.extend_from_slice(&crc32fast::hash(&out[start..]).to_be_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Made with Python's `struct` and `zlib`, and read with botocore's `EventStreamBuffer`.
    const GOLDEN: &str = "0000006300000051a7dcb3960b3a6576656e742d7479706507000b6d65737361676553746f700d3a636f6e74656e742d747970650700106170706c69636174696f6e2f6a736f6e0d3a6d6573736167652d747970650700056576656e747b7d6c401bbd";

    fn golden() -> Vec<u8> {
        let mut out = Vec::new();
        let headers =
            [(":event-type", "messageStop"), (":content-type", "application/json"), (":message-type", "event")];
        encode(&headers, b"{}", &mut out);
        out
    }

    type Found = Vec<(Option<String>, Vec<u8>)>;

    fn all(chunks: &[&[u8]]) -> Result<Found, Error> {
        let mut found = Vec::new();
        let mut frames = Frames::default();
        for chunk in chunks {
            frames.feed(chunk, &mut |message| {
                found.push((message.header(":event-type").map(str::to_owned), message.payload.to_vec()));
                Ok(())
            })?;
        }
        if frames.is_complete() { Ok(found) } else { Err(broken("is cut off")) }
    }

    #[test]
    fn the_bytes_are_awss() {
        let bytes = (0..GOLDEN.len()).step_by(2).map(|at| u8::from_str_radix(&GOLDEN[at..at + 2], 16).unwrap());
        assert_eq!(golden(), bytes.collect::<Vec<_>>());
    }

    #[test]
    fn split_anywhere_the_messages_are_the_same() {
        let mut bytes = golden();
        encode(&[], b"", &mut bytes);
        encode(&[(":event-type", "é")], &vec![7; 300], &mut bytes);
        let whole = all(&[&bytes]).unwrap();
        assert_eq!(whole.len(), 3);
        assert_eq!(whole[0], (Some("messageStop".to_owned()), b"{}".to_vec()));
        assert_eq!(whole[2], (Some("é".to_owned()), vec![7; 300]));
        for at in 0..bytes.len() {
            assert_eq!(all(&[&bytes[..at], &bytes[at..]]).unwrap(), whole, "split at {at}");
        }
        assert_eq!(all(&bytes.chunks(1).collect::<Vec<_>>()).unwrap(), whole);
        assert!(all(&[&bytes[..bytes.len() - 1]]).is_err());
    }

    #[test]
    fn every_flipped_bit_is_found() {
        let bytes = golden();
        for at in 0..bytes.len() * 8 {
            let mut wrong = bytes.clone();
            wrong[at / 8] ^= 1 << (at % 8);
            assert!(all(&[&wrong]).is_err(), "bit {at}");
        }
    }

    #[test]
    fn large_messages_are_refused_before_they_come() {
        let mut bytes = Vec::new();
        bytes.extend_from_slice(&u32::MAX.to_be_bytes());
        bytes.extend_from_slice(&0_u32.to_be_bytes());
        bytes.extend_from_slice(&crc32fast::hash(&bytes).to_be_bytes());
        assert!(all(&[&bytes]).unwrap_err().message.contains("too large"));
    }

    #[test]
    fn other_types_of_headers_are_stepped_over() {
        let mut headers = Vec::new();
        for (kind, length) in [(0_u8, 0_usize), (1, 0), (2, 1), (3, 2), (4, 4), (5, 8), (8, 8), (9, 16)] {
            headers.extend_from_slice(&[1, b'x', kind]);
            headers.extend(std::iter::repeat_n(0, length));
        }
        headers.extend_from_slice(&[1, b'b', 6, 0, 2, 1, 2, 1, b's', STRING, 0, 1, b'!']);
        let message = Message { headers: &headers, payload: &[] };
        assert_eq!(message.header("s"), Some("!"));
        assert_eq!(message.header("b"), None);
        assert!(split_header(&[1, b'x', 10, 0]).is_none());
    }
}
