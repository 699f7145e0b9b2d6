//! Keeping a page current.

/// Runs `action` whenever the page's script says that it is time to look again: every few seconds while the page is
/// seen and holds an element with `data-refresh`, and nobody is selecting or typing in it.
#[cfg_attr(not(feature = "hydrate"), expect(unused_variables, reason = "the server renders a page once"))]
pub fn on_refresh(action: impl Fn() + 'static) {
    #[cfg(feature = "hydrate")]
    {
        use leptos::ev;
        use leptos::prelude::{on_cleanup, window_event_listener};

        let refresh = ev::Custom::<ev::Event>::new("tollgate:refresh");
        let listener = window_event_listener(refresh, move |_| action());
        on_cleanup(move || listener.remove());
    }
}
