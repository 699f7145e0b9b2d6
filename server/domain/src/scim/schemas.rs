//! What a client can find out about this server: RFC 7643, sections 5 to 7.

use serde_json::{Value, json};

use super::{ENTERPRISE, GROUP, USER};

pub const SCHEMAS: [&str; 3] = [USER, GROUP, ENTERPRISE];
pub const RESOURCE_TYPES: [&str; 2] = ["User", "Group"];

/// The most resources of one page.
pub const LARGEST_PAGE: usize = 200;

pub fn service_provider_config(base: &str) -> Value {
    let no = json!({ "supported": false });
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"],
        "patch": { "supported": true },
        "bulk": { "supported": false, "maxOperations": 0, "maxPayloadSize": 0 },
        "filter": { "supported": true, "maxResults": LARGEST_PAGE },
        "changePassword": no, "sort": no, "etag": no,
        "authenticationSchemes": [{
            "type": "oauthbearertoken",
            "name": "Bearer token",
            "description": "A SCIM token of this gateway, in the header `Authorization`.",
            "primary": true,
        }],
        "meta": { "resourceType": "ServiceProviderConfig", "location": format!("{base}/ServiceProviderConfig") },
    })
}

pub fn resource_types(base: &str) -> Vec<Value> {
    let one = |name: &str, endpoint: &str, schema: &str, extensions: Value| {
        json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ResourceType"],
            "id": name, "name": name, "endpoint": format!("/{endpoint}"), "schema": schema,
            "schemaExtensions": extensions,
            "meta": { "resourceType": "ResourceType", "location": format!("{base}/ResourceTypes/{name}") },
        })
    };
    vec![
        one("User", "Users", USER, json!([{ "schema": ENTERPRISE, "required": false }])),
        one("Group", "Groups", GROUP, json!([])),
    ]
}

fn attribute(name: &str, kind: &str, several: bool, rest: Value) -> Value {
    let mut attribute = json!({
        "name": name, "type": kind, "multiValued": several, "required": false, "caseExact": false,
        "mutability": "readWrite", "returned": "default", "uniqueness": "none",
    });
    if let (Some(attribute), Value::Object(rest)) = (attribute.as_object_mut(), rest) {
        attribute.extend(rest);
    }
    attribute
}

fn text(name: &str) -> Value {
    attribute(name, "string", false, json!({}))
}

/// A list of values with a type each.
fn typed(name: &str) -> Value {
    let parts = [text("value"), text("display"), text("type"), attribute("primary", "boolean", false, json!({}))];
    attribute(name, "complex", true, json!({ "subAttributes": parts }))
}

pub fn schema_documents(base: &str) -> Vec<Value> {
    let one = |id: &str, name: &str, description: &str, attributes: Vec<Value>| {
        json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Schema"],
            "id": id, "name": name, "description": description, "attributes": attributes,
            "meta": { "resourceType": "Schema", "location": format!("{base}/Schemas/{id}") },
        })
    };
    let name = ["formatted", "familyName", "givenName", "middleName", "honorificPrefix", "honorificSuffix"].map(text);
    let user = vec![
        attribute("userName", "string", false, json!({ "required": true, "uniqueness": "server" })),
        attribute("externalId", "string", false, json!({ "caseExact": true })),
        attribute("name", "complex", false, json!({ "subAttributes": name })),
        text("displayName"),
        text("nickName"),
        text("title"),
        text("userType"),
        text("preferredLanguage"),
        text("locale"),
        text("timezone"),
        attribute("active", "boolean", false, json!({})),
        typed("emails"),
        typed("phoneNumbers"),
        typed("roles"),
        attribute(
            "groups",
            "complex",
            true,
            json!({ "mutability": "readOnly", "subAttributes": [text("value"), text("display"), text("type")] }),
        ),
    ];
    let group = vec![
        attribute("displayName", "string", false, json!({ "required": true })),
        attribute("externalId", "string", false, json!({ "caseExact": true })),
        attribute(
            "members",
            "complex",
            true,
            json!({ "subAttributes": [text("value"), text("display"), text("type")] }),
        ),
    ];
    let manager = [text("value"), text("displayName")];
    let enterprise = vec![
        text("employeeNumber"),
        text("costCenter"),
        text("organization"),
        text("division"),
        text("department"),
        attribute("manager", "complex", false, json!({ "subAttributes": manager })),
    ];
    vec![
        one(USER, "User", "A person", user),
        one(GROUP, "Group", "A team", group),
        one(ENTERPRISE, "EnterpriseUser", "What a company knows of a person", enterprise),
    ]
}
