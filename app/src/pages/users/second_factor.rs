//! One's second factor: set up with an authenticator app, shown once, and taken away.

use leptos::prelude::*;
use tollgate_control::access::SecondFactorState;

use crate::api::get_second_factor;
use crate::components::{CodeBlock, CopyField, Notice, PageHeader, Tone};
use crate::kit::{Form, NoticeFromAddress, Said, load};
use crate::pages::ShownOnce;

pub const SECOND_FACTOR: &str = "/ui/account/second-factor";

const PURPOSE: &str =
    "A code of an authenticator app, besides the password. Who signs in through a provider is asked there.";

const SAID: &[Said] = &[
    Said::good("removed", "The second factor is gone: the password alone lets you in."),
    Said::bad("conflict", "Nothing was changed: there is a second factor already, or none was begun."),
];

/// What is shown once, on its way to the page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecondFactorOnce {
    /// The secret, and its address for the app.
    Begun {
        secret: ShownOnce,
        uri: ShownOnce,
    },
    RecoveryCodes(ShownOnce),
}

#[component]
pub fn SecondFactorPage() -> impl IntoView {
    let form = Form::of_context().unwrap_or_default();
    let once = use_context::<SecondFactorOnce>();
    let content = match once {
        Some(SecondFactorOnce::RecoveryCodes(codes)) => view! { <Codes codes /> }.into_any(),
        Some(SecondFactorOnce::Begun { secret, uri }) => view! { <Begun secret uri form /> }.into_any(),
        None => load(get_second_factor(), move |state| view! { <State state form /> }).into_any(),
    };
    view! {
        <nav class="crumbs" aria-label="Where this is"><a href="/ui/account">"My account"</a></nav>
        <PageHeader title="Second factor" purpose=PURPOSE />
        <NoticeFromAddress own=SAID />
        {content}
    }
}

#[component]
fn State(state: SecondFactorState, form: Form) -> impl IntoView {
    match state {
        SecondFactorState::Off => view! {
            <section class="stack">
                {form.whole()}
                <p>"Not set up: your password alone lets you in."</p>
                <Begin label="Set it up" />
            </section>
        }
        .into_any(),
        SecondFactorState::Begun => view! {
            <section class="stack">
                <p>"Begun, and not in use: no code was typed yet. The secret is shown once; begin again for a new one."</p>
                <ConfirmForm form />
                <Begin label="Begin again" />
            </section>
        }
        .into_any(),
        SecondFactorState::On { recovery_codes } => view! {
            <section class="stack">
                <Notice tone=Tone::Good>
                    {format!("In use. {recovery_codes} recovery code{} left.", if recovery_codes == 1 { " is" } else { "s are" })}
                </Notice>
                <p>"To change to another app, take it away and set it up again. Recovery codes come with it."</p>
                <form class="stack form" method="post" action=SECOND_FACTOR>
                    <input type="hidden" name="do" value="remove" />
                    {form.whole()}
                    {form.text("code", "Code").required().help("Of the app, or a recovery code.").view()}
                    <button class="button danger" type="submit">"Take it away"</button>
                </form>
            </section>
        }
        .into_any(),
    }
}

#[component]
fn Begin(label: &'static str) -> impl IntoView {
    view! {
        <form method="post" action=SECOND_FACTOR>
            <input type="hidden" name="do" value="begin" />
            <button class="button" type="submit">{label}</button>
        </form>
    }
}

#[component]
fn ConfirmForm(form: Form) -> impl IntoView {
    view! {
        <form class="stack form" method="post" action=SECOND_FACTOR>
            <input type="hidden" name="do" value="confirm" />
            {form.whole()}
            {form.text("code", "Code").required().help("The six digits that the app shows now.").view()}
            <button class="button primary" type="submit">"Confirm"</button>
        </form>
    }
}

#[component]
fn Begun(secret: ShownOnce, uri: ShownOnce, form: Form) -> impl IntoView {
    let href = uri.text().to_owned();
    view! {
        <section class="stack">
            <Notice tone=Tone::Warning>"This secret is shown once. Nothing is asked for before you typed a code."</Notice>
            <ol class="stack">
                <li>"Add an account to your authenticator app by this secret" " (" <a href=href>"or open the app"</a> " on this device)."</li>
                <li>"Type the code that it shows."</li>
            </ol>
            <div class="ids"><CopyField label="Secret" id="secret" value=secret.text().to_owned() /></div>
            <ConfirmForm form />
        </section>
    }
}

#[component]
fn Codes(codes: ShownOnce) -> impl IntoView {
    view! {
        <section class="stack">
            <Notice tone=Tone::Good>"The second factor is in use from now on."</Notice>
            <p>"Keep these recovery codes where you find them without your phone. Each works once, in place of a code; they are shown this once."</p>
            <CodeBlock code=codes.text().to_owned() label="Recovery codes" />
            <p><a class="button primary" href="/ui/account">"I have kept them"</a></p>
        </section>
    }
}
