//! The pages and their forms, through the dashboard's real routes, on a real database.

mod audit;
mod keys;
mod labels;
mod models;
mod requests;
mod site;
