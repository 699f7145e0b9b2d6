//! `tollgate secrets …`

use std::process::ExitCode;

use tollgate_control::secrets;

use super::office::open;
use crate::cli::DatabaseArguments;
use crate::start::StartError;
use crate::terminal::say;

/// Encrypts every secret anew, telling how far it is.
pub async fn reencrypt(database: &DatabaseArguments) -> Result<ExitCode, StartError> {
    let (control, op) = open(database).await?;
    let mut told = 0;
    let done = secrets::reencrypt(&control, &op, |progress| {
        // Every twentieth is enough for people.
        let percent = progress.done * 100 / progress.total.max(1);
        if percent >= told + 5 || progress.done == progress.total {
            told = percent;
            say(&format!("{percent:>3} %  {} of {}", progress.done, progress.total));
        }
    })
    .await?;
    say(&format!(
        "{} of {} records were encrypted anew; TOLLGATE_SALT_KEY_PREVIOUS is not needed any more once all gateways run \
         with the new key.",
        done.changed, done.total
    ));
    Ok(ExitCode::SUCCESS)
}
