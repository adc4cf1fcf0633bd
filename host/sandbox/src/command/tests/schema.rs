//! The checked-in schemas, and as much of JSON Schema as they use.

use serde_json::{Value, json};

/// A schema file.
pub(super) fn load(name: &str) -> Value {
    let path = format!(
        "{}/../../guest-sdk/command/schema/{name}.schema.json",
        env!("CARGO_MANIFEST_DIR")
    );
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn resolved<'a>(root: &'a Value, schema: &'a Value) -> &'a Value {
    match schema["$ref"].as_str() {
        Some(reference) => {
            let pointer = reference.strip_prefix('#').unwrap();
            let found = root.pointer(pointer);
            found.unwrap_or_else(|| panic!("{reference} leads nowhere"))
        }
        None => schema,
    }
}

fn has_type(value: &Value, wanted: &str) -> bool {
    match wanted {
        "null" => value.is_null(),
        "string" => value.is_string(),
        "integer" => value.is_u64(),
        "number" => value.is_number(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("type {other}"),
    }
}

/// Whether a value is as its schema says; where it is not, else.
pub(super) fn check(root: &Value, schema: &Value, value: &Value) -> Result<(), String> {
    let schema = resolved(root, schema);
    let wrong = |what: String| Err(format!("{what}: {value}"));
    let types: Vec<&str> = match &schema["type"] {
        Value::String(one) => vec![one],
        Value::Array(several) => several.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    if !types.is_empty() && !types.iter().any(|wanted| has_type(value, wanted)) {
        return wrong(format!("not {types:?}"));
    }
    if let Some(cases) = schema["enum"].as_array()
        && !cases.contains(value)
    {
        return wrong(format!("none of {cases:?}"));
    }
    if let Some(constant) = schema.get("const")
        && constant != value
    {
        return wrong(format!("not {constant}"));
    }
    if let Some(number) = value.as_u64() {
        let bound = |name: &str| schema[name].as_u64();
        if bound("minimum").is_some_and(|least| number < least)
            || bound("maximum").is_some_and(|most| number > most)
        {
            return wrong("out of bounds".into());
        }
    }
    if let Some(ways) = schema["oneOf"].as_array() {
        let fit = ways.iter().filter(|way| check(root, way, value).is_ok());
        if fit.count() != 1 {
            return wrong("not one of its ways".into());
        }
    }
    if let Some(items) = value.as_array() {
        for item in items {
            check(root, &schema["items"], item)?;
        }
    }
    let Some(members) = value.as_object() else {
        return Ok(());
    };
    for name in schema["required"].as_array().into_iter().flatten() {
        if !members.contains_key(name.as_str().unwrap()) {
            return wrong(format!("{name} is missing"));
        }
    }
    for (name, member) in members {
        match (&schema["properties"][name], &schema["additionalProperties"]) {
            (Value::Null, Value::Bool(false)) => return wrong(format!("`{name}` is too much")),
            (Value::Null, Value::Null | Value::Bool(true)) => {}
            (Value::Null, more) => check(root, more, member)?,
            (known, _) => check(root, known, member)?,
        }
    }
    Ok(())
}

/// Values as the schema has them: with all that may be there, and with the least.
pub(super) fn examples(root: &Value, schema: &Value) -> Vec<Value> {
    let schema = resolved(root, schema);
    if let Some(ways) = schema["oneOf"].as_array()
        && schema["properties"].is_null()
    {
        return ways.iter().flat_map(|way| examples(root, way)).collect();
    }
    if let Some(cases) = schema["enum"].as_array() {
        return cases.clone();
    }
    if let Some(constant) = schema.get("const") {
        return vec![constant.clone()];
    }
    let types: Vec<&str> = match &schema["type"] {
        Value::String(one) => vec![one],
        Value::Array(several) => several.iter().filter_map(Value::as_str).collect(),
        other => panic!("type {other}"),
    };
    types
        .into_iter()
        .flat_map(|found| match found {
            "null" => vec![Value::Null],
            "string" => vec![json!("text")],
            "number" => vec![json!(1.5)],
            "integer" => [&schema["minimum"], &schema["maximum"]]
                .into_iter()
                .filter(|bound| !bound.is_null())
                .cloned()
                .collect(),
            "object" => objects(root, schema),
            other => panic!("type {other}"),
        })
        .collect()
}

fn objects(root: &Value, schema: &Value) -> Vec<Value> {
    let required = schema["required"].as_array().cloned().unwrap_or_default();
    let Some(properties) = schema["properties"].as_object() else {
        return match &schema["additionalProperties"] {
            Value::Object(_) => vec![json!({}), json!({ "name": "value" })],
            _ => vec![json!({})],
        };
    };
    let first = |name: &String| examples(root, &properties[name])[0].clone();
    let of = |names: Vec<&String>| -> serde_json::Map<String, Value> {
        names
            .iter()
            .map(|name| ((*name).clone(), first(name)))
            .collect()
    };
    let least: Vec<&String> = properties
        .keys()
        .filter(|name| required.contains(&json!(name)))
        .collect();
    let all = of(properties.keys().collect());
    let mut made = vec![Value::Object(of(least)), Value::Object(all.clone())];
    // Each member in each of its forms.
    for (name, property) in properties {
        for value in examples(root, property) {
            let mut object = all.clone();
            object.insert(name.clone(), value);
            made.push(Value::Object(object));
        }
    }
    made
}
