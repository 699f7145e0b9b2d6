//! Users: made, changed, disabled, deleted; passwords; one's own page.

use http::StatusCode;
use tollgate_control::keys::{self, KeyFilter};
use tollgate_control::{OpContext, records};
use tollgate_domain::Nanos;
use tollgate_domain::actor::Role;
use tollgate_domain::user::User;

use super::site::{PASSWORD, Site};

async fn user(site: &Site, id: &str) -> Option<User> {
    records::get::<User>(&site.control, &OpContext::system("test"), id).await.ok()
}

#[tokio::test]
async fn a_user_is_made_with_role_memberships_and_password() {
    let mut site = Site::open().await;
    let (blue, red) = (site.create_team("blue").await, site.create_team("red").await);
    let organisation = site.post("/ui/organisations/new", &[("name", "acme"), ("given", "on")]).await;
    let organisation = organisation.new_id("/ui/organisations/");
    site.get("/ui/users/new").await.says("blue").says("acme").says("At least 12 characters");
    let fields = [
        ("email", "Bob@Example.com"),
        ("name", "Bob"),
        ("role", "member"),
        ("max_budget", "50"),
        ("teams", blue.as_str()),
        ("teams", red.as_str()),
        ("team_role", "admin"),
        ("organisation", "acme"),
        ("organisation_role", "member"),
        ("password", PASSWORD),
    ];
    let id = site.post("/ui/users/new", &fields).await.new_id("/ui/users/");
    let bob = user(&site, &id).await.unwrap();
    assert_eq!(
        (bob.email.as_deref(), bob.role, bob.limits.max_budget),
        (Some("bob@example.com"), Role::Member, Some(Nanos(50_000_000_000)))
    );
    let page = site.get(&format!("/ui/users/{id}")).await;
    for text in ["Bob", "bob@example.com", ">blue<", ">red<", ">acme<", "$50.00 in all", "No keys yet"] {
        page.says(text);
    }
    page.says(&format!("href=\"/ui/teams/{blue}\"")).says(&format!("href=\"/ui/organisations/{organisation}\""));
    site.get("/ui/users").await.says(">Bob<").says(">ada@example.com<").says("Administrator").never_says(PASSWORD);
    site.get("/ui/users?q=BOB").await.says(">Bob<").never_says("title=\"ada@example.com\"");

    site.sign_in("bob@example.com").await;
    let page = site.get("/ui/account").await;
    page.says("My account").says(">blue<").says(">acme<").says("/ui/keys/new?owner=me");
    page.never_says("/settings\"").never_says("/password\"");
    site.get("/ui/users").await.says(">Bob<").never_says("title=\"ada@example.com\"");
    assert_eq!(site.get(&format!("/ui/users/{id}/password")).await.status, StatusCode::FORBIDDEN);
    let page = site.post("/ui/users/new", &[("email", "x@example.com"), ("role", "admin")]).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    let mine = [("owner", "me"), ("alias", "mine"), ("expiry", "never")];
    assert_eq!(site.post("/ui/keys/create", &mine).await.status, StatusCode::OK);
    site.get("/ui/account").await.says(">mine<");
    assert_ne!(site.post("/ui/keys/create", &[("owner", "nobody"), ("alias", "no")]).await.status, StatusCode::OK);
}

#[tokio::test]
async fn what_is_wrong_is_told_and_nothing_is_made() {
    let site = Site::open().await;
    let wrong = [
        (vec![("email", ""), ("name", "")], "email", "Give an address or a name."),
        (vec![("email", "bob"), ("password", "")], "email", "That is not an e-mail address."),
        (vec![("email", "ada@example.com")], "email", "There is a user with the address ada@example.com already."),
        (vec![("email", "bob@example.com"), ("password", "short")], "password", "At least 12 characters."),
        (vec![("name", "Bob"), ("email", ""), ("password", PASSWORD)], "email", "needs an address"),
    ];
    for (fields, field, says) in wrong {
        let page = site.post("/ui/users/new", &[&fields[..], &[("role", "member")]].concat()).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{fields:?}");
        page.says(says).says(&format!("id=\"{field}-error\"")).never_says(PASSWORD);
    }
    let count = records::count::<User>(&site.control, &OpContext::system("test"), &records::Filter::default()).await;
    assert_eq!(count.unwrap(), 1);
}

#[tokio::test]
async fn a_user_is_changed_unless_somebody_was_faster() {
    let site = Site::open().await;
    let id = site.create_user("bob@example.com", "member").await;
    let settings = format!("/ui/users/{id}/settings");
    site.get(&settings).await.says("value=\"bob@example.com\"").says("value=\"member\" selected");
    let fields = |name: &'static str, version: &'static str| {
        [("email", "bob@example.com"), ("name", name), ("role", "auditor"), ("version", version)]
    };
    let page = site.post(&settings, &fields("Bob", "1")).await;
    assert_eq!(page.location(), format!("{settings}?notice=updated"), "{}", page.html);
    let page = site.post(&settings, &fields("Bill", "1")).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    page.says("Somebody changed this after").says("value=\"Bill\"").says("name=\"version\" value=\"2\"");
    let bob = user(&site, &id).await.unwrap();
    assert_eq!((bob.name.as_deref(), bob.role), (Some("Bob"), Role::Auditor));
}

#[tokio::test]
async fn a_disabled_user_is_out_until_enabled() {
    let mut site = Site::open().await;
    let id = site.create_user("bob@example.com", "admin").await;
    let page = site.post(&format!("/ui/users/{id}/disable"), &[]).await;
    assert_eq!(page.location(), format!("/ui/users/{id}?notice=disabled"));
    site.get(page.location()).await.says("The user is disabled").says(&format!("action=\"/ui/users/{id}/enable\""));
    site.get("/ui/users?status=disabled").await.says(">bob@example.com<").never_says("title=\"ada@example.com\"");
    let page = site.post("/ui/sign-in", &[("email", "bob@example.com"), ("password", PASSWORD)]).await;
    assert_ne!(page.location(), "/ui");
    site.post(&format!("/ui/users/{id}/enable"), &[]).await;
    site.sign_in("bob@example.com").await;
    site.get("/ui/users").await.says(">ada@example.com<");
}

#[tokio::test]
async fn the_last_administrator_stays_one() {
    let site = Site::open().await;
    let ada = site.store.find_user_by_email("ada@example.com").await.unwrap().unwrap().0;
    let (path, version) = (format!("/ui/users/{}", ada.id), ada.meta.version.to_string());
    let page = site.post(&format!("{path}/disable"), &[]).await;
    assert_eq!(page.location(), format!("{path}?notice=last_admin"));
    site.get(page.location()).await.says("the last administrator");
    let fields = [("email", "ada@example.com"), ("role", "member"), ("version", version.as_str())];
    let page = site.post(&format!("{path}/settings"), &fields).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    page.says("This is the last administrator");
    let fields = [("confirm", "ada@example.com"), ("version", version.as_str())];
    let page = site.post(&format!("{path}/delete"), &fields).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    page.says("This is the last administrator");
    assert_eq!(user(&site, ada.id.as_str()).await.unwrap().role, Role::Admin);
}

#[tokio::test]
async fn a_new_password_takes_the_place_of_the_old() {
    let mut site = Site::open().await;
    let id = site.create_user("bob@example.com", "member").await;
    let path = format!("/ui/users/{id}/password");
    site.get(&path).await.says("Set the password of bob@example.com");
    for (text, says) in [("", "Type the new password."), ("short", "At least 12 characters.")] {
        let page = site.post(&path, &[("password", text)]).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
        page.says(says).says("id=\"password-error\"");
    }
    let page = site.post(&path, &[("password", "another long password")]).await;
    assert_eq!(page.location(), format!("/ui/users/{id}?notice=password_set"));
    let tried = site.post("/ui/sign-in", &[("email", "bob@example.com"), ("password", PASSWORD)]).await;
    assert_ne!(tried.location(), "/ui");
    let tried = site.post("/ui/sign-in", &[("email", "bob@example.com"), ("password", "another long password")]).await;
    assert_eq!(tried.location(), "/ui");
    site.sign_in("ada@example.com").await;
}

#[tokio::test]
async fn a_user_is_deleted_with_what_is_theirs_after_saying_so() {
    let site = Site::open().await;
    let id = site.create_user("bob@example.com", "member").await;
    let team = site.create_team("blue").await;
    site.post(&format!("/ui/teams/{team}/members"), &[("user_id", &id), ("role", "member")]).await;
    let key = [("owner", "person"), ("user_id", id.as_str()), ("alias", "bobs"), ("expiry", "never")];
    assert_eq!(site.post("/ui/keys/create", &key).await.status, StatusCode::OK);
    let path = format!("/ui/users/{id}/delete");
    site.get(&path).await.says("Delete bob@example.com?").says("1 key is deleted").says("1 membership goes");
    let page = site.post(&path, &[("confirm", "bob"), ("version", "1")]).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    let page = site.post(&path, &[("confirm", "bob@example.com"), ("version", "1")]).await;
    assert_eq!(page.location(), "/ui/users?notice=deleted", "{}", page.html);
    assert_eq!(user(&site, &id).await, None);
    let left = keys::list(&site.control, &OpContext::system("test"), &KeyFilter::default(), None, 10).await.unwrap();
    assert_eq!(left.items.len(), 0);
    site.get(&format!("/ui/teams/{team}/members")).await.says("No members yet");
}
