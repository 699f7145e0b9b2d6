//! How long a streamed answer is by now, as far as can be told without a tokeniser: by the provider's own counts where
//! it sends them on the way, or else by the texts in its events.

use memchr::memmem;

/// The fields of an event that hold parts of an answer. A quote within a text is escaped, so that no text looks like
/// one of them.
const TEXTS: [&[u8]; 6] =
    [b"\"content\":", b"\"text\":", b"\"arguments\":", b"\"reasoning_content\":", b"\"reasoning\":", b"\"refusal\":"];

/// Text has fewer bytes for each token than this, as a rule: the count is rather too small than too large.
const BYTES_A_TOKEN: usize = 6;

/// More than what is paid for by less than this may be a wrong guess: so much is let pass before a stream is ended.
const SLACK: u64 = 16;

/// So many tokens before the end of what is paid for, more is asked for.
const IN_TIME: u64 = 32;

/// The length of an answer so far.
#[derive(Debug, Default)]
pub struct Growth {
    /// Tokens, by the texts.
    guessed: u64,
    /// Tokens, by the provider.
    counted: Option<u64>,
}

impl Growth {
    /// Takes in an event. Costs a few searches in it.
    pub fn take(&mut self, event: &[u8]) {
        self.guessed = self.guessed.saturating_add(tokens(event));
    }

    /// The provider says how long the answer is by now.
    pub fn count(&mut self, tokens: u64) {
        self.counted = Some(self.counted.map_or(tokens, |known| known.max(tokens)));
    }

    /// Tokens so far, more or less.
    pub fn tokens(&self) -> u64 {
        self.counted.unwrap_or(self.guessed)
    }

    /// Whether the answer certainly has more tokens than these.
    pub fn exceeds(&self, tokens: u64) -> bool {
        match self.counted {
            Some(counted) => counted > tokens,
            None => self.guessed > tokens.saturating_add(tokens / 8).saturating_add(SLACK),
        }
    }

    /// By how many tokens the answer is longer than `paid`, if more has to be set aside now. What is paid for at first is
    /// what the provider keeps to, as a rule: only an answer that is certainly longer asks for more. One that was
    /// `extended` before keeps to nothing, and asks in time.
    pub fn due(&self, paid: u64, extended: bool) -> Option<u64> {
        let longer = if extended { self.tokens().saturating_add(IN_TIME) > paid } else { self.exceeds(paid) };
        longer.then(|| self.tokens().saturating_sub(paid))
    }
}

/// An event with text has one token at least.
fn tokens(event: &[u8]) -> u64 {
    let bytes: usize = TEXTS.iter().map(|name| text_after(event, name)).sum();
    if bytes == 0 { 0 } else { (bytes / BYTES_A_TOKEN).max(1) as u64 }
}

/// The length of the JSON text after `name`, in bytes as it is written.
fn text_after(event: &[u8], name: &[u8]) -> usize {
    let Some(at) = memmem::find(event, name) else { return 0 };
    let value = event[at + name.len()..].trim_ascii_start();
    let Some(text) = value.strip_prefix(b"\"") else { return 0 };
    let mut from = 0;
    while let Some(quote) = memchr::memchr(b'"', &text[from..]).map(|found| from + found) {
        let slashes = text[..quote].iter().rev().take_while(|byte| **byte == b'\\').count();
        if slashes % 2 == 0 {
            return quote;
        }
        from = quote + 1;
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(delta: &str) -> Vec<u8> {
        format!("data: {{\"choices\":[{{\"index\":0,\"delta\":{delta}}}]}}\n\n").into_bytes()
    }

    #[test]
    fn texts_are_measured() {
        for (delta, expected) in [
            (r#"{"role":"assistant","content":""}"#, 0),
            (r#"{"content":null}"#, 0),
            (r#"{"content":"a"}"#, 1),
            (r#"{"content": "twelve bytes"}"#, 2),
            (r#"{"content":"say \"content\":\"x\" and more"}"#, 5),
            (r#"{"tool_calls":[{"function":{"arguments":"{\"city\""}}]}"#, 1),
            (r#"{"reasoning_content":"a thought of thirty bytes, ok.."}"#, 5),
            ("{}", 0),
        ] {
            assert_eq!(tokens(&event(delta)), expected, "{delta}");
        }
        assert_eq!(tokens(b": ping\n\n"), 0);
        assert_eq!(tokens(b"data: {\"choices\":[{\"text\":\"cut off in the mid"), 3);
    }

    #[test]
    fn a_guess_is_given_room_and_a_count_none() {
        let mut growth = Growth::default();
        let paid = 40;
        for n in 1..=61 {
            growth.take(&event(r#"{"content":"x"}"#));
            assert_eq!(growth.due(paid, false), None, "{n}");
        }
        growth.take(&event(r#"{"content":"x"}"#));
        assert_eq!((growth.due(paid, false), growth.tokens()), (Some(22), 62));
        // Then in time.
        assert_eq!((growth.due(94, true), growth.due(93, true)), (None, Some(0)));
        growth.count(40);
        assert_eq!((growth.due(paid, false), growth.tokens()), (None, 40));
        growth.count(41);
        growth.count(3);
        assert_eq!(growth.due(paid, false), Some(1));
    }
}
