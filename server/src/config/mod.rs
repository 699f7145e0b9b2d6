//! The configuration: `config.yaml` in LiteLLM's form, the command line, or nothing at all.
//!
//! [`load`] reads a file with all that it includes and gives a [`Config`], or every mistake in it at once. Nothing in
//! a file is silently ignored: a key that is known and not acted on yet is a notice, one that limits or protects
//! something and is not enforced yet is a warning, and an unknown one is a warning with a suggestion.
//!
//! This module reads files and environment variables and does nothing else: no network, no database. Values of
//! secrets and of environment variables are never in a finding's text.

mod aliases;
mod aws;
mod builtin;
mod deployment_limits;
mod env;
mod files;
mod finding;
mod general;
mod headers;
mod house;
mod jwt;
mod keys;
mod models;
mod prices;
mod providers;
mod sso;
mod stored;
mod suggest;
mod target;
#[cfg(test)]
mod tests;
mod value;
mod yaml;

use std::path::Path;

use tollgate_domain::ledger::House;
use tollgate_domain::model::{Catalog, Origin};
use tollgate_domain::secret::Secret;

pub use builtin::SIMULATOR_MODEL;
pub use env::{Env, ProcessEnv};
pub use finding::{Findings, Severity, render};
pub use general::General;
pub use jwt::CallerTokens;
pub use providers::offered as providers;
pub use sso::SignOn;
pub use stored::stored_deployment;

use crate::deliver::Alerting;

use files::Document;
use models::Models;
use target::{Params, Stop};
use value::{Cursor, Reader};
use yaml::{Node, Place, Value};

/// A configuration that can be used, and what there is to say about it.
#[derive(Debug)]
pub struct Loaded {
    pub config: Config,
    /// Notices and warnings; no errors.
    pub findings: Findings,
}

/// What the gateway and the office are started with.
#[derive(Debug, Default)]
pub struct Config {
    pub catalog: Catalog,
    /// From the file, or `TOLLGATE_MASTER_KEY`, or `LITELLM_MASTER_KEY`.
    pub master_key: Option<Secret>,
    /// From the file, or `DATABASE_URL`.
    pub database_url: Option<Secret>,
    pub general: General,
    /// Budgets and rate limits that the file sets.
    pub house: House,
    /// Single sign-on.
    pub sign_on: SignOn,
    /// Access tokens that callers may show instead of keys.
    pub caller_tokens: Option<CallerTokens>,
    /// Who is told of budgets' marks.
    pub alerting: Alerting,
}

/// Reads the file at `path` and what it includes.
///
/// Fails with all findings when one of them is an error.
pub fn load(path: &Path, env: &dyn Env) -> Result<Loaded, Findings> {
    let mut reader = Reader::new(env);
    let document = files::read(path, &mut reader);
    from_document(&document, reader)
}

/// [`load`] for one text, called `name` in findings. `include` has no effect.
#[cfg(test)]
fn load_text(name: &str, text: &str, env: &dyn Env) -> Result<Loaded, Findings> {
    let mut reader = Reader::new(env);
    let document = files::from_text(name, text, &mut reader);
    from_document(&document, reader)
}

/// One model named on the command line: `tollgate --model gpt-4o`.
///
/// Fails when the model's provider is not known or can't be called.
pub fn from_command_line(
    model: &str,
    api_base: Option<&str>,
    drop_params: bool,
    env: &dyn Env,
) -> Result<Loaded, Findings> {
    let mut reader = Reader::new(env);
    let scalar = |text: &str| {
        let value = Value::Scalar { text: text.to_owned(), plain: true };
        Node { place: Place::default(), value }
    };
    let (model_node, base_node) = (scalar(model), api_base.map(scalar));
    let params = Params {
        model: Cursor { node: &model_node, path: "--model".to_owned() },
        provider: None,
        api_base: base_node.as_ref().map(|node| Cursor { node, path: "--api_base".to_owned() }),
        api_key: None,
        all: None,
    };
    let mut models = Models::default();
    if models.add_plain(model, &params, Origin::CommandLine, &mut reader) == Err(Stop::Skipped) {
        let message = "there is no other model to serve";
        reader.report.error(Place::default(), "--model", message, "name a model of a supported provider");
    }
    let mut loaded = without_file(models, reader)?;
    loaded.config.general.drop_params = drop_params;
    Ok(loaded)
}

/// Neither a file nor a model: the simulator, and a wildcard such as `openai/*` for each provider whose key is in
/// the environment.
///
/// Fails when the environment holds a master key or a database address that can't be used: a gateway that went on
/// without would stand open, or keep its books somewhere else.
pub fn default_config(env: &dyn Env) -> Result<Loaded, Findings> {
    let mut reader = Reader::new(env);
    let deployments = builtin::provider_wildcards(&Origin::BuiltIn, &reader);
    for deployment in &deployments {
        let message = format!("`{}` is offered: its key is in the environment", deployment.model.as_str());
        reader.report.notice(Place::default(), "", message);
    }
    let models = Models { deployments, ..Models::default() };
    without_file(models, reader)
}

fn without_file(mut models: Models, mut reader: Reader<'_>) -> Result<Loaded, Findings> {
    if models.deployments.iter().all(|deployment| deployment.model.as_str() != SIMULATOR_MODEL) {
        models.deployments.push(builtin::simulator());
    }
    let nothing = files::Section(Vec::new());
    let config = Config {
        master_key: general::master_key(&nothing, &mut reader),
        database_url: general::database_url(&nothing, &mut reader),
        catalog: Catalog::new(models.deployments, std::collections::HashMap::new()),
        sign_on: sso::read(None, &nothing, &mut reader),
        ..Config::default()
    };
    finish(config, reader)
}

fn from_document(document: &Document, mut reader: Reader<'_>) -> Result<Loaded, Findings> {
    let config = configure(document, &mut reader);
    finish(config, reader)
}

fn configure(document: &Document, reader: &mut Reader<'_>) -> Config {
    let variables = general::environment_variables(document, reader);
    let general = document.section("general_settings", reader);
    let litellm = document.section("litellm_settings", reader);
    let router = document.section("router_settings", reader);

    let settings = general::general(&general, &litellm, reader);
    let timeouts = general::timeouts(&router, &litellm, reader);
    let house = house::read(document, &general, &litellm, &router, reader);
    let models = models::read(document, timeouts, !settings.disable_simulator, reader);
    let aliases = aliases::read(&router, &models, reader);
    if models.deployments.is_empty() && reader.report.errors() == 0 {
        let help = "list them under `model_list`, or start without a file for the built-in simulator";
        reader.report.warning(Place::default(), "model_list", "there is no model to serve", help);
    }
    let config = Config {
        master_key: general::master_key(&general, reader),
        database_url: general::database_url(&general, reader),
        catalog: Catalog::new(models.deployments, aliases),
        general: settings,
        house,
        sign_on: sso::read(Some(document), &litellm, reader),
        caller_tokens: jwt::read(&general, reader),
        alerting: general::alerting(&general, reader),
    };
    general::unused_variables(&variables, reader);
    config
}

fn finish(config: Config, reader: Reader<'_>) -> Result<Loaded, Findings> {
    let findings = reader.report.finish();
    if findings.has_errors() { Err(findings) } else { Ok(Loaded { config, findings }) }
}
