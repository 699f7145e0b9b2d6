//! The pages, one a file.

mod access_groups;
mod ago;
mod alerts;
mod audit;
mod budgets;
mod connect;
mod credentials;
mod customers;
mod increases;
mod invitation;
mod keys;
mod members;
mod models;
mod not_found;
mod organisations;
mod overview;
mod problem;
mod reconciliation;
mod repricing;
mod requests;
mod scim;
mod settings;
mod setup;
mod sign_in;
mod sign_in_setup;
mod tags;
mod teams;
mod usage;
mod users;

pub use crate::kit::Query;
pub use access_groups::{
    ACCESS_GROUPS, AccessGroupList, AccessGroupPage, DeleteAccessGroupPage, NewAccessGroupPage, access_group_href,
};
pub use alerts::{ALERTS, AlertList, ShadowFacts, TRY_LIMIT, TryLimitPage};
pub use audit::{AUDIT, AuditLinePage, AuditList, AuditVerifyPage, Verified, audit_filters, audit_of_thing};
pub use budgets::{BUDGETS, BudgetList, BudgetPage, DeleteBudgetPage, NewBudgetPage, budget_href};
pub use connect::{CONNECT, ConnectPage};
pub use credentials::{
    CREDENTIALS, CredentialList, CredentialPage, DeleteCredentialPage, NewCredentialPage, credential_href,
};
pub use customers::{CUSTOMERS, CustomerList, CustomerPage, DeleteCustomerPage, NewCustomerPage, customer_href};
pub use increases::{Approvers, INCREASES, IncreaseList, IncreasePage, NewIncreasePage, ask_href, increase_href};
pub use invitation::Invitation;
pub use keys::{
    CollectKeyPage, CreatedKeyPage, CreatedKeyView, DeleteKeyPage, DeleteKeysPage, Expiry, HowMade, KEYS, KeyDetail,
    KeyList, NewKeyPage, Owner, RotateKeyPage, ShownOnce, key_href, leaving_name, list_address as keys_address,
};
pub use members::{
    OrganisationMemberPage, RemoveOrganisationMemberPage, RemoveTeamMemberPage, TeamMemberPage, group_href,
    member_href, members_href,
};
pub use models::{
    DeleteModelPage, LITELLM_NAMES, MODELS, ModelPage, Models, ModelsContent, NewModelPage, PRICES, Tested, model_href,
};
pub use not_found::NotFound;
pub use organisations::{
    DeleteOrganisationPage, NewOrganisationPage, ORGANISATIONS, OrganisationDetail, OrganisationList,
    OrganisationMembers, OrganisationSettings, organisation_href,
};
pub use overview::{Overview, OverviewContent, OverviewHeader};
pub use problem::Problem;
pub use reconciliation::{DeleteInvoicePage, InvoicePage, RECONCILIATION, ReconciliationPage, invoice_href};
pub use repricing::{REPRICING, RepricingPage};
pub use requests::{RequestDetailPage, RequestList, request_filters, request_href};
pub use scim::{IssuedToken, SCIM, ScimPage};
pub use settings::SettingsPage;
pub use setup::Setup;
pub use sign_in::SignIn;
pub use sign_in_setup::{Checked, SIGN_IN_SETUP, SignInSetupPage};
pub use tags::{DeleteTagPage, NewTagPage, TAGS, TagList, TagPage, tag_href};
pub use teams::{DeleteTeamPage, NewTeamPage, TEAMS, TeamDetail, TeamKeys, TeamList, TeamSettings, team_href};
pub use usage::{USAGE, UsagePage, usage_of, usage_query};
pub use users::{
    AccountPage, DeleteUserPage, InvitationLink, InvitePage, NewUserPage, PasswordPage, SECOND_FACTOR,
    SecondFactorOnce, SecondFactorPage, USERS, UserDetail, UserList, UserSettings, user_href,
};
