//! Access tokens of callers: verified here, by keys that are remembered, and nobody is asked on the way.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use openidconnect::JsonWebKey as _;
use openidconnect::core::{CoreJsonWebKeySet, CoreJwsSigningAlgorithm};
use serde::Deserialize;
use serde_json::{Map, Value};
use tokio::sync::Mutex;
use tollgate_domain::Timestamp;
use tollgate_domain::sso::Fault;

use crate::Failure;
use crate::fetch::Fetch;
use crate::verify::{ALGORITHMS, SKEW_SECONDS, seconds};

/// The longest token, in bytes.
const LONGEST: usize = 16 * 1024;

/// Keys are believed for so long while their address does not answer.
const STALE_SECONDS: i64 = 24 * 3600;

/// A token that names an unknown key makes us ask for the keys again, but only once in so long: anybody can write such
/// a token.
const UNKNOWN_KEY_SECONDS: i64 = 60;

/// The most keys of one issuer that are tried for a token that names none.
const MOST_KEYS: usize = 20;

/// Where an issuer's keys are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeySource {
    Url(String),
    /// Where the issuer's metadata say.
    Discovered,
}

/// Whose tokens are taken, and which.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenIssuer {
    /// What `iss` must be; `None`: whatever it is, if the signature is right.
    pub issuer: Option<String>,
    /// One of them must be in `aud`; empty: whoever the token was made for.
    pub audiences: BTreeSet<String>,
    pub keys: KeySource,
}

/// A token that is what it should be.
#[derive(Clone, Debug, PartialEq)]
pub struct VerifiedToken {
    pub issuer: String,
    pub claims: Map<String, Value>,
    pub expires_at: Timestamp,
}

struct Known {
    keys: CoreJsonWebKeySet,
    at: Timestamp,
    asked_at: Timestamp,
}

struct Source {
    config: TokenIssuer,
    /// Held while the issuer is asked, so that many calls ask once.
    known: Mutex<Option<Known>>,
}

/// Verifies tokens.
pub struct AccessTokens {
    sources: Vec<Source>,
    fetch: Fetch,
    /// Keys are asked for again after so long, in seconds.
    fresh: i64,
}

/// What a token says of itself.
struct Parsed<'a> {
    algorithm: CoreJwsSigningAlgorithm,
    key_id: Option<String>,
    signed: &'a str,
    signature: Vec<u8>,
    claims: Map<String, Value>,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    #[serde(default)]
    kid: Option<String>,
    /// Extensions that must be understood: none is.
    #[serde(default)]
    crit: Option<Value>,
}

/// Whether a text has the form of a token, so that it can't be a key.
pub fn looks_like_token(text: &str) -> bool {
    text.starts_with("eyJ") && text.bytes().filter(|b| *b == b'.').count() == 2
}

fn malformed(detail: &str) -> Failure {
    Failure::new(Fault::Malformed, detail)
}

fn parse(token: &str) -> Result<Parsed<'_>, Failure> {
    if token.len() > LONGEST {
        return Err(malformed("the token is too long"));
    }
    let (signed, signature) = token.rsplit_once('.').ok_or_else(|| malformed("not a token"))?;
    let (header, payload) = signed.split_once('.').ok_or_else(|| malformed("not a token"))?;
    let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| malformed("the token is not base64url"));
    let header: Header =
        serde_json::from_slice(&decode(header)?).map_err(|_| malformed("the token's header can't be read"))?;
    if header.crit.is_some() {
        return Err(Failure::new(Fault::Algorithm, "the token needs extensions (`crit`)"));
    }
    let algorithm: CoreJwsSigningAlgorithm = serde_json::from_value(Value::String(header.alg.clone()))
        .ok()
        .filter(|algorithm| ALGORITHMS.contains(algorithm))
        .ok_or_else(|| Failure::new(Fault::Algorithm, format!("signed with `{}`", header.alg)))?;
    let claims =
        serde_json::from_slice(&decode(payload)?).map_err(|_| malformed("the token's claims can't be read"))?;
    Ok(Parsed { algorithm, key_id: header.kid, signed, signature: decode(signature)?, claims })
}

enum Signed {
    Right,
    Wrong,
    UnknownKey,
}

fn check_signature(keys: &CoreJsonWebKeySet, token: &Parsed<'_>) -> Signed {
    let named = |key: &&openidconnect::core::CoreJsonWebKey| match (&token.key_id, key.key_id()) {
        (Some(wanted), Some(id)) => id.as_str() == wanted,
        _ => true,
    };
    let mut some = false;
    for key in keys.keys().iter().filter(named).take(MOST_KEYS) {
        some = true;
        // It looks, too, whether the key is one of that kind and for signatures.
        if key.verify_signature(&token.algorithm, token.signed.as_bytes(), &token.signature).is_ok() {
            return Signed::Right;
        }
    }
    if some { Signed::Wrong } else { Signed::UnknownKey }
}

impl Source {
    /// The keys are not older than `fresh` seconds, where their address answers: or a day, where it does not.
    async fn check(&self, token: &Parsed<'_>, now: Timestamp, fetch: &Fetch) -> Result<Signed, Failure> {
        let mut known = self.known.lock().await;
        let usable = known.as_ref().is_some_and(|known| now < known.at.plus_seconds(STALE_SECONDS));
        if !usable {
            let keys = self.ask(fetch).await?;
            *known = Some(Known { keys, at: now, asked_at: now });
        }
        let Some(found) = known.as_mut() else { return Ok(Signed::UnknownKey) };
        match check_signature(&found.keys, token) {
            Signed::UnknownKey if found.asked_at.plus_seconds(UNKNOWN_KEY_SECONDS) <= now => {
                // Also when it fails: the next one waits.
                found.asked_at = now;
                found.keys = self.ask(fetch).await?;
                found.at = now;
                Ok(check_signature(&found.keys, token))
            }
            checked => Ok(checked),
        }
    }

    async fn ask(&self, fetch: &Fetch) -> Result<CoreJsonWebKeySet, Failure> {
        #[derive(Deserialize)]
        struct Metadata {
            issuer: String,
            jwks_uri: String,
        }
        let url = match (&self.config.keys, &self.config.issuer) {
            (KeySource::Url(url), _) => url.clone(),
            (KeySource::Discovered, Some(issuer)) => {
                let url = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
                let found: Metadata = fetch.json(&url, None, "the issuer's metadata").await?;
                let plain = issuer.starts_with("https://") && !found.jwks_uri.starts_with("https://");
                if found.issuer != *issuer || plain {
                    return Err(Failure::new(Fault::Issuer, format!("the metadata under {issuer} are another's")));
                }
                found.jwks_uri
            }
            (KeySource::Discovered, None) => {
                return Err(Failure::new(Fault::Misconfigured, "there is no issuer to ask for keys"));
            }
        };
        fetch.json(&url, None, "the issuer's keys").await
    }
}

impl AccessTokens {
    /// `client` must follow no redirects and have time limits; `fresh`: after how many seconds keys are asked for again.
    pub fn new(issuers: Vec<TokenIssuer>, client: reqwest::Client, fresh: i64) -> Self {
        let sources = issuers.into_iter().map(|config| Source { config, known: Mutex::new(None) }).collect();
        Self { sources, fetch: Fetch::new(client), fresh }
    }

    /// What a token says, if an issuer signed it for us and its time has come and is not over.
    pub async fn verify(&self, token: &str, now: Timestamp) -> Result<VerifiedToken, Failure> {
        let token = parse(token)?;
        let issuer = token.claims.get("iss").and_then(Value::as_str).unwrap_or_default().to_owned();
        let mut last = Failure::new(Fault::Issuer, "not an issuer that is taken here");
        for source in &self.sources {
            if source.config.issuer.as_ref().is_some_and(|wanted| *wanted != issuer) {
                continue;
            }
            match source.check(&token, now, &self.fetch).await {
                Ok(Signed::Right) => {
                    let expires_at = check_claims(&token.claims, &source.config.audiences, now)?;
                    return Ok(VerifiedToken { issuer, claims: token.claims, expires_at });
                }
                Ok(Signed::Wrong) => last = Failure::new(Fault::Signature, "the signature is not the issuer's"),
                Ok(Signed::UnknownKey) => {
                    last = Failure::new(Fault::Signature, "signed with a key that is not among the issuer's");
                }
                Err(failure) => last = failure,
            }
        }
        Err(last)
    }

    /// Asks for the keys that were asked for a while ago, or never: to be called now and then, beside the calls.
    pub async fn refresh(&self, now: Timestamp) {
        for source in &self.sources {
            let old = match source.known.lock().await.as_ref() {
                Some(known) => known.asked_at.plus_seconds(self.fresh) <= now,
                None => true,
            };
            if !old {
                continue;
            }
            // Nobody waits for it.
            match source.ask(&self.fetch).await {
                Ok(keys) => *source.known.lock().await = Some(Known { keys, at: now, asked_at: now }),
                Err(failure) => tracing::warn!(%failure, "the keys of a token issuer could not be read again"),
            }
        }
    }
}

/// The moment at which it is over.
fn check_claims(
    claims: &Map<String, Value>,
    audiences: &BTreeSet<String>,
    now: Timestamp,
) -> Result<Timestamp, Failure> {
    let meant = match claims.get("aud") {
        Some(Value::String(one)) => audiences.contains(one),
        Some(Value::Array(all)) => all.iter().filter_map(Value::as_str).any(|one| audiences.contains(one)),
        _ => false,
    };
    if !audiences.is_empty() && !meant {
        return Err(Failure::new(Fault::Audience, "the token was not made for this gateway (`aud`)"));
    }
    let at = |name: &str| claims.get(name).and_then(seconds);
    let ends = at("exp").ok_or_else(|| malformed("the token says no end (`exp`)"))?;
    let moment = |seconds: i64| Timestamp(0).plus_seconds(seconds.clamp(0, 1 << 40));
    let expires_at = moment(ends.saturating_add(SKEW_SECONDS));
    if expires_at <= now {
        return Err(Failure::new(Fault::Expired, "the token has expired"));
    }
    let early = ["nbf", "iat"].iter().filter_map(|name| at(name)).any(|at| moment(at) > now.plus_seconds(SKEW_SECONDS));
    if early {
        return Err(Failure::new(Fault::NotYetValid, "the token is not valid yet"));
    }
    Ok(expires_at)
}
