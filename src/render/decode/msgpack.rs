//! `MessagePack`.

use std::io::ErrorKind;

use jiff::Timestamp;
use rmpv::Value as Pack;
use rmpv::decode::read_value_with_max_depth;

use super::super::layout::{Brackets, Member, Scalar, Value};
use super::{MAX_DEPTH, bytes, literal, number, scalar, string};
use crate::render::style::Role;

/// rmpv counts two levels for one of ours: the value, and the list or map it is.
const LEVELS: usize = 2;
const TIMESTAMP: i8 = -1;

/// Whether the first byte starts a non-empty map or list.
pub(super) fn starts_container(payload: &[u8]) -> bool {
    matches!(payload, [0x81..=0x8f | 0x91..=0x9f | 0xdc..=0xdf, _, ..])
}

pub(super) fn value(payload: &[u8]) -> Result<Value<'static>, String> {
    let mut rest = payload;
    let pack = read_value_with_max_depth(&mut rest, MAX_DEPTH * LEVELS);
    let at = payload.len() - rest.len();
    let pack = pack.map_err(|error| match error.kind() {
        ErrorKind::UnexpectedEof => "it is cut off".to_owned(),
        _ => format!("{error} at byte {at}"),
    })?;
    if rest.is_empty() {
        Ok(shown(&pack))
    } else {
        Err(format!("it ends at byte {at}, and {} follow", rest.len()))
    }
}

fn shown(pack: &Pack) -> Value<'static> {
    match pack {
        Pack::Array(items) => Value::container(
            Brackets::Array,
            items
                .iter()
                .map(|item| Member {
                    name: None,
                    value: shown(item),
                })
                .collect(),
        ),
        Pack::Map(pairs) => Value::container(
            Brackets::Object,
            pairs
                .iter()
                .map(|(key, value)| Member {
                    name: Some(name(key)),
                    value: shown(value),
                })
                .collect(),
        ),
        scalar => Value::scalar(single(scalar)),
    }
}

fn name(key: &Pack) -> Scalar<'static> {
    match key {
        // Keys that are not scalars are rare, and appear as rmpv writes them.
        Pack::Array(_) | Pack::Map(_) => literal(super::escape_line(&key.to_string()).into_owned()),
        key => Scalar {
            role: Role::JsonKey,
            ..single(key)
        },
    }
}

fn single(pack: &Pack) -> Scalar<'static> {
    match pack {
        Pack::Nil => literal("nil"),
        Pack::Boolean(true) => literal("true"),
        Pack::Boolean(false) => literal("false"),
        Pack::Integer(integer) => number(integer),
        Pack::F32(float) => number(&format_args!("{float:?}")),
        Pack::F64(float) => number(&format_args!("{float:?}")),
        Pack::String(text) => match text.as_str() {
            Some(text) => string(text),
            None => bytes(text.as_bytes()),
        },
        Pack::Binary(data) => bytes(data),
        Pack::Ext(TIMESTAMP, data) if let Some(time) = timestamp(data) => {
            scalar(Role::JsonString, time.to_string())
        }
        Pack::Ext(kind, data) => literal(format!("ext({kind}, {})", bytes(data).text)),
        Pack::Array(_) | Pack::Map(_) => literal("…"),
    }
}

/// The time in an extension of type -1: 32 bits of seconds, 30 + 34 bits, or 32 + 64 bits.
fn timestamp(data: &[u8]) -> Option<Timestamp> {
    let (seconds, nanos) = match data.len() {
        4 => (i64::from(u32::from_be_bytes(*data.first_chunk()?)), 0),
        8 => {
            let both = u64::from_be_bytes(*data.first_chunk()?);
            let seconds = i64::try_from(both & ((1 << 34) - 1)).ok()?;
            (seconds, i32::try_from(both >> 34).ok()?)
        }
        12 => {
            let nanos = u32::from_be_bytes(*data.first_chunk()?);
            let seconds = i64::from_be_bytes(*data.last_chunk()?);
            (seconds, i32::try_from(nanos).ok()?)
        }
        _ => return None,
    };
    Timestamp::new(seconds, nanos).ok()
}
