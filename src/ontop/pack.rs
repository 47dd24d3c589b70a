//! `MessagePack` as JSON.

use std::io::ErrorKind;

use rmpv::Value as Pack;
use rmpv::decode::read_value_with_max_depth;
use serde_json::{Map, Value};

use super::binary::binary_value;

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
