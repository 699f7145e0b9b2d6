//! The audit log: searched, read, taken out, verified.

use http::{StatusCode, header};
use serde_json::Value;
use tollgate_control::OpContext;
use tollgate_control::audit::AuditFilter;
use tollgate_control::keys::{self, NewKey};
use tollgate_domain::actor::Role;

use super::site::Site;

async fn line_of(site: &Site, action: &str) -> String {
    let filter = AuditFilter { action: Some(action.to_owned()), ..AuditFilter::default() };
    site.store.list_audit(&filter, None, 1).await.unwrap().items[0].event.id.to_string()
}

#[tokio::test]
async fn every_change_is_found_and_read() {
    let site = Site::open().await;
    let (key, text) = site.create_key("team blue").await;
    let fields = [("version", "1"), ("alias", "team red"), ("models", "gpt-4o"), ("expiry", "never")];
    site.post(&format!("/ui/keys/{key}/update"), &fields).await;

    let page = site.get("/ui/audit").await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.html);
    page.says("Changed key").says("Created key").says("Signed in").says("ada@example.com").never_says(&text);
    let (changed, created) = (page.html.find("Changed key").unwrap(), page.html.find("Created key").unwrap());
    assert!(changed < created, "newest first");
    page.says("alias, models").says(&format!("href=\"/ui/keys/{key}\"")).never_says("<template");

    site.get("/ui/audit?action=key.create").await.says("Created key").never_says("Changed key");
    site.get("/ui/audit?action=key.*").await.says("Created key").says("Changed key").never_says(">Signed in<");
    site.get("/ui/audit?kind=user").await.says("Signed in").never_says(">Created key<");
    site.get("/ui/audit?q=Team%20RED").await.says("Changed key").never_says(">Created key<");
    site.get("/ui/audit?actor=ADA@example.com").await.says("Created key").says("Who: ada@example.com");
    site.get("/ui/audit?actor=system").await.never_says(">Created key<");
    site.get(&format!("/ui/audit?kind=key&id={key}")).await.says("Created key").never_says(">Signed in<");
    site.get("/ui/audit?until=2020-01-01").await.says("No line matches");
    site.get("/ui/audit?since=2020-01-01").await.says("Created key");

    let line = line_of(&site, "key.update").await;
    let page = site.get(&format!("/ui/audit/{line}")).await;
    assert_eq!(page.status, StatusCode::OK);
    page.says("Changed key team red")
        .says("<del>team blue</del>")
        .says("<ins>team red</ins>")
        .says("<ins>gpt-4o</ins>");
    page.says("All that this actor did").says(&format!("href=\"/ui/audit?kind=key&amp;id={key}\""));
    let line = line_of(&site, "key.create").await;
    site.get(&format!("/ui/audit/{line}")).await.says("What was created").never_says(&text);
    for missing in ["0199d5a4-0000-7000-8000-000000000000", "nonsense"] {
        assert_eq!(site.get(&format!("/ui/audit/{missing}")).await.status, StatusCode::NOT_FOUND);
    }
}

#[tokio::test]
async fn the_log_is_paged() {
    let site = Site::open().await;
    for n in 0..60 {
        let mut new = NewKey::default();
        new.key.alias = Some(format!("app-{n:02}"));
        keys::create(&site.control, &OpContext::system("test"), new).await.unwrap();
    }
    let first = site.get("/ui/audit?action=key.create").await;
    first.says(">app-59<").says(">app-10<").never_says(">app-09<");
    let next = first.between("href=\"/ui/audit?action=key.create&amp;after=", "\"");
    site.get(&format!("/ui/audit?action=key.create&after={next}")).await.says(">app-09<").never_says(">app-10<");
}

#[tokio::test]
async fn an_export_is_what_the_filters_match_and_is_in_the_log_itself() {
    let site = Site::open().await;
    site.create_key("=1+1").await;
    for n in 0..1_200 {
        let mut new = NewKey::default();
        new.key.alias = Some(format!("app-{n}"));
        keys::create(&site.control, &OpContext::system("test"), new).await.unwrap();
    }
    site.get("/ui/audit?action=key.*").await.says("/ui/audit/export?action=key.%2A&amp;format=csv");

    let csv = site.get("/ui/audit/export?action=key.*&format=csv").await;
    assert_eq!(csv.status, StatusCode::OK);
    assert_eq!(csv.headers[header::CONTENT_TYPE], "text/csv; charset=utf-8; header=present");
    let name = csv.headers[header::CONTENT_DISPOSITION].to_str().unwrap();
    assert!(name.starts_with("attachment; filename=\"audit-20") && name.ends_with(".csv\""), "{name}");
    let lines: Vec<_> = csv.html.split("\r\n").filter(|line| !line.is_empty()).collect();
    assert_eq!(lines.len(), 1 + 1_201);
    assert!(lines[0].starts_with("seq,at,actor_kind,actor,"));
    assert!(lines[1..].iter().all(|line| line.contains(",key.create,")));

    let json = site.get("/ui/audit/export?format=jsonl&actor=ada%40example.com").await;
    assert_eq!(json.headers[header::CONTENT_TYPE], "application/x-ndjson");
    let rows: Vec<Value> = json.html.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let actions: Vec<_> = rows.iter().map(|row| row["action"].as_str().unwrap()).collect();
    assert_eq!(actions, ["sign_in", "key.create", "audit.export", "audit.export"]);
    assert!(rows[2]["after"].as_str().unwrap().contains("key.*"));
    site.get("/ui/audit?action=audit.export").await.says("Exported audit log");
}

#[tokio::test]
async fn the_chain_is_verified_when_asked_for() {
    let site = Site::open().await;
    site.create_key("one").await;
    site.get("/ui/audit/verify").await.says("Verify now").never_says("as it was written:");
    let page = site.post("/ui/audit/verify", &[]).await;
    assert_eq!(page.status, StatusCode::OK);
    let lines = site.store.audit_lines(0, 1000).await.unwrap();
    page.says(&format!("all {} lines fit", lines.len())).says(&lines.last().unwrap().hash).says("Verify again");
}

#[tokio::test]
async fn an_auditor_reads_and_exports_and_a_member_does_neither() {
    let site = Site::open().await;
    site.become_a(Role::Auditor).await;
    site.get("/ui/audit").await.says("Signed in").says("JSON Lines");
    assert_eq!(site.get("/ui/audit/export").await.status, StatusCode::OK);
    site.post("/ui/audit/verify", &[]).await.says("as it was written");

    let line = line_of(&site, "sign_in").await;
    site.become_a(Role::Member).await;
    for path in ["/ui/audit".to_owned(), format!("/ui/audit/{line}"), "/ui/audit/verify".to_owned()] {
        let page = site.get(&path).await;
        assert_eq!(page.status, StatusCode::FORBIDDEN, "{path}");
        page.never_says("Signed in").never_says("JSON Lines");
    }
    for page in [site.get("/ui/audit/export").await, site.post("/ui/audit/verify", &[]).await] {
        assert_eq!((page.status, page.location()), (StatusCode::SEE_OTHER, "/ui/audit?notice=denied"));
    }
    site.become_a(Role::Admin).await;
    site.get("/ui/audit?action=denied").await.says("Was refused");
}
