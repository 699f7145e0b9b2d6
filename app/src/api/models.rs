//! What the pages about models ask.

use serde_json::{Map, Value};
use tollgate_control::models::{self, Provider};
use tollgate_control::records::{self, Filter};
use tollgate_control::{Control, ControlError, OpContext};
use tollgate_domain::Timestamp;
use tollgate_domain::actor::{Action, Resource};
use tollgate_domain::credential::Credential;
use tollgate_domain::deployment::StoredDeployment;
use tollgate_domain::page::Cursor;
use tollgate_domain::record::Meta;
use tollgate_domain::sealed::Sealed;
use tollgate_domain::summary::ModelRow;

use super::{ServerError, op_may, person};
use crate::kit::ListQuery;

/// Models of a page.
const PAGE: usize = 100;

/// The most models of the database that are read.
const MOST: usize = 10_000;

/// Credentials that a form offers.
const MOST_CREDENTIALS: usize = 500;

/// A secret that is kept: that it is there, never what it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretView {
    /// `api_key`
    pub name: String,
    /// The beginning of a keyed digest: two of the same are the same secret.
    pub fingerprint: String,
}

impl SecretView {
    pub(crate) fn of((name, sealed): (&String, &Sealed)) -> Self {
        Self { name: name.clone(), fingerprint: sealed.fingerprint.chars().take(8).collect() }
    }
}

/// A model of the database, as it was written.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredModelView {
    pub id: String,
    pub model: String,
    /// `litellm_params` without secrets.
    pub params: Map<String, Value>,
    /// Empty too for those who may not see that there are any.
    pub secrets: Vec<SecretView>,
    pub credential: Option<String>,
    /// `model_info`
    pub info: Map<String, Value>,
    pub blocked: bool,
    pub meta: Meta,
}

impl StoredModelView {
    fn new(stored: StoredDeployment, with_secrets: bool) -> Self {
        let secrets = if with_secrets { stored.secrets.iter().map(SecretView::of).collect() } else { Vec::new() };
        Self {
            id: stored.id.to_string(),
            model: stored.model.as_str().to_owned(),
            params: stored.params,
            secrets,
            credential: stored.credential.map(|id| id.to_string()),
            info: stored.info,
            blocked: stored.blocked,
            meta: stored.meta,
        }
    }

    /// A parameter as text.
    pub fn param(&self, name: &str) -> Option<String> {
        text(self.params.get(name))
    }

    /// One of `model_info`, as text.
    pub fn info(&self, name: &str) -> Option<String> {
        text(self.info.get(name))
    }
}

fn text(value: Option<&Value>) -> Option<String> {
    match value? {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

/// A model: one that can be called, one that the database keeps, or both.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelItem {
    /// `None`: it gets no calls, because it is blocked or can't be called as it is written.
    pub row: Option<ModelRow>,
    /// `None`: it is configured elsewhere, and can't be changed here.
    pub stored: Option<StoredModelView>,
}

impl ModelItem {
    pub fn id(&self) -> &str {
        match (&self.row, &self.stored) {
            (Some(row), _) => &row.deployment_id,
            (None, Some(stored)) => &stored.id,
            (None, None) => "",
        }
    }

    /// What callers ask for.
    pub fn model(&self) -> &str {
        match (&self.row, &self.stored) {
            (Some(row), _) => &row.model,
            (None, Some(stored)) => &stored.model,
            (None, None) => "",
        }
    }

    fn matches(&self, search: &str) -> bool {
        let mut texts = vec![self.id().to_owned(), self.model().to_owned()];
        if let Some(row) = &self.row {
            texts.extend([row.provider.clone(), row.upstream_model.clone()]);
        }
        texts.extend(self.stored.as_ref().and_then(|stored| stored.param("model")));
        let search = search.to_lowercase();
        texts.iter().any(|text| text.to_lowercase().contains(&search))
    }
}

/// The models that there are.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ModelsView {
    /// Those of the configuration in its order, then those that only the database knows.
    pub rows: Vec<ModelItem>,
    /// The cursor of the next page.
    pub next: Option<String>,
    /// How many match.
    pub total: usize,
    /// The server's time: the browser must come to the same words.
    pub now: Timestamp,
    pub may_create: bool,
}

/// One model, with what its page needs.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelDetailView {
    pub item: ModelItem,
    pub now: Timestamp,
    /// Whether whoever looks may change it: never one of the file.
    pub may_change: bool,
    pub form: ModelFormView,
    /// How many others answer the same name.
    pub others: usize,
    pub created_by: String,
    pub updated_by: String,
}

/// What the form of a model needs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ModelFormView {
    pub providers: Vec<Provider>,
    /// Names of credentials, with their provider.
    pub credentials: Vec<(String, Option<String>)>,
}

impl ModelFormView {
    pub fn provider(&self, name: &str) -> Option<&Provider> {
        self.providers.iter().find(|provider| provider.name == name)
    }
}

async fn items(control: &Control, op: &OpContext) -> Result<Vec<ModelItem>, ControlError> {
    let rows = models::list(control, op).await?;
    let with_secrets = op_may(op, Action::Read, Resource::Credential);
    let stored: Vec<StoredDeployment> = records::list_all(control, op, &Filter::default(), MOST).await?;
    let mut stored: Vec<_> = stored.into_iter().map(|one| StoredModelView::new(one, with_secrets)).collect();
    let mut items: Vec<_> = rows
        .into_iter()
        .map(|row| {
            let of_database = row.origin == "database";
            let at = stored.iter().position(|stored| of_database && stored.id == row.deployment_id);
            ModelItem { stored: at.map(|at| stored.swap_remove(at)), row: Some(row) }
        })
        .collect();
    stored.sort_by(|a, b| (&a.model, &a.id).cmp(&(&b.model, &b.id)));
    items.extend(stored.into_iter().map(|stored| ModelItem { row: None, stored: Some(stored) }));
    Ok(items)
}

/// A page of models.
pub async fn list_models(list: ListQuery) -> Result<ModelsView, ServerError> {
    let (control, op) = crate::server::op_context().await?;
    let mut rows = items(&control, &op).await?;
    rows.retain(|item| {
        list.get("q").is_none_or(|search| item.matches(&search))
            && list.get("origin").is_none_or(|origin| item.stored.is_some() == (origin == "database"))
    });
    let total = rows.len();
    // All of them are in memory: a cursor is a place in the list.
    let begin = list.after().and_then(|cursor| usize::try_from(cursor.at).ok()).unwrap_or(0).min(total);
    let end = total.min(begin + PAGE);
    let next = (end < total).then(|| Cursor { at: i64::try_from(end).unwrap_or(i64::MAX), id: String::new() }.encode());
    let rows = rows.drain(begin..end).collect();
    let may_create = op_may(&op, Action::Create, Resource::Model);
    Ok(ModelsView { rows, next, total, now: control.clock().now(), may_create })
}

/// One model by its deployment's id.
pub async fn get_model(id: String) -> Result<ModelDetailView, ServerError> {
    let (control, op) = crate::server::op_context().await?;
    let mut all = items(&control, &op).await?;
    let at = all.iter().position(|item| item.id() == id).ok_or(ServerError::NotFound)?;
    let item = all.swap_remove(at);
    let others = all.iter().filter(|other| other.row.is_some() && other.model() == item.model()).count();
    let may_change = item.stored.is_some() && op_may(&op, Action::Update, Resource::Model);
    let form = if may_change { form_view(&control, &op).await? } else { ModelFormView::default() };
    let (mut created_by, mut updated_by) = (String::new(), String::new());
    if let Some(stored) = &item.stored {
        created_by = person(&control, &stored.meta.created_by).await;
        updated_by = person(&control, &stored.meta.updated_by).await;
    }
    Ok(ModelDetailView { item, now: control.clock().now(), may_change, form, others, created_by, updated_by })
}

/// What the form of a new model needs.
pub async fn new_model_form() -> Result<ModelFormView, ServerError> {
    let (control, op) = crate::server::op_context().await?;
    if !op_may(&op, Action::Create, Resource::Model) {
        return Err(ServerError::Denied);
    }
    Ok(form_view(&control, &op).await?)
}

async fn form_view(control: &Control, op: &OpContext) -> Result<ModelFormView, ControlError> {
    let providers = models::providers(control, op).await?;
    let filter = Filter { order: records::Order::Name, ..Filter::default() };
    let credentials: Vec<Credential> = records::list_all(control, op, &filter, MOST_CREDENTIALS).await?;
    let credentials = credentials.into_iter().map(|one| (one.id.to_string(), one.provider)).collect();
    Ok(ModelFormView { providers, credentials })
}
