//! Plots, rendered on the server as SVG with a table behind them; the page's script adds tooltips and a legend that
//! toggles. Everything is drawn in integers until the last step, so money on an axis is exact.
//!
//! A plot is one piece of HTML text rather than a view: it has hundreds of nodes that never change by themselves, and
//! there would be nothing for hydration to do but walk them.

mod html;
mod marks;
mod palette;
mod plot;
mod scale;
mod spark;
mod table;
mod time;
mod unit;

pub use palette::{Colour, Palette};
pub use plot::{Kind, Plot, PlotData, Series};
pub use spark::Sparkline;
pub use unit::Unit;
