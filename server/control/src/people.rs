//! What pages about people and groups show beside the records themselves.

use std::collections::HashMap;

use tollgate_domain::actor::{Action, Place, Resource, Visible};
use tollgate_domain::ids::UserId;
use tollgate_domain::membership::Group;
use tollgate_domain::user::{SignIns, User, normalise_email};
use tollgate_store::RecordFilter;

use crate::{Control, ControlError, OpContext};

pub use tollgate_store::{Counted, CountedBy};

/// The most people that are named at once.
const MOST: usize = 1000;

/// What people call these; whoever may see an id may see the name. Deleted people are missing.
pub async fn labels(control: &Control, ids: &[UserId]) -> Result<HashMap<UserId, String>, ControlError> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let filter = RecordFilter { ids: Some(ids.iter().map(ToString::to_string).collect()), ..RecordFilter::default() };
    let users: Vec<User> = control.store().list_all(&Visible::All, &filter, MOST).await?;
    Ok(users.into_iter().map(|user| (user.id.clone(), user.label().to_owned())).collect())
}

/// How these people sign in: the actor has seen them already. Who is missing never did.
pub async fn sign_ins(control: &Control, users: &[User]) -> Result<HashMap<UserId, SignIns>, ControlError> {
    let ids: Vec<_> = users.iter().map(|user| user.id.clone()).collect();
    Ok(control.store().sign_ins(&ids).await?)
}

/// Whom somebody means who may make people members of this group: by the id or the address.
pub async fn to_be_member(
    control: &Control,
    op: &OpContext,
    group: &Group,
    text: &str,
) -> Result<UserId, ControlError> {
    let place = Place { team: group.team().cloned(), organisation: group.organisation().cloned(), ..Place::default() };
    let place = crate::managed::with_organisation(place, control.store()).await?;
    control.authorise(op, Action::Create, Resource::Membership, &place, "").await?;
    let by_address = match normalise_email(text) {
        Some(email) => control.store().find_user_by_email(&email).await?.map(|(user, _)| user.id),
        None => None,
    };
    // Whether there is somebody with that id is looked at when the membership is made.
    by_address
        .or_else(|| UserId::parse(text))
        .ok_or_else(|| ControlError::invalid("user_id", "that is neither an id nor an address"))
}

/// How many keys, memberships or teams each of these has, as far as the actor may see them; who has none is missing.
pub async fn counts(
    control: &Control,
    op: &OpContext,
    counted: Counted,
    by: CountedBy,
    ids: &[String],
) -> Result<HashMap<String, i64>, ControlError> {
    let resource = match counted {
        Counted::Keys => Resource::Key,
        Counted::Memberships => Resource::Membership,
        Counted::Teams => Resource::Team,
    };
    let visible = control.visible(op, Action::Read, resource).await?;
    Ok(control.store().count_by(&visible, counted, by, ids).await?)
}
