//! Which of a pool's shards a thread uses: a connection is best driven by the thread whose runtime it was opened on.

use std::cell::Cell;

/// Shards of a pool. More threads than these share them.
pub const SHARDS: usize = 64;

thread_local! {
    static SHARD: Cell<usize> = const { Cell::new(0) };
}

/// Gives this thread the shard `index` of every pool, from now on. Threads that say nothing use the first.
pub fn use_shard(index: usize) {
    SHARD.set(index % SHARDS);
}

pub fn current() -> usize {
    SHARD.get()
}
