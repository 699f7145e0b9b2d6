//! What a key's fields may hold.

use serde_json::{Map, Value};
use tollgate_domain::Timestamp;
use tollgate_domain::model::ModelPattern;

use crate::ControlError;

/// The longest name, in characters.
const LONGEST_NAME: usize = 200;

/// The most models that a key may name.
const MOST_MODELS: usize = 1000;

/// The largest metadata or settings, in bytes of JSON.
const LARGEST_JSON: usize = 64 * 1024;

/// The longest life that can be asked for, in seconds: a hundred years.
const LONGEST_LIFE: i64 = 100 * 366 * 86_400;

/// An alias or an id from elsewhere: without space around it, `None` if nothing is left.
pub fn name(field: &'static str, text: Option<String>) -> Result<Option<String>, ControlError> {
    let Some(text) = text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty()) else { return Ok(None) };
    if text.chars().count() > LONGEST_NAME {
        return Err(ControlError::invalid(field, format!("at most {LONGEST_NAME} characters")));
    }
    if text.chars().any(char::is_control) {
        return Err(ControlError::invalid(field, "no control characters"));
    }
    Ok(Some(text))
}

pub fn models(models: Vec<ModelPattern>) -> Result<Vec<ModelPattern>, ControlError> {
    if models.len() > MOST_MODELS {
        return Err(ControlError::invalid("models", format!("at most {MOST_MODELS} models")));
    }
    for model in &models {
        let text = model.as_str();
        if text.is_empty() || text.chars().count() > LONGEST_NAME || text.chars().any(char::is_control) {
            return Err(ControlError::invalid("models", format!("each has 1 to {LONGEST_NAME} printable characters")));
        }
        if text.matches('*').count() > 1 {
            return Err(ControlError::invalid("models", format!("`{text}` has more than one `*`")));
        }
    }
    Ok(models)
}

pub fn json(field: &'static str, map: Map<String, Value>) -> Result<Map<String, Value>, ControlError> {
    let length = serde_json::to_string(&map).map_err(|error| ControlError::Internal(Box::new(error)))?.len();
    if length > LARGEST_JSON {
        return Err(ControlError::invalid(field, format!("at most {LARGEST_JSON} bytes as JSON")));
    }
    Ok(map)
}

/// When a key ends: at a moment or after so many seconds, not both.
pub fn expiry(at: Option<Timestamp>, seconds: Option<i64>, now: Timestamp) -> Result<Option<Timestamp>, ControlError> {
    match (at, seconds) {
        (Some(_), Some(_)) => Err(ControlError::invalid("duration", "give a moment or a duration, not both")),
        (Some(at), None) if at <= now => Err(ControlError::invalid("expires_at", "must lie in the future")),
        (Some(at), None) => Ok(Some(at)),
        (None, Some(seconds)) if !(1..=LONGEST_LIFE).contains(&seconds) => {
            Err(ControlError::invalid("duration", "must be from a second to a hundred years"))
        }
        (None, Some(seconds)) => Ok(Some(now.plus_seconds(seconds))),
        (None, None) => Ok(None),
    }
}
