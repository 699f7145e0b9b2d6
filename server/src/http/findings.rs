//! What was found in other gateways and must not be found here: a test named after each finding that concerns something
//! which is there. What concerns caches of answers, MCP, plugins and payments concerns nothing here.
//!
//! Beside the code that it is about: `CVE-2026-35030` of access tokens in the gateway's tests, `CVE-2026-55245` in its
//! `upstream/connect.rs`.

use axum::body::Body;
use http::{Method, Request, StatusCode, header};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::http::sweep::world::{ACTORS, Actor, Names, Office, Told, template};

const MASTER: usize = 1;
const ADMIN: usize = 2;
const MEMBER: usize = 4;

async fn company() -> (Office, Names) {
    let (template, names) = template().await;
    (Office::copy_of(&template).await, names)
}

fn actor(at: usize) -> &'static Actor {
    &ACTORS[at]
}

async fn ask(office: &Office, method: &str, path: &str, body: Value, headers: &[(&str, &str)]) -> Told {
    let mut request = Request::builder().method(method).uri(path).header(header::CONTENT_TYPE, "application/json");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let body = if body.is_null() { Body::empty() } else { Body::from(body.to_string()) };
    office.answer(request.body(body).unwrap()).await
}

/// What breaks out of a text that somebody forgot to quote.
const BREAKING: [&str; 8] = [
    "' OR '1'='1",
    "'; DROP TABLE users; --",
    "\") OR 1=1 --",
    "sk-' UNION SELECT * FROM virtual_keys --",
    "%' OR 1=1 OR '%'='",
    "\\'; SELECT 1; --",
    "1); DELETE FROM audit_events; --",
    "$1",
];

/// LiteLLM: SQL in the key reached the database on the way to the error log.
#[tokio::test(flavor = "multi_thread")]
async fn cve_2026_42208_a_key_is_no_sql() {
    let (office, names) = company().await;
    let before = office.send("GET", "/api/v1/users", "", actor(MASTER), &names).await.text;
    for text in BREAKING {
        for (name, value) in [
            ("authorization", format!("Bearer {text}")),
            ("x-api-key", text.to_owned()),
            ("x-litellm-api-key", text.to_owned()),
        ] {
            for (method, path) in [("GET", "/v1/models"), ("GET", "/api/v1/users"), ("GET", "/key/info")] {
                let told = ask(&office, method, path, Value::Null, &[(name, &value)]).await;
                assert_eq!(told.status, StatusCode::UNAUTHORIZED, "{method} {path} {name}: {text}: {}", told.text);
            }
        }
    }
    assert_eq!(office.send("GET", "/api/v1/users", "", actor(MASTER), &names).await.text, before);
}

/// LiteLLM: SQL in the query of spend reports.
#[tokio::test(flavor = "multi_thread")]
async fn ghsa_h6m6_jj8v_94jj_a_filter_is_no_sql() {
    let (office, names) = company().await;
    let users = async || office.send("GET", "/api/v1/users", "", actor(MASTER), &names).await.text;
    let before = users().await;
    for text in BREAKING {
        let text: String = url::form_urlencoded::byte_serialize(text.as_bytes()).collect();
        for path in [
            format!("/global/spend/logs?api_key={text}"),
            format!("/spend/logs?user_id={text}"),
            format!("/spend/tags?start_date={text}"),
            format!("/user/list?user_email={text}"),
            format!("/api/v1/users?search={text}"),
            format!("/api/v1/requests?model={text}"),
            format!("/api/v1/keys?cursor=0_{text}"),
            format!("/api/v1/usage?by={text}"),
        ] {
            let told = office.send("GET", &path, "", actor(MASTER), &names).await;
            assert!(!told.status.is_server_error(), "{path}: {}", told.text);
        }
    }
    assert_eq!(users().await, before);
}

/// new-api: `%` in a search made the database look at everything many times.
#[tokio::test(flavor = "multi_thread")]
async fn cve_2026_25591_a_search_has_no_wildcards() {
    let (office, names) = company().await;
    for text in ["%25", "_", "%25_%25_%25", "m%25r"] {
        let told = office.send("GET", &format!("/api/v1/users?search={text}"), "", actor(MASTER), &names).await;
        let list: Value = serde_json::from_str(&told.text).unwrap();
        assert_eq!(list["items"], json!([]), "{text}");
    }
    assert!(office.send("GET", "/api/v1/users?search=membe", "", actor(MASTER), &names).await.text.contains("member"));
}

/// LiteLLM: the secret that encrypts was the secret that signs, and whoever had the one was an administrator.
#[tokio::test(flavor = "multi_thread")]
async fn cve_2026_114612_what_encrypts_lets_nobody_in() {
    let (office, _) = company().await;
    // What the company's secrets are encrypted under.
    for text in ["a long random text", "sk-a long random text"] {
        let bearer = format!("Bearer {text}");
        for path in ["/api/v1/users", "/v1/models", "/scim/v2/Users"] {
            let told = ask(&office, "GET", path, Value::Null, &[("authorization", &bearer)]).await;
            assert_eq!(told.status, StatusCode::UNAUTHORIZED, "{path}");
        }
    }
}

/// LiteLLM: what the database keeps of a key (its hash) was as good as the key.
#[tokio::test(flavor = "multi_thread")]
async fn ghsa_69x8_hrgq_fjj8_a_digest_is_no_key() {
    let (office, names) = company().await;
    let told = office.send("POST", "/api/v1/keys", r#"{"user_id": "member"}"#, actor(MASTER), &names).await;
    let made: Value = serde_json::from_str(&told.text).unwrap();
    let key = made["key"].as_str().unwrap();
    let digest = tollgate_domain::key::KeyDigest::of(key).to_hex();
    for text in [digest.clone(), format!("sk-{digest}"), digest.to_uppercase()] {
        let bearer = format!("Bearer {text}");
        for path in ["/v1/models", "/key/info"] {
            let told = ask(&office, "GET", path, Value::Null, &[("authorization", &bearer)]).await;
            assert_eq!(told.status, StatusCode::UNAUTHORIZED, "{path}");
        }
    }
    let bearer = format!("Bearer {key}");
    let told = ask(&office, "GET", "/v1/models", Value::Null, &[("authorization", &bearer)]).await;
    assert_eq!(told.status, StatusCode::OK);
}

/// LiteLLM: what was known of a token was found by its first twenty characters. The same of keys.
#[tokio::test(flavor = "multi_thread")]
async fn cve_2026_35030_keys_that_begin_alike_are_two() {
    let (office, names) = company().await;
    let start = "sk-0123456789abcdefghijklmnop";
    for (end, models) in [("one", "gpt-4o"), ("two", "nothing")] {
        let body = json!({ "key": format!("{start}-{end}"), "models": [models], "team_id": "blue" }).to_string();
        let told = office.send("POST", "/api/v1/keys", &body, actor(MASTER), &names).await;
        assert_eq!(told.status, StatusCode::CREATED, "{}", told.text);
    }
    let call = async |end: &str| {
        let bearer = format!("Bearer {start}{end}");
        let body = json!({ "model": "gpt-4o", "messages": [] });
        ask(&office, "POST", "/v1/chat/completions", body, &[("authorization", &bearer)]).await.status
    };
    assert_eq!(call("-one").await, StatusCode::OK);
    assert_ne!(call("-two").await, StatusCode::OK);
    for other in ["", "-", "-on", "-onee"] {
        assert_eq!(call(other).await, StatusCode::UNAUTHORIZED, "{other}");
    }
}

/// LiteLLM: whoever had any key could change the configuration.
#[tokio::test(flavor = "multi_thread")]
async fn cve_2026_35029_nobody_sets_the_configuration_by_a_key() {
    let (office, names) = company().await;
    let before = office.changes().await;
    for path in ["/config/update", "/config/field/update", "/update/sso_settings", "/update/internal_user_settings"] {
        for who in [0, MEMBER, ADMIN] {
            let body = r#"{"general_settings": {"master_key": "sk-mine-0123456789"}, "environment_variables": {}}"#;
            let told = office.send("POST", path, body, actor(who), &names).await;
            assert!(
                told.status.is_client_error() || told.status == StatusCode::NOT_IMPLEMENTED,
                "{path}: {}",
                told.status
            );
        }
    }
    assert_eq!(office.changes().await, before);
}

/// LiteLLM (CVE-2026-12773 and those with it): the page that debugs single sign-on needed nobody to be signed in.
#[tokio::test(flavor = "multi_thread")]
async fn cve_2026_12773_there_is_no_door_for_debugging() {
    let (office, _) = company().await;
    for path in ["/sso/debug/login", "/sso/debug/callback", "/debug/pprof", "/debug", "/memory-usage", "/otel-spans"] {
        for method in [Method::GET, Method::POST] {
            let told = ask(&office, method.as_str(), path, Value::Null, &[]).await;
            assert!(!told.status.is_success(), "{method} {path}: {}", told.status);
        }
    }
}

/// LiteLLM: a member could find out which users there are.
#[tokio::test(flavor = "multi_thread")]
async fn cve_2025_0628_a_member_learns_of_nobody_else() {
    let (office, names) = company().await;
    for path in ["/api/v1/users/{id}", "/user/info?user_id={id}", "/api/v1/users?search={id}"] {
        let seen = async |id: &str| {
            let told = office.send("GET", &path.replace("{id}", id), "", actor(MEMBER), &names).await;
            (told.status, told.text.replace(id, "ID"))
        };
        let (there, nowhere) = (seen("root").await, seen("toor").await);
        assert_eq!(there.0, nowhere.0, "{path}");
        assert!(!there.1.contains("\"role\":\"admin\"") && !there.1.contains("proxy_admin\""), "{path}: {}", there.1);
    }
}

/// new-api: the list of users had the root token in it.
#[tokio::test(flavor = "multi_thread")]
async fn cve_2026_64859_lists_of_people_hold_no_secrets() {
    let (office, names) = company().await;
    for path in
        ["/api/v1/users", "/user/list", "/api/v1/users/root", "/user/info?user_id=admin", "/api/v1/keys", "/key/list"]
    {
        let told = office.send("GET", path, "", actor(MASTER), &names).await;
        assert!(told.status.is_success(), "{path}");
        for secret in ["$argon2", "sk-admin-0123456789abcdef", "sk-master-0123456789", "second_factor\":{"] {
            assert!(!told.text.contains(secret), "{path} says {secret}");
        }
    }
}

/// new-api: a step past the second question showed providers' keys.
#[tokio::test(flavor = "multi_thread")]
async fn go_2026_4813_what_was_given_to_be_kept_is_never_shown() {
    let (office, names) = company().await;
    for path in
        ["/api/v1/credentials", "/api/v1/credentials/cr-1", "/credentials", "/credentials/by_name/cr-1", "/model/info"]
    {
        for who in [MASTER, ADMIN] {
            let told = office.send("GET", path, "", actor(who), &names).await;
            assert!(!told.text.contains("sk-provider-1234567890"), "{path}");
        }
    }
}

/// Portkey (CVE-2025-66405, CVE-2026-110719), LiteLLM (CVE-2024-6587, PYSEC-2026-4070), GitLab (CVE-2026-75871,
/// CVE-2026-19889), llmgateway (CVE-2026-108719): callers chose where the gateway went, and with whose key.
#[tokio::test(flavor = "multi_thread")]
async fn cve_2026_110719_no_caller_says_where_a_call_goes() {
    let (office, _) = company().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let body = json!({
        "model": "gpt-4o",
        "messages": [],
        "api_base": address,
        "base_url": address,
        "api_key": "sk-mine",
        "callback_url": address,
        "webhook_url": address,
        "user_config": { "model_list": [{ "model_name": "gpt-4o", "litellm_params": { "model": "openai/x", "api_base": address } }] },
        "litellm_params": { "api_base": address },
        "extra_body": { "api_base": address },
    });
    let host = address.trim_start_matches("http://");
    let headers = [
        ("authorization", "Bearer sk-master-0123456789"),
        ("x-portkey-custom-host", &address),
        ("x-portkey-provider", "openai"),
        ("x-litellm-api-base", &address),
        ("x-forwarded-host", host),
        ("x-upstream-url", &address),
        ("x-original-url", &address),
        ("host", host),
    ];
    for path in ["/v1/chat/completions", "/chat/completions", "/v1/embeddings"] {
        let told = ask(&office, "POST", path, body.clone(), &headers).await;
        assert!(!told.status.is_server_error(), "{path}: {}", told.text);
    }
    let came = tokio::time::timeout(std::time::Duration::from_millis(300), listener.accept()).await;
    assert!(came.is_err(), "somebody was called");
}

/// Bifrost (CVE-2026-90898, CVE-2026-86242): who administers was asked for only where somebody had switched it on.
#[tokio::test(flavor = "multi_thread")]
async fn cve_2026_90898_nobody_administers_unasked_even_before_the_first_administrator() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let empty = Office::copy_of(&[]).await;
    for (method, path) in [
        ("GET", "/api/v1/users"),
        ("POST", "/api/v1/keys"),
        ("POST", "/api/v1/deployments"),
        ("POST", "/model/new"),
        ("POST", "/key/generate"),
        ("POST", "/user/new"),
        ("GET", "/scim/v2/Users"),
        ("GET", "/v1/models"),
    ] {
        let told = ask(&empty, method, path, json!({}), &[]).await;
        assert_eq!(told.status, StatusCode::UNAUTHORIZED, "{method} {path}");
    }
    let told = empty.send("GET", "/ui/users", "", actor(0), &Names::default()).await;
    assert!(told.status.is_redirection());
}

/// one-api: `root` and `123456` from the first start.
#[tokio::test(flavor = "multi_thread")]
async fn one_api_there_is_no_default_password() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let empty = Office::copy_of(&[]).await;
    for (email, password) in
        [("root", "123456"), ("admin", "admin"), ("admin%40example.com", "sk-1234"), ("admin", "sk-1234")]
    {
        let form = format!("email={email}&password={password}");
        let told = empty.send("POST", "/ui/sign-in", &form, actor(0), &Names::default()).await;
        assert_eq!(told.headers[header::LOCATION], "/ui/sign-in?error=wrong", "{email}");
    }
    for key in ["sk-1234", "123456", "sk-litellm", ""] {
        let bearer = format!("Bearer {key}");
        let told = ask(&empty, "GET", "/api/v1/users", Value::Null, &[("authorization", &bearer)]).await;
        assert_eq!(told.status, StatusCode::UNAUTHORIZED, "{key}");
    }
}

/// new-api: a huge number of tokens overflowed into a negative charge, and so into credit.
#[tokio::test(flavor = "multi_thread")]
async fn cve_2026_71479_no_number_turns_into_credit() {
    let (office, names) = company().await;
    let spend = async || {
        let told = office.send("GET", "/global/spend", "", actor(MASTER), &names).await;
        let value: Value = serde_json::from_str(&told.text).unwrap();
        value["spend"].as_f64().unwrap()
    };
    let before = spend().await;
    for number in
        ["9223372036854775807", "18446744073709551615", "9999999999999999999999", "-9223372036854775808", "-1", "1e308"]
    {
        for name in ["max_tokens", "max_completion_tokens", "n"] {
            let body = format!(r#"{{"model": "gpt-4o", "messages": [], "{name}": {number}}}"#);
            let told = office.send("POST", "/v1/chat/completions", &body, actor(MEMBER), &names).await;
            assert!(!told.status.is_server_error(), "{name} {number}: {}", told.text);
        }
        for field in ["max_budget", "amount", "soft_budget"] {
            let body = format!(r#"{{"user_id": "member", "{field}": {number}}}"#);
            let told = office.send("POST", "/user/update", &body, actor(MASTER), &names).await;
            assert!(!told.status.is_server_error(), "{field} {number}: {}", told.text);
        }
    }
    assert!(spend().await >= before);
}
