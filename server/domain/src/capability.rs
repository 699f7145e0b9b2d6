//! What a model certainly can't do, by what it is known to be for.

use crate::charge::Operation;

/// Whether a model of `mode` (`embedding`, as in the price book) certainly can't be called through `operation`. Models
/// that talk, draw or speak may do so through several interfaces: of those it is not certain.
pub fn is_wrong_mode(mode: &str, operation: Operation) -> bool {
    use Operation as O;

    let own: &[Operation] = match mode {
        "embedding" => &[O::Embedding],
        "rerank" => &[O::Rerank],
        "moderation" => &[O::Moderation],
        "audio_transcription" => &[O::Transcription, O::AudioTranslation],
        // Google's draw and speak in chats.
        "image_generation" | "image_edit" => return matches!(operation, O::Embedding | O::Moderation | O::Rerank),
        "audio_speech" => return matches!(operation, O::Embedding | O::Moderation | O::Rerank | O::ImageGeneration),
        _ => return false,
    };
    operation != O::Other && !own.contains(&operation)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_certain_is_wrong() {
        let wrong = |mode: &str| -> Vec<Operation> {
            Operation::ALL.into_iter().filter(|operation| is_wrong_mode(mode, *operation)).collect()
        };
        assert!(wrong("chat").is_empty() && wrong("").is_empty() && wrong("responses").is_empty());
        assert!(wrong("embedding").contains(&Operation::ChatCompletion));
        assert!(!wrong("embedding").contains(&Operation::Embedding));
        assert!(!wrong("audio_transcription").contains(&Operation::AudioTranslation));
        assert!(!wrong("image_generation").contains(&Operation::GenerateContent));
        assert!(
            Operation::ALL
                .into_iter()
                .all(|operation| operation != Operation::Other || !is_wrong_mode("rerank", operation))
        );
    }
}
