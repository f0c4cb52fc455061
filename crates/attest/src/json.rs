//! JSON read strictly: a member that is there twice is an error, because two readers may each
//! believe a different one; so is anything after the value.

use std::fmt;

use serde::de::{DeserializeOwned, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// JSON that is not read.
#[derive(Debug, thiserror::Error)]
pub enum JsonError {
    /// More bytes than are taken.
    #[error("{found} bytes are more than the {limit} that are read")]
    TooLong {
        /// How long it is.
        found: usize,
        /// How long it may be.
        limit: usize,
    },
    /// Not JSON, a member twice, or not of the shape that is wanted.
    #[error("{0}")]
    Malformed(#[from] serde_json::Error),
}

/// Parses at most `limit` bytes of JSON into any value, refusing repeated members.
pub(crate) fn value(bytes: &[u8], limit: usize) -> Result<Value, JsonError> {
    if bytes.len() > limit {
        return Err(JsonError::TooLong { found: bytes.len(), limit });
    }
    // serde_json's own recursion limit (128) bounds the depth.
    let mut parser = serde_json::Deserializer::from_slice(bytes);
    let value = Strict.deserialize(&mut parser)?;
    parser.end()?;
    Ok(value)
}

/// [`value`], then into a type.
pub(crate) fn typed<T: DeserializeOwned>(bytes: &[u8], limit: usize) -> Result<T, JsonError> {
    Ok(serde_json::from_value(value(bytes, limit)?)?)
}

struct Strict;

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("a number that is not finite"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(Self)? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            if object.contains_key(&name) {
                let name: String = name.chars().take(80).collect();
                return Err(serde::de::Error::custom(format_args!("the member {name:?} is there twice")));
            }
            object.insert(name, members.next_value_seed(Self)?);
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_serde_json_reads_is_read_the_same() {
        for text in
            ["null", "true", "-1", "18446744073709551615", "1.5", "\"\\u0041\"", "[]", "{}", "[{\"a\":[1]}]"]
        {
            let expected: Value = serde_json::from_str(text).unwrap();
            assert_eq!(value(text.as_bytes(), 100).unwrap(), expected, "{text}");
        }
    }

    #[test]
    fn what_two_readers_could_read_differently_is_refused() {
        for text in [
            "",
            " ",
            "{\"a\":1,\"a\":1}",
            "[{\"b\":{\"a\":1,\"\\u0061\":2}}]",
            "{} {}",
            "{}x",
            "{\"a\":1,}",
            "nan",
            "1e999",
            "\u{feff}{}",
            "{'a':1}",
            "{\"a\":1}//",
        ] {
            assert!(value(text.as_bytes(), 100).is_err(), "{text:?}");
        }
        assert!(value(b"\"\xff\"", 100).is_err());
        assert!(value(&[b'['; 200], 300).is_err());
    }

    #[test]
    fn the_limit_is_the_last_length_that_is_read() {
        assert!(value(b"[1]", 3).is_ok());
        assert!(matches!(value(b"[1]", 2), Err(JsonError::TooLong { found: 3, limit: 2 })));
    }
}
