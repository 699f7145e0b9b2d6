//! Signing out: at the provider too, and when somebody signed out there.

use std::str::FromStr as _;

use openidconnect::core::CoreIdToken;
use serde_json::Value;
use tollgate_domain::secret::Secret;
use tollgate_domain::sso::Fault;
use url::Url;

use crate::config::Flavour;
use crate::verify::{Kind, verified};
use crate::{Failure, Sso};

/// The event that a logout token is about, as OpenID Connect Back-Channel Logout 1.0 names it.
const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

/// A logout token that is older than so many seconds says nothing any more.
const OLDEST_SECONDS: i64 = 600;

/// A session that ended at the provider: one, or all of the person's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndedThere {
    pub issuer: String,
    pub subject: String,
    pub session: Option<String>,
}

impl Sso {
    /// Where to send somebody who wants to sign out at the provider too; `None`: it has no such place.
    pub async fn end_session_url(&self, provider: &str, back_to: &str) -> Result<Option<Url>, Failure> {
        let provider = self.provider(provider)?;
        let known = provider.known(self.inner.clock.now()).await?;
        let Some(url) = &known.metadata.end_session_endpoint else { return Ok(None) };
        let mut url = Url::parse(url)
            .map_err(|_| Failure::new(Fault::Misconfigured, "the provider's end_session_endpoint is no address"))?;
        url.query_pairs_mut()
            .append_pair("client_id", &provider.config.client_id)
            .append_pair("post_logout_redirect_uri", back_to);
        Ok(Some(url))
    }

    /// Whose sessions ended at the provider, by a logout token that it sent.
    pub async fn ended_there(&self, provider: &str, token: &Secret) -> Result<EndedThere, Failure> {
        let provider = self.provider(provider)?;
        let now = self.inner.clock.now();
        let unreadable = || Failure::new(Fault::Malformed, "the logout token can't be read");
        let token = CoreIdToken::from_str(token.expose()).map_err(|_| unreadable())?;
        let claims = verified(provider, &token, Kind::Logout, now).await?;
        let text = |name: &str| claims.get(name).and_then(Value::as_str).map(str::to_owned);
        if claims.get("events").and_then(|events| events.get(EVENT)).is_none() {
            return Err(Failure::new(Fault::Malformed, "not a logout token: it has no such event"));
        }
        let issued = claims.get("iat").and_then(Value::as_i64).unwrap_or_default();
        if now.plus_seconds(-OLDEST_SECONDS).0.div_euclid(1_000_000) > issued {
            return Err(Failure::new(Fault::Expired, "the logout token is older than ten minutes"));
        }
        let who = if matches!(provider.config.flavour, Flavour::Microsoft { .. }) { "oid" } else { "sub" };
        Ok(EndedThere {
            issuer: text("iss").ok_or_else(unreadable)?,
            subject: text(who).ok_or_else(unreadable)?,
            session: text("sid"),
        })
    }
}
