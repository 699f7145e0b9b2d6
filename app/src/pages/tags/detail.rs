//! One tag.

use leptos::prelude::*;
use tollgate_domain::ledger::AccountKind;
use tollgate_domain::tag::Tag;

use super::form::{fields, form_of};
use super::{SAID, TAGS, tag_href};
use crate::api::{RecordView, get_tag};
use crate::kit::{
    ChangeForm, DetailPage, Fact, Facts, Form, History, LimitFacts, ModelsFact, NoticeFromAddress, SharedBudgetFact,
    load_titled, path_id,
};
use crate::pages::{ShadowFacts, audit_of_thing};

const PURPOSE: &str = "What this tag is for, and what calls that carry it may spend.";

#[component]
pub fn TagPage() -> impl IntoView {
    let refused = Form::of_context();
    load_titled("Tag", PURPOSE, get_tag(path_id()), move |view| view! { <Detail view refused /> })
}

#[component]
fn Detail(view: RecordView<Tag>, refused: Option<Form>) -> impl IntoView {
    let RecordView { record: tag, form: known, may_change, created_by, updated_by } = view;
    let (id, href) = (tag.id.to_string(), tag_href(tag.id.as_str()));
    let actions = {
        let delete = format!("{href}/delete");
        move || {
            let delete = delete.clone();
            may_change.then(|| view! { <a class="button quiet danger-quiet" href=delete>"Delete"</a> })
        }
    };
    let open = refused.is_some();
    let form = refused.unwrap_or_else(|| form_of(&tag, &known));
    let version = tag.meta.version;
    let budgets = known.budgets.clone();
    let change = may_change.then(|| {
        view! {
            <ChangeForm href summary="Change description, limits or models" version open form=form.clone()>
                {fields(&form, known)}
            </ChangeForm>
        }
    });
    let log = audit_of_thing("tag", &id);
    let account = id.clone();
    view! {
        <DetailPage list=(TAGS, "Tags") title=id purpose=PURPOSE actions>
            <NoticeFromAddress own=SAID />
            <Facts>
                {tag.description.clone().map(|text| view! { <Fact label="Description">{text}</Fact> })}
                <SharedBudgetFact budget=tag.budget_id.as_ref().map(ToString::to_string) budgets />
                <ModelsFact models=tag.models.clone() none="The tag has no say in where its calls go" />
                <History meta=tag.meta.clone() created_by updated_by log />
            </Facts>
            <section class="stack"><h2>"Limits of its own"</h2><LimitFacts limits=tag.limits /></section>
            <ShadowFacts kind=AccountKind::Tag id=account />
            {change}
        </DetailPage>
    }
}
