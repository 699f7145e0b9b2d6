//! The control plane at the command line: the operator acts as the program itself, on the database alone.

use std::collections::BTreeMap;
use std::sync::Arc;

use tollgate_control::secrets::open_all;
use tollgate_control::vault::Vault;
use tollgate_control::{CatalogSource, Control, OpContext, Publish, TestOutcome};
use tollgate_domain::actor::Visible;
use tollgate_domain::clock::SystemClock;
use tollgate_domain::credential::Credential;
use tollgate_domain::deployment::StoredDeployment;
use tollgate_domain::entropy::SystemEntropy;
use tollgate_domain::ids::new_uuid;
use tollgate_domain::key::KeyDigest;
use tollgate_domain::model::{Catalog, Deployment};
use tollgate_domain::secret::Secret;
use tollgate_store::{RecordFilter, Store};

use crate::cli::DatabaseArguments;
use crate::config;
use crate::start::{StartError, vault};

/// There is no data plane in this process. Those of others ask the database again within half a minute.
struct Nobody;

#[async_trait::async_trait]
impl Publish for Nobody {
    fn key_changed(&self, _: KeyDigest) {}

    fn principals_changed(&self) {}

    async fn catalogue_changed(&self) {}

    fn check_deployment(&self, _: &StoredDeployment, _: Option<&Credential>) -> Result<(), String> {
        Ok(())
    }

    async fn test_deployment(&self, _: &StoredDeployment, _: Option<&Credential>) -> TestOutcome {
        TestOutcome { works: false, message: "there is no gateway here to call with".to_owned(), milliseconds: 0 }
    }
}

/// The control plane of the arguments' database, whose schema has to be this program's.
pub async fn open(arguments: &DatabaseArguments) -> Result<(Control, OpContext), StartError> {
    let store = super::open_store(arguments).await?;
    store.check_schema().await?;
    let (clock, entropy) = (Arc::new(SystemClock), Arc::new(SystemEntropy));
    let op = OpContext::system(new_uuid(&*clock, &*entropy).to_string());
    let vault = Arc::new(vault(super::master_key(arguments)?.as_ref()));
    let control =
        Control::new(store, clock, entropy, Arc::new(Nobody), Arc::new(|| Arc::new(Catalog::default())), vault);
    Ok((control, op))
}

/// The same with the models that a gateway would call, and their prices: the configuration's and the database's.
pub async fn open_with_models(arguments: &DatabaseArguments) -> Result<(Control, OpContext), StartError> {
    let loaded = match &arguments.config {
        Some(path) => config::load(path, &config::ProcessEnv),
        None => config::default_config(&config::ProcessEnv),
    };
    let file = loaded.map_err(|findings| StartError::Configuration(config::render(&findings.0)))?.config.catalog;
    let (without, op) = open(arguments).await?;
    let vault = Arc::new(vault(super::master_key(arguments)?.as_ref()));
    let deployments = database_deployments(without.store(), &vault, &file).await?;
    let mut all: Vec<Deployment> = file.deployments().iter().map(|it| (**it).clone()).collect();
    all.extend(deployments);
    let catalog = Arc::new(Catalog::new(all, file.aliases().clone()));
    let (clock, entropy) = (Arc::new(SystemClock), Arc::new(SystemEntropy));
    let models: CatalogSource = Arc::new(move || Arc::clone(&catalog));
    let control = Control::new(without.store().clone(), clock, entropy, Arc::new(Nobody), models, vault);
    Ok((control, op))
}

/// One that can't be read has no price either: charges must not be priced without it.
async fn database_deployments(store: &Store, vault: &Vault, file: &Catalog) -> Result<Vec<Deployment>, StartError> {
    const MOST: usize = 10_000;
    let filter = RecordFilter::default();
    let credentials: Vec<Credential> = store.list_all(&Visible::All, &filter, MOST).await?;
    let stored: Vec<StoredDeployment> = store.list_all(&Visible::All, &filter, MOST).await?;
    let of = |one: &StoredDeployment| {
        let credential = one.credential.as_ref().and_then(|id| credentials.iter().find(|it| it.id == *id));
        let open = |error: tollgate_control::vault::VaultError| error.to_string();
        let shared: BTreeMap<String, Secret> =
            credential.map_or(Ok(BTreeMap::new()), |it| open_all(vault, it).map_err(open))?;
        let own = open_all(vault, one).map_err(open)?;
        config::stored_deployment(one, &shared, &own, &config::ProcessEnv)
    };
    let in_file = |one: &StoredDeployment| file.deployments().iter().any(|it| it.id == one.id.as_str());
    stored
        .iter()
        .filter(|one| !in_file(one))
        .map(|one| of(one).map_err(|reason| StartError::Configuration(format!("the model {}: {reason}", one.id))))
        .collect()
}

/// What to say after a change that running gateways have to notice.
pub const NOTICED: &str = "Gateways that are running notice within 30 seconds.";
