//! What is said once for the whole gateway: `general_settings`, `litellm_settings`, `environment_variables`.

use std::path::PathBuf;
use std::time::Duration;

use tollgate_domain::address::{MOST_NETWORKS, Networks};
use tollgate_domain::key::{KeyDigest, SHORTEST_CUSTOM_KEY};
use tollgate_domain::secret::Secret;

use super::files::{Document, Section};
use super::finding::shown;
use super::headers::is_header_name;
use super::value::{Cursor, Reader};
use super::yaml::Place;
use crate::deliver::Alerting;

/// Settings that hold for every call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub struct General {
    /// Another header in which callers may send their key (`litellm_key_header_name`), as it was written.
    pub key_header: Option<String>,
    /// The largest request body, in bytes (`max_request_size_mb`).
    pub max_request_bytes: Option<u64>,
    /// The largest answer, in bytes (`max_response_size_mb`).
    pub max_response_bytes: Option<u64>,
    /// Streams end with a chunk that says what the call cost.
    pub include_cost_in_streaming_usage: bool,
    /// The simulator is not offered, whatever names it.
    pub disable_simulator: bool,
    /// Only administrators and auditors may use the dashboard (`ui_access_mode: admin_only`).
    pub admin_only_ui: bool,
    /// People's keys may only call models, not manage (`allow_user_auth: false`).
    pub no_user_auth: bool,
    /// A client that leaves takes its call with it, unless its key or team says otherwise (`cancel_on_disconnect`).
    pub cancel_on_disconnect: bool,
    /// `disable_password_login_when_sso_enabled`
    pub passwords_off: bool,
    /// From where anything may be asked for; empty: from everywhere (`allowed_ips`).
    pub allowed: Networks,
    /// From where the dashboard may be used (`dashboard_allowed_ips`).
    pub dashboard_allowed: Networks,
    /// The proxies whose `X-Forwarded-For` is believed (`trusted_proxies`, or LiteLLM's `trusted_proxy_ranges`).
    pub trusted_proxies: Networks,
    /// Certificates and their key, in PEM (`ssl_certfile_path`, `ssl_keyfile_path`).
    pub certificate: Option<(PathBuf, PathBuf)>,
    /// Fields that the provider behind a model can't be told are left out instead of refused (`drop_params`).
    pub drop_params: bool,
}

/// Time limits that hold for deployments without their own.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct DefaultTimeouts {
    pub total: Option<Duration>,
    pub stream: Option<Duration>,
}

/// The master key, from `TOLLGATE_MASTER_KEY` or LiteLLM's variable, where the file has none.
const MASTER_KEY_VARIABLES: [&str; 2] = ["TOLLGATE_MASTER_KEY", "LITELLM_MASTER_KEY"];
const DATABASE_VARIABLE: &str = "DATABASE_URL";
/// The key of LiteLLM's own examples, `sk-1234`, by its digest.
const PUBLIC_MASTER_KEY: &str = "88dc28d0f030c55ed4ab77ed8faf098196cb1c05df778539800c9f1243fe6b4b";
const MASTER_KEY_HELP: &str = "make one with `echo \"sk-$(openssl rand -hex 32)\"` and keep it in the environment";

/// A variable of `environment_variables`.
pub(super) struct Variable<'n> {
    name: String,
    value: String,
    at: Cursor<'n>,
}

/// Lays `environment_variables` over the process's environment. As in LiteLLM, the file's value wins.
pub(super) fn environment_variables<'n>(document: &'n Document, reader: &mut Reader<'_>) -> Vec<Variable<'n>> {
    let mut all: Vec<Variable<'n>> = Vec::new();
    for part in document.section("environment_variables", reader).0 {
        for (name, _, at) in part.entries().filter(|(_, _, cursor)| !cursor.node.is_null()) {
            if let Some(source) = plain_reference(&at)
                && reader.variables.get(source).is_none()
            {
                // Harmless where nothing asks for it, and where something does, that is reported.
                let message = format!("the environment variable {} is not set", shown(source));
                reader.report.warning(at.place(), &at.path, message, "set it, or take this line away");
                continue;
            }
            let Some(text) = reader.text(&at) else { continue };
            if reader.variables.process(name).is_some_and(|value| value != text.value) {
                let message = format!("replaces the value of {} in the process's environment", shown(name));
                reader.report.warning(at.place(), &at.path, message, "set it in one place only");
            }
            all.retain(|other| other.name != name);
            all.push(Variable { name: name.to_owned(), value: text.value, at });
        }
    }
    for variable in &all {
        reader.variables.set(variable.name.clone(), variable.value.clone());
    }
    all
}

/// Tells of variables that are set for nothing: they are not put into the process's environment.
pub(super) fn unused_variables(all: &[Variable<'_>], reader: &mut Reader<'_>) {
    for variable in all.iter().filter(|variable| !reader.variables.is_used(&variable.name)) {
        let message = "nothing that is acted on yet asks for it";
        reader.report.notice(variable.at.place(), &variable.at.path, message);
    }
}

fn plain_reference<'n>(cursor: &Cursor<'n>) -> Option<&'n str> {
    match &cursor.node.value {
        super::yaml::Value::Scalar { text, .. } => text.strip_prefix("os.environ/"),
        _ => None,
    }
}

/// The master key of the file or the environment. A key that everybody knows is refused.
pub(super) fn master_key(general: &Section<'_>, reader: &mut Reader<'_>) -> Option<Secret> {
    let permitted = general
        .get("dangerously_permit_weak_or_unset_master_key", reader)
        .and_then(|cursor| reader.truth(&cursor))
        .unwrap_or(false);
    let (place, path, key) = if let Some(cursor) = general.get("master_key", reader) {
        (cursor.place(), cursor.path.clone(), reader.secret(&cursor)?)
    } else {
        let variables = &reader.variables;
        let (name, value) = MASTER_KEY_VARIABLES.iter().find_map(|name| Some((*name, variables.get(name)?)))?;
        (Place::default(), name.to_owned(), Secret::new(value))
    };
    let text = key.expose();
    let known = KeyDigest::of(text).to_hex() == PUBLIC_MASTER_KEY;
    if !text.starts_with("sk-") {
        reader.report.error(place, &path, "a master key must start with `sk-`", MASTER_KEY_HELP);
        return None;
    }
    if text.len() > 512 || !text.bytes().all(|b| b.is_ascii_graphic()) {
        let message = "a master key must be printable ASCII, at most 512 characters, without spaces";
        reader.report.error(place, &path, message, MASTER_KEY_HELP);
        return None;
    }
    if known && !permitted {
        let message = "the master key of LiteLLM's examples: everybody knows it";
        reader.report.error(place, &path, message, MASTER_KEY_HELP);
        return None;
    }
    if known || text.len() < SHORTEST_CUSTOM_KEY {
        let message = format!("a weak master key: shorter than {SHORTEST_CUSTOM_KEY} characters");
        reader.report.warning(place, &path, message, MASTER_KEY_HELP);
    }
    Some(key)
}

/// Where the database is, from the file or the environment.
pub(super) fn database_url(general: &Section<'_>, reader: &mut Reader<'_>) -> Option<Secret> {
    let (place, path, url) = if let Some(cursor) = general.get("database_url", reader) {
        (cursor.place(), cursor.path.clone(), reader.secret(&cursor)?)
    } else {
        let value = reader.variables.get(DATABASE_VARIABLE)?;
        (Place::default(), DATABASE_VARIABLE.to_owned(), Secret::new(value))
    };
    let schemes = ["postgres://", "postgresql://", "sqlite:"];
    if !schemes.iter().any(|scheme| url.expose().starts_with(scheme)) {
        let help = "`postgresql://user:password@host:5432/name` or `sqlite://data/tollgate.db`";
        reader.report.error(place, &path, "not the address of a PostgreSQL or SQLite database", help);
        return None;
    }
    Some(url)
}

pub(super) fn general(general: &Section<'_>, litellm: &Section<'_>, reader: &mut Reader<'_>) -> General {
    let mut truth =
        |section: &Section<'_>, key| section.get(key, reader).and_then(|cursor| reader.truth(&cursor)).unwrap_or(false);
    let include_cost_in_streaming_usage = truth(litellm, "include_cost_in_streaming_usage");
    let drop_params = truth(litellm, "drop_params");
    let disable_simulator = truth(general, "disable_simulator");
    let cancel_on_disconnect = truth(general, "cancel_on_disconnect");
    let passwords_off = truth(general, "disable_password_login_when_sso_enabled");
    let no_user_auth =
        general.get("allow_user_auth", reader).and_then(|cursor| reader.truth(&cursor)).is_some_and(|allowed| !allowed);
    let admin_only_ui = general.get("ui_access_mode", reader).is_some_and(|cursor| {
        let Some(mode) = reader.name(&cursor) else { return true };
        match mode.value.as_str() {
            "all" => false,
            "admin_only" => true,
            _ => {
                reader.wrong(&cursor, format!("unknown mode {}", mode.shown()), "`all` or `admin_only`");
                true
            }
        }
    });
    let key_header = general.get("litellm_key_header_name", reader).and_then(|cursor| {
        let name = reader.name(&cursor)?;
        if !is_header_name(&name.value) {
            let message = format!("not the name of a header: {}", name.shown());
            reader.wrong(&cursor, message, "letters, digits and `-`: `X-Gateway-Key`");
            return None;
        }
        Some(name.value)
    });
    let allowed = networks("allowed_ips", general, reader);
    let dashboard_allowed = networks("dashboard_allowed_ips", general, reader);
    let trusted_proxies = match networks("trusted_proxies", general, reader) {
        none if none.is_empty() => networks("trusted_proxy_ranges", general, reader),
        some => some,
    };
    if let Some(cursor) = general.get("use_x_forwarded_for", reader)
        && reader.truth(&cursor) == Some(true)
        && trusted_proxies.is_empty()
    {
        let message = "nobody's `X-Forwarded-For` is believed: anybody could write one";
        let help = "list the addresses of your proxies under `general_settings.trusted_proxies`";
        reader.report.warning(cursor.place(), &cursor.path, message, help);
    }
    let certificate = certificate(general, reader);
    General {
        allowed,
        dashboard_allowed,
        trusted_proxies,
        passwords_off,
        certificate,
        key_header,
        max_request_bytes: general.get("max_request_size_mb", reader).and_then(|cursor| reader.megabytes(&cursor)),
        max_response_bytes: general.get("max_response_size_mb", reader).and_then(|cursor| reader.megabytes(&cursor)),
        include_cost_in_streaming_usage,
        disable_simulator,
        admin_only_ui,
        no_user_auth,
        cancel_on_disconnect,
        drop_params,
    }
}

/// A list of addresses and networks. One that can't be read is an error: without it more would be let in.
fn networks(key: &str, general: &Section<'_>, reader: &mut Reader<'_>) -> Networks {
    let Some(list) = general.get(key, reader).and_then(|cursor| reader.list(cursor)) else {
        return Networks::default();
    };
    let mut texts = Vec::new();
    for item in list.items() {
        let Some(text) = reader.text(&item) else { continue };
        if Networks::parse([text.value.as_str()]).is_err() {
            let message = format!("not an address or a network: {}", text.shown());
            reader.wrong(&item, message, "`203.0.113.9`, `10.0.0.0/8`, `2001:db8::/32`");
        } else {
            texts.push(text.value);
        }
    }
    if texts.len() > MOST_NETWORKS {
        reader.wrong(&list, format!("more than {MOST_NETWORKS}"), "put them together into networks");
    }
    Networks::parse(texts.iter().map(String::as_str)).unwrap_or_default()
}

fn certificate(general: &Section<'_>, reader: &mut Reader<'_>) -> Option<(PathBuf, PathBuf)> {
    let mut path = |key| {
        let cursor = general.get(key, reader)?;
        Some((reader.text(&cursor)?.value, cursor))
    };
    match (path("ssl_certfile_path"), path("ssl_keyfile_path")) {
        (Some((certificate, _)), Some((key, _))) => Some((certificate.into(), key.into())),
        (None, None) => None,
        (Some((_, cursor)), None) | (None, Some((_, cursor))) => {
            let message = "a certificate needs its key, and a key its certificate";
            reader.wrong(&cursor, message, "set `ssl_certfile_path` and `ssl_keyfile_path`, or neither");
            None
        }
    }
}

/// `alerting: ["webhook", "slack"]`: places that are told of budgets' marks, whose addresses are in the environment.
pub(super) fn alerting(general: &Section<'_>, reader: &mut Reader<'_>) -> Alerting {
    let mut alerting = Alerting::default();
    let list = general.get("alerting", reader).and_then(|cursor| reader.list(cursor));
    for item in list.iter().flat_map(Cursor::items) {
        let Some(name) = reader.name(&item) else { continue };
        let (variable, place) = match name.value.as_str() {
            "webhook" => ("WEBHOOK_URL", &mut alerting.webhook),
            "slack" => ("SLACK_WEBHOOK_URL", &mut alerting.slack),
            _ => {
                let message = format!("{} is not acted on yet", name.shown());
                reader.report.notice(item.place(), &item.path, message);
                continue;
            }
        };
        if let Some(url) = reader.variables.get(variable).filter(|url| is_web_address(url)) {
            *place = Some(Secret::new(url));
        } else {
            let message = format!("nobody is told: {variable} is not set to an address");
            let help = format!("set {variable} to the address that alerts are posted to");
            reader.report.warning(item.place(), &item.path, message, help);
        }
    }
    alerting
}

fn is_web_address(url: &str) -> bool {
    url::Url::parse(url).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
}

/// `router_settings.timeout`, then `litellm_settings.request_timeout`; `router_settings.stream_timeout`.
pub(super) fn timeouts(router: &Section<'_>, litellm: &Section<'_>, reader: &mut Reader<'_>) -> DefaultTimeouts {
    let mut seconds = |section: &Section<'_>, key| section.get(key, reader).and_then(|cursor| reader.seconds(&cursor));
    let request = seconds(litellm, "request_timeout");
    DefaultTimeouts { total: seconds(router, "timeout").or(request), stream: seconds(router, "stream_timeout") }
}
