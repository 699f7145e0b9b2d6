//! Organisations: made, changed, blocked, and not deleted while they have teams.

use http::StatusCode;
use tollgate_control::{OpContext, records};
use tollgate_domain::Nanos;
use tollgate_domain::organisation::Organisation;

use super::site::Site;

async fn organisation(site: &Site, id: &str) -> Option<Organisation> {
    records::get::<Organisation>(&site.control, &OpContext::system("test"), id).await.ok()
}

#[tokio::test]
async fn an_organisation_is_made_changed_and_blocked() {
    let site = Site::open().await;
    site.get("/ui/organisations").await.says("No organisations yet");
    let fields = [
        ("name", "acme"),
        ("given", "on"),
        ("max_budget", "5000"),
        ("budget_duration", "monthly"),
        ("models", "gpt-4o"),
    ];
    let id = site.post("/ui/organisations/new", &fields).await.new_id("/ui/organisations/");
    let made = organisation(&site, &id).await.unwrap();
    assert_eq!((made.limits.max_budget, made.models.len()), (Some(Nanos(5_000_000_000_000)), 1));
    site.get("/ui/organisations").await.says(">acme<").says("$5,000.00 a month");

    let settings = format!("/ui/organisations/{id}/settings");
    site.get(&settings).await.says("value=\"5000\"").says("value=\"monthly\"");
    let change = |name: &'static str, version: &'static str| [("name", name), ("given", "on"), ("version", version)];
    let page = site.post(&settings, &change("ACME", "1")).await;
    assert_eq!(page.location(), format!("{settings}?notice=updated"), "{}", page.html);
    let page = site.post(&settings, &change("late", "1")).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    page.says("Somebody changed this after").says("value=\"late\"");
    assert!(organisation(&site, &id).await.unwrap().limits.is_empty());

    let page = site.post(&format!("/ui/organisations/{id}/block"), &[]).await;
    site.get(page.location()).await.says("The organisation is blocked.");
    assert!(organisation(&site, &id).await.unwrap().blocked);
    site.post(&format!("/ui/organisations/{id}/unblock"), &[]).await;
    assert!(!organisation(&site, &id).await.unwrap().blocked);
}

#[tokio::test]
async fn an_organisation_with_teams_stays() {
    let site = Site::open().await;
    let id =
        site.post("/ui/organisations/new", &[("name", "acme"), ("given", "on")]).await.new_id("/ui/organisations/");
    let link = format!("/ui/teams/new?organisation={id}");
    site.get(&format!("/ui/organisations/{id}")).await.says("No teams yet").says(&link);
    site.get(&link).await.says(&format!("value=\"{id}\" selected"));
    // By the name as well as by the id.
    let fields = [("name", "blue"), ("given", "on"), ("organisation_id", "ACME")];
    let team = site.post("/ui/teams/new", &fields).await.new_id("/ui/teams/");
    site.get(&format!("/ui/organisations/{id}")).await.says(">blue<");
    for text in [id.as_str(), "ACME"] {
        site.get(&format!("/ui/teams?organisation={text}")).await.says("Organisation: acme").says(">blue<");
    }
    site.get("/ui/teams?organisation=other").await.says("No team matches");

    let delete = format!("/ui/organisations/{id}/delete");
    site.get(&delete).await.says("It has 1 team").never_says(&format!("action=\"{delete}\""));
    let page = site.post(&delete, &[("confirm", "acme"), ("version", "1")]).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(organisation(&site, &id).await.is_some());

    let page = site.post(&format!("/ui/teams/{team}/delete"), &[("confirm", "blue"), ("version", "1")]).await;
    assert_eq!(page.location(), "/ui/teams?notice=deleted");
    site.get(&delete).await.says("Delete acme?").says("no teams and no members");
    let page = site.post(&delete, &[("confirm", "acme"), ("version", "1")]).await;
    assert_eq!(page.location(), "/ui/organisations?notice=deleted");
    assert!(organisation(&site, &id).await.is_none());
}
