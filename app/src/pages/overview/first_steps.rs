//! The first five minutes: each step tells by itself when it is done.

use leptos::prelude::*;

use crate::api::OverviewView;
use crate::clients::{CURL, Call};
use crate::components::CodeBlock;
use crate::pages::CONNECT;

/// Whether there is nothing left to show somebody who is new.
pub fn all_done(view: &OverviewView) -> bool {
    done(view) == [true; 4]
}

/// A model to call, a key, a call, and that it was seen.
fn done(view: &OverviewView) -> [bool; 4] {
    let called = view.overview.has_calls;
    [view.example_model.is_some(), view.overview.has_keys, called, called]
}

const CONFIGURATION: &str = "model_list:
  - model_name: gpt-4o
    litellm_params:
      model: openai/gpt-4o
      api_key: os.environ/OPENAI_API_KEY";

#[component]
pub fn FirstSteps(view: OverviewView) -> impl IntoView {
    let done = done(&view);
    let current = done.iter().position(|done| !done);
    let class = move |step: usize| match done.get(step) {
        Some(true) => "done",
        _ if current == Some(step) => "current",
        _ => "",
    };
    let is_current = move |step: usize| current == Some(step);
    let OverviewView { overview, base_url, example_model, simulated, .. } = view;
    let model = example_model.unwrap_or_else(|| "gpt-4o".to_owned());
    let curl = CURL.filled(Call { base_url: &base_url, key: "YOUR_KEY", model: &model });
    let (has_provider, has_simulator) = (overview.has_provider, !simulated.is_empty());
    view! {
        <section class="card" aria-labelledby="first-steps">
            <h2 id="first-steps">"First steps"</h2>
            <ol class="steps">
                <li class=class(0)><div><Models has_provider has_simulator /></div></li>
                <li class=class(1)>
                    <div>
                        <strong>"Create a key"</strong>
                        {is_current(1).then(|| {
                            view! {
                                <p>"Applications call with virtual keys, one for each, so that calls and spend can be told apart and stopped."</p>
                                <div class="cluster"><a class="button primary" href="/ui/keys/new">"Create key"</a></div>
                            }
                        })}
                    </div>
                </li>
                <li class=class(2)>
                    <div>
                        <strong>"Send a call"</strong>
                        {is_current(2).then(|| {
                            view! {
                                <p>"With your key in the place of YOUR_KEY:"</p>
                                <CodeBlock label="curl" code=curl />
                                <p class="note"><a href=CONNECT>"Other clients: OpenAI, Anthropic, Google, LangChain, …"</a></p>
                            }
                        })}
                    </div>
                </li>
                <li class=class(3)>
                    <div>
                        <strong>"See it"</strong>
                        <p>
                            "A second or two after the call, it is on " <a href="/ui/requests">"Requests"</a>
                            " with its tokens, its cost and its story, and this page fills."
                        </p>
                    </div>
                </li>
            </ol>
        </section>
    }
    .into_any()
}

#[component]
fn Models(has_provider: bool, has_simulator: bool) -> impl IntoView {
    let text = match (has_provider, has_simulator) {
        (true, _) => view! {
            <p>"The configuration names a provider. " <a href="/ui/models">"Look at the models"</a> "."</p>
        }
        .into_any(),
        (false, true) => view! {
            <p>
                "The built-in simulator answers for now: it asks no provider, and its costs are made up. To call a real model, add it to config.yaml and start again."
            </p>
            <details class="more">
                <summary>"Show an example"</summary>
                <CodeBlock label="config.yaml" code=CONFIGURATION />
            </details>
        }
        .into_any(),
        (false, false) => view! {
            <p>"No model is configured. Add one to config.yaml and start again:"</p>
            <CodeBlock label="config.yaml" code=CONFIGURATION />
        }
        .into_any(),
    };
    view! {
        <strong>"Connect a provider, or use the simulator"</strong>
        {text}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_ends_the_first_steps() {
        let mut view = OverviewView::default();
        assert_eq!(done(&view), [false; 4]);
        view.example_model = Some("simulator/echo".to_owned());
        view.overview.has_keys = true;
        assert_eq!(done(&view), [true, true, false, false]);
        view.overview.has_calls = true;
        assert!(all_done(&view));
    }
}
