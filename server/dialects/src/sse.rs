//! Server-sent events: split without changing a byte, and read.

mod typed;

use std::borrow::Cow;

use bytes::{Bytes, BytesMut};
use memchr::{memchr, memchr2};

use crate::neutral::Error;

pub(crate) use typed::{Hear, Typed};

/// The largest single event that is held: beyond it the stream is broken off. Generated images come as one event.
pub const MAX_EVENT_BYTES: usize = 32 * 1024 * 1024;

/// Cuts a stream of bytes, however it is chunked, into whole events. Concatenating what comes out gives what went in.
#[derive(Debug, Default)]
pub struct Splitter {
    /// The beginning of an event that is not complete yet.
    held: BytesMut,
    /// How much of `held` was searched: always the start of a line.
    searched: usize,
    /// Whole or partial events that arrived with nothing held before them: cut without copying.
    fresh: Bytes,
}

/// The stream has an event of more than [`MAX_EVENT_BYTES`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an event of the stream is larger than {MAX_EVENT_BYTES} bytes")]
pub struct EventTooLarge;

impl Splitter {
    pub fn push(&mut self, chunk: Bytes) -> Result<(), EventTooLarge> {
        if self.held.is_empty() && self.fresh.is_empty() {
            self.fresh = chunk;
            return Ok(());
        }
        self.hold_fresh();
        if self.held.len() + chunk.len() > MAX_EVENT_BYTES {
            return Err(EventTooLarge);
        }
        self.held.extend_from_slice(&chunk);
        Ok(())
    }

    /// The next whole event, its blank line included.
    pub fn next_event(&mut self) -> Option<Bytes> {
        if self.held.is_empty() {
            return match event_end(&self.fresh, 0) {
                Ok(end) => Some(self.fresh.split_to(end)),
                Err(searched) => {
                    self.searched = searched;
                    self.hold_fresh();
                    None
                }
            };
        }
        match event_end(&self.held, self.searched) {
            Ok(end) => {
                self.searched = 0;
                let event = self.held.split_to(end).freeze();
                // What is left goes on without copies if it is all that is left.
                if !self.held.is_empty() {
                    self.fresh = std::mem::take(&mut self.held).freeze();
                }
                Some(event)
            }
            Err(searched) => {
                self.searched = searched;
                None
            }
        }
    }

    /// What is left when the stream ended: an event without its blank line, or nothing.
    pub fn finish(&mut self) -> Option<Bytes> {
        self.hold_fresh();
        self.searched = 0;
        let rest = std::mem::take(&mut self.held).freeze();
        (!rest.is_empty()).then_some(rest)
    }

    fn hold_fresh(&mut self) {
        if !self.fresh.is_empty() {
            let fresh = std::mem::take(&mut self.fresh);
            self.held.extend_from_slice(&fresh);
        }
    }
}

/// Where the first event in `bytes` ends, or the start of the first line that is not complete. Lines end with LF, CR
/// or CRLF; an event ends with an empty line.
fn event_end(bytes: &[u8], from: usize) -> Result<usize, usize> {
    let mut line = from;
    loop {
        let Some(at) = memchr2(b'\n', b'\r', &bytes[line..]) else { return Err(line) };
        let at = line + at;
        let mut next = at + 1;
        if bytes[at] == b'\r' {
            match bytes.get(next) {
                Some(b'\n') => next += 1,
                Some(_) => {}
                // The LF of a CRLF may still come.
                None => return Err(line),
            }
        }
        if at == line {
            return Ok(next);
        }
        line = next;
    }
}

/// The data of an event: its `data:` lines, joined by LF. `None` if it has none (a comment).
pub fn data(event: &[u8]) -> Option<Cow<'_, [u8]>> {
    let mut found: Option<Cow<'_, [u8]>> = None;
    for value in values(event, b"data") {
        found = Some(match found {
            None => Cow::Borrowed(value),
            Some(earlier) => {
                let mut joined = earlier.into_owned();
                joined.push(b'\n');
                joined.extend_from_slice(value);
                Cow::Owned(joined)
            }
        });
    }
    found
}

/// What the last of the lines with this name says.
fn field<'e>(event: &'e [u8], name: &'static [u8]) -> Option<&'e [u8]> {
    values(event, name).last()
}

/// The values of an event's lines with this name.
fn values<'e>(event: &'e [u8], name: &'static [u8]) -> impl Iterator<Item = &'e [u8]> {
    let mut rest = event;
    std::iter::from_fn(move || {
        while !rest.is_empty() {
            let (line, tail) = match memchr2(b'\n', b'\r', rest) {
                Some(at) => (&rest[..at], &rest[at + 1..]),
                None => (rest, &rest[rest.len()..]),
            };
            rest = tail;
            if let Some([b':', b' ', value @ ..] | [b':', value @ ..] | value @ []) = line.strip_prefix(name) {
                return Some(value);
            }
        }
        None
    })
}

/// Whether `data` is the `[DONE]` that ends OpenAI's streams.
pub fn is_done(data: &[u8]) -> bool {
    memchr(b'[', data) == Some(0) && data.trim_ascii_end() == b"[DONE]"
}

/// Takes an event's name and data.
pub type Each<'e> = &'e mut dyn FnMut(&[u8], &[u8]) -> Result<(), Error>;

/// Reads events, however they are chunked. Holds one at most.
#[derive(Debug, Default)]
pub struct Events {
    splitter: Splitter,
    started: bool,
}

impl Events {
    /// Calls `each` with the name (empty if there is none) and the data of every event that is complete.
    pub fn feed(&mut self, bytes: &[u8], each: Each<'_>) -> Result<(), Error> {
        let too_large = |error: EventTooLarge| Error::broken(error.to_string());
        self.splitter.push(Bytes::copy_from_slice(bytes)).map_err(too_large)?;
        while let Some(event) = self.splitter.next_event() {
            self.read(&event, each)?;
        }
        Ok(())
    }

    /// The connection ended: an event without its empty line counts.
    pub fn end(&mut self, each: Each<'_>) -> Result<(), Error> {
        match self.splitter.finish() {
            Some(event) => self.read(&event, each),
            None => Ok(()),
        }
    }

    fn read(&mut self, mut event: &[u8], each: Each<'_>) -> Result<(), Error> {
        if !std::mem::replace(&mut self.started, true) {
            event = event.strip_prefix(b"\xef\xbb\xbf").unwrap_or(event);
        }
        match data(event) {
            Some(data) => each(field(event, b"event").unwrap_or_default(), &data),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const STREAM: &[u8] = b": keep-alive\n\ndata: {\"a\":1}\r\n\r\nevent: x\ndata: one\ndata: two\n\ndata:{\"b\":\"\xc3\xa9\"}\r\rdata: [DONE]\n\n";

    fn split(chunks: &[&[u8]]) -> Vec<Bytes> {
        let mut splitter = Splitter::default();
        let mut events = Vec::new();
        for chunk in chunks {
            splitter.push(Bytes::copy_from_slice(chunk)).unwrap();
            while let Some(event) = splitter.next_event() {
                events.push(event);
            }
        }
        events.extend(splitter.finish());
        events
    }

    #[test]
    fn whole_stream_at_once() {
        let events = split(&[STREAM]);
        assert_eq!(events.len(), 5);
        let texts: Vec<_> = events.iter().map(|e| data(e).map(Cow::into_owned)).collect();
        assert_eq!(texts[0], None);
        assert_eq!(texts[1].as_deref(), Some(&b"{\"a\":1}"[..]));
        assert_eq!(texts[2].as_deref(), Some(&b"one\ntwo"[..]));
        assert_eq!(texts[3].as_deref(), Some("{\"b\":\"é\"}".as_bytes()));
        assert!(is_done(texts[4].as_ref().unwrap()));
    }

    #[test]
    fn split_at_every_byte_and_every_pair_of_bytes() {
        let whole = split(&[STREAM]);
        for i in 0..=STREAM.len() {
            for j in i..=STREAM.len() {
                assert_eq!(split(&[&STREAM[..i], &STREAM[i..j], &STREAM[j..]]), whole, "cut at {i} and {j}");
            }
        }
        let bytes: Vec<&[u8]> = STREAM.chunks(1).collect();
        assert_eq!(split(&bytes), whole);
    }

    #[test]
    fn an_endless_event_is_refused() {
        let mut splitter = Splitter::default();
        let chunk = Bytes::from(vec![b'x'; MAX_EVENT_BYTES / 2 + 1]);
        splitter.push(chunk.clone()).unwrap();
        assert!(splitter.next_event().is_none());
        assert_eq!(splitter.push(chunk), Err(EventTooLarge));
    }

    proptest! {
        #[test]
        fn nothing_is_lost_or_changed(
            bytes in proptest::collection::vec(prop_oneof![Just(b'\n'), Just(b'\r'), Just(b'd'), any::<u8>()], 0..200),
            cuts in proptest::collection::vec(0_usize..200, 0..8),
        ) {
            let mut cuts: Vec<_> = cuts.into_iter().map(|c| c.min(bytes.len())).collect();
            cuts.push(bytes.len());
            cuts.sort_unstable();
            let mut chunks = Vec::new();
            let mut from = 0;
            for cut in cuts {
                chunks.push(&bytes[from..cut]);
                from = cut;
            }
            let events = split(&chunks);
            prop_assert_eq!(events.concat(), bytes.clone());
            prop_assert_eq!(events, split(&[&bytes]));
        }
    }

    fn all(chunks: &[&[u8]]) -> Vec<(String, String)> {
        let mut found = Vec::new();
        let mut each = |name: &[u8], data: &[u8]| {
            found.push((String::from_utf8(name.to_vec()).unwrap(), String::from_utf8(data.to_vec()).unwrap()));
            Ok(())
        };
        let mut events = Events::default();
        for chunk in chunks {
            events.feed(chunk, &mut each).unwrap();
        }
        events.end(&mut each).unwrap();
        found
    }

    #[test]
    fn read_however_they_are_cut_events_are_the_same() {
        let text =
            b"\xef\xbb\xbf: hello\r\n\r\nevent: a\r\ndata: 1\r\ndata:2\r\n\r\ndata: x\n\ndata\rid: 7\r\rdata: last";
        let whole = all(&[text]);
        assert_eq!(
            whole,
            [("a", "1\n2"), ("", "x"), ("", ""), ("", "last")].map(|(a, b)| (a.to_owned(), b.to_owned()))
        );
        for at in 0..text.len() {
            assert_eq!(all(&[&text[..at], &text[at..]]), whole, "split at {at}");
        }
        let bytes: Vec<&[u8]> = text.chunks(1).collect();
        assert_eq!(all(&bytes), whole);
    }

    #[test]
    fn an_endless_event_is_no_event() {
        let mut events = Events::default();
        let chunk = vec![b'x'; 1024 * 1024];
        let mut fed = 0;
        while events.feed(&chunk, &mut |_, _| Ok(())).is_ok() {
            fed += 1;
            assert!(fed < 40);
        }
        assert_eq!(fed, 32);
    }
}
