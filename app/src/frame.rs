//! What is around the pages of a signed-in person: navigation, top bar, account.

use leptos::prelude::*;
use leptos_router::components::Outlet;
use leptos_router::hooks::use_location;
use tollgate_domain::actor::{Action, Resource};

use crate::api::{may, viewer, waiting_increases};
use crate::components::{Icon, IconName};
use crate::islands::Palette;
use crate::pages::{CONNECT, INCREASES};
use crate::search::Hit;
use crate::server::with_wasm;

/// A place in the navigation.
struct Place {
    path: &'static str,
    label: &'static str,
    icon: IconName,
    /// The second key of its `g` shortcut; empty for none.
    key: &'static str,
    /// What one must be able to read for it to be shown; `None`: it is there for everybody.
    read: Option<Resource>,
}

impl Place {
    const fn new(path: &'static str, label: &'static str, icon: IconName, key: &'static str) -> Self {
        Self { path, label, icon, key, read: None }
    }

    /// Others don't see it in the navigation.
    const fn for_readers_of(self, resource: Resource) -> Self {
        Self { read: Some(resource), ..self }
    }

    async fn is_shown(&self) -> bool {
        match self.read {
            Some(resource) => may(Action::Read, resource).await,
            None => true,
        }
    }
}

/// Pages that exist, in their groups. A group without pages is not shown.
const GROUPS: [(&str, &[Place]); 4] = [
    (
        "Observe",
        &[
            Place::new("/ui", "Overview", IconName::Overview, "o"),
            Place::new("/ui/usage", "Usage", IconName::Usage, "y"),
            Place::new("/ui/requests", "Requests", IconName::Requests, "r"),
        ],
    ),
    (
        "Access",
        &[
            Place::new("/ui/keys", "Keys", IconName::Keys, "k"),
            Place::new("/ui/teams", "Teams", IconName::Teams, "t"),
            Place::new("/ui/users", "Users", IconName::Account, "u"),
            Place::new("/ui/organisations", "Organisations", IconName::Organisations, "n"),
            Place::new("/ui/customers", "Customers", IconName::Customers, "c").for_readers_of(Resource::Customer),
        ],
    ),
    (
        "Gateway",
        &[
            Place::new("/ui/models", "Models", IconName::Models, "m"),
            Place::new(CONNECT, "Connect", IconName::Terminal, "e"),
            Place::new("/ui/access-groups", "Access groups", IconName::AccessGroups, "")
                .for_readers_of(Resource::AccessGroup),
            Place::new("/ui/budgets", "Budgets", IconName::Budgets, "b").for_readers_of(Resource::Budget),
            Place::new("/ui/increases", "Increases", IconName::Increases, ""),
            Place::new("/ui/tags", "Tags", IconName::Tags, "").for_readers_of(Resource::Tag),
        ],
    ),
    (
        "Govern",
        &[
            Place::new("/ui/reconciliation", "Reconciliation", IconName::Usage, "").for_readers_of(Resource::Settings),
            Place::new("/ui/repricing", "Pricing anew", IconName::Budgets, "").for_readers_of(Resource::Settings),
            Place::new("/ui/audit", "Audit log", IconName::Audit, "a").for_readers_of(Resource::Audit),
            Place::new("/ui/scim", "Provisioning", IconName::Account, "").for_readers_of(Resource::Settings),
            Place::new("/ui/settings", "Settings", IconName::Settings, "s").for_readers_of(Resource::Settings),
        ],
    ),
];

#[component]
pub fn Frame() -> impl IntoView {
    view! {
        <a class="skip" href="#main">
            "Skip to the content"
        </a>
        <div class="frame">
            <aside class="nav">
                <Navigation />
            </aside>
            <div class="main">
                <header class="topbar">
                    <details class="nav-drawer">
                        <summary aria-label="Navigation">
                            <Icon name=IconName::Menu />
                        </summary>
                        <div class="nav-panel">
                            <Navigation />
                        </div>
                    </details>
                    <Search />
                    <span class="topbar-space"></span>
                    <Theme />
                    <Account />
                </header>
                <main id="main" class="page">
                    <Outlet />
                </main>
            </div>
        </div>
    }
}

/// What the command palette offers besides pages, to those who may.
const ACTIONS: [(&str, &str, Action, Resource); 10] = [
    ("Add credential", "/ui/credentials/new", Action::Create, Resource::Credential),
    ("Add model", "/ui/models/new", Action::Create, Resource::Model),
    ("Create access group", "/ui/access-groups/new", Action::Create, Resource::AccessGroup),
    ("Create budget", "/ui/budgets/new", Action::Create, Resource::Budget),
    ("Create customer", "/ui/customers/new", Action::Create, Resource::Customer),
    ("Create key", "/ui/keys/new", Action::Create, Resource::Key),
    ("Create organisation", "/ui/organisations/new", Action::Create, Resource::Organisation),
    ("Create tag", "/ui/tags/new", Action::Create, Resource::Tag),
    ("Create team", "/ui/teams/new", Action::Create, Resource::Team),
    ("Create user", "/ui/users/new", Action::Create, Resource::User),
];

/// The command palette: needs the wasm, and is not there without.
#[component]
fn Search() -> impl IntoView {
    with_wasm().then(|| {
        Suspend::new(async {
            let mut places = Vec::new();
            for place in GROUPS.iter().flat_map(|(_, places)| *places) {
                if place.is_shown().await {
                    places.push(Hit::new("Page", place.label, "", place.path));
                }
            }
            for (label, href, action, resource) in ACTIONS {
                if may(action, resource).await {
                    places.push(Hit::new("Action", label, "", href));
                }
            }
            view! { <Palette places /> }
        })
    })
}

#[component]
fn Navigation() -> impl IntoView {
    let groups = GROUPS
        .iter()
        .filter(|(_, places)| !places.is_empty())
        .map(|&(name, places)| view! { <Group name places /> })
        .collect_view();
    view! {
        <a class="brand" href="/ui">
            <img src="/ui/favicon.svg" alt="" width="20" height="20" />
            "Tollgate"
        </a>
        <nav aria-label="Main">{groups}</nav>
    }
}

#[component]
fn Group(name: &'static str, places: &'static [Place]) -> impl IntoView {
    let path = use_location().pathname.get_untracked();
    let here = path.trim_end_matches('/');
    let here = here.to_owned();
    Suspend::new(async move {
        let mut shown = Vec::new();
        for place in places {
            if place.is_shown().await {
                shown.push(place);
            }
        }
        let waiting = if shown.iter().any(|place| place.path == INCREASES) { waiting_increases().await } else { 0 };
        let links = shown
            .iter()
            .map(|place| {
                let inside =
                    place.path != "/ui" && here.strip_prefix(place.path).is_some_and(|rest| rest.starts_with('/'));
                let current = (here == place.path || inside).then_some("page");
                let key = (!place.key.is_empty()).then_some(place.key);
                view! {
                    <li>
                        <a href=place.path aria-current=current data-go=key>
                            <Icon name=place.icon />
                            {place.label}
                            {(place.path == INCREASES && waiting > 0).then(|| view! {
                                <span class="count muted">{waiting}<span class="visually-hidden">" waiting"</span></span>
                            })}
                        </a>
                    </li>
                }
            })
            .collect_view();
        // A group of which nothing is shown has no name either.
        (!shown.is_empty()).then(|| {
            view! {
                <h2 class="nav-group">{name}</h2>
                <ul>{links}</ul>
            }
        })
    })
}

/// Needs JavaScript; hidden without.
#[component]
fn Theme() -> impl IntoView {
    view! {
        <button class="button quiet needs-js" type="button" data-theme-switch="" aria-label="Switch between light, dark and the system's theme">
            <Icon name=IconName::Theme />
        </button>
    }
}

#[component]
fn Account() -> impl IntoView {
    Suspend::new(async move {
        // A page that is open to everybody has nobody here.
        let user = viewer().await.ok()?;
        let role = user.role.as_str();
        Some(view! {
            <details class="menu">
                <summary>
                    <Icon name=IconName::Account />
                    <span class="visually-hidden">"Account"</span>
                    <span class="account-name">{user.label().to_owned()}</span>
                </summary>
                <div class="menu-panel">
                    <p class="menu-note">
                        {user.email} <br /> {role}
                    </p>
                    <a class="button quiet" href="/ui/account">
                        "My account"
                    </a>
                    <form method="post" action="/ui/sign-out">
                        <button class="button quiet" type="submit">
                            "Sign out"
                        </button>
                    </form>
                </div>
            </details>
        })
    })
}
