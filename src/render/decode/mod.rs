//! Decodes binary payloads whose format is known or evident.

mod cbor;
mod msgpack;
mod protobuf;

use std::borrow::Cow;

use super::escape::escape_line;
use super::json;
use super::layout::{Scalar, Value, lay_out};
use super::style::{Role, Style};

/// The formats to decode; the rest appears as a hexdump.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decode {
    Hex,
    /// Any format, if the payload can hardly be anything else.
    Auto,
    MessagePack,
    /// RFC 8949.
    Cbor,
    /// Protocol buffers; without a schema fields have numbers only.
    Protobuf,
}

impl Decode {
    pub const ALL: [Self; 5] = [
        Self::Auto,
        Self::MessagePack,
        Self::Cbor,
        Self::Protobuf,
        Self::Hex,
    ];

    /// The word on the command line and in `/show decode`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Hex => "hex",
            Self::Auto => "auto",
            Self::MessagePack => "msgpack",
            Self::Cbor => "cbor",
            Self::Protobuf => "protobuf",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Decoded {
    No,
    Yes(&'static str, String),
    /// The format it should have, and why it does not.
    Failed(&'static str, String),
}

/// Larger payloads, in bytes, are not decoded: nobody reads them.
const MAX_LEN: usize = 64 << 10;
/// Deeper payloads are not decoded, as reading and layout are recursive.
const MAX_DEPTH: usize = 64;
/// Bytes to show of a byte string within a payload.
const BYTES_SHOWN: usize = 64;

/// Decodes `payload` as `how` says, every line after `margin` spaces.
pub(super) fn decode(payload: &[u8], how: Decode, style: Style, margin: usize) -> Decoded {
    let shown = |name, value: Value<'_>| Decoded::Yes(name, lay_out(&value, style, margin));
    let (name, value) = match how {
        Decode::Hex => return Decoded::No,
        _ if payload.len() > MAX_LEN || payload.is_empty() => return Decoded::No,
        Decode::Auto => {
            let found = recognize(payload);
            return found.map_or(Decoded::No, |(name, value)| shown(name, value));
        }
        Decode::MessagePack => ("MessagePack", msgpack::value(payload)),
        Decode::Cbor => ("CBOR", cbor::value(payload)),
        Decode::Protobuf => ("protobuf", protobuf::value(payload)),
    };
    match value {
        Ok(value) => shown(name, value),
        Err(why) => Decoded::Failed(name, escape_line(&why).into_owned()),
    }
}

/// The format that fits `payload` from its first byte to its last.
///
/// A number or string alone could be anything, so only maps, lists and messages count.
fn recognize(payload: &[u8]) -> Option<(&'static str, Value<'_>)> {
    let text = str::from_utf8(payload).ok();
    if let Some(value) = text.and_then(json::parse) {
        return Some(("looks like JSON", value));
    }
    if msgpack::starts_container(payload)
        && let Ok(value) = msgpack::value(payload)
    {
        return Some(("looks like MessagePack", value));
    }
    if cbor::starts_container(payload)
        && let Ok(value) = cbor::value(payload)
    {
        return Some(("looks like CBOR", value));
    }
    let is_text = text.is_some_and(is_printable);
    if !is_text && protobuf::is_plausible(payload) {
        let value = protobuf::value(payload).ok()?;
        return Some(("looks like protobuf", value));
    }
    None
}

fn is_printable(text: &str) -> bool {
    !text
        .chars()
        .any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t'))
}

fn literal(text: impl Into<Cow<'static, str>>) -> Scalar<'static> {
    scalar(Role::JsonLiteral, text)
}

fn number(number: &impl ToString) -> Scalar<'static> {
    scalar(Role::JsonNumber, number.to_string())
}

fn scalar(role: Role, text: impl Into<Cow<'static, str>>) -> Scalar<'static> {
    let text = text.into();
    Scalar { role, text }
}

/// A string as JSON would write it.
fn string(text: &str) -> Scalar<'static> {
    let quoted = serde_json::Value::from(text).to_string();
    scalar(Role::JsonString, escape_line(&quoted).into_owned())
}

/// A byte string as CBOR's diagnostic notation writes it (RFC 8949 §8).
fn bytes(bytes: &[u8]) -> Scalar<'static> {
    let (shown, cut) = bytes.split_at(bytes.len().min(BYTES_SHOWN));
    let hex = hex::encode(shown);
    literal(if cut.is_empty() {
        format!("h'{hex}'")
    } else {
        format!("h'{hex}…' ({} bytes)", bytes.len())
    })
}

#[cfg(test)]
mod tests;
