//! A part of a page that keeps itself current.

use leptos::html::Div;
use leptos::prelude::*;

/// Asks the server for the page again every so many seconds and takes over what has changed within this part: rows
/// come and go, and whatever stayed the same is not touched, so that selections, focus and open details survive.
///
/// Rows need a `data-key` of their own. A tab that is not seen asks for nothing until it is.
#[island]
pub fn Live(
    /// Unique on the page.
    id: String,
    seconds: u32,
    children: Children,
) -> impl IntoView {
    let part = NodeRef::<Div>::new();
    #[cfg(feature = "hydrate")]
    browser::keep_current(part, id.clone(), seconds);
    #[cfg(not(feature = "hydrate"))]
    let _ = seconds;
    view! { <div class="live-part" id=id node_ref=part>{children()}</div> }
}

#[cfg(feature = "hydrate")]
mod browser {
    use std::cell::Cell;
    use std::rc::Rc;
    use std::time::Duration;

    use leptos::html::Div;
    use leptos::prelude::*;
    use leptos::task::spawn_local;
    use wasm_bindgen::JsCast as _;
    use wasm_bindgen_futures::JsFuture;
    use web_sys::{DomParser, Element, Response, SupportedType};

    use crate::islands::morph::morph;

    pub fn keep_current(part: NodeRef<Div>, id: String, seconds: u32) {
        let asking = Rc::new(Cell::new(false));
        let ask = move || {
            if document().hidden() || asking.replace(true) {
                return;
            }
            let Some(old) = part.get_untracked() else { return };
            let (asking, id) = (Rc::clone(&asking), id.clone());
            spawn_local(async move {
                if let Some(new) = fetch_part(&id).await {
                    morph(&old, &new);
                }
                asking.set(false);
            });
        };
        let ask_when_seen = ask.clone();
        Effect::new(move || {
            let seen = window_event_listener_untyped("visibilitychange", {
                let ask = ask_when_seen.clone();
                move |_| ask()
            });
            on_cleanup(move || seen.remove());
        });
        Effect::new(move || {
            let _ = set_interval_with_handle(ask.clone(), Duration::from_secs(u64::from(seconds)));
        });
    }

    /// This part of the page as the server has it now; nothing where it can't be had, and then the next try will tell.
    async fn fetch_part(id: &str) -> Option<Element> {
        let href = window().location().href().ok()?;
        let answer: Response = JsFuture::from(window().fetch_with_str(&href)).await.ok()?.dyn_into().ok()?;
        // Redirected: the session has ended.
        if !answer.ok() || answer.redirected() {
            return None;
        }
        let text = JsFuture::from(answer.text().ok()?).await.ok()?.as_string()?;
        let page = DomParser::new().ok()?.parse_from_string(&text, SupportedType::TextHtml).ok()?;
        page.get_element_by_id(id)
    }
}
