//! Bodies of long polling, each with any number of packets.
//!
//! Version 4 separates packets by U+001E. Version 3 puts the length before each packet, and has another
//! form for binary data.

use super::engine::{Data, EngineFault, EnginePacket, Version, decode_text, encode_text};

/// Separates the packets of version 4.
const SEPARATOR: char = '\x1e';
/// Ends the length of a packet in the binary form of version 3.
const LENGTH_END: u8 = 0xff;

/// Why a body is not a sequence of packets.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PayloadFault {
    #[error(transparent)]
    Packet(#[from] EngineFault),
    #[error("the body is not valid UTF-8")]
    NotUtf8,
    #[error("the body has no length before a packet")]
    NoLength,
    #[error("the body announces a packet of {announced}, but {left} are left")]
    Cut { announced: String, left: String },
    #[error("the binary body has the byte {0:#04x} before a packet instead of 0x00 or 0x01")]
    Mark(u8),
}

/// The packets in a body; the first fault is the last item.
#[derive(Debug)]
pub struct Packets<'a> {
    version: Version,
    rest: Rest<'a>,
}

#[derive(Debug)]
enum Rest<'a> {
    Text(&'a str),
    /// Of the binary form of version 3.
    Binary(&'a [u8]),
    /// The body is no text, which is not reported yet.
    NotUtf8,
    Done,
}

/// Reads a body; `is_binary` follows from its type, `application/octet-stream`.
pub fn decode(version: Version, is_binary: bool, body: &[u8]) -> Packets<'_> {
    let rest = match std::str::from_utf8(body) {
        _ if is_binary && version == Version::V3 => Rest::Binary(body),
        Ok(text) => Rest::Text(text),
        Err(_) => Rest::NotUtf8,
    };
    Packets { version, rest }
}

impl<'a> Iterator for Packets<'a> {
    type Item = Result<EnginePacket<'a>, PayloadFault>;

    fn next(&mut self) -> Option<Self::Item> {
        let packet = match std::mem::replace(&mut self.rest, Rest::Done) {
            Rest::Done => return None,
            Rest::NotUtf8 => Err(PayloadFault::NotUtf8),
            Rest::Text(text) if self.version == Version::V4 => self.separated(text),
            Rest::Text(text) => self.counted(text),
            Rest::Binary(bytes) => self.marked(bytes),
        };
        if packet.is_err() {
            self.rest = Rest::Done;
        }
        Some(packet)
    }
}

impl<'a> Packets<'a> {
    fn separated(&mut self, text: &'a str) -> Result<EnginePacket<'a>, PayloadFault> {
        let packet = match text.split_once(SEPARATOR) {
            Some((packet, rest)) => {
                self.rest = Rest::Text(rest);
                packet
            }
            None => text,
        };
        Ok(decode_text(self.version, packet)?)
    }

    fn counted(&mut self, text: &'a str) -> Result<EnginePacket<'a>, PayloadFault> {
        let (digits, rest) = text.split_once(':').ok_or(PayloadFault::NoLength)?;
        let length = number(digits.bytes()).ok_or(PayloadFault::NoLength)?;
        let end = utf16_end(rest, length).ok_or_else(|| PayloadFault::Cut {
            announced: format!("{length} characters"),
            left: rest.encode_utf16().count().to_string(),
        })?;
        let (packet, rest) = rest.split_at(end);
        if !rest.is_empty() {
            self.rest = Rest::Text(rest);
        }
        Ok(decode_text(self.version, packet)?)
    }

    fn marked(&mut self, bytes: &'a [u8]) -> Result<EnginePacket<'a>, PayloadFault> {
        let (&mark, bytes) = bytes.split_first().ok_or(PayloadFault::NoLength)?;
        let end = memchr::memchr(LENGTH_END, bytes).ok_or(PayloadFault::NoLength)?;
        // The digits are bytes 0 to 9, not characters.
        let digits = bytes[..end].iter().map(|byte| byte.wrapping_add(b'0'));
        let length = number(digits).ok_or(PayloadFault::NoLength)?;
        let rest = &bytes[end + 1..];
        let packet = usize::try_from(length).ok().and_then(|it| rest.get(..it));
        let packet = packet.ok_or_else(|| PayloadFault::Cut {
            announced: format!("{length} bytes"),
            left: rest.len().to_string(),
        })?;
        let rest = &rest[packet.len()..];
        if !rest.is_empty() {
            self.rest = Rest::Binary(rest);
        }
        match (mark, packet) {
            (0, text) => {
                let text = std::str::from_utf8(text).map_err(|_| PayloadFault::NotUtf8)?;
                Ok(decode_text(self.version, text)?)
            }
            (1, [4, data @ ..]) => Ok(EnginePacket::Message(Data::Binary(data.into()))),
            (1, [other, ..]) => Err(EngineFault::BinaryType(*other).into()),
            (1, []) => Err(EngineFault::Empty.into()),
            (other, _) => Err(PayloadFault::Mark(other)),
        }
    }
}

/// The number of some digits, of which there are at most ten: more announce what no body has.
fn number(digits: impl ExactSizeIterator<Item = u8>) -> Option<u64> {
    if !(1..=10).contains(&digits.len()) {
        return None;
    }
    digits.into_iter().try_fold(0, |number, digit| {
        let digit = digit.is_ascii_digit().then(|| u64::from(digit - b'0'))?;
        Some(number * 10 + digit)
    })
}

/// Where the first `units` UTF-16 code units of `text` end: what JavaScript counts as characters.
fn utf16_end(text: &str, units: u64) -> Option<usize> {
    let mut left = units;
    for (at, c) in text.char_indices() {
        if left == 0 {
            return Some(at);
        }
        left = left.checked_sub(c.len_utf16() as u64)?;
    }
    (left == 0).then_some(text.len())
}

/// Makes a body; the second value is whether it is binary.
///
/// `takes_binary` is false for clients of version 3 with `b64` in their query, which get base64 instead.
pub fn encode(
    version: Version,
    packets: &[EnginePacket<'_>],
    takes_binary: bool,
) -> (Vec<u8>, bool) {
    let is_binary =
        |packet: &EnginePacket<'_>| matches!(packet, EnginePacket::Message(Data::Binary(_)));
    let mut body = Vec::new();
    match version {
        Version::V4 => {
            for (index, packet) in packets.iter().enumerate() {
                if index > 0 {
                    body.push(SEPARATOR as u8);
                }
                body.extend(encode_text(version, packet).into_bytes());
            }
        }
        Version::V3 if takes_binary && packets.iter().any(is_binary) => {
            for packet in packets {
                encode_marked(packet, &mut body);
            }
            return (body, true);
        }
        Version::V3 => {
            for packet in packets {
                let text = encode_text(version, packet);
                let length = text.encode_utf16().count();
                body.extend(format!("{length}:{text}").into_bytes());
            }
        }
    }
    (body, false)
}

fn encode_marked(packet: &EnginePacket<'_>, body: &mut Vec<u8>) {
    let (mark, bytes) = match packet {
        EnginePacket::Message(Data::Binary(data)) => (1, [&[4], &data[..]].concat()),
        other => (0, encode_text(Version::V3, other).into_bytes()),
    };
    body.push(mark);
    body.extend(bytes.len().to_string().bytes().map(|digit| digit - b'0'));
    body.push(LENGTH_END);
    body.extend(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &'static str) -> EnginePacket<'static> {
        EnginePacket::Message(Data::Text(text.into()))
    }

    fn binary(data: &'static [u8]) -> EnginePacket<'static> {
        EnginePacket::Message(Data::Binary(data.into()))
    }

    fn ping() -> EnginePacket<'static> {
        EnginePacket::Ping("".into())
    }

    fn read(
        version: Version,
        is_binary: bool,
        body: &[u8],
    ) -> Result<Vec<EnginePacket<'_>>, PayloadFault> {
        decode(version, is_binary, body).collect()
    }

    #[test]
    fn version_4_separates_packets() {
        let packets = [
            text("hello"),
            ping(),
            text("wörld"),
            binary(b"\x01\x02\x03\x04"),
        ];
        let body = "4hello\x1e2\x1e4wörld\x1ebAQIDBA==".as_bytes().to_vec();
        assert_eq!(encode(Version::V4, &packets, true), (body.clone(), false));
        assert_eq!(read(Version::V4, false, &body), Ok(packets.to_vec()));
        // The type of the body changes nothing.
        assert_eq!(read(Version::V4, true, &body), Ok(packets.to_vec()));
    }

    #[test]
    fn version_3_counts_characters_as_javascript_does() {
        let packets = [
            text("hello"),
            text("€"),
            text("😀"),
            ping(),
            binary(b"\x01\x02\x03\x04"),
        ];
        let body = "6:4hello2:4€3:4😀1:210:b4AQIDBA==".as_bytes().to_vec();
        assert_eq!(encode(Version::V3, &packets, false), (body.clone(), false));
        assert_eq!(read(Version::V3, false, &body), Ok(packets.to_vec()));
    }

    #[test]
    fn version_3_has_a_binary_form() {
        let packets = [
            text("€"),
            binary(b"\x01\x02\x03\x04\xff\x00\x01\x02\x03\x04"),
        ];
        let body = b"\x00\x04\xff4\xe2\x82\xac\x01\x01\x01\xff\x04\x01\x02\x03\x04\xff\x00\x01\x02\x03\x04";
        assert_eq!(encode(Version::V3, &packets, true), (body.to_vec(), true));
        assert_eq!(read(Version::V3, true, body), Ok(packets.to_vec()));
        // Without binary data the body is text.
        assert!(!encode(Version::V3, &[ping()], true).1);
    }

    #[test]
    fn names_what_is_no_payload() {
        let fault = |version, is_binary, body: &[u8]| read(version, is_binary, body).unwrap_err();
        let engine = PayloadFault::Packet;
        assert_eq!(fault(Version::V4, false, b""), engine(EngineFault::Empty));
        assert_eq!(
            fault(Version::V4, false, b"4a\x1e\x1e4b"),
            engine(EngineFault::Empty)
        );
        assert_eq!(fault(Version::V4, false, b"4\xff"), PayloadFault::NotUtf8);
        for body in [
            &b""[..],
            b"4hello",
            b":4",
            b"x:4",
            b"-1:4",
            b"99999999999:4",
        ] {
            assert_eq!(fault(Version::V3, false, body), PayloadFault::NoLength);
        }
        for body in [&b""[..], b"\x00", b"\x00\x01", b"\x00\xff", b"\x00\x0a\xff"] {
            assert_eq!(fault(Version::V3, true, body), PayloadFault::NoLength);
        }
        assert_eq!(
            fault(Version::V3, true, b"\x02\x01\xff4"),
            PayloadFault::Mark(2)
        );
        assert_eq!(
            fault(Version::V3, true, b"\x01\x00\xff"),
            engine(EngineFault::Empty)
        );
    }

    #[test]
    fn a_length_beyond_the_body_is_named_without_memory_for_it() {
        for (is_binary, body, text) in [
            (
                false,
                &b"2147483648:4hello"[..],
                "the body announces a packet of 2147483648 characters, but 6 are left",
            ),
            (
                true,
                b"\x01\x02\x01\x04\x07\x04\x08\x03\x06\x04\x08\xff\x04",
                "the body announces a packet of 2147483648 bytes, but 1 are left",
            ),
        ] {
            let fault = read(Version::V3, is_binary, body).unwrap_err();
            assert_eq!(fault.to_string(), text);
        }
        // A length that ends within a character.
        assert!(read(Version::V3, false, "2:4😀".as_bytes()).is_err());
    }
}
