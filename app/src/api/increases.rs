//! What the pages about requests for increases ask.

use std::collections::HashMap;

use tollgate_control::increases::{self, IncreaseFilter, IncreaseRow, Whose};
use tollgate_control::{ControlError, people};
use tollgate_domain::ids::UserId;
use tollgate_domain::increase::IncreaseState;
use tollgate_domain::ledger::AccountKind;

use super::{ServerError, person};
use crate::kit::ListQuery;

/// Rows of a page.
const PAGE: u32 = 50;

/// A page of requests for increases.
#[derive(Clone, Debug, PartialEq)]
pub struct IncreasesView {
    pub rows: Vec<IncreaseRow>,
    pub next: Option<String>,
    /// What those who ask are called.
    pub names: HashMap<UserId, String>,
    /// How many wait for the viewer.
    pub waiting: usize,
}

/// One request for an increase.
#[derive(Clone, Debug, PartialEq)]
pub struct IncreaseView {
    pub row: IncreaseRow,
    pub asker: String,
    pub decided_by: Option<String>,
    /// Who may decide it, as long as it is open.
    pub deciders: Vec<String>,
}

/// A page of requests, newest first: those that wait for the viewer, unless the address asks for others.
pub async fn list_increases(list: ListQuery) -> Result<IncreasesView, ServerError> {
    let (control, op) = crate::server::op_context().await?;
    let whose = match list.get("show").as_deref() {
        Some("own") => Whose::Own,
        Some("waiting") => Whose::ToDecide,
        _ => Whose::All,
    };
    let state = list.get("state").and_then(|text| IncreaseState::parse(&text));
    let filter = IncreaseFilter { whose, state };
    let page = increases::list(&control, &op, &filter, list.after().as_ref(), PAGE).await?;
    let mut askers: Vec<_> = page.items.iter().map(|row| row.request.asker.clone()).collect();
    askers.sort();
    askers.dedup();
    let names = people::labels(&control, &askers).await?;
    let waiting = increases::waiting(&control, &op).await?;
    Ok(IncreasesView { rows: page.items, next: page.next, names, waiting })
}

/// One request by its id.
pub async fn get_increase(id: String) -> Result<IncreaseView, ServerError> {
    let (control, op) = crate::server::op_context().await?;
    let row = increases::get(&control, &op, &id).await?;
    let asker = person(&control, row.request.asker.as_str()).await;
    let decided_by = match &row.request.decided_by {
        Some(by) => Some(person(&control, by).await),
        None => None,
    };
    let deciders = increases::deciders(&control, &op, &id).await?.iter().map(increases::Approver::text).collect();
    Ok(IncreaseView { row, asker, decided_by, deciders })
}

/// Who can raise the limits of an account, by name; nobody where the viewer may not see the account.
pub async fn approvers(account: AccountKind, id: String) -> Result<Vec<String>, ServerError> {
    let (control, op) = crate::server::op_context().await?;
    match increases::approvers(&control, &op, account, &id).await {
        Ok(found) => Ok(found.iter().map(increases::Approver::text).collect()),
        Err(ControlError::NotFound { .. } | ControlError::Invalid { .. }) => Ok(Vec::new()),
        Err(error) => Err(error.into()),
    }
}

/// How many requests wait for the viewer: nought where that can't be told.
pub async fn waiting_increases() -> usize {
    let Ok((control, op)) = crate::server::op_context().await else { return 0 };
    increases::waiting(&control, &op).await.unwrap_or_default()
}
