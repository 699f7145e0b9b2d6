//! The journal's records: length, checksum, kind, and a charge as JSON.

use bytes::BufMut;

/// What a record says of its charge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A provider is about to be asked.
    Opened,
    /// The final form.
    Settled,
}

impl Kind {
    fn to_byte(self) -> u8 {
        match self {
            Self::Opened => b'O',
            Self::Settled => b'S',
        }
    }

    fn from_byte(byte: u8) -> Option<Self> {
        match byte {
            b'O' => Some(Self::Opened),
            b'S' => Some(Self::Settled),
            _ => None,
        }
    }
}

/// Length and CRC-32 of kind and payload, both little-endian.
const HEADER: usize = 8;

/// A record can't be longer: a length beyond this is damage.
const MAX_PAYLOAD: usize = 1024 * 1024;

/// Appends a record with the payload that `write` makes to `out`.
pub fn encode<E>(out: &mut Vec<u8>, kind: Kind, write: impl FnOnce(&mut Vec<u8>) -> Result<(), E>) -> Result<(), E> {
    let start = out.len();
    out.put_bytes(0, HEADER);
    out.put_u8(kind.to_byte());
    write(out)?;
    let body = &out[start + HEADER..];
    let length = u32::try_from(body.len()).unwrap_or(u32::MAX);
    let checksum = crc32fast::hash(body);
    out[start..start + 4].copy_from_slice(&length.to_le_bytes());
    out[start + 4..start + HEADER].copy_from_slice(&checksum.to_le_bytes());
    Ok(())
}

/// What stands at the beginning of `bytes`.
#[derive(Debug, PartialEq, Eq)]
pub enum Decoded<'a> {
    Record {
        kind: Kind,
        payload: &'a [u8],
        rest: &'a [u8],
    },
    /// Nothing.
    End,
    /// The beginning of a record whose rest is missing: the process was stopped while writing it.
    Torn,
    /// Something else: the file was damaged.
    Damaged,
}

pub fn decode(bytes: &[u8]) -> Decoded<'_> {
    if bytes.is_empty() {
        return Decoded::End;
    }
    let Some((header, rest)) = bytes.split_first_chunk::<HEADER>() else { return Decoded::Torn };
    let [l0, l1, l2, l3, c0, c1, c2, c3] = *header;
    let length = u32::from_le_bytes([l0, l1, l2, l3]) as usize;
    if length == 0 || length > MAX_PAYLOAD {
        return Decoded::Damaged;
    }
    if rest.len() < length {
        return Decoded::Torn;
    }
    let (body, rest) = rest.split_at(length);
    if crc32fast::hash(body) != u32::from_le_bytes([c0, c1, c2, c3]) {
        return Decoded::Damaged;
    }
    match body.split_first().and_then(|(kind, payload)| Some((Kind::from_byte(*kind)?, payload))) {
        Some((kind, payload)) => Decoded::Record { kind, payload, rest },
        None => Decoded::Damaged,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(text: &str) -> Vec<u8> {
        let mut out = Vec::new();
        encode(&mut out, Kind::Settled, |out| {
            out.extend_from_slice(text.as_bytes());
            Ok::<_, ()>(())
        })
        .unwrap();
        out
    }

    #[test]
    fn every_torn_tail_and_every_flipped_bit_is_seen() {
        let whole = record("{\"a\":1}");
        assert!(matches!(decode(&whole), Decoded::Record { kind: Kind::Settled, payload: b"{\"a\":1}", rest: [] }));
        for cut in 1..whole.len() {
            assert_eq!(decode(&whole[..cut]), Decoded::Torn, "cut at {cut}");
        }
        for bit in 0..whole.len() * 8 {
            let mut damaged = whole.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            assert!(!matches!(decode(&damaged), Decoded::Record { .. }), "bit {bit}");
        }
    }
}
