//! Single sign-on: providers out of LiteLLM's environment variables, and who is let in through them as what.

mod admission;
mod people;

use std::collections::BTreeSet;

use tollgate_domain::secret::Secret;
use tollgate_domain::sso::Admission;
use tollgate_sso::{ClaimNames, Endpoints, Flavour, ProviderConfig, Tenants};
use url::Url;

use super::files::{Document, Section};
use super::finding::shown;
use super::value::Reader;
use super::yaml::Place;

const GOOGLE: &str = "https://accounts.google.com";
const MICROSOFT: &str = "https://login.microsoftonline.com";
const GRAPH: &str = "https://graph.microsoft.com/v1.0";

/// Tenants that stand for many.
const SHARED_TENANTS: [&str; 3] = ["common", "organizations", "consumers"];

/// How people sign in besides by password.
#[derive(Debug, Default)]
pub struct SignOn {
    pub providers: Vec<ProviderConfig>,
    pub admission: Admission,
    /// `PROXY_LOGOUT_URL`
    pub logout_url: Option<String>,
}

pub(super) fn read(document: Option<&Document>, litellm: &Section<'_>, reader: &mut Reader<'_>) -> SignOn {
    let nothing = Section(Vec::new());
    let settings = document.map_or(nothing, |document| document.section("sso_settings", reader));
    let mut admission = people::admission(litellm, reader);
    let claims = admission::read(&settings, &mut admission, reader);
    let google = google(&admission, reader);
    let microsoft = microsoft(reader);
    let generic = generic(&mut admission, reader);
    let mut providers: Vec<_> = [google, microsoft, generic].into_iter().flatten().collect();
    for provider in &mut providers {
        if let Some((_, groups)) = claims.iter().find(|(name, _)| *name == provider.name) {
            provider.claims.groups.clone_from(groups);
        }
    }
    let by_groups =
        admission.role_mappings.contains_key("microsoft") || admission.team_mappings.contains_key("microsoft");
    if let Some(provider) = providers.iter_mut().find(|provider| provider.name == "microsoft" && by_groups) {
        // Whoever is in more groups than a token has room for.
        provider.graph = Some(address("MICROSOFT_GRAPH", reader).unwrap_or_else(|| GRAPH.to_owned()));
        provider.scopes.push("User.Read".to_owned());
    }
    if providers.is_empty() && !settings.0.is_empty() {
        let help = "set GOOGLE_CLIENT_ID, MICROSOFT_CLIENT_ID or GENERIC_CLIENT_ID";
        reader.report.warning(
            Place::default(),
            "sso_settings",
            "no provider is configured: nobody signs in by it",
            help,
        );
    }
    let logout_url = address("PROXY_LOGOUT_URL", reader);
    SignOn { providers, admission, logout_url }
}

/// Whose client id is set, and whose secret must be.
fn credentials(prefix: &str, needs_secret: bool, reader: &mut Reader<'_>) -> Option<(String, Option<Secret>)> {
    let id = reader.variables.get(&format!("{prefix}_CLIENT_ID"))?;
    let name = format!("{prefix}_CLIENT_SECRET");
    let secret = reader.variables.get(&name).map(Secret::new);
    if secret.is_none() && needs_secret {
        let message = format!("`{prefix}_CLIENT_ID` is set, and `{name}` is not");
        reader.report.error(Place::default(), &name, message, "set both, or neither");
        return None;
    }
    Some((id, secret))
}

/// Whether an address is over TLS, or on this machine.
pub(super) fn is_safe_address(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| match url.scheme() {
        "https" => url.host().is_some(),
        "http" => match url.host() {
            Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
            Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
            Some(url::Host::Domain(name)) => name == "localhost",
            None => false,
        },
        _ => false,
    })
}

/// An address in a variable: over TLS, but on this machine.
fn address(name: &str, reader: &mut Reader<'_>) -> Option<String> {
    let text = reader.variables.get(name)?;
    let text = text.trim();
    if is_safe_address(text) {
        return Some(text.to_owned());
    }
    let help = "`https://…`; `http://` only on this machine";
    reader.report.error(Place::default(), name, "not an address that can be used", help);
    None
}

fn scopes(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

fn google(admission: &Admission, reader: &mut Reader<'_>) -> Option<ProviderConfig> {
    let (client_id, client_secret) = credentials("GOOGLE", true, reader)?;
    let issuer = address("GOOGLE_ISSUER", reader).unwrap_or_else(|| GOOGLE.to_owned());
    Some(ProviderConfig {
        name: "google".to_owned(),
        label: "Google".to_owned(),
        flavour: Flavour::Google { domains: admission.email_domains.clone() },
        endpoints: Endpoints::Discovered { issuer },
        client_id,
        client_secret,
        scopes: scopes("openid email profile"),
        claims: ClaimNames::default(),
        graph: None,
    })
}

fn microsoft(reader: &mut Reader<'_>) -> Option<ProviderConfig> {
    let (client_id, client_secret) = credentials("MICROSOFT", true, reader)?;
    let Some(tenant) = reader.variables.get("MICROSOFT_TENANT") else {
        let help = "the directory's id, or `organizations` with MICROSOFT_ALLOWED_TENANTS";
        reader.report.warning(
            Place::default(),
            "MICROSOFT_TENANT",
            "is not set: nobody can sign in with Microsoft before it is known which tenant may",
            help,
        );
        return None;
    };
    let tenant = tenant.trim().to_owned();
    let plain = !tenant.is_empty() && tenant.bytes().all(|b| b.is_ascii_alphanumeric() || b"-.".contains(&b));
    if !plain {
        let message = format!("{} is no tenant", shown(&tenant));
        reader.report.error(Place::default(), "MICROSOFT_TENANT", message, "an id or a domain");
        return None;
    }
    let allowed = listed("MICROSOFT_ALLOWED_TENANTS", reader);
    if allowed.is_empty() && SHARED_TENANTS.contains(&tenant.as_str()) {
        let message = format!("`{tenant}` is every tenant there is");
        let help = "list the ids of those that may sign in, with commas between them";
        reader.report.error(Place::default(), "MICROSOFT_ALLOWED_TENANTS", message, help);
        return None;
    }
    let authority = address("MICROSOFT_AUTHORITY", reader).unwrap_or_else(|| MICROSOFT.to_owned());
    let tenants = if allowed.is_empty() { Tenants::OfIssuer } else { Tenants::Only(allowed) };
    Some(ProviderConfig {
        name: "microsoft".to_owned(),
        label: "Microsoft".to_owned(),
        flavour: Flavour::Microsoft { tenants },
        endpoints: Endpoints::Discovered { issuer: format!("{}/{tenant}/v2.0", authority.trim_end_matches('/')) },
        client_id,
        client_secret,
        scopes: scopes("openid email profile"),
        claims: ClaimNames { id: "oid".to_owned(), ..ClaimNames::default() },
        graph: None,
    })
}

fn generic(admission: &mut Admission, reader: &mut Reader<'_>) -> Option<ProviderConfig> {
    let (client_id, client_secret) = credentials("GENERIC", false, reader)?;
    let endpoints = generic_endpoints(reader)?;
    let defaults = ClaimNames::default();
    let claim = |name: &str, default: String| reader.variables.get(&format!("GENERIC_{name}")).unwrap_or(default);
    let claims = ClaimNames {
        id: claim("USER_ID_ATTRIBUTE", defaults.id),
        email: claim("USER_EMAIL_ATTRIBUTE", defaults.email),
        name: claim("USER_DISPLAY_NAME_ATTRIBUTE", defaults.name),
        first_name: claim("USER_FIRST_NAME_ATTRIBUTE", defaults.first_name),
        last_name: claim("USER_LAST_NAME_ATTRIBUTE", defaults.last_name),
        role: claim("USER_ROLE_ATTRIBUTE", defaults.role),
        groups: claim("ROLE_MAPPINGS_GROUP_CLAIM", defaults.groups),
    };
    let label = claim("PROVIDER_NAME", "single sign-on".to_owned());
    let wanted = claim("SCOPE", "openid email profile".to_owned());
    let trust_email = truth("GENERIC_TRUST_EMAIL", reader);
    admission::of_variables(admission, reader);
    Some(ProviderConfig {
        name: "generic".to_owned(),
        label: label.chars().take(60).collect(),
        flavour: Flavour::Generic { trust_email },
        endpoints,
        client_id,
        client_secret,
        scopes: scopes(&wanted),
        claims,
        graph: None,
    })
}

fn generic_endpoints(reader: &mut Reader<'_>) -> Option<Endpoints> {
    let issuer = address("GENERIC_ISSUER", reader);
    let authorization = address("GENERIC_AUTHORIZATION_ENDPOINT", reader);
    let token = address("GENERIC_TOKEN_ENDPOINT", reader);
    let userinfo = address("GENERIC_USERINFO_ENDPOINT", reader);
    let keys = address("GENERIC_JWKS_URL", reader);
    let end_session = address("GENERIC_END_SESSION_ENDPOINT", reader);
    let (authorization, token) = match (issuer, authorization, token, keys) {
        (Some(issuer), Some(authorization), Some(token), Some(keys)) => {
            let signed = Some((issuer, keys));
            return Some(Endpoints::Explicit { authorization, token, userinfo, signed, end_session });
        }
        // What the provider says of itself is righter than what was copied once.
        (Some(issuer), ..) => return Some(Endpoints::Discovered { issuer }),
        (None, Some(authorization), Some(token), _) if userinfo.is_some() => (authorization, token),
        _ => {
            let help = "set GENERIC_ISSUER; or GENERIC_AUTHORIZATION_ENDPOINT, GENERIC_TOKEN_ENDPOINT and \
                        GENERIC_USERINFO_ENDPOINT";
            reader.report.error(Place::default(), "GENERIC_ISSUER", "where the provider is, is not said", help);
            return None;
        }
    };
    let message = "without it who somebody is comes from the userinfo endpoint, and no signature is looked at";
    reader.report.warning(Place::default(), "GENERIC_ISSUER", message, "set it: the endpoints are found by it");
    Some(Endpoints::Explicit { authorization, token, userinfo, signed: None, end_session })
}

/// Words of a variable, in lower case, with commas or spaces between them.
fn listed(name: &str, reader: &mut Reader<'_>) -> BTreeSet<String> {
    let text = reader.variables.get(name).unwrap_or_default().to_lowercase();
    text.split([',', ' ', ';']).map(str::trim).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

fn truth(name: &str, reader: &mut Reader<'_>) -> bool {
    let Some(text) = reader.variables.get(name) else { return false };
    match text.trim().to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" | "on" => true,
        "false" | "0" | "no" | "off" => false,
        _ => {
            reader.report.error(Place::default(), name, "needs true or false", "write `true` or `false`");
            false
        }
    }
}
