//! What only some may do.

use leptos::prelude::*;
use tollgate_domain::actor::{Action, Resource};

use crate::api::may;

/// Shows the children to those who may do this. What they lead to checks by itself.
#[component]
pub fn Allowed(action: Action, resource: Resource, children: Children) -> impl IntoView {
    let children = children();
    Suspend::new(async move { may(action, resource).await.then_some(children) })
}
