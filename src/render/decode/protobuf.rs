//! Protocol buffers without a schema: field numbers, and values as far as they are evident.

use super::super::layout::{Brackets, Member, Scalar, Value};
use super::{MAX_DEPTH, bytes, number, scalar, string};
use crate::render::style::Role;

/// The largest field number in a payload that is only guessed to be a message.
const PLAUSIBLE: u64 = 511;
const LARGEST: u64 = (1 << 29) - 1;

struct Field<'a> {
    number: u64,
    value: Wire<'a>,
}

enum Wire<'a> {
    Varint(u64),
    Bits64([u8; 8]),
    Bits32([u8; 4]),
    Bytes(&'a [u8]),
}

/// Whether `payload` is a message with plausible field numbers.
pub(super) fn is_plausible(payload: &[u8]) -> bool {
    let all = fields(payload);
    payload.len() > 1
        && all.is_ok_and(|fields| fields.iter().all(|field| field.number <= PLAUSIBLE))
}

/// Reads all of `payload` as one message.
pub(super) fn value(payload: &[u8]) -> Result<Value<'static>, String> {
    Ok(message(&fields(payload)?, 1))
}

fn message(fields: &[Field<'_>], depth: usize) -> Value<'static> {
    let member = |field: &Field<'_>| Member {
        name: Some(scalar(Role::JsonKey, field.number.to_string())),
        value: shown(&field.value, depth),
    };
    Value::container(Brackets::Object, fields.iter().map(member).collect())
}

fn shown(value: &Wire<'_>, depth: usize) -> Value<'static> {
    match value {
        Wire::Varint(varint) => Value::scalar(integer(*varint)),
        Wire::Bits32(bits) => {
            let float = f64::from(f32::from_le_bytes(*bits));
            let hex = format!("{:#010x}", u32::from_le_bytes(*bits));
            Value::scalar(fixed(hex, float))
        }
        Wire::Bits64(bits) => {
            let hex = format!("{:#018x}", u64::from_le_bytes(*bits));
            Value::scalar(fixed(hex, f64::from_le_bytes(*bits)))
        }
        Wire::Bytes(payload) => delimited(payload, depth),
    }
}

/// A string, a message or bytes: the wire does not tell which.
fn delimited(payload: &[u8], depth: usize) -> Value<'static> {
    let text = str::from_utf8(payload).ok();
    // A message almost always holds a control character: a tag or a length.
    if let Some(text) = text.filter(|text| !text.chars().any(char::is_control)) {
        return Value::scalar(string(text));
    }
    match fields(payload) {
        Ok(fields) if depth < MAX_DEPTH && is_plausible(payload) => message(&fields, depth + 1),
        _ => match text.filter(|text| super::is_printable(text)) {
            Some(text) => Value::scalar(string(text)),
            None => Value::scalar(bytes(payload)),
        },
    }
}

/// An integer; a large one is more likely a negative `int32` or `int64`.
fn integer(varint: u64) -> Scalar<'static> {
    let signed = varint.cast_signed();
    if signed < 0 {
        number(&signed)
    } else {
        number(&varint)
    }
}

/// The bits, and the number they are if they are of a type for fractions, and it looks like one.
fn fixed(hex: String, float: f64) -> Scalar<'static> {
    let looks_right = float == 0.0 || (1e-6..1e12).contains(&float.abs());
    let text = if looks_right {
        format!("{hex} ({float})")
    } else {
        hex
    };
    scalar(Role::JsonNumber, text)
}

fn fields(payload: &[u8]) -> Result<Vec<Field<'_>>, String> {
    let mut rest = payload;
    let mut fields = Vec::new();
    while !rest.is_empty() {
        let at = payload.len() - rest.len();
        let field = field(&mut rest).map_err(|why| format!("{why} at byte {at}"))?;
        fields.push(field);
    }
    Ok(fields)
}

fn field<'a>(rest: &mut &'a [u8]) -> Result<Field<'a>, &'static str> {
    let tag = varint(rest)?;
    let number = tag >> 3;
    if !(1..=LARGEST).contains(&number) {
        return Err("a field number that cannot be");
    }
    let value = match tag & 7 {
        0 => Wire::Varint(varint(rest)?),
        1 => Wire::Bits64(take(rest)?),
        2 => {
            let len = usize::try_from(varint(rest)?).unwrap_or(usize::MAX);
            let (taken, left) = rest.split_at_checked(len).ok_or(CUT)?;
            *rest = left;
            Wire::Bytes(taken)
        }
        5 => Wire::Bits32(take(rest)?),
        // Groups are long deprecated.
        _ => return Err("a wire type that is not used"),
    };
    Ok(Field { number, value })
}

const CUT: &str = "a field that is cut off";

fn take<const N: usize>(rest: &mut &[u8]) -> Result<[u8; N], &'static str> {
    let (taken, left) = rest.split_first_chunk().ok_or(CUT)?;
    *rest = left;
    Ok(*taken)
}

/// Seven bits in each byte, the least significant first; all but the last have the top bit set.
fn varint(rest: &mut &[u8]) -> Result<u64, &'static str> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let [byte] = take(rest)?;
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Ok(value);
        }
    }
    Err("a number of more than 64 bits")
}
