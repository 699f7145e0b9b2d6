//! `/provider/budgets`: what may be spent at each provider, and what was.

use axum::Json;
use serde_json::{Map, Value, json};
use tollgate_control::{overview, usage};
use tollgate_domain::Timestamp;
use tollgate_domain::ledger::{AccountKey, AccountKind, Needed, WindowRule, Zone};
use tollgate_domain::limits::Limits;

use super::{Answer, Call, money, names, now};

/// The configuration's budgets, each with what the ledger has for its present window.
pub async fn budgets(call: Call) -> Answer {
    overview::authorise(call.control(), &call.op).await?;
    let providers = &call.server.gateway().house().providers;
    let needed: Vec<Needed> = providers.iter().map(|(name, limits)| window(name, limits)).collect();
    let spent = usage::spent(call.control(), &needed).await?;
    let mut out = Map::new();
    for (((name, limits), Needed { span, .. }), spent) in providers.iter().zip(&needed).zip(spent) {
        let reset = if span.end == Timestamp(i64::MAX) { Value::Null } else { names::time(span.end) };
        out.insert(
            name.clone(),
            json!({
                "budget_limit": money::show_option(limits.max_budget), "time_period": limits.budget_duration,
                "spend": money::show(spent), "budget_reset_at": reset,
            }),
        );
    }
    Ok(Json(json!({ "providers": out })))
}

/// The window in which calls are counted now: the same as the one by which they are refused.
fn window(name: &str, limits: &Limits) -> Needed {
    let window = WindowRule::of(limits.budget_duration.as_ref(), Timestamp(0));
    Needed { account: AccountKey::new(AccountKind::Provider, name), window, span: window.span(now(), &Zone::default()) }
}
