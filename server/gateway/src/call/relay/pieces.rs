//! What comes from a provider, cut into events: lines of text, or Amazon's binary frames.

use bytes::{Buf as _, Bytes, BytesMut};
use tollgate_dialects::bedrock::frame::MAX_MESSAGE_BYTES;
use tollgate_dialects::usage::Shape;

use tollgate_dialects::sse::Splitter;

pub enum Pieces {
    Events(Splitter),
    Frames(BytesMut),
}

impl Pieces {
    pub fn of(shape: Shape) -> Self {
        if shape == Shape::Converse { Self::Frames(BytesMut::new()) } else { Self::Events(Splitter::default()) }
    }

    /// Fails if an event is larger than any may be.
    pub fn push(&mut self, bytes: Bytes) -> Result<(), String> {
        match self {
            Self::Events(splitter) => splitter.push(bytes).map_err(|error| error.to_string()),
            Self::Frames(held) => {
                held.extend_from_slice(&bytes);
                match length(held) {
                    Some(length) if length > MAX_MESSAGE_BYTES => {
                        Err("a message of its stream is too large".to_owned())
                    }
                    _ => Ok(()),
                }
            }
        }
    }

    pub fn next_event(&mut self) -> Option<Bytes> {
        match self {
            Self::Events(splitter) => splitter.next_event(),
            Self::Frames(held) => {
                let length = length(held).filter(|length| *length <= held.len())?;
                // One that claims less than its own head is for the reader to refuse.
                Some(held.split_to(length.max(4)).freeze())
            }
        }
    }

    /// What is left when the stream ended.
    pub fn finish(&mut self) -> Option<Bytes> {
        match self {
            Self::Events(splitter) => splitter.finish(),
            Self::Frames(held) => {
                let rest = std::mem::take(held).freeze();
                (!rest.is_empty()).then_some(rest)
            }
        }
    }
}

/// How long the first frame says that it is.
fn length(held: &BytesMut) -> Option<usize> {
    let mut head = held.get(..4)?;
    usize::try_from(head.get_u32()).ok()
}

#[cfg(test)]
mod tests {
    use tollgate_dialects::bedrock::frame::encode;

    use super::*;

    #[test]
    fn frames_are_cut_however_they_come() {
        let mut stream = Vec::new();
        encode(&[(":event-type", "a")], b"{}", &mut stream);
        let first = stream.len();
        encode(&[(":event-type", "b")], &[7; 300], &mut stream);
        for at in 0..stream.len() {
            let mut pieces = Pieces::of(Shape::Converse);
            let mut found = Vec::new();
            for piece in [&stream[..at], &stream[at..]] {
                pieces.push(Bytes::copy_from_slice(piece)).unwrap();
                found.extend(std::iter::from_fn(|| pieces.next_event()));
            }
            assert_eq!(found, [&stream[..first], &stream[first..]], "cut at {at}");
            assert_eq!(pieces.finish(), None);
        }
        let mut pieces = Pieces::of(Shape::Converse);
        assert!(pieces.push(Bytes::from_static(&[255; 4])).is_err());
    }
}
