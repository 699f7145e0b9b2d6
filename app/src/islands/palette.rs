//! The command palette: goes to any page and finds anything by what it is called.

use leptos::ev::{KeyboardEvent, MouseEvent};
use leptos::html::{Dialog, Input};
use leptos::prelude::*;
use leptos::web_sys::EventTarget;

use crate::search::Hit;

const MAGNIFIER: &str = r#"<path d="m21 21-4.34-4.34"/><circle cx="11" cy="11" r="8"/>"#;

/// A button and the dialog that it, Ctrl-K and ⌘K open.
#[island]
pub fn Palette(
    /// What is there without asking.
    places: Vec<Hit>,
) -> impl IntoView {
    let dialog = NodeRef::<Dialog>::new();
    let input = NodeRef::<Input>::new();
    let typed = RwSignal::new(String::new());
    let found = RwSignal::new(Vec::<Hit>::new());
    let chosen = RwSignal::new(0_usize);
    let shortcut = RwSignal::new("Ctrl K");
    let hits = Memo::new(move |_| {
        let text = typed.get();
        let mut hits: Vec<Hit> = places.iter().filter(|hit| hit.matches(&text)).cloned().collect();
        hits.extend(found.get());
        hits
    });
    let open = move || {
        if let (Some(dialog), Some(input)) = (dialog.get_untracked(), input.get_untracked()) {
            if !dialog.open() {
                let _ = dialog.show_modal();
            }
            input.select();
        }
    };
    let close_outside = move |event: MouseEvent| {
        let Some(dialog) = dialog.get_untracked() else { return };
        // The dialog itself is only hit where nothing of it is: on its backdrop.
        if event.target().is_some_and(|target| target == *AsRef::<EventTarget>::as_ref(&dialog)) {
            dialog.close();
        }
    };
    let keys = move |event: KeyboardEvent| {
        let count = hits.with_untracked(Vec::len);
        match event.key().as_str() {
            "ArrowDown" if count > 0 => chosen.update(|at| *at = (*at + 1) % count),
            "ArrowUp" if count > 0 => chosen.update(|at| *at = (*at + count - 1) % count),
            "Home" => chosen.set(0),
            "End" => chosen.set(count.saturating_sub(1)),
            "Enter" => follow(chosen.get_untracked(), &event),
            _ => return,
        }
        event.prevent_default();
        scroll_to(chosen.get_untracked());
    };
    #[cfg(feature = "hydrate")]
    {
        browser::open_by_keys(open, shortcut);
        browser::ask(typed, found, chosen);
    }
    let options = move || {
        let options = hits.get().into_iter().enumerate().map(|(i, hit)| {
            view! {
                <a
                    role="option"
                    id=option_id(i)
                    href=hit.href
                    tabindex="-1"
                    aria-selected=move || (chosen.get() == i).to_string()
                    on:pointermove=move |_| chosen.set(i)
                >
                    <span class="palette-label">{hit.label}</span>
                    <span class="palette-note">{hit.note}</span>
                    <span class="palette-kind">{hit.kind}</span>
                </a>
            }
        });
        options.collect_view()
    };
    view! {
        <button
            class="button palette-button needs-js"
            type="button"
            aria-haspopup="dialog"
            aria-label="Search"
            aria-keyshortcuts="Control+K Meta+K"
            on:click=move |_| open()
        >
            <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false" inner_html=MAGNIFIER></svg>
            <span class="palette-words">"Search"</span>
            <kbd>{shortcut}</kbd>
        </button>
        <dialog class="sheet palette" aria-label="Search and go" node_ref=dialog on:click=close_outside>
            <input
                type="text"
                role="combobox"
                aria-label="Search pages, keys and more"
                aria-controls="palette-list"
                aria-expanded="true"
                aria-autocomplete="list"
                aria-activedescendant=move || hits.with(|hits| (!hits.is_empty()).then(|| option_id(chosen.get())))
                placeholder="Search pages, keys, models, request ids"
                autocomplete="off"
                spellcheck="false"
                maxlength="200"
                node_ref=input
                prop:value=typed
                on:input=move |event| {
                    chosen.set(0);
                    typed.set(event_target_value(&event));
                }
                on:keydown=keys
            />
            <div id="palette-list" role="listbox" aria-label="Found" hidden=move || hits.with(Vec::is_empty)>
                {options}
            </div>
            <p class="palette-none" hidden=move || hits.with(|hits| !hits.is_empty())>
                "Nothing is called so. Keys are found by alias, last characters and id; requests by their whole id."
            </p>
            <p class="palette-help" aria-hidden="true">
                <kbd>"↑"</kbd> <kbd>"↓"</kbd> " choose " <kbd>"↵"</kbd> " open " <kbd>"esc"</kbd> " close"
            </p>
        </dialog>
    }
}

fn option_id(i: usize) -> String {
    format!("palette-{i}")
}

/// As a click would, with the keys that were held: a new tab is a new tab.
fn follow(i: usize, event: &KeyboardEvent) {
    let Some(link) = document().get_element_by_id(&option_id(i)) else { return };
    let Some(href) = link.get_attribute("href") else { return };
    if event.ctrl_key() || event.meta_key() {
        let _ = window().open_with_url_and_target(&href, "_blank");
    } else {
        let _ = window().location().set_href(&href);
    }
}

fn scroll_to(i: usize) {
    if let Some(option) = document().get_element_by_id(&option_id(i)) {
        option.scroll_into_view_with_bool(false);
    }
}

#[cfg(feature = "hydrate")]
mod browser {
    use std::time::Duration;

    use leptos::ev;
    use leptos::leptos_dom::helpers::TimeoutHandle;
    use leptos::prelude::*;
    use leptos::task::spawn_local;

    use crate::search::{Hit, search};

    /// So long nobody has typed before the server is asked.
    const PAUSE: Duration = Duration::from_millis(120);

    pub fn open_by_keys(open: impl Fn() + 'static, shortcut: RwSignal<&'static str>) {
        Effect::new(move || {
            if window().navigator().platform().is_ok_and(|name| name.starts_with("Mac") || name.starts_with("iP")) {
                shortcut.set("⌘K");
            }
        });
        let listener = window_event_listener(ev::keydown, move |event| {
            if (event.ctrl_key() || event.meta_key()) && !event.alt_key() && event.key().eq_ignore_ascii_case("k") {
                event.prevent_default();
                open();
            }
        });
        on_cleanup(move || listener.remove());
    }

    /// Asks the server for what was typed. An answer that comes late, to a text that is no longer there, is dropped.
    pub fn ask(typed: RwSignal<String>, found: RwSignal<Vec<Hit>>, chosen: RwSignal<usize>) {
        let waiting = StoredValue::new(None::<TimeoutHandle>);
        Effect::new(move || {
            let text = typed.get().trim().to_owned();
            if let Some(waiting) = waiting.try_update_value(Option::take).flatten() {
                waiting.clear();
            }
            if text.is_empty() {
                found.set(Vec::new());
                return;
            }
            let ask = move || {
                spawn_local(async move {
                    let hits = search(text.clone()).await.unwrap_or_default();
                    if typed.with_untracked(|now| now.trim() == text) && found.with_untracked(|known| *known != hits) {
                        found.set(hits);
                        chosen.set(0);
                    }
                });
            };
            waiting.set_value(set_timeout_with_handle(ask, PAUSE).ok());
        });
    }
}
