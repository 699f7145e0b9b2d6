//! Before an end customer is deleted: what changes then.

use leptos::prelude::*;

use super::customer_href;
use crate::api::get_customer;
use crate::kit::{ConfirmPage, Form, load_titled, path_id};

#[component]
pub fn DeleteCustomerPage() -> impl IntoView {
    let form = Form::of_context().unwrap_or_default();
    load_titled("Delete customer", "What changes then.", get_customer(path_id()), move |view| {
        let customer = view.record;
        let href = customer_href(customer.id.as_str());
        let name = customer.name.clone().unwrap_or_else(|| customer.id.to_string());
        let blocked = customer.blocked.then(|| {
            view! { <p>"It is blocked now. Deleted, it no longer is: to keep it out, leave it blocked."</p> }
        });
        view! {
            <ConfirmPage
                back=(href.clone(), "The customer")
                title=format!("Delete {name}?")
                action=format!("{href}/delete")
                verb="Delete customer"
                name=Some(name)
                form
            >
                {blocked}
                <p>"Its limits and its models go: calls for it are calls for somebody unknown. What was spent for it stays on record."</p>
            </ConfirmPage>
        }
    })
}
