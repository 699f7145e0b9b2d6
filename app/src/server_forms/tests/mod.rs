//! The pages and their forms, through the dashboard's real routes, on a real database.

mod keys;
mod members;
mod organisations;
mod requests;
mod site;
mod teams;
mod users;
