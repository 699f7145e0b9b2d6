//! The credentials: what is kept for which provider, and who uses it.

use leptos::prelude::*;
use tollgate_domain::actor::{Action, Resource};

use super::{CREDENTIALS, SAID, credential_href};
use crate::api::{CredentialView, CredentialsView, SecretView, list_credentials};
use crate::components::{Count, EmptyState, Icon, IconName, Moment, PageHeader};
use crate::kit::{Allowed, Column, DataTable, FilterBar, Filters, ListQuery, NoticeFromAddress, column, load, query};
use crate::pages::models::model_tabs;

const COLUMNS: [Column; 5] = [
    column("Credential"),
    column("Provider"),
    column("Holds"),
    column("Models that use it").number(),
    column("Last changed"),
];

#[component]
pub fn CredentialList() -> impl IntoView {
    let list = Filters::new(CREDENTIALS).search("q", "Search credentials", "Name or provider").read(&query());
    view! {
        <PageHeader title="Credentials" purpose="Providers' keys and addresses that several models share, kept encrypted: they can be set and used, never read.">
            <Allowed action=Action::Create resource=Resource::Credential>
                <a class="button primary" href="/ui/credentials/new" data-create="">
                    <Icon name=IconName::Add />
                    "Add credential"
                </a>
            </Allowed>
        </PageHeader>
        {model_tabs(CREDENTIALS)}
        <NoticeFromAddress own=SAID />
        <FilterBar list=list.clone() />
        {load(list_credentials(list.clone()), move |view| view! { <Credentials view list /> })}
    }
}

#[component]
fn Credentials(view: CredentialsView, list: ListQuery) -> impl IntoView {
    let CredentialsView { rows, next, may_create } = view;
    if rows.is_empty() && (list.is_filtered() || !list.is_first_page()) {
        return view! {
            <EmptyState title="No credential matches" text="Search looks at names and providers.">
                <a class="button" href=CREDENTIALS>"Show all credentials"</a>
            </EmptyState>
        }
        .into_any();
    }
    if rows.is_empty() {
        return view! {
            <EmptyState title="No credentials yet" text="A model can have an API key of its own. Where several share one, keep it here once, and exchange it in one place.">
                {may_create.then(|| view! { <a class="button primary" href="/ui/credentials/new">"Add the first credential"</a> })}
            </EmptyState>
        }
        .into_any();
    }
    let rows = rows.into_iter().map(|credential| view! { <Row credential /> }).collect_view();
    view! { <DataTable label="Credentials" columns=COLUMNS.to_vec() list next>{rows}</DataTable> }.into_any()
}

#[component]
fn Row(credential: CredentialView) -> impl IntoView {
    let provider = match credential.provider {
        Some(provider) => provider.into_any(),
        None => view! { <span class="muted">"Any"</span> }.into_any(),
    };
    let used = i64::try_from(credential.models.len()).unwrap_or(i64::MAX);
    view! {
        <tr data-key=credential.id.clone()>
            <th scope="row">
                <a class="row-link clip" href=credential_href(&credential.id) title=credential.id.clone()>{credential.id.clone()}</a>
            </th>
            <td>{provider}</td>
            <td><span class="clip wide" title=told(&credential.values)>{told(&credential.values)}</span></td>
            <td class="num"><Count value=used /></td>
            <td><Moment at=credential.meta.updated_at /></td>
        </tr>
    }
}

/// `api_key (ab12cd34…), api_base (…)`
fn told(values: &[SecretView]) -> String {
    if values.is_empty() {
        return "nothing yet".to_owned();
    }
    values.iter().map(|secret| format!("{} ({}…)", secret.name, secret.fingerprint)).collect::<Vec<_>>().join(", ")
}
