//! Tollgate's dashboard: Leptos pages, components, charts and server functions.
//!
//! Compiled twice: into the server (feature `ssr`), where it renders every page in full, so that all of them read and
//! all forms work without JavaScript; and to wasm (feature `hydrate`), which takes over in the browser. Under `ssr` it
//! asks the control plane; it may know neither the data plane nor SQL. Without features it is only types.

#![recursion_limit = "256"]

pub mod api;
pub mod charts;
pub mod components;
mod frame;
pub mod pages;
mod shell;

#[cfg(feature = "ssr")]
pub mod server;
#[cfg(feature = "ssr")]
mod server_forms;

pub use shell::{App, shell};

/// Takes over the server's page in the browser.
#[cfg(feature = "hydrate")]
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn hydrate() {
    console_error_panic_hook::set_once();
    leptos::mount::hydrate_body(App);
    // Scripts and tests wait for this mark before they touch the page.
    if let Some(root) = web_sys::window().and_then(|w| w.document()).and_then(|d| d.document_element()) {
        let _ = root.set_attribute("data-hydrated", "true");
    }
}
