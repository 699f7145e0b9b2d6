//! Charges as a busy gateway has them.

use std::sync::Arc;

use tollgate_domain::charge::{Charge, Operation, Outcome};
use tollgate_domain::entropy::{Entropy, random_bytes};
use tollgate_domain::ids::{ChargeId, KeyId};
use tollgate_domain::price::{CostLine, Meter};
use tollgate_domain::usage::{Certainty, Usage};
use tollgate_domain::{Nanos, Picos, Timestamp};

/// Texts that many charges have, as the gateway shares them.
pub struct Shared {
    models: Vec<(Arc<str>, Arc<str>)>,
    deployment_id: Arc<str>,
    provider: Arc<str>,
    price_source: Arc<str>,
}

pub fn shared() -> Shared {
    Shared {
        models: (0..8).map(|i| (format!("model-{i}").into(), format!("model-{i}-2026-08-06").into())).collect(),
        deployment_id: "a3f9c1d27b5e4f60".into(),
        provider: "openai".into(),
        price_source: "price book: gpt-4o at openai (2026-11-20)".into(),
    }
}

pub fn charge(entropy: &dyn Entropy, keys: &[KeyId], shared: &Shared, owners: u64, at: Timestamp) -> Charge {
    let random = u64::from_le_bytes(random_bytes::<8>(entropy));
    let (model, upstream_model) = &shared.models[((random >> 8) % 8) as usize];
    let key = ((random >> 16) % keys.len() as u64) as usize;
    let failed = random.is_multiple_of(200);
    let usage = Usage { input: random % 4000, output: random % 900, ..Usage::default() };
    let cost_lines = vec![
        CostLine { meter: Meter::Input, units: usage.input, price: Picos(2_500_000) },
        CostLine { meter: Meter::Output, units: usage.output, price: Picos(10_000_000) },
    ];
    let cost = Nanos::from_picos_rounded_up(cost_lines.iter().map(CostLine::picos).sum()).unwrap();
    Charge {
        id: ChargeId::of(at, entropy),
        call_id: None,
        attempt: 1,
        started_at: at,
        key_id: Some(keys[key]),
        ownership_id: if owners == 0 { 0 } else { 1 + (key as u64 % owners) as i64 },
        tags: if owners > 0 && random & 1 == 0 { vec![format!("tag-{}", key % 5)] } else { vec![] },
        operation: Operation::ChatCompletion,
        upstream_model: Arc::clone(upstream_model),
        model: Arc::clone(model),
        deployment_id: Arc::clone(&shared.deployment_id),
        provider: Arc::clone(&shared.provider),
        streamed: true,
        outcome: if failed { Outcome::UpstreamError } else { Outcome::Success },
        status: if failed { 500 } else { 200 },
        error: None,
        certainty: Certainty::Measured,
        usage,
        cost,
        reserved: Nanos::ZERO,
        cost_lines,
        price_source: Some(Arc::clone(&shared.price_source)),
        duration_us: (random % 9_000_000) as i64,
        first_byte_us: Some((random % 900_000) as i64),
        client_left: false,
        instead_of: None,
        upstream_id: Some(format!("chatcmpl-{random:016x}")),
        end_user: Some("user-17".to_owned()),
    }
}
