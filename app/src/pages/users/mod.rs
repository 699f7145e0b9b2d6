//! The pages about people.

mod account;
mod delete;
mod detail;
mod form;
mod invite;
mod list;
mod new;
mod password;
mod second_factor;
mod sessions;
mod settings;

use crate::kit::{Said, Tab, segment};

pub use account::AccountPage;
pub use delete::DeleteUserPage;
pub use detail::UserDetail;
pub use invite::{InvitationLink, InvitePage};
pub use list::{UserList, role_name};
pub use new::NewUserPage;
pub use password::PasswordPage;
pub use second_factor::{SECOND_FACTOR, SecondFactorOnce, SecondFactorPage};
pub use settings::UserSettings;

pub const USERS: &str = "/ui/users";

/// The page of one person.
pub fn user_href(id: &str) -> String {
    format!("{USERS}/{}", segment(id))
}

fn tabs(id: &str, current: &str) -> Vec<Tab> {
    let href = user_href(id);
    let tab = |label, href: String| Tab { label, current: label == current, href };
    vec![tab("Overview", href.clone()), tab("Settings", format!("{href}/settings"))]
}

/// How a change of a person went.
pub const SAID: &[Said] = &[
    Said::good("created", "The user is created."),
    Said::bad(
        "created_without_password",
        "The user is created, but the password could not be set: set it on the user's page.",
    ),
    Said::good("disabled", "The user is disabled: no sign-in, and calls with personal keys are refused from now on."),
    Said::bad("last_admin", "Nothing was changed: this is the last administrator. Make somebody else one first."),
    Said::good("enabled", "The user is enabled again."),
    Said::good("deleted", "The user is deleted, with keys and memberships. What was done stays on record."),
    Said::good("sessions_ended", "Signed out there. Whoever was signed in has to sign in again."),
    Said::good("second_factor_removed", "The second factor is taken away: the password alone lets them in."),
    Said::good("password_set", "The password is set. Tell it to the person in a safe way."),
];
