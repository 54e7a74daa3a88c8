//! A JSON value → a shape, with the path of what does not fit. More forgiving than plain JSON in what Batch's clients do
//! (`null` is absent, numbers may be written as text, `odata.…` says nothing), less in what they get wrong: a property
//! that the shape does not know is an error.

use std::fmt::Display;

use serde::de::value::StrDeserializer;
use serde::de::{self, DeserializeOwned, DeserializeSeed, IntoDeserializer, MapAccess, SeqAccess, Unexpected, Visitor};
use serde::forward_to_deserialize_any;
use serde_json::Value;

use crate::api;

pub fn from_value<T: DeserializeOwned>(value: &Value) -> Result<T, NotTheShape> {
    T::deserialize(Decoder(value))
}

/// What does not fit. The path grows from its end while the error goes up.
#[derive(Debug, thiserror::Error)]
#[error("{path}: {problem:?}")]
pub struct NotTheShape {
    path: String,
    problem: Problem,
}

#[derive(Debug)]
enum Problem {
    Unknown,
    Missing,
    Invalid { value: String, reason: String },
}

impl NotTheShape {
    fn below(mut self, name: &str) -> Self {
        let joint = if self.path.is_empty() || self.path.starts_with('[') { "" } else { "." };
        self.path = format!("{name}{joint}{}", self.path);
        self
    }

    /// The innermost value is the one to show.
    fn with_value(mut self, found: &Value) -> Self {
        if let Problem::Invalid { value, .. } = &mut self.problem
            && value.is_empty()
        {
            *value = match found {
                Value::String(text) => text.chars().take(200).collect(),
                Value::Object(_) => "an object".to_owned(),
                Value::Array(_) => "an array".to_owned(),
                other => other.to_string(),
            };
        }
        self
    }
}

impl From<NotTheShape> for api::Error {
    fn from(error: NotTheShape) -> Self {
        match error.problem {
            Problem::Unknown => api::Error::unsupported_property(
                &error.path,
                "there is no such property here, or none of this spelling",
            ),
            Problem::Missing => api::Error::new(api::Code::MissingRequiredProperty).with("PropertyName", error.path),
            Problem::Invalid { value, reason } => api::Error::invalid_property(&error.path, value, reason),
        }
    }
}

impl de::Error for NotTheShape {
    fn custom<T: Display>(reason: T) -> Self {
        let problem = Problem::Invalid { value: String::new(), reason: reason.to_string() };
        NotTheShape { path: String::new(), problem }
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Self::custom(format_args!("expected {expected}, found {found}"))
    }

    fn missing_field(name: &'static str) -> Self {
        NotTheShape { path: name.to_owned(), problem: Problem::Missing }
    }
}

#[derive(Clone, Copy)]
struct Decoder<'de>(&'de Value);

macro_rules! numbers {
    ($($method:ident $visit:ident $type:ty),+) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, NotTheShape> {
            match self.0 {
                // Some clients write 64-bit numbers as text, because JavaScript's cannot hold them.
                Value::String(text) => match text.parse::<$type>() {
                    Ok(number) => visitor.$visit(number),
                    Err(_) => Err(de::Error::custom("expected a whole number")),
                },
                _ => self.deserialize_any(visitor),
            }
            .map_err(|e| e.with_value(self.0))
        })+
    };
}

impl<'de> de::Deserializer<'de> for Decoder<'de> {
    type Error = NotTheShape;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, NotTheShape> {
        match self.0 {
            Value::Null => visitor.visit_unit(),
            Value::Bool(flag) => visitor.visit_bool(*flag),
            Value::Number(number) => match (number.as_u64(), number.as_i64()) {
                (Some(number), _) => visitor.visit_u64(number),
                (_, Some(number)) => visitor.visit_i64(number),
                _ => visitor.visit_f64(number.as_f64().unwrap_or_default()),
            },
            Value::String(text) => visitor.visit_borrowed_str(text),
            Value::Array(values) => visitor.visit_seq(Elements { values, next: 0 }),
            Value::Object(map) => visitor.visit_map(Properties { entries: map.iter(), whole: true, value: None }),
        }
        .map_err(|e: NotTheShape| e.with_value(self.0))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, NotTheShape> {
        if self.0.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, NotTheShape> {
        match self.0 {
            Value::Object(map) => visitor.visit_map(Properties { entries: map.iter(), whole: false, value: None }),
            other => Err(<NotTheShape as de::Error>::custom("expected an object").with_value(other)),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, NotTheShape> {
        visitor.visit_newtype_struct(self)
    }

    /// Asked for only when a property's name is unknown to the shape.
    fn deserialize_ignored_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, NotTheShape> {
        Err(NotTheShape { path: String::new(), problem: Problem::Unknown })
    }

    numbers! {
        deserialize_i32 visit_i32 i32, deserialize_i64 visit_i64 i64, deserialize_u32 visit_u32 u32, deserialize_u64 visit_u64 u64
    }

    forward_to_deserialize_any! {
        bool i8 i16 i128 u8 u16 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple tuple_struct map enum
        identifier
    }
}

struct Elements<'de> {
    values: &'de [Value],
    next: usize,
}

impl<'de> SeqAccess<'de> for Elements<'de> {
    type Error = NotTheShape;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, NotTheShape> {
        let Some(value) = self.values.get(self.next) else { return Ok(None) };
        let index = self.next;
        self.next += 1;
        seed.deserialize(Decoder(value)).map(Some).map_err(|e| e.below(&format!("[{index}]")))
    }
}

struct Properties<'de> {
    entries: serde_json::map::Iter<'de>,
    /// The value is kept as it came, with `null`s and `odata.…`.
    whole: bool,
    value: Option<(&'de str, &'de Value)>,
}

impl<'de> MapAccess<'de> for Properties<'de> {
    type Error = NotTheShape;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, NotTheShape> {
        let whole = self.whole;
        let next = self.entries.find(|(name, value)| whole || !(value.is_null() || name.starts_with("odata.")));
        let Some((name, value)) = next else { return Ok(None) };
        self.value = Some((name, value));
        let name: StrDeserializer<'_, NotTheShape> = name.as_str().into_deserializer();
        seed.deserialize(name).map(Some)
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, NotTheShape> {
        let (name, value) = self.value.take().expect("serde asks for a value after its name");
        seed.deserialize(Decoder(value)).map_err(|e| e.below(name))
    }
}
