//! Which price holds for a deployment: what the configuration says, then the price book.

use super::{Meter, PriceBook, PriceEntry, PriceSheet};
use crate::model::SourcedPrice;

/// What the configuration's own prices are called in [`SourcedPrice::source`].
pub const CONFIGURATION: &str = "configuration";

/// The price of `model` at `provider`: `overrides` first, then the book's entry for `base_model`, then the one for
/// the model itself. `None` when nothing is known.
///
/// Overrides that price both the prompt and the answer stand alone. Otherwise the book fills in what they leave open;
/// a part of the prompt or the answer is not filled in beside an overridden whole, so that an own price for the prompt
/// also holds for its cached tokens.
pub fn resolve_price(
    overrides: Option<&PriceSheet>,
    base_model: Option<&str>,
    provider: &str,
    model: &str,
) -> Option<SourcedPrice> {
    resolve_price_in(PriceBook::embedded(), overrides, base_model, provider, model)
}

/// [`resolve_price`] with a book of one's own.
pub fn resolve_price_in(
    book: &PriceBook,
    overrides: Option<&PriceSheet>,
    base_model: Option<&str>,
    provider: &str,
    model: &str,
) -> Option<SourcedPrice> {
    let overrides = overrides.filter(|sheet| !sheet.is_empty());
    let has = |sheet: &PriceSheet, meter| sheet.rates().iter().any(|rate| rate.meter == meter);
    if let Some(sheet) = overrides
        && has(sheet, Meter::Input)
        && has(sheet, Meter::Output)
    {
        return Some(SourcedPrice { sheet: sheet.clone(), source: CONFIGURATION.to_owned() });
    }
    let priced = |entry: &PriceEntry| !entry.sheet.is_empty();
    let entry = base_model
        .and_then(|base| book.find(provider, base).or_else(|| book.find_full(base)).filter(priced))
        .or_else(|| book.find(provider, model).filter(priced));
    match (overrides, entry) {
        (None, None) => None,
        (None, Some(entry)) => Some(SourcedPrice { source: entry.describe(), sheet: entry.sheet }),
        (Some(sheet), None) => Some(SourcedPrice { sheet: sheet.clone(), source: CONFIGURATION.to_owned() }),
        (Some(sheet), Some(entry)) => {
            let open = |meter: Meter| !has(sheet, meter) && meter.whole().is_none_or(|whole| !has(sheet, whole));
            let rest: Vec<_> = entry.sheet.rates().iter().filter(|rate| open(rate.meter)).copied().collect();
            let source = if rest.is_empty() {
                CONFIGURATION.to_owned()
            } else {
                format!("{CONFIGURATION}; the rest from the {}", entry.describe())
            };
            let rates = sheet.rates().iter().copied().chain(rest).collect();
            Some(SourcedPrice { sheet: PriceSheet::new(rates), source })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::money::Picos;
    use crate::price::{Rate, ServiceTier};

    fn sheet(rates: &[(Meter, i64)]) -> PriceSheet {
        let rate = |&(meter, price)| Rate { meter, tier: ServiceTier::Standard, above: 0, price: Picos(price) };
        PriceSheet::new(rates.iter().map(rate).collect())
    }

    fn price(resolved: Option<&SourcedPrice>, meter: Meter) -> Option<i64> {
        resolved?.sheet.rate(meter, ServiceTier::Standard, 0).map(|picos| picos.0)
    }

    #[test]
    fn the_order_is_override_then_base_model_then_model() {
        let own = sheet(&[(Meter::Input, 7), (Meter::Output, 8)]);
        let resolved = resolve_price(Some(&own), Some("gpt-4o"), "openai", "gpt-4o-mini").unwrap();
        assert_eq!((resolved.sheet, resolved.source.as_str()), (own, "configuration"));

        let resolved = resolve_price(None, Some("gpt-4o"), "openai", "gpt-4o-mini");
        assert_eq!(price(resolved.as_ref(), Meter::Input), Some(2_500_000));
        assert!(resolved.unwrap().source.starts_with("price book: gpt-4o at openai (https://"));

        let resolved = resolve_price(None, None, "openai", "gpt-4o-mini");
        assert_eq!(price(resolved.as_ref(), Meter::Input), Some(150_000));
        assert_eq!(resolve_price(None, None, "openai", "my-model"), None);
    }

    #[test]
    fn a_base_model_is_found_at_the_provider_or_anywhere_by_its_full_name() {
        let source = |base| resolve_price(None, Some(base), "azure", "my-deployment").unwrap().source;
        assert!(source("gpt-4o").starts_with("price book: azure/gpt-4o at azure"));
        assert!(source("azure/gpt-4o").starts_with("price book: azure/gpt-4o at azure"));
        assert!(source("openai/gpt-4o").starts_with("price book: gpt-4o at openai"));
        let resolved = resolve_price(None, Some("gpt-4o"), "hosted_vllm", "qwen3").unwrap();
        assert!(resolved.source.starts_with("price book: gpt-4o at openai"));
    }

    #[test]
    fn an_unknown_base_model_falls_back_to_the_model() {
        let resolved = resolve_price(None, Some("nonsense"), "openai", "gpt-4o-mini");
        assert_eq!(price(resolved.as_ref(), Meter::Input), Some(150_000));
    }

    #[test]
    fn the_book_fills_in_what_an_override_leaves_open() {
        let resolved = resolve_price(Some(&sheet(&[(Meter::Input, 7)])), None, "openai", "gpt-4o");
        assert_eq!(price(resolved.as_ref(), Meter::Input), Some(7));
        assert_eq!(price(resolved.as_ref(), Meter::Output), Some(10_000_000));
        // The own prompt price holds for cached tokens and every tier too.
        assert_eq!(price(resolved.as_ref(), Meter::CacheRead), None);
        let tier = |meter| resolved.as_ref().unwrap().sheet.rate(meter, ServiceTier::Priority, 0).unwrap().0;
        assert_eq!((tier(Meter::Input), tier(Meter::Output)), (7, 17_000_000));
        assert!(resolved.unwrap().source.starts_with("configuration; the rest from the price book: gpt-4o at openai"));

        let resolved = resolve_price(Some(&sheet(&[(Meter::CacheRead, 7)])), None, "openai", "gpt-4o");
        assert_eq!(price(resolved.as_ref(), Meter::CacheRead), Some(7));
        assert_eq!(price(resolved.as_ref(), Meter::Input), Some(2_500_000));
    }

    #[test]
    fn an_override_needs_no_book_and_an_empty_one_is_none() {
        let own = sheet(&[(Meter::Input, 0)]);
        assert_eq!(resolve_price(Some(&own), None, "hosted_vllm", "x").unwrap().sheet, own);
        assert_eq!(resolve_price(Some(&PriceSheet::default()), None, "hosted_vllm", "x"), None);
    }

    #[test]
    fn a_known_model_without_prices_has_none() {
        let entry = PriceBook::embedded().find("azure", "model-router").unwrap();
        assert!(entry.sheet.is_empty());
        assert_eq!(resolve_price(None, None, "azure", "model-router"), None);
    }
}
