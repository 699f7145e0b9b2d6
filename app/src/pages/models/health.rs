//! How a deployment has done in the last hour, in words.

use leptos::prelude::*;
use tollgate_domain::Timestamp;
use tollgate_domain::summary::{Health, HealthState};

use crate::components::{Badge, IconName, Tone, count_text};
use crate::pages::ago::ago;

#[component]
pub fn HealthCell(health: Health, now: Timestamp) -> impl IntoView {
    let (tone, icon, label) = match health.state {
        HealthState::Unknown => (Tone::Neutral, IconName::Neutral, "No calls"),
        HealthState::Healthy => (Tone::Good, IconName::Good, "Healthy"),
        HealthState::Degraded => (Tone::Warning, IconName::Warning, "Some fail"),
        HealthState::Down => (Tone::Bad, IconName::Bad, "Down"),
    };
    let last = health.last_call_at.map(|at| format!("The last one {}", ago(at, now)));
    let words = words(&health).or_else(|| last.clone());
    view! {
        <Badge tone icon label />
        <span class="sub" title=last>{words}</span>
        {health.last_error.map(|error| view! { <span class="sub clip" title=error.clone()>{error.clone()}</span> })}
    }
}

/// `None` without calls.
fn words(health: &Health) -> Option<String> {
    let calls = match health.calls {
        0 => return None,
        1 => "1 call".to_owned(),
        calls => format!("{} calls", count_text(calls)),
    };
    let outcome = match health.errors {
        0 => "none failed".to_owned(),
        errors if errors >= health.calls => "all failed".to_owned(),
        errors => format!("{} failed", count_text(errors)),
    };
    Some(format!("{calls}, {outcome}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn health_is_told_in_words() {
        let told = |calls, errors| words(&Health { calls, errors, ..Health::default() });
        assert_eq!(told(0, 0), None);
        assert_eq!(told(1, 0).as_deref(), Some("1 call, none failed"));
        assert_eq!(told(1_200, 7).as_deref(), Some("1,200 calls, 7 failed"));
        assert_eq!(told(3, 3).as_deref(), Some("3 calls, all failed"));
    }
}
