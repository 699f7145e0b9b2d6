//! What the pages about keys ask.

use std::collections::{BTreeMap, HashMap};

use serde_json::{Map, Value};
use tollgate_control::{ControlError, Managed, records};
use tollgate_domain::access_group::AccessGroup;
use tollgate_domain::actor::{Action, Place, Resource};
use tollgate_domain::budget::Budget;
use tollgate_domain::choice;
use tollgate_domain::key::{KeyStatus, KeyType};
use tollgate_domain::limits::Limits;
use tollgate_domain::organisation::Organisation;
use tollgate_domain::summary::{KeyRow, RequestRow};
use tollgate_domain::team::Team;
use tollgate_domain::user::User;
use tollgate_domain::{Nanos, Timestamp};

use super::ServerError;
use super::choices::{choices, meant, name_of};
use crate::kit::{Choices, ListQuery};

const STATUSES: [KeyStatus; 4] = [KeyStatus::Active, KeyStatus::Blocked, KeyStatus::Expired, KeyStatus::Deleted];

/// Rows of a page of keys.
const PAGE: u32 = 50;

/// The latest requests on a key's page.
const LATEST: u32 = 10;

/// A key as pages show it: without its digest.
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
    /// What people call the person whose it is.
    pub user: Option<String>,
    pub team_id: Option<String>,
    /// The team's name, for whoever may see it.
    pub team: Option<String>,
    pub organisation_id: Option<String>,
    pub key_type: KeyType,
    pub allowed_routes: Vec<String>,
    pub access_groups: Vec<String>,
    pub tags: Vec<String>,
    pub model_aliases: BTreeMap<String, String>,
    pub budget_id: Option<String>,
    pub limits: Limits,
    pub rotation: Option<RotationView>,
    pub metadata: Map<String, Value>,
    /// What is milder than refusing.
    pub mildness: choice::Choices,
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

/// When a key is exchanged by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RotationView {
    pub interval_seconds: i64,
    pub grace_seconds: i64,
    pub next_at: Timestamp,
    /// A new text waits to be collected.
    pub is_waiting: bool,
}

/// In a key's metadata: it is a service account's, and nobody's in person. LiteLLM's name for it.
pub const SERVICE_ACCOUNT: &str = "service_account_id";

impl KeyView {
    /// What people call it.
    pub fn label(&self) -> &str {
        self.alias.as_deref().unwrap_or(&self.hint)
    }

    pub fn is_service_account(&self) -> bool {
        self.metadata.contains_key(SERVICE_ACCOUNT)
    }

    /// The team's name, or its id for whoever may not see it.
    pub fn team_label(&self) -> Option<&str> {
        self.team.as_deref().or(self.team_id.as_deref())
    }
}

/// The same keys, with the names of those whose they are.
pub(super) async fn views(
    control: &tollgate_control::Control,
    op: &tollgate_control::OpContext,
    rows: Vec<KeyRow>,
) -> Result<Vec<KeyView>, ServerError> {
    let mut users: Vec<_> = rows.iter().filter_map(|row| row.key.user_id.clone()).collect();
    users.sort();
    users.dedup();
    let users = tollgate_control::people::labels(control, &users).await?;
    let mut ids: Vec<_> = rows.iter().filter_map(|row| row.key.team_id.as_ref().map(ToString::to_string)).collect();
    ids.sort();
    ids.dedup();
    let mut teams = HashMap::new();
    if !ids.is_empty() && super::op_may(op, Action::Read, Resource::Team) {
        let most = ids.len();
        let filter = records::Filter { ids: Some(ids), ..records::Filter::default() };
        let found = records::list_all::<Team>(control, op, &filter, most).await?;
        teams.extend(found.into_iter().map(|team| (team.id, team.name)));
    }
    let view = |row: KeyRow| {
        let (user, team) = (row.key.user_id.clone(), row.key.team_id.clone());
        let mut view = KeyView::from(row);
        view.user = user.and_then(|id| users.get(&id).cloned());
        view.team = team.and_then(|id| teams.get(&id).cloned());
        view
    };
    Ok(rows.into_iter().map(view).collect())
}

/// Whether a field of this name is only kept.
fn is_idle(name: &str) -> bool {
    !choice::NAMES.contains(&name)
}

impl From<KeyRow> for KeyView {
    fn from(row: KeyRow) -> Self {
        let key = row.key;
        let mildness = key.choices();
        let texts = |ids: Vec<tollgate_domain::ids::AccessGroupId>| ids.iter().map(ToString::to_string).collect();
        Self {
            id: key.id.to_string(),
            hint: key.hint,
            alias: key.alias,
            models: key.models.iter().map(|model| model.as_str().to_owned()).collect(),
            status: row.status,
            blocked: key.blocked,
            expires_at: key.expires_at,
            user_id: key.user_id.map(|id| id.to_string()),
            user: None,
            team_id: key.team_id.map(|id| id.to_string()),
            team: None,
            organisation_id: key.organisation_id.map(|id| id.to_string()),
            key_type: key.key_type,
            allowed_routes: key.allowed_routes,
            access_groups: texts(key.access_groups),
            tags: key.tags,
            model_aliases: key.model_aliases,
            budget_id: key.budget_id.map(|id| id.to_string()),
            limits: key.limits,
            rotation: key.rotation.map(|rotation| RotationView {
                interval_seconds: rotation.interval_seconds,
                grace_seconds: rotation.grace_seconds,
                next_at: rotation.next_at,
                is_waiting: rotation.pending.is_some(),
            }),
            metadata: key.metadata,
            mildness,
            setting_names: key.settings.into_iter().map(|(name, _)| name).filter(|name| is_idle(name)).collect(),
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
    /// The names of what is filtered by.
    pub user: Option<String>,
    pub team: Option<String>,
    pub organisation: Option<String>,
}

/// One key, with what its page needs.
#[derive(Clone, Debug, PartialEq)]
pub struct KeyDetailView {
    pub key: KeyView,
    /// The latest, newest first.
    pub requests: Vec<RequestRow>,
    /// What the form needs; `None` for whoever may not change the key.
    pub form: Option<KeyFormView>,
    /// The server's time: the browser must come to the same words.
    pub now: Timestamp,
}

/// What the form of a key needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyFormView {
    /// Every model's name that a key may be given.
    pub models: Vec<String>,
    pub people: Choices,
    pub teams: Choices,
    pub organisations: Choices,
    pub budgets: Choices,
    pub access_groups: Choices,
    /// The id of whoever looks.
    pub me: String,
    /// Whether a key may be anybody's, or nobody's.
    pub for_anybody: bool,
    pub may_create: bool,
}

async fn form_view(
    control: &tollgate_control::Control,
    op: &tollgate_control::OpContext,
) -> Result<KeyFormView, ServerError> {
    Ok(KeyFormView {
        models: model_names(control, op).await?,
        people: choices::<User>(control, op).await?,
        teams: choices::<Team>(control, op).await?,
        organisations: choices::<Organisation>(control, op).await?,
        budgets: choices::<Budget>(control, op).await?,
        access_groups: choices::<AccessGroup>(control, op).await?,
        me: op.actor.user_id().map(ToString::to_string).unwrap_or_default(),
        for_anybody: op.may(Action::Create, Resource::Key, &Place::default()),
        may_create: super::op_may(op, Action::Create, Resource::Key),
    })
}

/// A page of keys, newest first.
pub async fn list_keys(list: ListQuery) -> Result<KeysView, ServerError> {
    use tollgate_control::keys::{self, KeyFilter};

    let (control, op) = crate::server::op_context().await?;
    let status = list.get("status").and_then(|text| STATUSES.into_iter().find(|status| status.as_str() == text));
    let (mut user, mut team, mut organisation) = (list.get("user"), list.get("team"), list.get("organisation"));
    if let Some(text) = user.take() {
        user = Some(meant::<User>(&control, &op, text).await?);
    }
    if let Some(text) = team.take() {
        team = Some(meant::<Team>(&control, &op, text).await?);
    }
    if let Some(text) = organisation.take() {
        organisation = Some(meant::<Organisation>(&control, &op, text).await?);
    }
    let filter = KeyFilter {
        search: list.get("q"),
        status,
        user_id: user.clone(),
        team_id: team.clone(),
        organisation_id: organisation.clone(),
        ..KeyFilter::default()
    };
    let page = keys::list(&control, &op, &filter, list.after(), PAGE).await?;
    let mut view = KeysView {
        rows: views(&control, &op, page.items).await?,
        next: page.next,
        may_change: super::op_may(&op, Action::Update, Resource::Key),
        user: None,
        team: None,
        organisation: None,
    };
    if let Some(id) = user {
        view.user = Some(name_of::<User>(&control, &op, &id).await?);
    }
    if let Some(id) = team {
        view.team = Some(name_of::<Team>(&control, &op, &id).await?);
    }
    if let Some(id) = organisation {
        view.organisation = Some(name_of::<Organisation>(&control, &op, &id).await?);
    }
    Ok(view)
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
    let row = found?;
    let place = Managed::place(&row.key, control.store(), Action::Update).await.map_err(ControlError::from)?;
    let may_change = op.may(Action::Update, Resource::Key, &place);
    let mut key = views(&control, &op, vec![row]).await?.pop().ok_or(ServerError::NotFound)?;
    key.created_by = person(&control, &key.created_by).await;
    key.updated_by = person(&control, &key.updated_by).await;
    let filter = RequestFilter { key: Some(key.id.clone()), ..RequestFilter::default() };
    let requests = requests::list(&control, &op, &filter, None, LATEST).await?.items;
    let form = if may_change { Some(form_view(&control, &op).await?) } else { None };
    Ok(KeyDetailView { key, requests, form, now: control.clock().now() })
}

/// What the form of a new key needs.
pub async fn new_key_form() -> Result<KeyFormView, ServerError> {
    let (control, op) = crate::server::op_context().await?;
    form_view(&control, &op).await
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
