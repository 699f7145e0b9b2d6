//! What the pages about tags, end customers and access groups ask.

use tollgate_control::records::{self, Filter, Order};
use tollgate_control::{Control, Managed, OpContext};
use tollgate_domain::access_group::AccessGroup;
use tollgate_domain::actor::{Action, Resource};
use tollgate_domain::customer::Customer;
use tollgate_domain::tag::Tag;
use tollgate_store::Table;

use super::{ServerError, model_names, op_may, person, shared_budgets};
use crate::kit::{Choices, ListQuery};

/// Rows of a page.
const PAGE: u32 = 50;

/// A page of records of one kind.
#[derive(Clone, Debug, PartialEq)]
pub struct RecordsView<T> {
    pub rows: Vec<T>,
    pub next: Option<String>,
    pub may_create: bool,
    /// Names of the budgets that rows can share.
    pub budgets: Choices,
}

/// What the form of a record needs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RecordFormView {
    pub models: Vec<String>,
    pub budgets: Choices,
}

/// One record.
#[derive(Clone, Debug, PartialEq)]
pub struct RecordView<T> {
    pub record: T,
    pub form: RecordFormView,
    pub may_change: bool,
    pub created_by: String,
    pub updated_by: String,
}

pub async fn list_tags(list: ListQuery) -> Result<RecordsView<Tag>, ServerError> {
    page(list, Order::Name).await
}

pub async fn get_tag(id: String) -> Result<RecordView<Tag>, ServerError> {
    one(id).await
}

pub async fn list_customers(list: ListQuery) -> Result<RecordsView<Customer>, ServerError> {
    page(list, Order::NewestFirst).await
}

pub async fn get_customer(id: String) -> Result<RecordView<Customer>, ServerError> {
    one(id).await
}

pub async fn list_access_groups(list: ListQuery) -> Result<RecordsView<AccessGroup>, ServerError> {
    page(list, Order::Name).await
}

pub async fn get_access_group(id: String) -> Result<RecordView<AccessGroup>, ServerError> {
    one(id).await
}

/// What the form of something new needs, for those who may make one.
pub async fn new_record_form(resource: Resource) -> Result<RecordFormView, ServerError> {
    let (control, op) = crate::server::op_context().await?;
    if !op_may(&op, Action::Create, resource) {
        return Err(ServerError::Denied);
    }
    form(&control, &op).await
}

async fn form(control: &Control, op: &OpContext) -> Result<RecordFormView, ServerError> {
    Ok(RecordFormView { models: model_names(control, op).await?, budgets: shared_budgets(control, op).await? })
}

async fn page<T: Managed + Table>(list: ListQuery, order: Order) -> Result<RecordsView<T>, ServerError> {
    let (control, op) = crate::server::op_context().await?;
    let blocked = list.get("status").map(|status| status == "blocked");
    let filter = Filter { search: list.get("q"), budget_id: list.get("budget"), blocked, order, ..Filter::default() };
    let page = records::list::<T>(&control, &op, &filter, list.after().as_ref(), PAGE).await?;
    let budgets = shared_budgets(&control, &op).await?;
    let may_create = op_may(&op, Action::Create, <T as Managed>::RESOURCE);
    Ok(RecordsView { rows: page.items, next: page.next, may_create, budgets })
}

async fn one<T: Managed + Table>(id: String) -> Result<RecordView<T>, ServerError> {
    let (control, op) = crate::server::op_context().await?;
    let record: T = records::get(&control, &op, &id).await?;
    let meta = Managed::meta(&record).clone();
    Ok(RecordView {
        record,
        form: form(&control, &op).await?,
        may_change: op_may(&op, Action::Update, <T as Managed>::RESOURCE),
        created_by: person(&control, &meta.created_by).await,
        updated_by: person(&control, &meta.updated_by).await,
    })
}
