//! Binary payloads in a format that says what they are made of.

mod cbor;
mod msgpack;
mod protobuf;

use std::borrow::Cow;

use super::escape::escape_line;
use super::json;
use super::layout::{Scalar, Value, lay_out};
use super::style::{Role, Style};

/// Which formats of binary messages are shown decoded; the rest is a hexdump.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decode {
    /// None.
    Hex,
    /// Whatever a payload can be read as, if it could hardly be anything else.
    Auto,
    /// `MessagePack`.
    MessagePack,
    /// CBOR (RFC 8949).
    Cbor,
    /// Protocol buffers, whose fields have numbers and no names without a schema.
    Protobuf,
}

impl Decode {
    /// All of them, in the order they are listed.
    pub const ALL: [Self; 5] = [
        Self::Auto,
        Self::MessagePack,
        Self::Cbor,
        Self::Protobuf,
        Self::Hex,
    ];

    /// The word for it, on the command line and in `/show decode`.
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

/// What came of decoding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Decoded {
    /// Not decoded.
    No,
    /// The format in words, and the payload laid out.
    Yes(&'static str, String),
    /// The format that it should have, and why it has not.
    Failed(&'static str, String),
}

/// Larger payloads, in bytes, are not decoded.
const MAX_LEN: usize = 64 << 10;
/// Deeper payloads are not decoded: they are read, and laid out, by recursion.
const MAX_DEPTH: usize = 64;
/// How much of a byte string inside a payload is shown, in bytes.
const BYTES_SHOWN: usize = 64;

/// Decodes `payload` as `how` says, every line behind `margin` spaces.
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

/// The format that `payload` can be read in from its first byte to its last.
///
/// A number or a string alone could be anything, so that only maps, lists and messages count.
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

/// Whether a person could have written it.
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
