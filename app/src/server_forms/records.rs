//! What the forms of all kinds of records do alike once they are read.

use axum::extract::Request;
use axum::response::Response;
use tollgate_control::{Control, ControlError, Managed, OpContext, records};
use tollgate_store::Table;

use super::{is_outdated, show_again};
use crate::kit::{Form, redirect_with, refusal};

/// A kind of records.
pub struct Kind {
    /// The page with all of them.
    pub list: &'static str,
    /// The page of one.
    pub href: fn(&str) -> String,
    /// The form's fields that the control plane calls otherwise.
    pub names: &'static [(&'static str, &'static str)],
}

impl Kind {
    /// The thing's page, or the list where there is no such thing.
    pub fn to(&self, error: &ControlError, id: &str) -> Response {
        let path = if matches!(error, ControlError::NotFound { .. }) { self.list.to_owned() } else { (self.href)(id) };
        redirect_with(&path, refusal(error))
    }

    /// Makes a thing and goes to its page; or shows the form again.
    pub async fn create<T: Managed + Table>(
        &self,
        control: &Control,
        op: &OpContext,
        new: T,
        mut form: Form,
        request: Request,
    ) -> Response {
        match records::create(control, op, new).await {
            Ok(made) => redirect_with(&(self.href)(&made.subject_id()), "created"),
            Err(error) => {
                form.refuse(&error, self.names);
                show_again(request, form).await
            }
        }
    }

    /// Changes a thing unless somebody was faster, and goes to its page; or shows the form again.
    pub async fn update<T: Managed + Table>(
        &self,
        control: &Control,
        op: &OpContext,
        id: &str,
        mut form: Form,
        request: Request,
        apply: impl FnOnce(&mut T),
    ) -> Response {
        let version = form.version();
        let apply = |thing: &mut T| {
            apply(thing);
            Ok(())
        };
        match records::update::<T>(control, op, id, version, apply).await {
            Ok(_) => redirect_with(&(self.href)(id), "updated"),
            Err(error @ (ControlError::Denied { .. } | ControlError::NotFound { .. })) => self.to(&error, id),
            Err(error) => {
                if is_outdated::<T>(control, op, id, version, &error).await {
                    form.refuse_as_changed();
                } else {
                    form.refuse(&error, self.names);
                }
                show_again(request, form).await
            }
        }
    }

    /// Deletes a thing whose name was typed; it can't be undone. What keeps it from being deleted is told on the page.
    pub async fn delete<T: Managed + Table>(
        &self,
        control: &Control,
        op: &OpContext,
        id: &str,
        name: impl FnOnce(&T) -> String,
        mut form: Form,
        request: Request,
    ) -> Response {
        let thing: T = match records::get(control, op, id).await {
            Ok(thing) => thing,
            Err(error) => return self.to(&error, id),
        };
        if form.get("confirm").as_deref() != Some(name(&thing).trim()) {
            form.refuse_at("confirm", format!("Nothing was deleted: that is not the {}'s name", T::NOUN));
            return show_again(request, form).await;
        }
        match records::delete::<T>(control, op, id, None).await {
            Ok(_) => redirect_with(self.list, "deleted"),
            Err(error @ ControlError::Conflict { .. }) => {
                form.refuse(&error, &[]);
                show_again(request, form).await
            }
            Err(error) => self.to(&error, id),
        }
    }
}
