//! People as LiteLLM names them, by id or address, made where they are not known yet.

use tollgate_control::{ControlError, users};
use tollgate_domain::actor::{Action, Place, Resource, Role};
use tollgate_domain::ids::UserId;
use tollgate_domain::membership::{MemberRole, Membership};
use tollgate_domain::record::no_meta;
use tollgate_domain::user::{User, normalise_email};

use super::body::{Field, Fields, invalid};
use super::{Call, LiteLlmError, limits, names};

/// Somebody, by id, address or both.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Named {
    pub id: Option<UserId>,
    pub email: Option<String>,
}

impl Named {
    /// `{user_id, user_email}`
    pub fn read(fields: &mut Fields) -> Result<Self, ControlError> {
        Ok(Self {
            id: fields.id("user_id", UserId::parse)?.value(),
            email: fields
                .text("user_email")?
                .value()
                .filter(|email| !email.is_empty())
                .map(|email| address(&email))
                .transpose()?,
        })
    }

    pub fn is_nobody(&self) -> bool {
        self.id.is_none() && self.email.is_none()
    }
}

pub fn address(text: &str) -> Result<String, ControlError> {
    normalise_email(text).ok_or_else(|| invalid("user_email", "that is not an e-mail address"))
}

/// Somebody who shall be in a group.
#[derive(Clone, Debug)]
pub struct NewMember {
    pub named: Named,
    pub role: MemberRole,
}

impl NewMember {
    /// `{user_id|user_email, role}`
    pub fn read(mut fields: Fields) -> Result<Self, ControlError> {
        let named = Named::read(&mut fields)?;
        let role = match fields.text("role")?.value() {
            Some(role) => names::parse_member_role(&role)?,
            None => MemberRole::Member,
        };
        fields.finish()?;
        if named.is_nobody() {
            return Err(invalid("member", "needs `user_id` or `user_email`"));
        }
        Ok(Self { named, role })
    }

    /// `member`: one or a list of them.
    pub fn read_all(fields: &mut Fields, name: &'static str) -> Result<Vec<Self>, ControlError> {
        match fields.raw(name) {
            Field::Value(raw) if raw.get().starts_with('[') => {
                fields.put(name, raw);
                fields.list(name)?.value().unwrap_or_default().into_iter().map(Self::read).collect()
            }
            Field::Value(raw) => {
                fields.put(name, raw);
                fields.fields(name)?.value().into_iter().map(Self::read).collect()
            }
            Field::Absent | Field::Null => Ok(Vec::new()),
        }
    }
}

/// Reads the fields of a member's own limits into `membership`; `budget` is what the group calls the amount.
pub fn read_terms(fields: &mut Fields, budget: &'static str, membership: &mut Membership) -> Result<(), ControlError> {
    limits::read(fields, &mut membership.limits)?;
    fields.dollars(budget)?.store(&mut membership.limits.max_budget);
    names::models(fields, "allowed_models")?.set(&mut membership.models);
    Ok(())
}

impl Call {
    /// The living user of this id or address.
    pub(super) async fn find_user(&self, named: &Named) -> Result<Option<User>, LiteLlmError> {
        let store = self.server.store();
        let found = match (&named.id, &named.email) {
            (Some(id), _) => store.find::<User>(id.as_str()).await?.filter(|user| user.meta.deleted_at.is_none()),
            (None, Some(email)) => store.find_by_handle::<User>(email).await?,
            (None, None) => None,
        };
        Ok(found)
    }

    /// Whether whoever asks could make a user.
    pub(super) fn may_make_users(&self) -> bool {
        self.op.may(Action::Create, Resource::User, &Place::default())
    }

    /// The user of this id or address, made (`internal_user`) where there is none yet.
    pub(super) async fn find_or_make_user(&self, named: &Named) -> Result<User, LiteLlmError> {
        if let Some(user) = self.find_user(named).await? {
            return Ok(user);
        }
        let id = named.id.clone().unwrap_or_else(|| self.new_id(UserId::new));
        let new = User::new(id, named.email.clone(), Role::Member, no_meta());
        match users::create(self.control(), &self.op, new, &[]).await {
            // Somebody else made the same at the same time.
            Err(ControlError::Conflict { message }) => {
                let found = self.find_user(named).await?;
                found.ok_or_else(|| ControlError::Conflict { message }.into())
            }
            made => Ok(made?),
        }
    }
}
