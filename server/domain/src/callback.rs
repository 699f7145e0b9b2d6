//! Where a team has its calls logged beside the ledger: services that are told of each charge.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::charge::Outcome;
use crate::sealed::Sealed;

/// The services that can be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallbackName {
    Langfuse,
    /// Any address that takes a list of calls as JSON; LiteLLM's name for it.
    GenericApi,
    /// The same under the name that everybody looks for.
    Webhook,
}

impl CallbackName {
    pub const ALL: [Self; 3] = [Self::Langfuse, Self::GenericApi, Self::Webhook];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Langfuse => "langfuse",
            Self::GenericApi => "generic_api",
            Self::Webhook => "webhook",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|name| name.as_str() == text)
    }
}

/// Which calls it is told of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallbackType {
    Success,
    Failure,
    SuccessAndFailure,
}

impl CallbackType {
    pub const ALL: [Self; 3] = [Self::Success, Self::Failure, Self::SuccessAndFailure];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Failure => "failure",
            Self::SuccessAndFailure => "success_and_failure",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }

    /// Whether it is told of a call that ended so.
    pub fn wants(self, outcome: Outcome) -> bool {
        match self {
            Self::Success => outcome == Outcome::Success,
            Self::Failure => outcome != Outcome::Success,
            Self::SuccessAndFailure => true,
        }
    }
}

/// One service that a team has its calls told to. A team has one of each name and type.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Callback {
    pub name: CallbackName,
    #[serde(rename = "type")]
    pub kind: CallbackType,
    /// Those of its variables that are no secrets: `langfuse_host`, `endpoint`.
    #[serde(default)]
    pub vars: BTreeMap<String, String>,
}

impl Callback {
    /// The name among [`Logging::secrets`] of one of its variables.
    pub fn secret_name(&self, var: &str) -> String {
        format!("{}{var}", self.secret_prefix())
    }

    fn secret_prefix(&self) -> String {
        format!("{}/{}/", self.name.as_str(), self.kind.as_str())
    }

    /// The names of its variables that are secret.
    pub fn secret_vars<'a>(&self, logging: &'a Logging) -> impl Iterator<Item = &'a str> + use<'a> {
        let prefix = self.secret_prefix();
        logging.secrets.keys().filter_map(move |name| name.strip_prefix(prefix.as_str()))
    }
}

/// Where a team's calls are logged.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Logging {
    #[serde(default)]
    pub callbacks: Vec<Callback>,
    /// By [`Callback::secret_name`], each encrypted.
    #[serde(default)]
    pub secrets: BTreeMap<String, Sealed>,
}

impl Logging {
    pub fn is_empty(&self) -> bool {
        self.callbacks.is_empty() && self.secrets.is_empty()
    }

    /// Takes out all of a name, with their secrets. `false`: there were none.
    pub fn remove(&mut self, name: CallbackName) -> bool {
        let before = self.callbacks.len();
        let gone: Vec<String> =
            self.callbacks.iter().filter(|it| it.name == name).map(Callback::secret_prefix).collect();
        self.callbacks.retain(|it| it.name != name);
        self.secrets.retain(|secret, _| !gone.iter().any(|prefix| secret.starts_with(prefix.as_str())));
        self.callbacks.len() != before
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn callback(name: CallbackName, kind: CallbackType) -> Callback {
        Callback { name, kind, vars: BTreeMap::new() }
    }

    #[test]
    fn names_and_types_are_read_back() {
        for name in CallbackName::ALL {
            assert_eq!(CallbackName::parse(name.as_str()), Some(name));
            assert_eq!(serde_json::to_value(name).unwrap(), name.as_str());
        }
        for kind in CallbackType::ALL {
            assert_eq!(CallbackType::parse(kind.as_str()), Some(kind));
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.as_str());
        }
        assert_eq!(CallbackName::parse("s3"), None);
    }

    #[test]
    fn what_is_taken_out_takes_its_secrets_along() {
        let sealed = Sealed { key_id: "k".into(), nonce: "n".into(), text: "t".into(), fingerprint: "f".into() };
        let (one, other) = (
            callback(CallbackName::Langfuse, CallbackType::Success),
            callback(CallbackName::Webhook, CallbackType::Failure),
        );
        let mut logging = Logging::default();
        for it in [&one, &other] {
            logging.secrets.insert(it.secret_name("a_key"), sealed.clone());
        }
        logging.callbacks = vec![one.clone(), other.clone()];
        assert_eq!(one.secret_vars(&logging).collect::<Vec<_>>(), ["a_key"]);
        assert!(logging.remove(CallbackName::Langfuse) && !logging.remove(CallbackName::Langfuse));
        assert_eq!(logging.callbacks, std::slice::from_ref(&other));
        assert_eq!(logging.secrets.keys().collect::<Vec<_>>(), [&other.secret_name("a_key")]);
    }

    #[test]
    fn each_is_told_what_it_asked_for() {
        let told = |kind: CallbackType| Outcome::ALL.map(|outcome| kind.wants(outcome));
        assert_eq!(told(CallbackType::Success), [true, false, false, false, false]);
        assert_eq!(told(CallbackType::Failure), [false, true, true, true, true]);
        assert_eq!(told(CallbackType::SuccessAndFailure), [true; 5]);
    }
}
