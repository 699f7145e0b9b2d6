//! Streams: every event is a `GenerateContentResponse` with a piece of the answer.

mod read;
mod write;

pub use read::Reader;
pub use write::{Form, Writer};
