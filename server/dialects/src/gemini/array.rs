//! A JSON array as it comes: the stream of callers who don't ask for server-sent events.

use crate::neutral::Error;
use crate::sse::MAX_EVENT_BYTES;

/// Cuts an array into its elements, which are objects, however the bytes are chunked. Holds one element at most.
#[derive(Debug, Default)]
pub(super) struct Elements {
    held: Vec<u8>,
    depth: u32,
    in_text: bool,
    escaped: bool,
}

impl Elements {
    pub(super) fn feed(&mut self, bytes: &[u8], each: &mut dyn FnMut(&[u8]) -> Result<(), Error>) -> Result<(), Error> {
        // Where what is not held yet of the current element begins.
        let mut from = 0;
        for (at, byte) in bytes.iter().enumerate() {
            if self.in_text {
                match byte {
                    _ if self.escaped => self.escaped = false,
                    b'\\' => self.escaped = true,
                    b'"' => self.in_text = false,
                    _ => {}
                }
                continue;
            }
            match byte {
                b'"' if self.depth > 0 => self.in_text = true,
                b'{' => {
                    if self.depth == 0 {
                        from = at;
                    }
                    self.depth += 1;
                }
                b'}' if self.depth > 0 => {
                    self.depth -= 1;
                    if self.depth == 0 {
                        let element = &bytes[from..=at];
                        if self.held.is_empty() {
                            each(element)?;
                        } else {
                            self.hold(element)?;
                            let held = std::mem::take(&mut self.held);
                            each(&held)?;
                        }
                    }
                }
                _ => {}
            }
        }
        if self.depth > 0 { self.hold(&bytes[from..]) } else { Ok(()) }
    }

    /// Whether the stream may end here.
    pub(super) fn is_complete(&self) -> bool {
        self.depth == 0
    }

    fn hold(&mut self, piece: &[u8]) -> Result<(), Error> {
        if self.held.len() + piece.len() > MAX_EVENT_BYTES {
            return Err(Error::broken(format!("an element of the stream is larger than {MAX_EVENT_BYTES} bytes")));
        }
        self.held.extend_from_slice(piece);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(chunks: &[&[u8]]) -> Vec<String> {
        let mut found = Vec::new();
        let mut elements = Elements::default();
        for chunk in chunks {
            elements
                .feed(chunk, &mut |element| {
                    found.push(String::from_utf8(element.to_vec()).unwrap());
                    Ok(())
                })
                .unwrap();
        }
        assert!(elements.is_complete());
        found
    }

    #[test]
    fn split_anywhere_the_elements_are_the_same() {
        let text = "[{\"a\":\"}\\\"{\"}\n,\r\n{\"b\":{\"c\":[{}]},\"é\":1},{}]".as_bytes();
        let whole = all(&[text]);
        assert_eq!(whole, ["{\"a\":\"}\\\"{\"}", "{\"b\":{\"c\":[{}]},\"é\":1}", "{}"]);
        for at in 0..text.len() {
            assert_eq!(all(&[&text[..at], &text[at..]]), whole, "split at {at}");
        }
        assert_eq!(all(&text.chunks(1).collect::<Vec<_>>()), whole);
    }

    #[test]
    fn an_endless_element_is_refused() {
        let mut elements = Elements::default();
        let chunk = vec![b'{'; 1024 * 1024];
        assert!((0..40).any(|_| elements.feed(&chunk, &mut |_| Ok(())).is_err()));
    }
}
