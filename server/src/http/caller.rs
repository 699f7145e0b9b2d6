//! Who is behind a request to a management route.

use std::net::{IpAddr, SocketAddr};

use axum::extract::{ConnectInfo, FromRequestParts};
use http::request::Parts;
use http::{HeaderMap, HeaderName};
use tollgate_control::OpContext;
use tollgate_domain::Clock as _;
use tollgate_domain::actor::{Actor, Memberships, Role};
use tollgate_domain::clock::SystemClock;
use tollgate_domain::entropy::SystemEntropy;
use tollgate_domain::ids::new_uuid;
use tollgate_domain::key::{KeyDigest, KeyType, VirtualKey};
use tollgate_domain::principal::{KeyDenial, Principal};
use tollgate_gateway::{CallError, present_key};

use super::server::Server;

/// LiteLLM's header for the audit log: on whose behalf something is done.
const CHANGED_BY: HeaderName = HeaderName::from_static("litellm-changed-by");

/// The request's own header texts are cut to so many characters in the audit log.
const MAX_TEXT: usize = 300;

/// The id of a request, where it was made before anybody asked who sent it.
#[derive(Clone, Debug)]
pub struct RequestId(pub String);

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
        Self {
            request_id: parts
                .extensions
                .get::<RequestId>()
                .map_or_else(|| new_uuid(&SystemClock, &SystemEntropy).to_string(), |RequestId(id)| id.clone()),
            address: peer_of(parts).map(|peer| peer.to_string()),
            user_agent: header(http::header::USER_AGENT),
            on_behalf_of: header(CHANGED_BY),
        }
    }

    pub fn context(self, actor: Actor, memberships: Memberships) -> OpContext {
        OpContext {
            actor,
            memberships,
            request_id: self.request_id,
            address: self.address,
            user_agent: self.user_agent,
            on_behalf_of: self.on_behalf_of,
        }
    }
}

/// A caller of the management API: whoever holds the master key, or a virtual key, which may what its person may; or,
/// if it is nobody's, look at itself.
#[derive(Clone, Debug)]
pub struct ManagementCaller {
    pub op: OpContext,
    /// The key that was shown; `None`: the master key.
    pub key: Option<Box<VirtualKey>>,
}

impl FromRequestParts<Server> for ManagementCaller {
    type Rejection = CallError;

    async fn from_request_parts(parts: &mut Parts, server: &Server) -> Result<Self, CallError> {
        let origin = Origin::of(parts);
        let digest = presented(&parts.headers)?;
        if server.master_key().is_some_and(|master| master.matches(&digest)) {
            return Ok(Self { op: origin.context(Actor::MasterKey, Memberships::default()), key: None });
        }
        let now = SystemClock.now();
        let unavailable = |error: &dyn std::fmt::Display| {
            tracing::error!(%error, "a key could not be looked up");
            CallError::store_unavailable()
        };
        let found = server.store().find_principal(digest, now).await.map_err(|error| unavailable(&error))?;
        let principal = found.ok_or_else(CallError::unknown_key)?;
        principal.check(now).map_err(|denial| denied(&principal, &denial, now))?;
        let address = peer_of(parts);
        if !principal.admits(address) {
            return Err(CallError::address_denied(address));
        }
        let Principal { key, user, .. } = principal;
        check_purpose(&key, parts)?;
        let is_admin = user.as_ref().is_some_and(|user| user.role == Role::Admin);
        if server.policy().no_user_auth && !is_admin && !is_own(parts) {
            return Err(CallError::management_denied());
        }
        let (actor, memberships) = match user {
            Some(user) => {
                let memberships = server.control().memberships(&user.id).await.map_err(|error| unavailable(&error))?;
                let label = user.label().to_owned();
                (Actor::User { id: user.id, label, role: user.role, via: Some(key.id) }, memberships)
            }
            None => (Actor::Key { id: key.id }, Memberships::default()),
        };
        Ok(Self { op: origin.context(actor, memberships), key: Some(Box::new(key)) })
    }
}

/// Who sent the request, as the listener has it.
fn peer_of(parts: &Parts) -> Option<IpAddr> {
    parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.ip().to_canonical())
}

/// Any key may look at itself.
fn is_own(parts: &Parts) -> bool {
    parts.method == http::Method::GET && matches!(parts.uri.path(), "/key/info" | "/api/v1/me")
}

/// Whether a key of this type may use this route at all.
fn check_purpose(key: &VirtualKey, parts: &Parts) -> Result<(), CallError> {
    let path = parts.uri.path();
    let by_type = match key.key_type {
        KeyType::Default | KeyType::Management => true,
        KeyType::ReadOnly => parts.method == http::Method::GET,
        KeyType::LlmApi => false,
    };
    let by_route = key.allowed_routes.is_empty()
        || key.allowed_routes.iter().any(|route| match route.as_str() {
            "management_routes" => true,
            "info_routes" => parts.method == http::Method::GET,
            route => route.strip_suffix('*').map_or(route == path, |start| path.starts_with(start)),
        });
    if is_own(parts) || (by_type && by_route) { Ok(()) } else { Err(CallError::management_denied()) }
}

fn denied(principal: &Principal, denial: &KeyDenial, now: tollgate_domain::Timestamp) -> CallError {
    match denial {
        KeyDenial::Expired(at) => CallError::expired_key(&principal.key.hint, &at.to_rfc3339(), &now.to_rfc3339()),
        KeyDenial::Deleted => CallError::unknown_key(),
        KeyDenial::Blocked
        | KeyDenial::UserDisabled
        | KeyDenial::TeamBlocked(_)
        | KeyDenial::OrganisationBlocked(_) => CallError::blocked_key(),
    }
}

fn presented(headers: &HeaderMap) -> Result<KeyDigest, CallError> {
    present_key(headers, None).map(KeyDigest::of)
}
