//! Environment variables, injected: the process's, with the file's `environment_variables` laid over them.

use std::collections::BTreeMap;

/// Where environment variables come from. Every closure of the right shape is one.
pub trait Env {
    /// The variable's value; `None` when it is not set.
    fn get(&self, name: &str) -> Option<String>;
}

impl<F: Fn(&str) -> Option<String>> Env for F {
    fn get(&self, name: &str) -> Option<String> {
        self(name)
    }
}

/// The process's environment. A value that is not UTF-8 counts as not set.
#[derive(Clone, Copy, Debug, Default)]
pub struct ProcessEnv;

impl Env for ProcessEnv {
    fn get(&self, name: &str) -> Option<String> {
        std::env::var(name).ok()
    }
}

/// What `os.environ/NAME` means while a configuration is read. As in LiteLLM, a value of `environment_variables` wins
/// over the process's own.
pub(super) struct Variables<'e> {
    process: &'e dyn Env,
    file: BTreeMap<String, String>,
}

impl<'e> Variables<'e> {
    pub fn new(process: &'e dyn Env) -> Self {
        Self { process, file: BTreeMap::new() }
    }

    /// The variable's value. An empty one counts as not set: `export NAME=` is how one unsets it in many places.
    pub fn get(&self, name: &str) -> Option<String> {
        self.file.get(name).cloned().or_else(|| self.process.get(name)).filter(|value| !value.is_empty())
    }

    pub fn process(&self, name: &str) -> Option<String> {
        self.process.get(name)
    }

    pub fn set(&mut self, name: String, value: String) {
        self.file.insert(name, value);
    }
}
