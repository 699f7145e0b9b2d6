//! `thinkingConfig`.
//!
//! Gemini 2.5 counts thoughts in tokens (`thinkingBudget`), Gemini 3 names a level (`thinkingLevel`) and takes a budget
//! for the sake of old callers. Older ones refuse levels.

use super::wire::camel;
use crate::Target;
use crate::json::{Bad, Object};
use crate::neutral::{Dialect, Effort, Losses, Reasoning, ReasoningMode, Request};

pub(super) fn read(object: Object<'_>) -> Result<Reasoning<'_>, Bad> {
    let mut object = camel(object);
    let mut reasoning = Reasoning::default();
    match object.take_i64("thinkingBudget")? {
        Some(0) => reasoning.mode = Some(ReasoningMode::Off),
        Some(budget) if budget > 0 => {
            reasoning.mode = Some(ReasoningMode::On);
            reasoning.budget = u64::try_from(budget).ok();
        }
        Some(_) => reasoning.mode = Some(ReasoningMode::Adaptive),
        None => {}
    }
    if let Some(level) = object.take_text("thinkingLevel")? {
        reasoning.effort = Effort::parse(&level.to_ascii_lowercase());
    }
    if let Some(shown) = object.take_bool("includeThoughts")? {
        reasoning.summary = Some(if shown { "auto" } else { "omitted" }.into());
    }
    Ok(reasoning)
}

/// The generation that a model's name tells: 3 for `gemini-3.1-pro-preview`, 2 for `models/gemini-2.5-flash`. Names
/// that don't tell are taken for new ones.
pub(super) fn generation(model: &str) -> u32 {
    let Some((_, rest)) = model.rsplit_once("gemini-") else { return 3 };
    let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().unwrap_or(3)
}

pub(super) fn write<'a>(request: &Request<'a>, target: Target<'_>, losses: &mut Losses) -> Option<Object<'a>> {
    let reasoning = request.reasoning.as_ref()?;
    if target.reasons == Some(false) {
        losses.hint("reasoning_effort");
        return None;
    }
    let levels = generation(target.model) >= 3;
    let pro = target.model.contains("pro");
    let mut out = Object::new();
    let off = reasoning.mode == Some(ReasoningMode::Off) || reasoning.effort == Some(Effort::None);
    if let Some(budget) = reasoning.budget.filter(|_| !off) {
        // It is a number of 32 bits there.
        out.put("thinkingBudget", budget.min(i32::MAX.unsigned_abs().into()));
    } else if off {
        // The pro models always think: as little as they can.
        match (levels, pro) {
            (true, true) => out.put("thinkingLevel", "LOW"),
            (true, false) => out.put("thinkingLevel", "MINIMAL"),
            (false, true) => out.put("thinkingBudget", 128_u64),
            (false, false) => out.put("thinkingBudget", 0_u64),
        }
        if levels || pro {
            losses.hint("reasoning_effort");
        }
    } else if let Some(effort) = reasoning.effort {
        if levels || request.from == Dialect::Gemini {
            out.put("thinkingLevel", level(effort, target.model, request.from));
        } else {
            out.put_some("thinkingBudget", effort.budget());
        }
    } else if !levels && matches!(reasoning.mode, Some(ReasoningMode::On | ReasoningMode::Adaptive))
        || request.from == Dialect::Gemini && reasoning.mode == Some(ReasoningMode::Adaptive)
    {
        out.put("thinkingBudget", -1_i64);
    }
    let shown = match reasoning.summary.as_deref() {
        Some("omitted") => Some(false),
        Some(_) => Some(true),
        // Whoever asks for reasoning in another dialect is shown it there.
        None => (request.from != Dialect::Gemini && !off).then_some(true),
    };
    out.put_some("includeThoughts", shown);
    (!out.is_empty()).then_some(out)
}

fn level(effort: Effort, model: &str, from: Dialect) -> &'static str {
    // A caller that speaks Google's own words means them.
    let own = from == Dialect::Gemini;
    match effort {
        Effort::None | Effort::Minimal if !own && model.contains("pro") => "LOW",
        Effort::None | Effort::Minimal => "MINIMAL",
        Effort::Low => "LOW",
        Effort::Medium if !own && model.contains("gemini-3-pro") => "HIGH",
        Effort::Medium => "MEDIUM",
        Effort::XHigh if own => "XHIGH",
        Effort::High | Effort::XHigh | Effort::Max => "HIGH",
    }
}

/// What stands for a signature in calls that another model made; Google's own word for it.
pub(super) const NO_SIGNATURE: &str = "skip_thought_signature_validator";

/// Whether a model refuses calls without a signature.
pub(super) fn needs_signatures(model: &str) -> bool {
    generation(model) >= 3
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config_of(text: &str) -> Reasoning<'_> {
        read(crate::json::Json::parse(text.as_bytes()).unwrap().into_object().unwrap()).unwrap()
    }

    fn written(model: &str, reasoning: Reasoning<'static>) -> String {
        let mut request = Request::new(Dialect::Chat, "alias");
        request.reasoning = Some(reasoning);
        let out = write(&request, Target::new(model), &mut Losses::new(Dialect::Gemini));
        out.map(|object| object.to_string()).unwrap_or_default()
    }

    #[test]
    fn generations_are_read_from_names() {
        for (name, expected) in
            [("gemini-2.5-flash", 2), ("models/gemini-3.1-pro-preview", 3), ("gemini-flash-latest", 3), ("gemma", 3)]
        {
            assert_eq!(generation(name), expected, "{name}");
        }
    }

    #[test]
    fn effort_is_a_budget_for_old_models_and_a_level_for_new_ones() {
        let effort = |effort| Reasoning { effort: Some(effort), ..Reasoning::default() };
        assert_eq!(
            written("gemini-2.5-flash", effort(Effort::Low)),
            r#"{"thinkingBudget":1024,"includeThoughts":true}"#
        );
        assert_eq!(written("gemini-3-flash", effort(Effort::Low)), r#"{"thinkingLevel":"LOW","includeThoughts":true}"#);
        assert_eq!(written("gemini-2.5-flash", effort(Effort::None)), r#"{"thinkingBudget":0}"#);
        assert_eq!(written("gemini-3-pro", effort(Effort::None)), r#"{"thinkingLevel":"LOW"}"#);
        assert_eq!(written("gemini-3-pro", effort(Effort::Max)), r#"{"thinkingLevel":"HIGH","includeThoughts":true}"#);
    }

    #[test]
    fn budgets_go_through() {
        let budget = Reasoning { mode: Some(ReasoningMode::On), budget: Some(2000), ..Reasoning::default() };
        assert_eq!(written("gemini-3-pro", budget.clone()), r#"{"thinkingBudget":2000,"includeThoughts":true}"#);
        assert_eq!(config_of(r#"{"thinking_budget":2000}"#), budget);
    }
}
