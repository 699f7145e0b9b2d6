//! Requests: charges and refusals in one list, newest first.

use std::collections::HashMap;

use sea_orm::{ColumnTrait, EntityTrait, FromQueryResult, QueryFilter, QueryOrder, QuerySelect};
use tollgate_domain::actor::Visible;
use tollgate_domain::charge::{Operation, Outcome};
use tollgate_domain::ids::{OrganisationId, TeamId, UserId};
use tollgate_domain::page::{Cursor, Page};
use tollgate_domain::principal::Ownership;
use tollgate_domain::summary::{RequestDetail, RequestFilter, RequestRow};
use tollgate_domain::usage::{Certainty, Usage};
use tollgate_domain::{Nanos, Timestamp};

use crate::calls::{Order, Side};
use crate::entity::{charge, refusal};
use crate::error::bounded;
use crate::labels::{MASTER_KEY, MASTER_KEY_LABEL};
use crate::ledger::{cost_lines, units};
use crate::scope::Scope;
use crate::sql::Binds;
use crate::{LARGEST_PAGE, Store, StoreError};

/// A row, and whom it was put down to, which is looked up afterwards.
type Owned = (RequestRow, i64);

impl Store {
    /// A page of requests that may be seen, newest first. Each side is read through an index, at most `limit` rows of it.
    pub async fn list_requests(
        &self,
        visible: &Visible,
        filter: &RequestFilter,
        cursor: Option<&Cursor>,
        limit: u32,
    ) -> Result<Page<RequestRow>, StoreError> {
        let limit = limit.clamp(1, LARGEST_PAGE);
        let after = cursor.map(|cursor| cursor.id.as_str());
        let charges =
            self.find_calls(Side::Charges, visible, filter, CHARGE_COLUMNS, Order::NewestFirst, after, limit + 1);
        let refusals =
            self.find_calls(Side::Refusals, visible, filter, REFUSAL_COLUMNS, Order::NewestFirst, after, limit + 1);
        let (charges, refusals) = futures::try_join!(charges, refusals)?;
        let mut rows = Vec::with_capacity(charges.len() + refusals.len());
        for row in &charges {
            rows.push(ChargeLine::from_query_result(row, "")?.row()?);
        }
        for row in &refusals {
            rows.push(RefusalLine::from_query_result(row, "")?.row()?);
        }
        rows.sort_by(|(a, _), (b, _)| b.id.cmp(&a.id));
        let more = rows.len() > limit as usize;
        rows.truncate(limit as usize);
        let next = rows.last().filter(|_| more).map(|(last, _)| Cursor { at: last.at.0, id: last.id.clone() }.encode());
        Ok(Page { items: self.label(rows).await?, next })
    }

    /// One request with all that is known of it, by its own id, or by the call's: then of several attempts the last.
    pub async fn get_request(&self, visible: &Visible, id: &str) -> Result<Option<RequestDetail>, StoreError> {
        // PostgreSQL refuses U+0000, which no id has.
        if id.contains('\0') {
            return Ok(None);
        }
        let find = |own: bool| {
            let column = if own { charge::Column::Id } else { charge::Column::CallId };
            charge::Entity::find()
                .filter(column.eq(id))
                .filter(charge::Column::Adjusts.is_null())
                .order_by_desc(charge::Column::Attempt)
                .limit(1)
        };
        for own in [true, false] {
            if let Some(row) = bounded(find(own).one(&self.readers)).await? {
                return self.detail(visible, charge_detail(row)?).await;
            }
            let column = if own { refusal::Column::Id } else { refusal::Column::CallId };
            let refusal = refusal::Entity::find().filter(column.eq(id)).order_by_desc(refusal::Column::Id).limit(1);
            if let Some(row) = bounded(refusal.one(&self.readers)).await? {
                return self.detail(visible, refusal_detail(row)?).await;
            }
        }
        Ok(None)
    }

    async fn detail(
        &self,
        visible: &Visible,
        (mut detail, ownership): (RequestDetail, i64),
    ) -> Result<Option<RequestDetail>, StoreError> {
        if !self.may_see(visible, detail.row.key_id.as_deref(), ownership).await? {
            return Ok(None);
        }
        let mut labelled = self.label(vec![(detail.row.clone(), ownership)]).await?;
        if let Some(row) = labelled.pop() {
            detail.row = row;
        }
        Ok(Some(detail))
    }

    async fn may_see(&self, visible: &Visible, key: Option<&str>, ownership: i64) -> Result<bool, StoreError> {
        let mut binds = Binds::default();
        let (key, ownership) = (binds.add(key.unwrap_or_default()), binds.add(ownership));
        let Some(condition) = Scope::of(visible).condition(&mut binds) else { return Ok(true) };
        let sql = format!(
            "SELECT 1 FROM (SELECT CAST({key} AS TEXT) AS key_id, CAST({ownership} AS BIGINT) AS ownership_id) AS call \
             WHERE {condition}"
        );
        Ok(!self.read(&sql, binds).await?.is_empty())
    }

    /// Adds the names of keys, and owners.
    async fn label(&self, rows: Vec<Owned>) -> Result<Vec<RequestRow>, StoreError> {
        let labels = self.key_labels(rows.iter().filter_map(|(row, _)| row.key_id.as_deref())).await?;
        let owners = self.ownerships(rows.iter().map(|(_, ownership)| *ownership)).await?;
        let labelled = rows.into_iter().map(|(mut row, ownership)| {
            row.key_label = match row.key_id.as_deref() {
                Some(MASTER_KEY) => Some(MASTER_KEY_LABEL.to_owned()),
                Some(id) => Some(labels.get(id).cloned().unwrap_or_else(|| id.to_owned())),
                None => None,
            };
            row.ownership = owners.get(&ownership).cloned().unwrap_or_default();
            row
        });
        Ok(labelled.collect())
    }

    /// What these numbers stand for; at most some hundreds at once.
    pub async fn ownerships(&self, ids: impl Iterator<Item = i64>) -> Result<HashMap<i64, Ownership>, StoreError> {
        let mut ids: Vec<i64> = ids.filter(|id| *id != 0).collect();
        ids.sort_unstable();
        ids.dedup();
        if ids.is_empty() {
            return Ok(HashMap::new());
        }
        let mut binds = Binds::default();
        let places: Vec<String> = ids.into_iter().map(|id| binds.add(id).to_string()).collect();
        let places = places.join(", ");
        let sql = format!("SELECT id, user_id, team_id, organisation_id FROM ownerships WHERE id IN ({places})");
        let mut owners = HashMap::new();
        for row in self.read(&sql, binds).await? {
            let (user, team, organisation): (String, String, String) =
                (row.try_get_by_index(1)?, row.try_get_by_index(2)?, row.try_get_by_index(3)?);
            let ownership = Ownership {
                user_id: UserId::parse(&user),
                team_id: TeamId::parse(&team),
                organisation_id: OrganisationId::parse(&organisation),
            };
            owners.insert(row.try_get_by_index(0)?, ownership);
        }
        Ok(owners)
    }
}

const CHARGE_COLUMNS: &str = "id, call_id, started_at, key_id, ownership_id, operation, model, provider, outcome, status, \
                              streamed, input_tokens, output_tokens, cost_nanos, certainty, duration_us, first_byte_us, \
                              error";

#[derive(FromQueryResult)]
struct ChargeLine {
    id: String,
    call_id: Option<String>,
    started_at: i64,
    key_id: String,
    ownership_id: i64,
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
    fn row(self) -> Result<Owned, StoreError> {
        let bad = |what| StoreError::corrupt("charges", self.id.clone(), &what);
        let row = RequestRow {
            operation: Operation::parse(&self.operation).ok_or_else(|| bad("the operation"))?,
            outcome: Some(Outcome::parse(&self.outcome).ok_or_else(|| bad("the outcome"))?),
            certainty: Some(Certainty::parse(&self.certainty).ok_or_else(|| bad("the certainty"))?),
            status: u16::try_from(self.status).map_err(|_| bad("the status"))?,
            call_id: self.call_id.unwrap_or_else(|| self.id.clone()),
            id: self.id,
            at: Timestamp(self.started_at),
            key_id: Some(self.key_id),
            key_label: None,
            ownership: Ownership::default(),
            model: Some(self.model),
            provider: Some(self.provider),
            streamed: self.streamed,
            input_tokens: self.input_tokens,
            output_tokens: self.output_tokens,
            cost: Nanos(self.cost_nanos),
            duration_us: Some(self.duration_us),
            first_byte_us: self.first_byte_us,
            error: self.error,
        };
        Ok((row, self.ownership_id))
    }
}

fn charge_detail(row: charge::Model) -> Result<(RequestDetail, i64), StoreError> {
    let tokens = |count: i64| u64::try_from(count).unwrap_or_default();
    let bad = |what: &str| StoreError::corrupt("charges", row.id.clone(), &what);
    let cost_lines = cost_lines::parse(row.cost_lines.as_deref()).ok_or_else(|| bad("the lines of its cost"))?;
    let units = units::parse(row.units.as_deref()).ok_or_else(|| bad("the units"))?;
    let tags = row.tags.as_deref().map(serde_json::from_str).transpose().map_err(|_| bad("the tags"))?;
    let line = ChargeLine {
        id: row.id,
        call_id: row.call_id,
        started_at: row.started_at,
        key_id: row.key_id,
        ownership_id: row.ownership_id,
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
    };
    let (shown, ownership) = line.row()?;
    let detail = RequestDetail {
        attempt: row.attempt,
        deployment_id: Some(row.deployment_id),
        upstream_model: Some(row.upstream_model),
        instead_of: row.instead_of,
        upstream_id: row.upstream_id,
        end_user: row.end_user,
        tags: tags.unwrap_or_default(),
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
            units,
        },
        cost_lines,
        price_source: row.price_source,
        refusal_kind: None,
        row: shown,
    };
    Ok((detail, ownership))
}

const REFUSAL_COLUMNS: &str = "id, call_id, at, key_id, ownership_id, operation, model, status, message";

#[derive(FromQueryResult)]
struct RefusalLine {
    id: String,
    call_id: Option<String>,
    at: i64,
    key_id: String,
    ownership_id: i64,
    operation: String,
    model: Option<String>,
    status: i16,
    message: String,
}

impl RefusalLine {
    fn row(self) -> Result<Owned, StoreError> {
        let bad = |what| StoreError::corrupt("refusals", self.id.clone(), &what);
        let row = RequestRow {
            operation: Operation::parse(&self.operation).ok_or_else(|| bad("the operation"))?,
            status: u16::try_from(self.status).map_err(|_| bad("the status"))?,
            call_id: self.call_id.unwrap_or_else(|| self.id.clone()),
            id: self.id,
            at: Timestamp(self.at),
            key_id: Some(self.key_id).filter(|id| !id.is_empty()),
            key_label: None,
            ownership: Ownership::default(),
            model: self.model,
            provider: None,
            outcome: None,
            streamed: false,
            input_tokens: 0,
            output_tokens: 0,
            cost: Nanos::ZERO,
            certainty: None,
            duration_us: None,
            first_byte_us: None,
            error: Some(self.message),
        };
        Ok((row, self.ownership_id))
    }
}

fn refusal_detail(row: refusal::Model) -> Result<(RequestDetail, i64), StoreError> {
    let line = RefusalLine {
        id: row.id,
        call_id: row.call_id,
        at: row.at,
        key_id: row.key_id,
        ownership_id: row.ownership_id,
        operation: row.operation,
        model: row.model,
        status: row.status,
        message: row.message,
    };
    let (shown, ownership) = line.row()?;
    let detail = RequestDetail {
        attempt: 0,
        deployment_id: None,
        upstream_model: None,
        instead_of: None,
        upstream_id: None,
        end_user: None,
        tags: Vec::new(),
        client_left: false,
        usage: Usage::default(),
        cost_lines: Vec::new(),
        price_source: None,
        refusal_kind: Some(row.kind),
        row: shown,
    };
    Ok((detail, ownership))
}
