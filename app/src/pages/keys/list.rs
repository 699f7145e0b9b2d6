//! The keys: who has one, what each may do and did.

use leptos::prelude::*;
use tollgate_domain::Timestamp;
use tollgate_domain::key::KeyStatus;

use super::Notice;
use super::notice::NoticeFromAddress;
use super::query::{KeysQuery, STATUSES, key_href};
use crate::api::{KeyView, KeysView, list_keys};
use crate::components::{Count, EmptyState, Icon, IconName, KeyStatusBadge, Moment, Money, PageHeader, Pager};
use crate::kit::{Query, load, query};

#[component]
pub fn KeyList() -> impl IntoView {
    let query = KeysQuery::of(&query());
    view! {
        <PageHeader title="Keys" purpose="Virtual keys let applications call models through this gateway, each within its own limits.">
            <a class="button primary" href="/ui/keys/new" data-create="">
                <Icon name=IconName::Add />
                "Create key"
            </a>
        </PageHeader>
        <NoticeFromAddress />
        <Filters query=query.clone() />
        {load(list_keys(query.clone()), move |view| view! { <Keys view query /> })}
    }
}

#[component]
fn Filters(query: KeysQuery) -> impl IntoView {
    let filtered = query.is_filtered();
    let typed = query.search.clone().unwrap_or_default();
    let options = STATUSES
        .into_iter()
        .map(|status| {
            let selected = query.status == Some(status);
            view! {
                <option value=status.as_str() selected=selected>
                    {status_label(status)}
                </option>
            }
        })
        .collect_view();
    view! {
        <form action="/ui/keys" class="filters" role="search">
            <label class="search">
                <span class="visually-hidden">"Search keys"</span>
                <Icon name=IconName::Search />
                <input
                    type="search"
                    name="q"
                    placeholder="Alias, last characters, or id"
                    maxlength="200"
                    autocomplete="off"
                    spellcheck="false"
                    data-search=""
                    value=typed
                />
            </label>
            <label>
                <span class="visually-hidden">"Status"</span>
                <select name="status">
                    <option value="">"Not deleted"</option>
                    {options}
                </select>
            </label>
            <button class="button" type="submit">
                "Apply"
            </button>
            {filtered.then(|| view! { <a class="button quiet" href="/ui/keys">"Clear"</a> })}
        </form>
    }
}

fn status_label(status: KeyStatus) -> &'static str {
    match status {
        KeyStatus::Active => "Active",
        KeyStatus::Blocked => "Blocked",
        KeyStatus::Expired => "Expired",
        KeyStatus::Deleted => "Deleted",
    }
}

#[component]
fn Keys(view: KeysView, query: KeysQuery) -> impl IntoView {
    if view.rows.is_empty() {
        return view! { <NoKeys query /> }.into_any();
    }
    let may_change = view.may_change;
    let back = query.href();
    let rows = view
        .rows
        .into_iter()
        .map(|key| {
            let back = back.clone();
            view! { <Row key back may_change /> }
        })
        .collect_view();
    let first = query.after.is_some().then(|| query.first().href());
    let next = view.next.map(|cursor| KeysQuery { after: Some(cursor), ..query }.href());
    view! {
        <div class="table-wrap" tabindex="0" role="region" aria-label="Keys">
            <table class="table">
                <thead>
                    <tr>
                        <th scope="col">"Key"</th>
                        <th scope="col">"Ends in"</th>
                        <th scope="col">"Status"</th>
                        <th scope="col">"Models"</th>
                        <th scope="col" class="num">"Spend"</th>
                        <th scope="col" class="num">"Calls"</th>
                        <th scope="col">"Last used"</th>
                        <th scope="col">"Created"</th>
                        <th scope="col">"Expires"</th>
                        {may_change.then(|| view! { <th scope="col"><span class="visually-hidden">"Actions"</span></th> })}
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
        <Pager first next />
    }
    .into_any()
}

#[component]
fn NoKeys(query: KeysQuery) -> impl IntoView {
    if query.is_filtered() || query.after.is_some() {
        return view! {
            <EmptyState title="No key matches" text="Search looks at aliases, at the last characters of keys, and at whole ids.">
                <a class="button" href="/ui/keys">"Show all keys"</a>
            </EmptyState>
        }
        .into_any();
    }
    view! {
        <EmptyState title="No keys yet" text="Each application gets a key of its own, so that its calls and its spend can be told apart and stopped.">
            <a class="button primary" href="/ui/keys/new">"Create the first key"</a>
        </EmptyState>
    }
    .into_any()
}

#[component]
fn Row(key: KeyView, back: String, may_change: bool) -> impl IntoView {
    let href = key_href(&key.id);
    let never = || view! { <span class="muted">"Never"</span> }.into_any();
    let last_used = key.last_used_at.map_or_else(never, |at| view! { <Moment at /> }.into_any());
    let expires = key.expires_at.map_or_else(never, |at| view! { <Day at /> }.into_any());
    let actions = may_change.then(|| view! { <td class="actions"><BlockForm key=key.clone() back /></td> });
    view! {
        <tr>
            <th scope="row">
                <a class="row-link clip" href=href title=key.label().to_owned()>{key.label().to_owned()}</a>
            </th>
            <td class="mono">{key.hint.clone()}</td>
            <td><KeyStatusBadge status=key.status /></td>
            <td><Models models=key.models.clone() /></td>
            <td class="num"><Money value=key.spent /></td>
            <td class="num"><Count value=key.calls /></td>
            <td>{last_used}</td>
            <td><Day at=key.created_at /></td>
            <td>{expires}</td>
            {actions}
        </tr>
    }
}

/// A moment of which the day says enough; the page's script tells it as any other.
#[component]
fn Day(at: Timestamp) -> impl IntoView {
    let moment = at.to_rfc3339();
    let day = moment.get(..10).unwrap_or(&moment).to_owned();
    view! { <time class="moment" datetime=moment>{day}</time> }
}

/// The first models of a key; all of them on hover.
#[component]
fn Models(models: Vec<String>) -> impl IntoView {
    const SHOWN: usize = 2;
    if models.is_empty() {
        return view! { <span class="muted">"Every model"</span> }.into_any();
    }
    let more = models.len().saturating_sub(SHOWN);
    let more = if more == 0 { String::new() } else { format!(" and {more} more") };
    let shown = models.iter().take(SHOWN).map(String::as_str).collect::<Vec<_>>().join(", ");
    view! {
        <span class="models" title=models.join(", ")>
            <span class="clip">{shown}</span>
            {more}
        </span>
    }
    .into_any()
}

/// Blocks or unblocks a key and comes back to `back`: a page of this list, or the key's own page where it is empty.
#[component]
pub fn BlockForm(key: KeyView, #[prop(into)] back: String) -> impl IntoView {
    if key.status == KeyStatus::Deleted {
        return ().into_any();
    }
    let (verb, label, class) =
        if key.blocked { ("unblock", "Unblock", "button quiet") } else { ("block", "Block", "button quiet") };
    let action = format!("{}/{verb}", key_href(&key.id));
    let named = format!("{label} {}", key.label());
    let back = (!back.is_empty()).then(|| view! { <input type="hidden" name="back" value=back /> });
    view! {
        <form method="post" action=action>
            {back}
            <button class=class type="submit" aria-label=named>
                {label}
            </button>
        </form>
    }
    .into_any()
}

/// Where a form's `back` leads: always a page of this list, whatever was sent.
pub fn back_to_list(back: &str, notice: Notice) -> Option<String> {
    let rest = back.strip_prefix("/ui/keys")?;
    (rest.is_empty() || rest.starts_with('?')).then(|| KeysQuery::of(&Query::parse(rest)).href_with(notice))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_comes_back_to_the_list_and_nowhere_else() {
        let to = |back: &str| back_to_list(back, Notice::Blocked);
        assert_eq!(to("/ui/keys").as_deref(), Some("/ui/keys?notice=blocked"));
        assert_eq!(
            to("/ui/keys?q=a%20b&status=active&after=1_a&evil=1").as_deref(),
            Some("/ui/keys?q=a%20b&status=active&after=1_a&notice=blocked")
        );
        for other in ["", "https://evil.example/ui/keys", "//evil.example", "/ui/keysx", "/ui/requests"] {
            assert_eq!(to(other), None, "{other}");
        }
    }
}
