//! Usage: what was called and spent, by whom and on what.

mod plot;
mod spent;
mod table;
mod words;

use leptos::prelude::*;
use tollgate_domain::actor::{Action, Resource};
use tollgate_domain::report::{Dimension, Measures};

use crate::api::{UsagePeriod, UsageView, load_usage};
use crate::charts::Plot;
use crate::components::{EmptyState, Figure, Icon, IconName, PageHeader, count_text, exact_money};
use crate::kit::{Allowed, FilterBar, Filters, ListQuery, NoticeFromAddress, Query, load, query};
use crate::pages::overview::{percent, short};
pub use spent::{SpentCell, SpentFacts};
use table::UsageTable;
use words::words;

pub const USAGE: &str = "/ui/usage";

/// What is filtered by only where a link says so.
const QUIET: [(&str, &str, &str); 5] = [
    ("organisation", "Organisation", "Organisation: name or id"),
    ("user", "User", "User: address or id"),
    ("provider", "Provider", "Provider"),
    ("customer", "Customer", "Customer"),
    ("tag", "Tag", "Tag"),
];

/// What usage is told apart and filtered by.
pub fn usage_filters(address: &Query) -> Filters {
    let dimensions = Dimension::ALL.into_iter().filter(|by| *by != Dimension::Model);
    let periods = UsagePeriod::ALL.into_iter().filter(|period| *period != UsagePeriod::Month);
    let mut filters = Filters::new(USAGE)
        .choice("by", "Told apart", "By model", dimensions.map(|by| (by.as_str(), words(by).by)))
        .choice(
            "period",
            "Period",
            period_name(UsagePeriod::Month),
            periods.map(|one| (one.as_str(), period_name(one))),
        )
        .text("team", "Team", "Team: name or id")
        .text("key", "Key", "Key: alias or id")
        .text("model", "Model", "Model");
    for (name, label, placeholder) in QUIET {
        if address.get(name).is_some() {
            filters = filters.text(name, label, placeholder);
        }
    }
    filters
}

/// What this address asks for. Sums are kept of customers and of tags, not of both together: a customer goes first.
pub fn usage_query(address: &Query) -> ListQuery {
    let list = usage_filters(address).read(address);
    let by = list.get("by");
    let customers =
        by.as_deref() == Some("customer") || (list.get("customer").is_some() && by.as_deref() != Some("tag"));
    let list = if customers { list.without("tag") } else { list };
    if by.as_deref() == Some("tag") { list.without("customer") } else { list }
}

/// The usage of one thing, told apart by something else than its models where `by` says so.
pub fn usage_of(what: Dimension, id: &str, by: Option<Dimension>) -> String {
    Query::default().with("by", by.map(Dimension::as_str)).with(what.as_str(), Some(id)).href(USAGE)
}

fn period_name(period: UsagePeriod) -> &'static str {
    match period {
        UsagePeriod::Week => "Last 7 days",
        UsagePeriod::Month => "Last 30 days",
        UsagePeriod::ThisMonth => "This month",
        UsagePeriod::LastMonth => "Last month",
        UsagePeriod::Quarter => "Last 90 days",
        UsagePeriod::Year => "Last 365 days",
    }
}

/// The links to a file of what the filters match.
#[component]
pub fn ExportLinks(list: ListQuery, path: &'static str) -> impl IntoView {
    let export = |format: &str| list.first().to_query().with("format", Some(format)).href(path);
    let (csv, lines) = (export("csv"), export("jsonl"));
    view! {
        <Allowed action=Action::Export resource=Resource::Request>
            <a class="button" href=csv download="" title="What the filters match, as a spreadsheet">
                <Icon name=IconName::Download />
                "CSV"
            </a>
            <a class="button" href=lines download="" title="What the filters match, one JSON object a line">
                <Icon name=IconName::Download />
                "JSON Lines"
            </a>
        </Allowed>
    }
}

#[component]
pub fn UsagePage() -> impl IntoView {
    let list = usage_query(&query());
    let (files, asked) = (list.clone(), load_usage(list.clone()));
    view! {
        <PageHeader title="Usage" purpose="What was called and what it cost, by team, key, model and more; days are those of UTC.">
            <ExportLinks list=files path="/ui/usage/export" />
        </PageHeader>
        <NoticeFromAddress own=&[] />
        {load(asked, move |view| view! { <Report view list /> })}
    }
}

#[component]
fn Report(view: UsageView, list: ListQuery) -> impl IntoView {
    let list = list.offer("model", view.models.clone());
    let list = view.names.iter().fold(list, |list, (name, text)| list.show(name, text.clone()));
    let body = if view.lines.is_empty() {
        view! { <Nothing view list=list.clone() /> }.into_any()
    } else {
        let period = list.get("period").and_then(|text| UsagePeriod::parse(&text)).unwrap_or(UsagePeriod::Month);
        let plot = plot::plot(&view, period_name(period));
        view! {
            <Sums total=view.total />
            <div class="tall"><Plot plot /></div>
            <UsageTable view list=list.clone() />
        }
        .into_any()
    };
    view! { <FilterBar list /> {body} }
}

#[component]
fn Nothing(view: UsageView, list: ListQuery) -> impl IntoView {
    if view.total.calls > 0 || view.total.refused > 0 {
        let text = words(view.by).nothing;
        return view! {
            <EmptyState title="None of the calls has one" text>
                <a class="button" href=list.without("by").href()>"Show them by model"</a>
            </EmptyState>
        }
        .into_any();
    }
    if list.is_filtered() {
        return view! {
            <EmptyState title="Nothing was called" text="Take a filter off, or look at a longer period.">
                <a class="button" href=USAGE>"Show all usage"</a>
            </EmptyState>
        }
        .into_any();
    }
    view! {
        <EmptyState title="Nothing was called yet" text="Each call is counted here within seconds, for its key, its team and its model.">
            <Allowed action=Action::Create resource=Resource::Key>
                <a class="button primary" href="/ui/keys/new">"Create a key to call with"</a>
            </Allowed>
        </EmptyState>
    }
    .into_any()
}

#[component]
fn Sums(total: Measures) -> impl IntoView {
    let note = match total.uncertain {
        0 => "All of it measured".to_owned(),
        1 => "1 call not measured".to_owned(),
        calls => format!("{} calls not measured", count_text(calls)),
    };
    let cached = format!("{} of them cached", short(total.cache_read_tokens));
    view! {
        <dl class="figures">
            <Figure label="Spend" value=total.cost.display() title=exact_money(total.cost) note />
            <Figure label="Calls" value=count_text(total.calls) note=format!("{} more were refused", count_text(total.refused)) />
            <Figure label="Failed" value=count_text(total.errors) note=percent(total.errors, total.calls) />
            <Figure label="Tokens in" value=short(total.input_tokens) title=count_text(total.input_tokens) note=cached />
            <Figure label="Tokens out" value=short(total.output_tokens) title=count_text(total.output_tokens) />
        </dl>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> String {
        usage_query(&Query::parse(text)).href()
    }

    #[test]
    fn a_link_to_the_usage_of_one_thing_is_read() {
        assert_eq!(usage_of(Dimension::Team, "a b", None), format!("{USAGE}?team=a%20b"));
        let list = usage_query(&Query::parse("?by=team&organisation=acme"));
        assert_eq!(usage_of(Dimension::Organisation, "acme", Some(Dimension::Team)), list.href());
    }

    #[test]
    fn an_address_comes_back_as_it_was_and_nonsense_is_dropped() {
        let kept = "?by=team&period=90d&team=blue&key=k&model=m&organisation=acme&user=bob&provider=p&tag=x";
        assert_eq!(address(kept), format!("{USAGE}{kept}"));
        assert_eq!(address("?by=colour&period=9y&after=1_a"), format!("{USAGE}?after=1_a"));
    }

    #[test]
    fn customers_and_tags_are_not_asked_for_together() {
        assert_eq!(address("?customer=c&tag=t"), format!("{USAGE}?customer=c"));
        assert_eq!(address("?by=customer&tag=t"), format!("{USAGE}?by=customer"));
        assert_eq!(address("?by=tag&customer=c&tag=t"), format!("{USAGE}?by=tag&tag=t"));
    }
}
