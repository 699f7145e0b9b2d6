//! A model's prices: the two that matter in the table, all of them and their source on demand.

use leptos::prelude::*;
use tollgate_domain::Picos;
use tollgate_domain::model::SourcedPrice;
use tollgate_domain::price::{CostLine, Meter, Rate, ServiceTier};
use tollgate_domain::summary::ModelRow;

use crate::components::{Badge, Tone, count_text};
use crate::pages::requests::cost_line;

/// The two cells of the input's and the output's price.
#[component]
pub fn PriceCell(row: ModelRow) -> impl IntoView {
    let ModelRow { price, .. } = row;
    let standard = |meter| {
        let price = price.as_ref()?.sheet.rate(meter, ServiceTier::Standard, 0)?;
        Some(per_million(price))
    };
    let cell = |price: Option<String>| match price {
        Some(price) => price.into_any(),
        None => view! { <span class="muted">"–"</span> }.into_any(),
    };
    view! {
        <td class="num">{cell(standard(Meter::Input))}</td>
        <td class="num">{cell(standard(Meter::Output))}</td>
    }
}

/// `$2.50`: exact, with two decimals at least.
fn per_million(price: Picos) -> String {
    let decimal = price.per_million();
    let (sign, number) = decimal.strip_prefix('-').map_or(("", decimal.as_str()), |number| ("-", number));
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    format!("{sign}${whole}.{fraction:0<2}")
}

/// Where the prices come from, and every one of them.
#[component]
pub fn AllPrices(row: ModelRow) -> impl IntoView {
    let Some(price) = row.price else {
        if row.model.contains('*') {
            return view! {
                <span class="muted" title="A pattern stands for many models: each call's price is looked up by its own name">
                    "By call"
                </span>
            }
            .into_any();
        }
        return view! {
            <Badge
                tone=Tone::Warning
                label="No price"
                title="Neither the configuration nor the price book has one: calls are recorded with unknown cost"
            />
        }
        .into_any();
    };
    let summary = match price.sheet.rates().len() {
        1 => "1 price".to_owned(),
        count => format!("{count} prices"),
    };
    view! {
        <details class="more">
            <summary>{summary}{row.simulator.then_some(", made up")}</summary>
            <PriceList price />
        </details>
    }
    .into_any()
}

/// Every price, and where they come from.
#[component]
pub fn PriceList(price: SourcedPrice) -> impl IntoView {
    let items = price
        .sheet
        .rates()
        .iter()
        .map(|rate| {
            let (name, amount) = words(*rate);
            view! { <li><span>{name}</span><span>{amount}</span></li> }
        })
        .collect_view();
    view! {
        <ul class="prices">{items}</ul>
        <p class="sub">{format!("Source: {}", price.source)}</p>
    }
}

/// `Input tokens, batch, above 200,000` and `$2.50 per million`.
fn words(rate: Rate) -> (String, String) {
    let line = cost_line(&CostLine { meter: rate.meter, units: 1, price: rate.price });
    let mut name = line.name.to_owned();
    if let Some(tier) = tier(rate.tier) {
        name = format!("{name}, {tier}");
    }
    if rate.above > 0 {
        name = format!("{name}, prompts above {}", count_text(i64::from(rate.above)));
    }
    (name, line.price)
}

fn tier(tier: ServiceTier) -> Option<&'static str> {
    match tier {
        ServiceTier::Standard => None,
        ServiceTier::Batch => Some("batch"),
        ServiceTier::Priority => Some("priority"),
        ServiceTier::Flex => Some("flex"),
        ServiceTier::Ultrafast => Some("ultrafast"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_price_has_two_decimals_at_least_and_every_digit_it_has() {
        let shown = |picos| per_million(Picos(picos));
        assert_eq!(shown(2_500_000), "$2.50");
        assert_eq!(shown(10_000_000), "$10.00");
        assert_eq!(shown(75_000), "$0.075");
        assert_eq!(shown(130), "$0.00013");
        assert_eq!(shown(0), "$0.00");
    }

    #[test]
    fn tiers_and_thresholds_are_named() {
        let rate = Rate { meter: Meter::Input, tier: ServiceTier::Batch, above: 200_000, price: Picos(1_250_000) };
        let (name, amount) = words(rate);
        assert_eq!(name, "Input tokens, batch, prompts above 200,000");
        assert_eq!(amount, "$1.25 per million");
    }
}
