//! Where somebody is signed in, and signing out there.

use leptos::prelude::*;

use super::user_href;
use crate::components::{Badge, EmptyState, Moment, Tone};
use crate::kit::{Column, DataTable, column};
use crate::server::SessionView;

const COLUMNS: [Column; 5] =
    [column("Browser"), column("Address"), column("Signed in"), column("Last used"), column("End it")];

#[component]
pub fn Sessions(id: String, sessions: Vec<SessionView>, may_end: bool) -> impl IntoView {
    let action = format!("{}/sessions", user_href(&id));
    let all = (may_end && sessions.len() > 1).then(|| {
        view! {
            <form method="post" action=action.clone()>
                <button class="button quiet" type="submit">"Sign out everywhere"</button>
            </form>
        }
    });
    let body = if sessions.is_empty() {
        view! { <EmptyState title="Signed in nowhere" text="Each browser in which this person is signed in is listed here." /> }
            .into_any()
    } else {
        let rows = sessions.into_iter().map(|session| row(session, &action, may_end)).collect_view();
        view! { <DataTable label="Sessions" columns=COLUMNS.to_vec()>{rows}</DataTable> <div class="cluster">{all}</div> }
            .into_any()
    };
    view! {
        <section class="stack">
            <h2>"Sessions"</h2>
            {body}
        </section>
    }
}

fn row(session: SessionView, action: &str, may_end: bool) -> impl IntoView + use<> {
    let SessionView { digest, current, began_at, seen_at, provider, address, agent } = session;
    let by = provider.unwrap_or_else(|| "password".to_owned());
    let moment = |at: Option<tollgate_domain::Timestamp>| at.map(|at| view! { <Moment at /> });
    let agent = agent.unwrap_or_else(|| "Unknown".to_owned());
    let end = may_end.then(|| {
        view! {
            <form method="post" action=action.to_owned()>
                <input type="hidden" name="session" value=digest.clone() />
                <button class="button quiet" type="submit">"Sign out"</button>
            </form>
        }
    });
    view! {
        <tr data-key=digest.clone()>
            <th scope="row">
                <span class="clip" title=agent.clone()>{browser(&agent)}</span>
                {current.then(|| view! { " " <Badge tone=Tone::Good label="This one" /> })}
            </th>
            <td class="mono">{address}</td>
            <td>{moment(began_at)} " by " {by}</td>
            <td>{moment(seen_at)}</td>
            <td>{end}</td>
        </tr>
    }
}

/// What people call the program that sent this. The whole text is shown on hover.
fn browser(agent: &str) -> String {
    // The order matters: most of them claim to be others, too.
    let browsers =
        [("Edg/", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari")];
    let systems = [
        ("Windows", "Windows"),
        ("Android", "Android"),
        ("iPhone", "iOS"),
        ("iPad", "iOS"),
        ("Mac OS", "macOS"),
        ("Linux", "Linux"),
    ];
    let find =
        |table: &[(&str, &'static str)]| table.iter().find(|(part, _)| agent.contains(part)).map(|(_, name)| *name);
    match (find(&browsers), find(&systems)) {
        (Some(browser), Some(system)) => format!("{browser} on {system}"),
        (Some(browser), None) => browser.to_owned(),
        _ => agent.chars().take(60).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::browser;

    #[test]
    fn browsers_are_known_by_what_they_say() {
        let chrome =
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0 Safari/537.36";
        assert_eq!(browser(chrome), "Chrome on Linux");
        assert_eq!(browser(&format!("{chrome} Edg/120.0")), "Edge on Linux");
        assert_eq!(browser("curl/8.5.0"), "curl/8.5.0");
    }
}
