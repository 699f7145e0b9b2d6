//! Members of teams and organisations: added, changed, removed.

use http::StatusCode;
use tollgate_control::keys::{self, KeyFilter};
use tollgate_control::{OpContext, records};
use tollgate_domain::Nanos;
use tollgate_domain::ids::{TeamId, UserId};
use tollgate_domain::membership::{Group, MemberRole, Membership};

use super::site::Site;

fn system() -> OpContext {
    OpContext::system("test")
}

async fn member(site: &Site, team: &str, user: &str) -> Option<Membership> {
    let id = Membership::id_of(&Group::Team(TeamId::parse(team).unwrap()), &UserId::parse(user).unwrap()).unwrap();
    records::get::<Membership>(&site.control, &system(), id.as_str()).await.ok()
}

#[tokio::test]
async fn a_member_is_added_changed_and_removed() {
    let site = Site::open().await;
    let team = site.create_team("blue").await;
    let bob = site.create_user("bob@example.com", "member").await;
    let members = format!("/ui/teams/{team}/members");
    site.get(&format!("/ui/teams/{team}"))
        .await
        .says(&format!("method=\"post\" action=\"{members}\""))
        .says("bob@example.com");
    // By the address as well as by the id.
    let page = site.post(&members, &[("user_id", "Bob@example.com"), ("role", "member")]).await;
    assert_eq!(page.location(), format!("{members}?notice=member_added"), "{}", page.html);
    site.get(page.location()).await.says("The person is a member").says(">bob@example.com<");
    assert_eq!(member(&site, &team, &bob).await.unwrap().role, MemberRole::Member);

    let page = site.post(&members, &[("user_id", &bob), ("role", "admin")]).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    page.says("They are a member already.").says("id=\"user_id-error\"");
    for (who, says) in [("", "Say who."), ("nobody@example.com", "There is no user")] {
        let page = site.post(&members, &[("user_id", who), ("role", "admin")]).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{who}");
        page.says(says);
    }

    let one = format!("{members}/{bob}");
    site.get(&one).await.says("bob@example.com").says("name=\"version\" value=\"1\"");
    let fields =
        [("version", "1"), ("role", "admin"), ("max_budget", "12.5"), ("rpm_limit", "9"), ("models", "gpt-4o")];
    let page = site.post(&one, &fields).await;
    assert_eq!(page.location(), format!("{members}?notice=member_changed"), "{}", page.html);
    let changed = member(&site, &team, &bob).await.unwrap();
    assert_eq!(
        (changed.role, changed.limits.max_budget, changed.limits.rpm_limit),
        (MemberRole::Admin, Some(Nanos(12_500_000_000)), Some(9))
    );
    site.get(&members).await.says("Administrator").says("$12.50 in all").says("gpt-4o");
    let page = site.post(&one, &fields).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    page.says("Somebody changed this after");
    let page = site.post(&one, &[("version", "2"), ("role", "admin"), ("max_budget", "?")]).await;
    page.says("id=\"max_budget-error\"");

    let key = [
        ("owner", "person"),
        ("user_id", bob.as_str()),
        ("team_id", team.as_str()),
        ("alias", "bobs"),
        ("expiry", "never"),
    ];
    assert_eq!(site.post("/ui/keys/create", &key).await.status, StatusCode::OK);
    let remove = format!("{one}/remove");
    site.get(&remove)
        .await
        .says("Remove bob@example.com from blue?")
        .says("Their key in this team is deleted")
        .says(">bobs<");
    let page = site.post(&remove, &[]).await;
    assert_eq!(page.location(), format!("{members}?notice=member_removed"));
    assert_eq!(member(&site, &team, &bob).await, None);
    assert_eq!(keys::list(&site.control, &system(), &KeyFilter::default(), None, 10).await.unwrap().items.len(), 0);
    assert_eq!(site.get(&one).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn an_organisation_has_members_too() {
    let site = Site::open().await;
    let page = site.post("/ui/organisations/new", &[("name", "acme"), ("given", "on")]).await;
    let id = page.new_id("/ui/organisations/");
    let bob = site.create_user("bob@example.com", "member").await;
    let members = format!("/ui/organisations/{id}/members");
    let page = site.post(&members, &[("user_id", &bob), ("role", "admin")]).await;
    assert_eq!(page.location(), format!("{members}?notice=member_added"), "{}", page.html);
    let one = format!("{members}/{bob}");
    site.get(&members).await.says("Administrator").says(&format!("href=\"{one}\""));
    let page = site.post(&one, &[("version", "1"), ("role", "member")]).await;
    assert_eq!(page.location(), format!("{members}?notice=member_changed"));
    site.get(&format!("{one}/remove"))
        .await
        .says("Remove bob@example.com from acme?")
        .says("no key in this organisation");
    assert_eq!(site.post(&format!("{one}/remove"), &[]).await.location(), format!("{members}?notice=member_removed"));
    site.get(&members).await.says("No members yet");
}

#[tokio::test]
async fn whoever_runs_a_team_adds_people_they_know_the_address_of() {
    let mut site = Site::open().await;
    let (team, other) = (site.create_team("blue").await, site.create_team("red").await);
    let bob = site.create_user("bob@example.com", "member").await;
    let cyd = site.create_user("cyd@example.com", "member").await;
    site.post(&format!("/ui/teams/{team}/members"), &[("user_id", &bob), ("role", "admin")]).await;
    site.sign_in("bob@example.com").await;
    let members = format!("/ui/teams/{team}/members");
    site.get(&members).await.never_says("cyd@example.com");
    let page = site.post(&members, &[("user_id", "cyd@example.com"), ("role", "member")]).await;
    assert_eq!(page.location(), format!("{members}?notice=member_added"), "{}", page.html);
    assert!(member(&site, &team, &cyd).await.is_some());
    let page = site.post(&format!("/ui/teams/{other}/members"), &[("user_id", "cyd@example.com")]).await;
    assert_ne!(page.status, StatusCode::SEE_OTHER);
    assert_eq!(member(&site, &other, &cyd).await, None);

    // Plain members see the team and not who is in it.
    site.sign_in("cyd@example.com").await;
    site.get(&members).await.says("blue").says("told to those who run the team").never_says(">bob@example.com<");
    let page = site.post(&format!("{members}/{cyd}"), &[("version", "1"), ("role", "admin")]).await;
    assert_ne!(page.status, StatusCode::SEE_OTHER);
    assert_eq!(member(&site, &team, &cyd).await.unwrap().role, MemberRole::Member);
}
