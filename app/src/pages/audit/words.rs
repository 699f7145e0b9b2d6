//! What lines of the log say, in words.

use crate::api::Named;
use crate::components::{IconName, Tone};

/// Kinds of things, as the log names them, and for people.
pub const KINDS: [(&str, &str); 15] = [
    ("access_group", "access group"),
    ("audit", "audit log"),
    ("budget", "budget"),
    ("credential", "credential"),
    ("customer", "customer"),
    ("key", "key"),
    ("membership", "membership"),
    ("model", "model"),
    ("organisation", "organisation"),
    ("request", "requests"),
    ("scim_token", "SCIM token"),
    ("settings", "settings"),
    ("tag", "tag"),
    ("team", "team"),
    ("user", "user"),
];

/// Actions that are offered to filter by.
pub const ACTIONS: [&str; 21] = [
    "access_group.*",
    "audit.export",
    "budget.*",
    "credential.*",
    "customer.*",
    "denied",
    "key.*",
    "key.create",
    "key.delete",
    "membership.*",
    "model.*",
    "organisation.*",
    "scim_token.*",
    "second_factor.*",
    "session.end",
    "sign_in",
    "sign_in.failed",
    "sign_out",
    "tag.*",
    "team.*",
    "user.*",
];

pub fn kind_words(kind: &str) -> String {
    KINDS
        .iter()
        .find(|(known, _)| *known == kind)
        .map_or_else(|| kind.replace('_', " "), |(_, words)| (*words).to_owned())
}

/// `key.create` is `Created key`. What is not known stays as it is.
pub fn action_words(action: &str) -> String {
    let whole = match action {
        "denied" => "Was refused",
        "key.collect" => "Collected a key's new text",
        "model.test" => "Tested model",
        "setup.begin" => "Made a setup link",
        "setup.complete" => "Became the first administrator",
        "sign_in" => "Signed in",
        "sign_in.failed" => "Failed to sign in",
        "sign_out" => "Signed out",
        "session.end" => "Ended sessions of user",
        "user.link" => "Joined a provider's account to user",
        "user.set_password" => "Set the password of user",
        _ => "",
    };
    if !whole.is_empty() {
        return whole.to_owned();
    }
    let Some((kind, verb)) = action.split_once('.') else { return action.to_owned() };
    let verb = match verb {
        "block" => "Blocked",
        "create" => "Created",
        "delete" => "Deleted",
        "disable" => "Disabled",
        "enable" => "Enabled",
        "export" => "Exported",
        "reencrypt" => "Encrypted anew",
        "rotate" => "Rotated",
        "unblock" => "Unblocked",
        "update" => "Changed",
        _ => return action.to_owned(),
    };
    format!("{verb} {}", kind_words(kind))
}

/// What is to be noticed, where it is not an ordinary change.
pub fn tone(action: &str) -> Option<(Tone, IconName)> {
    match action {
        "denied" => Some((Tone::Warning, IconName::Blocked)),
        "sign_in.failed" => Some((Tone::Warning, IconName::Warning)),
        _ => None,
    }
}

/// Who did it, for people.
pub fn actor_words(actor: &Named) -> String {
    match (actor.kind.as_str(), &actor.name) {
        ("master_key", _) => "The master key".to_owned(),
        ("system", _) => "The system or command line".to_owned(),
        ("anonymous", _) => "Nobody signed in".to_owned(),
        ("key", Some(name)) => format!("Key {name}"),
        (_, Some(name)) => name.clone(),
        (_, None) => actor.id.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn actions_are_told_in_words() {
        assert_eq!(action_words("key.create"), "Created key");
        assert_eq!(action_words("access_group.update"), "Changed access group");
        assert_eq!(action_words("audit.export"), "Exported audit log");
        assert_eq!(action_words("sign_in.failed"), "Failed to sign in");
        assert_eq!(action_words("key.polish"), "key.polish");
        assert_eq!(action_words("something"), "something");
    }
}
