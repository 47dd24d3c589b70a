//! A header block with its fields in the order in which they were given (RFC 7541).
//!
//! The library writes pseudo-header fields in an order of its own, by which a server may know it.

use crate::proto::http1::Head;

/// RFC 9113 §4.2: no server allows less.
const LONGEST_FRAME: usize = 16 << 10;
const HEADERS: u8 = 1;
/// The type of a frame (RFC 9113 §6.5).
pub const SETTINGS: u8 = 4;
/// The type of a frame (RFC 9113 §6.9).
pub const WINDOW_UPDATE: u8 = 8;
const CONTINUATION: u8 = 9;
const END_HEADERS: u8 = 4;
const PRIORITY: u8 = 0x20;

/// The order of the library.
const NATURAL: [&[u8]; 5] = [
    b":method",
    b":scheme",
    b":authority",
    b":path",
    b":protocol",
];

/// Whether the library writes the pseudo-header fields of a head in the same order.
pub fn is_natural(head: &Head) -> bool {
    let names = head.fields().map(|(name, _)| name);
    names.take_while(|name| name.starts_with(b":")).eq(NATURAL)
}

/// The frames of a request in stream 1, with a priority if it has one.
pub fn frames(head: &Head, priority: Option<[u8; 5]>) -> Vec<u8> {
    let mut block: Vec<u8> = priority.into_iter().flatten().collect();
    fields(head, &mut block);
    let pieces = block.chunks(LONGEST_FRAME);
    let last = pieces.len() - 1;
    let frames = pieces.enumerate().map(|(number, piece)| {
        let kind = if number == 0 { HEADERS } else { CONTINUATION };
        let mut flags = if number == last { END_HEADERS } else { 0 };
        if number == 0 && priority.is_some() {
            flags |= PRIORITY;
        }
        frame(kind, flags, 1, piece)
    });
    frames.collect::<Vec<_>>().concat()
}

/// A frame of any type; a payload has less than 16 MiB.
pub fn frame(kind: u8, flags: u8, stream: u8, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len())
        .unwrap_or(u32::MAX)
        .to_be_bytes();
    [&length[1..], &[kind, flags, 0, 0, 0, stream], payload].concat()
}

fn fields(head: &Head, block: &mut Vec<u8>) {
    // RFC 7541 §4.2: a server that allows a smaller dynamic table is to be answered; none is used.
    block.push(0x20);
    for (name, value) in head.fields() {
        // RFC 7541 §6.2: literals, which are not indexed; those of credentials never are.
        let form = match name {
            b"authorization" | b"cookie" => 0x10,
            _ => 0,
        };
        // RFC 7541 Appendix A.
        let index = match name {
            b":authority" => 1,
            b":method" => 2,
            b":path" => 4,
            b":scheme" => 6,
            _ => 0,
        };
        block.push(form | index);
        if index == 0 {
            text(name, block);
        }
        text(value, block);
    }
}

/// RFC 7541 §5.2, without Huffman's code.
fn text(bytes: &[u8], block: &mut Vec<u8>) {
    let mut left = bytes.len();
    // RFC 7541 §5.1.
    if left < 0x7f {
        block.extend(u8::try_from(left));
    } else {
        block.push(0x7f);
        left -= 0x7f;
        while left >= 0x80 {
            block.extend(u8::try_from(left & 0x7f | 0x80));
            left >>= 7;
        }
        block.extend(u8::try_from(left));
    }
    block.extend_from_slice(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(fields: &[(&str, &str)]) -> Head {
        Head::encode("CONNECT / HTTP/2", fields.iter().copied())
    }

    #[test]
    fn fields_are_literals_in_their_order() {
        let head = head(&[
            (":method", "CONNECT"),
            (":path", "/"),
            (":protocol", "websocket"),
            ("cookie", "a=b"),
        ]);
        let block =
            b"\x20\x02\x07CONNECT\x04\x01/\x00\x09:protocol\x09websocket\x10\x06cookie\x03a=b";
        let length = u8::try_from(block.len()).unwrap();
        let expected = [&[0, 0, length, 1, 4, 0, 0, 0, 1], &block[..]].concat();
        assert_eq!(frames(&head, None), expected);
        let weighed = frames(&head, Some([0x80, 0, 0, 0, 146]));
        assert_eq!(
            weighed[2..14],
            [length + 5, 1, 0x24, 0, 0, 0, 1, 0x80, 0, 0, 0, 146]
        );
        assert_eq!(weighed[14..], *block);
    }

    #[test]
    fn long_values_have_long_lengths_and_frames_that_continue() {
        let long = "x".repeat(20_000);
        let frames = frames(&head(&[("a", &long)]), None);
        // 20 000 - 127 = 19 873 = 0x21 + 0x1b * 0x80 + 0x80 * 0x80.
        assert_eq!(
            frames[..16],
            *b"\0\x40\0\x01\0\0\0\0\x01\x20\0\x01a\x7f\xa1\x9b"
        );
        assert_eq!(frames[16], 1);
        let second = 9 + LONGEST_FRAME;
        assert_eq!(frames[second + 3..second + 9], [9, 4, 0, 0, 0, 1]);
        let length = u16::from_be_bytes([frames[second + 1], frames[second + 2]]);
        assert_eq!(frames.len(), second + 9 + usize::from(length));
    }

    #[test]
    fn the_librarys_order_is_recognised() {
        let natural = NATURAL.map(|name| (std::str::from_utf8(name).unwrap(), "x"));
        assert!(is_natural(&head(&natural)));
        let mut other = natural;
        other.swap(1, 2);
        assert!(!is_natural(&head(&other)));
    }
}
