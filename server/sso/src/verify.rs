//! ID tokens: signature, issuer, audience, times, nonce.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use openidconnect::core::{CoreIdToken, CoreIdTokenVerifier, CoreJwsSigningAlgorithm};
use openidconnect::{ClaimsVerificationError, ClientId, IssuerUrl, Nonce, SignatureVerificationError};
use serde_json::{Map, Value};
use tollgate_domain::Timestamp;
use tollgate_domain::sso::Fault;

use crate::Failure;
use crate::config::{Flavour, Tenants};
use crate::provider::{Known, Provider, is_tenant_id, split_tenant};

/// How far the provider's clock may be from ours, in seconds.
pub const SKEW_SECONDS: i64 = 120;

/// Signatures that only the provider can make: no `none`, and nothing with the secret that we share.
pub const ALGORITHMS: [CoreJwsSigningAlgorithm; 9] = [
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha384,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha512,
    CoreJwsSigningAlgorithm::RsaSsaPssSha256,
    CoreJwsSigningAlgorithm::RsaSsaPssSha384,
    CoreJwsSigningAlgorithm::RsaSsaPssSha512,
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::EcdsaP384Sha384,
    CoreJwsSigningAlgorithm::EdDsa,
];

/// What the token must say.
#[derive(Clone, Copy, Debug)]
pub enum Kind<'a> {
    /// An answer to the sign-in with this nonce.
    SignIn { nonce: &'a str },
    /// A logout token, which must have no nonce.
    Logout,
}

/// The claims of a token that is what it should be.
pub async fn verified(
    provider: &Provider,
    token: &CoreIdToken,
    kind: Kind<'_>,
    now: Timestamp,
) -> Result<Map<String, Value>, Failure> {
    let known = provider.known(now).await?;
    match once(provider, &known, token, kind, now) {
        // Providers exchange their keys; the new one may be younger than what we know.
        Err(Refused::UnknownKey) => match provider.newer_keys(now).await? {
            Some(known) => once(provider, &known, token, kind, now).map_err(Refused::failure),
            None => Err(Refused::UnknownKey.failure()),
        },
        other => other.map_err(Refused::failure),
    }
}

enum Refused {
    UnknownKey,
    For(Failure),
}

impl Refused {
    fn failure(self) -> Failure {
        match self {
            Self::UnknownKey => Failure::new(Fault::Signature, "signed with a key that is not among the provider's"),
            Self::For(failure) => failure,
        }
    }
}

fn once(
    provider: &Provider,
    known: &Known,
    token: &CoreIdToken,
    kind: Kind<'_>,
    now: Timestamp,
) -> Result<Map<String, Value>, Refused> {
    let refuse = |fault, detail: &str| Err(Refused::For(Failure::new(fault, detail)));
    let issuer = IssuerUrl::new(known.metadata.issuer.clone());
    let Ok(issuer) = issuer else { return refuse(Fault::Misconfigured, "the provider's issuer is no address") };
    let client = ClientId::new(provider.config.client_id.clone());
    // A moment ago, so that a token which expired since then still counts.
    let earlier = now.plus_seconds(-SKEW_SECONDS).to_datetime();
    let verifier = CoreIdTokenVerifier::new_public_client(client, issuer, known.keys.clone())
        .set_allowed_algs(ALGORITHMS)
        .allow_all_jose_types()
        // Where the issuer has the tenant in it, it can only be looked at together with `tid`: see `check_issuer`.
        .require_issuer_match(!matches!(provider.config.flavour, Flavour::Microsoft { .. }))
        .set_time_fn(move || earlier);
    let nonce = |found: Option<&Nonce>| match (kind, found) {
        (Kind::SignIn { nonce }, Some(found)) if same(found.secret(), nonce) => Ok(()),
        (Kind::Logout, None) => Ok(()),
        (Kind::SignIn { .. }, _) => Err("not the nonce of this sign-in".to_owned()),
        (Kind::Logout, Some(_)) => Err("a logout token has no nonce".to_owned()),
    };
    token.claims(&verifier, nonce).map_err(|error| refused(&error))?;
    let Some(claims) = payload(token) else { return refuse(Fault::Malformed, "the ID token can't be read") };
    check_issuer(provider, known, &claims).map_err(Refused::For)?;
    let latest = now.plus_seconds(SKEW_SECONDS).0.div_euclid(Timestamp::MICROS_PER_SECOND);
    for name in ["nbf", "iat"] {
        if claims.get(name).and_then(seconds).is_some_and(|at| at > latest) {
            return refuse(Fault::NotYetValid, &format!("`{name}` of the ID token is in the future"));
        }
    }
    // The library leaves this one to us.
    let party = claims.get("azp").and_then(Value::as_str);
    if party.is_some_and(|party| party != provider.config.client_id) {
        return refuse(Fault::Audience, "the ID token was made for another client (`azp`)");
    }
    Ok(claims)
}

/// Microsoft's issuer names the tenant of whoever signs in, and the tenant must be one that is let in.
fn check_issuer(provider: &Provider, known: &Known, claims: &Map<String, Value>) -> Result<(), Failure> {
    let Flavour::Microsoft { tenants } = &provider.config.flavour else { return Ok(()) };
    let text = |name| claims.get(name).and_then(Value::as_str).unwrap_or_default();
    let (tenant, issuer) = (text("tid"), text("iss"));
    if !is_tenant_id(tenant) {
        return Err(Failure::new(Fault::Tenant, "the ID token names no tenant (`tid`)"));
    }
    if !known.metadata.is_issuer(issuer, Some(tenant)) {
        return Err(Failure::new(Fault::Issuer, format!("not the issuer of tenant {tenant}: {issuer}")));
    }
    let allowed = match tenants {
        Tenants::OfIssuer => split_tenant(&known.metadata.issuer).is_some_and(|(_, ours)| ours == tenant),
        Tenants::Only(tenants) => tenants.contains(&tenant.to_ascii_lowercase()),
    };
    if allowed { Ok(()) } else { Err(Failure::new(Fault::Tenant, format!("tenant {tenant} is not let in"))) }
}

fn refused(error: &ClaimsVerificationError) -> Refused {
    use ClaimsVerificationError as Claims;
    use SignatureVerificationError as Signature;
    let fault = match error {
        Claims::SignatureVerification(Signature::NoMatchingKey) => return Refused::UnknownKey,
        Claims::SignatureVerification(
            Signature::DisallowedAlg(_) | Signature::NoSignature | Signature::UnsupportedAlg(_),
        ) => Fault::Algorithm,
        Claims::SignatureVerification(_) => Fault::Signature,
        Claims::Expired(_) => Fault::Expired,
        Claims::InvalidAudience(_) => Fault::Audience,
        Claims::InvalidIssuer(_) => Fault::Issuer,
        Claims::InvalidNonce(_) => Fault::Nonce,
        _ => Fault::Malformed,
    };
    // Some of the library's texts hold what was expected; nonces are of no use any more, but need not be told.
    let detail = match fault {
        Fault::Nonce => "the nonce is not that of this sign-in".to_owned(),
        _ => error.to_string(),
    };
    Refused::For(Failure::new(fault, detail))
}

/// Every claim, of a token that was verified.
fn payload(token: &CoreIdToken) -> Option<Map<String, Value>> {
    let text = token.to_string();
    let bytes = URL_SAFE_NO_PAD.decode(text.split('.').nth(1)?.trim_end_matches('=')).ok()?;
    serde_json::from_slice(&bytes).ok()
}

/// Seconds since 1970; some write fractions.
pub fn seconds(value: &Value) -> Option<i64> {
    #[expect(clippy::cast_possible_truncation, reason = "fractions of a second don't matter, and `as` saturates")]
    value.as_i64().or_else(|| value.as_f64().map(|seconds| seconds as i64))
}

/// Compares what somebody could otherwise guess letter by letter.
pub fn same(one: &str, other: &str) -> bool {
    use sha2::{Digest as _, Sha256};
    Sha256::digest(one) == Sha256::digest(other)
}
