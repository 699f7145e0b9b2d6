//! Who is behind a request to a management route.

use std::net::SocketAddr;

use axum::extract::{ConnectInfo, FromRequestParts};
use http::request::Parts;
use http::{HeaderMap, HeaderName};
use tollgate_control::OpContext;
use tollgate_domain::Clock as _;
use tollgate_domain::actor::Actor;
use tollgate_domain::clock::SystemClock;
use tollgate_domain::entropy::SystemEntropy;
use tollgate_domain::ids::new_uuid;
use tollgate_domain::key::{KeyDigest, KeyStatus, VirtualKey};
use tollgate_gateway::{CallError, present_key};

use super::server::Server;

/// LiteLLM's header for the audit log: on whose behalf something is done.
const CHANGED_BY: HeaderName = HeaderName::from_static("litellm-changed-by");

/// The request's own header texts are cut to so many characters in the audit log.
const MAX_TEXT: usize = 300;

/// What came with a request, whoever sent it.
#[derive(Clone, Debug)]
pub struct Origin {
    pub request_id: String,
    pub address: Option<String>,
    pub user_agent: Option<String>,
    pub on_behalf_of: Option<String>,
}

impl Origin {
    pub fn of(parts: &Parts) -> Self {
        let header = |name: HeaderName| {
            let text = parts.headers.get(name)?.to_str().ok()?;
            Some(text.chars().take(MAX_TEXT).collect::<String>())
        };
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        Self {
            request_id: new_uuid(&SystemClock, &SystemEntropy).to_string(),
            address: peer.map(|ConnectInfo(peer)| peer.ip().to_canonical().to_string()),
            user_agent: header(http::header::USER_AGENT),
            on_behalf_of: header(CHANGED_BY),
        }
    }

    pub fn context(self, actor: Actor) -> OpContext {
        OpContext {
            actor,
            request_id: self.request_id,
            address: self.address,
            user_agent: self.user_agent,
            on_behalf_of: self.on_behalf_of,
        }
    }
}

/// A caller of the management API: whoever holds the master key, or a virtual key that asks about itself.
#[derive(Clone, Debug)]
pub enum ManagementCaller {
    MasterKey(OpContext),
    /// May ask about itself, and nothing else.
    Key(Box<VirtualKey>),
}

impl ManagementCaller {
    /// The context of somebody who may manage; otherwise a refusal that says what is needed.
    pub fn manager(&self) -> Result<&OpContext, CallError> {
        match self {
            Self::MasterKey(context) => Ok(context),
            Self::Key(_) => Err(CallError::management_denied()),
        }
    }
}

impl FromRequestParts<Server> for ManagementCaller {
    type Rejection = CallError;

    async fn from_request_parts(parts: &mut Parts, server: &Server) -> Result<Self, CallError> {
        let origin = Origin::of(parts);
        let digest = presented(&parts.headers)?;
        if server.master_key().is_some_and(|master| master.matches(&digest)) {
            return Ok(Self::MasterKey(origin.context(Actor::MasterKey)));
        }
        let found = server.store().find_key_by_digest(digest).await.map_err(|error| {
            tracing::error!(%error, "a key could not be looked up");
            CallError::store_unavailable()
        })?;
        let key = found.ok_or_else(CallError::unknown_key)?;
        let now = SystemClock.now();
        match key.status(now) {
            KeyStatus::Active => Ok(Self::Key(Box::new(key))),
            KeyStatus::Blocked => Err(CallError::blocked_key()),
            KeyStatus::Expired => {
                let expiry = key.expires_at.unwrap_or(now).to_rfc3339();
                Err(CallError::expired_key(&key.hint, &expiry, &now.to_rfc3339()))
            }
            KeyStatus::Deleted => Err(CallError::unknown_key()),
        }
    }
}

fn presented(headers: &HeaderMap) -> Result<KeyDigest, CallError> {
    present_key(headers, None).map(KeyDigest::of)
}
