//! JSON schemas → what people read of them.

use serde_json::{Map, Value};

use crate::api::{ReferenceProperty, ReferenceShape};

/// The words with which a property's documentation begins that has no effect here.
const ECHO_ONLY: &str = "Stored and given back";

pub(super) fn read(definitions: Map<String, Value>) -> Vec<ReferenceShape> {
    let mut shapes: Vec<ReferenceShape> = definitions.iter().map(|(name, schema)| shape(name, schema)).collect();
    shapes.sort_by(|a, b| a.name.cmp(&b.name));
    shapes
}

fn shape(name: &str, schema: &Value) -> ReferenceShape {
    let required: Vec<&str> = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let properties = schema["properties"].as_object().into_iter().flatten();
    ReferenceShape {
        name: name.to_owned(),
        about: about(schema),
        properties: properties
            .map(|(name, schema)| property(name, schema, required.contains(&name.as_str())))
            .collect(),
        values: schema["enum"].as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect(),
    }
}

fn property(name: &str, schema: &Value, is_required: bool) -> ReferenceProperty {
    let (kind, shape) = kind(schema);
    let about = about(schema);
    let is_echo_only = about.starts_with(ECHO_ONLY);
    ReferenceProperty { name: name.to_owned(), kind, shape, is_required, about, is_echo_only }
}

/// Comments are broken into lines for those who read the source.
fn about(schema: &Value) -> String {
    schema["description"].as_str().unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What a value is, and the shape that this names.
fn kind(schema: &Value) -> (String, Option<String>) {
    if let Some(name) = schema["$ref"].as_str().and_then(|path| path.rsplit('/').next()) {
        return (name.to_owned(), Some(name.to_owned()));
    }
    for choice in ["anyOf", "allOf", "oneOf"] {
        // The other choice is that there is nothing.
        if let Some(first) = schema[choice].as_array().into_iter().flatten().find(|s| s["type"] != "null") {
            return kind(first);
        }
    }
    match type_of(schema) {
        "array" => {
            let (kind, shape) = kind(&schema["items"]);
            (format!("{kind}[]"), shape)
        }
        "object" if schema["additionalProperties"].is_object() => {
            let (kind, shape) = kind(&schema["additionalProperties"]);
            (format!("map of {kind}"), shape)
        }
        "integer" | "number" | "string" if schema["format"].is_string() => {
            (schema["format"].as_str().unwrap_or_default().to_owned(), None)
        }
        "" => ("any".to_owned(), None),
        other => (other.to_owned(), None),
    }
}

fn type_of(schema: &Value) -> &str {
    match &schema["type"] {
        Value::String(name) => name,
        Value::Array(names) => names.iter().filter_map(Value::as_str).find(|name| *name != "null").unwrap_or_default(),
        _ => "",
    }
}
