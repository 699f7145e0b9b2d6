//! Who looks at a page.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Extension;
use axum::extract::{ConnectInfo, Request};
use axum::middleware::Next;
use axum::response::Response;
use http::header;
use tollgate_control::{Control, OpContext, access};
use tollgate_domain::actor::{Actor, Memberships};
use tollgate_domain::entropy::SystemEntropy;
use tollgate_domain::ids::{UserId, new_uuid};
use tollgate_domain::sso::Proven;
use tollgate_domain::user::User;
use tollgate_domain::{Clock, Timestamp};
use tollgate_store::{SessionHolder, SessionRow, Sessions};
use tower_sessions::Session;

use super::WebSettings;
use super::plain::unavailable;

/// In the session: when the person signed in, and was seen last; and for the list of sessions how, from where and with
/// what. Who it is stands under [`SessionHolder`]'s names.
pub const SIGNED_IN_AT: &str = "at";
pub const SEEN: &str = "seen";
pub const PROVIDER: &str = "provider";
pub const ADDRESS: &str = "address";
pub const AGENT: &str = "agent";

/// How often it is noted that a session is used, in seconds. Each time it lives longer.
const SEEN_SECONDS: i64 = 300;

/// However busy, a session ends after so long.
const LONGEST_SESSION_SECONDS: i64 = 7 * 86_400;

/// Texts of a request are cut to so many characters in the audit log.
const MAX_TEXT: usize = 300;

/// Who looks at a page, and through which request.
#[derive(Clone, Debug)]
pub struct Viewer {
    pub user: Option<User>,
    memberships: Memberships,
    /// The address under which this gateway is reached: `https://gateway.example.com`.
    pub base_url: String,
    /// The row of the session through which the page is looked at.
    pub session: Option<String>,
    pub(super) request_id: String,
    address: Option<String>,
    user_agent: Option<String>,
}

impl Viewer {
    /// For the control plane: the person, or nobody.
    pub fn op(&self) -> OpContext {
        let actor = match &self.user {
            Some(user) => {
                Actor::User { id: user.id.clone(), label: user.label().to_owned(), role: user.role, via: None }
            }
            None => Actor::Anonymous,
        };
        self.op_as(actor)
    }

    fn op_as(&self, actor: Actor) -> OpContext {
        OpContext {
            actor,
            memberships: self.memberships.clone(),
            request_id: self.request_id.clone(),
            address: self.address.clone(),
            user_agent: self.user_agent.clone(),
            on_behalf_of: None,
        }
    }
}

/// Finds out who looks, and tells it to what comes after.
pub async fn attach(
    Extension(control): Extension<Control>,
    Extension(clock): Extension<Arc<dyn Clock>>,
    Extension(settings): Extension<Arc<WebSettings>>,
    session: Session,
    mut request: Request,
    next: Next,
) -> Response {
    let user = match find(&control, &*clock, &session).await {
        Ok(user) => user,
        Err(response) => return response,
    };
    // Whoever may not be here is as good as signed out.
    let user = user.filter(|user| settings.admits(user.role));
    let memberships = match &user {
        Some(user) => match control.memberships(&user.id).await {
            Ok(memberships) => memberships,
            Err(_) => return unavailable(),
        },
        None => Memberships::default(),
    };
    let host = header_text(&request, header::HOST).unwrap_or_else(|| "127.0.0.1:4000".to_owned());
    let base_url = settings.base_url.clone().unwrap_or_else(|| {
        let scheme = if settings.facts.tls { "https" } else { "http" };
        format!("{scheme}://{host}")
    });
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
    let viewer = Viewer {
        user,
        memberships,
        base_url,
        session: session.id().as_ref().map(Sessions::digest_of),
        request_id: new_uuid(&*clock, &SystemEntropy).to_string(),
        address: peer.map(|ConnectInfo(peer)| peer.ip().to_canonical().to_string()),
        user_agent: header_text(&request, header::USER_AGENT),
    };
    request.extensions_mut().insert(viewer);
    next.run(request).await
}

fn header_text(request: &Request, name: header::HeaderName) -> Option<String> {
    let text = request.headers().get(name)?.to_str().ok()?;
    Some(text.chars().take(MAX_TEXT).collect())
}

async fn find(control: &Control, clock: &dyn Clock, session: &Session) -> Result<Option<User>, Response> {
    let id: Option<UserId> = session.get(SessionHolder::USER).await.map_err(|_| unavailable())?;
    let at: Option<Timestamp> = session.get(SIGNED_IN_AT).await.map_err(|_| unavailable())?;
    let (Some(id), Some(at)) = (id, at) else { return Ok(None) };
    if at.plus_seconds(LONGEST_SESSION_SECONDS) < clock.now() {
        let _ = session.flush().await;
        return Ok(None);
    }
    let found = access::signed_in(control, &id, at).await.map_err(|_| unavailable())?;
    let seen: Option<Timestamp> = session.get(SEEN).await.map_err(|_| unavailable())?;
    if found.is_some() && seen.is_none_or(|seen| seen.plus_seconds(SEEN_SECONDS) <= clock.now()) {
        session.insert(SEEN, clock.now()).await.map_err(|_| unavailable())?;
    }
    Ok(found)
}

/// Makes the session that of `user`, under a new id: one that was planted before is worth nothing.
pub async fn begin(
    session: &Session,
    user: &User,
    now: Timestamp,
    viewer: &Viewer,
    through: Option<&Proven>,
) -> Result<(), tower_sessions::session::Error> {
    session.clear().await;
    session.cycle_id().await?;
    session.insert(SessionHolder::USER, user.id.clone()).await?;
    session.insert(SIGNED_IN_AT, now).await?;
    session.insert(SEEN, now).await?;
    session.insert(ADDRESS, viewer.address.clone()).await?;
    session.insert(AGENT, viewer.user_agent.clone()).await?;
    if let Some(who) = through {
        session.insert(PROVIDER, who.provider.clone()).await?;
        session.insert(SessionHolder::ISSUER, who.issuer.clone()).await?;
        session.insert(SessionHolder::SUBJECT, who.subject.clone()).await?;
        session.insert(SessionHolder::SID, who.session.clone()).await?;
    }
    Ok(())
}

/// Somebody's session, as pages list it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionView {
    /// Names it; opens nothing.
    pub digest: String,
    /// Whether it is the one through which the page is looked at.
    pub current: bool,
    pub began_at: Option<Timestamp>,
    pub seen_at: Option<Timestamp>,
    /// `None`: by password or setup link.
    pub provider: Option<String>,
    pub address: Option<String>,
    pub agent: Option<String>,
}

impl SessionView {
    pub fn of(row: SessionRow, own: Option<&str>) -> Self {
        let text = |name: &str| row.data.get(name).and_then(serde_json::Value::as_str).map(str::to_owned);
        let time = |name: &str| row.data.get(name).and_then(serde_json::Value::as_i64).map(Timestamp);
        Self {
            current: own == Some(row.digest.as_str()),
            began_at: time(SIGNED_IN_AT),
            seen_at: time(SEEN),
            provider: text(PROVIDER),
            address: text(ADDRESS),
            agent: text(AGENT),
            digest: row.digest,
        }
    }
}
