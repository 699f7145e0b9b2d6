//! What comes alive in the browser: the only part of the dashboard that is compiled to wasm, so it is kept small.
//!
//! An island is rendered by the server like everything else and reads without a script. What it shows of other parts
//! comes in as children, which stay the server's.

mod live;
#[cfg(feature = "hydrate")]
mod morph;
mod palette;

pub use live::Live;
pub use palette::Palette;
