//! The configuration's files: the first one, what it includes, and which environment of it counts.

use std::collections::{BTreeSet, VecDeque};
use std::io::Read;
use std::path::{Path, PathBuf};

use super::finding::shown;
use super::keys;
use super::suggest::closest;
use super::value::{Cursor, Reader};
use super::yaml::{self, Node, Place, Value};

/// The largest file that is read, in bytes.
const LARGEST_FILE: u64 = 4 << 20;
/// How many files one configuration may have.
const MOST_FILES: usize = 64;
/// How long a chain of files that include each other may be.
const DEEPEST_INCLUDE: usize = 8;

/// Names the environment whose part of the file counts, where the file has several.
const ENVIRONMENT_VARIABLE: &str = "TOLLGATE_ENVIRONMENT";

/// All files of a configuration, in the order in which they are laid over each other.
#[derive(Debug, Default)]
pub(super) struct Document {
    roots: Vec<Node>,
    /// A root, and the keys that lead to the part of it that counts.
    layers: Vec<(usize, Vec<String>)>,
}

impl Document {
    /// Everything that counts, the first file first. As in LiteLLM, lists of later layers are added to those of
    /// earlier ones, and a value of a later layer replaces an earlier one's.
    pub fn layers(&self) -> Vec<Cursor<'_>> {
        let layer = |(root, keys): &(usize, Vec<String>)| {
            keys.iter().try_fold(Cursor::root(self.roots.get(*root)?), |cursor, key| cursor.get(key))
        };
        self.layers.iter().filter_map(layer).collect()
    }

    /// A section that is a mapping (`general_settings`), from all layers.
    pub fn section<'d>(&'d self, name: &str, reader: &mut Reader<'_>) -> Section<'d> {
        let parts = self.layers().into_iter().filter_map(|layer| layer.get(name));
        Section(parts.filter_map(|part| reader.mapping(part)).collect())
    }
}

/// A section's parts from several layers.
pub(super) struct Section<'d>(pub Vec<Cursor<'d>>);

impl<'d> Section<'d> {
    /// The value that counts; the others are reported.
    pub fn get(&self, key: &str, reader: &mut Reader<'_>) -> Option<Cursor<'d>> {
        let mut found: Vec<_> = self.0.iter().filter_map(|part| part.get(key)).collect();
        let last = found.pop()?;
        for earlier in found {
            let message = format!("replaced by {}", reader.report.name_place(last.place()));
            reader.report.warning(earlier.place(), &earlier.path, message, "keep one of the two");
        }
        Some(last)
    }
}

struct Pending {
    path: PathBuf,
    /// How the file is named in findings.
    name: String,
    depth: usize,
    /// Where it is included.
    from: Option<(Place, String)>,
}

/// Reads the file at `path` and all that it includes. What can't be read is in the reader's report.
pub(super) fn read(path: &Path, reader: &mut Reader<'_>) -> Document {
    let mut document = Document::default();
    let mut seen = BTreeSet::new();
    let mut queue =
        VecDeque::from([Pending { path: path.to_owned(), name: path.display().to_string(), depth: 0, from: None }]);
    while let Some(next) = queue.pop_front() {
        let (place, at) = next.from.clone().unwrap_or_default();
        let identity = std::fs::canonicalize(&next.path).unwrap_or_else(|_| next.path.clone());
        if !seen.insert(identity) {
            let message = format!("{} is part of this configuration already: it is read once", shown(&next.name));
            reader.report.warning(place, &at, message, "take one of the two `include` lines away");
            continue;
        }
        if seen.len() > MOST_FILES || next.depth > DEEPEST_INCLUDE {
            let help = format!("at most {MOST_FILES} files, at most {DEEPEST_INCLUDE} deep");
            reader.report.error(place, &at, "too many included files", help);
            break;
        }
        let text = match read_text(&next.path) {
            Ok(text) => text,
            Err(error) => {
                let message = format!("can't read {}: {error}", shown(&next.name));
                let help = if next.from.is_some() {
                    "a path is relative to the file that includes it".to_owned()
                } else {
                    "check the path and its permissions".to_owned()
                };
                reader.report.error(place, &at, message, help);
                continue;
            }
        };
        let file = reader.report.add_file(next.name.clone());
        let Some(root) = yaml::parse(&text, file, &mut reader.report) else { continue };
        includes(&root, &next, &mut queue, reader);
        add(root, &mut document, reader);
    }
    document
}

/// The document of one text, without a file.
pub(super) fn from_text(name: &str, text: &str, reader: &mut Reader<'_>) -> Document {
    let mut document = Document::default();
    let file = reader.report.add_file(name.to_owned());
    if let Some(root) = yaml::parse(text, file, &mut reader.report) {
        add(root, &mut document, reader);
    }
    document
}

fn read_text(path: &Path) -> Result<String, String> {
    let file = std::fs::File::open(path).map_err(|error| error.to_string())?;
    let mut bytes = Vec::new();
    file.take(LARGEST_FILE + 1).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    if bytes.len() as u64 > LARGEST_FILE {
        return Err(format!("larger than {} MiB", LARGEST_FILE >> 20));
    }
    String::from_utf8(bytes).map_err(|error| format!("not UTF-8 at byte {}", error.utf8_error().valid_up_to()))
}

fn includes(root: &Node, from: &Pending, queue: &mut VecDeque<Pending>, reader: &mut Reader<'_>) {
    let Some(list) = Cursor::root(root).get("include").and_then(|cursor| reader.list(cursor)) else { return };
    let directory = from.path.parent().unwrap_or(Path::new(""));
    let shown_directory = Path::new(&from.name).parent().unwrap_or(Path::new(""));
    for item in list.items() {
        let Some(text) = reader.name(&item) else { continue };
        queue.push_back(Pending {
            path: directory.join(&text.value),
            name: shown_directory.join(&text.value).display().to_string(),
            depth: from.depth + 1,
            from: Some((item.place(), item.path.clone())),
        });
    }
}

/// Takes a file in: finds the part of it that counts, and holds all of it against the known keys.
fn add(root: Node, document: &mut Document, reader: &mut Reader<'_>) {
    if !matches!(root.value, Value::Map(_) | Value::Null) {
        let message = format!("needs a mapping at the top, this is {}", root.kind());
        reader.report.error(root.place, "", message, "begin with `model_list:`");
        return;
    }
    let number = document.roots.len();
    let cursor = Cursor::root(&root);
    let mut layers = vec![(number, Vec::new())];
    let mut apart: Vec<&str> = Vec::new();

    // The values of LiteLLM's Helm chart: only its `config` is a configuration.
    if let Some(config) = cursor.get("litellm").and_then(|litellm| litellm.get("config"))
        && config.node.entries().iter().any(|entry| keys::is_section(&entry.key))
    {
        let message = "values of a Helm chart: only `litellm.config` is read, as a configuration";
        reader.report.notice(config.place(), "litellm", message);
        keys::check(&config, &[], &mut reader.report);
        layers.push((number, vec!["litellm".to_owned(), "config".to_owned()]));
        apart.push("litellm");
    }

    // A mapping under a name of one's own that has sections of a configuration in it is an environment.
    let environments: Vec<_> = cursor
        .entries()
        .filter(|(key, _, value)| {
            !keys::is_section(key)
                && !apart.contains(key)
                && value.node.entries().iter().any(|entry| keys::is_section(&entry.key))
        })
        .collect();
    for (key, _, environment) in &environments {
        apart.push(key);
        keys::check(environment, &[], &mut reader.report);
    }
    let names: Vec<&str> = environments.iter().map(|(key, ..)| *key).collect();
    if let Some(chosen) = choose(&names, &environments, reader) {
        layers.push((number, vec![chosen.to_owned()]));
    }

    keys::check(&cursor, &apart, &mut reader.report);
    document.layers.extend(layers);
    document.roots.push(root);
}

/// Which of the file's environments counts.
fn choose<'n>(names: &[&'n str], all: &[(&str, Place, Cursor<'_>)], reader: &mut Reader<'_>) -> Option<&'n str> {
    let (_, place, first) = all.first()?;
    let listed = names.join("`, `");
    let asked = reader.variables.process(ENVIRONMENT_VARIABLE).filter(|name| !name.is_empty());
    let (chosen, why) = match &asked {
        Some(asked) => {
            let Some(name) = names.iter().find(|name| *name == asked) else {
                let message = format!("the environment that `{ENVIRONMENT_VARIABLE}` names is not in the file");
                let near = closest(asked, names.iter().copied()).map(|name| format!(": did you mean `{name}`?"));
                let help = format!("the file has `{listed}`{}", near.unwrap_or_default());
                reader.report.error(*place, &first.path, message, help);
                return None;
            };
            (*name, format!("chosen by `{ENVIRONMENT_VARIABLE}`"))
        }
        None if names.len() == 1 => (names[0], "the only one".to_owned()),
        None => {
            let Some(name) = names.iter().find(|name| matches!(**name, "production" | "prod")) else {
                let message = format!("several environments (`{listed}`), and none is chosen");
                reader.report.error(
                    *place,
                    &first.path,
                    message,
                    format!("set `{ENVIRONMENT_VARIABLE}` to one of them"),
                );
                return None;
            };
            (*name, format!("`{ENVIRONMENT_VARIABLE}` chooses another one"))
        }
    };
    for (name, place, cursor) in all {
        let message = if *name == chosen {
            format!("this environment is used: {why}")
        } else {
            "this environment is not used".to_owned()
        };
        reader.report.notice(*place, &cursor.path, message);
    }
    Some(chosen)
}
