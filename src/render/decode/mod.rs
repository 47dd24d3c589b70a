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

#[derive(Debug)]
pub(super) enum Decoded<'a> {
    No,
    Yes(&'static str, Value<'a>),
    /// The format it should have, and why it does not.
    Failed(&'static str, String),
}

/// Larger payloads, in bytes, are not decoded: nobody reads them.
const MAX_LEN: usize = 64 << 10;
/// Deeper payloads are not decoded, as reading and layout are recursive.
const MAX_DEPTH: usize = 64;
/// Bytes to show of a byte string within a payload.
const BYTES_SHOWN: usize = 64;

/// The name of the format that `payload` is evidently in, and the value laid out; both are safe to show.
pub fn laid_out(payload: &[u8]) -> Option<(&'static str, String)> {
    match decode(payload, Decode::Auto) {
        Decoded::Yes(name, value) => Some((name, lay_out(&value, Style::PLAIN, 0))),
        Decoded::No | Decoded::Failed(..) => None,
    }
}

/// Decodes `payload` as `how` says.
pub(super) fn decode(payload: &[u8], how: Decode) -> Decoded<'_> {
    let (name, value) = match how {
        Decode::Hex => return Decoded::No,
        _ if payload.len() > MAX_LEN || payload.is_empty() => return Decoded::No,
        Decode::Auto => {
            let found = recognize(payload);
            return found.map_or(Decoded::No, |(name, value)| Decoded::Yes(name, value));
        }
        Decode::MessagePack => ("MessagePack", msgpack::value(payload)),
        Decode::Cbor => ("CBOR", cbor::value(payload)),
        Decode::Protobuf => ("protobuf", protobuf::value(payload)),
    };
    match value {
        Ok(value) => Decoded::Yes(name, value),
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
mod tests {
    use super::*;
    use crate::render::Style;
    use crate::render::layout::lay_out;

    const PLAIN: Style = Style::new(false);

    #[track_caller]
    fn unhex(hex: &str) -> Vec<u8> {
        hex::decode(hex.replace(' ', "")).expect("hex")
    }

    #[track_caller]
    fn shown(hex: &str, how: Decode) -> String {
        match decode(&unhex(hex), how) {
            Decoded::Yes(_, value) => lay_out(&value, PLAIN, 0),
            other => panic!("{hex}: {other:?}"),
        }
    }

    #[track_caller]
    fn failure(hex: &str, how: Decode) -> String {
        match decode(&unhex(hex), how) {
            Decoded::Failed(_, why) => why,
            other => panic!("{hex}: {other:?}"),
        }
    }

    fn recognized(payload: &[u8]) -> Option<&'static str> {
        match decode(payload, Decode::Auto) {
            Decoded::Yes(name, _) => Some(name),
            _ => None,
        }
    }

    #[test]
    fn message_pack_shows_every_type() {
        let hex = "8c a1 61 c0 a1 62 c3 a1 63 d1 ff 00 a1 64 cb 3ff8000000000000 \
               a1 65 c4 02 dead a1 66 92 01 ff 02 80 a1 67 d4 05 aa a1 68 d6 ff 00000000 \
               a1 69 a2 c3a9 a1 6a cf ffffffffffffffff a1 6b ca 3fc00000";
        assert_eq!(
            shown(hex, Decode::MessagePack),
            r#"{
  "a": nil,
  "b": true,
  "c": -256,
  "d": 1.5,
  "e": h'dead',
  "f": [1, -1],
  2: {},
  "g": ext(5, h'aa'),
  "h": 1970-01-01T00:00:00Z,
  "i": "é",
  "j": 18446744073709551615,
  "k": 1.5
}"#
        );
    }

    #[test]
    fn cbor_shows_every_type() {
        // RFC 8949, appendix A, and a key of every kind.
        let hex = "a8 61 61 f6 61 62 f7 20 f5 61 63 f9 3e00 61 64 42 dead 61 65 82 01 1bffffffffffffffff \
               61 66 c1 1a 514b67b0 82 01 02 f0";
        let text = shown(hex, Decode::Cbor);
        for part in [
            "\"a\": null",
            "\"b\": undefined",
            "-1: true",
            "\"c\": 1.5",
            "\"d\": h'dead'",
            "\"e\": [1, 18446744073709551615]",
            "{ tag 1: 1363896240 }",
            "[1, 2]: simple(16)",
        ] {
            assert!(text.contains(part), "{part} is not in\n{text}");
        }
    }

    #[test]
    fn protobuf_shows_numbers_strings_bytes_and_messages() {
        // The examples of the encoding's own guide, and one more of each.
        assert_eq!(shown("08 96 01", Decode::Protobuf), r"{ 1: 150 }");
        assert_eq!(
            shown("12 07 74657374696e67", Decode::Protobuf),
            r#"{ 2: "testing" }"#
        );
        assert_eq!(
            shown("1a 03 08 96 01 1a 00", Decode::Protobuf),
            r#"{ 3: { 1: 150 }, 3: "" }"#
        );
        assert_eq!(
            shown(
                "22 02 ff00 2d 0000c03f 31 0000000000000840",
                Decode::Protobuf
            ),
            "{ 4: h'ff00', 5: 0x3fc00000 (1.5), 6: 0x4008000000000000 (3) }"
        );
        assert_eq!(
            shown("08 ffffffffffffffffff01", Decode::Protobuf),
            "{ 1: -1 }"
        );
    }

    #[test]
    fn a_format_that_was_asked_for_says_where_it_fails() {
        assert_eq!(failure("92 01", Decode::MessagePack), "it is cut off");
        assert_eq!(
            failure("01 02", Decode::MessagePack),
            "it ends at byte 1, and 1 follow"
        );
        assert_eq!(failure("82 01", Decode::Cbor), "it is cut off");
        assert!(failure("01 02", Decode::Cbor).contains("trailing"));
        assert_eq!(
            failure("08 01 12 05 61", Decode::Protobuf),
            "a field that is cut off at byte 2"
        );
        assert_eq!(
            failure("00", Decode::Protobuf),
            "a field number that cannot be at byte 0"
        );
    }

    #[test]
    fn recognizes_what_can_hardly_be_anything_else() {
        for (hex, name) in [
            ("81 a1 61 01", Some("looks like MessagePack")),
            ("92 01 02", Some("looks like MessagePack")),
            ("a1 61 61 01", Some("looks like CBOR")),
            ("82 01 02", Some("looks like CBOR")),
            ("d9d9f7 01", Some("looks like CBOR")),
            ("9f 01 02 ff", Some("looks like CBOR")),
            ("0a 05 68656c6c6f 10 07", Some("looks like protobuf")),
            ("7b 22 61 22 3a 31 7d", Some("looks like JSON")),
            ("", None),
            ("80", None),
            ("01", None),
            ("de ad be ef", None),
            ("00 01 02 03 20", None),
            ("ff ff ff ff", None),
        ] {
            assert_eq!(recognized(&unhex(hex)), name, "{hex}");
        }
        assert_eq!(recognized(b"plain text, of any length\n"), None);
        assert_eq!(recognized("HI".as_bytes()), None);
        assert_eq!(recognized(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"), None);
        assert_eq!(recognized(b"\x89PNG\r\n\x1a\n\0\0"), None);
        assert_eq!(recognized(b"GIF89a\x01\0\x01\0"), None);
    }

    #[test]
    fn random_bytes_are_seldom_taken_for_a_format() {
        use rand::rngs::StdRng;
        use rand::{Rng, SeedableRng};

        let mut rng = StdRng::seed_from_u64(7);
        let mut taken = 0;
        for _ in 0..10_000 {
            let mut bytes = [0; 24];
            rng.fill_bytes(&mut bytes);
            taken += u32::from(recognized(&bytes).is_some());
            for how in Decode::ALL {
                let _ = decode(&bytes, how);
            }
        }
        assert!(taken < 60, "{taken} of 10000");
    }

    #[test]
    fn hostile_payloads_neither_overflow_nor_grow_without_bound() {
        let deep = |unit: &[u8]| unit.repeat(MAX_LEN / unit.len());
        for (payload, how) in [
            (deep(b"\x91"), Decode::MessagePack),
            (deep(b"\x81\xa0"), Decode::MessagePack),
            (deep(b"\x81"), Decode::Cbor),
            (deep(b"\xa1\x60"), Decode::Cbor),
            (deep(b"\xc1"), Decode::Cbor),
            (deep(b"\x9f"), Decode::Cbor),
        ] {
            let decoded = decode(&payload, how);
            assert!(matches!(decoded, Decoded::Failed(..)), "{how:?}");
            assert_eq!(recognized(&payload), None);
        }
        // Lengths that promise more than there is.
        for hex in [
            "dd ffffffff",
            "df ffffffff 01",
            "c6 ffffffff",
            "c9 ffffffff 00",
        ] {
            failure(hex, Decode::MessagePack);
        }
        for hex in [
            "9b ffffffffffffffff",
            "bb ffffffffffffffff 01",
            "5b ffffffffffffffff 00",
        ] {
            failure(hex, Decode::Cbor);
        }
        failure("0a ffffffffffffffffff01", Decode::Protobuf);
        // A message in a message, as deep as it goes.
        let mut nested = vec![8, 1];
        while nested.len() < 8_000 {
            let mut outer = vec![0x0a];
            let mut len = nested.len();
            while len >= 0x80 {
                outer.push(u8::try_from(len & 0x7f).unwrap() | 0x80);
                len >>= 7;
            }
            outer.push(u8::try_from(len).unwrap());
            outer.extend_from_slice(&nested);
            nested = outer;
        }
        let Decoded::Yes(_, value) = decode(&nested, Decode::Protobuf) else {
            panic!("not protobuf");
        };
        let text = lay_out(&value, PLAIN, 0);
        assert!(text.len() < 3 * nested.len());
    }

    #[test]
    fn nothing_in_a_payload_steers_a_terminal() {
        let attack = "\x1b]0;x\x07\u{9b}2J\u{202e}";
        let text = attack.as_bytes();
        let len = u8::try_from(text.len()).unwrap();
        let pack = [&[0x81, 0xd9, len], text, &[0x91, 0xd9, len], text].concat();
        let cbor = [&[0xa1, 0x78, len], text, &[0x81, 0x78, len], text].concat();
        let keys = [&[0xa1, 0x81, 0x78, len], text, &[0x01]].concat();
        let packed_keys = [&[0x81, 0x91, 0xd9, len], text, &[0x01]].concat();
        let proto = [&[0x0a, len], text].concat();
        for (payload, how) in [
            (pack, Decode::MessagePack),
            (packed_keys, Decode::MessagePack),
            (cbor, Decode::Cbor),
            (keys, Decode::Cbor),
            (proto, Decode::Protobuf),
        ] {
            let Decoded::Yes(_, value) = decode(&payload, how) else {
                panic!("not {how:?}");
            };
            let text = lay_out(&value, PLAIN, 0);
            assert!(
                text.chars().all(|c| matches!(c, ' '..='~' | '\n')),
                "{text:?}"
            );
        }
    }
}
