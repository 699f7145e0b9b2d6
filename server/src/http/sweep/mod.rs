//! Every route of the server as every kind of actor: who is let in and who is not is what `table.txt` says, and
//! `dashboard.txt` of the dashboard. A route without a line in one of them, and a line without a route, are failures.
//!
//! A line is: what becomes of it for each of [`world::ACTORS`], method, address and body. `y` is done, `n` denied, `.` sent
//! away because nobody knows who it is, `0` not there, `x` refused for another reason than rights, `o` answered though nothing
//! was to be changed.

mod routes;
pub mod world;

use http::StatusCode;

use world::{ACTORS, Actor, Names, Office, Told, template};

const TABLE: &str = concat!(include_str!("table.txt"), include_str!("dashboard.txt"));

/// Reads that come as something else than GET, and what one may do about oneself.
const HARMLESS: [&str; 27] = [
    "/ui/account/second-factor",
    "/ui/invitation",
    "/api/v1/ledger/repricings/dry-run",
    "/chat/completions",
    "/completions",
    "/embeddings",
    "/responses",
    "/models/gpt-4o:generateContent",
    "/images/generations",
    "/moderations",
    "/rerank",
    "/v2/rerank",
    "/audio/speech",
    "/v1/messages",
    "/v1/messages/count_tokens",
    "/v1beta/models/gpt-4o:generateContent",
    "/key/health",
    "/v2/key/info",
    "/organization/info",
    "/budget/info",
    "/tag/info",
    "/spend/calculate",
    "/ui/api/search",
    "/ui/audit/verify",
    "/ui/sign-in",
    "/ui/sign-out",
    "/ui/setup",
];

/// What anybody may ask for.
const OPEN: [&str; 10] = [
    "/ui/invitation",
    "/",
    "/health/",
    "/api/openapi.json",
    "/api/docs",
    "/api/problems/",
    "/sso/",
    "/ui/sign-in",
    "/ui/setup",
    "/ui/pkg/",
];

#[derive(Clone, Copy, Debug)]
struct Row {
    outcomes: &'static str,
    method: &'static str,
    /// With its query.
    address: &'static str,
    body: &'static str,
}

impl Row {
    fn path(&self) -> &'static str {
        self.address.split('?').next().unwrap_or_default()
    }

    fn is_read(&self) -> bool {
        let path = self.path().strip_prefix("/v1").unwrap_or(self.path());
        self.method == "GET" || HARMLESS.contains(&self.path()) || HARMLESS.contains(&path)
    }

    fn is_open(&self) -> bool {
        OPEN.iter().any(|open| match open.strip_suffix('/') {
            Some(start) if !start.is_empty() => self.path().starts_with(start),
            _ => self.path() == *open,
        })
    }

    /// Which of the doors it is at.
    fn door(&self) -> &'static str {
        match self.path() {
            path if path.starts_with("/ui") => "dashboard",
            path if path.starts_with("/api/") => "api",
            path if path.starts_with("/scim/") => "scim",
            _ => "litellm",
        }
    }
}

fn rows() -> Vec<Row> {
    let lines = TABLE.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|line| {
            let mut parts = line.splitn(4, ' ');
            let mut next = || parts.next().unwrap_or_default();
            Row { outcomes: next(), method: next(), address: next(), body: next() }
        })
        .collect()
}

#[test]
fn every_route_has_a_line_and_every_line_a_route() {
    let (routes, rows) = (routes::all(), rows());
    assert!(routes.len() > 250, "{}", routes.len());
    let mut without: Vec<_> = routes.iter().map(|(method, path)| format!("{method} {path}")).collect();
    for row in &rows {
        let found = routes::of(&routes, row.method, row.path());
        let (method, path) = found.unwrap_or_else(|| panic!("no route for {} {}", row.method, row.path()));
        without.retain(|route| *route != format!("{method} {path}"));
        assert_eq!(row.outcomes.len(), ACTORS.len(), "{row:?}");
    }
    assert!(without.is_empty(), "routes without a line in the table: {without:#?}");
}

#[test]
fn the_table_is_sound() {
    for row in rows() {
        for (actor, outcome) in ACTORS.iter().zip(row.outcomes.chars()) {
            let told = format!("{} {} as {}", row.method, row.address, actor.name);
            match actor.name {
                "nobody" => assert!(row.is_open() || outcome == '.', "{told}"),
                // A dashboard has no keys.
                "master key" | "robot" if row.door() == "dashboard" => {
                    assert!(row.is_open() || outcome == '.', "{told}");
                }
                // It has tokens of its own.
                _ if row.door() == "scim" => assert!(outcome == '.', "{told}"),
                "master key" | "admin" => assert!(outcome != 'n' && (row.is_open() || outcome != '.'), "{told}"),
                // But for pages that are nothing but a form.
                "auditor" if row.is_read() => {
                    let form = ["/new", "/create", "/password", "/invite"].iter().any(|end| row.path().ends_with(end));
                    assert!(form || outcome != 'n', "{told}");
                }
                "auditor" | "viewer" | "robot" => assert!(row.is_read() || outcome != 'y', "{told}"),
                _ => {}
            }
        }
    }
}

/// What became of it.
fn outcome(row: &Row, told: &Told, denied: bool) -> char {
    let location = told.headers.get("location").and_then(|value| value.to_str().ok()).unwrap_or_default();
    match told.status {
        StatusCode::UNAUTHORIZED => '.',
        StatusCode::FORBIDDEN => 'n',
        StatusCode::NOT_FOUND => '0',
        status if status.is_redirection() && location.starts_with("/ui/sign-in?next=") => '.',
        // Lists of outcomes are answers too, and forms are shown again.
        _ if denied && row.method != "GET" => 'n',
        _ if location.contains("notice=denied") => 'n',
        status if status.is_success() || status.is_redirection() => 'y',
        _ => 'x',
    }
}

async fn ask(office: &Office, names: &Names, row: &Row, actor: &Actor) -> char {
    let before = office.audit("denied").await;
    let changes = office.changes().await;
    let told = office.send(row.method, &names.fill(row.address), &names.fill(row.body), actor, names).await;
    let what = format!("{} {} as {}: {} {}", row.method, row.address, actor.name, told.status, told.text);
    // What there is not here, or not without a setting.
    let refused = matches!(told.status, StatusCode::NOT_IMPLEMENTED | StatusCode::SERVICE_UNAVAILABLE);
    assert!(refused || !told.status.is_server_error(), "{what}");
    let now = office.changes().await;
    let outcome = match outcome(row, &told, office.audit("denied").await > before) {
        'y' if !row.is_read() && now == changes => 'o',
        outcome => outcome,
    };
    if outcome != 'y' || ["auditor", "viewer", "robot", "nobody"].contains(&actor.name) {
        assert_eq!(now, changes, "refused, or only a look, and something was changed: {what}");
    }
    outcome
}

async fn sweep(door: &str) {
    let (template, names) = template().await;
    let mut office = Office::copy_of(&template).await;
    let (mut wrong, mut count) = (Vec::new(), 0);
    for row in rows().iter().filter(|row| row.door() == door) {
        let mut found = String::new();
        for actor in &ACTORS {
            let outcome = ask(&office, &names, row, actor).await;
            found.push(outcome);
            count += 1;
            if row.method != "GET" && !matches!(outcome, 'n' | '.' | '0') {
                office = Office::copy_of(&template).await;
            }
        }
        if found != row.outcomes {
            wrong.push(format!("{found} {} {} {}", row.method, row.address, row.body));
        }
    }
    assert!(count >= if door == "scim" { 170 } else { 800 }, "{count}");
    assert!(wrong.is_empty(), "it was otherwise than in the table:\n{}", wrong.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_rest_api() {
    sweep("api").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn scim_as_whoever_has_no_token() {
    sweep("scim").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn litellms_routes_and_calls() {
    sweep("litellm").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_dashboard() {
    sweep("dashboard").await;
}
