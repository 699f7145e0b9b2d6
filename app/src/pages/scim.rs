//! Tokens with which an identity provider brings people and teams.

use leptos::prelude::*;
use tollgate_domain::scim::ScimToken;

use crate::api::{ScimView, get_scim};
use crate::components::{CopyField, EmptyState, Moment, Notice, PageHeader, Tone};
use crate::kit::{Column, DataTable, Form, NoticeFromAddress, Said, column, load, segment};
use crate::pages::ShownOnce;

pub const SCIM: &str = "/ui/scim";

const PURPOSE: &str = "An identity provider keeps users and teams here by SCIM: give it the address and a token.";

const SAID: &[Said] = &[Said::good("revoked", "The token is revoked. Those whom it brought stay.")];

const COLUMNS: [Column; 6] = [
    column("Name"),
    column("Single sign-on"),
    column("Issued"),
    column("Expires"),
    column("Last used"),
    column("Revoke"),
];

/// A token, on its one way to the page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssuedToken(pub ShownOnce);

#[component]
pub fn ScimPage() -> impl IntoView {
    let form = Form::of_context().unwrap_or_default();
    let issued = use_context::<IssuedToken>();
    view! {
        <PageHeader title="Provisioning" purpose=PURPOSE />
        <NoticeFromAddress own=SAID />
        {issued.map(|IssuedToken(token)| view! {
            <section class="stack">
                <Notice tone=Tone::Warning>"The token is shown once: copy it into the provider's settings now."</Notice>
                <div class="ids"><CopyField label="Token" id="token" value=token.text().to_owned() /></div>
            </section>
        })}
        {load(get_scim(), move |view| view! { <Content view form /> })}
    }
}

#[component]
fn Content(view: ScimView, form: Form) -> impl IntoView {
    let ScimView { tokens, address, providers, may_change } = view;
    let list = if tokens.is_empty() {
        let text =
            "With a token Entra ID, Okta and others create, change and deactivate users, and fill teams by groups.";
        view! { <EmptyState title="No tokens yet" text /> }.into_any()
    } else {
        let rows = tokens.into_iter().map(|token| row(token, may_change)).collect_view();
        view! { <DataTable label="SCIM tokens" columns=COLUMNS.to_vec()>{rows}</DataTable> }.into_any()
    };
    let mut ways = vec![(String::new(), "None".to_owned())];
    ways.extend(providers);
    let issue = may_change.then(|| {
        view! {
            <section class="stack">
                <h2>"Issue a token"</h2>
                <form class="stack form" method="post" action=SCIM>
                    {form.whole()}
                    {form.text("name", "Name").required().help("What the audit log calls it: Entra ID.").view()}
                    {form
                        .select("provider", "Single sign-on of the same people", ways)
                        .help("Whoever signs in there for the first time is the one whom SCIM brought.")
                        .view()}
                    {form.date("expires", "Expires").help("Empty: when it is revoked.").view()}
                    <button class="button primary" type="submit">"Issue token"</button>
                </form>
            </section>
        }
    });
    view! {
        <div class="ids"><CopyField label="Address for the provider" id="address" value=address /></div>
        <section class="stack">
            <h2>"Tokens"</h2>
            {list}
        </section>
        {issue}
    }
}

fn row(token: ScimToken, may_change: bool) -> impl IntoView {
    let action = format!("{SCIM}/{}/revoke", segment(token.id.as_str()));
    let moment = |at: Option<tollgate_domain::Timestamp>, none: &'static str| match at {
        Some(at) => view! { <Moment at /> }.into_any(),
        None => none.into_any(),
    };
    view! {
        <tr data-key=token.id.to_string()>
            <th scope="row"><span class="clip">{token.name}</span></th>
            <td>{token.provider}</td>
            <td><Moment at=token.meta.created_at /></td>
            <td>{moment(token.expires_at, "Never")}</td>
            <td>{moment(token.last_used_at, "Never")}</td>
            <td>{may_change.then(|| view! {
                <form method="post" action=action>
                    <button class="button quiet danger-quiet" type="submit">"Revoke"</button>
                </form>
            })}</td>
        </tr>
    }
}
