//! What Entra's and Okta's documentation show, sent in order to the real router; and what neither may do.

use axum::body::Body;
use http::{Request, StatusCode, header};
use serde_json::{Value, json};

use crate::http::sweep::world::{ACTORS, Names, Office};

const PASSWORD: &str = "correct horse battery";

struct Idp {
    office: Office,
    token: String,
}

impl Idp {
    async fn new(body: Value) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let office = Office::copy_of(&[]).await;
        let issued = office.make("scim-tokens", body).await;
        Self { office, token: issued["token"].as_str().unwrap().to_owned() }
    }

    async fn send(&self, method: &str, path: &str, body: Value) -> (StatusCode, Value) {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("/scim/v2{path}"))
            .header(header::HOST, "gate.example.com")
            .header(header::AUTHORIZATION, format!("Bearer {}", self.token));
        if !body.is_null() {
            request = request.header(header::CONTENT_TYPE, "application/scim+json; charset=utf-8");
        }
        let body = if body.is_null() { Body::empty() } else { Body::from(body.to_string()) };
        let told = self.office.answer(request.body(body).unwrap()).await;
        if !told.text.is_empty() {
            assert_eq!(told.headers[header::CONTENT_TYPE], "application/scim+json", "{}", told.text);
        }
        (told.status, serde_json::from_str(&told.text).unwrap_or_default())
    }

    /// What has to be answered with this status.
    async fn told(&self, status: u16, method: &str, path: &str, body: Value) -> Value {
        let (found, answer) = self.send(method, path, body).await;
        assert_eq!(found.as_u16(), status, "{method} {path}: {answer}");
        if status >= 400 {
            assert_eq!(answer["schemas"], json!(["urn:ietf:params:scim:api:messages:2.0:Error"]));
            assert_eq!(answer["status"], status.to_string());
        }
        answer
    }

    async fn get(&self, path: &str) -> Value {
        self.told(200, "GET", path, Value::Null).await
    }

    /// As the master key sees it.
    async fn office(&self, path: &str) -> Value {
        let told = self.office.send("GET", path, "", &ACTORS[1], &Names::default()).await;
        serde_json::from_str(&told.text).unwrap()
    }

    async fn members(&self, team: &str) -> Vec<String> {
        let list = self.office(&format!("/api/v1/teams/{team}/members")).await;
        list["items"].as_array().unwrap().iter().map(|m| m["user_id"].as_str().unwrap().to_owned()).collect()
    }
}

fn id(resource: &Value) -> String {
    resource["id"].as_str().unwrap().to_owned()
}

fn patch(operations: Value) -> Value {
    let mut body = json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"] });
    body["Operations"] = operations;
    body
}

#[tokio::test(flavor = "multi_thread")]
async fn what_entra_sends() {
    let idp = Idp::new(json!({ "name": "entra", "provider": "microsoft" })).await;
    // The test of the connection: somebody who is not there.
    let none = idp.get("/Users?filter=userName+eq+%22non-existent%20user%22").await;
    assert_eq!((&none["totalResults"], &none["Resources"]), (&json!(0), &json!([])));
    let name = "Test_User_00aa00aa-bb11-cc22-dd33-44ee44ee44ee";
    let new = json!({
        "schemas": [
            "urn:ietf:params:scim:schemas:core:2.0:User",
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User",
        ],
        "externalId": "0a21f0f2-8d2a-4f8e-bf98-7363c4aed4ef",
        "userName": name,
        "active": true,
        "emails": [{
            "primary": true, "type": "work",
            "value": "Test_User_11bb11bb-cc22-dd33-ee44-55ff55ff55ff@testuser.com",
        }],
        "meta": { "resourceType": "User" },
        "name": { "formatted": "givenName familyName", "familyName": "familyName", "givenName": "givenName" },
        "roles": [],
    });
    let made = idp.told(201, "POST", "/Users", new.clone()).await;
    let user = id(&made);
    for kept in ["externalId", "userName", "active", "emails", "name"] {
        assert_eq!(made[kept], new[kept], "{kept}");
    }
    assert_eq!(made["meta"]["location"], format!("http://gate.example.com/scim/v2/Users/{user}"));
    let twice = idp.told(409, "POST", "/Users", new).await;
    assert_eq!(twice["scimType"], "uniqueness");

    assert_eq!(idp.get(&format!("/Users/{user}")).await, made);
    idp.told(404, "GET", "/Users/5171a35d82074e068ce2", Value::Null).await;
    for filter in [
        format!("userName eq \"{}\"", name.to_uppercase()),
        "externalId eq \"0a21f0f2-8d2a-4f8e-bf98-7363c4aed4ef\"".to_owned(),
        "emails[type eq \"work\"].value eq \"test_user_11bb11bb-cc22-dd33-ee44-55ff55ff55ff@testuser.com\"".to_owned(),
        format!("userName eq \"{name}\" and active eq true"),
        "displayName co \"nobody\" or name.givenName sw \"given\"".to_owned(),
    ] {
        let query: String = url::form_urlencoded::byte_serialize(filter.as_bytes()).collect();
        let found = idp.get(&format!("/Users?filter={query}")).await;
        assert_eq!((&found["totalResults"], &found["Resources"][0]["id"]), (&json!(1), &json!(user)), "{filter}");
    }

    let several = patch(json!([
        { "op": "Replace", "path": "emails[type eq \"work\"].value", "value": "updatedEmail@microsoft.com" },
        { "op": "Replace", "path": "name.familyName", "value": "updatedFamilyName" },
    ]));
    let changed = idp.told(200, "PATCH", &format!("/Users/{user}"), several).await;
    assert_eq!(changed["name"]["formatted"], "givenName updatedFamilyName");
    assert_eq!(changed["emails"][0]["value"], "updatedEmail@microsoft.com");
    let single = patch(json!([
        { "op": "Replace", "path": "userName", "value": "5b50642d-79fc-4410-9e90-4c077cdd1a59@testuser.com" },
    ]));
    let changed = idp.told(200, "PATCH", &format!("/Users/{user}"), single).await;
    assert_eq!(changed["userName"], "5b50642d-79fc-4410-9e90-4c077cdd1a59@testuser.com");
    let here = idp.office(&format!("/api/v1/users/{user}")).await;
    assert_eq!(
        (&here["email"], &here["name"]),
        (&json!("updatedemail@microsoft.com"), &json!("givenName updatedFamilyName"))
    );

    let group = json!({
        "schemas": [
            "urn:ietf:params:scim:schemas:core:2.0:Group",
            "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group",
        ],
        "externalId": "8aa1a0c0-c4c3-4bc0-b4a5-2ef676900159",
        "displayName": "displayName",
        "meta": { "resourceType": "Group" },
    });
    let made = idp.told(201, "POST", "/Groups", group.clone()).await;
    let team = id(&made);
    assert_eq!((&made["externalId"], &made["members"]), (&group["externalId"], &json!([])));
    idp.told(409, "POST", "/Groups", group).await;
    let one = idp.get(&format!("/Groups/{team}?excludedAttributes=members")).await;
    assert_eq!((one.get("members"), &one["displayName"]), (None, &json!("displayName")));
    let found = idp.get("/Groups?excludedAttributes=members&filter=displayName+eq+%22displayName%22").await;
    assert_eq!((&found["totalResults"], &found["Resources"][0]["id"]), (&json!(1), &json!(team)));
    let path = format!("/Groups/{team}");
    let rename = patch(json!([{ "op": "Replace", "path": "displayName", "value": "1879db59updatedDisplayName" }]));
    idp.told(204, "PATCH", &path, rename).await;
    assert_eq!(idp.office(&format!("/api/v1/teams/{team}")).await["name"], "1879db59updatedDisplayName");
    let member = json!([{ "$ref": null, "value": user }]);
    idp.told(204, "PATCH", &path, patch(json!([{ "op": "Add", "path": "members", "value": member }]))).await;
    assert_eq!(idp.members(&team).await, [user.as_str()]);
    let filter = format!("id+eq+%22{team}%22+and+members+eq+%22{user}%22");
    assert_eq!(idp.get(&format!("/Groups?filter={filter}")).await["totalResults"], 1);
    assert_eq!(idp.get(&format!("/Users/{user}")).await["groups"][0]["value"], json!(team));
    idp.told(204, "PATCH", &path, patch(json!([{ "op": "Remove", "path": "members", "value": member }]))).await;
    assert_eq!(idp.members(&team).await, Vec::<String>::new());

    for (active, disabled) in [(json!("False"), true), (json!("True"), false), (json!(false), true)] {
        let operations = patch(json!([{ "op": "Replace", "path": "active", "value": active }]));
        let changed = idp.told(200, "PATCH", &format!("/Users/{user}"), operations).await;
        assert_eq!(changed["active"], !disabled);
        assert_eq!(idp.office(&format!("/api/v1/users/{user}")).await["disabled"], disabled);
    }
    // Whoever is deactivated is still found.
    assert_eq!(idp.get("/Users?filter=active+eq+false").await["totalResults"], 1);
    idp.told(204, "DELETE", &format!("/Users/{user}"), Value::Null).await;
    idp.told(404, "DELETE", &format!("/Users/{user}"), Value::Null).await;
    idp.told(204, "DELETE", &path, Value::Null).await;
    assert_eq!(idp.get("/Users").await["totalResults"], 0);
    assert_eq!(idp.get("/Groups").await["totalResults"], 0);
    assert_eq!(idp.get("/Schemas").await["totalResults"], 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_okta_sends() {
    let idp = Idp::new(json!({ "name": "okta", "provider": "okta" })).await;
    idp.get("/Users?startIndex=1&count=2").await;
    let none = idp.get("/Users?filter=userName%20eq%20%22test.user%40okta.local%22&startIndex=1&count=100").await;
    assert_eq!((&none["totalResults"], &none["startIndex"], &none["itemsPerPage"]), (&json!(0), &json!(1), &json!(0)));
    let new = json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "userName": "test.user@okta.local",
        "name": { "givenName": "Test", "familyName": "User" },
        "emails": [{ "primary": true, "value": "test.user@okta.local", "type": "work" }],
        "displayName": "Test User",
        "locale": "en-US",
        "externalId": "00ujl29u0le5T6Aj10h7",
        "groups": [],
        "password": "1mz050nq",
        "active": true,
    });
    let made = idp.told(201, "POST", "/Users", new).await;
    let user = id(&made);
    assert_eq!((made.get("password"), &made["locale"]), (None, &json!("en-US")));
    // Nobody signs in with what Okta calls a password.
    let form = "email=test.user%40okta.local&password=1mz050nq";
    let told = idp.office.send("POST", "/ui/sign-in", form, &ACTORS[0], &Names::default()).await;
    assert_eq!(told.headers[header::LOCATION], "/ui/sign-in?error=wrong");

    let mut replaced = idp.get(&format!("/Users/{user}")).await;
    replaced["name"] = json!({ "givenName": "Another", "middleName": "Excited", "familyName": "User" });
    replaced["displayName"] = json!("Another User");
    let path = format!("/Users/{user}");
    let answer = idp.told(200, "PUT", &path, replaced).await;
    assert_eq!(answer["name"]["middleName"], "Excited");
    assert_eq!(idp.office(&format!("/api/v1/users/{user}")).await["name"], "Another User");
    // A replacement that says nothing of `active` lets nobody in again.
    let off = patch(json!([{ "op": "replace", "value": { "active": false } }]));
    assert_eq!(idp.told(200, "PATCH", &path, off).await["active"], false);
    let quiet = json!({ "userName": "test.user@okta.local" });
    assert_eq!(idp.told(200, "PUT", &path, quiet).await["active"], false);
    let on = patch(json!([{ "op": "replace", "value": { "active": true } }]));
    assert_eq!(idp.told(200, "PATCH", &path, on).await["active"], true);

    let group = json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "displayName": "Test SCIMv2", "members": [],
    });
    let team = id(&idp.told(201, "POST", "/Groups", group).await);
    let path = format!("/Groups/{team}");
    let member = json!([{ "value": user, "display": "test.user@okta.local" }]);
    idp.told(204, "PATCH", &path, patch(json!([{ "op": "add", "path": "members", "value": member }]))).await;
    assert_eq!(idp.get(&path).await["members"][0]["value"], json!(user));
    let out = format!("members[value eq \"{user}\"]");
    idp.told(204, "PATCH", &path, patch(json!([{ "op": "remove", "path": out }]))).await;
    let renamed = patch(json!([{ "op": "replace", "value": { "id": team, "displayName": "Renamed" } }]));
    idp.told(204, "PATCH", &path, renamed).await;
    assert_eq!(idp.members(&team).await, Vec::<String>::new());
    let whole = patch(json!([{ "op": "replace", "path": "members", "value": member }]));
    idp.told(204, "PATCH", &path, whole).await;
    assert_eq!(idp.members(&team).await, [user.as_str()]);
    let put = json!({ "schemas": [], "id": team, "displayName": "Put", "members": member });
    assert_eq!(idp.told(200, "PUT", &path, put).await["displayName"], "Put");
    let list = idp.get("/Groups?startIndex=1&count=100").await;
    assert_eq!(list["Resources"][0]["members"][0]["value"], json!(user));
    idp.told(204, "DELETE", &path, Value::Null).await;
    idp.told(404, "GET", &path, Value::Null).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_deactivated_is_out_at_once() {
    let idp = Idp::new(json!({ "name": "idp" })).await;
    let made = idp.told(201, "POST", "/Users", json!({ "userName": "eve@example.com" })).await;
    let user = id(&made);
    idp.office.make(&format!("users/{user}/password"), json!({ "password": PASSWORD })).await;
    let key = idp.office.make("keys", json!({ "user_id": user })).await["key"].as_str().unwrap().to_owned();
    let signed_in = async |cookie: &str| {
        let request = Request::get("/ui").header(header::HOST, "gate:4000").header(header::COOKIE, cookie);
        idp.office.answer(request.body(Body::empty()).unwrap()).await.status == StatusCode::OK
    };
    let call = async || {
        let body = json!({ "model": "gpt-4o", "messages": [] }).to_string();
        let request = Request::post("/v1/chat/completions").header(header::AUTHORIZATION, format!("Bearer {key}"));
        idp.office
            .answer(request.header(header::CONTENT_TYPE, "application/json").body(Body::from(body)).unwrap())
            .await
    };
    let form = format!("email=eve%40example.com&password={}", PASSWORD.replace(' ', "+"));
    let told = idp.office.send("POST", "/ui/sign-in", &form, &ACTORS[0], &Names::default()).await;
    let cookie = told.headers[header::SET_COOKIE].to_str().unwrap().split(';').next().unwrap().to_owned();
    assert!(signed_in(&cookie).await);
    assert_eq!(call().await.status, StatusCode::OK);

    let off = patch(json!([{ "op": "Replace", "path": "active", "value": "False" }]));
    idp.told(200, "PATCH", &format!("/Users/{user}"), off).await;
    assert!(!signed_in(&cookie).await);
    let refused = call().await;
    assert!(matches!(refused.status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN), "{}", refused.text);
    // Back again: the key works, the session is over for good.
    let on = patch(json!([{ "op": "Replace", "path": "active", "value": "True" }]));
    idp.told(200, "PATCH", &format!("/Users/{user}"), on).await;
    assert!(!signed_in(&cookie).await);
    assert_eq!(call().await.status, StatusCode::OK);
    // The log says by whose word.
    let log = idp.office("/api/v1/audit-events?action=user.update").await;
    assert_eq!(log["items"][0]["on_behalf_of"], "SCIM: idp");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_opens_scim_and_nothing_else() {
    let mut idp = Idp::new(json!({ "name": "idp", "expires_at": "2126-01-01T00:00:00Z" })).await;
    for path in ["/api/v1/users", "/user/list", "/v1/models", "/key/info"] {
        let request = Request::get(path).header(header::AUTHORIZATION, format!("Bearer {}", idp.token));
        let told = idp.office.answer(request.body(Body::empty()).unwrap()).await;
        assert_eq!(told.status, StatusCode::UNAUTHORIZED, "{path}");
    }
    let list = idp.office("/api/v1/scim-tokens").await;
    assert!(!list.to_string().contains(&idp.token));
    let token = list["items"][0]["id"].as_str().unwrap().to_owned();
    idp.get("/Users").await;
    assert!(idp.office(&format!("/api/v1/scim-tokens/{token}")).await["last_used_at"].is_string());
    let told =
        idp.office.send("DELETE", &format!("/api/v1/scim-tokens/{token}"), "", &ACTORS[1], &Names::default()).await;
    assert_eq!(told.status, StatusCode::NO_CONTENT);
    idp.told(401, "GET", "/Users", Value::Null).await;
    for wrong in ["", "scim-0", "sk-master-0123456789"] {
        idp.token = wrong.to_owned();
        idp.told(401, "GET", "/Users", Value::Null).await;
        idp.told(401, "POST", "/Users", json!({ "userName": "x" })).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn mistakes_are_told_and_change_nothing() {
    let idp = Idp::new(json!({ "name": "idp" })).await;
    idp.office.make("users", json!({ "id": "root", "role": "admin", "email": "root@example.com" })).await;
    // Somebody who was here before is found by the address, and stays an administrator.
    let found = idp.get("/Users?filter=userName+eq+%22root@example.com%22").await;
    assert_eq!(found["Resources"][0]["id"], "root");
    let off = patch(json!([{ "op": "replace", "path": "active", "value": false }]));
    idp.told(409, "PATCH", "/Users/root", off).await;
    idp.told(409, "DELETE", "/Users/root", Value::Null).await;
    let same = json!({ "userName": "x", "emails": [{ "value": "ROOT@example.com" }] });
    assert_eq!(idp.told(409, "POST", "/Users", same).await["scimType"], "uniqueness");

    let before = idp.office.changes().await;
    for (method, path, body, status, kind) in [
        ("GET", "/Users?filter=userName", Value::Null, 400, "invalidFilter"),
        ("GET", "/Users?filter=groups+eq+%22x%22", Value::Null, 400, "invalidFilter"),
        ("GET", "/Groups?filter=members+eq+%22x%22", Value::Null, 400, "invalidFilter"),
        ("GET", "/Users?startIndex=one", Value::Null, 400, "invalidValue"),
        ("POST", "/Users", json!([]), 400, "invalidSyntax"),
        ("POST", "/Users", json!({}), 400, "invalidValue"),
        ("POST", "/Groups", json!({ "displayName": "g", "members": [{ "value": "nobody" }] }), 400, "invalidValue"),
        ("PATCH", "/Users/root", json!({}), 400, "invalidSyntax"),
        ("PATCH", "/Users/root", patch(json!([{ "op": "replace", "path": "id", "value": "x" }])), 400, "mutability"),
        ("PATCH", "/Groups/none", patch(json!([])), 404, ""),
        ("PUT", "/Users/none", json!({ "userName": "x" }), 404, ""),
        ("PUT", "/Users", json!({}), 405, ""),
        ("GET", "/Nothing", Value::Null, 404, ""),
    ] {
        let told = idp.told(status, method, path, body).await;
        assert_eq!(told["scimType"].as_str().unwrap_or_default(), kind, "{method} {path}");
    }
    assert_eq!(idp.office.changes().await, before);
    assert_eq!(idp.get("/Groups").await["totalResults"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_hold_everybody_once() {
    let idp = Idp::new(json!({ "name": "idp" })).await;
    for n in 0..7 {
        idp.told(201, "POST", "/Users", json!({ "userName": format!("user-{n}") })).await;
    }
    for filter in ["", "&filter=userName+sw+%22user%22"] {
        let mut seen = Vec::new();
        for start in [1, 4, 7, 10] {
            let page = idp.get(&format!("/Users?startIndex={start}&count=3&attributes=userName{filter}")).await;
            assert_eq!((&page["totalResults"], &page["startIndex"]), (&json!(7), &json!(start)));
            let all = page["Resources"].as_array().unwrap();
            assert_eq!(page["itemsPerPage"], all.len());
            seen.extend(all.iter().map(|user| user["userName"].as_str().unwrap().to_owned()));
        }
        seen.sort();
        assert_eq!(seen, (0..7).map(|n| format!("user-{n}")).collect::<Vec<_>>());
    }
    assert_eq!(idp.get("/Users?count=0").await["Resources"], json!([]));
}
