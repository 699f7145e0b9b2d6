//! A deployment that is kept in the database: read as if it stood in a file, so that both mean the same.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use tollgate_domain::deployment::StoredDeployment;
use tollgate_domain::model::{Deployment, Origin};
use tollgate_domain::secret::Secret;

use super::general::DefaultTimeouts;
use super::value::Reader;
use super::{Env, files, models};

/// What callers are offered; or what is wrong with it, in words for whoever wrote it.
pub fn stored_deployment(
    stored: &StoredDeployment,
    credential: &BTreeMap<String, Secret>,
    secrets: &BTreeMap<String, Secret>,
    env: &dyn Env,
) -> Result<Deployment, String> {
    // The deployment's own words win over the credential's.
    let mut params: Map<String, Value> = Map::new();
    let secret = |(name, secret): (&String, &Secret)| (name.clone(), value_of(secret));
    params.extend(credential.iter().map(secret));
    params.extend(stored.params.clone());
    params.extend(secrets.iter().map(secret));
    params.remove("litellm_credential_name");
    let mut info = stored.info.clone();
    info.insert("id".to_owned(), stored.id.as_str().into());
    info.remove("blocked");
    let document = json!({
        "model_list": [{ "model_name": stored.model.as_str(), "litellm_params": params, "model_info": info }],
    });
    // JSON is YAML.
    let text = document.to_string();
    let mut reader = Reader::new(env);
    let document = files::from_text("the database", &text, &mut reader);
    let read = models::read(&document, DefaultTimeouts::default(), true, &mut reader);
    let left_out = !read.left_out.is_empty();
    let found = read.deployments.into_iter().next();
    let findings = reader.report.finish();
    let first_error = || {
        let error = findings.0.iter().find(|finding| finding.severity == super::Severity::Error);
        let any = error.or_else(|| findings.0.first());
        any.map(|finding| {
            let path = finding.path.trim_start_matches("model_list[0].");
            let help = finding.help.as_deref().map_or_else(String::new, |help| format!(" ({help})"));
            format!("{path}: {}{help}", finding.message)
        })
    };
    match found {
        Some(deployment) if !findings.has_errors() => Ok(Deployment { origin: Origin::Database, ..deployment }),
        _ if left_out => Err(first_error().unwrap_or_else(|| "this provider can't be called yet".to_owned())),
        _ => Err(first_error().unwrap_or_else(|| "it can't be called as it is written".to_owned())),
    }
}

/// Secrets that are objects (headers, service accounts) are kept as JSON text.
fn value_of(secret: &Secret) -> Value {
    let text = secret.expose();
    if text.starts_with('{')
        && let Ok(value @ Value::Object(_)) = serde_json::from_str(text)
    {
        return value;
    }
    text.into()
}
