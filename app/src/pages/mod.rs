//! The pages, one a file.

mod ago;
mod keys;
mod members;
mod models;
mod not_found;
mod organisations;
mod overview;
mod problem;
mod requests;
mod setup;
mod sign_in;
mod teams;
mod users;

pub use crate::kit::Query;
pub use keys::{
    CollectKeyPage, CreatedKeyPage, CreatedKeyView, DeleteKeyPage, DeleteKeysPage, Expiry, HowMade, KEYS, KeyDetail,
    KeyList, NewKeyPage, Owner, RotateKeyPage, ShownOnce, key_href, list_address as keys_address,
};
pub use members::{
    OrganisationMemberPage, RemoveOrganisationMemberPage, RemoveTeamMemberPage, TeamMemberPage, group_href,
    member_href, members_href,
};
pub use models::{Models, ModelsContent};
pub use not_found::NotFound;
pub use organisations::{
    DeleteOrganisationPage, NewOrganisationPage, ORGANISATIONS, OrganisationDetail, OrganisationList,
    OrganisationMembers, OrganisationSettings, organisation_href,
};
pub use overview::{Overview, OverviewContent, OverviewHeader};
pub use problem::Problem;
pub use requests::{RequestDetailPage, RequestList, request_href};
pub use setup::Setup;
pub use sign_in::SignIn;
pub use teams::{DeleteTeamPage, NewTeamPage, TEAMS, TeamDetail, TeamKeys, TeamList, TeamSettings, team_href};
pub use users::{
    AccountPage, DeleteUserPage, NewUserPage, PasswordPage, USERS, UserDetail, UserList, UserSettings, user_href,
};
