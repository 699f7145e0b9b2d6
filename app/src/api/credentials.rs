//! What the pages about credentials ask.

use serde_json::Value;
use tollgate_control::models;
use tollgate_control::records::{self, Filter, Order};
use tollgate_domain::actor::{Action, Resource};
use tollgate_domain::credential::Credential;
use tollgate_domain::record::Meta;

use super::{SecretView, ServerError, op_may, person};
use crate::kit::ListQuery;

/// Rows of a page.
const PAGE: u32 = 50;

/// A credential as pages show it: never what it holds.
#[derive(Clone, Debug, PartialEq)]
pub struct CredentialView {
    pub id: String,
    pub provider: Option<String>,
    pub values: Vec<SecretView>,
    pub description: Option<String>,
    /// Models that use it: id and name.
    pub models: Vec<(String, String)>,
    pub meta: Meta,
}

impl CredentialView {
    fn new(credential: Credential, models: Vec<(String, String)>) -> Self {
        Self {
            id: credential.id.to_string(),
            provider: credential.provider,
            values: credential.values.iter().map(SecretView::of).collect(),
            description: credential.info.get("description").and_then(Value::as_str).map(str::to_owned),
            models,
            meta: credential.meta,
        }
    }
}

/// A page of credentials.
#[derive(Clone, Debug, PartialEq)]
pub struct CredentialsView {
    pub rows: Vec<CredentialView>,
    pub next: Option<String>,
    pub may_create: bool,
}

/// One credential.
#[derive(Clone, Debug, PartialEq)]
pub struct CredentialDetailView {
    pub credential: CredentialView,
    pub may_change: bool,
    /// Names of providers that can be chosen.
    pub providers: Vec<String>,
    pub created_by: String,
    pub updated_by: String,
}

/// A page of credentials, by name.
pub async fn list_credentials(list: ListQuery) -> Result<CredentialsView, ServerError> {
    let (control, op) = crate::server::op_context().await?;
    let filter = Filter { search: list.get("q"), order: Order::Name, ..Filter::default() };
    let page = records::list::<Credential>(&control, &op, &filter, list.after().as_ref(), PAGE).await?;
    let mut uses = models::by_credential(&control, &op).await?;
    let rows = page
        .items
        .into_iter()
        .map(|credential| {
            let models = uses.remove(credential.id.as_str()).unwrap_or_default();
            CredentialView::new(credential, names(&models))
        })
        .collect();
    Ok(CredentialsView { rows, next: page.next, may_create: op_may(&op, Action::Create, Resource::Credential) })
}

/// One credential by its name.
pub async fn get_credential(id: String) -> Result<CredentialDetailView, ServerError> {
    let (control, op) = crate::server::op_context().await?;
    let credential: Credential = records::get(&control, &op, &id).await?;
    let models = models::by_credential(&control, &op).await?.remove(&id).unwrap_or_default();
    let created_by = person(&control, &credential.meta.created_by).await;
    let updated_by = person(&control, &credential.meta.updated_by).await;
    let may_change = op_may(&op, Action::Update, Resource::Credential);
    let providers = models::providers(&control, &op).await?.into_iter().map(|provider| provider.name).collect();
    let credential = CredentialView::new(credential, names(&models));
    Ok(CredentialDetailView { credential, may_change, providers, created_by, updated_by })
}

/// The providers that a new credential can be for.
pub async fn new_credential_form() -> Result<Vec<String>, ServerError> {
    let (control, op) = crate::server::op_context().await?;
    if !op_may(&op, Action::Create, Resource::Credential) {
        return Err(ServerError::Denied);
    }
    let providers = models::providers(&control, &op).await?;
    Ok(providers.into_iter().map(|provider| provider.name).filter(|name| name != "simulator").collect())
}

fn names(models: &[tollgate_domain::deployment::StoredDeployment]) -> Vec<(String, String)> {
    models.iter().map(|model| (model.id.to_string(), model.model.as_str().to_owned())).collect()
}
