//! Tollgate's dashboard: Leptos pages, components, charts, and the islands that come alive in the browser.
//!
//! Compiled twice. Into the server (feature `ssr`, the default), which renders every page in full, so that all of them
//! read and all forms work without JavaScript. And to wasm (feature `hydrate`), which holds only [`islands`] and what
//! these need. Under `ssr` it asks the control plane; it may know neither the data plane nor SQL. How a page is added
//! is told in `PAGES.md`.

#![recursion_limit = "256"]
#![cfg_attr(
    feature = "ssr",
    expect(
        clippy::needless_pass_by_value,
        reason = "a component owns what it is given, or it could not be written in a view"
    )
)]

#[cfg(any(feature = "ssr", feature = "hydrate"))]
mod error;
#[cfg(any(feature = "ssr", feature = "hydrate"))]
pub mod islands;
#[cfg(any(feature = "ssr", feature = "hydrate"))]
pub mod search;

#[cfg(feature = "ssr")]
pub mod api;
#[cfg(feature = "ssr")]
pub mod charts;
#[cfg(feature = "ssr")]
mod clients;
#[cfg(feature = "ssr")]
pub mod components;
#[cfg(feature = "ssr")]
mod frame;
#[cfg(feature = "ssr")]
pub mod kit;
#[cfg(feature = "ssr")]
pub mod pages;
#[cfg(feature = "ssr")]
pub mod server;
#[cfg(feature = "ssr")]
mod server_forms;
#[cfg(feature = "ssr")]
mod shell;

#[cfg(any(feature = "ssr", feature = "hydrate"))]
pub use error::ServerError;
#[cfg(feature = "ssr")]
pub use shell::{App, shell};

/// Prepares the browser's half. The page's own script then wakes the islands, one after the other.
#[cfg(feature = "hydrate")]
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn hydrate() {
    console_error_panic_hook::set_once();
    leptos::mount::hydrate_islands();
    // The islands wake before the browser gets to this. Scripts and tests wait for the mark before they touch a page.
    leptos::prelude::set_timeout(
        || {
            if let Some(root) = leptos::prelude::document().document_element() {
                let _ = root.set_attribute("data-hydrated", "true");
            }
        },
        std::time::Duration::ZERO,
    );
}
