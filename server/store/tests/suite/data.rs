//! Made-up keys, charges and refusals, the same in every run.

use tollgate_domain::actor::Visible;
use tollgate_domain::charge::{CallKey, Charge, Operation, Outcome, Refusal};
use tollgate_domain::clock::ManualClock;
use tollgate_domain::entropy::{Entropy, SeededEntropy, random_bytes};
use tollgate_domain::ids::{ChargeId, KeyId, OrganisationId, TeamId, UserId};
use tollgate_domain::key::{KeyType, PlainKey, VirtualKey};
use tollgate_domain::limits::Limits;
use tollgate_domain::price::{CostLine, Meter};
use tollgate_domain::record::Meta;
use tollgate_domain::usage::{Certainty, Usage};
use tollgate_domain::{Nanos, Picos, Timestamp};

use crate::harness::Database;

/// 2026-11-20 10:30:00 UTC
pub const NOW: Timestamp = Timestamp(1_795_170_600_000_000);

/// User, team and organisation of the ownerships 1, 2, 3, …; empty: none.
pub const OWNERSHIPS: [[&str; 3]; 6] = [
    ["u-1", "", ""],
    ["u-1", "t-1", "o-1"],
    ["u-2", "t-1", "o-1"],
    ["u-2", "t-2", ""],
    ["", "t-2", ""],
    ["u-3", "", "o-2"],
];

/// None of them is part of another one, but as text.
const TAGS: [&str; 3] = ["a", "a,\"b\"", "b"];

/// Puts [`OWNERSHIPS`] into the database.
pub async fn add_ownerships(db: &Database) {
    for (id, [user, team, organisation]) in (1..).zip(OWNERSHIPS) {
        let sql = format!("INSERT INTO ownerships VALUES ({id}, '{user}', '{team}', '{organisation}')");
        db.execute(&sql).await;
    }
}

/// What somebody may see through a user, teams and organisations.
pub fn within(user: Option<&str>, teams: &[&str], organisations: &[&str]) -> Visible {
    Visible::Within {
        user: user.and_then(UserId::parse),
        key: None,
        teams: teams.iter().filter_map(|id| TeamId::parse(id)).collect(),
        organisations: organisations.iter().filter_map(|id| OrganisationId::parse(id)).collect(),
    }
}

/// The rule that the store's conditions have to equal.
pub fn sees(visible: &Visible, key: Option<KeyId>, ownership: i64) -> bool {
    let Visible::Within { user, key: own, teams, organisations } = visible else { return true };
    let owners = usize::try_from(ownership - 1).ok().and_then(|place| OWNERSHIPS.get(place));
    let [u, t, o] = owners.copied().unwrap_or_default();
    user.as_ref().is_some_and(|id| id.as_str() == u)
        || teams.iter().any(|id| id.as_str() == t)
        || organisations.iter().any(|id| id.as_str() == o)
        || (own.is_some() && *own == key)
}

/// Ways to see a part of everything.
pub fn views(make: &Maker) -> Vec<Visible> {
    let own_key = |key| Visible::Within { user: None, key: Some(key), teams: vec![], organisations: vec![] };
    vec![
        Visible::All,
        within(Some("u-1"), &[], &[]),
        within(Some("u-2"), &["t-1"], &[]),
        within(None, &["t-2", "t-1"], &[]),
        within(Some("u-1"), &[], &["o-2"]),
        within(None, &[], &["o-1"]),
        within(Some("u-9"), &["t-9"], &["o-9"]),
        within(None, &[], &[]),
        own_key(make.keys[0]),
    ]
}

pub struct Maker {
    entropy: SeededEntropy,
    pub keys: Vec<KeyId>,
}

impl Maker {
    pub fn new(seed: u64) -> Self {
        let entropy = SeededEntropy::new(seed);
        let keys = (0..4).map(|_| KeyId::new(&ManualClock::at(NOW), &entropy)).collect();
        Self { entropy, keys }
    }

    pub fn below(&self, end: u64) -> u64 {
        u64::from_le_bytes(random_bytes::<8>(&self.entropy)) % end
    }

    pub fn pick<'a, T>(&self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len() as u64) as usize]
    }

    pub fn entropy(&self) -> &dyn Entropy {
        &self.entropy
    }

    pub fn key(&self, alias: Option<&str>, created_at: Timestamp) -> VirtualKey {
        let plain = PlainKey::generate(&self.entropy);
        VirtualKey {
            id: KeyId::new(&ManualClock::at(created_at), &self.entropy),
            digest: plain.digest(),
            hint: plain.hint(),
            alias: alias.map(str::to_owned),
            models: Vec::new(),
            blocked: false,
            expires_at: None,
            user_id: None,
            team_id: None,
            organisation_id: None,
            key_type: KeyType::Default,
            allowed_routes: Vec::new(),
            access_groups: Vec::new(),
            tags: Vec::new(),
            model_aliases: std::collections::BTreeMap::new(),
            budget_id: None,
            limits: Limits::default(),
            rotation: None,
            metadata: serde_json::Map::new(),
            settings: serde_json::Map::new(),
            meta: Meta::new(created_at, "system".to_owned()),
        }
    }

    pub fn key_id(&self) -> Option<KeyId> {
        (self.below(5) > 0).then(|| *self.pick(&self.keys))
    }

    /// A charge that began within so many seconds before [`NOW`].
    pub fn charge(&self, within_seconds: u64) -> Charge {
        let started_at = Timestamp(NOW.0 - self.below(within_seconds * 1_000_000) as i64);
        let outcome = *self.pick(&[Outcome::Success, Outcome::Success, Outcome::UpstreamError, Outcome::Timeout]);
        let usage = Usage {
            input: self.below(5000),
            cache_read: self.below(100),
            output: self.below(900),
            reasoning: self.below(50),
            ..Usage::default()
        };
        Charge {
            id: ChargeId::of(started_at, &self.entropy),
            call_id: (self.below(3) == 0).then(|| ChargeId::of(started_at, &self.entropy).to_string()),
            attempt: 1,
            started_at,
            key_id: self.key_id(),
            operation: *self.pick(&Operation::ALL),
            model: (*self.pick(&["gpt-4o", "claude", "embed"])).into(),
            deployment_id: (*self.pick(&["d1", "d2"])).into(),
            provider: (*self.pick(&["openai", "anthropic"])).into(),
            upstream_model: "gpt-4o-2024".into(),
            streamed: self.below(2) == 0,
            outcome,
            status: if outcome == Outcome::Success { 200 } else { 500 },
            error: (outcome != Outcome::Success).then(|| "the provider said no".to_owned()),
            certainty: *self.pick(&[
                Certainty::Measured,
                Certainty::Measured,
                Certainty::Estimated,
                Certainty::Unknown,
            ]),
            usage,
            cost: Nanos(self.below(90_000_000) as i64),
            reserved: Nanos::ZERO,
            cost_lines: vec![CostLine { meter: Meter::Input, units: usage.input, price: Picos(2_500_000) }],
            price_source: Some("configuration".into()),
            duration_us: self.below(9_000_000) as i64,
            first_byte_us: Some(self.below(900_000) as i64),
            client_left: self.below(9) == 0,
            instead_of: (self.below(9) == 0).then(|| "dear".into()),
            upstream_id: Some("chatcmpl-1".to_owned()),
            end_user: (*self.pick(&[None, Some("c-1"), Some("c-2")])).map(str::to_owned),
            ownership_id: self.ownership(),
            tags: TAGS.iter().filter(|_| self.below(4) == 0).map(|tag| (*tag).to_owned()).collect(),
        }
    }

    fn ownership(&self) -> i64 {
        self.below(1 + OWNERSHIPS.len() as u64) as i64
    }

    /// Puts a charge at another moment, its id too.
    pub fn move_charge(&self, charge: &mut Charge, at: Timestamp) {
        (charge.started_at, charge.id) = (at, ChargeId::of(at, &self.entropy));
    }

    /// Puts a refusal at another moment, its id too.
    pub fn move_refusal(&self, refusal: &mut Refusal, at: Timestamp) {
        (refusal.at, refusal.id) = (at, ChargeId::of(at, &self.entropy));
    }

    pub fn refusal(&self, within_seconds: u64) -> Refusal {
        let at = Timestamp(NOW.0 - self.below(within_seconds * 1_000_000) as i64);
        Refusal {
            id: ChargeId::of(at, &self.entropy),
            call_id: (self.below(3) == 0).then(|| ChargeId::of(at, &self.entropy).to_string()),
            at,
            key: (self.below(4) > 0).then(|| self.key_id().map_or(CallKey::Master, CallKey::Virtual)),
            ownership_id: self.ownership(),
            operation: Operation::ChatCompletion,
            model: Some("gpt-4o".to_owned()),
            status: 403,
            kind: "key_model_access_denied".to_owned(),
            message: "this key may not call gpt-4o".to_owned(),
        }
    }

    pub fn charges(&self, count: usize, within_seconds: u64) -> Vec<Charge> {
        (0..count).map(|_| self.charge(within_seconds)).collect()
    }

    pub fn refusals(&self, count: usize, within_seconds: u64) -> Vec<Refusal> {
        (0..count).map(|_| self.refusal(within_seconds)).collect()
    }
}
