//! Callers that show an OIDC access token instead of a key: who they are by what the token says, and by what is known
//! of them here.

use std::sync::Arc;
use std::time::Duration;

use moka::sync::Cache;
use serde_json::{Map, Value};
use tollgate_domain::Timestamp;
use tollgate_domain::ids::{KeyId, OrganisationId, TeamId, UserId};
use tollgate_domain::key::{KeyDigest, KeyType, VirtualKey};
use tollgate_domain::limits::Limits;
use tollgate_domain::model::ModelPattern;
use tollgate_domain::principal::Principal;
use tollgate_domain::record::no_meta;
use tollgate_domain::sso::Fault;
use tollgate_domain::team::Team;
use tollgate_domain::user::{User, normalise_email};
use tollgate_sso::{AccessTokens, Failure, VerifiedToken};
use tollgate_store::{Store, StoreError};

use crate::openai::error::CallError;

/// Tokens that were verified are remembered until they expire, as long as there are not too many.
const MOST_VERIFIED: u64 = 50_000;

/// How long a text is believed to be no good token.
const DISBELIEVED: Duration = Duration::from_secs(10);
const MOST_REFUSED: u64 = 10_000;

/// The most teams of one token that are looked at.
const MOST_TEAMS: usize = 50;

/// What the claims of a token say, by LiteLLM's names for it. A dot leads into an object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TokenRules {
    /// `user_id_jwt_field`: the person, by the subject of single sign-on or the id here. With it the person must be
    /// known here; without it, calls are their team's.
    pub user: Option<String>,
    /// `user_email_jwt_field`: the person, by the address, where the id is not known.
    pub email: Option<String>,
    /// `team_id_jwt_field`
    pub team: Option<String>,
    /// `team_ids_jwt_field`: the first that is known here.
    pub teams: Option<String>,
    /// `team_id_default`
    pub default_team: Option<TeamId>,
    /// `org_id_jwt_field`, for calls of no team.
    pub organisation: Option<String>,
    /// `scope_mappings`: which models a scope lets call. `None`: scopes say nothing.
    pub scopes: Option<Vec<(String, Vec<ModelPattern>)>>,
}

/// Who shows tokens.
pub struct TokenCallers {
    verifier: AccessTokens,
    rules: TokenRules,
    /// By the whole digest of the token: part of one would let one caller pass as another.
    verified: Cache<KeyDigest, Arc<VerifiedToken>>,
    refused: Cache<KeyDigest, CallError>,
}

impl TokenCallers {
    pub fn new(verifier: AccessTokens, rules: TokenRules) -> Self {
        Self {
            verifier,
            rules,
            verified: Cache::builder().max_capacity(MOST_VERIFIED).build(),
            refused: Cache::builder().max_capacity(MOST_REFUSED).time_to_live(DISBELIEVED).build(),
        }
    }

    /// Why this text was refused a moment ago.
    pub fn refusal(&self, digest: &KeyDigest) -> Option<CallError> {
        self.refused.get(digest)
    }

    /// Everything that was concluded from what is known here is void.
    pub fn forget(&self) {
        self.refused.invalidate_all();
    }

    pub async fn refresh(&self, now: Timestamp) {
        self.verifier.refresh(now).await;
    }

    /// Who shows the token.
    pub async fn principal(
        &self,
        store: &Store,
        digest: KeyDigest,
        text: &str,
        now: Timestamp,
    ) -> Result<Principal, CallError> {
        let found = match self.verified(digest, text, now).await {
            Ok(token) => self.known(store, digest, &token, now).await,
            Err(error) => Err(error),
        };
        if let Err(error) = &found
            && error.status != http::StatusCode::SERVICE_UNAVAILABLE
        {
            self.refused.insert(digest, error.clone());
        }
        found
    }

    async fn verified(&self, digest: KeyDigest, text: &str, now: Timestamp) -> Result<Arc<VerifiedToken>, CallError> {
        if let Some(token) = self.verified.get(&digest) {
            if token.expires_at > now {
                return Ok(token);
            }
            self.verified.invalidate(&digest);
        }
        let token = self.verifier.verify(text, now).await.map_err(|failure| refused(&failure))?;
        let token = Arc::new(token);
        self.verified.insert(digest, Arc::clone(&token));
        Ok(token)
    }

    async fn known(
        &self,
        store: &Store,
        digest: KeyDigest,
        token: &VerifiedToken,
        now: Timestamp,
    ) -> Result<Principal, CallError> {
        let user = self.user(store, token).await?;
        let team = self.team(store, token, user.is_some()).await?;
        if user.is_none() && team.is_none() {
            return Err(CallError::bad_token("it names neither a person nor a team that is known here"));
        }
        let organisation = text(&token.claims, self.rules.organisation.as_deref());
        let key = VirtualKey {
            models: self.models(token)?,
            expires_at: Some(token.expires_at),
            organisation_id: organisation.as_deref().and_then(OrganisationId::parse).filter(|_| team.is_none()),
            ..key_of(digest, token, user.as_ref(), team.as_ref())
        };
        let found = store.principal_of(key, None).await.map_err(|error| unavailable(&error))?;
        let principal = found.ok_or_else(|| CallError::bad_token("what it names was deleted"))?;
        tracing::debug!(key = %principal.key.id, at = %now.to_rfc3339(), "a token was taken");
        Ok(principal)
    }

    async fn user(&self, store: &Store, token: &VerifiedToken) -> Result<Option<User>, CallError> {
        let Some(field) = self.rules.user.as_deref() else { return Ok(None) };
        let id = text(&token.claims, Some(field));
        let mut found: Option<User> = None;
        if let Some(id) = &id {
            let identity = store.find_identity(&token.issuer, id).await.map_err(|error| unavailable(&error))?;
            let known = identity.map(|identity| identity.user_id).or_else(|| UserId::parse(id));
            if let Some(known) = known {
                found = store.find(known.as_str()).await.map_err(|error| unavailable(&error))?;
            }
        }
        if found.is_none()
            && let Some(email) = text(&token.claims, self.rules.email.as_deref()).as_deref().and_then(normalise_email)
        {
            found = store.find_by_handle(&email).await.map_err(|error| unavailable(&error))?;
        }
        // Whoever is disabled is found, and told so.
        let found = found.filter(|user| user.meta.deleted_at.is_none());
        found.map(Some).ok_or_else(|| CallError::bad_token("nobody here is the person whom it names"))
    }

    async fn team(&self, store: &Store, token: &VerifiedToken, has_user: bool) -> Result<Option<Team>, CallError> {
        let find = async |id: &str| -> Result<Option<Team>, CallError> {
            let found: Option<Team> = store.find(id).await.map_err(|error| unavailable(&error))?;
            Ok(found.filter(|team| team.meta.deleted_at.is_none()))
        };
        if let Some(id) = text(&token.claims, self.rules.team.as_deref()) {
            let found = find(&id).await?;
            return found.map(Some).ok_or_else(|| CallError::bad_token("the team that it names is not known here"));
        }
        for id in texts(&token.claims, self.rules.teams.as_deref()) {
            if let Some(team) = find(&id).await? {
                return Ok(Some(team));
            }
        }
        match &self.rules.default_team {
            Some(id) if !has_user => find(id.as_str()).await,
            _ => Ok(None),
        }
    }

    /// What the scopes of the token let it call; empty: whatever person and team may.
    fn models(&self, token: &VerifiedToken) -> Result<Vec<ModelPattern>, CallError> {
        let Some(mappings) = &self.rules.scopes else { return Ok(Vec::new()) };
        let scopes: Vec<String> = ["scope", "scp"]
            .iter()
            .flat_map(|name| texts(&token.claims, Some(name)))
            .flat_map(|scopes| scopes.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
            .collect();
        let allowed: Vec<_> = mappings.iter().filter(|(scope, _)| scopes.contains(scope)).collect();
        if allowed.is_empty() {
            return Err(CallError::bad_token("none of its scopes lets it call models"));
        }
        let models: Vec<_> = allowed.into_iter().flat_map(|(_, models)| models.iter().cloned()).collect();
        // An empty list would be every model.
        Ok(if models.is_empty() { vec![ModelPattern::new("no-default-models")] } else { models })
    }
}

/// What stands for a key: the same for every token of the same caller.
fn key_of(digest: KeyDigest, token: &VerifiedToken, user: Option<&User>, team: Option<&Team>) -> VirtualKey {
    let subject = text(&token.claims, Some("sub")).or_else(|| text(&token.claims, Some("azp"))).unwrap_or_default();
    let team = team.map(|team| team.id.clone());
    let named = format!("token\n{}\n{subject}\n{}", token.issuer, team.as_ref().map_or("", |team| team.as_str()));
    let id = KeyDigest::of(&named).to_hex();
    VirtualKey {
        // The half of a digest has room for a UUID, and never fails to be one.
        id: KeyId::parse(&id[..32]).unwrap_or(KeyId(uuid::Uuid::nil())),
        digest,
        hint: "access token".to_owned(),
        alias: Some(format!("token of {}", subject.chars().take(100).collect::<String>())),
        models: Vec::new(),
        blocked: false,
        expires_at: None,
        user_id: user.map(|user| user.id.clone()),
        team_id: team,
        organisation_id: None,
        key_type: KeyType::LlmApi,
        allowed_routes: Vec::new(),
        access_groups: Vec::new(),
        tags: Vec::new(),
        model_aliases: std::collections::BTreeMap::new(),
        budget_id: None,
        limits: Limits::default(),
        rotation: None,
        metadata: Map::new(),
        settings: Map::new(),
        meta: no_meta(),
    }
}

fn refused(failure: &Failure) -> CallError {
    match failure.fault {
        Fault::Unreachable | Fault::Misconfigured => {
            tracing::error!(%failure, "the keys of a token issuer can't be read");
            CallError::token_keys_unavailable()
        }
        _ => CallError::bad_token(&failure.detail),
    }
}

fn unavailable(error: &StoreError) -> CallError {
    tracing::error!(%error, "a caller with a token could not be looked up");
    CallError::store_unavailable()
}

/// What stands under a name, or, where there is no such name, under a path of names.
fn find<'a>(claims: &'a Map<String, Value>, path: &str) -> Option<&'a Value> {
    if let Some(value) = claims.get(path) {
        return Some(value);
    }
    let mut parts = path.split('.');
    let first = claims.get(parts.next()?)?;
    parts.try_fold(first, |value, part| value.get(part))
}

fn plain(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    (!text.is_empty() && text.len() <= 1000 && !text.chars().any(char::is_control)).then_some(text)
}

fn text(claims: &Map<String, Value>, path: Option<&str>) -> Option<String> {
    plain(find(claims, path?)?)
}

/// A text, or a list of them.
fn texts(claims: &Map<String, Value>, path: Option<&str>) -> Vec<String> {
    match path.and_then(|path| find(claims, path)) {
        Some(Value::Array(all)) => all.iter().take(MOST_TEAMS).filter_map(plain).collect(),
        Some(one) => plain(one).into_iter().collect(),
        None => Vec::new(),
    }
}
