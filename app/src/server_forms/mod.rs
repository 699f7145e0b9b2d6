//! The forms of the dashboard that change something: plain POST handlers, so that they work without JavaScript.
//!
//! Who is signed in, and that a form was sent by a page of this very site, is checked by layers around these routes.

mod keys;

use axum::Router;

use crate::server::ServerState;

pub fn router() -> Router<ServerState> {
    keys::router()
}

#[cfg(test)]
mod tests;
