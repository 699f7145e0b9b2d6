//! What the pages about people ask.

use tollgate_control::keys::KeyFilter;
use tollgate_control::people::{self, Counted, CountedBy, counts};
use tollgate_control::records::{self, Filter, Order};
use tollgate_control::{Control, OpContext, access};
use tollgate_domain::actor::{Action, Resource};
use tollgate_domain::budget::Budget;
use tollgate_domain::membership::{Group, MemberRole, Membership};
use tollgate_domain::organisation::Organisation;
use tollgate_domain::record::Record as _;
use tollgate_domain::report::{Totals, TotalsOf};
use tollgate_domain::team::Team;
use tollgate_domain::user::{SignIns, User};

use super::choices::{choices, name_of};
use super::members::member_counts;
use super::teams::{losses, some_keys};
use super::usage::totals_of;
use super::{Losses, ServerError, SomeKeysView};
use crate::kit::{Choices, ListQuery};
use crate::server::SessionView;

/// Rows of a page of people.
const PAGE: u32 = 50;

/// The most memberships that a person's page shows.
const MOST_GROUPS: usize = 100;

/// A person in a list.
#[derive(Clone, Debug, PartialEq)]
pub struct UserRow {
    pub user: User,
    pub sign_ins: SignIns,
    pub memberships: i64,
    pub keys: i64,
    /// What their calls used, ever. `None`: not for whoever looks.
    pub totals: Option<Totals>,
}

/// A page of people.
#[derive(Clone, Debug, PartialEq)]
pub struct UsersView {
    pub rows: Vec<UserRow>,
    /// The cursor of the next page.
    pub next: Option<String>,
}

/// A page of people, by their names.
pub async fn list_users(list: ListQuery) -> Result<UsersView, ServerError> {
    let (control, op) = crate::server::op_context().await?;
    let status = list.get("status");
    let filter = Filter {
        search: list.get("q"),
        blocked: match status.as_deref() {
            Some("disabled") => Some(true),
            Some("active") => Some(false),
            _ => None,
        },
        deleted: status.as_deref() == Some("deleted"),
        order: match list.sort() {
            Some(("created", true)) => Order::NewestFirst,
            Some(("created", false)) => Order::OldestFirst,
            _ => Order::Name,
        },
        ..Filter::default()
    };
    let page = records::list::<User>(&control, &op, &filter, list.after().as_ref(), PAGE).await?;
    let ids: Vec<_> = page.items.iter().map(|user| user.id.to_string()).collect();
    let mut sign_ins = people::sign_ins(&control, &page.items).await?;
    let memberships = member_counts(&control, &op, CountedBy::User, &ids).await?;
    let keys = counts(&control, &op, Counted::Keys, CountedBy::User, &ids).await?;
    let places = page.items.iter().map(|user| (user.id.to_string(), user.place()));
    let mut totals = totals_of(&control, &op, TotalsOf::User, places).await?;
    let row = |user: User| UserRow {
        totals: totals.remove(user.id.as_str()),
        sign_ins: sign_ins.remove(&user.id).unwrap_or_default(),
        memberships: memberships.get(user.id.as_str()).copied().unwrap_or_default(),
        keys: keys.get(user.id.as_str()).copied().unwrap_or_default(),
        user,
    };
    Ok(UsersView { rows: page.items.into_iter().map(row).collect(), next: page.next })
}

/// What whoever looks may do to a person.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "independent permissions")]
pub struct UserRights {
    pub update: bool,
    pub delete: bool,
    pub create_keys: bool,
    /// Whether it is whoever looks.
    pub oneself: bool,
}

/// Something that a person is a member of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PersonsGroup {
    pub group: Group,
    /// What people call it.
    pub name: String,
    pub role: MemberRole,
}

/// What every page of a person shows.
#[derive(Clone, Debug, PartialEq)]
pub struct UserView {
    pub user: User,
    pub sign_ins: SignIns,
    pub rights: UserRights,
    /// What their calls used, ever. `None`: not for whoever looks.
    pub totals: Option<Totals>,
}

async fn user_view(control: &Control, op: &OpContext, id: &str) -> Result<UserView, ServerError> {
    let user = records::get::<User>(control, op, id).await?;
    let may = |action, resource| op.may(action, resource, &user.place());
    let rights = UserRights {
        update: may(Action::Update, Resource::User),
        delete: may(Action::Delete, Resource::User),
        create_keys: may(Action::Create, Resource::Key),
        oneself: op.actor.user_id() == Some(&user.id),
    };
    let sign_ins = people::sign_ins(control, std::slice::from_ref(&user)).await?.remove(&user.id).unwrap_or_default();
    let place = (user.id.to_string(), user.place());
    let totals = totals_of(control, op, TotalsOf::User, [place]).await?.remove(user.id.as_str());
    Ok(UserView { user, sign_ins, rights, totals })
}

async fn groups_of(control: &Control, op: &OpContext, user: &User) -> Result<Vec<PersonsGroup>, ServerError> {
    let pairs: Vec<(Group, MemberRole)> = if op.actor.user_id() == Some(&user.id) {
        // What one is a member of oneself is no secret, though the list of members may be.
        op.memberships.iter().take(MOST_GROUPS).map(|(group, role)| (group.clone(), role)).collect()
    } else {
        let filter = Filter { user_id: Some(user.id.to_string()), ..Filter::default() };
        let all = records::list_all::<Membership>(control, op, &filter, MOST_GROUPS).await?;
        all.into_iter().map(|membership| (membership.group, membership.role)).collect()
    };
    let mut groups = Vec::with_capacity(pairs.len());
    for (group, role) in pairs {
        let name = match &group {
            Group::Team(id) => name_of::<Team>(control, op, id.as_str()).await?,
            Group::Organisation(id) => name_of::<Organisation>(control, op, id.as_str()).await?,
        };
        groups.push(PersonsGroup { group, name, role });
    }
    groups.sort_by_key(|group| (group.group.team().is_some(), group.name.to_lowercase()));
    Ok(groups)
}

/// A person with memberships and a page of their keys.
#[derive(Clone, Debug, PartialEq)]
pub struct PersonView {
    pub person: UserView,
    pub groups: Vec<PersonsGroup>,
    pub keys: SomeKeysView,
    pub sessions: Vec<SessionView>,
}

async fn person(control: &Control, op: &OpContext, id: &str, after: Option<&str>) -> Result<PersonView, ServerError> {
    let person = user_view(control, op, id).await?;
    let groups = groups_of(control, op, &person.user).await?;
    let filter = KeyFilter { user_id: Some(person.user.id.to_string()), ..KeyFilter::default() };
    let keys = some_keys(control, op, &filter, after).await?;
    let own = crate::server::own_session().await?;
    let sessions = access::sessions(control, op, &person.user.id).await?;
    let sessions = sessions.into_iter().map(|row| SessionView::of(row, own.as_deref())).collect();
    Ok(PersonView { person, groups, keys, sessions })
}

/// A person's page.
pub async fn get_user(id: String, after: Option<String>) -> Result<PersonView, ServerError> {
    let (control, op) = crate::server::op_context().await?;
    person(&control, &op, &id, after.as_deref()).await
}

/// One's own page.
pub async fn get_account(after: Option<String>) -> Result<PersonView, ServerError> {
    let (control, op) = crate::server::op_context().await?;
    let id = op.actor.user_id().ok_or(ServerError::NotSignedIn)?.to_string();
    person(&control, &op, &id, after.as_deref()).await
}

/// How one stands with the second factor.
pub async fn get_second_factor() -> Result<access::SecondFactorState, ServerError> {
    let (control, op) = crate::server::op_context().await?;
    Ok(access::second_factor(&control, &op).await?)
}

/// What the form of a person needs.
#[derive(Clone, Debug, PartialEq)]
pub struct UserFormView {
    pub models: Vec<String>,
    pub budgets: Choices,
    pub teams: Choices,
    pub organisations: Choices,
    pub may_create: bool,
}

async fn form_view(control: &Control, op: &OpContext) -> Result<UserFormView, ServerError> {
    Ok(UserFormView {
        models: super::keys::model_names(control, op).await?,
        budgets: choices::<Budget>(control, op).await?,
        teams: choices::<Team>(control, op).await?,
        organisations: choices::<Organisation>(control, op).await?,
        may_create: super::op_may(op, Action::Create, Resource::User),
    })
}

/// What the form of a new person needs.
pub async fn new_user_form() -> Result<UserFormView, ServerError> {
    let (control, op) = crate::server::op_context().await?;
    form_view(&control, &op).await
}

/// A person with what the form to change them needs.
pub async fn edit_user(id: String) -> Result<(UserView, UserFormView), ServerError> {
    let (control, op) = crate::server::op_context().await?;
    Ok((user_view(&control, &op, &id).await?, form_view(&control, &op).await?))
}

/// A person, for a page that asks for nothing else.
pub async fn get_user_alone(id: String) -> Result<UserView, ServerError> {
    let (control, op) = crate::server::op_context().await?;
    user_view(&control, &op, &id).await
}

/// A person whom somebody is about to delete, and what goes with them.
pub async fn user_losses(id: String) -> Result<(UserView, Losses), ServerError> {
    let (control, op) = crate::server::op_context().await?;
    let view = user_view(&control, &op, &id).await?;
    let user_id = Some(view.user.id.to_string());
    let keys = KeyFilter { user_id: user_id.clone(), ..KeyFilter::default() };
    let members = Filter { user_id, ..Filter::default() };
    Ok((view, losses(&control, &op, &keys, &members).await?))
}
