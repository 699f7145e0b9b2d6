//! One provider: its metadata and keys, remembered for a while.

use openidconnect::core::CoreJsonWebKeySet;
use serde::Deserialize;
use tokio::sync::Mutex;
use tollgate_domain::Timestamp;
use tollgate_domain::sso::Fault;

use crate::Failure;
use crate::config::{Endpoints, Flavour, ProviderConfig};
use crate::fetch::Fetch;

/// Metadata and keys are asked for again after so long…
const FRESH_SECONDS: i64 = 3600;
/// …and, while the provider does not answer, believed for so long.
const STALE_SECONDS: i64 = 24 * 3600;
/// A token that names an unknown key makes us ask for the keys again, but only once in so long: anybody can write such
/// a token.
const UNKNOWN_KEY_SECONDS: i64 = 60;

/// What Microsoft writes in place of the tenant in the metadata that all tenants share.
const TENANT_PLACEHOLDER: &str = "{tenantid}";

/// As in OpenID Connect Discovery 1.0; only what is used.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Metadata {
    /// Empty: there are no ID tokens.
    pub issuer: String,
    pub authorization_endpoint: String,
    pub token_endpoint: String,
    #[serde(default)]
    pub jwks_uri: Option<String>,
    #[serde(default)]
    pub userinfo_endpoint: Option<String>,
    #[serde(default)]
    pub end_session_endpoint: Option<String>,
    #[serde(default)]
    pub token_endpoint_auth_methods_supported: Option<Vec<String>>,
    /// RFC 9207: answers name the issuer.
    #[serde(default)]
    pub authorization_response_iss_parameter_supported: bool,
}

impl Metadata {
    /// Who is found over TLS sends nobody elsewhere without.
    fn check_addresses(&self, issuer: &str) -> Result<(), Failure> {
        if !issuer.starts_with("https://") {
            return Ok(());
        }
        let others = [&self.jwks_uri, &self.userinfo_endpoint, &self.end_session_endpoint];
        let all = [&self.authorization_endpoint, &self.token_endpoint].into_iter().chain(others.into_iter().flatten());
        match all.into_iter().find(|address| !address.starts_with("https://")) {
            Some(plain) => {
                Err(Failure::new(Fault::Malformed, format!("the metadata name an address without TLS: {plain}")))
            }
            None => Ok(()),
        }
    }

    /// Whether this is the issuer of a token of that tenant.
    pub fn is_issuer(&self, issuer: &str, tenant: Option<&str>) -> bool {
        match tenant {
            Some(tenant) => self.issuer.replace(TENANT_PLACEHOLDER, tenant) == issuer,
            None => self.issuer == issuer,
        }
    }
}

/// Metadata and keys.
#[derive(Clone, Debug)]
pub struct Known {
    pub metadata: Metadata,
    pub keys: CoreJsonWebKeySet,
    at: Timestamp,
    keys_at: Timestamp,
}

pub struct Provider {
    pub config: ProviderConfig,
    pub fetch: Fetch,
    /// Held while the provider is asked, so that many sign-ins ask once.
    known: Mutex<Option<Known>>,
}

impl Provider {
    pub fn new(config: ProviderConfig, fetch: Fetch) -> Self {
        Self { config, fetch, known: Mutex::new(None) }
    }

    /// Metadata and keys, not older than an hour where the provider answers.
    pub async fn known(&self, now: Timestamp) -> Result<Known, Failure> {
        let mut known = self.known.lock().await;
        if let Some(fresh) = known.as_ref().filter(|known| now < known.at.plus_seconds(FRESH_SECONDS)) {
            return Ok(fresh.clone());
        }
        match self.ask(now).await {
            Ok(new) => Ok(known.insert(new).clone()),
            Err(failure) => match known.as_ref() {
                Some(old) if now < old.at.plus_seconds(STALE_SECONDS) => {
                    tracing::warn!(provider = self.config.name, %failure, "old metadata of a provider is used");
                    Ok(old.clone())
                }
                _ => Err(failure),
            },
        }
    }

    /// The keys, asked for again because a token names one that is not among them; `None`: they were asked for just now.
    pub async fn newer_keys(&self, now: Timestamp) -> Result<Option<Known>, Failure> {
        let mut known = self.known.lock().await;
        let Some(known) = known.as_mut() else { return Ok(None) };
        if now < known.keys_at.plus_seconds(UNKNOWN_KEY_SECONDS) {
            return Ok(None);
        }
        // Also when it fails: the next one waits.
        known.keys_at = now;
        known.keys = self.keys(&known.metadata).await?;
        Ok(Some(known.clone()))
    }

    async fn ask(&self, now: Timestamp) -> Result<Known, Failure> {
        let metadata = match &self.config.endpoints {
            Endpoints::Discovered { issuer } => {
                let url = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
                let metadata: Metadata = self.fetch.json(&url, None, "the provider's metadata").await?;
                self.check_issuer(issuer, &metadata.issuer)?;
                metadata.check_addresses(issuer)?;
                if metadata.jwks_uri.is_none() {
                    return Err(Failure::new(Fault::Malformed, "the provider's metadata has no jwks_uri"));
                }
                metadata
            }
            Endpoints::Explicit { authorization, token, userinfo, signed, end_session } => Metadata {
                issuer: signed.as_ref().map(|(issuer, _)| issuer.clone()).unwrap_or_default(),
                authorization_endpoint: authorization.clone(),
                token_endpoint: token.clone(),
                jwks_uri: signed.as_ref().map(|(_, keys)| keys.clone()),
                userinfo_endpoint: userinfo.clone(),
                end_session_endpoint: end_session.clone(),
                token_endpoint_auth_methods_supported: None,
                authorization_response_iss_parameter_supported: false,
            },
        };
        let keys = self.keys(&metadata).await?;
        Ok(Known { metadata, keys, at: now, keys_at: now })
    }

    async fn keys(&self, metadata: &Metadata) -> Result<CoreJsonWebKeySet, Failure> {
        match &metadata.jwks_uri {
            Some(url) => self.fetch.json(url, None, "the provider's keys").await,
            None => Ok(CoreJsonWebKeySet::new(Vec::new())),
        }
    }

    /// The metadata must be that of the issuer where it was found. Microsoft's name a tenant by its id, whatever it was
    /// asked by, or none.
    fn check_issuer(&self, wanted: &str, found: &str) -> Result<(), Failure> {
        let good = match &self.config.flavour {
            Flavour::Microsoft { .. } => {
                let (base, ours) = split_tenant(wanted).unwrap_or_default();
                split_tenant(found).is_some_and(|(other, tenant)| {
                    let shared = ["common", "organizations", "consumers"].contains(&ours);
                    let placeholder = tenant == TENANT_PLACEHOLDER;
                    other == base
                        && !base.is_empty()
                        && placeholder == shared
                        && (placeholder || is_tenant_id(tenant))
                        && (!is_tenant_id(ours) || tenant.eq_ignore_ascii_case(ours))
                })
            }
            Flavour::Google { .. } | Flavour::Generic { .. } => wanted == found,
        };
        if good {
            return Ok(());
        }
        Err(Failure::new(Fault::Issuer, format!("the metadata under {wanted} says that it is of {found}")))
    }
}

/// `https://login.microsoftonline.com/TENANT/v2.0`: what is before the tenant, and the tenant.
pub fn split_tenant(issuer: &str) -> Option<(&str, &str)> {
    issuer.strip_suffix("/v2.0")?.rsplit_once('/')
}

/// Whether it is a UUID in the form that Microsoft writes.
pub fn is_tenant_id(text: &str) -> bool {
    let lengths = [8, 4, 4, 4, 12];
    let mut parts = text.split('-');
    lengths.iter().all(|length| {
        parts.next().is_some_and(|part| part.len() == *length && part.bytes().all(|b| b.is_ascii_hexdigit()))
    }) && parts.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_found_over_tls_name_nothing_without() {
        let metadata = |token: &str, keys: &str| Metadata {
            issuer: "https://idp".to_owned(),
            authorization_endpoint: "https://idp/a".to_owned(),
            token_endpoint: token.to_owned(),
            jwks_uri: Some(keys.to_owned()),
            userinfo_endpoint: None,
            end_session_endpoint: None,
            token_endpoint_auth_methods_supported: None,
            authorization_response_iss_parameter_supported: false,
        };
        assert!(metadata("https://idp/t", "https://idp/k").check_addresses("https://idp").is_ok());
        assert!(metadata("http://idp/t", "https://idp/k").check_addresses("https://idp").is_err());
        assert!(metadata("https://idp/t", "http://169.254.169.254/k").check_addresses("https://idp").is_err());
    }

    #[test]
    fn tenants_are_uuids() {
        assert!(is_tenant_id("11111111-2222-3333-4444-555555555abc"));
        for bad in [
            "",
            "common",
            "{tenantid}",
            "11111111-2222-3333-4444-55555555555",
            "1-2-3-4-5",
            "11111111-2222-3333-4444-55555555555g",
        ] {
            assert!(!is_tenant_id(bad), "{bad}");
        }
        assert_eq!(split_tenant("https://login/x/v2.0"), Some(("https://login", "x")));
    }
}
