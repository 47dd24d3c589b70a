//! The frame header (RFC 6455 §5.2), decoded and encoded bit by bit.

use std::fmt;

/// What a frame carries: four bits (RFC 6455 §5.2, §11.8).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Opcode(u8);

impl Opcode {
    /// `0`: continues a fragmented message.
    pub const CONTINUATION: Self = Self(0);
    /// `1`: text, in UTF-8.
    pub const TEXT: Self = Self(1);
    /// `2`: binary.
    pub const BINARY: Self = Self(2);
    /// `8`: closes the connection.
    pub const CLOSE: Self = Self(8);
    /// `9`: asks for a pong.
    pub const PING: Self = Self(9);
    /// `10`: answers a ping, or is unsolicited.
    pub const PONG: Self = Self(10);

    /// The opcode of the low four bits of `bits`.
    pub fn from_bits(bits: u8) -> Self {
        Self(bits & 0x0f)
    }

    /// The four bits on the wire.
    pub fn bits(self) -> u8 {
        self.0
    }

    /// Whether this is a control frame: the high bit of the opcode is set (RFC 6455 §5.5).
    pub fn is_control(self) -> bool {
        self.0 & 0x08 != 0
    }

    /// Whether it is reserved: `3`–`7` and `11`–`15`.
    pub fn is_reserved(self) -> bool {
        matches!(self.0, 3..=7 | 11..)
    }

    /// Whether this is the first frame of a message.
    pub fn starts_message(self) -> bool {
        matches!(self, Self::TEXT | Self::BINARY)
    }
}

impl fmt::Display for Opcode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::CONTINUATION => f.write_str("continuation"),
            Self::TEXT => f.write_str("text"),
            Self::BINARY => f.write_str("binary"),
            Self::CLOSE => f.write_str("close"),
            Self::PING => f.write_str("ping"),
            Self::PONG => f.write_str("pong"),
            Self(bits) => write!(f, "reserved opcode {bits}"),
        }
    }
}

/// How the payload length is written (RFC 6455 §5.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LengthForm {
    /// In the seven bits of the second byte.
    Bits7,
    /// In two more bytes.
    Bits16,
    /// In eight more bytes.
    Bits64,
}

impl LengthForm {
    /// Whether the second byte of a header, without the mask bit, is the length.
    #[inline]
    pub fn is_short(bits: u8) -> bool {
        bits < 126
    }

    /// The shortest form that holds `len`.
    pub fn minimal(len: u64) -> Self {
        match len {
            0..=125 => Self::Bits7,
            126..=0xffff => Self::Bits16,
            _ => Self::Bits64,
        }
    }
}

/// A frame header, exactly as on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "RFC 6455 §5.2 has four flag bits"
)]
pub struct Header {
    /// The last frame of its message.
    pub fin: bool,
    /// First reserved bit; permessage-deflate marks compressed messages with it (RFC 7692 §6).
    pub rsv1: bool,
    /// Second reserved bit.
    pub rsv2: bool,
    /// Third reserved bit.
    pub rsv3: bool,
    /// What the frame carries.
    pub opcode: Opcode,
    /// The masking key; `None` when the payload is not masked.
    pub masking_key: Option<[u8; 4]>,
    /// The declared payload length in bytes.
    pub payload_len: u64,
    /// How that length is written.
    pub length_form: LengthForm,
}

impl Header {
    /// The longest header, in bytes.
    pub const MAX: usize = 14;

    /// A header with `opcode` and the shortest length, no reserved bit set.
    pub fn new(fin: bool, opcode: Opcode, masking_key: Option<[u8; 4]>, payload_len: u64) -> Self {
        Self {
            fin,
            rsv1: false,
            rsv2: false,
            rsv3: false,
            opcode,
            masking_key,
            payload_len,
            length_form: LengthForm::minimal(payload_len),
        }
    }

    /// Decodes the header at the start of `bytes`; returns it with its length, or `None` when bytes are missing.
    pub fn decode(bytes: &[u8]) -> Option<(Self, usize)> {
        let (&[first, second], rest) = bytes.split_first_chunk::<2>()?;
        let (payload_len, length_form, more) = decode_length(second & 0x7f, rest)?;
        let mut size = 2 + more;
        let masking_key = match second & 0x80 {
            0 => None,
            _ => Some(*rest[more..].first_chunk::<4>()?),
        };
        size += masking_key.map_or(0, |key| key.len());
        let header = Self {
            fin: first & 0x80 != 0,
            rsv1: first & 0x40 != 0,
            rsv2: first & 0x20 != 0,
            rsv3: first & 0x10 != 0,
            opcode: Opcode::from_bits(first),
            masking_key,
            payload_len,
            length_form,
        };
        Some((header, size))
    }

    /// Encodes the header to the front of `out`; returns its length.
    ///
    /// A payload length that its form cannot hold is truncated.
    ///
    /// # Panics
    ///
    /// When `out` is shorter than [`MAX`](Self::MAX).
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the form decides how many bits go out"
    )]
    #[inline]
    pub fn encode(&self, out: &mut [u8]) -> usize {
        let out = &mut out[..Self::MAX];
        let flag = |set: bool, bit: u8| if set { bit } else { 0 };
        out[0] = flag(self.fin, 0x80)
            | flag(self.rsv1, 0x40)
            | flag(self.rsv2, 0x20)
            | flag(self.rsv3, 0x10)
            | self.opcode.bits();
        let mask_bit = flag(self.masking_key.is_some(), 0x80);
        let mut size = 2;
        match self.length_form {
            LengthForm::Bits7 => out[1] = mask_bit | (self.payload_len as u8 & 0x7f),
            LengthForm::Bits16 => {
                out[1] = mask_bit | 0x7e;
                out[2..4].copy_from_slice(&(self.payload_len as u16).to_be_bytes());
                size = 4;
            }
            LengthForm::Bits64 => {
                out[1] = mask_bit | 0x7f;
                out[2..10].copy_from_slice(&self.payload_len.to_be_bytes());
                size = 10;
            }
        }
        if let Some(key) = self.masking_key {
            out[size..size + 4].copy_from_slice(&key);
            size += 4;
        }
        size
    }

    /// Whether no shorter form would hold the length.
    pub fn is_minimal(&self) -> bool {
        match self.length_form {
            LengthForm::Bits7 => true,
            LengthForm::Bits16 => self.payload_len > 125,
            LengthForm::Bits64 => self.payload_len > 0xffff,
        }
    }
}

/// The length whose first seven bits are `short`, its form, and the number of bytes of `rest` it takes.
#[inline]
fn decode_length(short: u8, rest: &[u8]) -> Option<(u64, LengthForm, usize)> {
    Some(match short {
        126 => {
            let len = u16::from_be_bytes(*rest.first_chunk()?);
            (u64::from(len), LengthForm::Bits16, 2)
        }
        127 => {
            let len = u64::from_be_bytes(*rest.first_chunk()?);
            (len, LengthForm::Bits64, 8)
        }
        short => (u64::from(short), LengthForm::Bits7, 0),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(header: &Header) -> Vec<u8> {
        let mut out = [0; Header::MAX];
        let size = header.encode(&mut out);
        out[..size].to_vec()
    }

    #[test]
    fn every_first_and_second_byte_survives_the_round_trip() {
        for first in 0..=255u8 {
            for second in 0..=255u8 {
                let bytes = [first, second, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12];
                let (header, size) = Header::decode(&bytes).unwrap();
                assert_eq!(encoded(&header), bytes[..size]);
            }
        }
    }

    #[test]
    fn waits_for_every_byte_of_the_longest_header() {
        let bytes = hex::decode("82ff000000000001000001020304").unwrap();
        for cut in 0..bytes.len() {
            assert_eq!(Header::decode(&bytes[..cut]), None, "{cut} bytes");
        }
        let (header, size) = Header::decode(&bytes).unwrap();
        assert_eq!((header.payload_len, size), (0x1_0000, 14));
        assert_eq!(header.masking_key, Some([1, 2, 3, 4]));
    }

    #[test]
    fn reports_lengths_that_are_not_minimal() {
        for (bytes, minimal) in [
            ("817d", true),
            ("817e007e", true),
            ("817e007d", false),
            ("817f0000000000010000", true),
            ("817f000000000000ffff", false),
        ] {
            let (header, _) = Header::decode(&hex::decode(bytes).unwrap()).unwrap();
            assert_eq!(header.is_minimal(), minimal, "{bytes}");
        }
    }
}
