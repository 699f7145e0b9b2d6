//! How much to think, in Anthropic's words.

use crate::Target;
use crate::json::Object;
use crate::neutral::{Content, Dialect, Effort, Losses, ReasoningMode, Request, Role};
use crate::rest::put_inner;

/// Anthropic refuses smaller budgets.
const LEAST: u64 = 1024;

/// What was decided about thinking, for those parameters that don't go with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Thinking {
    pub on: bool,
    /// `max_tokens` must be more than this.
    pub budget: u64,
}

/// Writes `thinking` and says the effort that belongs into `output_config`.
pub fn write<'r>(
    o: &mut Object<'r>,
    request: &'r Request<'_>,
    target: Target<'_>,
    lost: &mut Losses,
) -> (Thinking, Option<&'static str>) {
    const OFF: Thinking = Thinking { on: false, budget: 0 };
    let Some(reasoning) = &request.reasoning else { return (OFF, None) };
    let own = request.from == Dialect::Messages;
    let mut effort = reasoning.effort.map(Effort::as_str);
    if own || reasoning.mode.is_some() && request.from == Dialect::Chat {
        // The caller used Anthropic's own words.
        if let Some(mode) = reasoning.mode {
            let word = match mode {
                ReasoningMode::On => "enabled",
                ReasoningMode::Off => "disabled",
                ReasoningMode::Adaptive => "adaptive",
            };
            let mut thinking = Object::with_capacity(3).with("type", word);
            thinking.put_some("budget_tokens", reasoning.budget);
            thinking.put_some("display", reasoning.summary.as_deref());
            put_inner(o, "thinking", thinking, Some(&request.rest));
        }
        let on = reasoning.mode.is_some_and(|mode| mode != ReasoningMode::Off);
        return (Thinking { on, budget: reasoning.budget.unwrap_or(0) }, effort);
    }
    if target.reasons == Some(false) {
        lost.hint("reasoning");
        return (OFF, None);
    }
    let off = reasoning.mode == Some(ReasoningMode::Off) || reasoning.effort == Some(Effort::None);
    let wanted = reasoning.effort.is_some() || reasoning.budget.is_some() || reasoning.mode.is_some();
    if off || !wanted {
        return (OFF, None);
    }
    if unsigned_turn(request) {
        lost.hint("reasoning");
        return (OFF, None);
    }
    if decides_itself(target.model) {
        o.put("thinking", Object::new().with("type", "adaptive"));
        effort = reasoning.effort.or(reasoning.budget.map(Effort::of_budget)).map(|effort| match effort {
            Effort::None | Effort::Minimal | Effort::Low => "low",
            effort => effort.as_str(),
        });
        return (Thinking { on: true, budget: 0 }, effort);
    }
    let budget = reasoning.budget.or_else(|| reasoning.effort.and_then(Effort::budget)).unwrap_or(LEAST).max(LEAST);
    o.put("thinking", Object::with_capacity(2).with("type", "enabled").with("budget_tokens", budget));
    (Thinking { on: true, budget }, None)
}

/// Whether the turn under way has calls without thoughts before them: then Anthropic refuses to think further.
fn unsigned_turn(request: &Request<'_>) -> bool {
    for message in request.messages.iter().rev() {
        let has = |f: fn(&Content<'_>) -> bool| message.parts.iter().any(|part| f(&part.content));
        match message.role {
            Role::Tool => {}
            Role::User if has(|content| matches!(content, Content::ToolResult { .. })) => {}
            Role::Assistant => {
                let signed = message.parts.iter().any(|part| match &part.content {
                    Content::Thinking(_) => part.signature.as_deref().is_some_and(|text| !text.is_empty()),
                    Content::RedactedThinking(_) => true,
                    _ => false,
                });
                return has(|content| matches!(content, Content::ToolCall { .. })) && !signed;
            }
            _ => return false,
        }
    }
    false
}

/// Models from 4.6 on decide themselves how much they think, and are told an effort instead of a budget.
fn decides_itself(model: &str) -> bool {
    let Some((_, name)) = model.split_once("claude-") else { return false };
    // `opus-4-6`, `sonnet-4-5-20250929`, `sonnet-5`; older ones have the number first: `3-7-sonnet`.
    let mut words = name.split(['-', '@', ':', '.']);
    if !words.next().is_some_and(|family| family.chars().all(|c| c.is_ascii_alphabetic())) {
        return false;
    }
    let mut number = || words.next().filter(|word| word.len() <= 2)?.parse::<u32>().ok();
    let Some(major) = number() else { return false };
    (major, number().unwrap_or(0)) >= (4, 6)
}

#[cfg(test)]
mod tests {
    use super::decides_itself;

    #[test]
    fn models_that_decide_themselves() {
        for model in ["claude-opus-4-6", "claude-sonnet-4-6", "claude-opus-4-7", "us.anthropic.claude-opus-4-6-v1:0"] {
            assert!(decides_itself(model), "{model}");
        }
        assert!(decides_itself("claude-sonnet-5"));
        for model in ["claude-sonnet-4-5-20250929", "claude-opus-4-20250514", "claude-3-7-sonnet-20250219", "other"] {
            assert!(!decides_itself(model), "{model}");
        }
    }
}
