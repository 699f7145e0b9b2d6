//! A control plane with a database of its own, a clock that is told the time, and a data plane that takes notes.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use tollgate_control::audit::AuditLine;
use tollgate_control::{Control, OpContext, Publish};
use tollgate_domain::Timestamp;
use tollgate_domain::actor::{Actor, Role};
use tollgate_domain::clock::ManualClock;
use tollgate_domain::entropy::SeededEntropy;
use tollgate_domain::ids::UserId;
use tollgate_domain::key::KeyDigest;
use tollgate_domain::model::{Alias, Catalog, Deployment, ModelPattern, Origin, Timeouts, Upstream};
use tollgate_domain::secret::Secret;
use tollgate_store::{AuditVerdict, Store, StoreOptions};

/// 2026-11-20 10:30:00 UTC
pub const NOW: Timestamp = Timestamp(1_795_170_600_000_000);

/// A key, and its version and whether it is blocked, if it lives.
pub type Told = (KeyDigest, Option<(i64, bool)>);

/// Notes what it is told, and what a look into the database shows at that moment.
pub struct DataPlane {
    store: Store,
    told: Mutex<Vec<Told>>,
}

impl Publish for DataPlane {
    fn key_changed(&self, digest: KeyDigest) {
        let seen = tokio::task::block_in_place(|| {
            tokio::runtime::Handle::current().block_on(self.store.find_key_by_digest(digest)).unwrap()
        });
        self.told.lock().unwrap().push((digest, seen.map(|key| (key.version, key.blocked))));
    }
}

pub struct Office {
    pub control: Control,
    pub clock: Arc<ManualClock>,
    pub data_plane: Arc<DataPlane>,
    _folder: tempfile::TempDir,
}

impl Office {
    pub async fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("tollgate.db").display());
        let store = Store::open(&url, StoreOptions::default()).await.unwrap();
        store.migrate().await.unwrap();
        let clock = Arc::new(ManualClock::at(NOW));
        // Through a connection of its own, as another reader.
        let reader = Store::open(&url, StoreOptions::default()).await.unwrap();
        let data_plane = Arc::new(DataPlane { store: reader, told: Mutex::default() });
        let catalog = Arc::new(catalog());
        let control = Control::new(
            store,
            clock.clone(),
            Arc::new(SeededEntropy::new(7)),
            data_plane.clone(),
            Arc::new(move || Arc::clone(&catalog)),
        );
        Self { control, clock, data_plane, _folder: folder }
    }

    pub async fn audit(&self) -> Vec<AuditLine> {
        let lines = self.control.store().audit_lines(0, 1000).await.unwrap();
        let verdict = self.control.store().verify_audit().await.unwrap();
        assert!(matches!(verdict, AuditVerdict::Intact { lines: n, .. } if n == lines.len() as i64), "{verdict:?}");
        lines
    }

    /// The actions of the log, oldest first.
    pub async fn actions(&self) -> Vec<String> {
        self.audit().await.into_iter().map(|line| line.event.action).collect()
    }

    /// What the data plane was told since it was last asked.
    pub fn told(&self) -> Vec<Told> {
        std::mem::take(&mut self.data_plane.told.lock().unwrap())
    }
}

pub fn op(actor: Actor) -> OpContext {
    OpContext {
        actor,
        request_id: "req-1".to_owned(),
        address: Some("203.0.113.9".to_owned()),
        user_agent: Some("tests".to_owned()),
        on_behalf_of: None,
    }
}

pub fn with_role(role: Role) -> Actor {
    Actor::User { id: UserId::parse("01930000-0000-7000-8000-000000000001").unwrap(), email: "a@b.c".to_owned(), role }
}

pub fn secret(text: &str) -> Secret {
    Secret::new(text.to_owned())
}

fn catalog() -> Catalog {
    let deployment = |id: &str, model: &str, provider: &str, upstream| Deployment {
        id: id.to_owned(),
        model: ModelPattern::new(model),
        provider: provider.to_owned(),
        upstream_model: model.to_owned(),
        upstream,
        api_key: Some(secret("sk-provider-secret")),
        headers: vec![("x-org".to_owned(), secret("org-secret"))],
        timeouts: Timeouts::default(),
        weight: 1,
        price: None,
        base_model: None,
        origin: Origin::File { path: "config.yaml".to_owned(), line: 12 },
        mode: None,
        max_input_tokens: None,
        max_output_tokens: None,
    };
    let base_url = "https://api.openai.com/v1".to_owned();
    Catalog::new(
        vec![
            deployment("d1", "gpt-4o", "openai", Upstream::OpenAiCompatible { base_url: base_url.clone() }),
            deployment("d2", "openai/*", "openai", Upstream::OpenAiCompatible { base_url }),
            deployment("d3", "simulator/echo", "simulator", Upstream::Simulator),
        ],
        HashMap::from([("best".to_owned(), Alias { model: "gpt-4o".to_owned(), hidden: true })]),
    )
}
