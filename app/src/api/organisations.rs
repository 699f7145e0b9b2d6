//! What the pages about organisations ask.

use std::collections::HashMap;

use tollgate_control::people::{Counted, CountedBy, counts};
use tollgate_control::records::{self, Filter, Order};
use tollgate_control::{Control, OpContext};
use tollgate_domain::access_group::AccessGroup;
use tollgate_domain::actor::{Action, Resource};
use tollgate_domain::budget::Budget;
use tollgate_domain::membership::Group;
use tollgate_domain::organisation::Organisation;
use tollgate_domain::page::Cursor;
use tollgate_domain::record::Record as _;
use tollgate_domain::report::{Totals, TotalsOf};
use tollgate_domain::team::Team;

use super::choices::choices;
use super::members::{member_counts, members, place};
use super::teams::{filter_of, team_rows};
use super::usage::totals_of;
use super::{MembersView, ServerError, TeamRow};
use crate::kit::{Choices, ListQuery};

/// Rows of a page of organisations.
const PAGE: u32 = 50;

/// An organisation in a list.
#[derive(Clone, Debug, PartialEq)]
pub struct OrganisationRow {
    pub organisation: Organisation,
    pub teams: i64,
    /// `None`: not for whoever looks.
    pub members: Option<i64>,
    /// What its calls used, ever. `None`: not for whoever looks.
    pub totals: Option<Totals>,
}

/// A page of organisations.
#[derive(Clone, Debug, PartialEq)]
pub struct OrganisationsView {
    pub rows: Vec<OrganisationRow>,
    /// The cursor of the next page.
    pub next: Option<String>,
}

/// A page of organisations.
pub async fn list_organisations(list: ListQuery) -> Result<OrganisationsView, ServerError> {
    let (control, op) = crate::server::op_context().await?;
    let page = records::list::<Organisation>(&control, &op, &filter_of(&list), list.after().as_ref(), PAGE).await?;
    let ids: Vec<_> = page.items.iter().map(|organisation| organisation.id.to_string()).collect();
    let members = member_counts(&control, &op, CountedBy::Organisation, &ids).await?;
    let teams = counts(&control, &op, Counted::Teams, CountedBy::Organisation, &ids).await?;
    let of = |counts: &HashMap<String, i64>, id: &str| counts.get(id).copied().unwrap_or_default();
    let places = page.items.iter().map(|organisation| (organisation.id.to_string(), organisation.place()));
    let mut totals = totals_of(&control, &op, TotalsOf::Organisation, places).await?;
    let row = |organisation: Organisation| OrganisationRow {
        totals: totals.remove(organisation.id.as_str()),
        teams: of(&teams, organisation.id.as_str()),
        members: op
            .may(Action::Read, Resource::Membership, &organisation.place())
            .then(|| of(&members, organisation.id.as_str())),
        organisation,
    };
    Ok(OrganisationsView { rows: page.items.into_iter().map(row).collect(), next: page.next })
}

/// What whoever looks may do to an organisation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "independent permissions")]
pub struct OrganisationRights {
    pub update: bool,
    /// What it was given, too: models, budget, and whether it is blocked.
    pub give: bool,
    pub delete: bool,
    pub create_teams: bool,
}

/// What every page of an organisation shows.
#[derive(Clone, Debug, PartialEq)]
pub struct OrganisationView {
    pub organisation: Organisation,
    pub rights: OrganisationRights,
    /// Its teams.
    pub teams: i64,
    /// What its calls used, ever. `None`: not for whoever looks.
    pub totals: Option<Totals>,
}

async fn organisation_view(control: &Control, op: &OpContext, id: &str) -> Result<OrganisationView, ServerError> {
    let organisation = records::get::<Organisation>(control, op, id).await?;
    let may = |action, resource| op.may(action, resource, &organisation.place());
    let rights = OrganisationRights {
        update: may(Action::Update, Resource::Organisation),
        give: may(Action::Create, Resource::Organisation),
        delete: may(Action::Delete, Resource::Organisation),
        create_teams: may(Action::Create, Resource::Team),
    };
    let of_it = Filter { organisation_id: Some(id.to_owned()), ..Filter::default() };
    let teams = i64::try_from(records::count::<Team>(control, op, &of_it).await?).unwrap_or(i64::MAX);
    let place = (id.to_owned(), organisation.place());
    let totals = totals_of(control, op, TotalsOf::Organisation, [place]).await?.remove(id);
    Ok(OrganisationView { organisation, rights, teams, totals })
}

/// An organisation with a page of its teams.
pub async fn get_organisation(
    id: String,
    after: Option<String>,
) -> Result<(OrganisationView, Vec<TeamRow>, Option<String>), ServerError> {
    let (control, op) = crate::server::op_context().await?;
    let view = organisation_view(&control, &op, &id).await?;
    let filter = Filter { organisation_id: Some(id), order: Order::Name, ..Filter::default() };
    let after = after.as_deref().and_then(Cursor::decode);
    let page = records::list::<Team>(&control, &op, &filter, after.as_ref(), PAGE).await?;
    Ok((view, team_rows(&control, &op, page.items).await?, page.next))
}

/// An organisation with a page of its members.
pub async fn get_organisation_members(
    id: String,
    after: Option<String>,
) -> Result<(OrganisationView, MembersView), ServerError> {
    let (control, op) = crate::server::op_context().await?;
    let view = organisation_view(&control, &op, &id).await?;
    let group = Group::Organisation(view.organisation.id.clone());
    let after = after.as_deref().and_then(Cursor::decode);
    let members = members(&control, &op, &group, &place(&group, None), after).await?;
    Ok((view, members))
}

/// What the form of an organisation needs.
#[derive(Clone, Debug, PartialEq)]
pub struct OrganisationFormView {
    pub models: Vec<String>,
    pub budgets: Choices,
    pub access_groups: Choices,
    pub may_create: bool,
}

async fn form_view(control: &Control, op: &OpContext) -> Result<OrganisationFormView, ServerError> {
    Ok(OrganisationFormView {
        models: super::keys::model_names(control, op).await?,
        budgets: choices::<Budget>(control, op).await?,
        access_groups: choices::<AccessGroup>(control, op).await?,
        may_create: super::op_may(op, Action::Create, Resource::Organisation),
    })
}

/// What the form of a new organisation needs.
pub async fn new_organisation_form() -> Result<OrganisationFormView, ServerError> {
    let (control, op) = crate::server::op_context().await?;
    form_view(&control, &op).await
}

/// An organisation with what the form to change it needs.
pub async fn edit_organisation(id: String) -> Result<(OrganisationView, OrganisationFormView), ServerError> {
    let (control, op) = crate::server::op_context().await?;
    Ok((organisation_view(&control, &op, &id).await?, form_view(&control, &op).await?))
}

/// An organisation that somebody is about to delete, and how many members it has.
pub async fn organisation_losses(id: String) -> Result<(OrganisationView, i64), ServerError> {
    let (control, op) = crate::server::op_context().await?;
    let view = organisation_view(&control, &op, &id).await?;
    let ids = [view.organisation.id.to_string()];
    let members = member_counts(&control, &op, CountedBy::Organisation, &ids).await?;
    Ok((view, members.into_values().sum()))
}
