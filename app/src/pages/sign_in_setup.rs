//! Setting single sign-on up: what to do at each provider, whether it can be reached, and what it says of oneself.

use leptos::prelude::*;
use tollgate_domain::sso::Groups;

use crate::api::{SignInSetupView, TestedSignIn, get_sign_in_setup};
use crate::components::{Badge, CodeBlock, CopyField, Notice, PageHeader, Tone};
use crate::kit::{Fact, Facts, NoticeFromAddress, OptionalFact, load};
use crate::pages::users::role_name;

pub const SIGN_IN_SETUP: &str = "/ui/settings/sign-in";

const PURPOSE: &str =
    "Let people sign in through Google, Microsoft or any OpenID provider: set the variables, restart, test.";

/// What came of asking a provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    pub provider: String,
    pub outcome: Result<String, String>,
}

/// What is done at a provider, and set here.
struct Guide {
    name: &'static str,
    label: &'static str,
    steps: &'static [&'static str],
    variables: &'static str,
}

const GUIDES: [Guide; 3] = [
    Guide {
        name: "google",
        label: "Google",
        steps: &[
            "In the Google Cloud console open APIs & Services, Credentials, and create an OAuth client ID of the type Web application.",
            "Add the redirect address from above under Authorised redirect URIs.",
            "Copy the client's id and secret into the variables. ALLOWED_EMAIL_DOMAINS lets in your Workspace's domains alone.",
        ],
        variables: "GOOGLE_CLIENT_ID=…\nGOOGLE_CLIENT_SECRET=…\nALLOWED_EMAIL_DOMAINS=example.com",
    },
    Guide {
        name: "microsoft",
        label: "Microsoft",
        steps: &[
            "In the Entra admin centre open App registrations, and register an application for accounts in this directory only.",
            "Add the redirect address from above as a Web platform.",
            "Under Certificates & secrets make a client secret; copy its value, the application's id and the directory's id into the variables.",
            "For roles and teams by groups: Token configuration, Add groups claim. Who is in more groups than a token holds is looked up in Microsoft Graph with User.Read.",
        ],
        variables: "MICROSOFT_CLIENT_ID=…\nMICROSOFT_CLIENT_SECRET=…\nMICROSOFT_TENANT=…",
    },
    Guide {
        name: "generic",
        label: "Okta, Keycloak, Auth0 or another OpenID provider",
        steps: &[
            "Register an application of the type web with the authorisation code flow.",
            "Add the redirect address from above; for back-channel logout its address, too.",
            "Copy the client's id and secret and the issuer into the variables. The issuer is where /.well-known/openid-configuration is found.",
        ],
        variables: "GENERIC_CLIENT_ID=…\nGENERIC_CLIENT_SECRET=…\nGENERIC_ISSUER=https://idp.example.com\nGENERIC_PROVIDER_NAME=Okta",
    },
];

#[component]
pub fn SignInSetupPage() -> impl IntoView {
    let checked = use_context::<Checked>();
    view! {
        <nav class="crumbs" aria-label="Where this is"><a href="/ui/settings">"Settings"</a></nav>
        <PageHeader title="Single sign-on" purpose=PURPOSE />
        <NoticeFromAddress />
        {load(get_sign_in_setup(), move |view| view! { <Content view checked /> })}
    }
}

#[component]
fn Content(view: SignInSetupView, checked: Option<Checked>) -> impl IntoView {
    let SignInSetupView { base_url, providers, tested } = view;
    let guides = GUIDES
        .iter()
        .map(|guide| {
            let configured = providers.iter().any(|(name, _)| name == guide.name);
            let checked = checked.clone().filter(|checked| checked.provider == guide.name);
            view! { <Provider guide configured checked /> }
        })
        .collect_view();
    view! {
        {tested.map(|tested| view! { <Tested tested /> })}
        <section class="stack">
            <h2>"Addresses"</h2>
            <div class="ids">
                <CopyField label="Redirect address" id="redirect" value=format!("{base_url}/sso/callback") />
                <CopyField label="Back-channel logout" id="backchannel" value=format!("{base_url}/sso/backchannel/generic") />
            </div>
            <p class="note">"They begin with PROXY_BASE_URL: if that is not the address that people use, set it first."</p>
        </section>
        {guides}
        <section class="stack">
            <h2>"Who gets in, and as what"</h2>
            <p>"Roles and teams by groups stand in the configuration under " <code>"sso_settings"</code> ". " <code>"tollgate sso-preview --config new.yaml"</code> " tells what a change would do to whom, before it is used."</p>
        </section>
    }
}

#[component]
fn Provider(guide: &'static Guide, configured: bool, checked: Option<Checked>) -> impl IntoView {
    let (tone, state) = if configured { (Tone::Good, "Set up") } else { (Tone::Info, "Not set up") };
    let steps = guide.steps.iter().map(|step| view! { <li>{*step}</li> }).collect_view();
    let outcome = checked.map(|checked| match checked.outcome {
        Ok(told) => view! { <Notice tone=Tone::Good>{told}</Notice> },
        Err(told) => view! { <Notice tone=Tone::Bad>{told}</Notice> },
    });
    let test = configured.then(|| {
        let login = format!("/sso/login/{}?next={SIGN_IN_SETUP}/test", guide.name);
        view! {
            <div class="cluster">
                <form method="post" action=SIGN_IN_SETUP>
                    <input type="hidden" name="provider" value=guide.name />
                    <button class="button" type="submit">"Test the connection"</button>
                </form>
                <a class="button quiet" href=login>"Try a sign-in"</a>
            </div>
        }
    });
    view! {
        <section class="stack">
            <h2>{guide.label} " " <Badge tone label=state /></h2>
            {outcome}
            <ol class="stack">{steps}</ol>
            <CodeBlock label="Variables" code=guide.variables />
            {test}
        </section>
    }
}

/// What a provider said of whoever tried.
#[component]
fn Tested(tested: TestedSignIn) -> impl IntoView {
    let TestedSignIn { who, refused, role, teams } = tested;
    let groups = match &who.groups {
        Groups::TooMany => "More than it tells".to_owned(),
        Groups::Told(groups) if groups.is_empty() => "None".to_owned(),
        Groups::Told(groups) => groups.iter().cloned().collect::<Vec<_>>().join(", "),
    };
    let email = who.email.clone().map(|email| {
        format!("{email} ({})", if who.email_verified { "vouched for" } else { "not vouched for: not kept" })
    });
    let verdict = match refused {
        Some(fault) => view! { <Notice tone=Tone::Bad>"They would not be let in: " {fault}</Notice> },
        None => {
            view! { <Notice tone=Tone::Good>"The sign-in works. Nobody was signed in by it, and nothing was changed."</Notice> }
        }
    };
    let teams = if teams.is_empty() { "None by groups".to_owned() } else { teams.join(", ") };
    view! {
        <section class="stack">
            <h2>"What " {who.provider.clone()} " says"</h2>
            {verdict}
            <Facts>
                <Fact label="Issuer" mono=true>{who.issuer.clone()}</Fact>
                <Fact label="Subject" mono=true>{who.subject.clone()}</Fact>
                <OptionalFact label="E-mail address" value=email />
                <OptionalFact label="Name" value=who.name.clone() />
                <Fact label="Groups" mono=true>{groups}</Fact>
                <Fact label="Role here">{role_name(role)}</Fact>
                <Fact label="Teams here" mono=true>{teams}</Fact>
            </Facts>
        </section>
    }
}
