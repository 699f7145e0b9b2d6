//! How long a budget lasts, where the budget itself may not say it.

use tollgate_domain::Timestamp;
use tollgate_domain::ledger::WindowRule;
use tollgate_domain::limits::BudgetDuration;

use crate::config::files::Section;
use crate::config::value::{Cursor, Reader};

/// `general_settings.budget_duration`: for every budget of the file that has no time of its own.
pub(super) struct Periods<'n> {
    cursor: Option<Cursor<'n>>,
    duration: Option<BudgetDuration>,
    used: bool,
}

impl<'n> Periods<'n> {
    pub fn new(general: &Section<'n>, reader: &mut Reader<'_>) -> Self {
        let cursor = general.get("budget_duration", reader);
        let duration = cursor.as_ref().and_then(|cursor| reader.duration(cursor));
        Self { cursor, duration, used: false }
    }

    /// For a budget without a time of its own.
    pub fn fallback(&mut self) -> Option<BudgetDuration> {
        self.used = true;
        self.duration.clone()
    }

    /// Tells of a time that is no budget's.
    pub fn finish(self, reader: &mut Reader<'_>) {
        if let Some(cursor) = self.cursor.filter(|_| !self.used) {
            tell_unused(&cursor, reader);
        }
    }
}

/// What `item` itself says of a budget's time, under one of LiteLLM's two names or both.
pub(super) fn of(item: &Cursor<'_>, reader: &mut Reader<'_>) -> Option<BudgetDuration> {
    let duration = item.get("budget_duration").and_then(|cursor| reader.duration(&cursor));
    let Some(cursor) = item.get("time_period") else { return duration };
    let period = reader.duration(&cursor)?;
    let Some(duration) = duration else { return Some(period) };
    // `30d` and `monthly` are the same.
    let rule = |duration| WindowRule::of(Some(duration), Timestamp(0));
    if rule(&duration) != rule(&period) {
        let message = "not used: `budget_duration` counts";
        reader.report.warning(cursor.place(), &cursor.path, message, "keep one of the two");
    }
    Some(duration)
}

/// Tells of a time without a budget.
pub(super) fn tell_unused(cursor: &Cursor<'_>, reader: &mut Reader<'_>) {
    reader.report.notice(cursor.place(), &cursor.path, "there is no budget that it is for");
}
