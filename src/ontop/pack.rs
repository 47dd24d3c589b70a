//! `MessagePack` as JSON.

use std::io::ErrorKind;

use rmpv::Value as Pack;
use rmpv::decode::read_value_with_max_depth;
use rmpv::encode::write_value;
use serde_json::{Map, Value};

use super::binary::{binary, binary_value};

/// The deepest nesting, in levels of rmpv, which counts two for one of JSON: as deep as `serde_json` reads.
const MAX_DEPTH: usize = 256;
/// The extension type of JavaScript's `undefined`.
const UNDEFINED: i8 = 0;

/// Reads one value, which is all of `bytes`; binary parts of it are as `binary_value` has them.
pub(super) fn read(bytes: &[u8]) -> Result<Value, String> {
    let mut rest = bytes;
    let pack = read_value_with_max_depth(&mut rest, MAX_DEPTH);
    let pack = pack.map_err(|error| match error.kind() {
        ErrorKind::UnexpectedEof => "it is cut off".to_owned(),
        _ => error.to_string(),
    })?;
    if rest.is_empty() {
        Ok(json(pack))
    } else {
        Err("bytes follow it".to_owned())
    }
}

fn json(pack: Pack) -> Value {
    match pack {
        Pack::Nil | Pack::Ext(UNDEFINED, _) => Value::Null,
        Pack::Boolean(value) => value.into(),
        Pack::Integer(integer) => match (integer.as_u64(), integer.as_i64()) {
            (Some(value), _) => value.into(),
            (None, value) => value.into(),
        },
        Pack::F32(value) => f64::from(value).into(),
        Pack::F64(value) => value.into(),
        Pack::String(text) => match text.as_str() {
            Some(text) => text.into(),
            None => binary_value(text.as_bytes()),
        },
        Pack::Binary(bytes) | Pack::Ext(_, bytes) => binary_value(&bytes),
        Pack::Array(items) => items.into_iter().map(json).collect(),
        Pack::Map(pairs) => pairs
            .into_iter()
            .map(|(key, value)| (name(key), json(value)))
            .collect::<Map<_, _>>()
            .into(),
    }
}

/// The name of a member; numbers and the like are what JSON makes of them.
fn name(key: Pack) -> String {
    // Quoted as JSON, the keys of keys would grow with every level of nesting, without a bound.
    if matches!(key, Pack::Array(_) | Pack::Map(_)) {
        return "[object Object]".to_owned();
    }
    match json(key) {
        Value::String(text) => text,
        other => other.to_string(),
    }
}

/// The bytes of a value whose binary parts are as `binary_value` has them.
pub(super) fn write(value: Value) -> Vec<u8> {
    let mut bytes = Vec::new();
    // A vector takes everything.
    let _ = write_value(&mut bytes, &pack(value));
    bytes
}

fn pack(value: Value) -> Pack {
    if let Some(bytes) = binary(&value) {
        return Pack::Binary(bytes);
    }
    match value {
        Value::Null => Pack::Nil,
        Value::Bool(value) => value.into(),
        Value::Number(number) => match (number.as_u64(), number.as_i64()) {
            (Some(value), _) => value.into(),
            (None, Some(value)) => value.into(),
            (None, None) => number.as_f64().unwrap_or(f64::NAN).into(),
        },
        Value::String(text) => text.into(),
        Value::Array(items) => Pack::Array(items.into_iter().map(pack).collect()),
        Value::Object(members) => {
            let pairs = members.into_iter();
            Pack::Map(
                pairs
                    .map(|(name, value)| (name.into(), pack(value)))
                    .collect(),
            )
        }
    }
}
