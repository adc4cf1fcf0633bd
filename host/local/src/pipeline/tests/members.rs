//! Each member that the model has of a request is read by the operation, or is on a list here with the reason.
//!
//! What is read is either used, which the compiler sees to, or refused by name ([`super::unbuilt`]). To drop a member in
//! silence would promise its effect, and a later model may bring one.

use std::cell::RefCell;

use serde::Deserializer;
use serde::de::value::{MapDeserializer, SeqDeserializer};
use serde::de::{IntoDeserializer, Visitor};

use super::*;
use crate::pipeline::schema::Shape;
use crate::pipeline::shapes::REQUESTS;

/// Members that have no effect here, and why that is no difference from AWS that a client could see.
const IGNORED: &[(&str, &str)] = &[];

/// A request with every member that there can be.
fn whole(shape: &Shape) -> Value {
    match shape {
        Shape::Text(_) => json!("text"),
        Shape::Enum(values) => json!(values[0]),
        Shape::Int { min, max } => json!(1.clamp(*min, *max)),
        Shape::Bool => json!(true),
        Shape::Time => json!(1.5),
        Shape::List { member, .. } => json!([whole(member)]),
        Shape::Map { value, .. } => json!({ "key": whole(value) }),
        Shape::Struct(members) => {
            let members = members.iter();
            members
                .map(|member| (member.name.to_owned(), whole(member.shape)))
                .collect()
        }
    }
}

/// A value that notes what a reader passes over.
struct Watched<'a> {
    value: &'a Value,
    path: String,
    passed_over: &'a RefCell<Vec<String>>,
}

impl<'a> Watched<'a> {
    fn below(&self, name: &str, value: &'a Value) -> Self {
        Watched {
            value,
            path: format!("{}{name}", self.path),
            passed_over: self.passed_over,
        }
    }
}

impl<'de> IntoDeserializer<'de, serde_json::Error> for Watched<'de> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de> Deserializer<'de> for Watched<'de> {
    type Error = serde_json::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        match self.value {
            Value::Object(members) => {
                let below = |(name, value): (&'de String, &'de Value)| {
                    (name.as_str(), self.below(&format!(".{name}"), value))
                };
                visitor.visit_map(MapDeserializer::new(members.iter().map(below)))
            }
            Value::Array(items) => {
                let items = items.iter().map(|item| self.below("[]", item));
                visitor.visit_seq(SeqDeserializer::new(items))
            }
            plain => plain.deserialize_any(visitor),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        self.value.deserialize_enum(name, variants, visitor)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        self.passed_over.borrow_mut().push(self.path);
        visitor.visit_unit()
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct seq tuple tuple_struct map struct identifier
    }
}

/// The operations that are built, and what each passes over of a request.
fn passed_over() -> (Vec<&'static str>, Vec<String>) {
    let passed_over = RefCell::new(Vec::new());
    let mut built = Vec::new();
    for (name, shape) in REQUESTS {
        let request = Watched {
            value: &whole(shape),
            path: (*name).to_owned(),
            passed_over: &passed_over,
        };
        match Operation::read(name, request) {
            Ok(_) => built.push(*name),
            Err(error) => assert_eq!(error.code, "NotBuiltException", "{name}: {error}"),
        }
    }
    (built, passed_over.into_inner())
}

#[test]
fn each_member_of_a_request_is_read_or_on_the_list() {
    let (built, passed_over) = passed_over();
    assert!(built.len() >= 30, "{built:?}");
    let listed: Vec<&str> = IGNORED.iter().map(|(path, _)| *path).collect();
    assert_eq!(passed_over, listed);
}

#[test]
fn a_member_that_nothing_reads_is_noticed() {
    let request = json!({ "jobId": "1", "nonce": "2", "later": { "deep": [1] } });
    let passed_over = RefCell::new(Vec::new());
    let watched = Watched {
        value: &request,
        path: "AcknowledgeJob".to_owned(),
        passed_over: &passed_over,
    };
    Operation::read("AcknowledgeJob", watched).unwrap();
    assert_eq!(passed_over.into_inner(), ["AcknowledgeJob.later"]);
}
