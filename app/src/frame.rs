//! What is around the pages of a signed-in person: navigation, top bar, account.

use leptos::prelude::*;
use leptos_router::components::Outlet;
use leptos_router::hooks::use_location;

use crate::api::{ViewerInfo, viewer};
use crate::components::{Icon, IconName};

/// A place in the navigation.
struct Place {
    path: &'static str,
    label: &'static str,
    icon: IconName,
    /// The second key of its `g` shortcut.
    key: &'static str,
}

const OBSERVE: [Place; 2] = [
    Place { path: "/ui", label: "Overview", icon: IconName::Overview, key: "o" },
    Place { path: "/ui/requests", label: "Requests", icon: IconName::Requests, key: "r" },
];
const ACCESS: [Place; 1] = [Place { path: "/ui/keys", label: "Keys", icon: IconName::Keys, key: "k" }];
const GATEWAY: [Place; 1] = [Place { path: "/ui/models", label: "Models", icon: IconName::Models, key: "m" }];

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

#[component]
fn Navigation() -> impl IntoView {
    view! {
        <a class="brand" href="/ui">
            <img src="/ui/favicon.svg" alt="" width="20" height="20" />
            "Tollgate"
        </a>
        <nav aria-label="Main">
            <Group name="Observe" places=&OBSERVE />
            <Group name="Access" places=&ACCESS />
            <Group name="Gateway" places=&GATEWAY />
        </nav>
    }
}

#[component]
fn Group(name: &'static str, places: &'static [Place]) -> impl IntoView {
    let location = use_location();
    let links = places
        .iter()
        .map(|place| {
            let path = location.pathname;
            let current = move || {
                let path = path.get();
                let here = path.trim_end_matches('/');
                let inside =
                    place.path != "/ui" && here.strip_prefix(place.path).is_some_and(|rest| rest.starts_with('/'));
                (here == place.path || inside).then_some("page")
            };
            view! {
                <li>
                    <a href=place.path aria-current=current data-go=place.key>
                        <Icon name=place.icon />
                        {place.label}
                    </a>
                </li>
            }
        })
        .collect_view();
    view! {
        <h2 class="nav-group">{name}</h2>
        <ul>{links}</ul>
    }
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
    let info = Resource::new_blocking(|| (), |()| viewer());
    let show = |info: ViewerInfo| {
        view! {
            <details class="menu">
                <summary>
                    <Icon name=IconName::Account />
                    <span class="visually-hidden">"Account"</span>
                    <span class="account-name">{info.name.clone().unwrap_or_else(|| info.email.clone())}</span>
                </summary>
                <div class="menu-panel">
                    <p class="menu-note">
                        {info.email} <br /> {info.role}
                    </p>
                    <form method="post" action="/ui/sign-out">
                        <button class="button quiet" type="submit">
                            "Sign out"
                        </button>
                    </form>
                </div>
            </details>
        }
    };
    view! { <Suspense>{move || Suspend::new(async move { info.await.ok().map(show) })}</Suspense> }
}
