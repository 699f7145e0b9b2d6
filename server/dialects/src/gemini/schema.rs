//! Schemas: JSON Schema, and the subset of `OpenAPI`'s that Google calls `Schema`.
//!
//! Google takes both, in fields of different names. `Schema` is understood by every model, so it is written where it
//! says all that the JSON schema says; where it can't, the JSON schema goes out as it is.

use crate::json::{Json, Object};

/// What to write for a JSON schema.
#[derive(Clone, Debug, PartialEq)]
pub enum Written<'a> {
    /// As Google's `Schema`: it says the same.
    Schema(Json<'a>),
    /// As it is: `Schema` has no word for something in it.
    Json(Json<'a>),
}

/// Chooses between the two.
pub fn write<'a>(schema: &Json<'a>) -> Written<'a> {
    match openapi(schema) {
        Some(out) => Written::Schema(out),
        None => Written::Json(without_dialect(schema)),
    }
}

/// Without `$schema`, which is about the document.
fn without_dialect<'a>(schema: &Json<'a>) -> Json<'a> {
    match schema {
        Json::Object(object) => {
            let kept = object.clone().into_iter().filter(|(key, _)| key != "$schema");
            Json::Object(kept.collect())
        }
        other => other.clone(),
    }
}

/// As `Schema`; `None`: it can't say the same.
fn openapi<'a>(schema: &Json<'a>) -> Option<Json<'a>> {
    let object = schema.as_object()?;
    let mut out = Object::with_capacity(object.len());
    let mut nullable = object.get("nullable").and_then(Json::as_bool).unwrap_or(false);
    let kind = match object.get("type") {
        Some(Json::Text(kind)) => Some(type_name(kind)?),
        Some(Json::Array(kinds)) => {
            let mut named = None;
            for kind in kinds {
                match kind.as_str()? {
                    "null" => nullable = true,
                    // Of several types, one has to be chosen by the model: a job for `anyOf`, and not worth a rewrite.
                    kind if named.is_none() => named = Some(type_name(kind)?),
                    _ => return None,
                }
            }
            named
        }
        Some(_) => return None,
        None => None,
    };
    let any_of = any_of(object, &mut nullable)?;
    if kind.is_none() && any_of.is_none() {
        // Anything goes, or a constant: `Schema` must name a type. An enum of texts implies it.
        let texts = object.get("enum").and_then(Json::as_array).is_some_and(|values| values.iter().all(is_text));
        if !texts && !object.get("const").is_some_and(is_text) {
            return None;
        }
        out.put("type", "STRING");
    }
    out.put_some("type", kind);
    for (key, value) in object.iter() {
        match key {
            "type" | "nullable" | "anyOf" | "$schema" | "$id" | "$comment" | "examples" | "deprecated" | "readOnly"
            | "writeOnly" => {}
            // Google never adds properties that were not declared.
            "additionalProperties" if value.as_bool() == Some(false) => {}
            "title" | "description" | "pattern" => out.put(key.to_owned(), value.as_str()?.to_owned()),
            "default" | "example" | "minimum" | "maximum" | "minItems" | "maxItems" | "minLength" | "maxLength"
            | "minProperties" | "maxProperties" | "propertyOrdering" => out.put(key.to_owned(), value.clone()),
            "required" => {
                if !value.as_array()?.is_empty() {
                    out.put("required", value.clone());
                }
            }
            "format" => match (kind, value.as_str()?) {
                // Others are answered with 400.
                (Some("STRING"), "date-time")
                | (Some("INTEGER"), "int32" | "int64")
                | (Some("NUMBER"), "float" | "double") => out.put("format", value.clone()),
                _ => return None,
            },
            "enum" => {
                // Only texts can be enumerated, and null is said by `nullable`.
                let values = value.as_array()?;
                if matches!(kind, Some(kind) if kind != "STRING") || !values.iter().all(|v| is_text(v) || v.is_null()) {
                    return None;
                }
                nullable |= values.iter().any(Json::is_null);
                out.put("enum", values.iter().filter(|v| !v.is_null()).cloned().collect::<Vec<_>>());
            }
            "const" => {
                if !is_text(value) || object.get("enum").is_some() || matches!(kind, Some(kind) if kind != "STRING") {
                    return None;
                }
                out.put("enum", vec![value.clone()]);
            }
            "items" => out.put("items", openapi(value)?),
            "properties" => {
                let fields = value.as_object()?;
                if fields.is_empty() {
                    // Google refuses an OBJECT with no properties in it.
                    return None;
                }
                let mut inner = Object::with_capacity(fields.len());
                for (name, field) in fields.iter() {
                    inner.put(name.to_owned(), openapi(field)?);
                }
                out.put("properties", inner);
            }
            _ => return None,
        }
    }
    if kind == Some("OBJECT") && object.get("properties").is_none()
        || kind == Some("ARRAY") && out.get("items").is_none()
    {
        return None;
    }
    if let Some(choices) = any_of {
        out.put("anyOf", choices);
    }
    if nullable {
        out.put("nullable", true);
    }
    Some(out.into())
}

/// The choices without null, which becomes `nullable`. `None`: they can't be written; `Some(None)`: there are none.
#[expect(clippy::option_option, reason = "the outer one is the walk's way of giving up")]
fn any_of<'a>(object: &Object<'a>, nullable: &mut bool) -> Option<Option<Vec<Json<'a>>>> {
    let Some(choices) = object.get("anyOf") else { return Some(None) };
    let mut out = Vec::new();
    for choice in choices.as_array()? {
        let null = choice.as_object().is_some_and(|c| c.len() == 1)
            && choice.get("type").and_then(Json::as_str) == Some("null");
        if null {
            *nullable = true;
        } else {
            out.push(openapi(choice)?);
        }
    }
    (!out.is_empty()).then_some(Some(out))
}

fn is_text(value: &Json<'_>) -> bool {
    matches!(value, Json::Text(_))
}

fn type_name(kind: &str) -> Option<&'static str> {
    const NAMES: [(&str, &str); 6] = [
        ("string", "STRING"),
        ("number", "NUMBER"),
        ("integer", "INTEGER"),
        ("boolean", "BOOLEAN"),
        ("array", "ARRAY"),
        ("object", "OBJECT"),
    ];
    NAMES.iter().find(|(plain, google)| *plain == kind || *google == kind).map(|(_, google)| *google)
}

/// A `Schema` as a JSON schema. What is none already stays as it is.
pub fn read(schema: Json<'_>) -> Json<'_> {
    let Json::Object(object) = schema else { return schema };
    let object = super::wire::camel(object);
    let nullable = object.get("nullable").and_then(Json::as_bool).unwrap_or(false);
    let mut out = Object::with_capacity(object.len());
    let has_type = object.get("type").is_some();
    for (key, value) in object {
        match key.as_ref() {
            "nullable" => {}
            "type" => {
                let kind = value.as_str().map(str::to_ascii_lowercase);
                match kind {
                    Some(kind) if nullable => out.put("type", vec![kind.into(), "null".into()]),
                    Some(kind) if kind == "type_unspecified" => {}
                    Some(kind) => out.put("type", kind),
                    None => out.put("type", value),
                }
            }
            "items" | "additionalProperties" => out.put(key, read(value)),
            "enum" if nullable => {
                let mut values = value.into_array().unwrap_or_default();
                values.push(Json::Null);
                out.put("enum", values);
            }
            "properties" | "defs" => {
                let name = if key == "defs" { "$defs" } else { "properties" };
                match value {
                    Json::Object(fields) => {
                        let fields = fields.into_iter().map(|(name, field)| (name, read(field)));
                        out.put(name, fields.collect::<Object<'_>>());
                    }
                    other => out.put(name, other),
                }
            }
            "ref" => out.put("$ref", value),
            "anyOf" => match value {
                Json::Array(choices) => {
                    let mut choices: Vec<_> = choices.into_iter().map(read).collect();
                    if nullable && !has_type {
                        choices.push(Object::new().with("type", "null").into());
                    }
                    out.put("anyOf", choices);
                }
                other => out.put("anyOf", other),
            },
            // Protobuf writes 64-bit counts as text.
            "minItems" | "maxItems" | "minLength" | "maxLength" | "minProperties" | "maxProperties" => {
                let count = value.as_str().and_then(|text| text.parse::<u64>().ok());
                out.put(key, count.map_or(value, Json::from));
            }
            // How the properties are ordered is said by their order too; JSON Schema has no word for it.
            _ => out.put(key, value),
        }
    }
    out.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(text: &str) -> Json<'_> {
        Json::parse(text.as_bytes()).unwrap()
    }

    fn as_schema(text: &str) -> String {
        match write(&json(text)) {
            Written::Schema(schema) => schema.to_string(),
            Written::Json(_) => panic!("{text}"),
        }
    }

    #[test]
    fn plain_schemas_become_googles() {
        let out = as_schema(
            r#"{"$schema":"https://json-schema.org/draft/2020-12/schema","type":"object","additionalProperties":false,
            "properties":{"city":{"type":"string","description":"Where"},"unit":{"type":["string","null"],"enum":["c","f",null]},
            "days":{"type":"array","items":{"type":"integer","format":"int32","minimum":1},"maxItems":7},
            "kind":{"const":"x"},"at":{"anyOf":[{"type":"number"},{"type":"string"},{"type":"null"}]}},
            "required":["city"]}"#,
        );
        assert_eq!(
            out,
            r#"{"type":"OBJECT","properties":{"city":{"type":"STRING","description":"Where"},"unit":{"type":"STRING","enum":["c","f"],"nullable":true},"days":{"type":"ARRAY","items":{"type":"INTEGER","format":"int32","minimum":1},"maxItems":7},"kind":{"type":"STRING","enum":["x"]},"at":{"anyOf":[{"type":"NUMBER"},{"type":"STRING"}],"nullable":true}},"required":["city"]}"#
        );
    }

    #[test]
    fn what_google_can_not_say_stays_json_schema() {
        for text in [
            r##"{"$ref":"#/$defs/a","$defs":{"a":{"type":"string"}}}"##,
            r#"{"type":"object","properties":{"a":{"type":"object","properties":{}}}}"#,
            r#"{"type":"object"}"#,
            r#"{"type":"array"}"#,
            r#"{"type":"object","properties":{"a":{}},"required":["a"]}"#,
            r#"{"type":"object","properties":{"a":{"type":"string"}},"additionalProperties":{"type":"string"}}"#,
            r#"{"type":"string","format":"email"}"#,
            r#"{"type":["string","integer"]}"#,
            r#"{"type":"integer","enum":[1,2]}"#,
            r#"{"const":3}"#,
            r#"{"oneOf":[{"type":"string"}]}"#,
            r#"{"allOf":[{"type":"string"}]}"#,
            r#"{"type":"integer","exclusiveMinimum":0}"#,
            r#"{"anyOf":[{"type":"null"}]}"#,
            "true",
        ] {
            assert_eq!(write(&json(text)), Written::Json(json(text)), "{text}");
        }
    }

    #[test]
    fn googles_schemas_become_json_schema() {
        let google = r#"{"type":"OBJECT","properties":{"any_of":{"type":"STRING","nullable":true},"b":{"type":"ARRAY","min_items":"2","items":{"type":"NUMBER"}},
            "c":{"any_of":[{"type":"STRING"}],"nullable":true},"d":{"type":"STRING","enum":["x"],"nullable":true}},"propertyOrdering":["any_of"]}"#;
        assert_eq!(
            read(json(google)).to_string(),
            r#"{"type":"object","properties":{"any_of":{"type":["string","null"]},"b":{"type":"array","minItems":2,"items":{"type":"number"}},"c":{"anyOf":[{"type":"string"},{"type":"null"}]},"d":{"type":["string","null"],"enum":["x",null]}},"propertyOrdering":["any_of"]}"#
        );
    }

    #[test]
    fn there_and_back_says_the_same() {
        for text in [
            r#"{"type":"object","properties":{"a":{"type":["string","null"]},"b":{"type":"boolean"}},"required":["a"]}"#,
            r#"{"type":"array","items":{"type":"string","enum":["a","b"]},"minItems":1}"#,
            r#"{"anyOf":[{"type":"string"},{"type":"integer"},{"type":"null"}]}"#,
            r#"{"type":["string","null"],"enum":["a",null]}"#,
        ] {
            let Written::Schema(out) = write(&json(text)) else { panic!("{text}") };
            assert_eq!(read(out), json(text), "{text}");
        }
    }
}
