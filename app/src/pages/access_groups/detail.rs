//! One access group.

use leptos::prelude::*;
use tollgate_domain::access_group::AccessGroup;

use super::form::{fields, form_of};
use super::{ACCESS_GROUPS, SAID, access_group_href};
use crate::api::{RecordView, get_access_group};
use crate::kit::{
    ChangeForm, DetailPage, Fact, Facts, Form, History, ModelsFact, NoticeFromAddress, load_titled, path_id,
};
use crate::pages::audit_of_thing;

const PURPOSE: &str = "The models that keys, teams and organisations with this group may call.";

#[component]
pub fn AccessGroupPage() -> impl IntoView {
    let refused = Form::of_context();
    load_titled("Access group", PURPOSE, get_access_group(path_id()), move |view| view! { <Detail view refused /> })
}

#[component]
fn Detail(view: RecordView<AccessGroup>, refused: Option<Form>) -> impl IntoView {
    let RecordView { record: group, form: known, may_change, created_by, updated_by } = view;
    let (id, href) = (group.id.to_string(), access_group_href(group.id.as_str()));
    let actions = {
        let delete = format!("{href}/delete");
        move || {
            let delete = delete.clone();
            may_change.then(|| view! { <a class="button quiet danger-quiet" href=delete>"Delete"</a> })
        }
    };
    let open = refused.is_some();
    let form = refused.unwrap_or_else(|| form_of(&group, &known));
    let version = group.meta.version;
    let change = may_change.then(|| {
        view! {
            <ChangeForm href summary="Change description or models" version open form=form.clone()>{fields(&form, known)}</ChangeForm>
        }
    });
    let log = audit_of_thing("access_group", &id);
    view! {
        <DetailPage list=(ACCESS_GROUPS, "Access groups") title=id purpose=PURPOSE actions>
            <NoticeFromAddress own=SAID />
            <Facts>
                {group.description.clone().map(|text| view! { <Fact label="Description">{text}</Fact> })}
                <ModelsFact models=group.models.clone() none="None: whoever has only this group may call nothing" />
                <History meta=group.meta created_by updated_by log />
            </Facts>
            {change}
        </DetailPage>
    }
}
