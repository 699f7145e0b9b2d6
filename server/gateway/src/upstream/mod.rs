//! Connections to providers. HTTP/1.1, kept alive, one call at a time on each; each driven by the task of the call
//! that uses it, so that an answer crosses no other task on its way.

mod connect;
mod io;
mod pool;
mod shard;
mod tls;

pub use connect::is_link_local;
pub use io::BeforeWrite;
pub use pool::{Answer, AnswerBody, HostPool, Pools, RequestBody, SendError};
pub use shard::{current as current_shard, use_shard};
