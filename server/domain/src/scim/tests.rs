use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::*;
use crate::actor::Role;
use crate::ids::{TeamId, UserId};
use crate::record::no_meta;
use crate::user::User;

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(object) => object,
        other => panic!("{other}"),
    }
}

fn eve() -> Map<String, Value> {
    object(json!({
        "schemas": [USER],
        "id": "u-1",
        "userName": "Eve@Example.com",
        "externalId": "A1",
        "active": true,
        "name": { "givenName": "Eve", "familyName": "Stone", "formatted": "Eve Stone" },
        "emails": [
            { "type": "work", "value": "eve@example.com", "primary": true },
            { "type": "home", "value": "eve@home.example" },
        ],
        "groups": [{ "value": "blue" }],
        ENTERPRISE: { "department": "R&D", "manager": { "value": "u-2" } },
        "meta": { "created": "2026-11-20T10:30:00Z" },
        "logins": 3,
    }))
}

fn fits(filter: &str) -> bool {
    Filter::parse(filter).unwrap().matches(&eve())
}

#[test]
fn filters_say_what_fits() {
    for yes in [
        "userName eq \"eve@example.com\"",
        "USERNAME Eq \"eve@EXAMPLE.com\"",
        "userName eq \"eve@example.com\" and active eq true",
        "active eq \"True\"",
        "externalId eq \"A1\"",
        "emails eq \"eve@home.example\"",
        "emails.value sw \"eve@h\"",
        "emails[type eq \"work\" and value ew \"example.com\"]",
        "emails[type eq \"work\"].value eq \"eve@example.com\"",
        "emails[type eq \"work\"] pr or title pr",
        "title eq null",
        "not (title pr)",
        "not (title pr) and (active eq false or logins gt 2)",
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department eq \"r&d\"",
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value eq \"u-2\"",
        "urn:ietf:params:scim:schemas:core:2.0:User:userName co \"example\"",
        "meta.created ge \"2026-11-20T00:00:00Z\"",
        "groups eq \"blue\"",
        "userName ne \"x\"",
        "title eq \"a\" or title eq \"b\" or userName pr and active eq true",
    ] {
        if yes.starts_with("emails[type eq \"work\"] pr") {
            assert!(Filter::parse(yes).is_err(), "{yes}");
            continue;
        }
        assert!(fits(yes), "{yes}");
    }
    for no in [
        "externalId eq \"a1\"",
        "id eq \"U-1\"",
        "emails[type eq \"home\"].value eq \"eve@example.com\"",
        "active eq false",
        "title eq \"x\"",
        "logins lt 3",
        "logins gt \"2\"",
        "userName eq null",
        // `and` binds more than `or`.
        "title pr and userName pr or title pr",
    ] {
        assert!(!fits(no), "{no}");
    }
}

#[test]
fn what_is_no_filter_is_told() {
    let deep = format!("{}a pr{}", "(".repeat(30), ")".repeat(30));
    for bad in [
        "",
        "userName",
        "userName eq",
        "userName is \"x\"",
        "userName eq x",
        "userName eq \"x",
        "userName eq \"x\" and",
        "userName eq \"x\" userName eq \"y\"",
        "(userName pr",
        "emails[type pr",
        "a.b.c pr",
        "1a pr",
        "userName eq \"\\q\"",
        deep.as_str(),
        "x".repeat(5000).as_str(),
    ] {
        let error = Filter::parse(bad).unwrap_err();
        assert_eq!((error.status, error.kind), (400, Some(ErrorKind::InvalidFilter)), "{bad}");
    }
}

#[test]
fn an_index_can_be_asked_for_what_must_be_equal() {
    let wanted = |filter: &str, attribute: &str| Filter::parse(filter).unwrap().wanted(attribute).map(str::to_owned);
    assert_eq!(wanted("userName eq \"x\"", "userName").as_deref(), Some("x"));
    assert_eq!(wanted("active eq true and (username eq \"x\")", "userName").as_deref(), Some("x"));
    assert_eq!(wanted("emails[type eq \"work\"].value eq \"x\"", "emails.value").as_deref(), Some("x"));
    assert_eq!(wanted("emails eq \"x\"", "emails.value").as_deref(), Some("x"));
    assert_eq!(wanted("userName eq \"x\" or active eq true", "userName"), None);
    assert_eq!(wanted("not (userName eq \"x\")", "userName"), None);
    assert_eq!(wanted("userName ne \"x\"", "userName"), None);
}

fn patched(resource: Map<String, Value>, operations_of: &Value) -> Result<Map<String, Value>, ScimError> {
    let mut resource = resource;
    let operations = operations(&object(json!({ "Operations": operations_of })))?;
    patch_person(&mut resource, &operations)?;
    Ok(resource)
}

#[test]
fn patches_as_entra_sends_them() {
    let after = patched(
        eve(),
        &json!([
            { "op": "Replace", "path": "active", "value": "False" },
            { "op": "Replace", "path": "emails[type eq \"work\"].value", "value": "new@example.com" },
            { "op": "Replace", "path": "name.familyName", "value": "Brook" },
            { "op": "Add", "path": "phoneNumbers[type eq \"mobile\"].value", "value": "555" },
            { "op": "Add", "path": "roles[primary eq \"True\"].value", "value": "admin" },
            { "op": "Add", "path": "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department", "value": "Sales" },
            { "op": "Remove", "path": "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager" },
            { "op": "Remove", "path": "externalId" },
            { "op": "Remove", "path": "emails[type eq \"home\"]" },
        ]),
    )
    .unwrap();
    assert_eq!(after["emails"], json!([{ "type": "work", "value": "new@example.com", "primary": true }]));
    assert_eq!(after["name"], json!({ "givenName": "Eve", "familyName": "Brook", "formatted": "Eve Brook" }));
    assert_eq!(after["phoneNumbers"], json!([{ "type": "mobile", "value": "555" }]));
    assert_eq!(after["roles"], json!([{ "primary": true, "value": "admin" }]));
    assert_eq!(after[ENTERPRISE], json!({ "department": "Sales" }));
    let read = PersonAttributes::read(&after).unwrap();
    assert_eq!(read.active, Some(false));
    assert_eq!((read.email.as_deref(), read.name.as_deref()), (Some("new@example.com"), Some("Eve Brook")));
    assert_eq!(read.external_id, None);
}

#[test]
fn patches_without_a_path() {
    let after = patched(
        eve(),
        &json!([{ "op": "replace", "value": {
            "id": "ignored",
            "active": false,
            "name.givenName": "Eva",
            "displayName": "Eva S.",
            "emails[type eq \"work\"].value": "eva@example.com",
            ENTERPRISE: { "division": "East" },
        } }]),
    )
    .unwrap();
    assert_eq!((&after["id"], &after["active"]), (&json!("u-1"), &json!(false)));
    assert_eq!(after["name"]["givenName"], "Eva");
    assert_eq!(after["emails"][0]["value"], "eva@example.com");
    assert_eq!(after[ENTERPRISE], json!({ "department": "R&D", "manager": { "value": "u-2" }, "division": "East" }));
    assert_eq!(PersonAttributes::read(&after).unwrap().name.as_deref(), Some("Eva S."));
}

#[test]
fn members_come_and_go() {
    let group = object(json!({ "displayName": "Blue", "members": [{ "value": "a" }, { "value": "b" }] }));
    let members = |operations_of: Value| {
        let mut group = group.clone();
        apply(&mut group, &operations(&object(json!({ "operations": operations_of }))).unwrap()).unwrap();
        let read = GroupAttributes::read(&group).unwrap();
        read.members.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
    };
    assert_eq!(
        members(json!([{ "op": "Add", "path": "members", "value": [{ "$ref": null, "value": "c" }] }])),
        "a,b,c"
    );
    assert_eq!(members(json!([{ "op": "add", "path": "members", "value": { "value": "b", "display": "B" } }])), "a,b");
    assert_eq!(members(json!([{ "op": "Remove", "path": "members", "value": [{ "$ref": null, "value": "a" }] }])), "b");
    assert_eq!(members(json!([{ "op": "remove", "path": "members[value eq \"b\"]" }])), "a");
    assert_eq!(members(json!([{ "op": "remove", "path": "members[value eq \"z\"]" }])), "a,b");
    assert_eq!(members(json!([{ "op": "remove", "path": "members" }])), "");
    assert_eq!(members(json!([{ "op": "replace", "path": "members", "value": [{ "value": "c" }] }])), "c");
    assert_eq!(members(json!([{ "op": "replace", "value": { "id": "x", "displayName": "B" } }])), "a,b");
}

#[test]
fn what_can_not_be_patched_is_told() {
    let kind = |operations: Value| patched(eve(), &operations).unwrap_err().kind.unwrap();
    assert_eq!(kind(json!([{ "op": "move", "path": "a", "value": 1 }])), ErrorKind::InvalidSyntax);
    assert_eq!(kind(json!("x")), ErrorKind::InvalidSyntax);
    assert_eq!(kind(json!([{ "op": "remove" }])), ErrorKind::NoTarget);
    assert_eq!(kind(json!([{ "op": "replace", "path": "id", "value": "x" }])), ErrorKind::Mutability);
    assert_eq!(kind(json!([{ "op": "add", "path": "groups", "value": [] }])), ErrorKind::Mutability);
    assert_eq!(kind(json!([{ "op": "add", "path": "emails[", "value": [] }])), ErrorKind::InvalidPath);
    assert_eq!(kind(json!([{ "op": "add", "path": "title" }])), ErrorKind::InvalidValue);
    assert_eq!(kind(json!([{ "op": "add", "value": "x" }])), ErrorKind::InvalidValue);
    let no = json!([{ "op": "replace", "path": "emails[value co \"zzz\"].value", "value": "x" }]);
    assert_eq!(kind(no), ErrorKind::NoTarget);
    let many: Vec<_> = (0..1001).map(|_| json!({ "op": "remove", "path": "title" })).collect();
    assert_eq!(patched(eve(), &json!(many)).unwrap_err().status, 413);
}

#[test]
fn people_are_read_and_shown() {
    let read = PersonAttributes::read(&eve()).unwrap();
    assert_eq!(read.user_name, "Eve@Example.com");
    assert_eq!((read.email.as_deref(), read.name.as_deref()), (Some("eve@example.com"), Some("Eve Stone")));
    for name in ["id", "password", "active", "groups", "userName", "meta"] {
        assert!(!read.kept.contains_key(name), "{name}");
    }
    let mut user = User::new(UserId::parse("u/1").unwrap(), read.email, Role::Member, no_meta());
    user.name = read.name;
    let entry = Entry {
        kind: Kind::User,
        id: "u/1".to_owned(),
        user_name: Some(read.user_name),
        external_id: read.external_id,
        provider: None,
        adopted: false,
        attributes: read.kept,
    };
    let groups = [(TeamId::parse("blue").unwrap(), "Blue".to_owned())];
    let shown = user_resource(&user, Some(&entry), Some(&groups), "https://g/scim/v2");
    assert_eq!(shown["userName"], "Eve@Example.com");
    assert_eq!(shown["emails"], eve()["emails"]);
    assert_eq!(shown["schemas"], json!([USER, ENTERPRISE]));
    assert_eq!(shown["groups"][0]["display"], "Blue");
    assert_eq!(shown["meta"]["location"], "https://g/scim/v2/Users/u%2F1");
    assert!(!shown.contains_key("displayName"), "what was not sent is not made up");
    // What was changed here is shown.
    user.email = Some("other@example.com".to_owned());
    user.name = Some("Other".to_owned());
    let shown = user_resource(&user, Some(&entry), None, "https://g/scim/v2");
    assert_eq!((&shown["emails"][0]["value"], &shown["displayName"]), (&json!("other@example.com"), &json!("Other")));
    // Somebody of whom no client said anything.
    let shown = user_resource(&user, None, None, "https://g/scim/v2");
    assert_eq!(shown["userName"], "other@example.com");

    for (bad, status) in [
        (json!({}), 400),
        (json!({ "userName": " " }), 400),
        (json!({ "userName": 3 }), 400),
        (json!({ "userName": "x", "active": "perhaps" }), 400),
        (json!({ "userName": "x", "emails": [{ "value": "not an address" }] }), 400),
        (json!({ "userName": "x\u{0}" }), 400),
        (json!({ "userName": "x", "title": "t".repeat(40_000) }), 413),
    ] {
        assert_eq!(PersonAttributes::read(&object(bad)).unwrap_err().status, status);
    }
}

#[test]
fn answers_have_what_was_asked_for() {
    let names = |attributes, excluded| {
        let shown = Projection::read(attributes, excluded).apply(eve());
        shown.keys().cloned().collect::<Vec<_>>().join(" ")
    };
    assert_eq!(names(Some("userName, emails.value"), None), "emails id schemas userName");
    assert!(!names(None, Some("groups,id")).contains("groups"));
    assert!(names(None, Some("groups,id")).contains("id"));
}

fn arbitrary_filter() -> impl Strategy<Value = String> {
    let name = prop_oneof!["[a-z]{1,8}", "[a-z]{1,5}\\.[a-z]{1,5}", Just("emails".to_owned())];
    let value = prop_oneof![
        "[ -~]{0,12}".prop_map(|text| Value::from(text).to_string()),
        any::<bool>().prop_map(|truth| truth.to_string()),
        any::<i32>().prop_map(|number| number.to_string()),
        Just("null".to_owned())
    ];
    let operator = proptest::sample::select(Operator::ALL.map(Operator::as_str).to_vec());
    let leaf = prop_oneof![
        (name.clone(), operator, value).prop_map(|(name, operator, value)| format!("{name} {operator} {value}")),
        name.prop_map(|name| format!("{name} pr"))
    ];
    leaf.prop_recursive(4, 24, 2, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("{a} and {b}")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a}) or {b}")),
            inner.clone().prop_map(|a| format!("not ({a})")),
            inner.prop_map(|a| format!("emails[{a}]")),
        ]
    })
}

fn arbitrary_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        "[a-z]{0,4}".prop_map(Value::from)
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::btree_map(
                prop_oneof![
                    "[a-z]{1,4}",
                    Just("value".to_owned()),
                    Just("type".to_owned()),
                    Just("primary".to_owned())
                ],
                inner,
                0..4
            )
            .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

fn arbitrary_path() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-c]",
        "[a-c]\\.[a-c]",
        "[a-c]\\[type eq \"[a-c]\"\\]\\.value",
        Just("emails".to_owned()),
        Just(format!("{ENTERPRISE}:department")),
        Just(ENTERPRISE.to_owned()),
    ]
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in ".{0,80}") {
        let _ = Filter::parse(&text);
        let _ = Path::read(&text);
    }

    #[test]
    fn a_filter_is_written_as_it_is_read(text in arbitrary_filter()) {
        let filter = Filter::parse(&text).unwrap();
        let again = Filter::parse(&filter.to_string()).unwrap();
        prop_assert_eq!(again.matches(&eve()), filter.matches(&eve()));
        prop_assert_eq!(&again, &filter);
        // A filter and its opposite never both fit.
        prop_assert_ne!(Filter::Not(Box::new(filter.clone())).matches(&eve()), filter.matches(&eve()));
    }

    #[test]
    fn patching_twice_is_patching_once(
        paths in proptest::collection::vec((arbitrary_path(), arbitrary_json(), 0..3_u8), 1..4)
    ) {
        let verbs = ["add", "replace", "remove"];
        for (path, value, verb) in paths {
            let body = object(json!({ "Operations": [{ "op": verbs[usize::from(verb)], "path": path, "value": value }] }));
            let mut once = eve();
            let operations = operations(&body).unwrap();
            if apply(&mut once, &operations).is_err() {
                continue;
            }
            let mut twice = once.clone();
            prop_assert!(apply(&mut twice, &operations).is_ok());
            prop_assert_eq!(&twice, &once, "{:?}", body);
            for fixed in ["id", "meta", "groups", "schemas"] {
                prop_assert_eq!(&once[fixed], &eve()[fixed]);
            }
        }
    }

    #[test]
    fn who_is_added_and_removed_leaves_the_group_as_it_was(
        members in proptest::collection::btree_set("[a-f]", 0..5),
        new in "[g-z]{1,3}"
    ) {
        let list: Vec<_> = members.iter().map(|id| json!({ "value": id })).collect();
        let group = object(json!({ "displayName": "g", "members": list }));
        let body = object(json!({ "Operations": [
            { "op": "add", "path": "members", "value": [{ "value": new }] },
            { "op": "remove", "path": format!("members[value eq \"{new}\"]") },
        ] }));
        let mut after = group.clone();
        apply(&mut after, &operations(&body).unwrap()).unwrap();
        prop_assert_eq!(GroupAttributes::read(&after).unwrap(), GroupAttributes::read(&group).unwrap());
    }
}
