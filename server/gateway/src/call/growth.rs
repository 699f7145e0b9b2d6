//! How long a streamed answer is by now, as far as can be told without a tokeniser: by the provider's own counts where
//! it sends them on the way, or else by the texts in its events.

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
    /// So many tokens passed by at least, by their texts.
    pub fn guess(&mut self, tokens: u64) {
        self.guessed = tokens;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guess_is_given_room_and_a_count_none() {
        let mut growth = Growth::default();
        let paid = 40;
        for n in 1..=61 {
            growth.guess(n);
            assert_eq!(growth.due(paid, false), None, "{n}");
        }
        growth.guess(62);
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
