//! What the pages about keys ask.

use tollgate_domain::key::KeyStatus;
use tollgate_domain::summary::RequestRow;
use tollgate_domain::{Nanos, Timestamp};

use super::ServerError;
use crate::kit::ListQuery;

const STATUSES: [KeyStatus; 4] = [KeyStatus::Active, KeyStatus::Blocked, KeyStatus::Expired, KeyStatus::Deleted];

/// Rows of a page of keys.
const PAGE: u32 = 50;

/// The latest requests on a key's page.
const LATEST: u32 = 10;

/// A key as pages show it: without its digest, and without what people wrote into its metadata.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyView {
    pub id: String,
    /// `sk-...abcd`
    pub hint: String,
    pub alias: Option<String>,
    /// Empty: every model.
    pub models: Vec<String>,
    pub status: KeyStatus,
    pub blocked: bool,
    pub expires_at: Option<Timestamp>,
    pub user_id: Option<String>,
    pub team_id: Option<String>,
    pub metadata_names: Vec<String>,
    /// LiteLLM's fields that are kept and not acted on.
    pub setting_names: Vec<String>,
    pub created_at: Timestamp,
    pub created_by: String,
    pub updated_at: Timestamp,
    pub updated_by: String,
    pub deleted_at: Option<Timestamp>,
    pub version: i64,
    pub calls: i64,
    pub spent: Nanos,
    pub last_used_at: Option<Timestamp>,
}

impl KeyView {
    /// What people call it.
    pub fn label(&self) -> &str {
        self.alias.as_deref().unwrap_or(&self.hint)
    }
}

impl From<tollgate_domain::summary::KeyRow> for KeyView {
    fn from(row: tollgate_domain::summary::KeyRow) -> Self {
        let key = row.key;
        Self {
            id: key.id.to_string(),
            hint: key.hint,
            alias: key.alias,
            models: key.models.iter().map(|model| model.as_str().to_owned()).collect(),
            status: row.status,
            blocked: key.blocked,
            expires_at: key.expires_at,
            user_id: key.user_id.map(|id| id.to_string()),
            team_id: key.team_id.map(|id| id.to_string()),
            metadata_names: key.metadata.keys().cloned().collect(),
            setting_names: key.settings.keys().cloned().collect(),
            created_at: key.meta.created_at,
            created_by: key.meta.created_by,
            updated_at: key.meta.updated_at,
            updated_by: key.meta.updated_by,
            deleted_at: key.meta.deleted_at,
            version: key.meta.version,
            calls: row.calls,
            spent: row.spent,
            last_used_at: row.last_used_at,
        }
    }
}

/// A page of keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeysView {
    pub rows: Vec<KeyView>,
    /// The cursor of the next page.
    pub next: Option<String>,
    /// Whether whoever looks may change keys.
    pub may_change: bool,
}

/// One key, with what its page needs.
#[derive(Clone, Debug, PartialEq)]
pub struct KeyDetailView {
    pub key: KeyView,
    /// The latest, newest first.
    pub requests: Vec<RequestRow>,
    /// Every model's name that a key may be given.
    pub models: Vec<String>,
    pub may_change: bool,
    /// The server's time: the browser must come to the same words.
    pub now: Timestamp,
}

/// What the form of a new key needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewKeyView {
    pub models: Vec<String>,
    pub may_change: bool,
}

/// A page of keys, newest first.
pub async fn list_keys(list: ListQuery) -> Result<KeysView, ServerError> {
    use tollgate_control::keys::{self, KeyFilter};

    let (control, op) = crate::server::op_context().await?;
    let status = list.get("status").and_then(|text| STATUSES.into_iter().find(|status| status.as_str() == text));
    let filter = KeyFilter { search: list.get("q"), status, ..KeyFilter::default() };
    let page = keys::list(&control, &op, &filter, list.after(), PAGE).await?;
    Ok(KeysView {
        rows: page.items.into_iter().map(KeyView::from).collect(),
        next: page.next,
        may_change: may_change(&op),
    })
}

/// Keys that somebody is about to do something to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChosenKeysView {
    pub keys: Vec<KeyView>,
    /// The server's time.
    pub now: Timestamp,
}

/// The keys of these ids that there are, at most a page of them.
pub async fn keys_of_ids(ids: Vec<String>) -> Result<ChosenKeysView, ServerError> {
    use tollgate_control::ControlError;
    use tollgate_control::keys::{self, KeyRef};
    use tollgate_domain::ids::KeyId;

    let (control, op) = crate::server::op_context().await?;
    let mut found = Vec::new();
    for id in ids.iter().filter_map(|id| KeyId::parse(id)).take(PAGE as usize) {
        match keys::get(&control, &op, &KeyRef::Id(id)).await {
            Ok(row) => found.push(KeyView::from(row)),
            Err(ControlError::NotFound { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(ChosenKeysView { keys: found, now: control.clock().now() })
}

/// One key by its id.
pub async fn get_key(id: String) -> Result<KeyDetailView, ServerError> {
    use tollgate_control::keys::{self, KeyRef};
    use tollgate_control::requests;
    use tollgate_domain::ids::KeyId;
    use tollgate_domain::summary::RequestFilter;

    let (control, op) = crate::server::op_context().await?;
    let found = match KeyId::parse(&id) {
        Some(id) => keys::get(&control, &op, &KeyRef::Id(id)).await.map_err(ServerError::from),
        None => Err(ServerError::NotFound),
    };
    let mut key = KeyView::from(found?);
    key.created_by = person(&control, &key.created_by).await;
    key.updated_by = person(&control, &key.updated_by).await;
    let filter = RequestFilter { key: Some(key.id.clone()), ..RequestFilter::default() };
    let requests = requests::list(&control, &op, &filter, None, LATEST).await?.items;
    let models = model_names(&control, &op).await?;
    Ok(KeyDetailView { key, requests, models, may_change: may_change(&op), now: control.clock().now() })
}

/// What the form of a new key needs.
pub async fn new_key_form() -> Result<NewKeyView, ServerError> {
    let (control, op) = crate::server::op_context().await?;
    Ok(NewKeyView { models: model_names(&control, &op).await?, may_change: may_change(&op) })
}

/// Every name that a caller may ask for: models and their aliases, sorted.
pub(crate) async fn model_names(
    control: &tollgate_control::Control,
    op: &tollgate_control::OpContext,
) -> Result<Vec<String>, ServerError> {
    let rows = tollgate_control::models::list(control, op).await?;
    let mut names: Vec<_> = rows.into_iter().flat_map(|row| [vec![row.model], row.aliases].concat()).collect();
    names.sort();
    names.dedup();
    Ok(names)
}

fn may_change(op: &tollgate_control::OpContext) -> bool {
    use tollgate_domain::actor::{Action, Resource};
    super::op_may(op, Action::Update, Resource::Key)
}

/// Who is behind a `created_by`, for people.
pub(crate) async fn person(control: &tollgate_control::Control, label: &str) -> String {
    match label {
        "master_key" => return "the master key".to_owned(),
        "system" => return "the command line".to_owned(),
        _ => {}
    }
    match tollgate_control::access::label(control, label).await {
        Ok(Some(name)) => name,
        // Whoever it was, the id still finds the audit log's lines.
        Ok(None) | Err(_) => label.to_owned(),
    }
}
