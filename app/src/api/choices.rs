//! What forms offer to choose from, and what somebody means who types a name.

use tollgate_control::records::{self, Filter, Order};
use tollgate_control::{Control, ControlError, Managed, OpContext};
use tollgate_domain::access_group::AccessGroup;
use tollgate_domain::actor::Action;
use tollgate_domain::budget::Budget;
use tollgate_domain::organisation::Organisation;
use tollgate_domain::record::Record;
use tollgate_domain::team::Team;
use tollgate_domain::user::User;
use tollgate_store::Table;

use crate::kit::{Choices, MOST_CHOICES, budget_text};

/// What a form may offer: what can be chosen, and what people call it.
pub(crate) trait Chosen: Managed + Table {
    fn name(&self) -> String;
}

impl Chosen for Organisation {
    fn name(&self) -> String {
        self.name.clone()
    }
}

impl Chosen for Team {
    fn name(&self) -> String {
        self.name.clone()
    }
}

impl Chosen for User {
    fn name(&self) -> String {
        match (&self.name, &self.email) {
            (Some(name), Some(email)) => format!("{name} ({email})"),
            _ => self.label().to_owned(),
        }
    }
}

impl Chosen for Budget {
    fn name(&self) -> String {
        format!("{}: {}", self.name, budget_text(&self.limits))
    }
}

impl Chosen for AccessGroup {
    fn name(&self) -> String {
        self.id.to_string()
    }
}

/// Those that the actor may see, by their names; none for whom may see none.
pub(crate) async fn choices<T: Chosen>(control: &Control, op: &OpContext) -> Result<Choices, ControlError> {
    if !op.allowed_somewhere(Action::Read, <T as Record>::RESOURCE) {
        return Ok(Choices::default());
    }
    let filter = Filter { order: Order::Name, ..Filter::default() };
    let most = u32::try_from(MOST_CHOICES).unwrap_or(u32::MAX);
    let page = records::list::<T>(control, op, &filter, None, most).await?;
    let known = page.items.iter().map(|item| (Record::id(item).to_owned(), item.name())).collect();
    Ok(Choices { known, more: page.next.is_some() })
}

/// The id of what was chosen or typed: an id, or the name of exactly one. What is neither comes back as it is, for the
/// control plane to refuse in its own words. To name something is no attempt at anything: lists are asked, which refuse
/// nobody.
pub(crate) async fn meant<T: Chosen>(control: &Control, op: &OpContext, text: String) -> Result<String, ControlError> {
    if !op.allowed_somewhere(Action::Read, <T as Record>::RESOURCE) {
        return Ok(text);
    }
    let filter = Filter { ids: Some(vec![text.clone()]), ..Filter::default() };
    if !records::list::<T>(control, op, &filter, None, 1).await?.items.is_empty() {
        return Ok(text);
    }
    named::<T>(control, op, text).await
}

/// The id of the only one that is called so, as far as the actor may see; otherwise the text.
async fn named<T: Chosen>(control: &Control, op: &OpContext, text: String) -> Result<String, ControlError> {
    let filter = Filter { search: Some(text.clone()), ..Filter::default() };
    let found = records::list::<T>(control, op, &filter, None, 100).await?;
    let called = |item: &&T| {
        let index = item.index();
        index.name.eq_ignore_ascii_case(&text) || index.handle.is_some_and(|handle| handle.eq_ignore_ascii_case(&text))
    };
    let mut named = found.items.iter().filter(called);
    Ok(match (named.next(), named.next()) {
        (Some(one), None) => Record::id(one).to_owned(),
        _ => text,
    })
}

/// What people call the thing with this id, for whoever may see it; otherwise the id.
pub(crate) async fn name_of<T: Chosen>(control: &Control, op: &OpContext, id: &str) -> Result<String, ControlError> {
    if !op.allowed_somewhere(Action::Read, <T as Record>::RESOURCE) {
        return Ok(id.to_owned());
    }
    // A look that finds nothing to see is no attempt at anything: lists are asked, which refuse nobody.
    let filter = Filter { ids: Some(vec![id.to_owned()]), ..Filter::default() };
    let found = records::list::<T>(control, op, &filter, None, 1).await?;
    Ok(found.items.first().map_or_else(|| id.to_owned(), |item| item.index().name))
}
