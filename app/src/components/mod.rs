//! The parts that every page is made of. They are plain HTML with classes from `style/`: whole and usable before, and
//! without, any script.

mod badge;
mod copy;
mod empty_state;
mod field;
mod figure;
mod icon;
mod notice;
mod page_header;
mod pager;
mod value;

pub use badge::*;
pub use copy::*;
pub use empty_state::*;
pub use field::*;
pub use figure::*;
pub use icon::*;
pub use notice::*;
pub use page_header::*;
pub use pager::*;
pub use value::*;
