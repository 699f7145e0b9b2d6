//! Teams in a table.

use leptos::prelude::*;
use tollgate_domain::model::ModelPattern;

use super::team_href;
use crate::api::TeamRow;
use crate::components::{Badge, Count, IconName, Moment, Tone};
use crate::kit::{BudgetCell, Column, DataTable, ListQuery, column};
use crate::pages::organisation_href;
use crate::pages::usage::SpentCell;

const COLUMNS: [Column; 9] = [
    column("Team"),
    column("State"),
    column("Organisation"),
    column("Members").number(),
    column("Keys").number(),
    column("Spend").number(),
    column("Models"),
    column("Budget"),
    column("Created").sorted_by("created"),
];

/// `list`: where the table is a page's list.
#[component]
pub fn TeamTable(
    rows: Vec<TeamRow>,
    #[prop(optional_no_strip)] list: Option<ListQuery>,
    next: Option<String>,
) -> impl IntoView {
    let rows = rows.into_iter().map(row).collect_view();
    view! { <DataTable label="Teams" columns=COLUMNS.to_vec() list next>{rows}</DataTable> }
}

fn row(row: TeamRow) -> impl IntoView {
    let TeamRow { team, organisation, members, keys, totals } = row;
    let (id, deleted) = (team.id.to_string(), team.meta.deleted_at.is_some());
    let name = if deleted {
        view! { <span class="clip">{team.name.clone()}</span> }.into_any()
    } else {
        view! { <a class="row-link clip" href=team_href(&id) title=team.name.clone()>{team.name.clone()}</a> }
            .into_any()
    };
    let none = || view! { <span class="muted">"–"</span> }.into_any();
    let organisation = match (organisation, &team.organisation_id) {
        (Some(name), Some(id)) => view! { <a class="clip" href=organisation_href(id.as_str())>{name}</a> }.into_any(),
        _ => none(),
    };
    let members = members.map_or_else(none, |count| view! { <Count value=count /> }.into_any());
    view! {
        <tr data-key=id>
            <th scope="row">{name}</th>
            <td><StateBadge blocked=team.blocked deleted /></td>
            <td>{organisation}</td>
            <td class="num">{members}</td>
            <td class="num"><Count value=keys /></td>
            <SpentCell totals />
            <td><ModelsCell models=team.models /></td>
            <td><BudgetCell limits=team.limits /></td>
            <td><Moment at=team.meta.created_at /></td>
        </tr>
    }
}

/// Whether something can be used.
#[component]
pub fn StateBadge(blocked: bool, #[prop(optional)] deleted: bool) -> impl IntoView {
    match (blocked, deleted) {
        (_, true) => view! { <Badge tone=Tone::Neutral label="Deleted" icon=IconName::Delete /> },
        (true, _) => view! { <Badge tone=Tone::Bad label="Blocked" icon=IconName::Blocked /> },
        (false, _) => view! { <Badge tone=Tone::Good label="Active" icon=IconName::Good /> },
    }
}

/// The first models of something; all of them on hover.
#[component]
pub fn ModelsCell(models: Vec<ModelPattern>) -> impl IntoView {
    const SHOWN: usize = 2;
    if models.is_empty() {
        return view! { <span class="muted">"Every model"</span> }.into_any();
    }
    let names: Vec<_> = models.iter().map(ModelPattern::as_str).collect();
    let more = names.len().saturating_sub(SHOWN);
    let more = if more == 0 { String::new() } else { format!(" and {more} more") };
    let shown = names.iter().take(SHOWN).copied().collect::<Vec<_>>().join(", ");
    view! {
        <span class="models" title=names.join(", ")>
            <span class="clip">{shown}</span>
            {more}
        </span>
    }
    .into_any()
}
