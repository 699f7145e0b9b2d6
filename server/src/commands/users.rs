//! `tollgate user …`

use std::io::Read as _;
use std::process::ExitCode;

use tollgate_control::records::{self, Filter};
use tollgate_control::{Control, OpContext, users};
use tollgate_domain::actor::Role;
use tollgate_domain::ids::UserId;
use tollgate_domain::record::no_meta;
use tollgate_domain::secret::Secret;
use tollgate_domain::user::{User, normalise_email};

use super::office::{NOTICED, open};
use crate::cli::UserCommand;
use crate::start::StartError;
use crate::terminal::say;

/// The most users that are listed.
const MOST: usize = 1000;

/// The longest password that is read.
const LONGEST: u64 = 4096;

pub async fn run(command: UserCommand) -> Result<ExitCode, StartError> {
    match command {
        UserCommand::Create { email, name, role, password_stdin, database } => {
            let (control, op) = open(&database).await?;
            let password = if password_stdin { Some(password()?) } else { None };
            let email = normalise_email(&email)
                .ok_or_else(|| StartError::Configuration(format!("`{email}` is no e-mail address")))?;
            let id = UserId::new(control.clock().as_ref(), &tollgate_domain::entropy::SystemEntropy);
            let new = User { name, ..User::new(id, Some(email), role_of(&role)?, no_meta()) };
            let user = users::create(&control, &op, new, &[]).await?;
            if let Some(password) = password {
                users::set_password(&control, &op, &user.id, password).await?;
            }
            say(&format!("{} is there, as {}. The id is {}.", user.label(), user.role.as_str(), user.id));
        }
        UserCommand::List { search, database } => {
            let (control, op) = open(&database).await?;
            let filter = Filter { search, ..Filter::default() };
            let found: Vec<User> = records::list_all(&control, &op, &filter, MOST).await?;
            for user in &found {
                let state = if user.disabled { "disabled" } else { "" };
                let email = user.email.as_deref().unwrap_or("-");
                say(&format!(
                    "{}  {:<8}  {email}  {}  {state}",
                    user.id,
                    user.role.as_str(),
                    user.name.as_deref().unwrap_or("")
                ));
            }
            say(&format!("{} users.", found.len()));
        }
        UserCommand::SetPassword { user, database } => {
            let (control, op) = open(&database).await?;
            let user = find(&control, &op, &user).await?;
            users::set_password(&control, &op, &user.id, password()?).await?;
            say(&format!("{} has a new password.", user.label()));
        }
        UserCommand::SetRole { user, role, database } => {
            let (control, op) = open(&database).await?;
            let user = find(&control, &op, &user).await?;
            let role = role_of(&role)?;
            let user = records::update::<User>(&control, &op, user.id.as_str(), None, |user| {
                user.role = role;
                Ok(())
            })
            .await?;
            say(&format!("{} is {} now. {NOTICED}", user.label(), user.role.as_str()));
        }
        UserCommand::Disable { user, database } => set_disabled(&database, &user, true).await?,
        UserCommand::Enable { user, database } => set_disabled(&database, &user, false).await?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn set_disabled(database: &crate::cli::DatabaseArguments, user: &str, disabled: bool) -> Result<(), StartError> {
    let (control, op) = open(database).await?;
    let user = find(&control, &op, user).await?;
    let action = if disabled { "user.disable" } else { "user.enable" };
    let user = records::update_as::<User>(&control, &op, user.id.as_str(), None, action, |user| {
        user.disabled = disabled;
        Ok(())
    })
    .await?;
    say(&format!("{} is {}. {NOTICED}", user.label(), if disabled { "disabled" } else { "enabled" }));
    Ok(())
}

/// By address or id.
async fn find(control: &Control, op: &OpContext, text: &str) -> Result<User, StartError> {
    if let Some(email) = normalise_email(text)
        && let Some((user, _)) = control.store().find_user_by_email(&email).await?
    {
        return Ok(user);
    }
    Ok(records::get(control, op, text).await?)
}

fn role_of(text: &str) -> Result<Role, StartError> {
    Role::parse(text)
        .ok_or_else(|| StartError::Configuration(format!("`{text}` is no role: admin, auditor, member or viewer")))
}

/// From standard input, without the line's end.
fn password() -> Result<Secret, StartError> {
    let mut text = String::new();
    std::io::stdin()
        .take(LONGEST)
        .read_to_string(&mut text)
        .map_err(|source| StartError::Io { what: "reading the password".to_owned(), source })?;
    Ok(Secret::new(text.trim_end_matches(['\r', '\n']).to_owned()))
}
