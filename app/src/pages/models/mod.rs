//! The pages about models.

mod delete;
mod detail;
mod form;
mod health;
mod list;
mod new;
mod price;

use leptos::prelude::*;

use crate::kit::{Said, segment};

pub use delete::DeleteModelPage;
pub use detail::{ModelPage, Tested};
pub use form::{LITELLM_NAMES, PRICES};
pub use list::{Models, ModelsContent};
pub use new::NewModelPage;

pub const MODELS: &str = "/ui/models";

/// The page of one deployment.
pub fn model_href(id: &str) -> String {
    format!("{MODELS}/{}", segment(id))
}

/// How a change of a model went.
const SAID: &[Said] = &[
    Said::good("created", "The model is created, and can be called from now on. Test it, to be sure."),
    Said::good("blocked", "The model is blocked: it gets no calls from now on."),
    Said::good("unblocked", "The model gets calls again."),
    Said::good("deleted", "The model is deleted. What it answered stays on record."),
];

/// The two lists that belong together.
pub fn model_tabs(current: &'static str) -> impl IntoView {
    let tab = |href: &'static str, label: &'static str| {
        let current = (href == current).then_some("page");
        view! { <a href=href aria-current=current>{label}</a> }
    };
    view! {
        <nav class="tabs" aria-label="Views">
            {tab(MODELS, "Models")}
            {tab("/ui/credentials", "Credentials")}
        </nav>
    }
}
