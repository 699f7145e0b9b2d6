//! `tollgate key …`

use std::process::ExitCode;

use tollgate_control::keys::{self, KeyFilter, KeyRef, NewKey, RotateKey, expiry_after};
use tollgate_control::{Control, ControlError, OpContext};
use tollgate_domain::ids::{KeyId, TeamId, UserId};
use tollgate_domain::key::{KEY_PREFIX, KeyDigest};
use tollgate_domain::model::ModelPattern;

use super::office::{NOTICED, open};
use crate::cli::KeyCommand;
use crate::start::StartError;
use crate::terminal::{counted, say};

/// The most keys that are listed.
const MOST: u32 = 1000;

pub async fn run(command: KeyCommand) -> Result<ExitCode, StartError> {
    match command {
        KeyCommand::Create { alias, models, user, team, duration, database } => {
            let (control, op) = open(&database).await?;
            let mut new = NewKey::default();
            new.key.alias = alias;
            new.key.models = models.into_iter().map(ModelPattern::new).collect();
            new.key.user_id = user.as_deref().map(|id| id_of(UserId::parse(id), "user")).transpose()?;
            new.key.team_id = team.as_deref().map(|id| id_of(TeamId::parse(id), "team")).transpose()?;
            if let Some(duration) = duration {
                new.key.expires_at = Some(expiry_after(seconds(&duration)?, control.clock().now())?);
            }
            let created = keys::create(&control, &op, new).await?;
            say(created.plain.expose());
            say(&format!("  This is the only time that it is shown. Its id is {}.", created.key.id));
        }
        KeyCommand::List { search, database } => {
            let (control, op) = open(&database).await?;
            list(&control, &op, search).await?;
        }
        KeyCommand::Block { key, database } => {
            let (control, op) = open(&database).await?;
            let key = keys::set_blocked(&control, &op, &reference(&key), true).await?;
            say(&format!("{} is blocked. {NOTICED}", key.label()));
        }
        KeyCommand::Unblock { key, database } => {
            let (control, op) = open(&database).await?;
            let key = keys::set_blocked(&control, &op, &reference(&key), false).await?;
            say(&format!("{} works again. {NOTICED}", key.label()));
        }
        KeyCommand::Delete { key, database } => {
            let (control, op) = open(&database).await?;
            for key in keys::delete(&control, &op, &[reference(&key)]).await? {
                say(&format!("{} is deleted. {NOTICED}", key.label()));
            }
        }
        KeyCommand::Rotate { key, grace, database } => {
            let (control, op) = open(&database).await?;
            let how = RotateKey { grace_seconds: seconds(&grace)?, ..RotateKey::default() };
            let rotated = keys::rotate(&control, &op, &reference(&key), how, |_, _| Ok(())).await?;
            say(rotated.plain.expose());
            let old = rotated
                .old_until
                .map_or_else(|| "works no more".to_owned(), |at| format!("works until {}", at.to_rfc3339()));
            say(&format!("  This is the only time that it is shown. The old one {old}. {NOTICED}"));
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn list(control: &Control, op: &OpContext, search: Option<String>) -> Result<(), ControlError> {
    let filter = KeyFilter { search, ..KeyFilter::default() };
    let page = keys::list(control, op, &filter, None, MOST).await?;
    for row in &page.items {
        let key = &row.key;
        let whose = key.user_id.as_ref().map_or_else(String::new, |id| format!("  user {id}"));
        let team = key.team_id.as_ref().map_or_else(String::new, |id| format!("  team {id}"));
        say(&format!(
            "{}  {:<12}  {:<8}  ${}  {}{whose}{team}",
            key.id,
            key.hint,
            row.status.as_str(),
            row.spent.to_decimal(),
            key.alias.as_deref().unwrap_or("-"),
        ));
    }
    let more = if page.next.is_some() { "; there are more: narrow it down with --search" } else { "" };
    say(&format!("{}{more}.", counted(page.items.len(), "key")));
    Ok(())
}

/// A key by its id, itself, or its alias.
fn reference(text: &str) -> KeyRef {
    match KeyId::parse(text) {
        Some(id) => KeyRef::Id(id),
        None if text.starts_with(KEY_PREFIX) => KeyRef::Digest(KeyDigest::of(text)),
        None => KeyRef::Alias(text.to_owned()),
    }
}

fn id_of<T>(id: Option<T>, what: &str) -> Result<T, StartError> {
    id.ok_or_else(|| StartError::Configuration(format!("that is no {what}'s id")))
}

/// `30s`, `15m`, `12h`, `7d` in seconds.
fn seconds(text: &str) -> Result<i64, StartError> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match &text[digits.len()..] {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 86_400,
        "w" => 7 * 86_400,
        _ => 0,
    };
    let seconds = digits.parse::<i64>().ok().filter(|_| unit > 0).and_then(|number| number.checked_mul(unit));
    seconds.ok_or_else(|| StartError::Configuration(format!("`{text}` is no duration: write 30s, 15m, 12h, 7d or 4w")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read() {
        assert_eq!(seconds("90s").unwrap(), 90);
        assert_eq!(seconds("2d").unwrap(), 172_800);
        for wrong in ["", "d", "5", "5y", "99999999999999999999d", "-"] {
            assert!(seconds(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_key_is_found_by_what_somebody_has_of_it() {
        assert_eq!(reference("my-app"), KeyRef::Alias("my-app".to_owned()));
        assert_eq!(reference("sk-1234567890123456"), KeyRef::Digest(KeyDigest::of("sk-1234567890123456")));
        assert!(matches!(reference("01930000-0000-7000-8000-000000000001"), KeyRef::Id(_)));
    }
}
