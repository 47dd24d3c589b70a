//! Messages, the unit that applications see (RFC 6455 §5.4), and streaming UTF-8.

use std::fmt;

use super::frame::Opcode;

/// The type of a message (RFC 6455 §5.6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// UTF-8 text.
    Text,
    /// Arbitrary bytes.
    Binary,
}

impl Kind {
    /// The opcode of the message's first frame.
    pub fn opcode(self) -> Opcode {
        match self {
            Self::Text => Opcode::TEXT,
            Self::Binary => Opcode::BINARY,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.opcode().fmt(f)
    }
}

/// A message or a piece of one.
#[derive(Debug, Clone, Copy)]
pub struct Message<'a> {
    /// Text or binary.
    pub kind: Kind,
    /// Its bytes; valid UTF-8 when the kind is text and the message is whole.
    pub payload: &'a [u8],
    /// Whether this is its first piece.
    pub start: bool,
    /// Whether this is its last piece.
    pub end: bool,
    /// Bytes of the whole message on the wire so far; `None` when it was not compressed.
    pub deflated: Option<u64>,
}

impl<'a> Message<'a> {
    /// A message in one piece; `deflated` is its size on the wire if it was compressed.
    pub fn whole(kind: Kind, payload: &'a [u8], deflated: Option<u64>) -> Self {
        Self {
            kind,
            payload,
            start: true,
            end: true,
            deflated,
        }
    }
}

/// Up to this many bytes, checking for ASCII first pays; longer texts are faster with SIMD validation at once.
const ASCII_FIRST: usize = 512;

/// Whether `bytes` are UTF-8.
#[inline]
pub fn is_utf8(bytes: &[u8]) -> bool {
    bytes.len() <= ASCII_FIRST && is_ascii(bytes) || simdutf8::basic::from_utf8(bytes).is_ok()
}

/// Whether `bytes` are ASCII, as most short messages are. Takes a third of the time of a check for UTF-8.
#[inline]
fn is_ascii(bytes: &[u8]) -> bool {
    const LANE: usize = 16;
    let merge = |mut all: [u8; LANE], lane: &[u8; LANE]| {
        for i in 0..LANE {
            all[i] |= lane[i];
        }
        all
    };
    let Some(last) = bytes.last_chunk() else {
        return bytes.iter().all(u8::is_ascii);
    };
    // The last 16 bytes, which may overlap the previous lane, cover the remainder.
    let all = bytes.as_chunks().0.iter().fold(*last, merge);
    u128::from_ne_bytes(all) & u128::from_ne_bytes([0x80; LANE]) == 0
}

/// A UTF-8 check of input in pieces, which fails at the first invalid byte.
#[derive(Debug, Default, Clone)]
pub struct Utf8 {
    /// The start of a character whose end is still missing.
    partial: [u8; 3],
    partial_len: usize,
    /// The number of bytes before this piece.
    taken: u64,
}

/// A text that is not UTF-8.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvalidUtf8 {
    /// Where the bad sequence starts, in bytes from the start of the text.
    pub at: u64,
}

impl Utf8 {
    /// Checks the next piece.
    #[inline]
    pub fn push(&mut self, piece: &[u8]) -> Result<(), InvalidUtf8> {
        if self.partial_len == 0 && is_utf8(piece) {
            self.taken += piece.len() as u64;
            return Ok(());
        }
        self.push_partial(piece)
    }

    /// Checks a piece that does not consist of whole characters.
    #[cold]
    fn push_partial(&mut self, piece: &[u8]) -> Result<(), InvalidUtf8> {
        let rest = self.finish_partial(piece)?;
        let start = self.taken + (piece.len() - rest.len()) as u64;
        self.taken += piece.len() as u64;
        if is_utf8(rest) {
            return Ok(());
        }
        let Err(error) = std::str::from_utf8(rest) else {
            return Ok(());
        };
        let valid = error.valid_up_to();
        if error.error_len().is_some() {
            return Err(InvalidUtf8 {
                at: start + valid as u64,
            });
        }
        let tail = &rest[valid..];
        self.partial[..tail.len()].copy_from_slice(tail);
        self.partial_len = tail.len();
        Ok(())
    }

    /// Ends the text, in which no character may be incomplete.
    #[inline]
    pub fn finish(&self) -> Result<(), InvalidUtf8> {
        match self.partial_len {
            0 => Ok(()),
            len => Err(InvalidUtf8 {
                at: self.taken - len as u64,
            }),
        }
    }

    /// Completes the character that the last piece began; returns the rest of `piece`.
    fn finish_partial<'a>(&mut self, mut piece: &'a [u8]) -> Result<&'a [u8], InvalidUtf8> {
        let began = self.taken - self.partial_len as u64;
        while self.partial_len > 0 {
            let Some((&byte, rest)) = piece.split_first() else {
                break;
            };
            piece = rest;
            let mut character = [0; 4];
            character[..self.partial_len].copy_from_slice(&self.partial[..self.partial_len]);
            character[self.partial_len] = byte;
            match std::str::from_utf8(&character[..=self.partial_len]) {
                Ok(_) => self.partial_len = 0,
                Err(error) if error.error_len().is_some() => {
                    return Err(InvalidUtf8 { at: began });
                }
                Err(_) => {
                    self.partial[self.partial_len] = byte;
                    self.partial_len += 1;
                }
            }
        }
        Ok(piece)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pieces: &[&[u8]]) -> Result<(), InvalidUtf8> {
        let mut utf8 = Utf8::default();
        for piece in pieces {
            utf8.push(piece)?;
        }
        utf8.finish()
    }

    #[test]
    fn accepts_characters_split_at_every_byte() {
        let text = "aé€😀z".as_bytes();
        for cut in 0..=text.len() {
            assert_eq!(check(&[&text[..cut], &text[cut..]]), Ok(()), "cut at {cut}");
        }
        let bytes: Vec<&[u8]> = text.chunks(1).collect();
        assert_eq!(check(&bytes), Ok(()));
    }

    #[test]
    fn fails_at_the_first_invalid_byte() {
        // A surrogate is recognised by its second byte, before its third has come.
        let mut utf8 = Utf8::default();
        assert_eq!(utf8.push(b"ab\xed"), Ok(()));
        assert_eq!(utf8.push(b"\xa0"), Err(InvalidUtf8 { at: 2 }));
    }

    #[test]
    fn agrees_with_std_on_every_split_of_bad_text() {
        let cases: [&[u8]; 7] = [
            b"\xff",
            b"ok\xc0\xaf",
            b"\xf4\x90\x80\x80",
            b"a\xe2\x82",
            b"\xe2\x28\xa1",
            b"\x80",
            b"x\xf0\x9f\x98",
        ];
        for case in cases {
            let at = std::str::from_utf8(case).unwrap_err().valid_up_to() as u64;
            for cut in 0..=case.len() {
                assert_eq!(
                    check(&[&case[..cut], &case[cut..]]),
                    Err(InvalidUtf8 { at }),
                    "{case:x?} cut at {cut}"
                );
            }
        }
    }

    #[test]
    fn finds_a_non_ascii_byte_anywhere_in_any_length() {
        for len in 0..100 {
            let mut text = vec![b'a'; len];
            assert!(is_utf8(&text), "{len} bytes");
            for at in 0..len {
                text[at] = 0x80;
                assert!(!is_utf8(&text), "byte {at} of {len}");
                text[at] = b'a';
            }
        }
    }
}
