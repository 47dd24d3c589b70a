//! How an input record becomes a message.

use std::borrow::Cow;

use data_encoding::BASE64;
use hex::FromHexError;
use serde::de::IgnoredAny;

use crate::diagnostic::Diagnostic;
use crate::proto::message::{Kind, is_utf8};
use crate::render::jsonl::{self, ReadError};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-8, sent as text.
    Text,
    /// Sent as binary, unchanged.
    Binary,
    /// Hexadecimal, sent as binary.
    Hex,
    /// Base64, sent as binary.
    Base64,
    /// JSON, sent as text.
    Json,
    Event,
}

#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum EncodingError {
    /// The first invalid byte, from 1.
    #[error("byte {0} is not valid UTF-8")]
    Utf8(usize),
    /// The first invalid byte, from 1.
    #[error("byte {0} is not a hex digit")]
    Hex(usize),
    #[error("an odd number of hex digits")]
    OddHex,
    /// The first invalid byte, from 1.
    #[error("byte {0} is not base64")]
    Base64(usize),
    #[error("not JSON, {0}")]
    Json(String),
    #[error("is incomplete: stdin ended inside it")]
    CutOff,
    #[error(transparent)]
    Event(#[from] ReadError),
}

impl Diagnostic for EncodingError {
    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Utf8(_) => "--binary sends any bytes",
            Self::Hex(_) | Self::OddHex => "--hex expects pairs of hex digits",
            Self::Base64(_) => "--base64 expects standard base64 with padding",
            Self::CutOff => "close its brackets and quotes",
            Self::Json(_) => "--split line sends text of any kind",
            Self::Event(ReadError::NotEvent(_)) => {
                "--split events expects lines as --jsonl prints them"
            }
            Self::Event(_) => return None,
        };
        Some(hint.to_owned())
    }
}

impl Encoding {
    /// Whether records are text, even if it stands for bytes.
    pub fn is_text(self) -> bool {
        self != Self::Binary
    }

    /// The message in `record`, if any; spaces in hexadecimal and base64 are ignored.
    #[inline]
    pub fn decode(self, record: &[u8]) -> Result<Option<Decoded<'_>>, EncodingError> {
        let decoded = match self {
            Self::Text => (Kind::Text, Cow::Borrowed(utf8(record)?)),
            Self::Json => (Kind::Text, Cow::Borrowed(json(record)?)),
            Self::Binary => (Kind::Binary, Cow::Borrowed(record)),
            Self::Hex => (Kind::Binary, Cow::Owned(hex(record)?)),
            Self::Base64 => (Kind::Binary, Cow::Owned(base64(record)?)),
            Self::Event => return event(record),
        };
        Ok(Some(decoded))
    }
}

type Decoded<'a> = (Kind, Cow<'a, [u8]>);

#[inline]
pub fn utf8(record: &[u8]) -> Result<&[u8], EncodingError> {
    if is_utf8(record) {
        return Ok(record);
    }
    match std::str::from_utf8(record) {
        Ok(_) => Ok(record),
        Err(error) => Err(EncodingError::Utf8(error.valid_up_to() + 1)),
    }
}

#[inline(never)]
fn event(record: &[u8]) -> Result<Option<Decoded<'_>>, EncodingError> {
    let message = jsonl::message(record)?;
    Ok(message.map(|(kind, payload)| (kind, Cow::Owned(payload))))
}

#[inline(never)]
fn json(record: &[u8]) -> Result<&[u8], EncodingError> {
    let record = utf8(record)?;
    match serde_json::from_slice::<IgnoredAny>(record) {
        Ok(_) => Ok(record),
        // Brackets and quotes that are closed end a value, but so does the space after a cut word.
        Err(error) if error.is_eof() && matches!(record, [b'{' | b'[' | b'"', ..]) => {
            Err(EncodingError::CutOff)
        }
        Err(error) => Err(EncodingError::Json(error.to_string())),
    }
}

/// Whether `line` begins an object or array and ends inside it.
pub fn is_incomplete_json(line: &[u8]) -> bool {
    matches!(line.trim_ascii_start(), [b'{' | b'[', ..])
        && serde_json::from_slice::<IgnoredAny>(line).is_err_and(|error| error.is_eof())
}

#[inline(never)]
fn hex(record: &[u8]) -> Result<Vec<u8>, EncodingError> {
    hex::decode(without_spaces(record)).map_err(|error| match error {
        FromHexError::InvalidHexCharacter { index, .. } => EncodingError::Hex(place(record, index)),
        _ => EncodingError::OddHex,
    })
}

#[inline(never)]
fn base64(record: &[u8]) -> Result<Vec<u8>, EncodingError> {
    BASE64
        .decode(&without_spaces(record))
        .map_err(|error| EncodingError::Base64(place(record, error.position)))
}

/// The position in `record`, from 1, of the byte at `index` without spaces.
fn place(record: &[u8], index: usize) -> usize {
    let mut kept = (1..)
        .zip(record)
        .filter(|(_, byte)| !byte.is_ascii_whitespace());
    kept.nth(index).map_or(record.len() + 1, |(place, _)| place)
}

fn without_spaces(record: &[u8]) -> Vec<u8> {
    record
        .iter()
        .copied()
        .filter(|byte| !byte.is_ascii_whitespace())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_the_byte_that_is_not_utf8() {
        let error = Encoding::Text.decode(b"abcd\xff").unwrap_err();
        assert_eq!(error.to_string(), "byte 5 is not valid UTF-8");
    }

    #[test]
    fn hex_and_base64_encode_bytes() {
        let bytes = Ok(Some((Kind::Binary, Cow::Borrowed(&b"\xde\xad"[..]))));
        assert_eq!(Encoding::Hex.decode(b"de ad"), bytes);
        assert_eq!(Encoding::Base64.decode(b"3q0="), bytes);
        assert_eq!(Encoding::Hex.decode(b"0 0g0"), Err(EncodingError::Hex(4)));
        assert_eq!(Encoding::Hex.decode(b"000"), Err(EncodingError::OddHex));
        assert_eq!(
            Encoding::Base64.decode(b"3q 0*"),
            Err(EncodingError::Base64(5))
        );
    }

    #[test]
    fn only_a_value_that_is_cut_off_is_incomplete() {
        for line in ["{", " {\"a\":1,", "[1, \"b", "[\r"] {
            assert!(is_incomplete_json(line.as_bytes()), "{line}");
        }
        for line in [
            "",
            "{}",
            "[1]",
            "[info] up",
            "{name}",
            "\"a",
            "1",
            "{\"a\":1}}",
        ] {
            assert!(!is_incomplete_json(line.as_bytes()), "{line}");
        }
    }

    #[test]
    fn json_is_sent_as_it_was_typed() {
        let typed = b"{ \"a\": 1E+5,\n\"a\":\t[\"\\u00e9\"] }";
        let sent = Encoding::Json.decode(typed);
        assert_eq!(sent, Ok(Some((Kind::Text, Cow::Borrowed(&typed[..])))));
        let deep = ["[".repeat(100_000), "]".repeat(100_000)].concat();
        assert!(Encoding::Json.decode(deep.as_bytes()).is_ok());
        let error = Encoding::Json.decode(b"{\"a\":1]").unwrap_err();
        assert!(error.to_string().contains("line 1 column 7"), "{error}");
    }
}
