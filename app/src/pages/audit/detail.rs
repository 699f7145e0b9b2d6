//! One line of the log: all that it says, and the ways on from it.

use leptos::prelude::*;

use super::diff::Diff;
use super::words::{action_words, actor_words, kind_words};
use super::{AUDIT, audit_of_actor, audit_of_thing, thing_href};
use crate::api::{AuditLineView, get_audit};
use crate::components::{Icon, IconName, Moment, count_text};
use crate::kit::{DetailPage, Fact, Facts, OptionalFact, Query, load_titled, path_param};

const PURPOSE: &str = "One line of the audit log: who did what, from where, and what changed.";

#[component]
pub fn AuditLinePage() -> impl IntoView {
    load_titled("Audit log line", PURPOSE, get_audit(path_param("id")), |line| view! { <Line line /> })
}

#[component]
fn Line(line: AuditLineView) -> impl IntoView {
    let thing = line.thing.name.clone().unwrap_or_else(|| line.thing.id.clone());
    let title = format!("{} {thing}", action_words(&line.action));
    let heading = match (&line.before, &line.after, line.action.rsplit('.').next()) {
        (Some(_), Some(_), _) => "What changed",
        (_, Some(_), Some("create")) => "What was created",
        (Some(_), None, _) => "What was deleted",
        _ => "Details",
    };
    view! {
        <DetailPage list=(AUDIT, "Audit log") title=title.trim_end().to_owned() purpose=PURPOSE>
            <LineFacts line=line.clone() />
            <section class="stack">
                <h2>{heading}</h2>
                <Diff before=line.before after=line.after />
            </section>
        </DetailPage>
    }
}

#[component]
fn LineFacts(line: AuditLineView) -> impl IntoView {
    let AuditLineView { actor, thing, .. } = line.clone();
    let who = match thing_href(&actor.kind, &actor.id) {
        Some(href) => view! { <a href=href title=actor.id.clone()>{actor_words(&actor)}</a> }.into_any(),
        None => actor_words(&actor).into_any(),
    };
    let of_actor = view! {
        <a class="onward" href=audit_of_actor(&actor.id)>"All that this actor did"<Icon name=IconName::ArrowRight /></a>
    };
    let what = match (thing.id.is_empty(), thing_href(&thing.kind, &thing.id)) {
        (true, _) => kind_words(&thing.kind).into_any(),
        (false, href) => {
            let name = thing.name.clone().unwrap_or_else(|| thing.id.clone());
            let name = match href {
                Some(href) => view! { <a href=href title=thing.id.clone()>{name}</a> }.into_any(),
                None => view! { <span class="mono">{name}</span> }.into_any(),
            };
            let all = audit_of_thing(&thing.kind, &thing.id);
            view! {
                {kind_words(&thing.kind)} " " {name}
                <a class="onward" href=all>"All that was done to it"<Icon name=IconName::ArrowRight /></a>
            }
            .into_any()
        }
    };
    let same_request = Query::default().with("q", Some(line.request_id.as_str())).href(AUDIT);
    let from = line.address.unwrap_or_else(|| "This machine, or not known".to_owned());
    view! {
        <Facts>
            <Fact label="When"><Moment at=line.at /></Fact>
            <Fact label="Who">{who}{of_actor}</Fact>
            <OptionalFact label="On behalf of, as they say" value=line.on_behalf_of />
            <Fact label="Action" mono=true>{line.action}</Fact>
            <Fact label="To what">{what}</Fact>
            <Fact label="From">{from}</Fact>
            <OptionalFact label="Program" value=line.user_agent />
            <Fact label="Request">
                <span class="mono">{line.request_id}</span>
                <a class="onward" href=same_request>"All of this request"<Icon name=IconName::ArrowRight /></a>
            </Fact>
            <Fact label="Line">{count_text(line.seq)}</Fact>
            <Fact label="Hash" mono=true>{line.hash}</Fact>
        </Facts>
    }
}
