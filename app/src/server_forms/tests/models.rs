//! Models and credentials of the database: added, changed, tested, stopped; and no secret comes back.

use http::StatusCode;
use serde_json::json;
use tollgate_control::audit::AuditFilter;
use tollgate_control::records::Filter;
use tollgate_domain::actor::{Role, Visible};
use tollgate_domain::credential::Credential;
use tollgate_domain::deployment::StoredDeployment;

use super::site::{Page, Site};

const SECRET: &str = "sk-canary-0123456789abcdef";

async fn stored(site: &Site) -> Vec<StoredDeployment> {
    site.store.list_all(&Visible::All, &Filter::default(), 10).await.unwrap()
}

/// Adds a model; the path of its page.
async fn add(site: &Site, fields: &[(&str, &str)]) -> String {
    let page = site.post("/ui/models/create", fields).await;
    assert_eq!(page.status, StatusCode::SEE_OTHER, "{}", page.html);
    page.location().strip_suffix("?notice=created").unwrap().to_owned()
}

async fn last_line(site: &Site) -> (String, String) {
    let line = site.store.list_audit(&AuditFilter::default(), None, 1).await.unwrap().items.remove(0);
    (line.event.action, line.event.after.unwrap_or_default())
}

fn refused(page: &Page) -> &Page {
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", page.html);
    page
}

#[tokio::test]
async fn a_model_is_added_through_its_providers_form() {
    let site = Site::open().await;
    site.get("/ui/models").await.says("Add model").says("built in").says(">gpt-4o<");
    site.get("/ui/models/new").await.says("<option value=\"groq\"").never_says("name=\"model_name\"");
    site.get("/ui/models/new?provider=nonsense").await.never_says("name=\"model_name\"");
    let form = site.get("/ui/models/new?provider=groq").await;
    form.says("name=\"api_key\"")
        .says("GROQ_API_KEY")
        .says("https://api.groq.com/openai/v1")
        .never_says("organization");
    site.get("/ui/models/new?provider=openai").await.says("organization");
    site.get("/ui/models/new?provider=simulator").await.never_says("name=\"api_key\"").says("name=\"model\"");

    let fields = [
        ("provider", "groq"),
        ("model_name", "fast"),
        ("model", "llama-3.3-70b"),
        ("api_key", SECRET),
        ("api_base", ""),
        ("weight", "3"),
        ("input_price", "0.59"),
        ("output_price", "$2.5"),
        ("mode", "chat"),
        ("base_model", ""),
        ("credential", ""),
    ];
    let path = add(&site, &fields).await;
    let model = stored(&site).await.remove(0);
    assert_eq!(model.model.as_str(), "fast");
    let params = json!({
        "model": "groq/llama-3.3-70b", "weight": 3, "input_cost_per_token": 5.9e-7, "output_cost_per_token": 2.5e-6,
    });
    assert_eq!((json!(model.params), json!(model.info)), (params, json!({"mode": "chat"})));
    let fingerprint = &model.secrets["api_key"].fingerprint[..8];

    let page = site.get(&format!("{path}?notice=created")).await;
    page.says("The model is created").says("groq/llama-3.3-70b").says(&format!("set, fingerprint {fingerprint}"));
    page.says("value=\"0.59\"")
        .says("value=\"2.5\"")
        .says("value=\"llama-3.3-70b\"")
        .says("name=\"version\" value=\"1\"");
    for path in [path.as_str(), "/ui/models", "/ui/audit", "/ui/audit/export", "/ui/audit/export?format=jsonl"] {
        site.get(path).await.never_says(SECRET);
    }
    site.get("/ui/models?origin=database").await.says(">fast<").never_says(">gpt-4o<");
    site.get("/ui/models?origin=file").await.says(">gpt-4o<").never_says(">fast<");
    site.get("/ui/models?q=LLAMA").await.says(">fast<").never_says(">gpt-4o<");
}

#[tokio::test]
async fn what_is_wrong_is_told_at_its_field_and_a_key_never_comes_back() {
    let site = Site::open().await;
    let page = site.post("/ui/models/create", &[("provider", "groq"), ("model_name", ""), ("api_key", SECRET)]).await;
    refused(&page).says("id=\"model_name-error\"").says("id=\"model-error\"").never_says(SECRET);
    let fields = [("provider", "groq"), ("model_name", "x"), ("model", "broken"), ("weight", "-1")];
    refused(&site.post("/ui/models/create", &fields).await).says("id=\"weight-error\"");
    let page = site.post("/ui/models/create", &fields[..3]).await;
    refused(&page).says("id=\"model-error\"").says("It is broken.").says("value=\"broken\"");
    let fields = [("provider", "groq"), ("model_name", "a*b*c"), ("model", "x"), ("input_price", "0.0000001")];
    refused(&site.post("/ui/models/create", &fields).await).says("id=\"input_price-error\"");
    refused(&site.post("/ui/models/create", &fields[..3]).await).says("id=\"model_name-error\"");
    assert!(stored(&site).await.is_empty());
}

#[tokio::test]
async fn a_change_keeps_what_the_form_does_not_know() {
    let site = Site::open().await;
    let fields = [("provider", "groq"), ("model_name", "fast"), ("model", "llama"), ("api_key", SECRET)];
    let path = add(&site, &fields).await;
    let mut model = stored(&site).await.remove(0);
    model.params.insert("rpm".to_owned(), json!(7));
    model.info.insert("team_id".to_owned(), json!("blue"));
    let tx = site.store.begin().await.unwrap();
    tx.save(&model).await.unwrap();
    tx.commit().await.unwrap();

    let fields =
        [("version", "1"), ("provider", "groq"), ("model_name", "faster"), ("model", "llama-4"), ("api_key", "")];
    let page = site.post(&format!("{path}/update"), &fields).await;
    assert_eq!(page.location(), format!("{path}?notice=updated"));
    let changed = stored(&site).await.remove(0);
    assert_eq!(json!(changed.params), json!({"model": "groq/llama-4", "rpm": 7}));
    assert_eq!((json!(changed.info), &changed.secrets), (json!({"team_id": "blue"}), &model.secrets));
    site.get(&path).await.says("Other parameters").says("rpm");

    let page = site.post(&format!("{path}/update"), &fields).await;
    refused(&page).says("Somebody changed this after").says("name=\"version\" value=\"2\"").says("value=\"faster\"");
    let fields =
        [("version", "2"), ("provider", "groq"), ("model_name", "f"), ("model", "l"), ("remove_api_key", "on")];
    site.post(&format!("{path}/update"), &fields).await;
    assert!(stored(&site).await.remove(0).secrets.is_empty());
}

#[tokio::test]
async fn a_model_is_tested_blocked_and_deleted() {
    let site = Site::open().await;
    let path = add(&site, &[("provider", "groq"), ("model_name", "fast"), ("model", "llama")]).await;
    let page = site.post(&format!("{path}/test"), &[]).await;
    assert_eq!(page.status, StatusCode::OK);
    page.says("It works.").says("The provider was asked with no credential.").says("42 ms").says("Change the model");
    let (action, after) = last_line(&site).await;
    assert_eq!((action.as_str(), after.as_str()), ("model.test", "{\"milliseconds\":42,\"works\":true}"));
    let down = add(&site, &[("provider", "groq"), ("model_name", "down"), ("model", "llama")]).await;
    site.post(&format!("{down}/test"), &[]).await.says("It does not work.");

    let page = site.post(&format!("{path}/block"), &[]).await;
    assert_eq!(page.location(), format!("{path}?notice=blocked"));
    site.get(&path).await.says("gets no calls until").says(&format!("action=\"{path}/unblock\""));
    assert_eq!(last_line(&site).await.0, "model.block");
    site.post(&format!("{path}/unblock"), &[]).await;

    site.get(&format!("{path}/delete")).await.says("Delete fast?").says("Nothing else answers fast");
    refused(&site.post(&format!("{path}/delete"), &[("confirm", "slow")]).await).says("id=\"confirm-error\"");
    let page = site.post(&format!("{path}/delete"), &[("confirm", "fast")]).await;
    assert_eq!(page.location(), "/ui/models?notice=deleted");
    assert_eq!(site.get(&path).await.status, StatusCode::NOT_FOUND);
    assert_eq!(site.post(&format!("{path}/test"), &[]).await.location(), "/ui/models?notice=not_found");
}

#[tokio::test]
async fn a_model_of_the_configuration_is_only_read() {
    let site = Site::open().await;
    let page = site.get("/ui/models/gpt-4o-1").await;
    assert_eq!(page.status, StatusCode::OK);
    page.says("built in").says("change it there and start again").never_says("/update\"").never_says("/test\"");
    let page = site.post("/ui/models/gpt-4o-1/block", &[]).await;
    assert_eq!(page.location(), "/ui/models?notice=not_found");
    // An id with a slash is one part of the path.
    let page = site.get("/ui/models/openai%2F%2A-1").await;
    assert_eq!(page.status, StatusCode::OK);
    page.says("openai/*");
}

#[tokio::test]
async fn credentials_are_set_and_used_and_never_read() {
    let site = Site::open().await;
    site.get("/ui/credentials").await.says("No credentials yet");
    site.get("/ui/credentials/new").await.says("name=\"api_key\"").says("type=\"password\"");
    // A name that is also the name of a page.
    let fields = [("name", "new"), ("provider", "groq"), ("api_key", SECRET), ("description", "The lab's")];
    let page = site.post("/ui/credentials/create", &fields).await;
    assert_eq!(page.location(), "/ui/credentials/~new?notice=created");
    refused(&site.post("/ui/credentials/create", &fields).await).says("id=\"name-error\"").never_says(SECRET);
    let path = "/ui/credentials/~new";
    let found = async || site.store.find::<Credential>("new").await.unwrap().unwrap();
    let first = found().await.values["api_key"].fingerprint.clone();
    site.get(path).await.says("The lab's").says(&format!("set, fingerprint {}", &first[..8])).never_says(SECRET);
    site.get("/ui/credentials").await.says("~new").says(&first[..8]).never_says(SECRET);

    let fields = [
        ("version", "1"),
        ("provider", "groq"),
        ("api_key", "sk-another"),
        ("other_name", "api_version"),
        ("other_value", "v7"),
    ];
    let page = site.post(&format!("{path}/update"), &fields).await;
    assert_eq!(page.location(), format!("{path}?notice=updated"));
    assert_ne!(found().await.values["api_key"].fingerprint, first);
    assert!(found().await.values.contains_key("api_version"));
    refused(&site.post(&format!("{path}/update"), &fields).await).says("Somebody changed this after");
    let fields = [("version", "2"), ("provider", ""), ("remove", "api_version")];
    site.post(&format!("{path}/update"), &fields).await;
    assert_eq!(found().await.values.keys().collect::<Vec<_>>(), ["api_key"]);
    let fields = [("version", "3"), ("other_name", "x")];
    refused(&site.post(&format!("{path}/update"), &fields).await).says("id=\"other_value-error\"");

    let model = add(&site, &[("provider", "groq"), ("model_name", "m"), ("model", "x"), ("credential", "new")]).await;
    site.get(&model).await.says("href=\"/ui/credentials/~new\"");
    site.post(&format!("{model}/test"), &[]).await.says("asked with new.");
    site.get(path).await.says(&format!("href=\"{model}\""));
    site.get(&format!("{path}/delete")).await.says("while models use it");
    let page = site.post(&format!("{path}/delete"), &[("confirm", "new")]).await;
    refused(&page).says("The credential is in use by 1 model:");
    site.post(&format!("{model}/delete"), &[("confirm", "m")]).await;
    let page = site.post(&format!("{path}/delete"), &[("confirm", "new")]).await;
    assert_eq!(page.location(), "/ui/credentials?notice=deleted");
    assert_eq!(site.get(path).await.status, StatusCode::NOT_FOUND);
    for page in ["/ui/audit", "/ui/audit/export", "/ui/audit/export?format=jsonl"] {
        site.get(page).await.never_says(SECRET).never_says("sk-another");
    }
}

#[tokio::test]
async fn who_may_only_look_changes_nothing() {
    let site = Site::open().await;
    let model =
        add(&site, &[("provider", "groq"), ("model_name", "fast"), ("model", "llama"), ("api_key", SECRET)]).await;
    site.post("/ui/credentials/create", &[("name", "c"), ("api_key", SECRET)]).await;

    site.become_a(Role::Auditor).await;
    site.get(&model).await.says("fingerprint").never_says("/update\"").never_says("/test\"");
    site.get("/ui/models").await.never_says("Add model").says("/ui/credentials");
    site.get("/ui/credentials/c").await.says("fingerprint").never_says("method=\"post\" action=\"/ui/credentials");
    assert_eq!(site.get("/ui/models/new").await.status, StatusCode::FORBIDDEN);
    assert_eq!(site.get("/ui/credentials/new").await.status, StatusCode::FORBIDDEN);
    for verb in ["block", "unblock", "test", "delete", "update"] {
        let fields = [("model_name", "x"), ("model", "x"), ("confirm", "fast")];
        let page = site.post(&format!("{model}/{verb}"), &fields).await;
        assert_eq!(page.location(), format!("{model}?notice=denied"), "{verb}");
    }
    for verb in ["update", "delete"] {
        let page = site.post(&format!("/ui/credentials/c/{verb}"), &[("confirm", "c")]).await;
        assert_eq!(page.location(), "/ui/credentials/c?notice=denied", "{verb}");
    }
    for (path, fields) in [
        ("/ui/models/create", [("model_name", "x"), ("model", "x")]),
        ("/ui/credentials/create", [("name", "x"), ("provider", "")]),
    ] {
        assert!(matches!(
            site.post(path, &fields).await.status,
            StatusCode::FORBIDDEN | StatusCode::UNPROCESSABLE_ENTITY
        ));
    }
    assert_eq!(stored(&site).await.len(), 1);

    site.become_a(Role::Member).await;
    site.get(&model).await.never_says("fingerprint");
    site.get("/ui/models").await.never_says("/ui/credentials");
    assert_eq!(site.get("/ui/credentials").await.status, StatusCode::FORBIDDEN);
    assert_eq!(site.get("/ui/credentials/c").await.status, StatusCode::FORBIDDEN);
}
