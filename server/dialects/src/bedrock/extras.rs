//! `additionalModelRequestFields`: what each maker's models take beyond Converse's own fields.

use super::blocks_write::HINTS;
use crate::Target;
use crate::json::{Json, Object};
use crate::messages::thinking;
use crate::neutral::{Dialect, Effort, Losses, Reasoning, ReasoningMode, Request};
use crate::rest::report;

/// Whose model it is. ARNs don't always tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Family {
    Anthropic,
    Nova,
    OpenAi,
    Other,
}

impl Family {
    pub(super) fn of(model: &str) -> Self {
        if model.contains("anthropic") || model.contains("claude") {
            Self::Anthropic
        } else if model.contains("nova") {
            Self::Nova
        } else if model.contains("openai") || model.contains("gpt-oss") {
            Self::OpenAi
        } else {
            Self::Other
        }
    }

    pub(super) fn caches(self) -> bool {
        matches!(self, Self::Anthropic | Self::Nova)
    }
}

/// Takes out what other dialects have words for.
pub(super) fn read<'a>(mut fields: Object<'a>, request: &mut Request<'a>) -> Object<'a> {
    if let Some(top_k) = fields.get("top_k").and_then(Json::as_u64) {
        fields.take("top_k");
        request.sampling.top_k = Some(top_k);
    }
    if let Some(Json::Object(thinking)) = fields.get("thinking") {
        let mode = match thinking.get("type").and_then(Json::as_str) {
            Some("enabled") => Some(ReasoningMode::On),
            Some("disabled") => Some(ReasoningMode::Off),
            Some("adaptive") => Some(ReasoningMode::Adaptive),
            _ => None,
        };
        if mode.is_some() && thinking.iter().all(|(key, _)| matches!(key, "type" | "budget_tokens")) {
            let budget = thinking.get("budget_tokens").and_then(Json::as_u64);
            request.reasoning = Some(Reasoning { mode, budget, ..Reasoning::default() });
            fields.take("thinking");
        }
    }
    if let Some(effort) = fields.get("reasoning_effort").and_then(Json::as_str).and_then(Effort::parse) {
        fields.take("reasoning_effort");
        request.reasoning.get_or_insert_default().effort = Some(effort);
    }
    fields
}

/// What was decided, for fields that don't go with it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Decided {
    /// The model thinks, and takes no sampling of the caller's.
    pub thinks: bool,
    /// The limit must be more than this.
    pub budget: u64,
}

pub(super) fn write<'r>(request: &'r Request<'_>, target: Target<'_>, lost: &mut Losses) -> (Object<'r>, Decided) {
    let mut fields = Object::new();
    let own = request.from == Dialect::Converse;
    let family = Family::of(target.model);
    let mut decided = Decided::default();
    if own {
        write_own(request, &mut fields);
    } else {
        match family {
            Family::Anthropic => {
                let (found, effort) = thinking::write(&mut fields, request, target, lost);
                decided = Decided { thinks: found.on, budget: found.budget };
                if let Some(effort) = effort {
                    fields.put("output_config", Object::new().with("effort", effort));
                }
            }
            Family::Nova => nova(request, target, &mut fields, lost),
            Family::OpenAi => {
                if let Some(effort) = effort_of(request.reasoning.as_ref()).filter(|_| target.reasons != Some(false)) {
                    fields.put("reasoning_effort", effort);
                }
            }
            Family::Other if effort_of(request.reasoning.as_ref()).is_some() => lost.parameter("reasoning_effort"),
            Family::Other => {}
        }
        match (family, request.sampling.top_k) {
            (Family::Anthropic, Some(top_k)) if !decided.thinks => fields.put("top_k", top_k),
            (Family::Nova, Some(top_k)) => fields.put("inferenceConfig", Object::new().with("topK", top_k)),
            (_, Some(_)) => lost.parameter("top_k"),
            (_, None) => {}
        }
        report(&request.rest, "", HINTS, lost);
    }
    (fields, decided)
}

/// The caller wrote them for this model.
fn write_own<'r>(request: &'r Request<'_>, fields: &mut Object<'r>) {
    fields.put_some("top_k", request.sampling.top_k);
    if let Some(reasoning) = &request.reasoning {
        if let Some(mode) = reasoning.mode {
            let word = match mode {
                ReasoningMode::On => "enabled",
                ReasoningMode::Off => "disabled",
                ReasoningMode::Adaptive => "adaptive",
            };
            let mut thinking = Object::new().with("type", word);
            thinking.put_some("budget_tokens", reasoning.budget);
            fields.put("thinking", thinking);
        }
        fields.put_some("reasoning_effort", reasoning.effort.map(Effort::as_str));
    }
    if let Some(Json::Object(left)) = request.rest.get("additionalModelRequestFields") {
        fields.fill(left);
    }
}

/// The effort, in three words. `None`: nothing was asked for, or no thinking at all.
fn effort_of(reasoning: Option<&Reasoning<'_>>) -> Option<&'static str> {
    let reasoning = reasoning.filter(|reasoning| reasoning.mode != Some(ReasoningMode::Off))?;
    let meant = reasoning.effort.or(reasoning.budget.map(Effort::of_budget));
    match meant.or(reasoning.mode.map(|_| Effort::Medium))? {
        Effort::None => None,
        Effort::Minimal | Effort::Low => Some("low"),
        Effort::Medium => Some("medium"),
        Effort::High | Effort::XHigh | Effort::Max => Some("high"),
    }
}

/// Only the second generation thinks.
fn nova(request: &Request<'_>, target: Target<'_>, fields: &mut Object<'_>, lost: &mut Losses) {
    let Some(effort) = effort_of(request.reasoning.as_ref()).filter(|_| target.reasons != Some(false)) else { return };
    if !target.model.contains("nova-2") && target.reasons != Some(true) {
        lost.hint("reasoning_effort");
        return;
    }
    fields.put("reasoningConfig", Object::new().with("type", "enabled").with("maxReasoningEffort", effort));
}
