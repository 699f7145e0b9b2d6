use std::collections::BTreeMap;

use tollgate_domain::Timestamp;
use tollgate_domain::actor::Visible;
use tollgate_domain::charge::{CallKey, Outcome, Refusal};
use tollgate_domain::ids::KeyId;
use tollgate_domain::summary::Period;
use tollgate_domain::usage::Certainty;
use tollgate_store::LedgerBatch;

use crate::data::{Maker, NOW, add_ownerships, sees, views, within};
use crate::harness::Database;

fn virtual_key(refusal: &Refusal) -> Option<KeyId> {
    if let Some(CallKey::Virtual(id)) = refusal.key { Some(id) } else { None }
}

pub async fn every_period_equals_the_ledger(db: &Database) {
    let make = Maker::new(30);
    let mut batch = LedgerBatch { charges: make.charges(900, 32 * 86_400), refusals: make.refusals(200, 32 * 86_400) };
    batch.charges.extend(make.charges(300, 5400));
    batch.refusals.extend(make.refusals(60, 5400));
    db.store.append_ledger(&batch).await.unwrap();

    add_ownerships(db).await;
    for (period, visible) in
        Period::ALL.into_iter().flat_map(|period| views(&make).into_iter().map(move |v| (period, v)))
    {
        let overview = db.store.overview(&visible, period, NOW).await.unwrap();
        let start = period.start(NOW);
        let length = period.step_seconds() * 1_000_000;
        assert_eq!(overview.steps.len() as i64, period.steps());
        let inside = |at: Timestamp| at >= start && at <= NOW;
        let charges: Vec<_> =
            batch.charges.iter().filter(|c| inside(c.started_at) && sees(&visible, c.key_id, c.ownership_id)).collect();
        let refusals: Vec<_> =
            batch.refusals.iter().filter(|r| inside(r.at) && sees(&visible, virtual_key(r), r.ownership_id)).collect();
        let all = visible == Visible::All;
        assert!(charges.len() > 100 || !all, "there is something to see");
        let failed = charges.iter().filter(|c| c.outcome != Outcome::Success).count();
        assert_eq!(overview.calls, (charges.len() + refusals.len()) as i64, "{period:?}");
        assert_eq!(overview.errors, (failed + refusals.len()) as i64);
        assert_eq!(overview.refused, refusals.len() as i64);
        assert_eq!(overview.cost.0, charges.iter().map(|c| c.cost.0).sum::<i64>());
        assert_eq!(overview.input_tokens, charges.iter().map(|c| c.usage.input as i64).sum::<i64>());
        assert_eq!(overview.output_tokens, charges.iter().map(|c| c.usage.output as i64).sum::<i64>());
        let uncertain = charges.iter().filter(|c| c.certainty != Certainty::Measured).count();
        assert_eq!(overview.uncertain_calls, uncertain as i64);

        for step in &overview.steps {
            let inside = |at: Timestamp| at >= step.start && at.0 < step.start.0 + length && at <= NOW;
            let of_step: Vec<_> = charges.iter().filter(|c| inside(c.started_at)).collect();
            let refused = refusals.iter().filter(|r| inside(r.at)).count();
            assert_eq!(step.calls, (of_step.len() + refused) as i64);
            assert_eq!(step.refused, refused as i64);
            assert_eq!(step.cost.0, of_step.iter().map(|c| c.cost.0).sum::<i64>());
            assert_eq!(step.cost_by_model.iter().map(|(_, cost)| cost.0).sum::<i64>(), step.cost.0);
            assert!(step.cost_by_model.is_sorted_by(|a, b| a.1 >= b.1));
            assert_eq!(step.latency_p50_ms.is_some(), !of_step.is_empty() && (all || period == Period::Hour));
        }

        let mut durations: Vec<_> = charges.iter().map(|c| c.duration_us as f64 / 1000.0).collect();
        durations.sort_by(f64::total_cmp);
        for (percent, estimate) in [(50, overview.latency_p50_ms), (95, overview.latency_p95_ms)] {
            if durations.is_empty() || !(all || period == Period::Hour) {
                assert_eq!(estimate, None);
                continue;
            }
            let exact = durations[(durations.len() * percent).div_ceil(100) - 1];
            let off = estimate.unwrap() / exact - 1.0;
            assert!(off.abs() < 0.15, "{period:?} p{percent}: {estimate:?} for {exact}");
        }

        let mut by_model = BTreeMap::<_, i64>::new();
        let mut by_key = BTreeMap::<_, (i64, i64)>::new();
        for charge in &charges {
            *by_model.entry(charge.model.to_string()).or_default() += charge.cost.0;
            let key = charge.key_id.map_or("master_key".to_owned(), |id| id.to_string());
            let entry = by_key.entry(key).or_default();
            *entry = (entry.0 + charge.cost.0, entry.1 + 1);
        }
        for refusal in &refusals {
            if let Some(key) = refusal.key {
                let key = if let CallKey::Virtual(id) = key { id.to_string() } else { "master_key".to_owned() };
                by_key.entry(key).or_default().1 += 1;
            }
        }
        let found: BTreeMap<_, _> = overview.top_models.iter().map(|s| (s.id.clone(), s.cost.0)).collect();
        assert_eq!(found, by_model);
        let found: BTreeMap<_, _> = overview.top_keys.iter().map(|s| (s.id.clone(), (s.cost.0, s.calls))).collect();
        assert_eq!(found, by_key, "{period:?}");
        assert!(overview.top_keys.is_sorted_by(|a, b| a.cost >= b.cost));
        assert_eq!(overview.has_calls, !visible.is_nothing() && visible != within(Some("u-9"), &["t-9"], &["o-9"]));
        assert!(!overview.has_keys && !overview.has_provider);
    }
}

pub async fn an_empty_database_has_an_overview(db: &Database) {
    for period in Period::ALL {
        let overview = db.store.overview(&Visible::All, period, NOW).await.unwrap();
        assert_eq!((overview.calls, overview.steps.len() as i64), (0, period.steps()));
        assert_eq!(overview.latency_p50_ms, None);
        assert!(!overview.has_calls && overview.top_keys.is_empty());
    }
    // A call of long ago is still a call.
    let make = Maker::new(31);
    let mut charge = make.charge(60);
    make.move_charge(&mut charge, NOW.plus_seconds(-400 * 86_400));
    db.store.append_ledger(&LedgerBatch { charges: vec![charge], refusals: vec![] }).await.unwrap();
    let overview = db.store.overview(&Visible::All, Period::Day, NOW).await.unwrap();
    assert!(overview.has_calls && overview.calls == 0);
}
