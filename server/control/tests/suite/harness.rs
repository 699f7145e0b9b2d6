//! A control plane with a database of its own, a clock that is told the time, and a data plane that takes notes.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use sea_orm::sqlx::{AssertSqlSafe, Connection, Row, SqliteConnection};
use tollgate_control::audit::AuditLine;
use tollgate_control::vault::Vault;
use tollgate_control::{Control, OpContext, Publish, TestOutcome};
use tollgate_domain::Timestamp;
use tollgate_domain::actor::{Actor, Memberships, Role};
use tollgate_domain::clock::ManualClock;
use tollgate_domain::credential::Credential;
use tollgate_domain::deployment::StoredDeployment;
use tollgate_domain::entropy::SeededEntropy;
use tollgate_domain::ids::UserId;
use tollgate_domain::key::KeyDigest;
use tollgate_domain::limits::Limits;
use tollgate_domain::model::{Alias, Catalog, Deployment, ModelPattern, Origin, Timeouts, Upstream};
use tollgate_domain::secret::Secret;
use tollgate_store::{AuditVerdict, Store, StoreOptions};

/// 2026-11-20 10:30:00 UTC
pub const NOW: Timestamp = Timestamp(1_795_170_600_000_000);

/// Each start has random numbers of its own.
static STARTS: AtomicU64 = AtomicU64::new(1);

/// What the data plane was told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// A key, and its version and whether it is blocked, if it lives.
    Key(KeyDigest, Option<(i64, bool)>),
    Principals,
    Catalogue,
}

/// Notes what it is told, and what a look into the database shows at that moment.
pub struct DataPlane {
    store: Store,
    told: Mutex<Vec<Told>>,
}

#[async_trait::async_trait]
impl Publish for DataPlane {
    fn key_changed(&self, digest: KeyDigest) {
        let seen = tokio::task::block_in_place(|| {
            tokio::runtime::Handle::current().block_on(self.store.find_key_by_digest(digest)).unwrap()
        });
        self.told.lock().unwrap().push(Told::Key(digest, seen.map(|key| (key.meta.version, key.blocked))));
    }

    fn principals_changed(&self) {
        self.told.lock().unwrap().push(Told::Principals);
    }

    async fn catalogue_changed(&self) {
        self.told.lock().unwrap().push(Told::Catalogue);
    }

    async fn test_deployment(&self, _: &StoredDeployment, _: Option<&Credential>) -> TestOutcome {
        TestOutcome { works: true, message: String::new(), milliseconds: 1 }
    }

    fn check_deployment(&self, deployment: &StoredDeployment, _: Option<&Credential>) -> Result<(), String> {
        if deployment.params.contains_key("broken") { Err("it is broken".to_owned()) } else { Ok(()) }
    }
}

pub struct Office {
    pub control: Control,
    pub clock: Arc<ManualClock>,
    pub data_plane: Arc<DataPlane>,
    pub path: PathBuf,
    _folder: tempfile::TempDir,
}

impl Office {
    pub async fn open() -> Self {
        Self::open_with(None, vault("master")).await
    }

    pub fn store(&self) -> &Store {
        self.control.store()
    }

    /// With a copy of this database, if one is given.
    pub async fn open_with(template: Option<&[u8]>, vault: Vault) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tollgate.db");
        if let Some(bytes) = template {
            std::fs::write(&path, bytes).unwrap();
        }
        let url = format!("sqlite://{}", path.display());
        let store = Store::open(&url, StoreOptions::default()).await.unwrap();
        if template.is_none() {
            store.migrate().await.unwrap();
        }
        let clock = Arc::new(ManualClock::at(NOW));
        // Through a connection of its own, as another reader.
        let reader = Store::open(&url, StoreOptions::default()).await.unwrap();
        let data_plane = Arc::new(DataPlane { store: reader, told: Mutex::default() });
        let control = control(store, &clock, &data_plane, vault);
        Self { control, clock, data_plane, path, _folder: folder }
    }

    /// The same office after another start, with another vault.
    pub fn with_vault(&mut self, vault: Vault) {
        self.control = control(self.control.store().clone(), &self.clock, &self.data_plane, vault);
    }

    /// The file, when nobody has it open any more.
    pub async fn into_bytes(self) -> Vec<u8> {
        self.control.store().close().await.unwrap();
        self.data_plane.store.close().await.unwrap();
        std::fs::read(&self.path).unwrap()
    }

    pub async fn audit(&self) -> Vec<AuditLine> {
        let lines = self.control.store().audit_lines(0, 1000).await.unwrap();
        let verdict = self.control.store().verify_audit().await.unwrap();
        assert!(matches!(verdict, AuditVerdict::Intact { lines: n, .. } if n == lines.len() as i64), "{verdict:?}");
        lines
    }

    /// The lines after these many.
    pub async fn audit_since(&self, before: usize) -> Vec<AuditLine> {
        self.audit().await.split_off(before)
    }

    /// The actions of the log, oldest first.
    pub async fn actions(&self) -> Vec<String> {
        self.audit().await.into_iter().map(|line| line.event.action).collect()
    }

    /// What the data plane was told since it was last asked.
    pub fn told(&self) -> Vec<Told> {
        std::mem::take(&mut self.data_plane.told.lock().unwrap())
    }

    /// Every row of every table whose name passes, as text.
    pub async fn dump(&self, wanted: impl Fn(&str) -> bool) -> String {
        let mut db = SqliteConnection::connect(&format!("sqlite://{}", self.path.display())).await.unwrap();
        let texts = async |db: &mut SqliteConnection, sql: String| -> Vec<String> {
            let rows = sea_orm::sqlx::query(AssertSqlSafe(sql)).fetch_all(db).await.unwrap();
            rows.iter().map(|row| row.get::<String, _>(0)).collect()
        };
        let tables = texts(&mut db, "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name".to_owned());
        let mut dump = String::new();
        for table in tables.await.into_iter().filter(|table| wanted(table)) {
            let columns = texts(&mut db, format!("SELECT name FROM pragma_table_info('{table}')")).await;
            let columns: Vec<_> = columns.iter().map(|column| format!("quote(\"{column}\")")).collect();
            let rows = texts(&mut db, format!("SELECT {} FROM \"{table}\" ORDER BY 1", columns.join("||','||"))).await;
            dump.push_str(&format!("{table}\n{}\n", rows.join("\n")));
        }
        db.close().await.unwrap();
        dump
    }

    /// Everything but the log.
    pub async fn state(&self) -> String {
        self.dump(|table| table != "audit_events").await
    }
}

fn control(store: Store, clock: &Arc<ManualClock>, data_plane: &Arc<DataPlane>, vault: Vault) -> Control {
    let catalog = Arc::new(catalog());
    Control::new(
        store,
        clock.clone(),
        Arc::new(SeededEntropy::new(STARTS.fetch_add(1, Ordering::Relaxed))),
        data_plane.clone(),
        Arc::new(move || Arc::clone(&catalog)),
        Arc::new(vault),
    )
}

pub fn vault(master: &str) -> Vault {
    Vault::new(Some(&secret(master)), &[])
}

pub fn op(actor: Actor) -> OpContext {
    op_of(actor, Memberships::default())
}

pub fn op_of(actor: Actor, memberships: Memberships) -> OpContext {
    OpContext {
        actor,
        memberships,
        request_id: "req-1".to_owned(),
        address: Some("203.0.113.9".to_owned()),
        user_agent: Some("tests".to_owned()),
        on_behalf_of: None,
    }
}

/// Somebody signed in, with what the database says they are a member of.
pub async fn op_as(office: &Office, id: &str, role: Role) -> OpContext {
    let actor = person(id, role);
    let memberships = office.control.memberships(actor.user_id().unwrap()).await.unwrap();
    op_of(actor, memberships)
}

pub fn person(id: &str, role: Role) -> Actor {
    Actor::User { id: UserId::parse(id).unwrap(), label: id.to_owned(), role, via: None }
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
        aws: None,
        headers: vec![("x-org".to_owned(), secret("org-secret"))],
        timeouts: Timeouts::default(),
        weight: 1,
        price: None,
        base_model: None,
        origin: Origin::File { path: "config.yaml".to_owned(), line: 12 },
        mode: None,
        max_input_tokens: None,
        max_output_tokens: None,
        limits: Limits::default(),
    };
    let base_url = "https://api.openai.com/v1";
    Catalog::new(
        vec![
            deployment("d1", "gpt-4o", "openai", Upstream::open_ai(base_url)),
            deployment("d2", "openai/*", "openai", Upstream::open_ai(base_url)),
            deployment("d3", "simulator/echo", "simulator", Upstream::Simulator),
        ],
        HashMap::from([("best".to_owned(), Alias { model: "gpt-4o".to_owned(), hidden: true })]),
    )
}
