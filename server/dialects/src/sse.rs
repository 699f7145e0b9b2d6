//! Server-sent events, as their lines come.

use memchr::memchr2;

use crate::neutral::Error;

/// The largest single event that is held: generated images come as one event.
pub const MAX_EVENT_BYTES: usize = 32 * 1024 * 1024;

/// Takes an event's name and data.
pub type Each<'e> = &'e mut dyn FnMut(&[u8], &[u8]) -> Result<(), Error>;

/// Cuts bytes into events, however they are chunked. Holds one event at most.
#[derive(Debug, Default)]
pub struct Events {
    /// The beginning of a line that is not complete yet.
    line: Vec<u8>,
    name: Vec<u8>,
    data: Vec<u8>,
    has_data: bool,
    /// The last line ended with CR: an LF that follows belongs to it.
    after_cr: bool,
    started: bool,
}

impl Events {
    /// Calls `each` with the name (empty if there is none) and the data of every event that is complete.
    pub fn feed(&mut self, mut bytes: &[u8], each: Each<'_>) -> Result<(), Error> {
        while !bytes.is_empty() {
            if std::mem::take(&mut self.after_cr) && bytes[0] == b'\n' {
                bytes = &bytes[1..];
                continue;
            }
            let Some(at) = memchr2(b'\n', b'\r', bytes) else {
                self.line.extend_from_slice(bytes);
                return self.check_size();
            };
            self.after_cr = bytes[at] == b'\r';
            let (head, tail) = (&bytes[..at], &bytes[at + 1..]);
            bytes = tail;
            if self.line.is_empty() {
                self.take_line(head, each)?;
            } else {
                self.line.extend_from_slice(head);
                let line = std::mem::take(&mut self.line);
                self.take_line(&line, each)?;
                self.line = line;
                self.line.clear();
            }
            self.check_size()?;
        }
        Ok(())
    }

    /// The connection ended: an event without its empty line counts.
    pub fn end(&mut self, each: Each<'_>) -> Result<(), Error> {
        let line = std::mem::take(&mut self.line);
        if !line.is_empty() {
            self.take_line(&line, each)?;
        }
        self.take_line(b"", each)
    }

    fn take_line(&mut self, mut line: &[u8], each: Each<'_>) -> Result<(), Error> {
        if !std::mem::replace(&mut self.started, true) {
            line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
        }
        if line.is_empty() {
            let result = if self.has_data { each(&self.name, &self.data) } else { Ok(()) };
            self.name.clear();
            self.data.clear();
            self.has_data = false;
            return result;
        }
        let (field, value) = match memchr::memchr(b':', line) {
            Some(at) => (&line[..at], line[at + 1..].strip_prefix(b" ").unwrap_or(&line[at + 1..])),
            None => (line, &line[line.len()..]),
        };
        match field {
            b"data" => {
                if std::mem::replace(&mut self.has_data, true) {
                    self.data.push(b'\n');
                }
                self.data.extend_from_slice(value);
            }
            b"event" => {
                self.name.clear();
                self.name.extend_from_slice(value);
            }
            _ => {}
        }
        Ok(())
    }

    fn check_size(&self) -> Result<(), Error> {
        if self.line.len() + self.data.len() + self.name.len() > MAX_EVENT_BYTES {
            return Err(Error::broken(format!("an event of the stream is larger than {MAX_EVENT_BYTES} bytes")));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn split_anywhere_the_events_are_the_same() {
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
    fn an_endless_event_is_refused() {
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
