//! Requests: charges and refusals in one list, newest first.

use sea_orm::sea_query::{Expr, ExprTrait, SimpleExpr};
use sea_orm::{ColumnTrait, Condition, EntityTrait, FromQueryResult, QueryFilter, QueryOrder, QuerySelect};
use tollgate_domain::charge::{Operation, Outcome};
use tollgate_domain::page::{Cursor, Page};
use tollgate_domain::summary::{RequestDetail, RequestFilter, RequestRow, StatusFilter};
use tollgate_domain::usage::{Certainty, Usage};
use tollgate_domain::{Nanos, Timestamp};

use crate::entity::{charge, refusal};
use crate::error::bounded;
use crate::labels::{MASTER_KEY, MASTER_KEY_LABEL};
use crate::{LARGEST_PAGE, Store, StoreError};

impl Store {
    /// A page of requests, newest first. Each side is read through its own index, at most `limit` rows of it.
    pub async fn list_requests(
        &self,
        filter: &RequestFilter,
        cursor: Option<&Cursor>,
        limit: u32,
    ) -> Result<Page<RequestRow>, StoreError> {
        let limit = limit.clamp(1, LARGEST_PAGE);
        let charges = self.charge_rows(filter, cursor, limit);
        let refusals = self.refusal_rows(filter, cursor, limit);
        let (charges, refusals) = futures::try_join!(charges, refusals)?;
        let mut rows = charges;
        rows.extend(refusals);
        rows.sort_by(|a, b| (b.at, &b.id).cmp(&(a.at, &a.id)));
        let more = rows.len() > limit as usize;
        rows.truncate(limit as usize);
        let next = rows.last().filter(|_| more).map(|last| Cursor { at: last.at.0, id: last.id.clone() }.encode());
        self.label(&mut rows).await?;
        Ok(Page { items: rows, next })
    }

    /// One request with all that is known of it, by its own id or by the call's; of several attempts the last.
    pub async fn get_request(&self, id: &str) -> Result<Option<RequestDetail>, StoreError> {
        let charge = charge::Entity::find()
            .filter(Condition::any().add(charge::Column::Id.eq(id)).add(charge::Column::CallId.eq(id)))
            .order_by_desc(charge::Column::Attempt)
            .limit(1);
        let mut detail = if let Some(row) = bounded(charge.one(&self.readers)).await? {
            charge_detail(row)?
        } else {
            let refusal = refusal::Entity::find()
                .filter(Condition::any().add(refusal::Column::Id.eq(id)).add(refusal::Column::CallId.eq(id)))
                .limit(1);
            match bounded(refusal.one(&self.readers)).await? {
                Some(row) => refusal_detail(row)?,
                None => return Ok(None),
            }
        };
        self.label(std::slice::from_mut(&mut detail.row)).await?;
        Ok(Some(detail))
    }

    async fn charge_rows(
        &self,
        filter: &RequestFilter,
        cursor: Option<&Cursor>,
        limit: u32,
    ) -> Result<Vec<RequestRow>, StoreError> {
        use charge::Column;

        let status = match filter.status {
            Some(StatusFilter::Refused) => return Ok(Vec::new()),
            // Word for word the condition of the index `charges_failed`.
            Some(StatusFilter::Failed) => Some(Expr::cust("outcome <> 'success'")),
            Some(StatusFilter::Success) => Some(Column::Outcome.eq(Outcome::Success.as_str())),
            None => None,
        };
        let key = filter.key.as_deref().map(|key| Column::KeyId.eq(if key == MASTER_KEY { "" } else { key }));
        let query = charge::Entity::find()
            .select_only()
            .columns([
                Column::Id,
                Column::CallId,
                Column::StartedAt,
                Column::KeyId,
                Column::Operation,
                Column::Model,
                Column::Provider,
                Column::Outcome,
                Column::Status,
                Column::Streamed,
                Column::InputTokens,
                Column::OutputTokens,
                Column::CostNanos,
                Column::Certainty,
                Column::DurationUs,
                Column::FirstByteUs,
                Column::Error,
            ])
            .filter(
                Condition::all()
                    .add_option(status)
                    .add_option(key)
                    .add_option(filter.model.as_deref().map(|model| Column::Model.eq(model)))
                    .add_option(filter.call_id.as_deref().map(|id| Column::CallId.eq(id).or(Column::Id.eq(id))))
                    .add_option(filter.since.map(|at| Column::StartedAt.gte(at.0)))
                    .add_option(filter.until.map(|at| Column::StartedAt.lt(at.0)))
                    .add_option(cursor.map(|cursor| before(Column::StartedAt, Column::Id, cursor))),
            )
            .order_by_desc(Column::StartedAt)
            .order_by_desc(Column::Id)
            .limit(u64::from(limit) + 1)
            .into_model::<ChargeLine>();
        bounded(query.all(&self.readers)).await?.into_iter().map(ChargeLine::row).collect()
    }

    async fn refusal_rows(
        &self,
        filter: &RequestFilter,
        cursor: Option<&Cursor>,
        limit: u32,
    ) -> Result<Vec<RequestRow>, StoreError> {
        use refusal::Column;

        // A refusal without a key may be anybody's: it is not put down to the master key.
        if !matches!(filter.status, None | Some(StatusFilter::Refused)) || filter.key.as_deref() == Some(MASTER_KEY) {
            return Ok(Vec::new());
        }
        let query = refusal::Entity::find()
            .filter(
                Condition::all()
                    .add_option(filter.key.as_deref().map(|key| Column::KeyId.eq(key)))
                    .add_option(filter.model.as_deref().map(|model| Column::Model.eq(model)))
                    .add_option(filter.call_id.as_deref().map(|id| Column::CallId.eq(id).or(Column::Id.eq(id))))
                    .add_option(filter.since.map(|at| Column::At.gte(at.0)))
                    .add_option(filter.until.map(|at| Column::At.lt(at.0)))
                    .add_option(cursor.map(|cursor| before(Column::At, Column::Id, cursor))),
            )
            .order_by_desc(Column::At)
            .order_by_desc(Column::Id)
            .limit(u64::from(limit) + 1);
        bounded(query.all(&self.readers)).await?.into_iter().map(refusal_row).collect()
    }

    async fn label(&self, rows: &mut [RequestRow]) -> Result<(), StoreError> {
        let labels = self.key_labels(rows.iter().filter_map(|row| row.key_id.as_deref())).await?;
        for row in rows {
            row.key_label = match row.key_id.as_deref() {
                Some(MASTER_KEY) => Some(MASTER_KEY_LABEL.to_owned()),
                Some(id) => Some(labels.get(id).cloned().unwrap_or_else(|| id.to_owned())),
                None => None,
            };
        }
        Ok(())
    }
}

/// After the cursor's row in a list that is newest first.
fn before(at: impl ColumnTrait, id: impl ColumnTrait, cursor: &Cursor) -> SimpleExpr {
    Expr::tuple([Expr::col(at), Expr::col(id)]).lt(Expr::tuple([Expr::val(cursor.at), Expr::val(cursor.id.clone())]))
}

#[derive(FromQueryResult)]
struct ChargeLine {
    id: String,
    call_id: String,
    started_at: i64,
    key_id: String,
    operation: String,
    model: String,
    provider: String,
    outcome: String,
    status: i16,
    streamed: bool,
    input_tokens: i64,
    output_tokens: i64,
    cost_nanos: i64,
    certainty: String,
    duration_us: i64,
    first_byte_us: Option<i64>,
    error: Option<String>,
}

impl ChargeLine {
    fn row(self) -> Result<RequestRow, StoreError> {
        let bad = |what| StoreError::corrupt("charges", self.id.clone(), &what);
        Ok(RequestRow {
            operation: Operation::parse(&self.operation).ok_or_else(|| bad("the operation"))?,
            outcome: Some(Outcome::parse(&self.outcome).ok_or_else(|| bad("the outcome"))?),
            certainty: Some(Certainty::parse(&self.certainty).ok_or_else(|| bad("the certainty"))?),
            status: u16::try_from(self.status).map_err(|_| bad("the status"))?,
            id: self.id,
            call_id: self.call_id,
            at: Timestamp(self.started_at),
            key_id: Some(if self.key_id.is_empty() { MASTER_KEY.to_owned() } else { self.key_id }),
            key_label: None,
            model: Some(self.model),
            provider: Some(self.provider),
            streamed: self.streamed,
            input_tokens: self.input_tokens,
            output_tokens: self.output_tokens,
            cost: Nanos(self.cost_nanos),
            duration_us: Some(self.duration_us),
            first_byte_us: self.first_byte_us,
            error: self.error,
        })
    }
}

fn charge_detail(row: charge::Model) -> Result<RequestDetail, StoreError> {
    let tokens = |count: i64| u64::try_from(count).unwrap_or_default();
    let cost_lines = serde_json::from_str(&row.cost_lines)
        .map_err(|error| StoreError::corrupt("charges", row.id.clone(), &error))?;
    Ok(RequestDetail {
        attempt: row.attempt,
        deployment_id: Some(row.deployment_id),
        upstream_model: Some(row.upstream_model),
        upstream_id: row.upstream_id,
        end_user: row.end_user,
        client_left: row.client_left,
        usage: Usage {
            input: tokens(row.input_tokens),
            cache_read: tokens(row.cache_read_tokens),
            cache_write: tokens(row.cache_write_tokens),
            cache_write_1h: tokens(row.cache_write_1h_tokens),
            audio_input: tokens(row.audio_input_tokens),
            image_input: tokens(row.image_input_tokens),
            output: tokens(row.output_tokens),
            reasoning: tokens(row.reasoning_tokens),
            audio_output: tokens(row.audio_output_tokens),
            image_output: tokens(row.image_output_tokens),
        },
        cost_lines,
        price_source: row.price_source,
        refusal_kind: None,
        row: ChargeLine {
            id: row.id,
            call_id: row.call_id,
            started_at: row.started_at,
            key_id: row.key_id,
            operation: row.operation,
            model: row.model,
            provider: row.provider,
            outcome: row.outcome,
            status: row.status,
            streamed: row.streamed,
            input_tokens: row.input_tokens,
            output_tokens: row.output_tokens,
            cost_nanos: row.cost_nanos,
            certainty: row.certainty,
            duration_us: row.duration_us,
            first_byte_us: row.first_byte_us,
            error: row.error,
        }
        .row()?,
    })
}

fn refusal_row(row: refusal::Model) -> Result<RequestRow, StoreError> {
    let bad = |what| StoreError::corrupt("refusals", row.id.clone(), &what);
    Ok(RequestRow {
        operation: Operation::parse(&row.operation).ok_or_else(|| bad("the operation"))?,
        status: u16::try_from(row.status).map_err(|_| bad("the status"))?,
        id: row.id,
        call_id: row.call_id,
        at: Timestamp(row.at),
        key_id: Some(row.key_id).filter(|id| !id.is_empty()),
        key_label: None,
        model: row.model,
        provider: None,
        outcome: None,
        streamed: false,
        input_tokens: 0,
        output_tokens: 0,
        cost: Nanos::ZERO,
        certainty: None,
        duration_us: None,
        first_byte_us: None,
        error: Some(row.message),
    })
}

fn refusal_detail(row: refusal::Model) -> Result<RequestDetail, StoreError> {
    Ok(RequestDetail {
        attempt: 0,
        deployment_id: None,
        upstream_model: None,
        upstream_id: None,
        end_user: None,
        client_left: false,
        usage: Usage::default(),
        cost_lines: Vec::new(),
        price_source: None,
        refusal_kind: Some(row.kind.clone()),
        row: refusal_row(row)?,
    })
}
