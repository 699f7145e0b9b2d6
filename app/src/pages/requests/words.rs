//! A request's story in words.

use tollgate_domain::charge::{Operation, Outcome};
use tollgate_domain::summary::RequestDetail;
use tollgate_domain::usage::{Certainty, Usage};

use super::refusals::Reason;
use crate::components::micros_text;

pub fn operation(operation: Operation) -> &'static str {
    match operation {
        Operation::ChatCompletion => "Chat completion",
        Operation::Completion => "Completion",
        Operation::Embedding => "Embedding",
        Operation::Messages => "Messages",
        Operation::Responses => "Responses",
        Operation::GenerateContent => "Generate content",
        Operation::ImageGeneration => "Image generation",
        Operation::ImageEdit => "Image edit",
        Operation::ImageVariation => "Image variation",
        Operation::Moderation => "Moderation",
        Operation::Rerank => "Rerank",
        Operation::Speech => "Speech",
        Operation::Transcription => "Transcription",
        Operation::AudioTranslation => "Audio translation",
        Operation::Other => "Other",
    }
}

/// How it went, in a sentence or two.
pub fn outcome(detail: &RequestDetail) -> String {
    let provider = detail.row.provider.as_deref().unwrap_or("The provider");
    let status = detail.row.status;
    let took = detail.row.duration_us.map(|us| format!(" in {}", micros_text(us))).unwrap_or_default();
    let end = match detail.row.outcome {
        None => return format!("{}. No provider was asked, and nothing was charged.", Reason::of(detail).title()),
        Some(Outcome::Success) => format!("{provider} answered to the end{took}."),
        Some(Outcome::UpstreamError) => format!("{provider} answered with an error; the client got status {status}."),
        Some(Outcome::UpstreamBroken) => {
            format!("{provider} gave no answer, a broken one, or one that was cut off; the client got status {status}.")
        }
        Some(Outcome::Timeout) => format!("{provider} took longer than the deployment's time limit{took}."),
        Some(Outcome::Interrupted) => {
            "The gateway was stopped before the answer had ended; what was known by then is on record.".to_owned()
        }
    };
    if detail.client_left {
        format!("{end} The client left before the end; the provider was read to the end all the same.")
    } else {
        end
    }
}

/// What a certainty means for the amount.
pub fn certainty(certainty: Certainty, outcome: Option<Outcome>) -> &'static str {
    match certainty {
        Certainty::Measured if outcome == Some(Outcome::UpstreamError) => {
            "The provider turned the call down and reported no use, so nothing is charged."
        }
        Certainty::Measured => "The provider's own complete count, at a known price.",
        Certainty::Partial => {
            "The provider's count so far: the call ended before the final one, so the bill may be higher."
        }
        Certainty::Estimated => "The provider gave no count, so the tokens are an estimate.",
        Certainty::Unknown => {
            "There was no count from the provider, or no price for the model: the amount is not known."
        }
    }
}

/// What a count beside the tokens is called.
fn unit(name: &'static str) -> &'static str {
    match name {
        "cache_read_audio" => "Audio read from the cache",
        "cache_read_image" => "Images read from the cache",
        "citation" => "Quoted sources",
        "input_images" => "Images in the prompt",
        "output_images" => "Images",
        "input_seconds" => "Seconds in the prompt",
        "output_seconds" => "Seconds",
        "input_characters" => "Characters in the prompt",
        "output_characters" => "Characters",
        "queries" => "Queries",
        "pages" => "Pages",
        "web_searches" => "Web searches",
        "web_searches_low" => "Web searches, little context",
        "web_searches_high" => "Web searches, much context",
        other => other,
    }
}

/// The kinds of tokens that were used: name, count, and whether it is a part of the total above it.
pub fn tokens(usage: &Usage) -> Vec<(&'static str, u64, bool)> {
    let parts = |total: (&'static str, u64), parts: &[(&'static str, u64)]| {
        let mut rows = vec![(total.0, total.1, false)];
        rows.extend(parts.iter().filter(|part| part.1 > 0).map(|&(name, count)| (name, count, true)));
        rows
    };
    let mut rows = parts(
        ("Input", usage.input),
        &[
            ("read from the cache", usage.cache_read),
            ("written to the cache", usage.cache_write),
            ("written to the cache for an hour", usage.cache_write_1h),
            ("audio", usage.audio_input),
            ("images", usage.image_input),
        ],
    );
    rows.extend(parts(
        ("Output", usage.output),
        &[("reasoning", usage.reasoning), ("audio", usage.audio_output), ("images", usage.image_output)],
    ));
    rows.extend(usage.units.iter().map(|(name, count)| (unit(name), count, false)));
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_parts_that_were_used_are_told() {
        let usage = Usage { input: 100, cache_read: 40, output: 9, reasoning: 4, ..Usage::default() };
        assert_eq!(
            tokens(&usage),
            [("Input", 100, false), ("read from the cache", 40, true), ("Output", 9, false), ("reasoning", 4, true)]
        );
        assert_eq!(tokens(&Usage::default()), [("Input", 0, false), ("Output", 0, false)]);
    }
}
