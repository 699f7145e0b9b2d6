//! OpenAI's wire format: what is read of requests and answers, and what is changed in them. No I/O.

pub mod error;
mod in_dialect;
pub mod over_limit;
pub mod request;
pub mod stream;
