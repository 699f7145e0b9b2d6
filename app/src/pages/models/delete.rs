//! Before a model is deleted: what breaks then.

use leptos::prelude::*;

use super::{MODELS, model_href};
use crate::api::{ModelDetailView, get_model};
use crate::components::{Notice, Tone, count_text};
use crate::kit::{ConfirmPage, Form, load_titled, path_id};
use crate::pages::ago::ago;

#[component]
pub fn DeleteModelPage() -> impl IntoView {
    let form = Form::of_context().unwrap_or_default();
    load_titled("Delete model", "What breaks then.", get_model(path_id()), move |view| {
        let ModelDetailView { item, now, others, .. } = view;
        let href = model_href(item.id());
        let name = item.model().to_owned();
        let Some(stored) = item.stored else {
            return view! {
                <Notice tone=Tone::Info>
                    "This model stands in the configuration, and is deleted there. " <a href=MODELS>"Back to the models"</a>
                </Notice>
            }
            .into_any();
        };
        let rest = match (stored.blocked, others) {
            (true, _) => format!("It is blocked, and gets no calls of {name} now."),
            (false, 0) => format!("Nothing else answers {name}: calls of it are refused from that moment on."),
            (false, 1) => format!("Another model of that name goes on to answer {name}."),
            (false, others) => format!("{others} other models of that name go on to answer {name}."),
        };
        let used = item.row.and_then(|row| {
            let at = row.health.last_call_at?;
            let calls = count_text(row.health.calls);
            Some(view! { <p>{format!("It was last called {}; {calls} calls in the last hour.", ago(at, now))}</p> })
        });
        let secrets = (!stored.secrets.is_empty()).then(|| view! { <p>"Its API key is erased with it."</p> });
        view! {
            <ConfirmPage
                back=(href.clone(), "The model")
                title=format!("Delete {name}?")
                action=format!("{href}/delete")
                verb="Delete model"
                name=Some(name)
                form
            >
                <p>{rest}</p>
                {used}
                {secrets}
                <p>"It can't be undone. What it answered and what that cost stays on record. To stop it for a while, block it instead."</p>
            </ConfirmPage>
        }
        .into_any()
    })
}
