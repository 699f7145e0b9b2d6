//! Calls whose provider doesn't say what they used: it is estimated, and the charge says so.
//!
//! Of a stream no text is kept: a gauge follows what passes. It is exact to some percent, which is enough for what
//! happens to few calls, and takes less time than handing an event on; a tokeniser would take as long as all the rest,
//! for counts that nearly every stream ends with anyway. A whole answer without a count is at hand, and rare: there the
//! tokeniser is asked, away from the threads that serve calls.

use bytes::Bytes;
use tollgate_dialects::tokens::{self, Gauge};
use tollgate_dialects::usage::Report;
use tollgate_domain::charge::{Operation, Outcome};
use tollgate_domain::usage::Usage;

use super::attempt::Attempt;
use crate::openai::stream::Kind;

/// Longer prompts are not kept until the answer is there, in bytes: they are measured instead.
const MOST_KEPT: usize = 64 * 1024;

/// The same for requests that are answered as a stream, which may be under way for minutes. Measuring takes time and is
/// hardly ever needed: what is this short is rather kept.
const MOST_KEPT_STREAMED: usize = 8 * 1024;

/// What is known of a call, should the provider not count it.
pub struct Uncounted {
    prompt: Prompt,
    /// The provider was told to write no more than so many tokens: an estimate is never above what is set aside.
    longest_answer: u64,
}

enum Prompt {
    Kept(Bytes),
    /// Tokens, roughly.
    Measured(u64),
}

impl Uncounted {
    pub fn new(request: Bytes, streamed: bool, longest_answer: Option<u64>) -> Self {
        let most = if streamed { MOST_KEPT_STREAMED } else { MOST_KEPT };
        let prompt =
            if request.len() > most { Prompt::Measured(tokens::prompt(&request)) } else { Prompt::Kept(request) };
        Self { prompt, longest_answer: longest_answer.unwrap_or(u64::MAX) }
    }

    /// The prompt, in tokens.
    pub fn prompt(&self) -> u64 {
        match &self.prompt {
            Prompt::Kept(request) => tokens::prompt(request),
            Prompt::Measured(tokens) => *tokens,
        }
    }
}

/// What the call probably used, its answer being there and saying nothing of it.
pub async fn of_answer(attempt: &Attempt, answer: &Bytes) -> Option<Usage> {
    let embeds = attempt.start.operation == Operation::Embedding;
    let longest = attempt.uncounted.longest_answer;
    let (request, measured) = match &attempt.uncounted.prompt {
        Prompt::Kept(request) => (request.clone(), 0),
        Prompt::Measured(tokens) => (Bytes::new(), *tokens),
    };
    let answer = if embeds { Bytes::new() } else { answer.clone() };
    let count = move || Usage {
        input: tokens::exact_prompt(&request).saturating_add(measured),
        output: tokens::exact_answer(&answer).min(longest),
        ..Usage::default()
    };
    tokio::task::spawn_blocking(count).await.ok()
}

/// What of a stream's answer passed by.
#[derive(Debug, Default)]
pub struct Passed {
    gauge: Gauge,
    /// What the gauge had when the provider last counted.
    counted: u64,
    /// Events with text in them.
    pieces: u64,
}

impl Passed {
    pub fn note(&mut self, event: &[u8], kind: &Kind) {
        if matches!(kind, Kind::Error { .. } | Kind::Done) {
            return;
        }
        let before = self.gauge.tokens();
        tokens::measure_delta(event, &mut self.gauge);
        self.pieces += u64::from(self.gauge.tokens() > before);
        if matches!(kind, Kind::Usage { .. }) {
            // The count has this event's text in it.
            self.counted = self.gauge.tokens();
        }
    }

    /// So many tokens at least: one in each piece, and the gauge is not off by more than half.
    pub fn at_least(&self) -> u64 {
        self.pieces.max(self.gauge.tokens() / 2)
    }

    /// Fills in what the provider left open. Whether the usage is an estimate.
    pub fn complete(&self, report: &mut Report, attempt: &Attempt, outcome: Outcome) -> bool {
        let ended = outcome == Outcome::Success;
        if outcome == Outcome::UpstreamError {
            // The provider said that it failed: what it bills for that is for it to say.
            return false;
        }
        // An answer that outgrew its limit may have more set aside.
        let longest = attempt.uncounted.longest_answer.max(attempt.paid());
        match &mut report.usage {
            // A nought at the start of a stream that broke off is no count.
            Some(usage) if ended || !usage.is_zero() => {
                if !ended {
                    // Counted in part: what came after the count is added.
                    let since = self.gauge.tokens().saturating_sub(self.counted);
                    usage.output = usage.output.max(usage.output.saturating_add(since).min(longest));
                }
                false
            }
            usage => {
                let (input, output) = (attempt.uncounted.prompt(), self.gauge.tokens().min(longest));
                *usage = Some(Usage { input, output, ..Usage::default() });
                true
            }
        }
    }
}
