//! Pages that have to ask before they can show.

use std::future::Future;

use leptos::prelude::*;

use crate::ServerError;
use crate::components::PageHeader;
use crate::pages::Problem;

/// Shows the answer once it is there, or what went wrong, with the status that fits.
pub fn load<T, V>(
    asked: impl Future<Output = Result<T, ServerError>> + Send + 'static,
    show: impl FnOnce(T) -> V + Send + 'static,
) -> impl IntoView
where
    T: Send + 'static,
    V: IntoView + 'static,
{
    Suspend::new(async move {
        match asked.await {
            Ok(answer) => show(answer).into_any(),
            Err(error) => view! { <Problem error /> }.into_any(),
        }
    })
}

/// [`load`] for pages whose title is in the answer: these are used where there is none.
pub fn load_titled<T, V>(
    title: &'static str,
    purpose: &'static str,
    asked: impl Future<Output = Result<T, ServerError>> + Send + 'static,
    show: impl FnOnce(T) -> V + Send + 'static,
) -> impl IntoView
where
    T: Send + 'static,
    V: IntoView + 'static,
{
    Suspend::new(async move {
        match asked.await {
            Ok(answer) => show(answer).into_any(),
            Err(error) => view! { <PageHeader title purpose /> <Problem error /> }.into_any(),
        }
    })
}
