//! Which services are told of which calls.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use futures::{StreamExt as _, stream};
use tokio::time::Instant;
use tollgate_control::secrets::open_all;
use tollgate_control::vault::Vault;
use tollgate_domain::actor::Visible;
use tollgate_domain::callback::CallbackType;
use tollgate_domain::charge::Charge;
use tollgate_domain::ids::TeamId;
use tollgate_domain::principal::Ownership;
use tollgate_domain::team::Team;
use tollgate_store::{RecordFilter, Store, StoreError};

use super::send::Sender;
use super::services::Service;
use super::{Inner, REFRESH};

/// The most teams that are read.
const MOST_TEAMS: usize = 100_000;

/// Ownerships that are remembered at most, and looked up at once.
const MOST_OWNERS: usize = 100_000;
const AT_ONCE: usize = 500;

/// Calls of one message, and messages under way.
const BATCH: usize = 50;
const PARALLEL: usize = 8;

/// A service of a team.
struct Target {
    kind: CallbackType,
    service: Service,
}

/// A call with whose it was.
pub struct Call {
    pub charge: Charge,
    pub owner: Ownership,
}

pub struct Calls {
    store: Store,
    vault: Arc<Vault>,
    teams: HashMap<TeamId, Vec<Target>>,
    owners: HashMap<i64, Ownership>,
    read_at: Option<Instant>,
}

impl Calls {
    pub fn new(store: Store, vault: Arc<Vault>) -> Self {
        Self { store, vault, teams: HashMap::new(), owners: HashMap::new(), read_at: None }
    }

    /// Reads the teams' services again, if they were changed or not read for long.
    pub(super) async fn refresh(&mut self, stale: bool, shared: &Inner) -> Result<(), StoreError> {
        if !stale && self.read_at.is_some_and(|at| at.elapsed() < REFRESH) {
            return Ok(());
        }
        let teams: Vec<Team> = self.store.list_all(&Visible::All, &RecordFilter::default(), MOST_TEAMS).await?;
        let with_services = teams.into_iter().filter(|team| !team.logging.callbacks.is_empty());
        self.teams = with_services.map(|team| (team.id.clone(), targets(&team, &self.vault))).collect();
        self.read_at = Some(Instant::now());
        shared.wanted().clear();
        shared.any.store(!self.teams.is_empty(), Ordering::Release);
        Ok(())
    }

    /// Tells each team's services of its calls.
    pub(super) async fn tell(&mut self, charges: Vec<Charge>, sender: &Sender, shared: &Inner) {
        if charges.is_empty() || self.teams.is_empty() {
            return;
        }
        if let Err(error) = self.look_up(&charges).await {
            tracing::warn!(%error, lost = charges.len(), "whose calls these are can't be read: services are not told");
            shared.calls.count(0, charges.len());
            return;
        }
        let mut by_team: HashMap<TeamId, Vec<Call>> = HashMap::new();
        {
            let mut wanted = shared.wanted();
            if wanted.len() > MOST_OWNERS {
                wanted.clear();
            }
            for charge in charges {
                let id = charge.ownership_id;
                let owner = self.owners.get(&id).cloned().unwrap_or_default();
                let team = owner.team_id.clone().filter(|team| self.teams.contains_key(team));
                wanted.insert(id, team.is_some());
                if let Some(team) = team {
                    by_team.entry(team).or_default().push(Call { charge, owner });
                }
            }
        }
        let mut messages = Vec::new();
        for (team, calls) in &by_team {
            for target in self.teams.get(team).into_iter().flatten() {
                let wanted: Vec<&Call> = calls.iter().filter(|call| target.kind.wants(call.charge.outcome)).collect();
                messages.extend(wanted.chunks(BATCH).map(|part| (team, &target.service, part.to_vec())));
            }
        }
        let all = stream::iter(messages).for_each_concurrent(PARALLEL, |(team, service, calls)| async move {
            let count = calls.len();
            match service.tell(&calls, sender).await {
                Ok(refused) => {
                    let lost = refused.min(count);
                    if lost > 0 {
                        tracing::warn!(%team, service = service.name(), lost, "a team's service did not take some calls");
                    }
                    shared.calls.count(count - lost, lost);
                }
                Err(why) => {
                    tracing::warn!(%team, service = service.name(), lost = count, why, "a team's service was not told of calls");
                    shared.calls.count(0, count);
                }
            }
        });
        all.await;
    }

    async fn look_up(&mut self, charges: &[Charge]) -> Result<(), StoreError> {
        let mut new: Vec<i64> =
            charges.iter().map(|charge| charge.ownership_id).filter(|id| !self.owners.contains_key(id)).collect();
        new.sort_unstable();
        new.dedup();
        if self.owners.len() + new.len() > MOST_OWNERS {
            self.owners.clear();
            new = charges.iter().map(|charge| charge.ownership_id).collect();
        }
        for ids in new.chunks(AT_ONCE) {
            self.owners.extend(self.store.ownerships(ids.iter().copied()).await?);
        }
        Ok(())
    }
}

/// A team's services that can be told. One that can't be must not take the others with it.
fn targets(team: &Team, vault: &Vault) -> Vec<Target> {
    let secrets = match open_all(vault, team) {
        Ok(secrets) => secrets,
        Err(error) => {
            tracing::error!(team = %team.id, %error, "the keys of a team's services can't be read");
            return Vec::new();
        }
    };
    let target = |callback: &tollgate_domain::callback::Callback| {
        let secret = |name: &str| secrets.get(&callback.secret_name(name)).cloned();
        match Service::of(callback, secret) {
            Ok(service) => Some(Target { kind: callback.kind, service }),
            Err(reason) => {
                tracing::error!(team = %team.id, service = callback.name.as_str(), reason, "a team's service can't be told");
                None
            }
        }
    };
    team.logging.callbacks.iter().filter_map(target).collect()
}
