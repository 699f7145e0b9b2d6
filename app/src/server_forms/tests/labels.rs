//! Budgets, tags, customers and access groups: made, shared, changed, stopped; and the settings.

use http::StatusCode;
use tollgate_domain::Nanos;
use tollgate_domain::access_group::AccessGroup;
use tollgate_domain::actor::Role;
use tollgate_domain::budget::Budget;
use tollgate_domain::customer::Customer;
use tollgate_domain::tag::Tag;

use super::site::{Page, Site};

fn refused(page: &Page) -> &Page {
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", page.html);
    page
}

#[track_caller]
fn goes_to(page: &Page, location: &str) {
    assert_eq!((page.status, page.location()), (StatusCode::SEE_OTHER, location), "{}", page.html);
}

#[tokio::test]
async fn a_budget_is_shared_and_kept_while_it_is() {
    let site = Site::open().await;
    site.get("/ui/budgets").await.says("No budgets yet").says("/ui/budgets/new");
    site.get("/ui/budgets/new").await.says("name=\"max_budget\"");
    let fields = [
        ("id", "interns"),
        ("name", "Interns < all"),
        ("max_budget", "20.50"),
        ("budget_duration", "monthly"),
        ("rpm_limit", "1,200"),
    ];
    goes_to(&site.post("/ui/budgets/create", &fields).await, "/ui/budgets/interns?notice=created");
    let found = async || site.store.find::<Budget>("interns").await.unwrap().unwrap();
    assert_eq!(
        (found().await.limits.max_budget, found().await.limits.rpm_limit),
        (Some(Nanos(20_500_000_000)), Some(1_200))
    );
    refused(&site.post("/ui/budgets/create", &fields).await).says("id=\"id-error\"");
    let page = site.post("/ui/budgets/create", &[("name", ""), ("max_budget", "lots")]).await;
    refused(&page).says("id=\"name-error\"").says("id=\"max_budget-error\"").says("value=\"lots\"");

    site.get("/ui/budgets").await.says("Interns &lt; all").says("$20.50 a month").says("nobody yet");
    let page = site.get("/ui/budgets/interns").await;
    page.says("$20.50 a month").says("value=\"20.5\"").says("value=\"monthly\"").says("name=\"version\" value=\"1\"");
    let tag = [("name", "apollo"), ("budget_id", "interns")];
    goes_to(&site.post("/ui/tags/create", &tag).await, "/ui/tags/apollo?notice=created");
    site.get("/ui/budgets").await.says("1 tag");
    site.get("/ui/budgets/interns").await.says("href=\"/ui/tags?budget=interns\"");
    site.get("/ui/tags?budget=interns").await.says(">apollo<").says("Budget: Interns &lt; all");

    let fields = [("version", "1"), ("name", "Interns"), ("max_budget", "30"), ("budget_duration", "30d")];
    goes_to(&site.post("/ui/budgets/interns/update", &fields).await, "/ui/budgets/interns?notice=updated");
    assert_eq!((found().await.name.as_str(), found().await.limits.rpm_limit), ("Interns", None));
    let page = site.post("/ui/budgets/interns/update", &fields).await;
    refused(&page).says("Somebody changed this after").says("name=\"version\" value=\"2\"");

    site.get("/ui/budgets/interns/delete").await.says("while it is shared").says("1 tag");
    refused(&site.post("/ui/budgets/interns/delete", &[("confirm", "x")]).await).says("id=\"confirm-error\"");
    let page = site.post("/ui/budgets/interns/delete", &[("confirm", "Interns")]).await;
    refused(&page).says("The budget is in use by 1 tag:");
    site.post("/ui/tags/apollo/delete", &[("confirm", "apollo")]).await;
    goes_to(&site.post("/ui/budgets/interns/delete", &[("confirm", "Interns")]).await, "/ui/budgets?notice=deleted");
    assert_eq!(site.get("/ui/budgets/interns").await.status, StatusCode::NOT_FOUND);
    goes_to(&site.post("/ui/budgets/interns/delete", &[]).await, "/ui/budgets?notice=not_found");
}

#[tokio::test]
async fn a_tag_may_be_called_anything() {
    let site = Site::open().await;
    site.get("/ui/tags").await.says("No tags yet");
    for (name, path) in [
        ("new", "~new"),
        ("a/b c", "a%2Fb%20c"),
        ("..", "~.."),
        ("50%", "50%25"),
        ("~x", "~~x"),
        ("ä?#&", "%C3%A4%3F%23%26"),
    ] {
        let path = format!("/ui/tags/{path}");
        goes_to(
            &site.post("/ui/tags/create", &[("name", name), ("description", "What")]).await,
            &format!("{path}?notice=created"),
        );
        assert_eq!(site.get(&path).await.status, StatusCode::OK, "{path}");
        let fields = [("version", "1"), ("description", "Else"), ("models", "gpt-4o"), ("max_budget", "5")];
        goes_to(&site.post(&format!("{path}/update"), &fields).await, &format!("{path}?notice=updated"));
        let tag = site.store.find::<Tag>(name).await.unwrap().unwrap();
        assert_eq!((tag.description.as_deref(), tag.models.len()), (Some("Else"), 1));
        site.get("/ui/tags").await.says(&format!("href=\"{path}\""));
        goes_to(&site.post(&format!("{path}/delete"), &[("confirm", name)]).await, "/ui/tags?notice=deleted");
    }
    for bad in ["a,b", &"x".repeat(101)] {
        refused(&site.post("/ui/tags/create", &[("name", bad)]).await).says("id=\"name-error\"");
    }
    let page = site.post("/ui/tags/create", &[("name", "x"), ("budget_id", "nothing")]).await;
    refused(&page).says("id=\"budget_id-error\"").says("There is no budget `nothing`");
}

#[tokio::test]
async fn a_customer_is_limited_and_blocked() {
    let site = Site::open().await;
    let fields = [
        ("id", "acme-1"),
        ("name", "Acme"),
        ("max_budget", "5"),
        ("models", "gpt-4o"),
        ("models_other", "azure/*"),
        ("allowed_model_region", "eu"),
        ("metadata", "{\"crm\": 4711}"),
    ];
    goes_to(&site.post("/ui/customers/create", &fields).await, "/ui/customers/acme-1?notice=created");
    let found = async || site.store.find::<Customer>("acme-1").await.unwrap().unwrap();
    let customer = found().await;
    assert_eq!((customer.models.len(), customer.metadata["crm"].as_i64()), (2, Some(4711)));
    let page = site.get("/ui/customers/acme-1").await;
    page.says(">Acme<").says("$5.00 in all").says("azure/*").says(">EU<").says("crm");
    site.get("/ui/customers?q=ACME").await.says(">acme-1<");
    site.get("/ui/customers?status=blocked").await.says("No customer matches");

    goes_to(&site.post("/ui/customers/acme-1/block", &[]).await, "/ui/customers/acme-1?notice=blocked");
    assert!(found().await.blocked);
    site.get("/ui/customers?status=blocked").await.says(">acme-1<");
    site.get("/ui/customers/acme-1").await.says("action=\"/ui/customers/acme-1/unblock\"");
    goes_to(&site.post("/ui/customers/acme-1/unblock", &[]).await, "/ui/customers/acme-1?notice=unblocked");

    site.post("/ui/budgets/create", &[("id", "b"), ("name", "B")]).await;
    let fields = [("version", "3"), ("name", "Acme"), ("budget_id", "b"), ("max_budget", "5")];
    refused(&site.post("/ui/customers/acme-1/update", &fields).await).says("id=\"budget_id-error\"");
    let fields = [("version", "3"), ("name", ""), ("budget_id", "b"), ("metadata", "[1]")];
    refused(&site.post("/ui/customers/acme-1/update", &fields).await)
        .says("id=\"metadata-error\"")
        .says("[1]</textarea>");
    goes_to(&site.post("/ui/customers/acme-1/update", &fields[..3]).await, "/ui/customers/acme-1?notice=updated");
    assert_eq!((found().await.name, found().await.limits.is_empty()), (None, true));
    goes_to(&site.post("/ui/customers/acme-1/delete", &[("confirm", "acme-1")]).await, "/ui/customers?notice=deleted");
    refused(&site.post("/ui/customers/create", &[("id", "")]).await).says("id=\"id-error\"");
}

#[tokio::test]
async fn an_access_group_holds_models() {
    let site = Site::open().await;
    let fields = [("name", "cheap"), ("description", "For all"), ("models", "gpt-4o"), ("models_other", "a*b*c")];
    refused(&site.post("/ui/access-groups/create", &fields).await).says("has more than one");
    goes_to(&site.post("/ui/access-groups/create", &fields[..3]).await, "/ui/access-groups/cheap?notice=created");
    site.get("/ui/access-groups").await.says(">cheap<").says("For all").says("gpt-4o");
    let fields = [("version", "1"), ("models", "gpt-4o"), ("models_other", "azure/*")];
    goes_to(&site.post("/ui/access-groups/cheap/update", &fields).await, "/ui/access-groups/cheap?notice=updated");
    let group = site.store.find::<AccessGroup>("cheap").await.unwrap().unwrap();
    assert_eq!((group.models.len(), group.description), (2, None));
    refused(&site.post("/ui/access-groups/cheap/update", &fields).await).says("Somebody changed this after");
    site.get("/ui/access-groups/cheap/delete").await.says("Delete cheap?");
    let page = site.post("/ui/access-groups/cheap/delete", &[("confirm", "cheap")]).await;
    goes_to(&page, "/ui/access-groups?notice=deleted");
    site.get("/ui/audit?action=access_group.*").await.says("Created access group").says("Deleted access group");
}

#[tokio::test]
async fn settings_are_told_and_no_secret_among_them() {
    let site = Site::open().await;
    let page = site.get("/ui/settings").await;
    assert_eq!(page.status, StatusCode::OK);
    let id = site.control.vault().current_key().unwrap().to_owned();
    page.says("SQLite")
        .says(&id)
        .says("ui_access_mode: all")
        .says("PROXY_BASE_URL is not set")
        .never_says("a master secret");
}

#[tokio::test]
async fn who_may_not_change_or_see_them_does_neither() {
    let site = Site::open().await;
    let made = [
        ("/ui/access-groups", vec![("name", "x")]),
        ("/ui/budgets", vec![("id", "x"), ("name", "x")]),
        ("/ui/customers", vec![("id", "x")]),
        ("/ui/tags", vec![("name", "x")]),
    ];
    for (list, fields) in &made {
        site.post(&format!("{list}/create"), fields).await;
    }
    site.become_a(Role::Auditor).await;
    for (list, fields) in &made {
        site.get(list).await.says(">x<").never_says("/new\"");
        site.get(&format!("{list}/x")).await.says("Last changed").never_says(&format!("action=\"{list}"));
        assert_eq!(site.get(&format!("{list}/new")).await.status, StatusCode::FORBIDDEN, "{list}");
        for verb in ["update", "delete"] {
            let fields = [("version", "1"), ("name", "y"), ("confirm", "x")];
            goes_to(&site.post(&format!("{list}/x/{verb}"), &fields).await, &format!("{list}/x?notice=denied"));
        }
        let page = site.post(&format!("{list}/create"), fields).await;
        assert!(matches!(page.status, StatusCode::FORBIDDEN | StatusCode::UNPROCESSABLE_ENTITY), "{list}");
    }
    goes_to(&site.post("/ui/customers/x/block", &[]).await, "/ui/customers/x?notice=denied");
    site.get("/ui/settings").await.says("At a glance");

    site.become_a(Role::Member).await;
    let overview = site.get("/ui").await;
    for path in ["/ui/access-groups", "/ui/audit", "/ui/budgets", "/ui/customers", "/ui/settings", "/ui/tags"] {
        assert_eq!(site.get(path).await.status, StatusCode::FORBIDDEN, "{path}");
        overview.never_says(&format!("href=\"{path}\""));
    }
    overview.says("href=\"/ui/models\"").never_says(">Govern<");
}
