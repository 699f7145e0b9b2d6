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
    let words = words(&health, now);
    view! {
        <Badge tone icon label />
        <span class="sub">{words}</span>
        {health.last_error.map(|error| view! { <span class="sub clip" title=error.clone()>{error.clone()}</span> })}
    }
}

fn words(health: &Health, now: Timestamp) -> String {
    let last = health.last_call_at.map(|at| ago(at, now));
    if health.calls == 0 {
        return last.map_or_else(|| "None yet".to_owned(), |last| format!("The last one {last}"));
    }
    let calls = if health.calls == 1 { "1 call".to_owned() } else { format!("{} calls", count_text(health.calls)) };
    let outcome = match health.errors {
        0 => "none failed".to_owned(),
        errors if errors >= health.calls => "all failed".to_owned(),
        errors => format!("{} failed", count_text(errors)),
    };
    match last {
        Some(last) => format!("{calls}, {outcome}; the last one {last}"),
        None => format!("{calls}, {outcome}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn health_is_told_in_words() {
        let now = Timestamp(0).plus_seconds(7200);
        let told = |calls, errors, last: Option<i64>| {
            let last_call_at = last.map(|seconds| Timestamp(0).plus_seconds(7200 - seconds));
            words(&Health { calls, errors, last_call_at, ..Health::default() }, now)
        };
        assert_eq!(told(0, 0, None), "None yet");
        assert_eq!(told(0, 0, Some(7200)), "The last one 2 hours ago");
        assert_eq!(told(1, 0, Some(5)), "1 call, none failed; the last one just now");
        assert_eq!(told(1_200, 7, None), "1,200 calls, 7 failed");
        assert_eq!(told(3, 3, None), "3 calls, all failed");
    }
}
