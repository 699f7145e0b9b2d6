//! The pages and their forms, through the dashboard's real routes, on a real database.

mod alerts;
mod audit;
mod connect;
mod keys;
mod labels;
mod members;
mod models;
mod organisations;
mod proof;
mod requests;
mod second_factor;
mod sessions;
mod site;
mod sso;
mod teams;
mod usage;
mod users;
