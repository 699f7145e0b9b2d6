//! Ids of function calls, where Google gives none.
//!
//! Every other dialect ties a result to its call by an id, so one is made from what the call is and where it stands.
//! It has a mark of its own, and goes back to Google as no id at all, just as it came.

use std::borrow::Cow;

const MARK: &str = "tgc_";

/// An id for the call number `place` of the answer called `answer`.
pub(super) fn make(answer: &str, choice: u32, place: u32, name: &str) -> String {
    // FNV-1a: it must tell the calls of one conversation apart, nothing more.
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    let mut eat = |bytes: &[u8]| {
        for byte in bytes.iter().chain(&[0xff]) {
            hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    };
    eat(answer.as_bytes());
    eat(&choice.to_le_bytes());
    eat(&place.to_le_bytes());
    eat(name.as_bytes());
    format!("{MARK}{hash:016x}")
}

/// The id that Google should see.
pub(super) fn own<'a>(id: &Cow<'a, str>) -> Option<Cow<'a, str>> {
    (!id.is_empty() && !id.starts_with(MARK)).then(|| id.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn made_ids_tell_calls_apart_and_do_not_go_back() {
        let id = make("resp", 0, 0, "f");
        assert_eq!(id, make("resp", 0, 0, "f"));
        for other in
            [make("resp", 0, 1, "f"), make("resp", 1, 0, "f"), make("other", 0, 0, "f"), make("resp", 0, 0, "g")]
        {
            assert_ne!(id, other);
        }
        assert!(id.len() <= 40, "OpenAI takes no longer ones");
        assert_eq!(own(&id.into()), None);
        assert_eq!(own(&"call_1".into()).as_deref(), Some("call_1"));
        assert_eq!(own(&"".into()), None);
    }
}
