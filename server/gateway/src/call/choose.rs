//! Which deployment gets a call, and of which model: the first that has room.

use std::sync::Arc;

use tollgate_domain::capability::is_wrong_mode;
use tollgate_domain::charge::Operation;
use tollgate_domain::ledger::{AccountKind, Estimate, Refusal, prompt_tokens_at_most};

use super::media::Demand;
use crate::auth::Caller;
use crate::gateway::Gateway;
use crate::ledger::{AdmitError, Answer, Reserved, Size};
use crate::openai::error::CallError;
use crate::openai::request::{Peek, remote_parts};
use crate::payers::Asked;
use crate::targets::Target;

/// A part of a prompt that is an address may stand for so many tokens.
const REMOTE_PART_TOKENS: u64 = 50_000;

/// Text has more bytes for each token than this, as a rule.
const LIKELY_BYTES_A_TOKEN: u64 = 2;

/// A call that is to be made somewhere.
pub struct Wanted<'a> {
    pub operation: Operation,
    pub path: &'a str,
    pub body: &'a [u8],
    pub peek: &'a Peek,
    pub caller: &'a Caller,
    pub customer: Option<&'a str>,
    pub tags: &'a [String],
    /// What it may need, where that is not counted in tokens.
    pub demand: Option<&'a Demand>,
}

/// Where it is made, and what is set aside for it.
pub struct Chosen {
    /// What is called.
    pub model: Arc<str>,
    /// What was asked for, if something else is called because its budget is used up.
    pub instead_of: Option<Arc<str>>,
    pub target: Arc<Target>,
    /// What the deployment's provider is asked for.
    pub upstream_model: Arc<str>,
    pub reserved: Reserved,
}

enum Failure {
    /// A limit is in the way.
    Refused(Box<Refusal>),
    Other(CallError),
}

/// Finds a deployment of `model` with room for the call; if the model's part of a budget is used up, one of the models
/// that the caller has instead. The last refusal explains.
pub async fn choose(gateway: &Gateway, wanted: &Wanted<'_>, model: &Arc<str>) -> Result<Chosen, CallError> {
    let mut refused = match of_model(gateway, wanted, model).await {
        Ok(chosen) => return Ok(chosen),
        Err(Failure::Other(error)) => return Err(error),
        Err(Failure::Refused(refusal)) => refusal,
    };
    if refused.is_budget() && refused.account.model.is_some() {
        for name in wanted.caller.budget_fallbacks(model) {
            let other: Arc<str> = wanted.caller.resolve_alias(&name).into();
            // A list may name what is gone, or what the key may not call.
            if wanted.caller.check_model(&other).is_err() {
                continue;
            }
            match of_model(gateway, wanted, &other).await {
                Ok(chosen) => return Ok(Chosen { instead_of: Some(Arc::clone(model)), ..chosen }),
                Err(Failure::Refused(refusal)) => refused = refusal,
                Err(Failure::Other(error)) if error.status.is_server_error() => return Err(error),
                Err(Failure::Other(_)) => {}
            }
        }
    }
    Err(CallError::over_limit(&refused, gateway.paying().budget_status(), &gateway.settings().dashboard))
}

/// Tries the model's deployments until one has room: its own limits and its provider's let the next be tried, those of
/// whoever pays hold for all.
async fn of_model(gateway: &Gateway, wanted: &Wanted<'_>, model: &Arc<str>) -> Result<Chosen, Failure> {
    let targets = gateway.targets();
    let mut choices = targets.choices(model);
    let mut last = None;
    while let Some(target) = choices.next(gateway.entropy()) {
        let upstream_model = target.upstream_model(targets.catalog().resolve(model));
        let mode = target.terms(&upstream_model).mode;
        if is_wrong_mode(&mode, wanted.operation) {
            return Err(Failure::Other(CallError::wrong_mode(model, &mode)));
        }
        let (customer, tags) = (wanted.customer, wanted.tags);
        let asked = Asked { model, target: &target, epoch: targets.epoch, customer, tags };
        let chain = gateway.paying().chain(wanted.caller, asked).await.map_err(Failure::Other)?;
        let size = size(wanted, &target, &upstream_model);
        match gateway.ledger().reserve(&chain, &size, gateway.entropy()).await {
            Ok(reserved) => {
                let model = Arc::clone(model);
                return Ok(Chosen { model, instead_of: None, target, upstream_model, reserved });
            }
            Err(AdmitError::Refused(refusal)) => match refusal.account.kind {
                AccountKind::Deployment | AccountKind::Provider => last = Some(refusal),
                _ => return Err(Failure::Refused(refusal)),
            },
            Err(AdmitError::Unpriced(account)) => return Err(Failure::Other(CallError::unpriced(model, &account))),
            Err(AdmitError::Unavailable(reason)) => {
                tracing::error!(reason, "a call was refused: its budgets can't be checked");
                return Err(Failure::Other(CallError::limits_unavailable()));
            }
        }
    }
    Err(last.map_or_else(|| Failure::Other(CallError::unknown_model(wanted.path, model)), Failure::Refused))
}

/// How much the call may need.
fn size(wanted: &Wanted<'_>, target: &Target, upstream_model: &Arc<str>) -> Size {
    if let Some(demand) = wanted.demand {
        return demand.size(target, upstream_model);
    }
    let Wanted { operation, body, peek, .. } = *wanted;
    let terms = target.terms(upstream_model);
    let bytes = u64::try_from(body.len()).unwrap_or(u64::MAX);
    // The whole body, for there is no token of less than a byte; and no prompt is longer than the model takes.
    let remote = remote_parts(body).saturating_mul(REMOTE_PART_TOKENS);
    let at_most = prompt_tokens_at_most(bytes.saturating_add(remote), 0);
    let prompt_tokens =
        if remote > 0 { terms.max_input.map_or(at_most, |most| at_most.min(most.max(bytes))) } else { at_most };
    let answer = match (operation, peek.answer_limit) {
        (Operation::Embedding, _) => Answer::Nothing,
        (_, Some(tokens)) => Answer::Named(tokens),
        (_, None) => Answer::Open { most: terms.max_output },
    };
    let estimate = terms.price.and_then(|price| Estimate::dearest(&price.sheet, &[peek.tier], prompt_tokens));
    Size { prompt_tokens, likely_prompt_tokens: bytes / LIKELY_BYTES_A_TOKEN, answer, answers: peek.answers, estimate }
}
