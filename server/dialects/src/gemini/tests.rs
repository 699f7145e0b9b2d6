//! Against captures of Google's form, and against each other.

mod answers;
mod crossed;
mod generated;
mod requests;
mod streams;

use super::{Door, Gemini};
use crate::Stamp;

const API: Gemini = Gemini(Door::GeminiApi);
const STAMP: Stamp<'static> = Stamp { id: "own", created: 1, model: None, stream_usage: true };

macro_rules! golden {
    ($name:literal) => {
        include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/golden/gemini/", $name))
    };
}
use golden;

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}
