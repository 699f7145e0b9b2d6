//! What pages are made of beyond single components: how they are addressed, loaded and framed. `PAGES.md` shows how a
//! page is put together from these.

mod address;
mod allowed;
mod bulk;
mod choices;
mod confirm;
mod controls;
mod detail;
mod filter_bar;
mod form;
mod limit_facts;
mod limits;
mod list;
mod load;
mod notice;
mod record;
mod shared;
mod span;
mod table;
mod texts;

pub use address::{Query, id_of_segment, path_id, path_param, query, segment};
pub use allowed::Allowed;
pub use bulk::{BulkAction, BulkForm, SelectCell};
pub use choices::{Choices, MOST_CHOICES};
pub use confirm::ConfirmPage;
pub use controls::Control;
pub use detail::{Crumb, DetailPage, Fact, Facts, OptionalFact, Tab};
pub use filter_bar::FilterBar;
pub use form::Form;
pub use limit_facts::{BudgetCell, LimitFacts, budget_text};
pub use limits::{LIMITS_NOTE, LimitNames, TypedLimits, limit_fields};
pub use list::{Filter, FilterKind, Filters, ListQuery, parse_day};
pub use load::{load, load_titled};
pub use notice::{NoticeFromAddress, Said, redirect_with, refusal, said};
pub use record::{ChangeForm, History, NewForm};
pub use shared::{ModelsCell, ModelsFact, SharedBudgetCell, SharedBudgetFact, pattern_texts};
pub use span::{parse_span, span_text};
pub use table::{Column, DataTable, column};
pub use texts::{json_text, pairs_text};
