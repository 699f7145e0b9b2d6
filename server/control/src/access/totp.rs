//! Codes that change with time: RFC 6238, as authenticator apps have it (SHA-1, six digits, thirty seconds).

use ring::hmac;
use tollgate_domain::Timestamp;

/// How long a code is valid, in seconds.
const STEP: i64 = 30;

/// A code of the step before or after counts, too: clocks differ, and people type slowly.
const SKEW: i64 = 1;

const DIGITS: u32 = 6;

/// As many bytes as SHA-1 has: what RFC 4226 recommends.
pub const SECRET_BYTES: usize = 20;

const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// RFC 4648's base32, without padding: what authenticator apps take.
pub fn base32(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 8 / 5 + 1);
    let (mut bits, mut count) = (0_u32, 0);
    for byte in bytes {
        bits = (bits << 8) | u32::from(*byte);
        count += 8;
        while count >= 5 {
            count -= 5;
            text.push(char::from(ALPHABET[(bits >> count & 31) as usize]));
        }
    }
    if count > 0 {
        text.push(char::from(ALPHABET[(bits << (5 - count) & 31) as usize]));
    }
    text
}

/// The code of one step.
fn code(secret: &[u8], step: i64) -> u32 {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret);
    let digest = hmac::sign(&key, &step.to_be_bytes());
    let digest = digest.as_ref();
    let offset = usize::from(digest.last().copied().unwrap_or_default() & 15);
    let four: [u8; 4] = digest.get(offset..offset + 4).and_then(|part| part.try_into().ok()).unwrap_or_default();
    (u32::from_be_bytes(four) & 0x7fff_ffff) % 10_u32.pow(DIGITS)
}

/// The step whose code this is, if it is one of now and of after `last`: a code counts once.
pub fn matching_step(secret: &[u8], typed: &str, now: Timestamp, last: i64) -> Option<i64> {
    let typed: String = typed.chars().filter(|c| !c.is_whitespace()).collect();
    if typed.len() != DIGITS as usize || !typed.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let typed: u32 = typed.parse().ok()?;
    let step = now.0.div_euclid(Timestamp::MICROS_PER_SECOND).div_euclid(STEP);
    // All are looked at, so that the time tells nothing.
    let mut found = None;
    for step in step - SKEW..=step + SKEW {
        if code(secret, step) == typed && step > last {
            found = Some(step);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_those_of_the_standard() {
        // RFC 6238, appendix B, the last six digits.
        let secret = b"12345678901234567890";
        for (seconds, expected) in [
            (59, 287_082),
            (1_111_111_109, 81_804),
            (1_111_111_111, 50_471),
            (1_234_567_890, 5_924),
            (2_000_000_000, 279_037),
            (20_000_000_000_i64, 353_130),
        ] {
            assert_eq!(code(secret, seconds / STEP), expected);
            let now = Timestamp(0).plus_seconds(seconds);
            assert_eq!(matching_step(secret, &format!("{expected:06}"), now, 0), Some(seconds / STEP));
        }
    }

    #[test]
    fn a_code_counts_once_and_for_a_while() {
        let secret = b"12345678901234567890";
        let at = |seconds| Timestamp(0).plus_seconds(seconds);
        assert_eq!(matching_step(secret, " 287 082", at(59), 0), Some(1));
        assert_eq!(matching_step(secret, "287082", at(59), 1), None);
        assert_eq!(matching_step(secret, "287082", at(89), 0), Some(1));
        assert_eq!(matching_step(secret, "287082", at(90), 0), None);
        for wrong in ["", "28708", "2870820", "28708x", "000000", "\u{661}\u{662}\u{663}\u{664}\u{665}\u{666}"] {
            assert_eq!(matching_step(secret, wrong, at(59), 0), None, "{wrong}");
        }
    }

    #[test]
    fn base32_is_that_of_the_standard() {
        // RFC 4648, section 10, without the padding.
        for (text, expected) in
            [("", ""), ("f", "MY"), ("fo", "MZXQ"), ("foo", "MZXW6"), ("foob", "MZXW6YQ"), ("foobar", "MZXW6YTBOI")]
        {
            assert_eq!(base32(text.as_bytes()), expected);
        }
    }
}
