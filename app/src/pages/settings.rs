//! The settings: how this installation is set up, and what should be looked at. Nothing is changed here.

use leptos::prelude::*;

use crate::api::{SettingsView, get_settings};
use crate::components::{Badge, Count, Icon, IconName, PageHeader, Tone};
use crate::kit::{Fact, Facts, load};
use crate::pages::SIGN_IN_SETUP;
use crate::server::{SaltKey, StartFacts};

/// Something that the start looked at.
struct Check {
    tone: Tone,
    what: &'static str,
    told: String,
    /// What to do, where there is something.
    advice: &'static str,
}

impl Check {
    fn good(what: &'static str, told: impl Into<String>) -> Self {
        Self { tone: Tone::Good, what, told: told.into(), advice: "" }
    }

    fn warning(what: &'static str, told: impl Into<String>, advice: &'static str) -> Self {
        Self { tone: Tone::Warning, what, told: told.into(), advice }
    }
}

#[component]
pub fn SettingsPage() -> impl IntoView {
    view! {
        <PageHeader title="Settings" purpose="How this installation is set up. Settings stand in the configuration and the environment, and are changed there." />
        {load(get_settings(), |view| view! { <Content view /> })}
    }
}

#[component]
fn Content(view: SettingsView) -> impl IntoView {
    let checks = checks(&view).into_iter().map(|check| view! { <Line check /> }).collect_view();
    let SettingsView { known, web, base_url } = view;
    let StartFacts { version, configuration, data_folder, .. } = web.facts;
    let who = if web.admin_only {
        "Administrators and auditors (ui_access_mode: admin_only)"
    } else {
        "Everybody who can sign in (ui_access_mode: all)"
    };
    let vault = match known.vault_key {
        Some(id) => view! { <span class="mono">{id}</span> " (its id, not the key)" }.into_any(),
        None => view! { "None: secrets can't be kept in the database" }.into_any(),
    };
    let providers: Vec<_> = web.sign_on.sso.providers().map(|(_, label)| label.to_owned()).collect();
    let ways = if providers.is_empty() {
        "By password: no provider is set up".to_owned()
    } else {
        format!("Through {}; by password", providers.join(", "))
    };
    let callback = format!("{base_url}/sso/callback");
    let lines = i64::try_from(known.audit_lines).unwrap_or(i64::MAX);
    let models = i64::try_from(known.models).unwrap_or(i64::MAX);
    view! {
        <section class="stack">
            <h2>"At a glance"</h2>
            <ul class="checks">{checks}</ul>
            <p class="note">{with_code("On the command line `tollgate doctor` looks at more: whether the data folder can be written, and the whole audit log.")}</p>
        </section>
        <section class="stack">
            <h2>"This installation"</h2>
            <Facts>
                <Fact label="Version">{version}</Fact>
                <Fact label="Reached at" mono=true>{base_url}</Fact>
                <Fact label="Configuration" mono=true>{configuration}</Fact>
                <Fact label="Data folder" mono=true>{data_folder}</Fact>
                <Fact label="Database">{known.database}</Fact>
                <Fact label="Who may use the dashboard">{who}</Fact>
                <Fact label="How people sign in">{ways}<Onward href=SIGN_IN_SETUP label="Set up" /></Fact>
                <Fact label="Redirect address for providers" mono=true>{callback}</Fact>
                <Fact label="Secrets are encrypted under">{vault}</Fact>
                <Fact label="Models that can be called">
                    <Count value=models /><Onward href="/ui/models" label="Models" />
                </Fact>
                <Fact label="Audit log">
                    <Count value=lines />" lines"<Onward href="/ui/audit/verify" label="Verify" />
                </Fact>
                <Fact label="Retention">"Requests, charges and the audit log are kept for good."</Fact>
            </Facts>
        </section>
        <section class="stack">
            <h2>"For programs"</h2>
            <ul class="inline-list">
                <li><a href="/api/docs">"REST API"</a></li>
                <li><a href="/api/openapi.json">"OpenAPI document"</a></li>
                <li><a href="/health/readiness">"Readiness"</a></li>
            </ul>
        </section>
    }
}

#[component]
fn Onward(href: &'static str, label: &'static str) -> impl IntoView {
    view! { <a class="onward" href=href>{label}<Icon name=IconName::ArrowRight /></a> }
}

#[component]
fn Line(check: Check) -> impl IntoView {
    let label = if check.tone == Tone::Good { "In order" } else { "Look at it" };
    view! {
        <li>
            <Badge tone=check.tone label />
            <div>
                <strong>{check.what}</strong> ": " {check.told}
                {(!check.advice.is_empty()).then(|| view! { <p class="field-help">{with_code(check.advice)}</p> })}
            </div>
        </li>
    }
}

/// A text in which commands stand between backticks.
fn with_code(text: &'static str) -> impl IntoView {
    let piece = |(place, piece): (usize, &'static str)| {
        if place % 2 == 1 { view! { <code>{piece}</code> }.into_any() } else { piece.into_any() }
    };
    text.split('`').enumerate().map(piece).collect_view()
}

fn checks(view: &SettingsView) -> Vec<Check> {
    let facts = &view.web.facts;
    let configuration = match facts.warnings {
        0 => Check::good("Configuration", "read without a warning"),
        1 => Check::warning("Configuration", "1 warning", "`tollgate config check` tells it."),
        count => Check::warning("Configuration", format!("{count} warnings"), "`tollgate config check` tells them."),
    };
    let schema = match &view.known.schema {
        None => Check::good("Database", format!("{}, with this version's schema", view.known.database)),
        Some(problem) => Check { tone: Tone::Bad, what: "Database", told: problem.clone(), advice: "" },
    };
    let master = if facts.has_master_key {
        Check::good("Master key", "set")
    } else {
        Check::warning(
            "Master key",
            "there is none: the management API can only be used with administrators' keys",
            "Set TOLLGATE_MASTER_KEY to `sk-` and at least 32 random characters.",
        )
    };
    let salt = match facts.salt_key {
        SaltKey::Own => Check::good("Secrets", "encrypted under a key of their own"),
        SaltKey::Master => Check::warning(
            "Secrets",
            "encrypted under the master key",
            "Set TOLLGATE_SALT_KEY, so that the master key can be exchanged alone; then run `tollgate secrets reencrypt`.",
        ),
        SaltKey::None => Check::warning(
            "Secrets",
            "those of models and credentials can't be kept in the database",
            "Set TOLLGATE_SALT_KEY to a long random text, and keep it: without it they can't be read again.",
        ),
    };
    let address = match view.web.base_url.as_deref() {
        Some(url) if url.starts_with("https://") => Check::good("Address", url),
        Some(url) => Check::warning(
            "Address",
            format!("{url}: without https, sessions can be read on the way"),
            "Put a proxy with a certificate in front, and set PROXY_BASE_URL to its address.",
        ),
        None if facts.tls => Check::good("Address", "served over TLS by this process"),
        None => Check::warning(
            "Address",
            "PROXY_BASE_URL is not set",
            "Set it to the address that people use, so that links and sign-in work behind a proxy.",
        ),
    };
    vec![configuration, schema, master, salt, address]
}
