//! The two halves of a sign-in: sending somebody to the provider, and taking the answer.

use std::collections::{HashSet, VecDeque};
use std::sync::{Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use openidconnect::core::{CoreAuthenticationFlow, CoreClient, CoreErrorResponseType, CoreIdToken};
use openidconnect::{
    AuthType, AuthUrl, AuthorizationCode, ClientId, ClientSecret, CsrfToken, IssuerUrl, Nonce,
    OAuth2TokenResponse as _, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, RequestTokenError, Scope, TokenUrl,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tollgate_domain::Timestamp;
use tollgate_domain::entropy::random_bytes;
use tollgate_domain::secret::Secret;
use tollgate_domain::sso::{Fault, Groups, Proven};
use url::Url;

use crate::config::Flavour;
use crate::provider::{Known, Provider};
use crate::verify::{Kind, same, verified};
use crate::{Failure, Sso, claims, graph};

/// How long somebody may take at the provider, in seconds.
const PENDING_SECONDS: i64 = 600;

/// How many answered sign-ins are remembered: those of ten minutes are hardly more.
const REMEMBERED: usize = 10_000;

/// A sign-in that was begun. Kept in the browser's session, where only the server reads it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pending {
    pub provider: String,
    pub state: String,
    nonce: String,
    verifier: String,
    redirect: String,
    at: Timestamp,
    /// Where to go on to afterwards.
    pub next: String,
}

/// What the provider sent back with the browser.
#[derive(Clone, Default, Deserialize)]
pub struct Callback {
    #[serde(default)]
    pub state: String,
    #[serde(default)]
    pub code: Option<Secret>,
    #[serde(default)]
    pub iss: Option<String>,
    #[serde(default)]
    pub error: Option<String>,
    #[serde(default)]
    pub error_description: Option<String>,
}

impl std::fmt::Debug for Callback {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Callback").field("error", &self.error).finish_non_exhaustive()
    }
}

/// The states that were answered lately: each counts once, also when two answers come at the same moment.
#[derive(Default)]
pub struct Answered(Mutex<(HashSet<String>, VecDeque<String>)>);

impl Answered {
    /// Whether it is the first answer.
    fn first(&self, state: &str) -> bool {
        let mut answered = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (set, order) = &mut *answered;
        if !set.insert(state.to_owned()) {
            return false;
        }
        order.push_back(state.to_owned());
        if order.len() > REMEMBERED
            && let Some(oldest) = order.pop_front()
        {
            set.remove(&oldest);
        }
        true
    }
}

impl Pending {
    /// Whether this is the sign-in that is answered, and in time.
    pub fn is_for(&self, state: &str, now: Timestamp) -> bool {
        same(&self.state, state) && !self.is_over(now)
    }

    pub fn is_over(&self, now: Timestamp) -> bool {
        now >= self.at.plus_seconds(PENDING_SECONDS)
    }
}

impl Sso {
    /// Begins a sign-in: where to send the browser, and what to remember meanwhile. `redirect` is our own address to
    /// which it comes back.
    pub async fn begin(&self, provider: &str, redirect: &str, next: &str) -> Result<(Url, Pending), Failure> {
        let provider = self.provider(provider)?;
        let now = self.inner.clock.now();
        let known = provider.known(now).await?;
        let random = || URL_SAFE_NO_PAD.encode(random_bytes::<32>(self.inner.entropy.as_ref()));
        let pending = Pending {
            provider: provider.config.name.clone(),
            state: random(),
            nonce: random(),
            verifier: random(),
            redirect: redirect.to_owned(),
            at: now,
            next: next.to_owned(),
        };
        let challenge = PkceCodeChallenge::from_code_verifier_sha256(&PkceCodeVerifier::new(pending.verifier.clone()));
        let client = client(provider, &known)?
            .set_redirect_uri(address(RedirectUrl::new(redirect.to_owned()))?)
            .set_auth_uri(address(AuthUrl::new(known.metadata.authorization_endpoint.clone()))?);
        let state = pending.state.clone();
        let nonce = pending.nonce.clone();
        let mut request = client
            .authorize_url(
                CoreAuthenticationFlow::AuthorizationCode,
                move || CsrfToken::new(state),
                move || Nonce::new(nonce),
            )
            .set_pkce_challenge(challenge);
        // `openid` is there already.
        for scope in provider.config.scopes.iter().filter(|scope| *scope != "openid") {
            request = request.add_scope(Scope::new(scope.clone()));
        }
        if let Flavour::Google { domains } = &provider.config.flavour
            && let Some(domain) = domains.first()
            && domains.len() == 1
        {
            request = request.add_extra_param("hd", domain.clone());
        }
        let (url, ..) = request.url();
        Ok((url, pending))
    }

    /// Takes the answer to a sign-in that this browser began: see [`Pending::is_for`].
    pub async fn finish(&self, pending: &Pending, answer: Callback) -> Result<Proven, Failure> {
        let now = self.inner.clock.now();
        if !pending.is_for(&answer.state, now) {
            return Err(Failure::new(Fault::State, "the state is not that of a sign-in that was begun here"));
        }
        if !self.inner.answered.first(&pending.state) {
            return Err(Failure::new(Fault::State, "this sign-in was answered before"));
        }
        let provider = self.provider(&pending.provider)?;
        let known = provider.known(now).await?;
        check_sender(&known, answer.iss.as_deref())?;
        if let Some(error) = &answer.error {
            return Err(declined(error, answer.error_description.as_deref()));
        }
        let code = answer.code.ok_or_else(|| Failure::new(Fault::Malformed, "neither a code nor an error"))?;
        let (token, access) = exchange(provider, &known, pending, &code).await?;
        match token {
            Some(token) => {
                let mut claims = verified(provider, &token, Kind::SignIn { nonce: &pending.nonce }, now).await?;
                if claims::is_wanting(&provider.config, &claims) {
                    add_userinfo(provider, &known, &mut claims, &access).await?;
                }
                let mut who = claims::proven(&provider.config, &claims, None)?;
                if let (Groups::TooMany, Some(base)) = (&who.groups, &provider.config.graph) {
                    match graph::groups(&provider.fetch, base, &access).await {
                        Ok(groups) => who.groups = groups,
                        // Then nothing that hangs on groups is changed.
                        Err(failure) => tracing::warn!(%failure, "groups could not be read from Microsoft Graph"),
                    }
                }
                Ok(who)
            }
            None if known.metadata.issuer.is_empty() => {
                let url = known.metadata.userinfo_endpoint.as_deref();
                let url = url.ok_or_else(|| Failure::new(Fault::Misconfigured, "no ID tokens and no userinfo"))?;
                let claims: Map<String, Value> = provider.fetch.json(url, Some(&access), "who it is").await?;
                claims::proven(&provider.config, &claims, Some(&known.metadata.token_endpoint))
            }
            None => Err(Failure::new(Fault::Malformed, "the provider sent no ID token")),
        }
    }
}

/// RFC 9207: whoever answers says who it is, so that one provider can't pass another's code off as its own.
fn check_sender(known: &Known, iss: Option<&str>) -> Result<(), Failure> {
    let mixed_up = |detail: String| Err(Failure::new(Fault::MixedUp, detail));
    match iss {
        // Microsoft's has a tenant in it, which only the token proves.
        Some(iss) if known.metadata.issuer.contains('{') => {
            let (start, end) = known.metadata.issuer.split_once("{tenantid}").unwrap_or_default();
            let good = iss.starts_with(start) && iss.ends_with(end);
            if good { Ok(()) } else { mixed_up(format!("the answer is of {iss}")) }
        }
        Some(iss) if !known.metadata.issuer.is_empty() && iss != known.metadata.issuer => {
            mixed_up(format!("the answer is of {iss}"))
        }
        None if known.metadata.authorization_response_iss_parameter_supported => {
            mixed_up("the provider names itself in answers, and this one names nobody".to_owned())
        }
        _ => Ok(()),
    }
}

fn declined(error: &str, description: Option<&str>) -> Failure {
    let fault = match error {
        "access_denied"
        | "login_required"
        | "consent_required"
        | "interaction_required"
        | "account_selection_required" => Fault::Declined,
        "server_error" | "temporarily_unavailable" => Fault::Unreachable,
        _ => Fault::Misconfigured,
    };
    let description = description.map(|text| format!(": {text}")).unwrap_or_default();
    Failure::new(fault, format!("the provider says {error}{description}"))
}

type Tokens = (Option<CoreIdToken>, Secret);

async fn exchange(provider: &Provider, known: &Known, pending: &Pending, code: &Secret) -> Result<Tokens, Failure> {
    let fetch = provider.fetch.clone();
    let send = move |request| {
        let fetch = fetch.clone();
        async move { fetch.send(request).await }
    };
    let client = client(provider, known)?
        .set_redirect_uri(address(RedirectUrl::new(pending.redirect.clone()))?)
        .set_token_uri(address(TokenUrl::new(known.metadata.token_endpoint.clone()))?);
    let request = client
        .exchange_code(AuthorizationCode::new(code.expose().to_owned()))
        .set_pkce_verifier(PkceCodeVerifier::new(pending.verifier.clone()));
    let response = request.request_async(&send).await.map_err(|error| match error {
        RequestTokenError::ServerResponse(response) => {
            let fault = match response.error() {
                CoreErrorResponseType::InvalidGrant => Fault::Code,
                _ => Fault::Misconfigured,
            };
            let description = response.error_description().map(|text| format!(": {text}")).unwrap_or_default();
            Failure::new(fault, format!("for the code the provider answered {}{description}", response.error()))
        }
        RequestTokenError::Request(error) => Failure::new(Fault::Unreachable, format!("for the code: {error}")),
        // The texts quote what was sent: tokens.
        RequestTokenError::Parse(..) | RequestTokenError::Other(_) => {
            Failure::new(Fault::Malformed, "the provider's answer to the code can't be read")
        }
    })?;
    let access = Secret::new(response.access_token().secret().clone());
    Ok((response.extra_fields().id_token().cloned(), access))
}

/// Adds what the ID token does not say, of the same person.
async fn add_userinfo(
    provider: &Provider,
    known: &Known,
    claims: &mut Map<String, Value>,
    access: &Secret,
) -> Result<(), Failure> {
    // Microsoft's says nothing more than the token.
    let Some(url) = &known.metadata.userinfo_endpoint else { return Ok(()) };
    if matches!(provider.config.flavour, Flavour::Microsoft { .. }) {
        return Ok(());
    }
    let more: Map<String, Value> = provider.fetch.json(url, Some(access), "what it knows of the person").await?;
    if more.get("sub") != claims.get("sub") {
        return Err(Failure::new(Fault::Malformed, "userinfo is about somebody else than the ID token"));
    }
    for (name, value) in more {
        claims.entry(name).or_insert(value);
    }
    Ok(())
}

/// Neither has an address yet: what is asked for decides which it needs.
fn client(provider: &Provider, known: &Known) -> Result<CoreClient, Failure> {
    // Without ID tokens there is no issuer, and nothing looks at it.
    let issuer = if known.metadata.issuer.is_empty() { "https://none.invalid" } else { &known.metadata.issuer };
    let issuer = address(IssuerUrl::new(issuer.to_owned()))?;
    let client = CoreClient::new(ClientId::new(provider.config.client_id.clone()), issuer, known.keys.clone());
    let Some(secret) = &provider.config.client_secret else { return Ok(client) };
    let client = client.set_client_secret(ClientSecret::new(secret.expose().to_owned()));
    let methods = known.metadata.token_endpoint_auth_methods_supported.as_deref().unwrap_or_default();
    let knows = |name: &str| methods.iter().any(|method| method == name);
    let in_body = knows("client_secret_post") && !knows("client_secret_basic");
    Ok(client.set_auth_type(if in_body { AuthType::RequestBody } else { AuthType::BasicAuth }))
}

fn address<T, E: std::fmt::Display>(parsed: Result<T, E>) -> Result<T, Failure> {
    parsed.map_err(|error| Failure::new(Fault::Misconfigured, format!("an address is none: {error}")))
}
