//! `router_settings.model_group_alias`: other names of models.

use std::collections::HashMap;

use tollgate_domain::model::Alias;

use super::files::Section;
use super::finding::shown;
use super::models::Models;
use super::suggest::closest;
use super::value::{Cursor, Reader};
use super::yaml::Value;

pub(super) fn read(router: &Section<'_>, models: &Models, reader: &mut Reader<'_>) -> HashMap<String, Alias> {
    let mut aliases = HashMap::new();
    let mut places = Vec::new();
    for part in &router.0 {
        let Some(map) = part.get("model_group_alias").and_then(|cursor| reader.mapping(cursor)) else { continue };
        for (name, _, cursor) in map.entries() {
            if let Some(alias) = alias(&cursor, reader) {
                aliases.insert(name.to_owned(), alias);
                places.push((name.to_owned(), cursor));
            }
        }
    }
    for (name, cursor) in &places {
        let Some(alias) = aliases.get(name) else { continue };
        check(name, alias, cursor, &aliases, models, reader);
    }
    // What can't be reached is not to be listed.
    aliases.retain(|_, alias| serves(models, &alias.model));
    aliases
}

fn alias(cursor: &Cursor<'_>, reader: &mut Reader<'_>) -> Option<Alias> {
    if let Value::Scalar { .. } = cursor.node.value {
        return Some(Alias { model: reader.name(cursor)?.value, hidden: false });
    }
    let help = "write a model's name, or `{model: gpt-4o, hidden: true}`";
    if !matches!(cursor.node.value, Value::Map(_)) {
        reader.wrong(cursor, format!("needs a model's name, this is {}", cursor.node.kind()), help);
        return None;
    }
    let Some(model) = cursor.get("model") else {
        reader.report.error(cursor.place(), &cursor.child_path("model"), "is missing", help);
        return None;
    };
    let hidden = match cursor.get("hidden") {
        Some(hidden) => reader.truth(&hidden)?,
        None => false,
    };
    Some(Alias { model: reader.name(&model)?.value, hidden })
}

fn serves(models: &Models, name: &str) -> bool {
    models.deployments.iter().any(|deployment| deployment.model.matches(name))
}

fn check(
    name: &str,
    alias: &Alias,
    cursor: &Cursor<'_>,
    aliases: &HashMap<String, Alias>,
    models: &Models,
    reader: &mut Reader<'_>,
) {
    let target = alias.model.as_str();
    let told = cursor.get("model").unwrap_or_else(|| cursor.clone()).tell(target);
    if serves(models, target) {
        if models.deployments.iter().any(|deployment| deployment.model.as_str() == name) && name != target {
            let message = format!("{} is a model too: the alias hides it", shown(name));
            reader.report.warning(cursor.place(), &cursor.path, message, "give one of the two another name");
        }
    } else if aliases.contains_key(target) {
        reader.wrong(cursor, format!("{told} is an alias itself"), "name the model that it stands for");
    } else if models.left_out.iter().any(|left_out| left_out == target) {
        let message = format!("{told} was left out, and this alias with it");
        reader.report.warning(cursor.place(), &cursor.path, message, "see the model's own warning");
    } else {
        let names = models.deployments.iter().map(|deployment| deployment.model.as_str());
        let help = closest(target, names)
            .map_or_else(|| "name a model of `model_list`".to_owned(), |near| format!("did you mean `{near}`?"));
        reader.wrong(cursor, format!("no model is called {told}"), help);
    }
}
