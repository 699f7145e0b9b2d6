//! Where the search looks. A new kind of thing adds a function and a line in [`search`].

use tollgate_control::keys::{self, KeyFilter};
use tollgate_control::records::{self, Filter, Order};
use tollgate_control::{Control, ControlError, Managed, OpContext, models, requests};
use tollgate_domain::actor::{Action, Resource};
use tollgate_domain::credential::Credential;
use tollgate_domain::organisation::Organisation;
use tollgate_domain::team::Team;
use tollgate_domain::user::User;
use tollgate_store::Table;

use super::Hit;
use crate::ServerError;
use crate::pages::{credential_href, key_href, model_href, organisation_href, request_href, team_href, user_href};

/// Hits of one kind.
const EACH: u32 = 6;

/// What is behind so many characters is not looked at.
const LONGEST: usize = 200;

pub async fn search(control: &Control, op: &OpContext, text: &str) -> Result<Vec<Hit>, ServerError> {
    let text = text.trim();
    let text = &text[..text.floor_char_boundary(LONGEST)];
    if text.is_empty() {
        return Ok(Vec::new());
    }
    let mut hits = Vec::new();
    hits.extend(allowed(credentials_called(control, op, text).await)?);
    hits.extend(allowed(keys_called(control, op, text).await)?);
    hits.extend(allowed(models_called(control, op, text).await)?);
    hits.extend(allowed(organisations_called(control, op, text).await)?);
    hits.extend(allowed(teams_called(control, op, text).await)?);
    hits.extend(allowed(users_called(control, op, text).await)?);
    hits.extend(allowed(request_of_id(control, op, text).await)?);
    Ok(hits)
}

/// What somebody may not see is not there.
fn allowed(found: Result<Vec<Hit>, ControlError>) -> Result<Vec<Hit>, ServerError> {
    match found {
        Ok(hits) => Ok(hits),
        Err(ControlError::Denied { .. } | ControlError::NotFound { .. }) => Ok(Vec::new()),
        Err(error) => Err(error.into()),
    }
}

async fn credentials_called(control: &Control, op: &OpContext, text: &str) -> Result<Vec<Hit>, ControlError> {
    if !op.allowed_somewhere(Action::Read, Resource::Credential) {
        return Ok(Vec::new());
    }
    let filter = Filter { search: Some(text.to_owned()), ..Filter::default() };
    let page = records::list::<Credential>(control, op, &filter, None, EACH).await?;
    let hit = |one: Credential| {
        Hit::new("Credential", one.id.as_str(), one.provider.unwrap_or_default(), credential_href(one.id.as_str()))
    };
    Ok(page.items.into_iter().map(hit).collect())
}

async fn keys_called(control: &Control, op: &OpContext, text: &str) -> Result<Vec<Hit>, ControlError> {
    let filter = KeyFilter { search: Some(text.to_owned()), ..KeyFilter::default() };
    let page = keys::list(control, op, &filter, None, EACH).await?;
    let hit = |row: tollgate_domain::summary::KeyRow| {
        Hit::new("Key", row.key.label(), row.key.hint.clone(), key_href(&row.key.id.to_string()))
    };
    Ok(page.items.into_iter().map(hit).collect())
}

async fn models_called(control: &Control, op: &OpContext, text: &str) -> Result<Vec<Hit>, ControlError> {
    let rows = models::list(control, op).await?;
    let hits = rows.into_iter().filter(|row| !row.model.contains('*')).map(|row| {
        let href = model_href(&row.deployment_id);
        Hit::new("Model", row.model, row.provider, href)
    });
    let mut hits: Vec<_> = hits.filter(|hit| hit.matches(text)).collect();
    hits.dedup_by(|a, b| a.label == b.label);
    hits.truncate(usize::try_from(EACH).unwrap_or_default());
    Ok(hits)
}

async fn organisations_called(control: &Control, op: &OpContext, text: &str) -> Result<Vec<Hit>, ControlError> {
    let found = called::<Organisation>(control, op, text).await?;
    Ok(found
        .into_iter()
        .map(|one| Hit::new("Organisation", one.name, "", organisation_href(one.id.as_str())))
        .collect())
}

async fn teams_called(control: &Control, op: &OpContext, text: &str) -> Result<Vec<Hit>, ControlError> {
    let found = called::<Team>(control, op, text).await?;
    Ok(found.into_iter().map(|team| Hit::new("Team", team.name, "", team_href(team.id.as_str()))).collect())
}

async fn users_called(control: &Control, op: &OpContext, text: &str) -> Result<Vec<Hit>, ControlError> {
    let found = called::<User>(control, op, text).await?;
    let hit = |user: User| {
        let note = user.email.clone().filter(|email| email != user.label()).unwrap_or_default();
        Hit::new("User", user.label(), note, user_href(user.id.as_str()))
    };
    Ok(found.into_iter().map(hit).collect())
}

/// Records that are called so, for whoever may see any.
async fn called<T: Managed + Table>(control: &Control, op: &OpContext, text: &str) -> Result<Vec<T>, ControlError> {
    if !op.allowed_somewhere(Action::Read, <T as Managed>::RESOURCE) {
        return Ok(Vec::new());
    }
    let filter = Filter { search: Some(text.to_owned()), order: Order::Name, ..Filter::default() };
    Ok(records::list(control, op, &filter, None, EACH).await?.items)
}

/// A request by its whole id or its call's.
async fn request_of_id(control: &Control, op: &OpContext, text: &str) -> Result<Vec<Hit>, ControlError> {
    // Shorter than any id: no need to ask.
    if text.len() < 16 || text.contains(char::is_whitespace) {
        return Ok(Vec::new());
    }
    let detail = requests::get(control, op, text).await?;
    let model = detail.row.model.unwrap_or_default();
    Ok(vec![Hit::new("Request", detail.row.call_id, model, request_href(&detail.row.id))])
}
