//! Conditions that lists share: parts of texts, and what the asker may see.

use std::borrow::Cow;

use sea_orm::sea_query::{Alias, Cond, Condition, Expr, ExprTrait, LikeExpr};
use tollgate_domain::actor::Visible;

/// The longest text that is searched for, in characters: databases refuse patterns that are too long.
const LONGEST_SEARCH: usize = 1000;

/// Matches texts, kept in lower case, that contain `text`, whatever its case.
pub fn contains(text: &str) -> LikeExpr {
    let text: String = text.chars().take(LONGEST_SEARCH).collect();
    LikeExpr::new(format!("%{}%", escape_like(&literal(&text).to_lowercase()))).escape('\\')
}

/// Matches texts that begin with `text`. Not a range: how texts are ordered is up to the database.
pub fn begins_with(text: &str) -> LikeExpr {
    LikeExpr::new(format!("{}%", escape_like(&literal(text)))).escape('\\')
}

/// Text that can be compared with. PostgreSQL refuses NUL, which nothing that is kept has.
pub fn literal(text: &str) -> Cow<'_, str> {
    if text.contains('\0') { Cow::Owned(text.replace('\0', "\u{fffd}")) } else { Cow::Borrowed(text) }
}

/// Text that LIKE takes as it is.
fn escape_like(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '%' | '_' | '\\') {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}

/// The rows that may be seen, in a table with columns for user, team and organisation; `key` is the column with a
/// key's id. `None`: all.
pub fn visible_condition(visible: &Visible, key: &'static str) -> Option<Condition> {
    let Visible::Within { user, key: own, teams, organisations } = visible else { return None };
    let among =
        |column: &'static str, ids: Vec<&str>| (!ids.is_empty()).then(|| Expr::col(Alias::new(column)).is_in(ids));
    Some(
        Cond::any()
            .add_option(user.as_ref().map(|user| Expr::col(Alias::new("user_id")).eq(user.as_str())))
            .add_option(own.map(|own| Expr::col(Alias::new(key)).eq(own.to_string())))
            .add_option(among("team_id", teams.iter().map(tollgate_domain::ids::TeamId::as_str).collect()))
            .add_option(among(
                "organisation_id",
                organisations.iter().map(tollgate_domain::ids::OrganisationId::as_str).collect(),
            ))
            // Without any of them, nothing.
            .add(Expr::cust("1 = 0")),
    )
}
