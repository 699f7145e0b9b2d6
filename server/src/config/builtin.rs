//! What is there without a file: the simulator, and the providers whose keys are in the environment.

use tollgate_domain::limits::Limits;
use tollgate_domain::model::{Deployment, ModelPattern, Origin, SourcedPrice, Timeouts, Upstream};
use tollgate_domain::money::Picos;
use tollgate_domain::price::{Meter, PriceSheet, Rate, ServiceTier};
use tollgate_domain::secret::Secret;

use super::models::Models;
use super::providers;
use super::target::SIMULATOR;
use super::value::Reader;

/// The model that the simulator answers.
pub const SIMULATOR_MODEL: &str = "simulator/echo";

/// A price that shows what a cost looks like: $1 for a million tokens in, $2 out.
pub(super) fn simulated_price() -> SourcedPrice {
    let rate = |meter, price| Rate { meter, tier: ServiceTier::Standard, above: 0, price: Picos(price) };
    SourcedPrice {
        sheet: PriceSheet::new(vec![rate(Meter::Input, 1_000_000), rate(Meter::Output, 2_000_000)]),
        source: "simulated: no money is spent".to_owned(),
    }
}

pub(super) fn simulator() -> Deployment {
    Deployment {
        mode: Some("chat".to_owned()),
        price: Some(simulated_price()),
        ..blank(SIMULATOR_MODEL, SIMULATOR, "echo", Upstream::Simulator, &Origin::BuiltIn)
    }
}

/// A wildcard (`openai/*`) for each provider whose key is in the environment.
pub(super) fn provider_wildcards(origin: &Origin, reader: &Reader<'_>) -> Vec<Deployment> {
    let mut found = Vec::new();
    for provider in providers::all().filter(|provider| provider.price_name == provider.name) {
        let key = provider.keys.iter().find_map(|name| reader.variables.get(name));
        if let (Some(key), Some(base_url)) = (key, provider.address()) {
            let upstream = Upstream::Server { wire: provider.wire, base_url: base_url.to_owned() };
            found.push(Deployment {
                api_key: Some(Secret::new(key.trim().to_owned())),
                ..blank(&format!("{}/*", provider.name), &provider.name, "*", upstream, origin)
            });
        }
    }
    found
}

fn blank(model: &str, provider: &str, upstream_model: &str, upstream: Upstream, origin: &Origin) -> Deployment {
    Deployment {
        id: Models::default().derive_id(model, provider, &upstream, upstream_model),
        model: ModelPattern::new(model),
        provider: provider.to_owned(),
        upstream_model: upstream_model.to_owned(),
        upstream,
        api_key: None,
        aws: None,
        headers: Vec::new(),
        timeouts: Timeouts::default(),
        weight: 1,
        price: None,
        base_model: None,
        origin: origin.clone(),
        mode: None,
        max_input_tokens: None,
        max_output_tokens: None,
        limits: Limits::default(),
    }
}
