//! Conditions that lists share: parts of texts, and what the asker may see.

use sea_orm::sea_query::{Alias, Cond, Condition, Expr, ExprTrait, LikeExpr};
use tollgate_domain::actor::Visible;

/// Matches texts, kept in lower case, that contain `text`, whatever its case.
pub fn contains(text: &str) -> LikeExpr {
    LikeExpr::new(format!("%{}%", escape_like(&text.to_lowercase()))).escape('\\')
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
    let among = |column: &'static str, ids: Vec<&str>| {
        (!ids.is_empty()).then(|| Expr::col(Alias::new(column)).is_in(ids))
    };
    Some(
        Cond::any()
            .add_option(user.as_ref().map(|user| Expr::col(Alias::new("user_id")).eq(user.as_str())))
            .add_option(own.map(|own| Expr::col(Alias::new(key)).eq(own.to_string())))
            .add_option(among("team_id", teams.iter().map(|id| id.as_str()).collect()))
            .add_option(among("organisation_id", organisations.iter().map(|id| id.as_str()).collect()))
            // Without any of them, nothing.
            .add(Expr::cust("1 = 0")),
    )
}
