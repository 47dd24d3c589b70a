//! A whole payload in each form that people read.

use std::fmt::Write;

use data_encoding::BASE64;

use super::decode::{Decode, Decoded, decode};
use super::escape::{escape_line, escape_payload};
use super::hexdump::hexdump;
use super::json;
use super::layout::{lay_out, on_one_line};
use super::style::Style;
use super::width::cut;
use crate::proto::message::Kind;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Form {
    /// As it is, escaped.
    Text,
    /// JSON, laid out.
    Json,
    Hex,
    Base64,
    /// `MessagePack`, CBOR or protocol buffers.
    Decoded,
    /// The headers of its frames.
    Frames,
}

/// JSON of more bytes is not laid out: its tokens take many times the memory.
const MAX_JSON: usize = 8 << 20;
/// Characters of base64 on a line, as in RFC 2045.
const BASE64_LINE: usize = 76;

impl Form {
    pub const ALL: [Self; 6] = [
        Self::Text,
        Self::Json,
        Self::Decoded,
        Self::Hex,
        Self::Base64,
        Self::Frames,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Json => "json",
            Self::Hex => "hex",
            Self::Base64 => "base64",
            Self::Decoded => "decoded",
            Self::Frames => "frames",
        }
    }

    /// The payload in this form, without a final newline; `None` if it has no such form.
    pub fn of(self, payload: &[u8], how: Decode, style: Style) -> Option<String> {
        match self {
            Self::Text => {
                let text = str::from_utf8(payload).ok()?;
                Some(escape_payload(text).into_owned())
            }
            Self::Json => {
                let text = str::from_utf8(payload).ok()?;
                Some(lay_out(&json::parse_within(text, MAX_JSON)?, style, 0))
            }
            Self::Hex => Some(hexdump(payload, style, usize::MAX)),
            Self::Base64 => Some(lines_of_base64(payload)),
            Self::Decoded => match decode(payload, how) {
                Decoded::Yes(name, value) => {
                    Some(format!("({name})\n{}", lay_out(&value, style, 0)))
                }
                Decoded::Failed(name, why) => Some(format!("(not {name}: {why})")),
                Decoded::No => None,
            },
            Self::Frames => None,
        }
    }
}

fn lines_of_base64(payload: &[u8]) -> String {
    let mut text = BASE64.encode(payload);
    let breaks = text.len().saturating_sub(1) / BASE64_LINE;
    for at in (1..=breaks).rev() {
        text.insert(at * BASE64_LINE, '\n');
    }
    text
}

/// The start of a payload on one line, cut to `room` columns; escaped, without colours.
pub fn glance(kind: Kind, payload: &[u8], how: Decode, room: usize) -> String {
    // A character has four bytes at most.
    let start = &payload[..payload.len().min(4 * (room + 1))];
    let text = match kind {
        Kind::Text => escape_line(start).into_owned(),
        Kind::Binary => match decode(payload, how) {
            Decoded::Yes(_, value) => on_one_line(&value, Style::PLAIN),
            _ => spaced(&start[..start.len().min(room / 3 + 2)]),
        },
    };
    cut(&text, room).into_owned()
}

fn spaced(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(3 * bytes.len());
    for byte in bytes {
        let _ = write!(text, "{byte:02x} ");
    }
    text.pop();
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_shows_the_whole_payload() {
        let text = format!("{{\"a\":\"{}\"}}", "x".repeat(100_000));
        let of = |form: Form| form.of(text.as_bytes(), Decode::Auto, Style::PLAIN);
        assert_eq!(of(Form::Text).as_deref(), Some(text.as_str()));
        assert!(
            of(Form::Json)
                .expect("JSON")
                .starts_with("{\n  \"a\": \"xx")
        );
        let hex = of(Form::Hex).expect("a dump");
        assert_eq!(hex.lines().count(), text.len().div_ceil(16));
        let base64 = of(Form::Base64).expect("base64");
        assert!(base64.lines().all(|line| line.len() <= BASE64_LINE));
        let joined = base64.replace('\n', "");
        assert_eq!(BASE64.decode(joined.as_bytes()).unwrap(), text.as_bytes());
        assert_eq!(Form::Text.of(b"\xff", Decode::Auto, Style::PLAIN), None);
        assert_eq!(
            Form::Base64.of(b"", Decode::Auto, Style::PLAIN).unwrap(),
            ""
        );
    }

    #[test]
    fn a_glance_fits_and_is_inert() {
        assert_eq!(
            glance(Kind::Text, b"a\nb\x1b[2J", Decode::Auto, 40),
            "a\\nb\\x1b[2J"
        );
        assert_eq!(
            glance(Kind::Text, "漢字漢字".as_bytes(), Decode::Auto, 5),
            "漢字…"
        );
        assert_eq!(
            glance(Kind::Binary, b"\x81\xa1a\x01", Decode::Auto, 40),
            "{ \"a\": 1 }"
        );
        assert_eq!(
            glance(Kind::Binary, &[0xde; 1000], Decode::Auto, 8),
            "de de d…"
        );
    }
}
