//! The models page: what is configured, what it costs, how it does.

mod providers;
mod test;
mod uses;

use tollgate_domain::actor::{Action, Place, Resource};
use tollgate_domain::model::{Catalog, Deployment, Origin, SourcedPrice, Upstream};
use tollgate_domain::price::{PriceBook, PriceEntry};
use tollgate_domain::summary::{Health, ModelRow};

use crate::{Control, ControlError, OpContext};

pub use providers::{Provider, providers};
pub use test::test;
pub use uses::by_credential;

/// Every deployment in the order of the configuration, without its secrets.
pub async fn list(control: &Control, op: &OpContext) -> Result<Vec<ModelRow>, ControlError> {
    control.authorise(op, Action::Read, Resource::Model, &Place::default(), "").await?;
    let catalog = control.catalog();
    let mut health = control.store().deployment_health(control.clock().now()).await?;
    let rows = catalog.deployments().iter();
    Ok(rows.map(|deployment| row(&catalog, deployment, health.remove(&deployment.id).unwrap_or_default())).collect())
}

fn row(catalog: &Catalog, deployment: &Deployment, health: Health) -> ModelRow {
    let entry = known(deployment);
    let known = entry.as_ref().map(|entry| &entry.capabilities);
    let mut aliases: Vec<_> = catalog
        .aliases()
        .iter()
        .filter(|(_, alias)| alias.model == deployment.model.as_str())
        .map(|(name, _)| name.clone())
        .collect();
    aliases.sort();
    ModelRow {
        model: deployment.model.as_str().to_owned(),
        deployment_id: deployment.id.clone(),
        provider: deployment.provider.clone(),
        upstream_model: deployment.upstream_model.clone(),
        base_url: deployment.upstream.base_url().map(str::to_owned),
        mode: deployment.mode.clone().or_else(|| known.map(|known| known.mode.clone()).filter(|mode| !mode.is_empty())),
        max_input_tokens: deployment.max_input_tokens.or_else(|| known.and_then(|known| known.max_input_tokens)),
        max_output_tokens: deployment.max_output_tokens.or_else(|| known.and_then(|known| known.max_output_tokens)),
        origin: origin(&deployment.origin),
        price: deployment.price.clone().or_else(|| entry.as_ref().and_then(from_book)),
        has_api_key: deployment.api_key.is_some(),
        simulator: deployment.upstream == Upstream::Simulator,
        aliases,
        health,
    }
}

/// What the price book has on a deployment; nothing for a wildcard, whose price depends on what is asked for.
fn known(deployment: &Deployment) -> Option<PriceEntry> {
    let name = deployment.base_model.as_deref().unwrap_or(&deployment.upstream_model);
    if name.contains('*') { None } else { PriceBook::embedded().find(&deployment.provider, name) }
}

/// Nothing, where the book knows the model and not its price.
fn from_book(entry: &PriceEntry) -> Option<SourcedPrice> {
    (!entry.sheet.is_empty()).then(|| SourcedPrice { sheet: entry.sheet.clone(), source: entry.describe() })
}

fn origin(origin: &Origin) -> String {
    match origin {
        Origin::File { path, line } => format!("{path}:{line}"),
        Origin::CommandLine => "command line".to_owned(),
        Origin::BuiltIn => "built in".to_owned(),
        Origin::Database => "database".to_owned(),
    }
}
