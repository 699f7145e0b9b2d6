//! Keys: made, found, changed, stopped.

use http::{StatusCode, header};
use tollgate_control::OpContext;
use tollgate_control::keys::{self, KeyFilter, KeyRef};
use tollgate_domain::Nanos;
use tollgate_domain::actor::Role;
use tollgate_domain::ids::KeyId;
use tollgate_domain::key::{KeyDigest, KeyType, Rotation};

use super::site::Site;

fn system() -> OpContext {
    OpContext::system("test")
}

fn id(text: &str) -> KeyRef {
    KeyRef::Id(KeyId::parse(text).unwrap())
}

#[tokio::test]
async fn a_new_key_is_shown_once() {
    let site = Site::open().await;
    let fields = [("alias", "team blue"), ("models", "gpt-4o"), ("models_other", "azure/*\r\n"), ("expiry", "30d")];
    let page = site.post("/ui/keys/create", &fields).await;
    assert_eq!((page.status, &page.headers[header::CACHE_CONTROL]), (StatusCode::OK, &"no-store".parse().unwrap()));
    let key = page.between("id=\"created-key\"", "/>");
    let key = key.split("value=\"").nth(1).unwrap().split('"').next().unwrap();
    assert_eq!((key.len(), key.starts_with("sk-")), (67, true));
    page.says("it won't be shown again").says("http://gate:4000/v1").says("gpt-4o").says("from openai import OpenAI");

    let row = keys::get(&site.control, &system(), &KeyRef::Digest(KeyDigest::of(key))).await.unwrap();
    assert_eq!(row.key.alias.as_deref(), Some("team blue"));
    assert_eq!(
        row.key.models.iter().map(tollgate_domain::model::ModelPattern::as_str).collect::<Vec<_>>(),
        ["gpt-4o", "azure/*"]
    );
    // The two moments are not taken at the same instant.
    let life = row.key.expires_at.unwrap().0 - row.key.meta.created_at.0;
    assert!((life - 30 * 86_400 * 1_000_000).abs() < 5_000_000, "{life}");

    site.get("/ui/keys/create").await.says("was shown once and is gone").never_says(key);
    for path in ["/ui/keys".to_owned(), format!("/ui/keys/{}", row.key.id)] {
        site.get(&path)
            .await
            .says("team blue")
            .says(&row.key.hint)
            .never_says(key)
            .never_says(&row.key.digest.to_hex());
    }
}

#[tokio::test]
async fn a_form_that_is_wrong_comes_back_with_what_was_typed() {
    let site = Site::open().await;
    let fields =
        [("alias", "x < y"), ("models", "gpt-4o"), ("models_other", "a*b*c\r\n</textarea>"), ("expiry", "never")];
    let page = site.post("/ui/keys/create", &fields).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    page.says("has more than one").says("id=\"models_other-error\"").says("value=\"x &lt; y\"");
    page.says("a*b*c\r\n&lt;/textarea&gt;</textarea>");
    let tick = page.between("value=\"gpt-4o\"", ">");
    assert!(tick.contains("checked"), "{tick}");
    assert_eq!(keys::list(&site.control, &system(), &KeyFilter::default(), None, 10).await.unwrap().items.len(), 0);

    let page = site.post("/ui/keys/create", &[("expiry", "date"), ("date", "2020-01-01")]).await;
    page.says("id=\"date-error\"").says("Must lie in the future.").says("value=\"2020-01-01\"");
    let page = site.post("/ui/keys/create", &[("expiry", "date"), ("date", "")]).await;
    page.says("id=\"date-error\"").says("Choose the date.");
    site.create_key("twin").await;
    let page = site.post("/ui/keys/create", &[("alias", "twin")]).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    page.says("id=\"alias-error\"").says("There is a key with the alias `twin` already.");
}

#[tokio::test]
async fn keys_are_found_and_paged() {
    let site = Site::open().await;
    site.get("/ui/keys").await.says("No keys yet");
    for n in 0..52 {
        let mut new = keys::NewKey::default();
        new.key.alias = Some(format!("app-{n:02}"));
        keys::create(&site.control, &system(), new).await.unwrap();
    }
    let first = site.get("/ui/keys").await;
    first.says(">app-51<").says(">app-02<").never_says(">app-01<").never_says("First page");
    let next = first.between("href=\"/ui/keys?after=", "\"");
    let second = site.get(&format!("/ui/keys?after={next}")).await;
    second.says(">app-01<").says(">app-00<").never_says(">app-02<").says("First page").never_says("Next page");

    let found = site.get("/ui/keys?q=APP-3&status=").await;
    found.says(">app-39<").says(">app-30<").never_says(">app-40<").never_says("Next page").says("value=\"APP-3\"");
    site.get("/ui/keys?status=blocked").await.says("No key matches");
    // Whole without a script: nothing is filled in afterwards.
    found.never_says("<template");
}

#[tokio::test]
async fn a_key_is_blocked_and_let_go_from_where_one_is() {
    let site = Site::open().await;
    let (key, _) = site.create_key("one").await;
    let page = site.post(&format!("/ui/keys/{key}/block"), &[("back", "/ui/keys?q=one&evil=2")]).await;
    assert_eq!((page.status, page.location()), (StatusCode::SEE_OTHER, "/ui/keys?q=one&notice=blocked"));
    site.get(page.location()).await.says("The key is blocked.").says(&format!("action=\"/ui/keys/{key}/unblock\""));
    assert!(keys::get(&site.control, &system(), &id(&key)).await.unwrap().key.blocked);

    let page = site.post(&format!("/ui/keys/{key}/unblock"), &[("back", "https://evil.example/ui/keys")]).await;
    assert_eq!(page.location(), format!("/ui/keys/{key}?notice=unblocked"));
    assert!(!keys::get(&site.control, &system(), &id(&key)).await.unwrap().key.blocked);

    let page = site.post("/ui/keys/0199d5a4-0000-7000-8000-000000000000/block", &[]).await;
    assert!(page.location().ends_with("?notice=not_found"), "{}", page.location());
    assert_eq!(site.post("/ui/keys/nonsense/delete", &[]).await.location(), "/ui/keys?notice=not_found");
    site.get("/ui/keys?notice=%3Cb%3Ehello").await.never_says("hello");
}

#[tokio::test]
async fn a_deleted_key_keeps_its_page_and_loses_its_actions() {
    let site = Site::open().await;
    let (key, _) = site.create_key("one").await;
    let path = format!("/ui/keys/{key}");
    site.get(&path).await.says(&format!("href=\"{path}/delete\"")).says("Save changes");
    site.get(&format!("{path}/delete")).await.says("Delete one?").says("never used").says("Its name is: one");
    for wrong in [&[][..], &[("confirm", "two")]] {
        let page = site.post(&format!("{path}/delete"), wrong).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
        page.says("id=\"confirm-error\"").says("Nothing was deleted").says("Delete one?");
        site.get(&path).await.says("Save changes");
    }
    let page = site.post(&format!("{path}/delete"), &[("confirm", " one ")]).await;
    assert_eq!(page.location(), format!("{path}?notice=deleted"));
    let page = site.get(page.location()).await;
    assert_eq!(page.status, StatusCode::OK);
    page.says("The key is deleted.").never_says("Save changes").never_says("/delete\"").never_says("/block\"");
    site.get(&path).await.says("This key was deleted").never_says("Save changes");
    site.get("/ui/keys").await.never_says(">one<");
    site.get("/ui/keys?status=deleted").await.says(">one<").never_says("/unblock\"");
    let page = site.get("/ui/keys/0199d5a4-0000-7000-8000-000000000000").await;
    assert_eq!(page.status, StatusCode::NOT_FOUND);
    page.says("There is nothing at this address");
}

#[tokio::test]
async fn a_change_is_made_unless_somebody_was_faster() {
    let site = Site::open().await;
    let (key, _) = site.create_key("one").await;
    let path = format!("/ui/keys/{key}");
    let update = format!("{path}/update");
    let fields = [("version", "1"), ("alias", "two"), ("models", "gpt-4o"), ("expiry", "90d")];
    let page = site.post(&update, &fields).await;
    assert_eq!((page.status, page.location()), (StatusCode::SEE_OTHER, format!("{path}?notice=updated").as_str()));
    let row = keys::get(&site.control, &system(), &id(&key)).await.unwrap();
    assert_eq!((row.key.alias.as_deref(), row.key.models.len(), row.key.meta.version), (Some("two"), 1, 2));
    let expires_at = row.key.expires_at.unwrap();

    let fields = [("version", "1"), ("alias", "three"), ("expiry", "keep")];
    let page = site.post(&update, &fields).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    page.says("Somebody changed this after").says("value=\"three\"").says("name=\"version\" value=\"2\"");
    assert_eq!(keys::get(&site.control, &system(), &id(&key)).await.unwrap().key.alias.as_deref(), Some("two"));

    let fields = [("version", "2"), ("alias", "three"), ("expiry", "keep")];
    assert_eq!(site.post(&update, &fields).await.status, StatusCode::SEE_OTHER);
    let row = keys::get(&site.control, &system(), &id(&key)).await.unwrap();
    assert_eq!((row.key.models.len(), row.key.expires_at), (0, Some(expires_at)));

    site.create_key("taken").await;
    let page = site.post(&update, &[("version", "3"), ("alias", "taken"), ("expiry", "never")]).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    page.says("id=\"alias-error\"").never_says("Somebody changed this after");
    let page = site.post(&update, &[("version", "3"), ("alias", ""), ("expiry", "never")]).await;
    assert_eq!(page.status, StatusCode::SEE_OTHER);
    let row = keys::get(&site.control, &system(), &id(&key)).await.unwrap();
    assert_eq!((row.key.alias, row.key.expires_at), (None, None));
}

#[tokio::test]
async fn an_auditor_reads_and_changes_nothing() {
    let site = Site::open().await;
    let (key, _) = site.create_key("one").await;
    let path = format!("/ui/keys/{key}");
    site.become_a(Role::Auditor).await;

    site.get("/ui/keys").await.says(">one<").never_says("/block\"").never_says("Create key").never_says("name=\"ids\"");
    site.get(&path).await.never_says("method=\"post\" action=\"/ui/keys");
    site.get("/ui/keys/new").await.says("Ask an administrator").never_says("action=\"/ui/keys/create\"");
    for verb in ["block", "unblock", "delete", "update"] {
        let page = site.post(&format!("{path}/{verb}"), &[("version", "1"), ("confirm", "one")]).await;
        assert_eq!(page.location(), format!("{path}?notice=denied"), "{verb}");
    }
    for (form, verb) in [("bulk", "block"), ("delete", "")] {
        let page = site.post(&format!("/ui/keys/{form}"), &[("ids", &key), ("do", verb)]).await;
        assert_eq!(page.location(), "/ui/keys?notice=denied", "{form}");
    }
    let page = site.post("/ui/keys/create", &[("alias", "two")]).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    let row = keys::get(&site.control, &system(), &id(&key)).await.unwrap();
    assert_eq!((row.key.meta.version, row.key.meta.deleted_at), (1, None));
    assert_eq!(keys::list(&site.control, &system(), &KeyFilter::default(), None, 10).await.unwrap().items.len(), 1);
}

#[tokio::test]
async fn what_people_write_stays_text() {
    let site = Site::open().await;
    let (key, _) = site.create_key("</title></script><script>alert(1)</script>").await;
    for path in ["/ui/keys".to_owned(), format!("/ui/keys/{key}"), "/ui/keys?q=%3Cscript%3Ealert".to_owned()] {
        let page = site.get(&path).await;
        assert_eq!(page.status, StatusCode::OK);
        page.says("&lt;script&gt;alert").never_says("<script>alert");
    }
}

#[tokio::test]
async fn many_keys_are_blocked_and_deleted_at_once() {
    let site = Site::open().await;
    let mut ids = Vec::new();
    for alias in ["one", "two", "three"] {
        ids.push(site.create_key(alias).await.0);
    }
    let list = site.get("/ui/keys?q=o").await;
    list.says("form=\"keys-bulk\"").says("name=\"back\" value=\"/ui/keys?q=o\"").says("formaction=\"/ui/keys/delete\"");
    let ticked = [("ids", ids[0].as_str()), ("ids", ids[1].as_str()), ("back", "/ui/keys?q=o")];
    let page = site.post("/ui/keys/bulk", &[&ticked[..], &[("do", "block")]].concat()).await;
    assert_eq!(page.location(), "/ui/keys?q=o&notice=keys_blocked");
    let key = async |n: usize| keys::get(&site.control, &system(), &id(&ids[n])).await.unwrap().key;
    assert!(key(0).await.blocked && key(1).await.blocked);
    assert!(!key(2).await.blocked);

    let question = site.get(&format!("/ui/keys/delete?ids={}&ids={}&back=%2Fui%2Fkeys%3Fq%3Do", ids[0], ids[1])).await;
    question.says("Delete 2 keys?").says("<strong>one</strong>").says("<strong>two</strong>").never_says("three");
    question.says(&format!("name=\"ids\" value=\"{}\"", ids[1])).says("method=\"post\" action=\"/ui/keys/delete\"");
    let page = site.post("/ui/keys/delete", &ticked).await;
    assert_eq!(page.location(), "/ui/keys?q=o&notice=keys_deleted");
    assert!(key(0).await.meta.deleted_at.is_some() && key(2).await.meta.deleted_at.is_none());

    for path in ["/ui/keys/bulk", "/ui/keys/delete"] {
        let page = site.post(path, &[("do", "block"), ("back", "https://evil.example")]).await;
        assert_eq!(page.location(), "/ui/keys?notice=nothing");
    }
}

const WIDE: [(&str, &str); 21] = [
    ("alias", "wide"),
    ("owner", "person"),
    ("models", "gpt-4o"),
    ("expiry", "never"),
    ("max_budget", "12.000000001"),
    ("budget_duration", "30d"),
    ("soft_budget", "10"),
    ("tpm_limit", "1000"),
    ("rpm_limit", "10"),
    ("max_parallel_requests", "3"),
    ("tags", "one, two"),
    ("key_type", "llm_api"),
    ("allowed_routes", "/chat/completions\n/embeddings"),
    ("model_names", "fast = gpt-4o"),
    ("rotate_every", "90d"),
    ("rotate_grace", "3d"),
    ("metadata", "{\"a\": [1, 2]}"),
    ("throttle", "on"),
    ("leaving", "drain"),
    ("budget_fallbacks", "gpt-4o = gpt-4o-mini, o3-mini"),
    ("budget_id", ""),
];

#[tokio::test]
async fn everything_that_a_form_says_is_kept_and_shown_again() {
    let site = Site::open().await;
    let bob = site.create_user("bob@example.com", "member").await;
    let page = site.post("/ui/keys/create", &[&WIDE[..], &[("user_id", "bob@example.com")]].concat()).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.html);
    let wide = KeyRef::Alias("wide".to_owned());
    let made = keys::get(&site.control, &system(), &wide).await.unwrap().key;
    assert_eq!(made.user_id.as_ref().map(tollgate_domain::ids::UserId::as_str), Some(bob.as_str()));
    assert_eq!(made.limits.max_budget, Some(Nanos(12_000_000_001)));
    assert_eq!((made.limits.rpm_limit, made.limits.max_parallel_requests), (Some(10), Some(3)));
    assert_eq!((made.tags.len(), made.key_type, made.allowed_routes.len()), (2, KeyType::LlmApi, 2));
    assert_eq!((made.model_aliases["fast"].as_str(), &made.metadata["a"]), ("gpt-4o", &serde_json::json!([1, 2])));
    assert_eq!((made.throttles(), made.cancels()), (true, Some(false)));
    assert_eq!(made.budget_fallbacks("gpt-4o"), ["gpt-4o-mini", "o3-mini"]);
    let rotation = made.rotation.clone().unwrap();
    assert_eq!((rotation.interval_seconds, rotation.grace_seconds), (90 * 86_400, 3 * 86_400));

    let path = format!("/ui/keys/{}", made.id);
    let page = site.get(&path).await;
    for text in ["bob@example.com", "value=\"12.000000001\"", "fast = gpt-4o", "value=\"90d\"", "llm_api", "Every 90d"]
    {
        page.says(text);
    }
    page.says("Slowed down instead of refused").says("leaves its call to its end").never_says("Kept, not acted on yet");
    page.says("gpt-4o = gpt-4o-mini, o3-mini</textarea>");
    // A form that is sent back as it was shown changes nothing.
    let sent = [&WIDE[..], &[("user_id", &bob), ("version", "1")]].concat();
    let page = site.post(&format!("{path}/update"), &sent).await;
    assert_eq!(page.location(), format!("{path}?notice=updated"), "{}", page.html);
    let mut again = keys::get(&site.control, &system(), &wide).await.unwrap().key;
    assert_eq!(again.meta.version, 2);
    again.meta = made.meta.clone();
    assert_eq!(again, made);
    site.get(&format!("/ui/keys?user={bob}")).await.says(">wide<").says("User: bob@example.com");
    site.get("/ui/keys?user=BOB%40example.com").await.says(">wide<").says("User: bob@example.com");
    site.get("/ui/keys?user=nobody").await.says("No key matches");
}

#[tokio::test]
async fn what_is_only_kept_is_told_apart_from_what_is_acted_on() {
    let site = Site::open().await;
    let (key, _) = site.create_key("one").await;
    let change = |key: &mut tollgate_domain::key::VirtualKey, _| {
        let settings = serde_json::json!({"cancel_on_disconnect": true, "guardrails": ["pii"]});
        key.settings = settings.as_object().cloned().unwrap_or_default();
        Ok(())
    };
    keys::update(&site.control, &system(), &id(&key), None, change).await.unwrap();
    let page = site.get(&format!("/ui/keys/{key}")).await;
    let fact = page.between("Kept, not acted on yet", "</div>");
    assert!(fact.contains("guardrails") && !fact.contains("cancel_on_disconnect"), "{fact}");
    page.says("takes its call along");
    let fields = [("version", "2"), ("alias", "one"), ("expiry", "never"), ("budget_fallbacks", "a = a")];
    let page = site.post(&format!("/ui/keys/{key}/update"), &fields).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    page.says("id=\"budget_fallbacks-error\"");
    let fields = [("version", "2"), ("alias", "one"), ("expiry", "never")];
    assert_eq!(site.post(&format!("/ui/keys/{key}/update"), &fields).await.status, StatusCode::SEE_OTHER);
    let settings = keys::get(&site.control, &system(), &id(&key)).await.unwrap().key.settings;
    assert_eq!(serde_json::Value::Object(settings), serde_json::json!({"guardrails": ["pii"]}));
}

#[tokio::test]
async fn a_key_has_an_owner_who_fits() {
    let site = Site::open().await;
    let team = site.create_team("blue").await;
    let wrong = [
        (vec![("owner", "person")], "user_id", "Say whose it is."),
        (vec![("owner", "person"), ("user_id", "nobody")], "user_id", "There is no user `nobody`."),
        (vec![("owner", "team")], "team_id", "Say which team"),
        (vec![("owner", "service"), ("team_id", &team)], "alias", "Give the service account a name."),
        (vec![("owner", "nobody"), ("team_id", &team)], "owner", "A key in a team is"),
        (vec![("rotate_grace", "1d")], "rotate_grace", "Say above how often"),
        (vec![("rotate_every", "30s")], "rotate_every", "rom a minute to"),
        (vec![("custom_key", "pk-nope")], "custom_key", "A key must start with"),
        (vec![("allowed_routes", ""), ("metadata", "7")], "metadata", "Write a JSON object"),
    ];
    for (fields, field, says) in wrong {
        let page = site.post("/ui/keys/create", &fields).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{fields:?}");
        page.says(says).says(&format!("id=\"{field}-error\""));
    }
    let fields = [("owner", "service"), ("team_id", "BLUE"), ("alias", "robot"), ("custom_key", "sk-0123456789abcdef")];
    let page = site.post("/ui/keys/create", &fields).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.html);
    page.says("sk-0123456789abcdef");
    let robot = keys::get(&site.control, &system(), &KeyRef::Alias("robot".to_owned())).await.unwrap().key;
    assert_eq!((robot.user_id, &robot.metadata["service_account_id"]), (None, &"robot".into()));
    let path = format!("/ui/keys/{}", robot.id);
    site.get(&path).await.says("Service account").says("value=\"service\" selected");
    let fields =
        [("owner", "team"), ("team_id", team.as_str()), ("alias", "robot"), ("expiry", "never"), ("version", "1")];
    let page = site.post(&format!("{path}/update"), &fields).await;
    assert_eq!(page.location(), format!("{path}?notice=updated"), "{}", page.html);
    let robot = keys::get(&site.control, &system(), &KeyRef::Alias("robot".to_owned())).await.unwrap().key;
    assert!(robot.metadata.is_empty() && robot.team_id.is_some());
    site.get(&format!("/ui/keys/new?team={team}"))
        .await
        .says("value=\"team\" selected")
        .says(&format!("value=\"{team}\" selected"));
}

#[tokio::test]
async fn a_key_is_rotated_and_its_text_shown_once() {
    let site = Site::open().await;
    let (key, old) = site.create_key("one").await;
    let path = format!("/ui/keys/{key}/rotate");
    site.get(&path).await.says("Rotate one").says("never used").says("value=\"24h\"");
    for grace in ["soon", "91d"] {
        let page = site.post(&path, &[("grace", grace)]).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
        page.says("id=\"grace-error\"");
    }
    let page = site.post(&path, &[("grace", "24h")]).await;
    assert_eq!((page.status, &page.headers[header::CACHE_CONTROL]), (StatusCode::OK, &"no-store".parse().unwrap()));
    page.says("Key rotated").says("The old text works until").says("it won't be shown again");
    let new = page.between("Authorization: Bearer ", "'");
    assert_ne!(new, old);
    let found = keys::get(&site.control, &system(), &KeyRef::Digest(KeyDigest::of(&new))).await.unwrap();
    assert_eq!(found.key.id.to_string(), key);
    site.get(&format!("/ui/keys/{key}")).await.never_says(&new);
    let page = site.post(&path, &[("grace", "")]).await;
    page.says("the old one no longer works").never_says("The old text works until");
}

#[tokio::test]
async fn a_text_that_waits_is_collected_once() {
    let site = Site::open().await;
    let (key, _) = site.create_key("one").await;
    let path = format!("/ui/keys/{key}");
    site.get(&path).await.never_says("/collect\"");
    // The schedule's time has come.
    keys::update(&site.control, &system(), &id(&key), None, |key, now| {
        key.rotation = Some(Rotation { next_at: now, ..Rotation::every(86_400, now) });
        Ok(())
    })
    .await
    .unwrap();
    assert_eq!(keys::rotate_due(&site.control, &system()).await.unwrap(), 1);
    site.get(&path).await.says("Its new text waits").says(&format!("action=\"{path}/collect\""));
    // Without the schedule, the text would be lost.
    let row = keys::get(&site.control, &system(), &id(&key)).await.unwrap();
    let version = row.key.meta.version.to_string();
    let page =
        site.post(&format!("{path}/update"), &[("alias", "one"), ("expiry", "never"), ("version", &version)]).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    page.says("Collect the new text first");

    let page = site.post(&format!("{path}/collect"), &[]).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.html);
    let new = page.says("Key collected").between("Authorization: Bearer ", "'");
    let found = keys::get(&site.control, &system(), &KeyRef::Digest(KeyDigest::of(&new))).await.unwrap();
    assert_eq!(found.key.id.to_string(), key);
    let page = site.post(&format!("{path}/collect"), &[]).await;
    assert_eq!(page.location(), format!("{path}?notice=nothing_waits"));
    site.get(&format!("{path}/collect")).await.says("was shown once and is gone").never_says(&new);
}
