//! The models that can be called: the configuration's and the database's, put together anew after every change.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use tokio::sync::Mutex;
use tollgate_control::models::Provider;
use tollgate_control::secrets::open_all;
use tollgate_control::vault::Vault;
use tollgate_control::{Publish, TestOutcome};
use tollgate_domain::actor::Visible;
use tollgate_domain::credential::Credential;
use tollgate_domain::deployment::StoredDeployment;
use tollgate_domain::key::KeyDigest;
use tollgate_domain::model::{Catalog, Deployment};
use tollgate_domain::secret::Secret;
use tollgate_gateway::{Gateway, is_link_local};
use tollgate_store::{RecordFilter, Store, StoreError};
use url::{Host, Url};

use crate::config;
use crate::deliver::Deliveries;
use crate::probe::probe;

/// The most models and credentials that are read from the database.
const MOST: usize = 10_000;

/// The control plane's way to the data plane.
pub struct ToGateway {
    gateway: Gateway,
    store: Store,
    vault: Arc<Vault>,
    /// The configuration's own, with its aliases.
    file: Arc<Catalog>,
    deliveries: Option<Deliveries>,
    /// One after the other, so that an older state never replaces a newer one.
    turn: Mutex<()>,
}

impl ToGateway {
    pub fn new(gateway: Gateway, store: Store, vault: Arc<Vault>) -> Self {
        let file = gateway.catalog();
        Self { gateway, store, vault, file, deliveries: None, turn: Mutex::default() }
    }

    /// Has whoever tells teams' services of their calls know of changes.
    pub fn telling(self, deliveries: Deliveries) -> Self {
        Self { deliveries: Some(deliveries), ..self }
    }

    /// Reads the database's models and puts them beside the configuration's. One that can't be called is left out and
    /// told about: it must not take the others with it.
    pub async fn reload(&self) -> Result<(), StoreError> {
        let _turn = self.turn.lock().await;
        let filter = RecordFilter::default();
        let credentials: Vec<Credential> = self.store.list_all(&Visible::All, &filter, MOST).await?;
        let stored: Vec<StoredDeployment> = self.store.list_all(&Visible::All, &filter, MOST).await?;
        let mut deployments: Vec<Deployment> = self.file.deployments().iter().map(|d| (**d).clone()).collect();
        for one in stored.iter().filter(|one| !one.blocked) {
            let credential = one.credential.as_ref().and_then(|id| credentials.iter().find(|c| c.id == *id));
            match self.deployment(one, credential) {
                Ok(deployment) => deployments.push(deployment),
                Err(reason) => tracing::error!(model.id = %one.id, reason, "a model of the database can't be called"),
            }
        }
        self.gateway.replace_catalog(Arc::new(Catalog::new(deployments, self.file.aliases().clone())));
        Ok(())
    }

    fn deployment(&self, stored: &StoredDeployment, credential: Option<&Credential>) -> Result<Deployment, String> {
        if self.file.deployments().iter().any(|of_file| of_file.id == stored.id.as_str()) {
            return Err(format!("the configuration file has a deployment with the id `{}`", stored.id));
        }
        let open = |error: tollgate_control::vault::VaultError| error.to_string();
        let shared: BTreeMap<String, Secret> = match credential {
            Some(credential) => open_all(&self.vault, credential).map_err(open)?,
            None => BTreeMap::new(),
        };
        let own = open_all(&self.vault, stored).map_err(open)?;
        let deployment = config::stored_deployment(stored, &shared, &own, &config::ProcessEnv)?;
        if let Some(base_url) = deployment.upstream.base_url()
            && literal(base_url).is_some_and(is_link_local)
        {
            return Err("api_base: link-local addresses are where clouds keep their machines' credentials".to_owned());
        }
        Ok(deployment)
    }
}

/// The address of a URL that has one instead of a name.
fn literal(url: &str) -> Option<IpAddr> {
    match Url::parse(url).ok()?.host()? {
        Host::Ipv4(ip) => Some(ip.into()),
        Host::Ipv6(ip) => Some(ip.into()),
        Host::Domain(_) => None,
    }
}

#[async_trait::async_trait]
impl Publish for ToGateway {
    fn key_changed(&self, digest: KeyDigest) {
        self.gateway.key_changed(digest);
    }

    fn principals_changed(&self) {
        self.gateway.principals_changed();
        if let Some(deliveries) = &self.deliveries {
            deliveries.teams_changed();
        }
    }

    async fn catalogue_changed(&self) {
        if let Err(error) = self.reload().await {
            tracing::error!(%error, "the models of the database could not be read again");
        }
    }

    fn sums_changed(&self) {
        self.gateway.sums_changed();
    }

    fn check_deployment(&self, deployment: &StoredDeployment, credential: Option<&Credential>) -> Result<(), String> {
        self.deployment(deployment, credential).map(drop)
    }

    fn providers(&self) -> Vec<Provider> {
        config::providers()
    }

    async fn test_deployment(&self, stored: &StoredDeployment, credential: Option<&Credential>) -> TestOutcome {
        let start = Instant::now();
        let told = match self.deployment(stored, credential) {
            Ok(deployment) => probe(&deployment).await,
            Err(reason) => Err(reason),
        };
        let milliseconds = u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX);
        match told {
            Ok(message) => TestOutcome { works: true, message, milliseconds },
            Err(message) => TestOutcome { works: false, message, milliseconds },
        }
    }
}
