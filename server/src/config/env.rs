//! Environment variables, injected: the process's, with the file's `environment_variables` laid over them.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

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
    /// Those of the file that were asked for.
    used: RefCell<BTreeSet<String>>,
}

impl<'e> Variables<'e> {
    pub fn new(process: &'e dyn Env) -> Self {
        Self { process, file: BTreeMap::new(), used: RefCell::default() }
    }

    /// The variable's value. An empty one counts as not set: `export NAME=` is how one unsets it in many places.
    pub fn get(&self, name: &str) -> Option<String> {
        let value = if let Some(value) = self.file.get(name) {
            self.used.borrow_mut().insert(name.to_owned());
            Some(value.clone())
        } else {
            self.process.get(name)
        };
        value.filter(|value| !value.is_empty())
    }

    pub fn process(&self, name: &str) -> Option<String> {
        self.process.get(name)
    }

    /// Whether the file's value of the variable was asked for.
    pub fn is_used(&self, name: &str) -> bool {
        self.used.borrow().contains(name)
    }

    pub fn set(&mut self, name: String, value: String) {
        self.file.insert(name, value);
    }
}
