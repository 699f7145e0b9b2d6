//! What a refusal says of the limit that was in the way, for programs and people: which, how far it is used, who can
//! raise it and where to ask. All of it is known without a look into the database; nobody's name is in it.

use serde::Serialize;
use tollgate_domain::Nanos;
use tollgate_domain::increase::RAISABLE;
use tollgate_domain::ledger::{AccountKind, Refusal};

/// `error.limit` in the body. Amounts of budgets are decimal dollars, those of rates whole numbers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OverLimit {
    pub account_kind: &'static str,
    pub account_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    pub limit: String,
    pub used: String,
    pub reserved: String,
    pub asked: String,
    /// RFC 3339; `null`: it never begins anew.
    pub resets_at: Option<String>,
    /// Who can raise it, in words.
    pub ask: &'static str,
    /// The form in the dashboard; `null` where nothing can be asked for.
    pub request_increase: Option<String>,
}

impl OverLimit {
    /// `dashboard` is the address before `/ui`, without a slash at its end; empty: the link is without a host.
    pub fn of(refusal: &Refusal, dashboard: &str) -> Self {
        let account = &refusal.account;
        let amount = |amount: i64| if refusal.is_budget() { Nanos(amount).to_decimal() } else { amount.to_string() };
        // An increase is more money for the account as a whole.
        let can_ask = refusal.is_budget() && account.model.is_none() && RAISABLE.contains(&account.kind);
        let form = can_ask.then(|| {
            let mut query = url::form_urlencoded::Serializer::new(String::new());
            query.append_pair("account", account.kind.as_str()).append_pair("id", &account.id);
            format!("{dashboard}/ui/increases/new?{}", query.finish())
        });
        Self {
            account_kind: account.kind.as_str(),
            account_id: account.id.to_string(),
            model: account.model.as_ref().map(ToString::to_string),
            limit: amount(refusal.limit),
            used: amount(refusal.used),
            reserved: amount(refusal.reserved),
            asked: amount(refusal.asked),
            resets_at: refusal.resets_at.map(tollgate_domain::Timestamp::to_rfc3339),
            ask: whom(account.kind),
            request_increase: form,
        }
    }

    /// A sentence for the end of the message.
    pub fn sentence(&self) -> String {
        match &self.request_increase {
            Some(form) => format!(" Ask {} to raise it: {form}", self.ask),
            None => format!(" Ask {} to raise it.", self.ask),
        }
    }
}

/// Who may raise the limits of such an account.
fn whom(kind: AccountKind) -> &'static str {
    match kind {
        AccountKind::Key => "the administrators of the key's team or organisation, or the gateway's",
        AccountKind::Membership => "the administrators of the team, or the gateway's",
        AccountKind::Team => "the administrators of the team's organisation, or the gateway's",
        AccountKind::Gateway
        | AccountKind::Organisation
        | AccountKind::User
        | AccountKind::Person
        | AccountKind::Customer
        | AccountKind::Tag
        | AccountKind::Provider
        | AccountKind::Deployment => "the gateway's administrators",
    }
}

#[cfg(test)]
mod tests {
    use tollgate_domain::Timestamp;
    use tollgate_domain::ledger::{AccountKey, RefusalKind, WindowRule};

    use super::*;

    fn refusal(kind: RefusalKind, account: AccountKey) -> Refusal {
        let resets_at = Some(Timestamp(0));
        Refusal { account, kind, limit: 5, used: 3, reserved: 1, asked: 2, resets_at, retry_after: None, slowed: false }
    }

    #[test]
    fn a_budget_tells_where_to_ask() {
        let budget = RefusalKind::Budget { window: WindowRule::Day };
        let account = AccountKey::new(AccountKind::Membership, "team:blue:a&b");
        let told = OverLimit::of(&refusal(budget, account.clone()), "https://gate.example");
        let link = "https://gate.example/ui/increases/new?account=membership&id=team%3Ablue%3Aa%26b";
        assert_eq!(told.request_increase.as_deref(), Some(link));
        assert_eq!(told.limit, "0.000000005");
        assert!(told.sentence().contains("the administrators of the team") && told.sentence().ends_with(link));
        let of_model = OverLimit::of(&refusal(budget, account.of_model("gpt-4o")), "");
        assert_eq!((of_model.model.as_deref(), of_model.request_increase), (Some("gpt-4o"), None));
        let gateway = AccountKey::new(AccountKind::Gateway, "");
        assert_eq!(OverLimit::of(&refusal(budget, gateway), "").request_increase, None);
    }

    #[test]
    fn a_rate_has_no_form() {
        let told = OverLimit::of(&refusal(RefusalKind::Parallel, AccountKey::new(AccountKind::Key, "k")), "");
        assert_eq!((told.limit.as_str(), told.request_increase), ("5", None));
    }
}
