//! Teams: made, found, changed, blocked, deleted.

use http::StatusCode;
use tollgate_control::keys::{self, KeyFilter};
use tollgate_control::{OpContext, records};
use tollgate_domain::Nanos;
use tollgate_domain::actor::Role;
use tollgate_domain::model::ModelPattern;
use tollgate_domain::record::Record as _;
use tollgate_domain::team::Team;

use super::site::{Page, Site};

fn system() -> OpContext {
    OpContext::system("test")
}

async fn team(site: &Site, id: &str) -> Team {
    records::get::<Team>(&site.control, &system(), id).await.unwrap()
}

const FIELDS: [(&str, &str); 16] = [
    ("given", "on"),
    ("models", "gpt-4o"),
    ("models_other", "azure/*"),
    ("max_budget", "$1,200.50"),
    ("budget_duration", "30d"),
    ("tpm_limit", "100,000"),
    ("model_limits", "gpt-4o budget=5 rpm=7"),
    ("member_max_budget", "20"),
    ("member_budget_duration", "monthly"),
    ("member_permissions", "/key/generate"),
    ("member_permissions", "/key/delete"),
    ("model_aliases", "fast = gpt-4o"),
    ("tags", "blue\nteam"),
    ("metadata", "{\"department\": \"sales\"}"),
    ("organisation_id", ""),
    ("budget_id", ""),
];

fn with<'a>(more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    [&FIELDS[..], more].concat()
}

#[tokio::test]
async fn everything_that_a_form_says_is_kept_and_shown_again() {
    let site = Site::open().await;
    site.get("/ui/teams").await.says("No teams yet").says("href=\"/ui/teams/new\"");
    site.get("/ui/teams/new").await.says("method=\"post\" action=\"/ui/teams/new\"").says("ada@example.com");
    let id = site.post("/ui/teams/new", &with(&[("name", "Team <blue>")])).await.new_id("/ui/teams/");
    let made = team(&site, &id).await;
    assert_eq!((made.name.as_str(), made.models.len(), made.tags.len()), ("Team <blue>", 2, 2));
    assert_eq!(made.limits.max_budget, Some(Nanos(1_200_500_000_000)));
    assert_eq!(made.limits.models["gpt-4o"].rpm_limit, Some(7));
    assert_eq!(made.limits.tpm_limit, Some(100_000));
    assert_eq!(made.member_limits.max_budget, Some(Nanos(20_000_000_000)));
    assert_eq!(made.member_permissions, ["/key/generate", "/key/delete"]);
    assert_eq!((made.model_aliases["fast"].as_str(), &made.metadata["department"]), ("gpt-4o", &"sales".into()));

    site.get("/ui/teams").await.says("Team &lt;blue&gt;").says("$1,200.50 every 30d").never_says("<blue>");
    let page = site.get(&format!("/ui/teams/{id}")).await;
    page.says("Team &lt;blue&gt;").says("$1,200.50 every 30d").says("gpt-4o, azure/*").says("No members yet");

    // A form that is sent back as it was shown changes nothing.
    let settings = format!("/ui/teams/{id}/settings");
    let shown = site.get(&settings).await;
    shown.says("value=\"1200.5\"").says("value=\"monthly\"").says("gpt-4o budget=5 rpm=7").says("fast = gpt-4o");
    let page = site.post(&settings, &with(&[("name", "Team <blue>"), ("version", "1")])).await;
    assert_eq!(page.location(), format!("{settings}?notice=updated"));
    let mut again = team(&site, &id).await;
    assert_eq!(again.meta.version, 2);
    again.meta = made.meta.clone();
    assert_eq!(again, made);
}

#[tokio::test]
async fn what_is_wrong_is_told_at_its_field() {
    let site = Site::open().await;
    let wrong = [
        ("name", "", "Give the team a name."),
        ("max_budget", "much", "Write an amount of dollars"),
        ("budget_duration", "1y", "Write a number and a unit"),
        ("member_tpm_limit", "x", "Write a whole number"),
        ("model_aliases", "fast", "is not a pair"),
        ("metadata", "[1]", "Write a JSON object"),
        ("organisation_id", "nowhere", "There is no organisation `nowhere`."),
        ("first_admin", "nobody", "There is no user `nobody`."),
    ];
    for (field, text, says) in wrong {
        let page = site.post("/ui/teams/new", &[("name", "x"), ("given", "on"), (field, text)]).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{field}");
        page.says(says).says(&format!("id=\"{field}-error\""));
    }
    assert_eq!(records::count::<Team>(&site.control, &system(), &records::Filter::default()).await.unwrap(), 0);
}

#[tokio::test]
async fn the_second_of_two_is_told_and_loses_nothing() {
    let site = Site::open().await;
    let id = site.create_team("one").await;
    let settings = format!("/ui/teams/{id}/settings");
    let first = site.post(&settings, &with(&[("name", "two"), ("version", "1")])).await;
    assert_eq!(first.status, StatusCode::SEE_OTHER, "{}", first.html);
    let late = with(&[("name", "three"), ("tags", "mine"), ("version", "1")]);
    let page = site.post(&settings, &late).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    page.says("Somebody changed this after").says("value=\"three\"").says("mine</textarea>");
    page.says("name=\"version\" value=\"2\"");
    assert_eq!(team(&site, &id).await.name, "two");
    // Without a version, somebody's change could be written over unseen.
    let page = site.post(&settings, &with(&[("name", "four")])).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    let page = site.post(&settings, &with(&[("name", "three"), ("version", "2")])).await;
    assert_eq!(page.status, StatusCode::SEE_OTHER);
    assert_eq!(team(&site, &id).await.name, "three");
}

#[tokio::test]
async fn a_team_is_blocked_found_and_let_go() {
    let site = Site::open().await;
    let id = site.create_team("blue").await;
    site.create_team("red").await;
    let page = site.post(&format!("/ui/teams/{id}/block"), &[]).await;
    assert_eq!(page.location(), format!("/ui/teams/{id}?notice=blocked"));
    assert!(team(&site, &id).await.blocked);
    site.get(page.location()).await.says("The team is blocked.").says(&format!("action=\"/ui/teams/{id}/unblock\""));
    site.get("/ui/teams?status=blocked").await.says(">blue<").never_says(">red<");
    site.get("/ui/teams?status=active").await.says(">red<").never_says(">blue<");
    site.get("/ui/teams?q=RE").await.says(">red<").never_says(">blue<");
    site.get("/ui/teams?q=none").await.says("No team matches");
    site.post(&format!("/ui/teams/{id}/unblock"), &[]).await;
    assert!(!team(&site, &id).await.blocked);
}

fn key<'a>(team: &'a str, alias: &'a str) -> [(&'a str, &'a str); 4] {
    [("owner", "service"), ("team_id", team), ("alias", alias), ("expiry", "never")]
}

#[tokio::test]
async fn a_team_is_deleted_with_what_it_has_after_saying_so() {
    let site = Site::open().await;
    let id = site.create_team("blue").await;
    for alias in ["one", "two"] {
        assert_eq!(site.post("/ui/keys/create", &key(&id, alias)).await.status, StatusCode::OK);
    }
    let bob = site.create_user("bob@example.com", "member").await;
    site.post(&format!("/ui/teams/{id}/members"), &[("user_id", &bob), ("role", "member")]).await;
    site.get(&format!("/ui/teams/{id}/keys")).await.says(">one<").says(">two<").says("Service account");

    let path = format!("/ui/teams/{id}/delete");
    let question = site.get(&path).await;
    question.says("Delete blue?").says("2 keys are deleted").says("None was ever used").says("1 person is no longer");
    let page = site.post(&path, &[("confirm", "red"), ("version", "2")]).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    page.says("Nothing was deleted").says("Delete blue?");
    let version = team(&site, &id).await.meta.version.to_string();
    let page = site.post(&path, &[("confirm", "blue"), ("version", &version)]).await;
    assert_eq!(page.location(), "/ui/teams?notice=deleted");
    site.get(page.location()).await.says("The team is deleted").never_says(">blue<");
    site.get("/ui/teams?status=deleted").await.says("blue").never_says(&format!("href=\"/ui/teams/{id}\""));
    assert_eq!(keys::list(&site.control, &system(), &KeyFilter::default(), None, 10).await.unwrap().items.len(), 0);
    assert_eq!(site.get(&format!("/ui/teams/{id}")).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn an_auditor_reads_and_changes_nothing() {
    let site = Site::open().await;
    let id = site.create_team("blue").await;
    site.become_a(Role::Auditor).await;
    site.get("/ui/teams").await.says(">blue<").never_says("Create team");
    for page in ["", "/keys", "/settings"] {
        site.get(&format!("/ui/teams/{id}{page}")).await.says("blue").never_says("action=\"/ui/teams");
    }
    site.get("/ui/teams/new").await.says("Ask an administrator").never_says("action=\"/ui/teams/new\"");
    let page = site.post("/ui/teams/new", &[("name", "red"), ("given", "on")]).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    for verb in ["block", "unblock"] {
        let page = site.post(&format!("/ui/teams/{id}/{verb}"), &[]).await;
        assert_eq!(page.location(), format!("/ui/teams/{id}?notice=denied"));
    }
    let page = site.post(&format!("/ui/teams/{id}/delete"), &[("confirm", "blue"), ("version", "1")]).await;
    assert_eq!(page.location(), format!("/ui/teams/{id}?notice=denied"));
    site.post(&format!("/ui/teams/{id}/settings"), &with(&[("name", "red"), ("version", "1")])).await;
    assert_eq!(team(&site, &id).await.meta.version, 1);
}

#[tokio::test]
async fn whoever_runs_a_team_changes_it_and_not_what_it_was_given() {
    let mut site = Site::open().await;
    let id = site.create_team("blue").await;
    site.post(&format!("/ui/teams/{id}/settings"), &with(&[("name", "blue"), ("version", "1")])).await;
    let bob = site.create_user("bob@example.com", "member").await;
    site.post(&format!("/ui/teams/{id}/members"), &[("user_id", &bob), ("role", "admin")]).await;
    site.create_team("red").await;
    site.sign_in("bob@example.com").await;

    site.get("/ui/teams").await.says(">blue<").never_says(">red<");
    let settings = format!("/ui/teams/{id}/settings");
    let page = site.get(&settings).await;
    page.says("name=\"member_max_budget\"").never_says("name=\"max_budget\"").never_says("name=\"given\"");
    page.never_says(&format!("{id}/block\"")).never_says(&format!("{id}/delete\""));
    let before = team(&site, &id).await;
    let version = before.meta.version.to_string();
    let page = site.post(&settings, &[("name", "azure"), ("tags", "sky"), ("version", &version)]).await;
    assert_eq!(page.location(), format!("{settings}?notice=updated"), "{}", page.html);
    let after = team(&site, &id).await;
    assert_eq!((after.name.as_str(), &after.limits, &after.models), ("azure", &before.limits, &before.models));
    // Who sends more than was shown is refused.
    let version = after.meta.version.to_string();
    let page = site.post(&settings, &with(&[("name", "azure"), ("models", "o3"), ("version", &version)])).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    page.says("You may not change this team.");
    assert_eq!(team(&site, &id).await.models, before.models);
}

#[tokio::test]
async fn ids_are_whatever_people_chose() {
    let site = Site::open().await;
    let mut odd = team(&site, &site.create_team("odd").await).await;
    for id in ["a b", "x/y", "50% & more?#", "ü<b>", "new", "..", "~new"] {
        odd.id = tollgate_domain::ids::TeamId::parse(id).unwrap();
        records::create(&site.control, &system(), odd.clone()).await.unwrap();
        let list = site.get("/ui/teams").await;
        let href = crate::pages::team_href(id);
        assert!(href.bytes().all(|b| b.is_ascii_graphic()), "{href}");
        list.says(&format!("href=\"{href}\""));
        let settings = format!("{href}/settings");
        let shown: Page = site.get(&settings).await;
        assert_eq!(shown.status, StatusCode::OK, "{settings}");
        shown.says(&format!("action=\"{settings}\""));
        let page = site.post(&settings, &with(&[("name", "found"), ("version", "1")])).await;
        assert_eq!(page.location(), format!("{settings}?notice=updated"), "{}", page.html);
        assert_eq!((team(&site, id).await.name.as_str(), team(&site, id).await.id()), ("found", id));
    }
    assert_eq!(odd.models, Vec::<ModelPattern>::new());
}
