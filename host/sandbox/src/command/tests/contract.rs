//! Field by field: what the schemas have is what the contract has, in snake_case.

use std::path::Path;

use serde_json::{Map, Value, json};
use wit_parser::{Function, InterfaceId, Record, Resolve, Type, TypeDefKind};

use super::super::wire::KINDS;
use super::schema::load;

/// The contract, parsed.
struct Contract {
    resolve: Resolve,
    package: wit_parser::PackageId,
}

impl Contract {
    fn read() -> Contract {
        let mut resolve = Resolve::default();
        let wit = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../wit");
        let (package, _) = resolve.push_dir(wit).unwrap();
        Contract { resolve, package }
    }

    fn interface(&self, name: &str) -> InterfaceId {
        self.resolve.packages[self.package].interfaces[name]
    }

    fn kind(&self, interface: &str, name: &str) -> &TypeDefKind {
        let id = self.resolve.interfaces[self.interface(interface)].types[name];
        &self.resolve.types[id].kind
    }

    fn record(&self, name: &str) -> &Record {
        match self.kind("types", name) {
            TypeDefKind::Record(record) => record,
            other => panic!("{name} is {other:?}"),
        }
    }

    fn function(&self, interface: &str, name: &str) -> &Function {
        &self.resolve.interfaces[self.interface(interface)].functions[name]
    }

    /// What the page's table makes of a type.
    fn schema(&self, ty: &Type) -> Value {
        let id = match ty {
            Type::String => return json!({ "type": "string" }),
            Type::U8 => return json!({ "type": "integer", "minimum": 0, "maximum": u8::MAX }),
            Type::U32 => return json!({ "type": "integer", "minimum": 0, "maximum": u32::MAX }),
            Type::F64 => return json!({ "type": "number" }),
            Type::Id(id) => *id,
            other => panic!("{other:?}"),
        };
        let definition = &self.resolve.types[id];
        match &definition.kind {
            TypeDefKind::Type(ty) => self.schema(ty),
            TypeDefKind::List(ty) => match self.is_pair(ty) {
                true => json!({ "type": "object", "additionalProperties": { "type": "string" } }),
                false => json!({ "type": "array", "items": self.schema(ty) }),
            },
            TypeDefKind::Option(ty) => nullable(self.schema(ty)),
            TypeDefKind::Enum(cases) => {
                // An enum that several records have is a definition of its own.
                let name = definition.name.as_deref().unwrap();
                match name {
                    "failure-type" => json!({ "$ref": "#/$defs/failure_type" }),
                    _ => {
                        json!({ "enum": cases.cases.iter().map(|c| snake(&c.name)).collect::<Vec<_>>() })
                    }
                }
            }
            TypeDefKind::Record(_) => {
                json!({ "$ref": format!("#/$defs/{}", snake(definition.name.as_deref().unwrap())) })
            }
            TypeDefKind::Result(result) => {
                let (ok, err) = (result.ok.unwrap(), result.err.unwrap());
                json!({ "oneOf": [
                    closed(&[("ok", self.schema(&ok), true)]),
                    closed(&[("error", self.schema(&err), true)]),
                ]})
            }
            other => panic!("{other:?}"),
        }
    }

    fn is_pair(&self, ty: &Type) -> bool {
        let Type::Id(id) = ty else { return false };
        match &self.resolve.types[*id].kind {
            TypeDefKind::Type(ty) => self.is_pair(ty),
            TypeDefKind::Tuple(tuple) => tuple.types == [Type::String, Type::String],
            _ => false,
        }
    }

    /// Whether a plugin may leave it out.
    fn may_be_left_out(&self, name: &str, ty: &Type) -> bool {
        if name == "details" {
            return true;
        }
        let Type::Id(id) = ty else { return false };
        match &self.resolve.types[*id].kind {
            TypeDefKind::Type(ty) => self.may_be_left_out(name, ty),
            TypeDefKind::Option(_) => true,
            TypeDefKind::List(ty) => self.is_pair(ty),
            _ => false,
        }
    }

    /// A record that the host writes: all of it is there.
    fn written(&self, name: &str) -> Value {
        let fields = self.record(name).fields.iter();
        let members: Vec<_> = fields
            .map(|field| (snake(&field.name), self.schema(&field.ty), true))
            .collect();
        let mut object = closed(&borrowed(&members));
        // More may come.
        object
            .as_object_mut()
            .unwrap()
            .remove("additionalProperties");
        object
    }

    /// A record that a plugin writes.
    fn printed<'a>(&self, members: impl Iterator<Item = (&'a str, &'a Type)>) -> Value {
        let members: Vec<_> = members
            .map(|(name, ty)| {
                let needed = !self.may_be_left_out(name, ty);
                (snake(name), self.schema(ty), needed)
            })
            .collect();
        closed(&borrowed(&members))
    }

    fn printed_record(&self, name: &str) -> Value {
        let fields = self.record(name).fields.iter();
        self.printed(fields.map(|field| (field.name.as_str(), &field.ty)))
    }

    fn parameters(&self, interface: &str, name: &str) -> Value {
        let parameters = self.function(interface, name).params.iter();
        self.printed(parameters.map(|parameter| (parameter.name.as_str(), &parameter.ty)))
    }
}

fn borrowed(members: &[(String, Value, bool)]) -> Vec<(&str, Value, bool)> {
    members
        .iter()
        .map(|(name, schema, needed)| (name.as_str(), schema.clone(), *needed))
        .collect()
}

/// An object of these members and no others: name, schema, whether it has to be there.
fn closed(members: &[(&str, Value, bool)]) -> Value {
    let mut object = Map::new();
    object.insert("type".into(), json!("object"));
    let properties: Map<String, Value> = members
        .iter()
        .map(|(name, schema, _)| ((*name).to_owned(), schema.clone()))
        .collect();
    if !properties.is_empty() {
        object.insert("properties".into(), properties.into());
    }
    let required: Vec<&str> = members
        .iter()
        .filter(|(.., needed)| *needed)
        .map(|(name, ..)| *name)
        .collect();
    if !required.is_empty() {
        object.insert("required".into(), json!(required));
    }
    object.insert("additionalProperties".into(), json!(false));
    object.into()
}

fn nullable(mut schema: Value) -> Value {
    if let Some(one) = schema.get("type").and_then(Value::as_str) {
        schema["type"] = json!([one, "null"]);
        return schema;
    }
    if let Some(cases) = schema.get_mut("enum").and_then(Value::as_array_mut) {
        cases.push(Value::Null);
        return schema;
    }
    json!({ "oneOf": [schema, { "type": "null" }] })
}

fn snake(name: &str) -> String {
    name.replace('-', "_")
}

/// Without what is for readers only.
fn bare(schema: &Value) -> Value {
    match schema {
        Value::Object(members) => members
            .iter()
            .filter(|(name, value)| *name != "description" || !value.is_string())
            .map(|(name, value)| (name.clone(), bare(value)))
            .collect::<Map<_, _>>()
            .into(),
        Value::Array(items) => items.iter().map(bare).collect(),
        other => other.clone(),
    }
}

#[test]
fn the_job_is_the_contracts() {
    let contract = Contract::read();
    let definitions = &load("job")["$defs"];
    let names = [
        "job",
        "action-type",
        "pipeline-context",
        "input-artifact",
        "output-artifact",
    ];
    for name in names {
        assert_eq!(
            bare(&definitions[snake(name)]),
            contract.written(name),
            "{name}"
        );
    }
    assert_eq!(definitions.as_object().unwrap().len(), names.len());
}

#[test]
fn what_a_command_says_of_its_job_is_the_contracts() {
    let contract = Contract::read();
    let line = load("line");
    let definitions = &line["$defs"];
    let records = [
        "success",
        "continuation",
        "execution-details",
        "current-revision",
        "failure",
    ];
    for name in records {
        assert_eq!(
            bare(&definitions[snake(name)]),
            contract.printed_record(name),
            "{name}"
        );
    }
    let TypeDefKind::Variant(outcome) = contract.kind("types", "outcome") else {
        panic!("outcome is a variant");
    };
    let ways: Vec<Value> = outcome
        .cases
        .iter()
        .map(|case| closed(&[(&snake(&case.name), contract.schema(&case.ty.unwrap()), true)]))
        .collect();
    assert_eq!(bare(&definitions["outcome"]), json!({ "oneOf": ways }));
    let TypeDefKind::Enum(kinds) = contract.kind("types", "failure-type") else {
        panic!("failure-type is an enum");
    };
    let kinds: Vec<String> = kinds.cases.iter().map(|case| snake(&case.name)).collect();
    assert_eq!(bare(&definitions["failure_type"]), json!({ "enum": kinds }));
    assert_eq!(definitions.as_object().unwrap().len(), records.len() + 2);
}

#[test]
fn what_a_command_says_and_asks_meanwhile_is_the_contracts() {
    let contract = Contract::read();
    let (line, answer) = (load("line"), load("answer"));
    let said = |kind: &str| bare(&line["properties"][kind]);
    let functions = [
        ("log", "log", "write"),
        ("progress", "control", "progress"),
        ("stop_requested", "control", "stop-requested"),
        ("time_remaining", "control", "time-remaining"),
        ("threshold", "log", "threshold"),
        ("secret", "secrets", "get"),
    ];
    let mut answered = 0;
    for (kind, interface, name) in functions {
        assert_eq!(said(kind), contract.parameters(interface, name), "{kind}");
        if let Some(result) = &contract.function(interface, name).result {
            let schema = bare(&answer["properties"][kind]);
            assert_eq!(schema, contract.schema(result), "{kind}");
            answered += 1;
        }
    }
    assert_eq!(answer["properties"].as_object().unwrap().len(), answered);
    // Of the contract's functions only one has no line: secrets are text.
    let mut all: Vec<&str> = ["log", "control", "secrets"]
        .iter()
        .flat_map(|name| {
            contract.resolve.interfaces[contract.interface(name)]
                .functions
                .keys()
        })
        .map(String::as_str)
        .collect();
    all.retain(|name| !functions.iter().any(|(.., spoken)| spoken == name));
    assert_eq!(all, ["get-bytes"]);
    let mut kinds: Vec<&str> = line["properties"]
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .filter(|name| !["pipefitter", "job_id"].contains(name))
        .collect();
    let mut known = KINDS;
    kinds.sort_unstable();
    known.sort_unstable();
    assert_eq!(kinds, known);
}
