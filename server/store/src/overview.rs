//! The overview's sums: from the rollups, or for the last hour from the ledger itself.

use std::collections::{HashMap, HashSet};

use sea_orm::QueryResult;
use tollgate_domain::actor::Visible;
use tollgate_domain::summary::{Overview, Period, Share, Step};
use tollgate_domain::{Nanos, Timestamp};

use crate::calls::ids_between;
use crate::labels::{MASTER_KEY, MASTER_KEY_LABEL};
use crate::latency::Histogram;
use crate::scope::Scope;
use crate::sql::{All, Binds};
use crate::{KeyFilter, Store, StoreError};

/// How many models and keys are listed.
const TOP: usize = 10;

/// How many models a step tells the spend of: the period's dearest.
const STACKED: usize = 20;

/// What one step of the plots adds for one model.
struct ModelStep {
    step: i64,
    /// Empty: refusals.
    model: String,
    calls: i64,
    errors: i64,
    refused: i64,
    uncertain: i64,
    input_tokens: i64,
    output_tokens: i64,
    cost: i64,
}

/// How many calls of a step fell into a bucket of the latency histogram.
struct LatencyStep {
    step: i64,
    bucket: i64,
    calls: i64,
}

/// The rows to add up: those of a scope in a stretch of time.
struct Span<'a> {
    scope: Scope<'a>,
    period: Period,
    start: Timestamp,
    now: Timestamp,
}

impl Span<'_> {
    /// What holds for rows of the rollups by hour.
    fn hours(&self, binds: &mut Binds) -> All {
        let mut all = All::default();
        all.add(format!("hour >= {}", binds.add(self.start.hour())));
        all.add(format!("hour <= {}", binds.add(self.now.hour())));
        all.add_option(self.scope.indexed_condition(binds));
        all
    }

    /// What holds for charges and refusals.
    fn lines(&self, time: &str, binds: &mut Binds) -> All {
        let mut all = ids_between(binds, Some(self.start), Some(Timestamp(self.now.0.saturating_add(1))));
        all.add(format!("{time} >= {}", binds.add(self.start.0)));
        all.add(format!("{time} <= {}", binds.add(self.now.0)));
        all.add_option(self.scope.condition(binds));
        all
    }

    /// The number of a step, counted in a column of microseconds or hours.
    fn step(&self, column: &str) -> String {
        let (start, length) = match column {
            "hour" => (self.start.hour(), self.period.step_seconds() / 3600),
            _ => (self.start.0, self.period.step_seconds() * Timestamp::MICROS_PER_SECOND),
        };
        format!("({column} - {start}) / {length} AS step")
    }
}

impl Store {
    /// The overview of what may be seen, in the period that ends with `now`.
    ///
    /// `calls` are attempts at a provider and refusals, `errors` those of them that failed. A step's `cost_by_model`
    /// names the period's twenty dearest models. `has_provider` is left false: the store does not know. Latencies are kept
    /// for all calls together: who may see a part of them gets those of the last hour alone.
    pub async fn overview(&self, visible: &Visible, period: Period, now: Timestamp) -> Result<Overview, StoreError> {
        let start = period.start(now);
        if visible.is_nothing() {
            return Ok(assemble(period, now, &[], &[]));
        }
        let span = Span { scope: Scope::of(visible), period, start, now };
        let (models, latencies, keys) = if period == Period::Hour {
            futures::try_join!(self.recent_models(&span), self.recent_latencies(&span), self.recent_keys(&span))?
        } else {
            futures::try_join!(self.model_steps(&span), self.latency_steps(&span), self.top_keys(&span))?
        };
        let mut overview = assemble(period, now, &models, &latencies);
        overview.top_keys = self.key_shares(keys).await?;
        overview.has_keys = match visible {
            Visible::All => self.any("SELECT 1 FROM virtual_keys LIMIT 1", Binds::default()).await?,
            Visible::Within { .. } => self.count_keys(visible, &KeyFilter::default(), now).await? > 0,
        };
        overview.has_calls = overview.calls > 0 || self.has_calls(&span).await?;
        Ok(overview)
    }

    async fn has_calls(&self, span: &Span<'_>) -> Result<bool, StoreError> {
        let mut binds = Binds::default();
        match span.scope.indexed_condition(&mut binds) {
            None => self.any("SELECT 1 FROM charges LIMIT 1", binds).await,
            Some(all) => self.any(&format!("SELECT 1 FROM usage_days WHERE calls > 0 AND {all} LIMIT 1"), binds).await,
        }
    }

    async fn any(&self, sql: &str, binds: Binds) -> Result<bool, StoreError> {
        Ok(!self.read(sql, binds).await?.is_empty())
    }

    async fn model_steps(&self, span: &Span<'_>) -> Result<Vec<ModelStep>, StoreError> {
        let mut binds = Binds::default();
        let (step, all) = (span.step("hour"), span.hours(&mut binds));
        let table = if span.scope.is_all() { "model_hours" } else { "usage_hours" };
        let sql = format!("SELECT {step}, model, {MEASURES} FROM {table} WHERE {all} GROUP BY 1, model");
        rows(&self.read(&sql, binds).await?, model_step)
    }

    async fn latency_steps(&self, span: &Span<'_>) -> Result<Vec<LatencyStep>, StoreError> {
        if !span.scope.is_all() {
            return Ok(Vec::new());
        }
        let mut binds = Binds::default();
        let (step, all) = (span.step("hour"), span.hours(&mut binds));
        let sql = format!(
            "SELECT {step}, CAST(bucket AS BIGINT), CAST(SUM(calls) AS BIGINT) \
             FROM latency_hours WHERE model = '' AND {all} GROUP BY 1, bucket"
        );
        rows(&self.read(&sql, binds).await?, latency_step)
    }

    /// The keys that spent most: whole days from the days' sums, the broken first day from the hours'.
    async fn top_keys(&self, span: &Span<'_>) -> Result<Vec<Share>, StoreError> {
        let first_day = (span.start.hour() + 23).div_euclid(24);
        let days = if span.scope.is_all() { "key_days" } else { "usage_days" };
        let mut binds = Binds::default();
        let mut of_days = All::default();
        of_days.add(format!("day >= {}", binds.add(first_day)));
        of_days.add(format!("day <= {}", binds.add(span.now.hour().div_euclid(24))));
        of_days.add_option(span.scope.indexed_condition(&mut binds));
        let mut of_hours = All::default();
        of_hours.add(format!("hour >= {}", binds.add(span.start.hour())));
        of_hours.add(format!("hour < {}", binds.add(first_day * 24)));
        of_hours.add_option(span.scope.indexed_condition(&mut binds));
        let sql = format!(
            "SELECT key_id, {SHARES} FROM (\
                SELECT key_id, calls, errors, refused, cost_nanos FROM {days} WHERE {of_days} \
                UNION ALL \
                SELECT key_id, calls, errors, refused, cost_nanos FROM usage_hours WHERE {of_hours}\
             ) AS sums WHERE key_id <> '' GROUP BY key_id ORDER BY 5 DESC, 2 DESC LIMIT {TOP}"
        );
        rows(&self.read(&sql, binds).await?, key_share)
    }

    async fn recent_models(&self, span: &Span<'_>) -> Result<Vec<ModelStep>, StoreError> {
        let mut binds = Binds::default();
        let (step, all) = (span.step("started_at"), span.lines("started_at", &mut binds));
        let sql =
            format!("SELECT {step}, model, {MEASURES} FROM ({RECENT_CHARGES} WHERE {all}) AS recent GROUP BY 1, model");
        let mut models = rows(&self.read(&sql, binds).await?, model_step)?;
        let mut binds = Binds::default();
        let (step, all) = (span.step("at"), span.lines("at", &mut binds));
        let sql = format!("SELECT {step}, COUNT(*) FROM refusals WHERE {all} GROUP BY 1");
        for row in self.read(&sql, binds).await? {
            models.push(ModelStep {
                step: row.try_get_by_index(0)?,
                model: String::new(),
                calls: 0,
                errors: 0,
                refused: row.try_get_by_index(1)?,
                uncertain: 0,
                input_tokens: 0,
                output_tokens: 0,
                cost: 0,
            });
        }
        Ok(models)
    }

    async fn recent_latencies(&self, span: &Span<'_>) -> Result<Vec<LatencyStep>, StoreError> {
        let mut binds = Binds::default();
        let (step, all) = (span.step("started_at"), span.lines("started_at", &mut binds));
        let sql = format!(
            "SELECT {step}, CAST(latency_bucket AS BIGINT), COUNT(*) FROM charges WHERE {all} AND adjusts IS NULL \
             GROUP BY 1, latency_bucket"
        );
        rows(&self.read(&sql, binds).await?, latency_step)
    }

    async fn recent_keys(&self, span: &Span<'_>) -> Result<Vec<Share>, StoreError> {
        let mut binds = Binds::default();
        let (charges, refusals) = (span.lines("started_at", &mut binds), span.lines("at", &mut binds));
        let sql = format!(
            "SELECT key_id, {SHARES} FROM (\
                SELECT key_id, calls, errors, refused, cost_nanos FROM ({RECENT_CHARGES} WHERE {charges}) AS recent \
                UNION ALL \
                SELECT key_id, 0, 0, 1, 0 FROM refusals WHERE key_id <> '' AND {refusals}\
             ) AS sums GROUP BY key_id ORDER BY 5 DESC, 2 DESC LIMIT {TOP}"
        );
        rows(&self.read(&sql, binds).await?, key_share)
    }

    async fn key_shares(&self, mut shares: Vec<Share>) -> Result<Vec<Share>, StoreError> {
        let labels = self.key_labels(shares.iter().map(|share| share.id.as_str())).await?;
        shares.retain(|share| share.calls > 0);
        for share in &mut shares {
            if share.id == MASTER_KEY {
                MASTER_KEY_LABEL.clone_into(&mut share.label);
            } else {
                share.label = labels.get(&share.id).unwrap_or(&share.id).clone();
            }
        }
        Ok(shares)
    }
}

/// The sums of a step and model. SUM is NUMERIC on PostgreSQL: without the cast no integer comes back.
const MEASURES: &str = "CAST(SUM(calls) AS BIGINT), CAST(SUM(errors) AS BIGINT), CAST(SUM(refused) AS BIGINT), \
                        CAST(SUM(uncertain) AS BIGINT), CAST(SUM(input_tokens) AS BIGINT), \
                        CAST(SUM(output_tokens) AS BIGINT), CAST(SUM(cost_nanos) AS BIGINT)";

/// The sums of a key.
const SHARES: &str = "CAST(SUM(calls) AS BIGINT), CAST(SUM(errors) AS BIGINT), CAST(SUM(refused) AS BIGINT), \
                      CAST(SUM(cost_nanos) AS BIGINT)";

/// Charges in the form of the rollups, one row each, no amount over their ceiling; adjusting entries are no calls.
const RECENT_CHARGES: &str = "SELECT started_at, model, key_id, CASE WHEN adjusts IS NULL THEN 1 ELSE 0 END AS calls, \
    CASE WHEN adjusts IS NULL AND outcome <> 'success' THEN 1 ELSE 0 END AS errors, 0 AS refused, \
    CASE WHEN adjusts IS NULL AND certainty <> 'measured' THEN 1 ELSE 0 END AS uncertain, \
    CASE WHEN input_tokens > 100000000000000000 THEN 100000000000000000 ELSE input_tokens END AS input_tokens, \
    CASE WHEN output_tokens > 100000000000000000 THEN 100000000000000000 ELSE output_tokens END AS output_tokens, \
    CASE WHEN cost_nanos > 100000000000000000 THEN 100000000000000000 ELSE cost_nanos END AS cost_nanos \
    FROM charges";

fn rows<T>(rows: &[QueryResult], read: fn(&QueryResult) -> Result<T, sea_orm::DbErr>) -> Result<Vec<T>, StoreError> {
    Ok(rows.iter().map(read).collect::<Result<_, _>>()?)
}

fn model_step(row: &QueryResult) -> Result<ModelStep, sea_orm::DbErr> {
    Ok(ModelStep {
        step: row.try_get_by_index(0)?,
        model: row.try_get_by_index(1)?,
        calls: row.try_get_by_index(2)?,
        errors: row.try_get_by_index(3)?,
        refused: row.try_get_by_index(4)?,
        uncertain: row.try_get_by_index(5)?,
        input_tokens: row.try_get_by_index(6)?,
        output_tokens: row.try_get_by_index(7)?,
        cost: row.try_get_by_index(8)?,
    })
}

fn latency_step(row: &QueryResult) -> Result<LatencyStep, sea_orm::DbErr> {
    Ok(LatencyStep {
        step: row.try_get_by_index(0)?,
        bucket: row.try_get_by_index(1)?,
        calls: row.try_get_by_index(2)?,
    })
}

fn key_share(row: &QueryResult) -> Result<Share, sea_orm::DbErr> {
    let id: String = row.try_get_by_index(0)?;
    let (calls, errors, refused): (i64, i64, i64) =
        (row.try_get_by_index(1)?, row.try_get_by_index(2)?, row.try_get_by_index(3)?);
    Ok(Share {
        id,
        label: String::new(),
        calls: calls + refused,
        errors: errors + refused,
        cost: Nanos(row.try_get_by_index(4)?),
    })
}

/// Puts the pieces together.
fn assemble(period: Period, now: Timestamp, models: &[ModelStep], latencies: &[LatencyStep]) -> Overview {
    let start = period.start(now);
    let step_micros = period.step_seconds() * Timestamp::MICROS_PER_SECOND;
    let mut overview = Overview {
        now,
        steps: (0..period.steps())
            .map(|step| Step { start: Timestamp(start.0 + step * step_micros), ..Step::default() })
            .collect(),
        ..Overview::default()
    };
    let mut shares: HashMap<&str, Share> = HashMap::new();
    for row in models {
        let Some(step) = usize::try_from(row.step).ok().and_then(|step| overview.steps.get_mut(step)) else { continue };
        step.calls += row.calls + row.refused;
        step.errors += row.errors + row.refused;
        step.refused += row.refused;
        step.input_tokens += row.input_tokens;
        step.output_tokens += row.output_tokens;
        step.cost.0 += row.cost;
        overview.uncertain_calls += row.uncertain;
        if !row.model.is_empty() {
            let share = shares.entry(&row.model).or_insert_with(|| Share {
                id: row.model.clone(),
                label: row.model.clone(),
                ..Share::default()
            });
            share.calls += row.calls;
            share.errors += row.errors;
            share.cost.0 += row.cost;
        }
    }
    let mut shares: Vec<_> = shares.into_values().collect();
    shares.sort_by(|a, b| (b.cost, b.calls, &a.id).cmp(&(a.cost, a.calls, &b.id)));
    let stacked: HashSet<_> = shares.iter().take(STACKED).map(|share| share.id.as_str()).collect();
    for row in models {
        let Some(step) = usize::try_from(row.step).ok().and_then(|step| overview.steps.get_mut(step)) else { continue };
        if row.cost != 0 && stacked.contains(row.model.as_str()) {
            step.cost_by_model.push((row.model.clone(), Nanos(row.cost)));
        }
    }
    let mut histograms = vec![Histogram::default(); overview.steps.len()];
    for row in latencies {
        if let Some(histogram) = usize::try_from(row.step).ok().and_then(|step| histograms.get_mut(step)) {
            histogram.add(row.bucket, row.calls);
        }
    }
    let mut whole = Histogram::default();
    for (step, histogram) in overview.steps.iter_mut().zip(&histograms) {
        step.cost_by_model.sort_by(|a, b| (b.1, &a.0).cmp(&(a.1, &b.0)));
        step.latency_p50_ms = histogram.percentile_ms(50);
        step.latency_p95_ms = histogram.percentile_ms(95);
        whole.merge(histogram);
        overview.calls += step.calls;
        overview.errors += step.errors;
        overview.refused += step.refused;
        overview.input_tokens += step.input_tokens;
        overview.output_tokens += step.output_tokens;
        overview.cost.0 += step.cost.0;
    }
    overview.latency_p50_ms = whole.percentile_ms(50);
    overview.latency_p95_ms = whole.percentile_ms(95);
    shares.truncate(TOP);
    overview.top_models = shares;
    overview
}
