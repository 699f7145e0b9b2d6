//! Whether the log is as it was written.

use leptos::prelude::*;
use tollgate_control::audit::AuditVerdict;

use super::AUDIT;
use crate::api::may_verify;
use crate::components::{CopyField, Icon, IconName, Notice, Tone, count_text};
use crate::kit::{DetailPage, load_titled};

const TITLE: &str = "Verify the audit log";
const PURPOSE: &str =
    "Each line holds a hash of the one before it, so that a line that was changed or taken out shows.";

/// What came of it: the handler puts it into the page's context.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified(pub AuditVerdict);

#[component]
pub fn AuditVerifyPage() -> impl IntoView {
    let verdict = use_context::<Verified>();
    load_titled(TITLE, PURPOSE, may_verify(), move |()| {
        let again = if verdict.is_some() { "Verify again" } else { "Verify now" };
        view! {
            <DetailPage list=(AUDIT, "Audit log") title=TITLE purpose=PURPOSE>
                {verdict.map(|Verified(verdict)| view! { <Verdict verdict /> })}
                <form class="stack" method="post" action="/ui/audit/verify">
                    <p class="note">
                        "The whole log is read: some seconds for a million lines. On the command line it is `tollgate audit verify`."
                    </p>
                    <div>
                        <button class="button primary" type="submit"><Icon name=IconName::Audit />{again}</button>
                    </div>
                </form>
            </DetailPage>
        }
    })
}

#[component]
fn Verdict(verdict: AuditVerdict) -> impl IntoView {
    match verdict {
        AuditVerdict::Intact { lines, last_hash } => {
            let told = match lines {
                1 => "The log is as it was written: its one line fits.".to_owned(),
                lines => format!("The log is as it was written: all {} lines fit.", count_text(lines)),
            };
            view! {
                <Notice tone=Tone::Good>{told}</Notice>
                <div class="ids stack">
                    <CopyField label="Hash of the last line" id="last-hash" value=last_hash />
                    <p class="note">
                        "Lines that are cut off at the end leave no gap. Keep this hash somewhere else, and look later whether a line with it is still there."
                    </p>
                </div>
            }
            .into_any()
        }
        AuditVerdict::Broken { seq, reason } => view! {
            <Notice tone=Tone::Bad>
                {format!("The log was tampered with, or damaged. The first line that does not fit is number {}: {reason}.", count_text(seq))}
                " The lines before it are as they were written. Compare the database with a backup."
            </Notice>
        }
        .into_any(),
    }
}
