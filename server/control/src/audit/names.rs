//! What people call those whom lines of the log are about: the log itself keeps ids, which never change.

use std::collections::{BTreeMap, BTreeSet};

use tollgate_domain::budget::Budget;
use tollgate_domain::customer::Customer;
use tollgate_domain::deployment::StoredDeployment;
use tollgate_domain::ids::KeyId;
use tollgate_domain::organisation::Organisation;
use tollgate_domain::record::Record;
use tollgate_domain::team::Team;
use tollgate_domain::user::{User, normalise_email};
use tollgate_store::{StoreError, Table};

use super::{AuditLine, authorise};
use crate::{Control, ControlError, OpContext};

/// The most names that are looked up at once.
const MOST: usize = 2000;

/// Names by kind (`key`, `user`, …) and id. Deleted things keep theirs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names(BTreeMap<(String, String), String>);

impl Names {
    /// `None`: it has none but its id.
    pub fn get(&self, kind: &str, id: &str) -> Option<&str> {
        self.0.get(&(kind.to_owned(), id.to_owned())).map(String::as_str)
    }
}

/// The names of the actors and things of some lines, as they are now.
pub async fn names(control: &Control, op: &OpContext, lines: &[AuditLine]) -> Result<Names, ControlError> {
    authorise(control, op).await?;
    let mut wanted = BTreeSet::new();
    for line in lines.iter().take(MOST / 2) {
        let event = &line.event;
        wanted.insert((event.actor_kind.as_str(), event.actor.as_str()));
        wanted.insert((event.resource_kind.as_str(), event.resource_id.as_str()));
    }
    let mut names = Names::default();
    for (kind, id) in wanted {
        if let Some(name) = name(control, kind, id).await?.filter(|name| name != id) {
            names.0.insert((kind.to_owned(), id.to_owned()), name);
        }
    }
    Ok(names)
}

/// The id of the person with this address; any other text is an id already.
pub async fn actor_called(control: &Control, op: &OpContext, text: &str) -> Result<String, ControlError> {
    authorise(control, op).await?;
    let Some(email) = normalise_email(text) else { return Ok(text.to_owned()) };
    let found = control.store().find_by_handle::<User>(&email).await?;
    Ok(found.map_or_else(|| text.to_owned(), |user| user.id.to_string()))
}

async fn name(control: &Control, kind: &str, id: &str) -> Result<Option<String>, ControlError> {
    let found = match kind {
        "budget" => of::<Budget>(control, id).await?,
        "customer" => of::<Customer>(control, id).await?,
        "key" => {
            let Some(id) = KeyId::parse(id) else { return Ok(None) };
            control.store().find_key(id).await?.map(|key| key.label().to_owned())
        }
        "model" => of::<StoredDeployment>(control, id).await?,
        "organisation" => of::<Organisation>(control, id).await?,
        "team" => of::<Team>(control, id).await?,
        "user" => of::<User>(control, id).await?,
        _ => None,
    };
    Ok(found)
}

async fn of<T: Table>(control: &Control, id: &str) -> Result<Option<String>, StoreError> {
    Ok(control.store().find::<T>(id).await?.map(|found| Record::index(&found).name))
}
