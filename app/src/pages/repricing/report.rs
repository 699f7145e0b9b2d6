//! What pricing anew would change, as tables.

use leptos::prelude::*;
use tollgate_domain::repricing::{Changed, Line, RepricingReport, Sums};

use crate::components::{Count, Moment, Money};
use crate::kit::{Column, DataTable, Fact, Facts, column};
use crate::pages::request_href;

const AMOUNTS: [Column; 4] =
    [column("Charges").number(), column("Now").number(), column("Then").number(), column("Difference").number()];

#[component]
pub fn Report(report: RepricingReport) -> impl IntoView {
    let left = [
        ("Nobody knows what they used", report.unknown),
        ("Estimated without usage", report.estimated_without_usage),
        ("There is no price", report.without_price),
        ("With estimated usage, priced all the same", report.estimated),
    ];
    let left = left
        .into_iter()
        .filter(|(_, sums)| sums.charges > 0)
        .map(|(label, sums)| view! { <Fact label><Count value=count(sums) />" charges, "<Money value=sums.old /></Fact> })
        .collect_view();
    let largest = report.largest.into_iter().map(largest).collect_view();
    let whole = rows(vec![
        Line { of: ["All that can be priced".to_owned(), String::new()], sums: report.total },
        Line { of: ["Of them, those that cost something else".to_owned(), String::new()], sums: report.changed },
    ]);
    let by_day = rows(report.by_model_and_day);
    let by_key = rows(report.by_team_and_key);
    view! {
        <section class="stack">
            <h2>"What would change"</h2>
            <DataTable label="In all" columns=columns("", "")>{whole}</DataTable>
            <Facts>{left}</Facts>
        </section>
        <section class="stack">
            <h2>"By model and day"</h2>
            <DataTable label="By model and day" columns=columns("Model", "Day")>{by_day}</DataTable>
        </section>
        <section class="stack">
            <h2>"By team and key"</h2>
            <DataTable label="By team and key" columns=columns("Team", "Key")>{by_key}</DataTable>
        </section>
        <section class="stack">
            <h2>"The largest differences"</h2>
            <DataTable label="The largest differences" columns=columns("Request", "Model")>{largest}</DataTable>
        </section>
    }
}

fn columns(one: &'static str, other: &'static str) -> Vec<Column> {
    let mut all = vec![column(one), column(other)];
    all.extend(AMOUNTS);
    all
}

fn count(sums: Sums) -> i64 {
    i64::try_from(sums.charges).unwrap_or(i64::MAX)
}

fn rows(lines: Vec<Line>) -> impl IntoView + use<> {
    lines
        .into_iter()
        .map(|line| {
            let [one, other] = line.of;
            let one = if one.is_empty() { "None".to_owned() } else { one };
            view! {
                <tr>
                    <th scope="row"><span class="clip" title=one.clone()>{one.clone()}</span></th>
                    <td><span class="clip" title=other.clone()>{other.clone()}</span></td>
                    <td class="num"><Count value=count(line.sums) /></td>
                    <td class="num"><Money value=line.sums.old /></td>
                    <td class="num"><Money value=line.sums.new /></td>
                    <td class="num"><Money value=line.sums.difference() /></td>
                </tr>
            }
        })
        .collect_view()
}

fn largest(one: Changed) -> impl IntoView + use<> {
    let sums = Sums { charges: 1, old: one.old, new: one.new };
    view! {
        <tr>
            <th scope="row"><a class="row-link" href=request_href(&one.id)><Moment at=one.at /></a></th>
            <td><span class="clip" title=one.model.clone()>{one.model.clone()}</span></td>
            <td class="num"><Count value=1 /></td>
            <td class="num"><Money value=one.old /></td>
            <td class="num"><Money value=one.new /></td>
            <td class="num"><Money value=sums.difference() /></td>
        </tr>
    }
}
