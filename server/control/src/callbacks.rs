//! Where a team has its calls logged beside the ledger: set, shown without secrets, taken away.

use std::collections::BTreeMap;
use std::net::IpAddr;

use tollgate_domain::actor::{Action, Place, Resource};
use tollgate_domain::callback::{Callback, CallbackName, CallbackType};
use tollgate_domain::secret::Secret;
use tollgate_domain::team::Team;

use crate::secrets::is_secret_param;
use crate::{Control, ControlError, OpContext, records};

/// The most callbacks of a team, and the most variables and bytes of each.
const MOST: usize = 10;
const MOST_VARS: usize = 20;
const LONGEST: usize = 8 * 1024;

/// What stands for a secret.
pub const MASKED: &str = "***REDACTED***";

/// Langfuse's own addresses: those that whoever runs a team may name.
const LANGFUSE: [&str; 4] = [
    "https://cloud.langfuse.com",
    "https://us.cloud.langfuse.com",
    "https://eu.cloud.langfuse.com",
    "https://hipaa.cloud.langfuse.com",
];

/// The variable that holds an address, and those that must be given.
fn vars_of(name: CallbackName) -> (&'static str, &'static [&'static str], &'static [&'static str]) {
    match name {
        CallbackName::Langfuse => (
            "langfuse_host",
            &["langfuse_public_key", "langfuse_secret_key"],
            &["langfuse_public_key", "langfuse_secret_key", "langfuse_secret", "langfuse_host"],
        ),
        CallbackName::GenericApi | CallbackName::Webhook => ("endpoint", &["endpoint"], &["endpoint", "headers"]),
    }
}

/// A callback to be added, as somebody asks for it.
#[derive(Clone, Debug)]
pub struct NewCallback {
    pub name: String,
    /// `success`, `failure` or `success_and_failure`.
    pub kind: String,
    pub vars: BTreeMap<String, Secret>,
}

/// A callback as it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    pub name: CallbackName,
    pub kind: CallbackType,
    /// Secrets are [`MASKED`].
    pub vars: BTreeMap<String, String>,
}

/// A team's callbacks, without their secrets.
pub fn shown(team: &Team) -> Vec<Shown> {
    let one = |callback: &Callback| {
        let mut vars = callback.vars.clone();
        vars.extend(callback.secret_vars(&team.logging).map(|name| (name.to_owned(), MASKED.to_owned())));
        Shown { name: callback.name, kind: callback.kind, vars }
    };
    team.logging.callbacks.iter().map(one).collect()
}

/// Has the team's calls told to a service from the next one on. Secrets are encrypted.
pub async fn add(control: &Control, op: &OpContext, team: &str, new: NewCallback) -> Result<Team, ControlError> {
    let add = |team: &mut Team| {
        let NewCallback { name, kind, vars } = new;
        let known = CallbackName::ALL.map(CallbackName::as_str).join("`, `");
        let name = CallbackName::parse(&name)
            .ok_or_else(|| ControlError::invalid("callback_name", format!("is not supported: `{known}` are")))?;
        let kind = CallbackType::parse(&kind).ok_or_else(|| {
            ControlError::invalid("callback_type", "must be `success`, `failure` or `success_and_failure`")
        })?;
        if team.logging.callbacks.iter().any(|it| it.name == name && it.kind == kind) {
            let message = format!("`{}` is there for `{}` already: delete it first", name.as_str(), kind.as_str());
            return Err(ControlError::invalid("callback_name", message));
        }
        if team.logging.callbacks.len() >= MOST {
            return Err(ControlError::invalid("callback_name", format!("a team has at most {MOST}")));
        }
        let vars = checked(name, vars)?;
        let may_choose = op.may(Action::Update, Resource::Settings, &Place::default());
        let (address, ..) = vars_of(name);
        if let Some(given) = vars.get(address) {
            check_address(name, given.expose(), may_choose)?;
        }
        let mut callback = Callback { name, kind, vars: BTreeMap::new() };
        for (var, value) in vars {
            if is_secret(&var) {
                control.put_secret(team, &callback.secret_name(&var), &value)?;
            } else {
                callback.vars.insert(var, value.expose().to_owned());
            }
        }
        team.logging.callbacks.push(callback);
        Ok(())
    };
    Box::pin(records::update_as(control, op, team, None, "team.add_callback", add)).await
}

/// Takes away all of a name, whatever their type.
pub async fn remove(control: &Control, op: &OpContext, team: &str, name: &str) -> Result<Team, ControlError> {
    let remove = |team: &mut Team| match CallbackName::parse(name) {
        Some(name) if team.logging.remove(name) => Ok(()),
        _ => Err(ControlError::not_found("the callback of the team")),
    };
    Box::pin(records::update_as(control, op, team, None, "team.remove_callback", remove)).await
}

/// Takes away all of them.
pub async fn disable(control: &Control, op: &OpContext, team: &str) -> Result<Team, ControlError> {
    let disable = |team: &mut Team| {
        team.logging = tollgate_domain::callback::Logging::default();
        Ok(())
    };
    Box::pin(records::update_as(control, op, team, None, "team.disable_logging", disable)).await
}

/// Headers may be anything, and nearly always are a password.
fn is_secret(var: &str) -> bool {
    var == "headers" || is_secret_param(var)
}

/// The variables under the names that are acted on.
fn checked(name: CallbackName, vars: BTreeMap<String, Secret>) -> Result<BTreeMap<String, Secret>, ControlError> {
    let invalid = |message: String| Err(ControlError::invalid("callback_vars", message));
    let (_, needed, known) = vars_of(name);
    if vars.len() > MOST_VARS {
        return invalid(format!("at most {MOST_VARS}"));
    }
    let mut checked = BTreeMap::new();
    for (var, value) in vars {
        if !known.contains(&var.as_str()) {
            return invalid(format!("`{}` has no variable of this name: `{}`", name.as_str(), known.join("`, `")));
        }
        let text = value.expose();
        if text.is_empty() || text.len() > LONGEST || text.chars().any(char::is_control) {
            return invalid(format!("`{var}` must be a text of one line with at most {LONGEST} bytes"));
        }
        if text.starts_with("os.environ/") {
            return invalid(format!("`{var}`: variables of the gateway's environment can't be used here"));
        }
        if var == "headers" && !headers_are_good(text) {
            return invalid("`headers` must be `Name=value` pairs with commas between them".to_owned());
        }
        // LiteLLM's two names for one thing.
        let var = if var == "langfuse_secret" { "langfuse_secret_key".to_owned() } else { var };
        if checked.insert(var, value).is_some() {
            return invalid("`langfuse_secret` and `langfuse_secret_key` are the same: give one".to_owned());
        }
    }
    match needed.iter().find(|var| !checked.contains_key(**var)) {
        Some(missing) => invalid(format!("`{missing}` is missing")),
        None => Ok(checked),
    }
}

/// `Name=value`, with commas between them: LiteLLM's form.
pub fn headers(text: &str) -> impl Iterator<Item = Option<(&str, &str)>> {
    text.split(',').map(|pair| pair.split_once('=').map(|(name, value)| (name.trim(), value.trim())))
}

fn headers_are_good(text: &str) -> bool {
    headers(text).all(|pair| {
        pair.is_some_and(|(name, value)| {
            !name.is_empty()
                && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
                && value.bytes().all(|b| b == b' ' || b.is_ascii_graphic())
        })
    })
}

/// Whoever runs a team must not reach into the gateway's own network through it: other addresses than the services' own
/// are named by those who run the gateway.
fn check_address(name: CallbackName, text: &str, may_choose: bool) -> Result<(), ControlError> {
    let invalid = |message: &str| Err(ControlError::invalid("callback_vars", message));
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let Some(rest) = rest else { return invalid("the address must begin with `https://` or `http://`") };
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if host.is_empty() || host.contains('@') || text.contains(char::is_whitespace) {
        return invalid("the address must have a host, and no name and password in it");
    }
    let bare = host
        .strip_prefix('[')
        .and_then(|host| host.split(']').next())
        .unwrap_or_else(|| host.rsplit_once(':').map_or(host, |(host, _)| host));
    if bare.parse::<IpAddr>().is_ok_and(is_link_local) {
        return invalid("link-local addresses are where clouds keep their machines' credentials");
    }
    let own = name == CallbackName::Langfuse && LANGFUSE.contains(&text.trim_end_matches('/'));
    if !own && !may_choose {
        return invalid("an address of one's own is set by an administrator of the gateway");
    }
    Ok(())
}

fn is_link_local(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => ip.is_link_local(),
        IpAddr::V6(ip) => ip.is_unicast_link_local() || ip.to_ipv4_mapped().is_some_and(|ip| ip.is_link_local()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(name: CallbackName, text: &str, may_choose: bool) -> bool {
        check_address(name, text, may_choose).is_err()
    }

    #[test]
    fn addresses_are_looked_at() {
        let langfuse = CallbackName::Langfuse;
        for bad in ["ftp://x", "https://", "https://a@b", "https://169.254.169.254/x", "http://[fe80::1]:80/", "x"] {
            assert!(refused(langfuse, bad, true), "{bad}");
        }
        for good in ["https://langfuse.example", "http://10.0.0.3:3000/", "http://[::1]:3000"] {
            assert!(!refused(langfuse, good, true) && refused(langfuse, good, false), "{good}");
        }
        assert!(!refused(langfuse, "https://us.cloud.langfuse.com/", false));
        assert!(refused(CallbackName::Webhook, "https://cloud.langfuse.com", false));
    }

    #[test]
    fn variables_are_those_that_are_acted_on() {
        let vars = |pairs: &[(&str, &str)]| {
            let secret = |text: &str| Secret::new(text.to_owned());
            pairs.iter().map(|(name, value)| ((*name).to_owned(), secret(value))).collect::<BTreeMap<_, _>>()
        };
        let good = vars(&[("langfuse_public_key", "pk"), ("langfuse_secret", "sk")]);
        let read = checked(CallbackName::Langfuse, good).unwrap();
        assert_eq!(read.keys().collect::<Vec<_>>(), ["langfuse_public_key", "langfuse_secret_key"]);
        let bad: [&[(&str, &str)]; 5] = [
            &[("langfuse_public_key", "pk")],
            &[("langfuse_public_key", "pk"), ("langfuse_secret_key", "os.environ/X")],
            &[("langfuse_public_key", "pk"), ("langfuse_secret_key", "sk"), ("colour", "red")],
            &[("langfuse_public_key", "a\nb"), ("langfuse_secret_key", "sk")],
            &[("langfuse_public_key", "pk"), ("langfuse_secret_key", "sk"), ("langfuse_secret", "sk")],
        ];
        for bad in bad {
            assert!(checked(CallbackName::Langfuse, vars(bad)).is_err(), "{bad:?}");
        }
        let hook = |headers: &str| checked(CallbackName::Webhook, vars(&[("endpoint", "x"), ("headers", headers)]));
        assert!(hook("Authorization=Bearer x,X-A=b").is_ok());
        assert!(hook("Authorization").is_err() && hook("a b=c").is_err());
    }
}
