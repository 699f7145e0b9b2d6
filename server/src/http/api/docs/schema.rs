//! Schemas of the document in words.

use std::fmt::Write as _;

use serde_json::Value;

use super::{TABLE_END, anchor, array, escape, object, table, text};

/// A description, with what stands between backticks as code.
pub fn words(text: &str) -> String {
    let mut out = String::new();
    for (i, part) in text.split('`').enumerate() {
        if i % 2 == 1 {
            let _ = write!(out, "<code>{}</code>", escape(part));
        } else {
            out.push_str(&escape(part));
        }
    }
    out
}

/// What a value is, in a few words, with links to what is described by itself.
pub fn cell(schema: &Value) -> String {
    if let Some(name) = schema["$ref"].as_str().and_then(|path| path.rsplit('/').next()) {
        return format!("<a href=\"#{}\">{}</a>", anchor("schema", name), escape(name));
    }
    for key in ["oneOf", "anyOf", "allOf"] {
        let parts: Vec<_> = array(&schema[key]).iter().map(cell).collect();
        if !parts.is_empty() {
            return parts.join(if key == "allOf" { " and " } else { " or " });
        }
    }
    if !array(&schema["enum"]).is_empty() {
        let values = array(&schema["enum"]).iter().map(|value| format!("<code>{}</code>", escape(text(value))));
        return values.collect::<Vec<_>>().join(", ");
    }
    let kinds: Vec<&str> = match &schema["type"] {
        Value::String(kind) => vec![kind],
        Value::Array(kinds) => kinds.iter().map(text).collect(),
        _ => vec!["anything"],
    };
    let format = schema["format"].as_str();
    let named = kinds.into_iter().map(|kind| match kind {
        "array" => format!("list of {}", cell(&schema["items"])),
        "object" if schema["additionalProperties"].is_object() => {
            format!("object of {}", cell(&schema["additionalProperties"]))
        }
        "string" => format.map_or_else(|| "text".to_owned(), |format| format!("text ({})", escape(format))),
        other => escape(other),
    });
    named.collect::<Vec<_>>().join(" or ")
}

/// A table of an object's fields.
pub fn fields(out: &mut String, document: &Value, schema: &Value) {
    let mut rows = Vec::new();
    gather(document, schema, &mut rows);
    if rows.is_empty() {
        let _ = write!(out, "<p>{}</p>", cell(schema));
        return;
    }
    table(out, "Fields", &["Field", "Type", "About"]);
    for (name, field, required) in rows {
        let about = words(text(&field["description"]));
        let needed = if required { "" } else { "<span class=\"muted\">Not always there.</span> " };
        let _ = write!(
            out,
            "<tr><th scope=\"row\"><code>{}</code></th><td>{}</td><td>{needed}{about}</td></tr>",
            escape(name),
            cell(field),
        );
    }
    out.push_str(TABLE_END);
}

/// The fields of an object, with those of what it is made of.
fn gather<'a>(document: &'a Value, schema: &'a Value, rows: &mut Vec<(&'a str, &'a Value, bool)>) {
    for part in array(&schema["allOf"]) {
        match part["$ref"].as_str().and_then(|path| path.rsplit('/').next()) {
            Some(name) => gather(document, &document["components"]["schemas"][name], rows),
            None => gather(document, part, rows),
        }
    }
    let required = array(&schema["required"]);
    for (name, field) in object(&schema["properties"]) {
        rows.push((name, field, required.iter().any(|one| one == name)));
    }
}
