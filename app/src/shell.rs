//! The document around every page, and the table of pages.

use leptos::prelude::*;
use leptos_meta::{MetaTags, Title, provide_meta_context};
use leptos_router::components::{ParentRoute, Route, Router, Routes};
use leptos_router::{SsrMode, path};

use crate::frame::Frame;
use crate::pages;
use crate::server::with_wasm;

/// Says that there are scripts and sets the remembered theme before anything is drawn, so that nothing moves or flashes.
const EARLY_THEME: &str = "document.documentElement.dataset.script='';\
    try{const t=localStorage.getItem('theme');if(t)document.documentElement.dataset.theme=t}catch{}";

/// Pages are whole documents; a link's is asked for as soon as the pointer rests on it.
const PREFETCH: &str = r#"{"prefetch":[{"where":{"and":[{"href_matches":"/ui/*"},{"not":{"selector_matches":"[download]"}}]},"eagerness":"moderate"}]}"#;

/// The document.
pub fn shell(options: LeptosOptions) -> impl IntoView {
    view! {
        <!DOCTYPE html>
        <html lang="en">
            <head>
                <meta charset="utf-8" />
                <meta name="viewport" content="width=device-width, initial-scale=1" />
                <meta name="color-scheme" content="light dark" />
                <script nonce=use_nonce()>{EARLY_THEME}</script>
                <link rel="icon" href="/ui/favicon.svg" type="image/svg+xml" />
                <link rel="preload" href="/ui/fonts/inter-latin.woff2" r#as="font" type="font/woff2" crossorigin="" />
                <link rel="stylesheet" href="/ui/tollgate.css" />
                // The first picture waits for it, so that nobody sees times in UTC turn into their own.
                <script type="module" src="/ui/tollgate.js" blocking="render" nonce=use_nonce()></script>
                <script type="speculationrules" nonce=use_nonce()>{PREFETCH}</script>
                <Hydration options />
                <MetaTags />
            </head>
            <body>
                <App />
            </body>
        </html>
    }
}

/// The scripts that start the wasm; nothing when the program was built without it.
#[component]
fn Hydration(options: LeptosOptions) -> impl IntoView {
    with_wasm().then(|| view! { <HydrationScripts options islands=true root="/ui" /> })
}

/// The document's title. It may hold what people and callers chose, and `leptos_meta` writes it into the page as it is.
fn document_title(title: String) -> String {
    let title = if title.is_empty() { "Tollgate".to_owned() } else { format!("{title} · Tollgate") };
    title.replace('&', "&amp;").replace('<', "&lt;")
}

/// Every page.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    crate::server::set_content_security_policy();
    view! {
        <Title formatter=document_title />
        <Router>
            <Routes fallback=pages::NotFound>
                <Route path=path!("/ui/sign-in") view=pages::SignIn ssr=SsrMode::Async />
                <Route path=path!("/ui/setup") view=pages::Setup ssr=SsrMode::Async />
                <Route path=path!("/ui/invitation") view=pages::Invitation ssr=SsrMode::Async />
                <ParentRoute path=path!("/ui") view=Frame ssr=SsrMode::Async>
                    <Route path=path!("") view=pages::Overview ssr=SsrMode::Async />
                    <Route path=path!("account") view=pages::AccountPage ssr=SsrMode::Async />
                    <Route path=path!("account/second-factor") view=pages::SecondFactorPage ssr=SsrMode::Async />
                    <Route path=path!("settings/sign-in") view=pages::SignInSetupPage ssr=SsrMode::Async />
                    <Route path=path!("scim") view=pages::ScimPage ssr=SsrMode::Async />
                    <Route path=path!("access-groups") view=pages::AccessGroupList ssr=SsrMode::Async />
                    <Route path=path!("access-groups/new") view=pages::NewAccessGroupPage ssr=SsrMode::Async />
                    <Route path=path!("access-groups/create") view=pages::NewAccessGroupPage ssr=SsrMode::Async />
                    <Route path=path!("access-groups/:id") view=pages::AccessGroupPage ssr=SsrMode::Async />
                    <Route path=path!("access-groups/:id/update") view=pages::AccessGroupPage ssr=SsrMode::Async />
                    <Route path=path!("access-groups/:id/delete") view=pages::DeleteAccessGroupPage ssr=SsrMode::Async />
                    <Route path=path!("audit") view=pages::AuditList ssr=SsrMode::Async />
                    <Route path=path!("audit/verify") view=pages::AuditVerifyPage ssr=SsrMode::Async />
                    <Route path=path!("audit/:id") view=pages::AuditLinePage ssr=SsrMode::Async />
                    <Route path=path!("alerts") view=pages::AlertList ssr=SsrMode::Async />
                    <Route path=path!("alerts/try") view=pages::TryLimitPage ssr=SsrMode::Async />
                    <Route path=path!("budgets") view=pages::BudgetList ssr=SsrMode::Async />
                    <Route path=path!("budgets/new") view=pages::NewBudgetPage ssr=SsrMode::Async />
                    <Route path=path!("budgets/create") view=pages::NewBudgetPage ssr=SsrMode::Async />
                    <Route path=path!("budgets/:id") view=pages::BudgetPage ssr=SsrMode::Async />
                    <Route path=path!("budgets/:id/update") view=pages::BudgetPage ssr=SsrMode::Async />
                    <Route path=path!("budgets/:id/delete") view=pages::DeleteBudgetPage ssr=SsrMode::Async />
                    <Route path=path!("connect") view=pages::ConnectPage ssr=SsrMode::Async />
                    <Route path=path!("credentials") view=pages::CredentialList ssr=SsrMode::Async />
                    <Route path=path!("credentials/new") view=pages::NewCredentialPage ssr=SsrMode::Async />
                    <Route path=path!("credentials/create") view=pages::NewCredentialPage ssr=SsrMode::Async />
                    <Route path=path!("credentials/:id") view=pages::CredentialPage ssr=SsrMode::Async />
                    <Route path=path!("credentials/:id/update") view=pages::CredentialPage ssr=SsrMode::Async />
                    <Route path=path!("credentials/:id/delete") view=pages::DeleteCredentialPage ssr=SsrMode::Async />
                    <Route path=path!("customers") view=pages::CustomerList ssr=SsrMode::Async />
                    <Route path=path!("customers/new") view=pages::NewCustomerPage ssr=SsrMode::Async />
                    <Route path=path!("customers/create") view=pages::NewCustomerPage ssr=SsrMode::Async />
                    <Route path=path!("customers/:id") view=pages::CustomerPage ssr=SsrMode::Async />
                    <Route path=path!("customers/:id/update") view=pages::CustomerPage ssr=SsrMode::Async />
                    <Route path=path!("customers/:id/delete") view=pages::DeleteCustomerPage ssr=SsrMode::Async />
                    <Route path=path!("increases") view=pages::IncreaseList ssr=SsrMode::Async />
                    <Route path=path!("increases/new") view=pages::NewIncreasePage ssr=SsrMode::Async />
                    <Route path=path!("increases/create") view=pages::NewIncreasePage ssr=SsrMode::Async />
                    <Route path=path!("increases/:id") view=pages::IncreasePage ssr=SsrMode::Async />
                    <Route path=path!("increases/:id/approve") view=pages::IncreasePage ssr=SsrMode::Async />
                    <Route path=path!("increases/:id/deny") view=pages::IncreasePage ssr=SsrMode::Async />
                    <Route path=path!("increases/:id/withdraw") view=pages::IncreasePage ssr=SsrMode::Async />
                    <Route path=path!("keys") view=pages::KeyList ssr=SsrMode::Async />
                    <Route path=path!("keys/new") view=pages::NewKeyPage ssr=SsrMode::Async />
                    <Route path=path!("keys/create") view=pages::CreatedKeyPage ssr=SsrMode::Async />
                    <Route path=path!("keys/delete") view=pages::DeleteKeysPage ssr=SsrMode::Async />
                    <Route path=path!("keys/:id") view=pages::KeyDetail ssr=SsrMode::Async />
                    // Where a change that was not accepted is shown again.
                    <Route path=path!("keys/:id/update") view=pages::KeyDetail ssr=SsrMode::Async />
                    <Route path=path!("keys/:id/delete") view=pages::DeleteKeyPage ssr=SsrMode::Async />
                    <Route path=path!("keys/:id/rotate") view=pages::RotateKeyPage ssr=SsrMode::Async />
                    <Route path=path!("keys/:id/collect") view=pages::CollectKeyPage ssr=SsrMode::Async />
                    <Route path=path!("requests") view=pages::RequestList ssr=SsrMode::Async />
                    <Route path=path!("requests/:id") view=pages::RequestDetailPage ssr=SsrMode::Async />
                    <Route path=path!("models") view=pages::Models ssr=SsrMode::Async />
                    <Route path=path!("organisations") view=pages::OrganisationList ssr=SsrMode::Async />
                    <Route path=path!("organisations/new") view=pages::NewOrganisationPage ssr=SsrMode::Async />
                    <Route path=path!("organisations/:id") view=pages::OrganisationDetail ssr=SsrMode::Async />
                    <Route path=path!("organisations/:id/members") view=pages::OrganisationMembers ssr=SsrMode::Async />
                    <Route path=path!("organisations/:id/members/:user") view=pages::OrganisationMemberPage ssr=SsrMode::Async />
                    <Route path=path!("organisations/:id/members/:user/remove") view=pages::RemoveOrganisationMemberPage ssr=SsrMode::Async />
                    <Route path=path!("organisations/:id/settings") view=pages::OrganisationSettings ssr=SsrMode::Async />
                    <Route path=path!("organisations/:id/delete") view=pages::DeleteOrganisationPage ssr=SsrMode::Async />
                    <Route path=path!("teams") view=pages::TeamList ssr=SsrMode::Async />
                    <Route path=path!("teams/new") view=pages::NewTeamPage ssr=SsrMode::Async />
                    <Route path=path!("teams/:id") view=pages::TeamDetail ssr=SsrMode::Async />
                    <Route path=path!("teams/:id/keys") view=pages::TeamKeys ssr=SsrMode::Async />
                    <Route path=path!("teams/:id/members") view=pages::TeamDetail ssr=SsrMode::Async />
                    <Route path=path!("teams/:id/members/:user") view=pages::TeamMemberPage ssr=SsrMode::Async />
                    <Route path=path!("teams/:id/members/:user/remove") view=pages::RemoveTeamMemberPage ssr=SsrMode::Async />
                    <Route path=path!("teams/:id/settings") view=pages::TeamSettings ssr=SsrMode::Async />
                    <Route path=path!("teams/:id/delete") view=pages::DeleteTeamPage ssr=SsrMode::Async />
                    <Route path=path!("usage") view=pages::UsagePage ssr=SsrMode::Async />
                    <Route path=path!("users") view=pages::UserList ssr=SsrMode::Async />
                    <Route path=path!("users/new") view=pages::NewUserPage ssr=SsrMode::Async />
                    <Route path=path!("users/:id") view=pages::UserDetail ssr=SsrMode::Async />
                    <Route path=path!("users/:id/settings") view=pages::UserSettings ssr=SsrMode::Async />
                    <Route path=path!("users/:id/password") view=pages::PasswordPage ssr=SsrMode::Async />
                    <Route path=path!("users/:id/invite") view=pages::InvitePage ssr=SsrMode::Async />
                    <Route path=path!("users/:id/delete") view=pages::DeleteUserPage ssr=SsrMode::Async />
                    <Route path=path!("models/new") view=pages::NewModelPage ssr=SsrMode::Async />
                    <Route path=path!("models/create") view=pages::NewModelPage ssr=SsrMode::Async />
                    <Route path=path!("models/:id") view=pages::ModelPage ssr=SsrMode::Async />
                    <Route path=path!("models/:id/update") view=pages::ModelPage ssr=SsrMode::Async />
                    <Route path=path!("models/:id/test") view=pages::ModelPage ssr=SsrMode::Async />
                    <Route path=path!("models/:id/delete") view=pages::DeleteModelPage ssr=SsrMode::Async />
                    <Route path=path!("settings") view=pages::SettingsPage ssr=SsrMode::Async />
                    <Route path=path!("repricing") view=pages::RepricingPage ssr=SsrMode::Async />
                    <Route path=path!("reconciliation") view=pages::ReconciliationPage ssr=SsrMode::Async />
                    <Route path=path!("reconciliation/:id") view=pages::InvoicePage ssr=SsrMode::Async />
                    <Route path=path!("reconciliation/:id/delete") view=pages::DeleteInvoicePage ssr=SsrMode::Async />
                    <Route path=path!("tags") view=pages::TagList ssr=SsrMode::Async />
                    <Route path=path!("tags/new") view=pages::NewTagPage ssr=SsrMode::Async />
                    <Route path=path!("tags/create") view=pages::NewTagPage ssr=SsrMode::Async />
                    <Route path=path!("tags/:id") view=pages::TagPage ssr=SsrMode::Async />
                    <Route path=path!("tags/:id/update") view=pages::TagPage ssr=SsrMode::Async />
                    <Route path=path!("tags/:id/delete") view=pages::DeleteTagPage ssr=SsrMode::Async />
                    <Route path=path!("*any") view=pages::NotFound ssr=SsrMode::Async />
                </ParentRoute>
            </Routes>
        </Router>
    }
}
