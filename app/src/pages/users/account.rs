//! One's own page.

use leptos::prelude::*;

use super::SAID;
use super::detail::Person;
use crate::api::get_account;
use crate::components::PageHeader;
use crate::kit::{NoticeFromAddress, load, query};

#[component]
pub fn AccountPage() -> impl IntoView {
    let after = query().get("after");
    let first_page = after.is_none();
    view! {
        <PageHeader title="My account" purpose="Who you are here, what you are a member of, your keys, and where you are signed in." />
        <NoticeFromAddress own=SAID />
        {load(get_account(after), move |view| view! { <Person view path="/ui/account".to_owned() first_page /> })}
    }
}
