//! Prices as people write them.

use tollgate_domain::Picos;
use tollgate_domain::price::{Meter, PriceSheet, Rate, ServiceTier};

use crate::ControlError;

/// Reads prices such as `input=2.5 output=10 cache_read@batch=0.6 input>200000=5 per_request=0.01`, apart by spaces,
/// commas or line ends: dollars for a million tokens, or for one of what is counted otherwise.
pub fn parse_prices(text: &str) -> Result<PriceSheet, ControlError> {
    let parts = text.split(|c: char| c.is_whitespace() || c == ',').filter(|part| !part.is_empty());
    let rates = parts.map(|part| parse(part).map_err(|message| ControlError::invalid("price", message)));
    Ok(PriceSheet::new(rates.collect::<Result<_, _>>()?))
}

fn parse(text: &str) -> Result<Rate, String> {
    let (what, price) = text.rsplit_once('=').ok_or_else(|| format!("`{text}` is no price such as `input=2.5`"))?;
    let (what, above) = match what.split_once('>') {
        Some((what, above)) => (what, above.parse().map_err(|_| format!("`{above}` is no number of tokens"))?),
        None => (what, 0),
    };
    let (meter, tier) = match what.split_once('@') {
        Some((meter, tier)) => (meter, ServiceTier::parse(tier).ok_or_else(|| format!("there is no tier `{tier}`"))?),
        None => (what, ServiceTier::Standard),
    };
    let meter = Meter::parse(meter).ok_or_else(|| format!("there is no price of `{meter}`"))?;
    Ok(Rate { meter, tier, above, price: read_price(meter, price).map_err(|error| format!("`{price}` is {error}"))? })
}

/// Reads dollars for a million tokens, or for one of what is counted otherwise.
pub fn read_price(meter: Meter, text: &str) -> Result<Picos, tollgate_domain::money::MoneyError> {
    if is_of_tokens(meter) { Picos::from_per_million(text) } else { text.parse() }
}

fn is_of_tokens(meter: Meter) -> bool {
    matches!(meter, Meter::Input | Meter::Output | Meter::Citation) || meter.whole().is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices_are_read_as_they_are_written() {
        let sheet = parse_prices("input=2.5 output=10,cache_read@batch=0.6\ninput>200000=5 per_request=0.01").unwrap();
        let rate = |meter, tier, prompt| sheet.rate(meter, tier, prompt).unwrap().0;
        assert_eq!(rate(Meter::Input, ServiceTier::Standard, 1), 2_500_000);
        assert_eq!(rate(Meter::Input, ServiceTier::Standard, 200_001), 5_000_000);
        assert_eq!(rate(Meter::CacheRead, ServiceTier::Batch, 1), 600_000);
        assert_eq!(rate(Meter::PerRequest, ServiceTier::Standard, 1), 10_000_000_000);
        for bad in ["input", "inputs=1", "input@x=1", "input>x=1", "input=one", "input=0.0000001"] {
            assert!(parse_prices(bad).is_err(), "{bad}");
        }
    }
}
