//! Why a call was refused, and what to do about it: one fixed text for each kind of refusal.

use tollgate_domain::summary::RequestDetail;

/// What refused a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    NoKey,
    MalformedKey,
    UnknownKey,
    BlockedKey,
    ExpiredKey,
    ModelDenied,
    UnknownModel,
    TooLarge,
    HeadersTooLarge,
    TooSlow,
    BodyBroken,
    Encoded,
    BadBody,
    DatabaseDown,
    LedgerDown,
    Overloaded,
    Unreachable,
    OverBudget,
    OverRate,
    Unpriced,
    Other,
}

impl Reason {
    pub fn of(detail: &RequestDetail) -> Self {
        let kind = detail.refusal_kind.as_deref().unwrap_or_default();
        let message = detail.row.error.as_deref().unwrap_or_default();
        match (kind, detail.row.status) {
            ("token_not_found_in_db", _) => Self::UnknownKey,
            ("expired_key", _) => Self::ExpiredKey,
            ("budget_exceeded", _) => Self::OverBudget,
            ("throttling_error", _) => Self::OverRate,
            ("model_without_price", _) => Self::Unpriced,
            (kind, _) if kind.ends_with("_model_access_denied") => Self::ModelDenied,
            ("no_db_connection", _) => Self::DatabaseDown,
            ("ledger_unavailable", _) => Self::LedgerDown,
            ("overloaded_error", _) => Self::Overloaded,
            ("api_connection_error", _) => Self::Unreachable,
            // One type stands for three cases, as in LiteLLM: the words tell which.
            ("auth_error", _) if message.contains("is blocked") => Self::BlockedKey,
            ("auth_error", _) if message.contains("No api key") => Self::NoKey,
            ("auth_error", _) if message.contains("Malformed") => Self::MalformedKey,
            (_, 413) => Self::TooLarge,
            (_, 431) => Self::HeadersTooLarge,
            (_, 408) => Self::TooSlow,
            (_, 415) => Self::Encoded,
            (_, 400 | 404) if message.contains("Invalid model name") || message.contains("does not exist") => {
                Self::UnknownModel
            }
            (_, 400) if message.contains("broke off") => Self::BodyBroken,
            (_, 400) => Self::BadBody,
            _ => Self::Other,
        }
    }

    /// What refused, in a few words.
    pub fn title(self) -> &'static str {
        match self {
            Self::NoKey => "The request carried no key",
            Self::MalformedKey => "The Authorization header could not be read",
            Self::UnknownKey => "The key is not known here",
            Self::BlockedKey => "The key is blocked",
            Self::ExpiredKey => "The key has expired",
            Self::ModelDenied => "The key may not call this model",
            Self::UnknownModel => "No model of this name is configured",
            Self::TooLarge => "The body was too large",
            Self::HeadersTooLarge => "The headers were too large",
            Self::TooSlow => "The body did not arrive in time",
            Self::BodyBroken => "The body broke off before its end",
            Self::Encoded => "The body was compressed",
            Self::BadBody => "The body was not a valid request",
            Self::DatabaseDown => "The key or its budgets could not be checked: the database did not answer",
            Self::LedgerDown => "The call could not be put on record, so it was not made",
            Self::Overloaded => "The gateway had as many calls in flight as it takes",
            Self::Unreachable => "No connection to the provider",
            Self::OverBudget => "A budget is used up",
            Self::OverRate => "A rate limit is used up",
            Self::Unpriced => "The model has no price, and a budget applies",
            Self::Other => "The gateway refused the request",
        }
    }

    /// What to do about it.
    pub fn advice(self) -> &'static str {
        match self {
            Self::NoKey => {
                "Have the client send its virtual key as “Authorization: Bearer sk-…”. OpenAI's SDKs do so when api_key \
                 is set."
            }
            Self::MalformedKey => {
                "The header must read “Authorization: Bearer sk-…”: the word Bearer, a space, the key."
            }
            Self::UnknownKey => {
                "The key was mistyped, deleted, or belongs to another gateway. Look it up on the Keys page by its last \
                 four characters, or create a new one; a key's text can't be shown again."
            }
            Self::BlockedKey => {
                "Somebody blocked this key. If it should work again, unblock it on its page; else give the application \
                 another key."
            }
            Self::ExpiredKey => {
                "Give the key a later expiry on its page, or create a new one and replace it in the application."
            }
            Self::ModelDenied => {
                "Add the model to the key's list on its page (or clear the list, to allow every model), or have the \
                 client ask for one of the key's models: GET /v1/models with this key lists them."
            }
            Self::UnknownModel => {
                "Compare the name with the Models page. If it should exist, add it to model_list or \
                 model_group_alias in the configuration."
            }
            Self::TooLarge => {
                "Send less, such as smaller images or fewer messages, or raise general_settings.max_request_size_mb in \
                 the configuration."
            }
            Self::HeadersTooLarge => "Have the client send fewer or shorter headers; cookies are the usual cause.",
            Self::TooSlow => {
                "The client stopped sending in the middle of the body. Look at its network, or at a proxy in front of \
                 the gateway."
            }
            Self::BodyBroken => "The client closed the connection while it was sending. Look at its time limits.",
            Self::Encoded => "Have the client send plain JSON, without a Content-Encoding header.",
            Self::BadBody => {
                "The error text says what is wrong with it. A request needs a JSON object with at least “model”."
            }
            Self::DatabaseDown => {
                "The client may try again. If it lasts, look at the database and at the gateway's log; /health/readiness \
                 tells the same."
            }
            Self::LedgerDown => {
                "The client may try again. If it lasts, look at the free space of the data folder and at the gateway's \
                 log: calls are made only when they can be recorded."
            }
            Self::Overloaded => "The client may try again in a moment. If it happens often, add another instance.",
            Self::Unreachable => {
                "Look at the model's base address and health on the Models page, and at the network between the gateway \
                 and the provider."
            }
            Self::OverBudget => {
                "The error text names the account, what is spent and what calls under way hold. Raise the account's budget \
                 on its page, give it more for a while, or wait until the budget begins anew."
            }
            Self::OverRate => {
                "The error text names the account and its limit. The client may try again after the seconds that its \
                 answer's retry-after header says; if it happens often, raise the limit on the account's page."
            }
            Self::Unpriced => {
                "Set input_cost_per_token and output_cost_per_token for the model: what has no price can't be kept \
                 within a budget."
            }
            Self::Other => "The error text and the type say more; the gateway's log has the request under its call id.",
        }
    }
}

#[cfg(test)]
mod tests {
    use tollgate_domain::charge::Operation;
    use tollgate_domain::principal::Ownership;
    use tollgate_domain::summary::RequestRow;
    use tollgate_domain::usage::Usage;
    use tollgate_domain::{Nanos, Timestamp};

    use super::*;

    fn reason(kind: &str, status: u16, message: &str) -> Reason {
        Reason::of(&RequestDetail {
            row: RequestRow {
                id: "1".to_owned(),
                call_id: "c".to_owned(),
                at: Timestamp(0),
                key_id: None,
                key_label: None,
                ownership: Ownership::default(),
                operation: Operation::ChatCompletion,
                model: None,
                provider: None,
                outcome: None,
                status,
                streamed: false,
                input_tokens: 0,
                output_tokens: 0,
                cost: Nanos::ZERO,
                certainty: None,
                duration_us: None,
                first_byte_us: None,
                error: Some(message.to_owned()),
            },
            attempt: 0,
            deployment_id: None,
            upstream_model: None,
            instead_of: None,
            upstream_id: None,
            end_user: None,
            tags: Vec::new(),
            client_left: false,
            usage: Usage::default(),
            cost_lines: Vec::new(),
            price_source: None,
            refusal_kind: Some(kind.to_owned()),
        })
    }

    #[test]
    fn what_the_gateway_says_is_recognised() {
        let bad = "invalid_request_error";
        let cases = [
            ("auth_error", 401, "Authentication Error, No api key passed in. Send it as …", Reason::NoKey),
            ("auth_error", 401, "Authentication Error, Malformed API Key passed in.", Reason::MalformedKey),
            ("auth_error", 401, "Authentication Error, Key is blocked. Update via …", Reason::BlockedKey),
            ("token_not_found_in_db", 401, "Authentication Error, Invalid API key provided.", Reason::UnknownKey),
            ("expired_key", 401, "Authentication Error - Expired Key.", Reason::ExpiredKey),
            ("key_model_access_denied", 403, "The requested model 'x' is not available", Reason::ModelDenied),
            (bad, 400, "/v1/chat/completions: Invalid model name passed in model=x.", Reason::UnknownModel),
            (bad, 404, "The model 'x' does not exist.", Reason::UnknownModel),
            (bad, 413, "The body is larger than 1 bytes", Reason::TooLarge),
            (bad, 431, "The request's headers are larger", Reason::HeadersTooLarge),
            (bad, 408, "The request's body did not arrive in time", Reason::TooSlow),
            (bad, 400, "The request's body broke off before its end", Reason::BodyBroken),
            (bad, 415, "Bodies with `content-encoding: gzip` are not taken", Reason::Encoded),
            (bad, 400, "The body is not valid JSON: …", Reason::BadBody),
            ("no_db_connection", 503, "The key can't be checked", Reason::DatabaseDown),
            ("ledger_unavailable", 503, "The gateway can't record the call", Reason::LedgerDown),
            ("overloaded_error", 503, "The gateway has as many calls", Reason::Overloaded),
            ("api_connection_error", 502, "No answer from x: refused.", Reason::Unreachable),
            ("budget_exceeded", 402, "Budget has been exceeded! key x", Reason::OverBudget),
            ("throttling_error", 429, "Rate limit exceeded for key x", Reason::OverRate),
            ("model_without_price", 400, "No price is known for the model", Reason::Unpriced),
            ("customer_model_access_denied", 403, "The requested model 'x' is not available", Reason::ModelDenied),
            ("something_new", 429, "", Reason::Other),
        ];
        for (kind, status, message, expected) in cases {
            assert_eq!(reason(kind, status, message), expected, "{kind} {status} {message}");
        }
    }
}
