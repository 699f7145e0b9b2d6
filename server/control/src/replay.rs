//! What a limit would have done to the calls on record. Nothing is changed; that somebody looked is put down in the
//! audit log like an export.

use std::collections::HashMap;

use tollgate_domain::actor::{Action, Place, Resource, Visible};
use tollgate_domain::ids::ChargeId;
use tollgate_domain::ledger::{AccountKey, AccountKind, Ask, House, Needed, Past, PastCall, Span, Zone, rules_of};
use tollgate_domain::limits::Limits;
use tollgate_domain::membership::{Group, Membership};
use tollgate_domain::summary::RequestFilter;
use tollgate_domain::team::Team;
use tollgate_domain::{Nanos, Timestamp};

use crate::{Control, ControlError, OpContext};

/// A replay without a beginning begins so many seconds before its end.
pub const PERIOD: i64 = 30 * 86_400;

/// Charges that are read at once.
const PART: u32 = 10_000;

/// The most callers that are told apart, and told of.
const MOST_CALLERS: usize = 10_000;
const MOST_TOLD: usize = 50;

/// What to try, on what.
#[derive(Clone, Debug)]
pub struct Proposal {
    pub account: AccountKey,
    pub limits: Limits,
    pub since: Timestamp,
    pub until: Timestamp,
}

/// Somebody whose calls would have been refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Empty: nobody's key.
    pub user_id: String,
    pub key_id: String,
    pub calls: u64,
    /// What these calls cost.
    pub saved: Nanos,
    /// When the first of them was made.
    pub first_at: Timestamp,
}

/// What came out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Charges that were played, and what they cost.
    pub calls: u64,
    pub cost: Nanos,
    /// Those that would have been refused, and what they cost.
    pub refused: u64,
    pub saved: Nanos,
    /// When the first was refused, the charge's id, and why, in words.
    pub first: Option<(Timestamp, String, String)>,
    /// Callers, those with the most refused calls first; at most 50.
    pub who: Vec<Refused>,
    /// How many there are.
    pub callers: u64,
    /// `false`: there are more charges than were to be played.
    pub complete: bool,
}

/// A replay under way: constant memory, however many charges there are.
pub struct Replay {
    control: Control,
    visible: Visible,
    filter: RequestFilter,
    /// A person's account is for keys without a team, a membership's for those of its team.
    without_team: bool,
    past: Past,
    who: HashMap<(String, String), Refused>,
    outcome: Outcome,
    after: Option<String>,
    done: bool,
}

/// `team:ID`, `key:ID`, `user:ID`, `gateway`, …
pub fn account(text: &str) -> Result<AccountKey, ControlError> {
    let (kind, id) = text.split_once(':').unwrap_or((text, ""));
    let kind = AccountKind::parse(kind).filter(|kind| (*kind == AccountKind::Gateway) == id.is_empty());
    let kind = kind.ok_or_else(|| {
        let known = "gateway, organisation:ID, team:ID, membership:ID, user:ID, key:ID, customer:ID, tag:ID, provider:ID or deployment:ID";
        ControlError::invalid("account", format!("must be {known}"))
    })?;
    Ok(AccountKey::new(kind, id))
}

/// Begins a replay of the calls that the actor may export.
pub async fn begin(control: &Control, op: &OpContext, proposal: Proposal) -> Result<Replay, ControlError> {
    let visible = control.visible(op, Action::Export, Resource::Request).await?;
    let Proposal { account, limits, since, until } = proposal;
    limits.check().map_err(|error| ControlError::invalid(error.field, error.message))?;
    if !limits.models.is_empty() || limits.shadow.is_some() {
        return Err(ControlError::invalid(
            "limits",
            "limits of single models and in shadow can't be tried on the past",
        ));
    }
    let house = House { thresholds: Vec::new(), ..House::default() };
    let rules = rules_of(&limits, &house, since);
    if rules.is_empty() {
        return Err(ControlError::invalid("limits", "must limit something"));
    }
    if since >= until {
        return Err(ControlError::invalid("since", "must be before `until`"));
    }
    let membership = match account.kind {
        AccountKind::Membership => control.store().find::<Membership>(&account.id).await?,
        _ => None,
    };
    let filter = RequestFilter { since: Some(since), until: Some(until), ..RequestFilter::default() };
    let filter = of_account(&account, membership.as_ref(), filter)?;
    if visible != Visible::All && !belongs(control, &visible, &account, &filter).await? {
        // What is everybody's is for those who may take out everything.
        control.authorise(op, Action::Export, Resource::Request, &Place::default(), &account.to_string()).await?;
    }
    let told = serde_json::json!({"replay": account, "limits": limits, "since": since, "until": until});
    crate::export::begin(control, op, Resource::Request, told).await?;
    let mut past = Past::new(account.clone(), rules, Zone::default());
    // What was spent before, in the windows that had begun.
    let needed = past.needed(since);
    let before = |needed: &Needed| Needed { span: Span { end: since, ..needed.span }, ..needed.clone() };
    let sums = control.store().spent(&needed.iter().map(before).collect::<Vec<_>>()).await?;
    for (needed, spent) in needed.iter().zip(sums) {
        past.load(needed, spent);
    }
    Ok(Replay {
        control: control.clone(),
        visible,
        filter,
        without_team: account.kind == AccountKind::User,
        past,
        who: HashMap::new(),
        outcome: Outcome::default(),
        after: None,
        done: false,
    })
}

/// Replays at most so many charges.
pub async fn run(control: &Control, op: &OpContext, proposal: Proposal, most: u64) -> Result<Outcome, ControlError> {
    let mut replay = begin(control, op, proposal).await?;
    while replay.played() < most && replay.step().await? {}
    Ok(replay.outcome())
}

/// The calls that an account pays for.
fn of_account(
    account: &AccountKey,
    membership: Option<&Membership>,
    filter: RequestFilter,
) -> Result<RequestFilter, ControlError> {
    let id = Some(account.id.to_string());
    Ok(match account.kind {
        AccountKind::Gateway => filter,
        AccountKind::Organisation => RequestFilter { organisation: id, ..filter },
        AccountKind::Team => RequestFilter { team: id, ..filter },
        AccountKind::User | AccountKind::Person => RequestFilter { user: id, ..filter },
        AccountKind::Key => RequestFilter { key: id, ..filter },
        AccountKind::Customer => RequestFilter { end_user: id, ..filter },
        AccountKind::Tag => RequestFilter { tag: id, ..filter },
        AccountKind::Provider => RequestFilter { provider: id, ..filter },
        AccountKind::Deployment => RequestFilter { deployment: id, ..filter },
        AccountKind::Membership => {
            let Some(Membership { group: Group::Team(team), user_id, .. }) = membership else {
                return Err(ControlError::not_found("the membership of a team"));
            };
            RequestFilter { team: Some(team.to_string()), user: Some(user_id.to_string()), ..filter }
        }
    })
}

/// Whether somebody who sees only a part sees all that the account spends.
async fn belongs(
    control: &Control,
    visible: &Visible,
    account: &AccountKey,
    filter: &RequestFilter,
) -> Result<bool, ControlError> {
    let Visible::Within { user, teams, organisations, key } = visible else { return Ok(true) };
    let in_organisations = |id: &str| organisations.iter().any(|organisation| organisation.as_str() == id);
    Ok(match account.kind {
        AccountKind::Organisation => in_organisations(&account.id),
        AccountKind::User | AccountKind::Person => user.as_ref().is_some_and(|user| user.as_str() == &*account.id),
        AccountKind::Key => key.is_some_and(|key| key.to_string() == *account.id),
        AccountKind::Team | AccountKind::Membership => {
            let id = filter.team.as_deref().unwrap_or_default();
            let of = match control.store().find::<Team>(id).await? {
                Some(team) => team.organisation_id,
                None => None,
            };
            teams.iter().any(|team| team.as_str() == id) || of.is_some_and(|of| in_organisations(of.as_str()))
        }
        _ => false,
    })
}

impl Replay {
    /// Charges played so far.
    pub fn played(&self) -> u64 {
        self.outcome.calls
    }

    /// Plays the next charges, some thousands. `false`: that was all.
    pub async fn step(&mut self) -> Result<bool, ControlError> {
        if self.done {
            return Ok(false);
        }
        let Self { control, visible, filter, without_team, past, who, outcome, after, .. } = self;
        let next = control
            .store()
            .charges_after(visible, filter, after.as_deref(), PART, |charge| {
                // A correction of what a call cost is no call.
                if !charge.adjusts.is_empty() {
                    return;
                }
                let Some(id) = ChargeId::parse(charge.id) else { return };
                if *without_team && !charge.team_id.is_empty() {
                    return;
                }
                let tokens = |count: i64| u64::try_from(count).unwrap_or_default();
                let call = PastCall {
                    id,
                    at: charge.started_at,
                    ended_at: Timestamp(charge.started_at.0.saturating_add(charge.duration_us.max(0))),
                    reserved: charge.reserved,
                    used: Ask {
                        amount: charge.cost,
                        input_tokens: tokens(charge.input_tokens),
                        output_tokens: tokens(charge.output_tokens),
                    },
                };
                outcome.calls += 1;
                outcome.cost = Nanos(outcome.cost.0.saturating_add(charge.cost.0));
                let Some(refusal) = past.play(&call) else { return };
                outcome.refused += 1;
                outcome.saved = Nanos(outcome.saved.0.saturating_add(charge.cost.0));
                if outcome.first.is_none() {
                    outcome.first = Some((charge.started_at, charge.id.to_owned(), refusal.to_string()));
                }
                note(who, charge.user_id, charge.key_id, charge.started_at, charge.cost);
            })
            .await?;
        self.done = next.is_none();
        self.after = next;
        Ok(!self.done)
    }

    /// What came out so far.
    pub fn outcome(self) -> Outcome {
        let mut who: Vec<Refused> = self.who.into_values().collect();
        let callers = u64::try_from(who.len()).unwrap_or(u64::MAX);
        who.sort_by(|a, b| (b.calls, b.saved, &a.user_id, &a.key_id).cmp(&(a.calls, a.saved, &b.user_id, &b.key_id)));
        who.truncate(MOST_TOLD);
        Outcome { who, callers, complete: self.done, ..self.outcome }
    }
}

/// Counts a refused call of somebody: a person, whatever the key, or else a key.
fn note(who: &mut HashMap<(String, String), Refused>, user_id: &str, key_id: &str, first_at: Timestamp, cost: Nanos) {
    let key_id = if user_id.is_empty() { key_id } else { "" };
    let name = (user_id.to_owned(), key_id.to_owned());
    if who.len() >= MOST_CALLERS && !who.contains_key(&name) {
        return;
    }
    let of = who.entry(name).or_insert_with_key(|(user_id, key_id)| Refused {
        user_id: user_id.clone(),
        key_id: key_id.clone(),
        calls: 0,
        saved: Nanos::ZERO,
        first_at,
    });
    of.calls += 1;
    of.saved = Nanos(of.saved.0.saturating_add(cost.0));
}
