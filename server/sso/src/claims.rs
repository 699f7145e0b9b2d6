//! From claims to somebody.

use std::collections::BTreeSet;

use serde_json::{Map, Value};
use tollgate_domain::sso::{Fault, Groups, Proven};
use tollgate_domain::user::normalise_email;

use crate::Failure;
use crate::config::{Flavour, ProviderConfig};

/// The most groups or roles that are looked at, and the longest text that is kept.
const MOST: usize = 2000;
const LONGEST: usize = 200;

/// Somebody, of claims that were verified. `issuer` is who vouches, for providers without ID tokens.
pub fn proven(config: &ProviderConfig, claims: &Map<String, Value>, issuer: Option<&str>) -> Result<Proven, Failure> {
    let names = &config.claims;
    let text = |name: &str| find(claims, name).and_then(text);
    let missing = |what: &str| Failure::new(Fault::Malformed, format!("the provider does not say `{what}`"));
    let (subject, vouches) = match (&config.flavour, issuer) {
        (_, Some(issuer)) => (text(&names.id).ok_or_else(|| missing(&names.id))?, issuer.to_owned()),
        // `sub` differs from application to application; `oid` is the person.
        (Flavour::Microsoft { .. }, None) => {
            (text("oid").ok_or_else(|| missing("oid"))?, text("iss").ok_or_else(|| missing("iss"))?)
        }
        (_, None) => (text("sub").ok_or_else(|| missing("sub"))?, text("iss").ok_or_else(|| missing("iss"))?),
    };
    if subject.chars().count() > LONGEST || vouches.len() > LONGEST {
        return Err(Failure::new(Fault::Malformed, "subject or issuer are longer than 200 characters"));
    }
    let said = claims.get("email_verified");
    let (email, email_verified, email_links) = match &config.flavour {
        // The tenant is let in by the configuration, and its administrators choose the addresses: good enough to tell
        // one domain from another, and never to find an account.
        Flavour::Microsoft { .. } => (text(&names.email).or_else(|| text("preferred_username")), true, false),
        Flavour::Google { .. } => (text(&names.email), truth(said) == Some(true), true),
        Flavour::Generic { trust_email } => {
            let verified = truth(said).unwrap_or(*trust_email);
            (text(&names.email), verified, true)
        }
    };
    if truth(said) == Some(false) {
        return Err(Failure::new(Fault::EmailUnverified, "the provider says that the e-mail address is not verified"));
    }
    if let Flavour::Google { domains } = &config.flavour
        && !domains.is_empty()
    {
        // `hd` in the request is only a wish.
        let hosted = text("hd").map(|domain| domain.to_lowercase());
        if !hosted.as_ref().is_some_and(|domain| domains.contains(domain)) {
            let told = hosted.unwrap_or_else(|| "none".to_owned());
            return Err(Failure::new(Fault::Domain, format!("the account's hosted domain (`hd`) is {told}")));
        }
    }
    let full = || {
        let parts: Vec<_> = [&names.first_name, &names.last_name].into_iter().filter_map(|name| text(name)).collect();
        (!parts.is_empty()).then(|| parts.join(" "))
    };
    let mut roles = list(find(claims, &names.role));
    if matches!(config.flavour, Flavour::Microsoft { .. }) {
        // App roles.
        roles.extend(list(claims.get("roles")));
    }
    Ok(Proven {
        provider: config.name.clone(),
        issuer: vouches,
        subject,
        session: text("sid").filter(|sid| sid.len() <= LONGEST),
        email: email.as_deref().and_then(normalise_email),
        email_verified,
        email_links: email_links && email_verified,
        name: text(&names.name).or_else(full).map(|name| tidy(&name)).filter(|name| !name.is_empty()),
        alias: text(&names.id),
        roles: roles.into_iter().collect(),
        groups: groups(claims, &names.groups),
    })
}

/// Whether the claims lack something that is asked for and that the `userinfo` endpoint may know.
pub fn is_wanting(config: &ProviderConfig, claims: &Map<String, Value>) -> bool {
    let names = &config.claims;
    [&names.email, &names.name, &names.groups].into_iter().any(|name| find(claims, name).is_none())
}

fn groups(claims: &Map<String, Value>, name: &str) -> Groups {
    // Microsoft, for somebody in more than 200 groups.
    let elsewhere = claims.get("_claim_names").and_then(|names| names.get(name)).is_some();
    let many = truth(claims.get("hasgroups")) == Some(true);
    match find(claims, name) {
        None if elsewhere || many => Groups::TooMany,
        Some(Value::Array(all)) if all.len() > MOST => Groups::TooMany,
        found => Groups::Told(list(found)),
    }
}

/// A text, or a list of them.
fn list(value: Option<&Value>) -> BTreeSet<String> {
    match value {
        Some(Value::Array(all)) => all.iter().take(MOST).filter_map(text).collect(),
        Some(one) => text(one).into_iter().collect(),
        None => BTreeSet::new(),
    }
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

fn text(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    (!text.is_empty() && !text.chars().any(char::is_control)).then_some(text)
}

/// Some write truth values as texts.
fn truth(value: Option<&Value>) -> Option<bool> {
    match value? {
        Value::Bool(truth) => Some(*truth),
        Value::String(text) => text.to_ascii_lowercase().parse().ok(),
        _ => None,
    }
}

fn tidy(name: &str) -> String {
    name.chars().take(100).collect::<String>().trim().to_owned()
}
