//! What managed things may hold: checked before they are written, whoever writes them.

mod fields;
mod increase;
mod key;
mod people;
mod provider;

pub(crate) use fields::name as check_name;
pub(crate) use increase::{decides, decides_on, increase};
pub(crate) use key::{acts_for_another, key};
pub(crate) use people::{another_admin, has_admin, membership, organisation, team, user};
pub(crate) use provider::{credential, deployment};

use tollgate_domain::access_group::AccessGroup;
use tollgate_domain::budget::Budget;
use tollgate_domain::customer::Customer;
use tollgate_domain::scim::ScimToken;
use tollgate_domain::tag::Tag;

use crate::ControlError;
use crate::change::Change;

pub(crate) async fn budget(_: Option<&Budget>, after: &Budget, _: &Change<'_>) -> Result<(), ControlError> {
    fields::name("name", &after.name)?;
    fields::limits(&after.limits)
}

pub(crate) async fn customer(
    before: Option<&Customer>,
    after: &Customer,
    change: &Change<'_>,
) -> Result<(), ControlError> {
    if let Some(name) = &after.name {
        fields::name("name", name)?;
    }
    if after.allowed_model_region.as_deref().is_some_and(|region| !matches!(region, "eu" | "us")) {
        return Err(ControlError::invalid("allowed_model_region", "`eu` or `us`"));
    }
    if after.budget_id.is_some() && after.limits.max_budget.is_some() {
        return Err(ControlError::invalid("budget_id", "a customer has a budget of its own or a shared one, not both"));
    }
    fields::models(&after.models)?;
    fields::limits(&after.limits)?;
    fields::json("metadata", &after.metadata)?;
    fields::json("settings", &after.settings)?;
    fields::budget(before.and_then(|before| before.budget_id.as_ref()), after.budget_id.as_ref(), change).await
}

pub(crate) async fn tag(before: Option<&Tag>, after: &Tag, change: &Change<'_>) -> Result<(), ControlError> {
    if after.id.as_str().chars().count() > fields::LONGEST_TAG || after.id.as_str().contains(',') {
        return Err(ControlError::invalid(
            "name",
            format!("a tag has at most {} characters and no comma", fields::LONGEST_TAG),
        ));
    }
    fields::models(&after.models)?;
    fields::limits(&after.limits)?;
    fields::text("description", after.description.as_deref())?;
    fields::budget(before.and_then(|before| before.budget_id.as_ref()), after.budget_id.as_ref(), change).await
}

pub(crate) async fn scim_token(_: Option<&ScimToken>, after: &ScimToken, _: &Change<'_>) -> Result<(), ControlError> {
    fields::name("name", &after.name)?;
    after.provider.as_deref().map_or(Ok(()), |provider| fields::name("provider", provider))
}

pub(crate) async fn access_group(
    _: Option<&AccessGroup>,
    after: &AccessGroup,
    _: &Change<'_>,
) -> Result<(), ControlError> {
    fields::text("description", after.description.as_deref())?;
    fields::models(&after.models)
}
