//! Every use case as every kind of actor, on their own things, their team's and others': what comes of it is what the
//! permission matrix says, each change leaves its line in the log and each refusal leaves nothing else.

mod cases;
mod lists;
pub mod world;

use tollgate_control::ControlError;
use tollgate_domain::actor::{Action, Actor, Resource, allowed, allowed_somewhere};

use crate::harness::Office;
use cases::{Case, May, Then, cases};
use world::{Cast, cast, company, template};

/// Where each use case is, and which there are: the sweep goes through all of them, but those in [`FREE`].
const SOURCES: [(&str, &[&str]); 24] = [
    (
        "access",
        &[
            include_str!("../../../src/access/sessions.rs"),
            include_str!("../../../src/access/setup.rs"),
            include_str!("../../../src/access/invitation.rs"),
            include_str!("../../../src/access/preview.rs"),
            include_str!("../../../src/access/second_factor.rs"),
            include_str!("../../../src/access/totp.rs"),
            include_str!("../../../src/access/ensure_admin.rs"),
            include_str!("../../../src/access/sign_in.rs"),
            include_str!("../../../src/access/sign_out.rs"),
            include_str!("../../../src/access/sso.rs"),
            include_str!("../../../src/access/user.rs"),
            include_str!("../../../src/access/mod.rs"),
        ],
    ),
    ("audit", &[include_str!("../../../src/audit.rs"), include_str!("../../../src/audit/names.rs")]),
    (
        "export",
        &[
            include_str!("../../../src/export/mod.rs"),
            include_str!("../../../src/export/audit.rs"),
            include_str!("../../../src/export/charges.rs"),
            include_str!("../../../src/export/usage.rs"),
        ],
    ),
    ("groups", &[include_str!("../../../src/groups.rs")]),
    (
        "increases",
        &[
            include_str!("../../../src/increases/approve.rs"),
            include_str!("../../../src/increases/approvers.rs"),
            include_str!("../../../src/increases/ask.rs"),
            include_str!("../../../src/increases/deny.rs"),
            include_str!("../../../src/increases/get.rs"),
            include_str!("../../../src/increases/list.rs"),
            include_str!("../../../src/increases/withdraw.rs"),
        ],
    ),
    (
        "keys",
        &[
            include_str!("../../../src/keys/mod.rs"),
            include_str!("../../../src/keys/count.rs"),
            include_str!("../../../src/keys/create.rs"),
            include_str!("../../../src/keys/delete.rs"),
            include_str!("../../../src/keys/get.rs"),
            include_str!("../../../src/keys/list.rs"),
            include_str!("../../../src/keys/own.rs"),
            include_str!("../../../src/keys/rotate.rs"),
            include_str!("../../../src/keys/rotate_due.rs"),
            include_str!("../../../src/keys/set_blocked.rs"),
            include_str!("../../../src/keys/update.rs"),
        ],
    ),
    (
        "models",
        &[
            include_str!("../../../src/models.rs"),
            include_str!("../../../src/models/providers.rs"),
            include_str!("../../../src/models/test.rs"),
            include_str!("../../../src/models/uses.rs"),
        ],
    ),
    ("budgets", &[include_str!("../../../src/budgets.rs")]),
    ("alerts", &[include_str!("../../../src/alerts.rs")]),
    ("callbacks", &[include_str!("../../../src/callbacks.rs")]),
    ("overview", &[include_str!("../../../src/overview.rs")]),
    ("people", &[include_str!("../../../src/people.rs")]),
    ("records", &[include_str!("../../../src/records.rs")]),
    (
        "requests",
        &[
            include_str!("../../../src/requests/mod.rs"),
            include_str!("../../../src/requests/charges.rs"),
            include_str!("../../../src/requests/get.rs"),
            include_str!("../../../src/requests/list.rs"),
        ],
    ),
    (
        "repricing",
        &[
            include_str!("../../../src/repricing/mod.rs"),
            include_str!("../../../src/repricing/report.rs"),
            include_str!("../../../src/repricing/apply.rs"),
        ],
    ),
    (
        "invoices",
        &[
            include_str!("../../../src/invoices/mod.rs"),
            include_str!("../../../src/invoices/import.rs"),
            include_str!("../../../src/invoices/reconcile.rs"),
        ],
    ),
    ("reset", &[include_str!("../../../src/reset.rs")]),
    ("replay", &[include_str!("../../../src/replay.rs")]),
    (
        "scim",
        &[
            include_str!("../../../src/scim.rs"),
            include_str!("../../../src/scim/tokens.rs"),
            include_str!("../../../src/scim/users.rs"),
            include_str!("../../../src/scim/groups.rs"),
        ],
    ),
    ("secrets", &[include_str!("../../../src/secrets.rs")]),
    ("settings", &[include_str!("../../../src/settings.rs")]),
    ("usage", &[include_str!("../../../src/usage.rs")]),
    ("users", &[include_str!("../../../src/users.rs")]),
    ("vault", &[include_str!("../../../src/vault.rs")]),
];

/// Use cases whose right does not come from what an actor is: a password, a link, a key that is shown, or none at all.
const FREE: [&str; 26] = [
    "access::accept_invitation",
    "access::begin_second_factor",
    "access::confirm_second_factor",
    "access::invited",
    // One's own, or as `users::set_password`: looked at in `second_factor`.
    "access::remove_second_factor",
    "access::second_factor",
    "access::sign_in_with",
    "access::complete_setup",
    // One's own, or as `users::set_password`: looked at in `sso`.
    "access::end_sessions",
    "access::label",
    "access::needs_setup",
    "access::sign_in",
    "access::sign_in_through",
    "access::sign_out",
    "access::signed_in",
    "access::signed_out_there",
    "access::sso_failed",
    "access::user",
    // Of an account that one may see, as it is when one asks for an increase.
    "increases::approvers",
    "keys::own",
    "people::labels",
    "people::sign_ins",
    "scim::authenticate",
    "usage::names",
    "usage::spent",
    "usage::totals_of",
];

/// Changes that nothing in the data plane depends on.
const UNTOLD: [&str; 8] = [
    "access::invite",
    "increases::ask",
    "increases::deny",
    "increases::withdraw",
    "invoices::import",
    "repricing::start",
    "scim::issue",
    "users::set_password",
];

/// Modules without use cases: whatever else has one needs a line in [`SOURCES`].
const OTHERS: [&str; 6] = ["cascade", "change", "error", "managed", "redact", "rules"];

#[tokio::test(flavor = "multi_thread")]
async fn every_use_case_is_in_the_sweep() {
    let office = company(&template().await).await;
    let admin = cast(&office).await.pop().unwrap();
    let mut swept: Vec<_> = cases(&office, &admin).await.into_iter().map(|case| case.name.to_owned()).collect();
    swept.extend(FREE.map(str::to_owned));
    swept.sort();
    swept.dedup();
    let mut written: Vec<String> = Vec::new();
    for (module, texts) in SOURCES {
        for line in texts.iter().flat_map(|text| text.lines()) {
            let rest = line.strip_prefix("pub async fn ");
            written.extend(rest.map(|rest| format!("{module}::{}", rest.split(['(', '<']).next().unwrap())));
        }
    }
    written.sort();
    assert_eq!(swept, written, "each use case has a case in the sweep");
    // Each file of a module with several, and each module, is looked into.
    let source = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for entry in std::fs::read_dir(&source).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        if name == "lib" || OTHERS.contains(&name.as_str()) {
            continue;
        }
        let (_, texts) = SOURCES.iter().find(|(module, _)| *module == name).unwrap_or_else(|| panic!("{name} is new"));
        let files: Vec<_> = match path.is_dir() {
            true => std::fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()).collect(),
            false => vec![path],
        };
        for file in files {
            let text = std::fs::read_to_string(&file).unwrap();
            let known = texts.iter().any(|known| *known == text) || !text.contains("\npub async fn ");
            assert!(known, "{} has use cases and is not in the list", file.display());
        }
    }
}

/// Whether the actor may, and if it is about seeing, whether there could ever be something to see.
fn may(cast: &Cast, may: &May) -> bool {
    let (actor, memberships) = (&cast.op.actor, &cast.op.memberships);
    match may {
        May::Do(action, resource, place) => allowed(actor, memberships, *action, *resource, place),
        May::Export(resource) => allowed_somewhere(actor, memberships, Action::Export, *resource),
        May::See(resource) => {
            // In time, a person may come into a team or organisation, and see.
            let of_groups = [Resource::Organisation, Resource::Team, Resource::Membership].contains(resource);
            allowed_somewhere(actor, memberships, Action::Read, *resource)
                || (of_groups && matches!(actor, Actor::User { .. }))
        }
    }
}

/// Asks, and looks at what came of it. `true`: something was changed.
async fn check(office: &Office, cast: &Cast, case: &Case, state: &str) -> bool {
    let told = format!("{}: {} {} {:?}", cast.name, case.name, case.of, case.may);
    let before = office.store().count_audit(&Default::default()).await.unwrap();
    office.told();
    let result = (case.ask)(office.control.clone(), cast.op.clone()).await;
    let lines = office.store().audit_lines(before as i64, 1000).await.unwrap();
    let now = office.state().await;
    if !may(cast, &case.may) {
        assert!(matches!(result, Err(ControlError::Denied { .. })), "{told}: {result:?}");
        assert!(now == state, "{told}: refused, and changed something");
        assert_eq!(office.told(), [], "{told}");
        // Nobody known is kept out at the door.
        let expected = usize::from(cast.op.actor != Actor::Anonymous);
        assert_eq!(lines.len(), expected, "{told}: {lines:?}");
        assert!(
            lines.iter().all(|line| line.event.action == "denied" && line.event.actor == cast.op.actor.label()),
            "{told}"
        );
        return false;
    }
    match case.then {
        Then::Changed | Then::ChangedMuch => {
            assert!(result.is_ok(), "{told}: {result:?}");
            assert!(now != state, "{told}: nothing was changed");
            assert!(!office.told().is_empty() || UNTOLD.contains(&case.name), "{told}: the data plane was not told");
            let fits = if case.then == Then::Changed { lines.len() == 1 } else { !lines.is_empty() };
            assert!(fits, "{told}: {lines:?}");
            let mut subjects: Vec<_> = lines.iter().map(|l| (&l.event.resource_kind, &l.event.resource_id)).collect();
            subjects.sort();
            subjects.dedup();
            assert_eq!(subjects.len(), lines.len(), "{told}: one line for each thing");
            for line in &lines {
                let event = &line.event;
                assert_eq!((&event.actor, event.actor_kind.as_str()), (&cast.op.actor.label(), cast.op.actor.kind()));
                assert_eq!((event.request_id.as_str(), event.address.as_deref()), ("req-1", Some("203.0.113.9")));
                assert!(!event.resource_id.is_empty() && event.action != "denied", "{told}: {event:?}");
            }
            return true;
        }
        Then::Read => assert!(result.is_ok() && lines.is_empty(), "{told}: {result:?} {lines:?}"),
        Then::ReadAndLogged => assert!(result.is_ok() && lines.len() == 1, "{told}: {result:?} {lines:?}"),
        Then::Conflict => assert!(matches!(result, Err(ControlError::Conflict { .. })), "{told}: {result:?}"),
        Then::NotFound => assert!(matches!(result, Err(ControlError::NotFound { .. })), "{told}: {result:?}"),
        Then::Invalid(expected) => {
            assert!(
                matches!(&result, Err(ControlError::Invalid { field, .. }) if *field == expected),
                "{told}: {result:?}"
            );
        }
    }
    assert!(now == state, "{told}: changed something");
    assert!(lines.is_empty() || case.then == Then::ReadAndLogged, "{told}: {lines:?}");
    assert_eq!(office.told(), [], "{told}");
    false
}

async fn sweep(wanted: &[&str]) {
    let template = template().await;
    let mut office = company(&template).await;
    let state = office.state().await;
    let everybody = cast(&office).await;
    let mut asked = 0;
    for cast in everybody.iter().filter(|cast| wanted.contains(&cast.name)) {
        for case in cases(&office, cast).await {
            asked += 1;
            if check(&office, cast, &case, &state).await {
                office = company(&template).await;
            }
        }
    }
    assert!(asked > 200 * wanted.len(), "{asked}");
}

macro_rules! sweeps {
    ($($name:ident: $wanted:expr;)*) => {
        $(
            #[tokio::test(flavor = "multi_thread")]
            async fn $name() {
                sweep(&$wanted).await;
            }
        )*

        #[tokio::test(flavor = "multi_thread")]
        async fn everybody_is_swept() {
            let mut wanted: Vec<&str> = [$(&$wanted[..]),*].concat();
            let office = company(&template().await).await;
            let mut everybody: Vec<_> = cast(&office).await.into_iter().map(|cast| cast.name).collect();
            wanted.sort();
            everybody.sort();
            assert_eq!(wanted, everybody);
        }
    };
}

sweeps! {
    who_is_nobody_in_particular: ["nobody", "ownerless key"];
    who_may_only_look: ["viewer", "auditor"];
    a_member: ["member"];
    a_teams_admin: ["team admin"];
    an_organisations_admin: ["organisation admin"];
    an_admin: ["admin"];
    the_master_key: ["master key"];
    the_program_itself: ["system"];
}
