//! What a deployment of `model_list` may cost and how fast it may be called, whoever calls.

use tollgate_domain::ledger::{Period, RateKind};
use tollgate_domain::limits::{Limits, RateLimit};

use super::house::count;
use super::value::{Cursor, Reader};

/// Rates that [`Limits`] has no field of its own for.
const RATES: [(&str, RateKind, Period); 2] =
    [("itpm", RateKind::InputTokens, Period::Minute), ("otpm", RateKind::OutputTokens, Period::Minute)];

/// `params` are the deployment's `litellm_params`; `rpm` and `tpm` may also stand beside them.
pub(super) fn read(item: &Cursor<'_>, params: &Cursor<'_>, reader: &mut Reader<'_>) -> Limits {
    let max_budget = params.get("max_budget").and_then(|cursor| reader.dollars(&cursor));
    let duration = params.get("budget_duration");
    let budget_duration = duration.as_ref().and_then(|cursor| reader.duration(cursor));
    if let (None, Some(cursor)) = (max_budget, duration) {
        reader.report.notice(cursor.place(), &cursor.path, "there is no budget that it is for");
    }
    let mut number = |key: &str| params.get(key).and_then(|cursor| count(&cursor, reader));
    let (rpm_limit, tpm_limit) = (number("rpm"), number("tpm"));
    let rate = |(key, kind, period)| number(key).map(|limit| RateLimit { kind, period, limit });
    let rates = RATES.into_iter().filter_map(rate).collect();
    let (rpd_limit, tpd_limit) = (number("rpd"), number("tpd"));
    let max_parallel_requests = number("max_parallel_requests");
    let mut beside = |key: &str| item.get(key).and_then(|cursor| count(&cursor, reader));
    Limits {
        max_budget,
        budget_duration: budget_duration.filter(|_| max_budget.is_some()),
        rpm_limit: rpm_limit.or_else(|| beside("rpm")),
        tpm_limit: tpm_limit.or_else(|| beside("tpm")),
        rpd_limit,
        tpd_limit,
        max_parallel_requests,
        rates,
        ..Limits::default()
    }
}
