//! The overview: what the period cost, and how it went.

mod first_steps;
mod plots;
mod top;

use leptos::prelude::*;
use tollgate_domain::Nanos;
use tollgate_domain::summary::{Overview as Summary, Period};

use crate::api::{OverviewView, load_overview};
use crate::charts::{Palette, Plot};
use crate::components::{Figure, PageHeader, count_text, exact_money, millis_text};
use crate::islands::Live;
use crate::kit::{Query, load, query};
use crate::pages::ALERTS;
use first_steps::FirstSteps;
use top::{TopKeys, TopModels};

#[component]
pub fn Overview() -> impl IntoView {
    let period = period_of(&query());
    view! {
        <OverviewHeader period />
        {load(load_overview(period), move |view| view! { <OverviewContent view period /> })}
    }
}

fn period_of(query: &Query) -> Period {
    query.get("period").and_then(|text| Period::parse(&text)).unwrap_or_default()
}

#[component]
pub fn OverviewHeader(period: Period) -> impl IntoView {
    let links = Period::ALL
        .into_iter()
        .map(|choice| {
            let href = Query::default().with("period", Some(choice.as_str())).href("/ui");
            let current = (choice == period).then_some("true");
            view! { <a href=href aria-current=current aria-label=period_name(choice)>{choice.as_str()}</a> }
        })
        .collect_view();
    view! {
        <PageHeader title="Overview" purpose="What calls cost and how they went, over the last hour to the last 30 days.">
            <a class="button quiet" href=ALERTS>"Alerts"</a>
            <nav class="segmented" aria-label="Period">{links}</nav>
        </PageHeader>
    }
}

fn period_name(period: Period) -> &'static str {
    match period {
        Period::Hour => "The last hour",
        Period::Day => "The last 24 hours",
        Period::Week => "The last 7 days",
        Period::Month => "The last 30 days",
    }
}

/// The page below its header.
#[component]
pub fn OverviewContent(view: OverviewView, period: Period) -> impl IntoView {
    let steps = (!first_steps::all_done(&view)).then(|| view! { <FirstSteps view=view.clone() /> });
    let palette = plots::palette(&view);
    let OverviewView { overview: summary, simulated, .. } = view;
    // Before the first call ever there is nothing to plot, and the first steps say what to do.
    let sums = summary.has_calls.then(|| view! { <Sums summary period palette simulated /> });
    view! {
        <Live id="overview".to_owned() seconds=10>
            <div class="stack overview">
                {steps}
                {sums}
            </div>
        </Live>
    }
    .into_any()
}

#[component]
fn Sums(summary: Summary, period: Period, palette: Palette, simulated: Vec<String>) -> impl IntoView {
    view! {
        <Figures summary=summary.clone() simulated=simulated.clone() />
        <div class="tall"><Plot plot=plots::spend(&summary, period, &palette) /></div>
        <div class="grid-2">
            <Plot plot=plots::calls(&summary, period) />
            <Plot plot=plots::latency(&summary, period) />
        </div>
        <div class="grid-2">
            <TopModels summary=summary.clone() period palette simulated />
            <TopKeys summary period />
        </div>
    }
    .into_any()
}

#[component]
fn Figures(summary: Summary, simulated: Vec<String>) -> impl IntoView {
    let latency = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), millis_text);
    let tokens = format!("{} tokens in, {} out", short(summary.input_tokens), short(summary.output_tokens));
    let exact_tokens =
        format!("{} tokens in, {} out", count_text(summary.input_tokens), count_text(summary.output_tokens));
    let made_up = plots::cost_of(&summary, &simulated);
    let spend_note = match summary.uncertain_calls {
        _ if made_up == summary.cost && made_up != Nanos::ZERO => "Made-up money: all simulated".to_owned(),
        _ if made_up != Nanos::ZERO => format!("{made_up} of it made up: simulated"),
        0 => "All of it measured".to_owned(),
        1 => "1 call not measured".to_owned(),
        calls => format!("{} calls not measured", count_text(calls)),
    };
    view! {
        <div class="stack tight">
        <dl class="figures">
            <Figure label="Spend" value=summary.cost.display() title=exact_money(summary.cost) note=spend_note />
            <Figure label="Calls" value=count_text(summary.calls) title=exact_tokens note=tokens />
            <Figure label="Errors" value=count_text(summary.errors) note=error_note(&summary) />
            <Figure
                label="Latency, p50"
                value=latency(summary.latency_p50_ms)
                title="From a histogram: exact to about 15 %"
                note="Half of the calls are faster"
            />
            <Figure
                label="Latency, p95"
                value=latency(summary.latency_p95_ms)
                title="From a histogram: exact to about 15 %"
                note="19 of 20 calls are faster"
            />
        </dl>
            {(summary.uncertain_calls > 0).then(|| {
                view! {
                    <p class="note">
                        "Not measured: the provider gave no complete count, or the model has no price, so the cost is an estimate or missing. Each request says which."
                    </p>
                }
            })}
        </div>
    }
    .into_any()
}

/// `0.42 %: 52 failed, 3 refused`
fn error_note(summary: &Summary) -> String {
    if summary.errors == 0 {
        return "None failed, none refused".to_owned();
    }
    let failed = count_text(summary.errors - summary.refused);
    format!("{}: {failed} failed, {} refused", percent(summary.errors, summary.calls), count_text(summary.refused))
}

/// A share with two digits that matter; never `0 %` of something, never `100 %` of less than all.
pub fn percent(part: i64, whole: i64) -> String {
    if whole <= 0 || part <= 0 {
        return "0 %".to_owned();
    }
    let hundredths = i128::from(part) * 10_000 / i128::from(whole);
    match hundredths {
        0 => "< 0.01 %".to_owned(),
        1..1000 => format!("{}.{:02} %", hundredths / 100, hundredths % 100),
        _ => format!("{} %", hundredths / 100),
    }
}

/// `18.2k`, `1.05M`: three digits, for where the exact number is on hover.
pub fn short(value: i64) -> String {
    let (unit, suffix) = match value {
        ..10_000 => return count_text(value),
        10_000..1_000_000 => (1_000, "k"),
        1_000_000..1_000_000_000 => (1_000_000, "M"),
        _ => (1_000_000_000, "B"),
    };
    let whole = value / unit;
    let hundredths = value % unit / (unit / 100);
    match whole {
        ..10 => format!("{whole}.{hundredths:02}{suffix}"),
        10..100 => format!("{whole}.{}{suffix}", hundredths / 10),
        _ => format!("{}{suffix}", count_text(whole)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_without_or_with_a_wrong_period_means_a_day() {
        assert_eq!(period_of(&Query::parse("")), Period::Day);
        assert_eq!(period_of(&Query::parse("?period=9y")), Period::Day);
        assert_eq!(period_of(&Query::parse("?x=1&period=30d")), Period::Month);
    }

    #[test]
    fn shares_are_neither_nothing_nor_all_when_they_are_not() {
        assert_eq!(percent(0, 10), "0 %");
        assert_eq!(percent(1, 1_000_000), "< 0.01 %");
        assert_eq!(percent(55, 12_480), "0.44 %");
        assert_eq!(percent(999_999, 1_000_000), "99 %");
        assert_eq!(percent(7, 7), "100 %");
        assert_eq!(percent(i64::MAX, i64::MAX), "100 %");
        assert_eq!(percent(5, 0), "0 %");
    }

    #[test]
    fn large_counts_are_short() {
        assert_eq!(short(9_999), "9,999");
        assert_eq!(short(18_249), "18.2k");
        assert_eq!(short(842_100), "842k");
        assert_eq!(short(1_059_000), "1.05M");
        assert_eq!(short(12_345_678_901), "12.3B");
    }
}
