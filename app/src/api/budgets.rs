//! What the pages about reusable budgets ask.

use tollgate_control::budgets::{self, Sharers};
use tollgate_control::records::{self, Filter, Order};
use tollgate_control::{Control, ControlError, OpContext};
use tollgate_domain::actor::{Action, Resource};
use tollgate_domain::budget::Budget;

use super::{ServerError, op_may, person};
use crate::kit::{Choices, ListQuery, MOST_CHOICES};

/// Rows of a page.
const PAGE: u32 = 50;

/// A page of budgets, each with who shares it.
#[derive(Clone, Debug, PartialEq)]
pub struct BudgetsView {
    pub rows: Vec<(Budget, Sharers)>,
    pub next: Option<String>,
    pub may_create: bool,
}

/// One budget.
#[derive(Clone, Debug, PartialEq)]
pub struct BudgetView {
    pub budget: Budget,
    pub sharers: Sharers,
    pub may_change: bool,
    pub created_by: String,
    pub updated_by: String,
}

/// A page of budgets, by name.
pub async fn list_budgets(list: ListQuery) -> Result<BudgetsView, ServerError> {
    let (control, op) = crate::server::op_context().await?;
    let filter = Filter { search: list.get("q"), order: Order::Name, ..Filter::default() };
    let page = records::list::<Budget>(&control, &op, &filter, list.after().as_ref(), PAGE).await?;
    let mut sharers = budgets::sharers(&control, &op, &page.items).await?;
    let rows = page.items.into_iter().map(|budget| {
        let of = sharers.remove(budget.id.as_str()).unwrap_or_default();
        (budget, of)
    });
    let may_create = op_may(&op, Action::Create, Resource::Budget);
    Ok(BudgetsView { rows: rows.collect(), next: page.next, may_create })
}

/// One budget by its id.
pub async fn get_budget(id: String) -> Result<BudgetView, ServerError> {
    let (control, op) = crate::server::op_context().await?;
    let budget: Budget = records::get(&control, &op, &id).await?;
    let mut sharers = budgets::sharers(&control, &op, std::slice::from_ref(&budget)).await?;
    let created_by = person(&control, &budget.meta.created_by).await;
    let updated_by = person(&control, &budget.meta.updated_by).await;
    let may_change = op_may(&op, Action::Update, Resource::Budget);
    let sharers = sharers.remove(&id).unwrap_or_default();
    Ok(BudgetView { budget, sharers, may_change, created_by, updated_by })
}

/// Whether the viewer may make something of this kind: for its form.
pub async fn may_create(resource: Resource) -> Result<(), ServerError> {
    let (_, op) = crate::server::op_context().await?;
    if op_may(&op, Action::Create, resource) { Ok(()) } else { Err(ServerError::Denied) }
}

/// The budgets that something can share.
pub(crate) async fn shared_budgets(control: &Control, op: &OpContext) -> Result<Choices, ControlError> {
    let filter = Filter { order: Order::Name, ..Filter::default() };
    let page = records::list::<Budget>(control, op, &filter, None, u32::try_from(MOST_CHOICES).unwrap_or(200)).await?;
    let known = page.items.into_iter().map(|budget| (budget.id.to_string(), budget.name)).collect();
    Ok(Choices { known, more: page.next.is_some() })
}
