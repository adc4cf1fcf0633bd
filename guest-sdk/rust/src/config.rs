//! Typed configuration: a serde deserializer over the job's pairs of text.
//!
//! CodePipeline's values are texts, so numbers and booleans are parsed here. Errors know the key they
//! came up at, because whoever reads them sees only the action's form in the console.

use std::fmt;

use serde::de::value::StrDeserializer;
use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, EnumAccess, Error as _, IntoDeserializer,
    MapAccess, SeqAccess, Unexpected, VariantAccess, Visitor,
};
use serde::forward_to_deserialize_any;

use crate::Failure;

/// Reads `T` from pairs.
pub(crate) fn from_pairs<T: DeserializeOwned>(pairs: &[(String, String)]) -> Result<T, Failure> {
    T::deserialize(Pairs { pairs }).map_err(|error| match error.key {
        Some(key) => Failure::configuration_key(&key, error.problem),
        None => Failure::configuration_error(format!("configuration: {}", error.problem)),
    })
}

#[derive(Debug)]
struct ConfigError {
    key: Option<String>,
    problem: String,
}

impl ConfigError {
    fn at(mut self, key: &str) -> Self {
        self.key.get_or_insert_with(|| key.to_owned());
        self
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.problem)
    }
}

impl std::error::Error for ConfigError {}

impl serde::de::Error for ConfigError {
    fn custom<T: fmt::Display>(problem: T) -> Self {
        Self {
            key: None,
            problem: problem.to_string(),
        }
    }

    fn missing_field(field: &'static str) -> Self {
        Self {
            key: Some(field.to_owned()),
            problem: "a value is required".to_owned(),
        }
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        let problem = format!("no such key; there are {}", list(expected));
        Self {
            key: Some(field.to_owned()),
            problem,
        }
    }

    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        Self {
            key: None,
            problem: format!("`{variant}` is not one of {}", list(expected)),
        }
    }

    fn invalid_type(unexpected: Unexpected<'_>, expected: &dyn serde::de::Expected) -> Self {
        Self::custom(format!("{unexpected} given, {expected} expected"))
    }
}

fn list(names: &[&str]) -> String {
    if names.is_empty() {
        return "none".to_owned();
    }
    names
        .iter()
        .map(|name| format!("`{name}`"))
        .collect::<Vec<_>>()
        .join(", ")
}

/// The name among `names` that a key or value of the configuration means: the same one, or one that
/// differs only in how its words are joined. The form uses `base-url`, Rust `base_url` or `BaseUrl`.
fn named<'a>(given: &'a str, names: &'static [&'static str]) -> &'a str {
    if names.contains(&given) {
        return given;
    }
    let joined = |name: &str| -> String {
        name.chars()
            .filter(|c| !matches!(c, '-' | '_'))
            .flat_map(char::to_lowercase)
            .collect()
    };
    let wanted = joined(given);
    names
        .iter()
        .find(|name| joined(name) == wanted)
        .copied()
        .unwrap_or(given)
}

struct Pairs<'a> {
    pairs: &'a [(String, String)],
}

impl<'de> Deserializer<'de> for Pairs<'_> {
    type Error = ConfigError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ConfigError> {
        visitor.visit_map(PairsAccess {
            rest: self.pairs.iter(),
            fields: &[],
            current: None,
        })
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ConfigError> {
        visitor.visit_map(PairsAccess {
            rest: self.pairs.iter(),
            fields,
            current: None,
        })
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, ConfigError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, ConfigError> {
        visitor.visit_unit()
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ConfigError> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option
        seq tuple tuple_struct map enum identifier ignored_any
    }
}

struct PairsAccess<'a> {
    rest: std::slice::Iter<'a, (String, String)>,
    fields: &'static [&'static str],
    current: Option<&'a (String, String)>,
}

impl<'de> MapAccess<'de> for PairsAccess<'_> {
    type Error = ConfigError;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, ConfigError> {
        self.current = self.rest.next();
        let Some((key, _)) = self.current else {
            return Ok(None);
        };
        let name: StrDeserializer<'_, ConfigError> = named(key, self.fields).into_deserializer();
        seed.deserialize(name)
            .map(Some)
            .map_err(|error| error.at(key))
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(
        &mut self,
        seed: V,
    ) -> Result<V::Value, ConfigError> {
        let Some((key, value)) = self.current else {
            return Err(ConfigError::custom("a value was asked for before its key"));
        };
        seed.deserialize(Text(value)).map_err(|error| error.at(key))
    }
}

/// One value.
struct Text<'a>(&'a str);

impl Text<'_> {
    fn shown(&self) -> String {
        const CHARACTERS: usize = 60;
        if self.0.chars().count() <= CHARACTERS {
            return format!("`{}`", self.0);
        }
        format!(
            "`{}...`",
            self.0.chars().take(CHARACTERS).collect::<String>()
        )
    }
}

macro_rules! whole_numbers {
    ($($method:ident $visit:ident $type:ty;)+) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ConfigError> {
            match self.0.trim().parse::<$type>() {
                Ok(number) => visitor.$visit(number),
                Err(_) => Err(ConfigError::custom(format!(
                    "{} is not a whole number from {} to {}", self.shown(), <$type>::MIN, <$type>::MAX,
                ))),
            }
        }
    )+};
}

macro_rules! numbers {
    ($($method:ident $visit:ident $type:ty;)+) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ConfigError> {
            match self.0.trim().parse::<$type>() {
                Ok(number) if number.is_finite() => visitor.$visit(number),
                _ => Err(ConfigError::custom(format!("{} is not a number", self.shown()))),
            }
        }
    )+};
}

impl<'de> Deserializer<'de> for Text<'_> {
    type Error = ConfigError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ConfigError> {
        visitor.visit_str(self.0)
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ConfigError> {
        match self.0.trim().to_ascii_lowercase().as_str() {
            "true" => visitor.visit_bool(true),
            "false" => visitor.visit_bool(false),
            _ => Err(ConfigError::custom(format!(
                "{} is not `true` or `false`",
                self.shown()
            ))),
        }
    }

    whole_numbers! {
        deserialize_i8 visit_i8 i8;
        deserialize_i16 visit_i16 i16;
        deserialize_i32 visit_i32 i32;
        deserialize_i64 visit_i64 i64;
        deserialize_i128 visit_i128 i128;
        deserialize_u8 visit_u8 u8;
        deserialize_u16 visit_u16 u16;
        deserialize_u32 visit_u32 u32;
        deserialize_u64 visit_u64 u64;
        deserialize_u128 visit_u128 u128;
    }

    numbers! {
        deserialize_f32 visit_f32 f32;
        deserialize_f64 visit_f64 f64;
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ConfigError> {
        if self.0.is_empty() {
            visitor.visit_none()
        } else {
            visitor.visit_some(self)
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, ConfigError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ConfigError> {
        visitor.visit_seq(Items {
            rest: self.0.split(','),
        })
    }

    fn deserialize_tuple<V: Visitor<'de>>(
        self,
        _length: usize,
        visitor: V,
    ) -> Result<V::Value, ConfigError> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _length: usize,
        visitor: V,
    ) -> Result<V::Value, ConfigError> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ConfigError> {
        let mut json = serde_json::Deserializer::from_reader(self.0.as_bytes());
        json.deserialize_map(visitor)
            .and_then(|value| json.end().map(|()| value))
            .map_err(not_json)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ConfigError> {
        let mut json = serde_json::Deserializer::from_reader(self.0.as_bytes());
        json.deserialize_struct(name, fields, visitor)
            .and_then(|value| json.end().map(|()| value))
            .map_err(not_json)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ConfigError> {
        visitor.visit_enum(Choice(named(self.0.trim(), variants)))
    }

    forward_to_deserialize_any! {
        char str string bytes byte_buf unit unit_struct identifier ignored_any
    }
}

#[expect(clippy::needless_pass_by_value, reason = "what map_err takes")]
fn not_json(error: serde_json::Error) -> ConfigError {
    ConfigError::custom(format!("not the JSON that is needed: {error}"))
}

struct Items<'a> {
    rest: std::str::Split<'a, char>,
}

impl<'de> SeqAccess<'de> for Items<'_> {
    type Error = ConfigError;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, ConfigError> {
        let item = self
            .rest
            .by_ref()
            .map(str::trim)
            .find(|item| !item.is_empty());
        item.map(|item| seed.deserialize(Text(item))).transpose()
    }
}

struct Choice<'a>(&'a str);

impl<'de> EnumAccess<'de> for Choice<'_> {
    type Error = ConfigError;
    type Variant = NoFields;

    fn variant_seed<V: DeserializeSeed<'de>>(
        self,
        seed: V,
    ) -> Result<(V::Value, NoFields), ConfigError> {
        let name: StrDeserializer<'_, ConfigError> = self.0.into_deserializer();
        Ok((seed.deserialize(name)?, NoFields))
    }
}

struct NoFields;

impl NoFields {
    fn refused<T>() -> Result<T, ConfigError> {
        Err(ConfigError::custom(
            "a value of the configuration is text: it can only choose an enum's value that has no fields",
        ))
    }
}

impl<'de> VariantAccess<'de> for NoFields {
    type Error = ConfigError;

    fn unit_variant(self) -> Result<(), ConfigError> {
        Ok(())
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(
        self,
        _seed: T,
    ) -> Result<T::Value, ConfigError> {
        Self::refused()
    }

    fn tuple_variant<V: Visitor<'de>>(
        self,
        _len: usize,
        _visitor: V,
    ) -> Result<V::Value, ConfigError> {
        Self::refused()
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _fields: &'static [&'static str],
        _visitor: V,
    ) -> Result<V::Value, ConfigError> {
        Self::refused()
    }
}
