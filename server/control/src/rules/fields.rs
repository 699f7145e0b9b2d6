//! What fields that many things have may hold.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use tollgate_domain::access_group::AccessGroup;
use tollgate_domain::budget::Budget;
use tollgate_domain::choice;
use tollgate_domain::ids::{AccessGroupId, BudgetId};
use tollgate_domain::limits::Limits;
use tollgate_domain::model::ModelPattern;

use crate::ControlError;
use crate::change::Change;

/// The longest name, in characters.
pub const LONGEST_NAME: usize = 200;

/// The longest tag, in characters: the data plane cuts longer ones.
pub const LONGEST_TAG: usize = 100;

/// The most tags that a key, a team or a call may have.
pub const MOST_TAGS: usize = 20;

/// The most models that one thing may name.
const MOST_MODELS: usize = 1000;

/// The largest metadata or settings, in bytes of JSON.
const LARGEST_JSON: usize = 64 * 1024;

const LONGEST_TEXT: usize = 2000;

/// A name: something, without space around it, of a length that people can read.
pub fn name(field: &'static str, text: &str) -> Result<(), ControlError> {
    if text.trim().is_empty() {
        return Err(ControlError::invalid(field, "must not be empty"));
    }
    if text.trim() != text {
        return Err(ControlError::invalid(field, "must not begin or end with a space"));
    }
    if text.chars().count() > LONGEST_NAME {
        return Err(ControlError::invalid(field, format!("at most {LONGEST_NAME} characters")));
    }
    if text.chars().any(char::is_control) {
        return Err(ControlError::invalid(field, "no control characters"));
    }
    Ok(())
}

/// What is acted on among LiteLLM's fields.
pub fn choices(settings: &Map<String, Value>) -> Result<(), ControlError> {
    choice::check(settings).map_err(|(field, message)| ControlError::invalid(field, message))
}

pub fn text(field: &'static str, text: Option<&str>) -> Result<(), ControlError> {
    let fits = text.is_none_or(|text| {
        text.chars().count() <= LONGEST_TEXT && !text.chars().any(|c| c.is_control() && c != '\n' && c != '\t')
    });
    if fits {
        Ok(())
    } else {
        Err(ControlError::invalid(field, format!("at most {LONGEST_TEXT} printable characters")))
    }
}

pub fn models(models: &[ModelPattern]) -> Result<(), ControlError> {
    if models.len() > MOST_MODELS {
        return Err(ControlError::invalid("models", format!("at most {MOST_MODELS} models")));
    }
    models.iter().try_for_each(|model| pattern("models", model))
}

pub fn pattern(field: &'static str, model: &ModelPattern) -> Result<(), ControlError> {
    let text = model.as_str();
    if text.is_empty() || text.chars().count() > LONGEST_NAME || text.chars().any(char::is_control) {
        return Err(ControlError::invalid(field, format!("each has 1 to {LONGEST_NAME} printable characters")));
    }
    if text.matches('*').count() > 1 {
        return Err(ControlError::invalid(field, format!("`{text}` has more than one `*`")));
    }
    Ok(())
}

pub fn aliases(aliases: &BTreeMap<String, String>) -> Result<(), ControlError> {
    if aliases.len() > MOST_MODELS {
        return Err(ControlError::invalid("model_aliases", format!("at most {MOST_MODELS}")));
    }
    aliases.iter().try_for_each(|(alias, model)| {
        name("model_aliases", alias)?;
        name("model_aliases", model)
    })
}

pub fn tags(tags: &[String]) -> Result<(), ControlError> {
    if tags.len() > MOST_TAGS {
        return Err(ControlError::invalid("tags", format!("at most {MOST_TAGS} tags")));
    }
    tags.iter().try_for_each(|tag| {
        name("tags", tag)?;
        if tag.chars().count() > LONGEST_TAG || tag.contains(',') {
            return Err(ControlError::invalid(
                "tags",
                format!("each has at most {LONGEST_TAG} characters and no comma"),
            ));
        }
        Ok(())
    })
}

pub fn json(field: &'static str, map: &Map<String, Value>) -> Result<(), ControlError> {
    let length = serde_json::to_string(map).map_err(|error| ControlError::Internal(Box::new(error)))?.len();
    if length > LARGEST_JSON {
        return Err(ControlError::invalid(field, format!("at most {LARGEST_JSON} bytes as JSON")));
    }
    Ok(())
}

pub fn limits(limits: &Limits) -> Result<(), ControlError> {
    limits.check().map_err(|error| ControlError::invalid(error.field, error.message))
}

/// Whether the budget that is pointed to from now on is there.
pub async fn budget(
    before: Option<&BudgetId>,
    after: Option<&BudgetId>,
    change: &Change<'_>,
) -> Result<(), ControlError> {
    let Some(id) = after.filter(|_| after != before) else { return Ok(()) };
    match change.read().find::<Budget>(id.as_str()).await? {
        Some(_) => Ok(()),
        None => Err(ControlError::invalid("budget_id", format!("there is no budget `{id}`"))),
    }
}

/// Whether the access groups that are named from now on are there. One that was deleted since gives access to nothing.
pub async fn access_groups(
    before: Option<&[AccessGroupId]>,
    ids: &[AccessGroupId],
    change: &Change<'_>,
) -> Result<(), ControlError> {
    if ids.len() > MOST_MODELS {
        return Err(ControlError::invalid("access_groups", format!("at most {MOST_MODELS}")));
    }
    for id in ids.iter().filter(|id| before.is_none_or(|before| !before.contains(id))) {
        if change.read().find::<AccessGroup>(id.as_str()).await?.is_none() {
            return Err(ControlError::invalid("access_groups", format!("there is no access group `{id}`")));
        }
    }
    Ok(())
}
