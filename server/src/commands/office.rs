//! The control plane at the command line: the operator acts as the program itself, on the database alone.

use std::sync::Arc;

use tollgate_control::{Control, OpContext, Publish, TestOutcome};
use tollgate_domain::clock::SystemClock;
use tollgate_domain::credential::Credential;
use tollgate_domain::deployment::StoredDeployment;
use tollgate_domain::entropy::SystemEntropy;
use tollgate_domain::ids::new_uuid;
use tollgate_domain::key::KeyDigest;
use tollgate_domain::model::Catalog;

use crate::cli::DatabaseArguments;
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

/// What to say after a change that running gateways have to notice.
pub const NOTICED: &str = "Gateways that are running notice within 30 seconds.";
