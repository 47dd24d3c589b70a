//! What an input record stands for.

use std::borrow::Cow;

use data_encoding::BASE64;
use hex::FromHexError;

use crate::proto::message::Kind;

/// How a record is turned into a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-8, sent as text.
    Text,
    /// Sent as binary, as it is.
    Binary,
    /// Hexadecimal, sent as the bytes it stands for.
    Hex,
    /// Base64, sent as the bytes it stands for.
    Base64,
}

/// Why a record cannot be sent.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum EncodingError {
    /// Not UTF-8 from this byte on, counted from 1.
    #[error("byte {0}: not valid UTF-8; use --binary")]
    Utf8(usize),
    /// Not a hexadecimal digit at this byte, counted from 1.
    #[error("byte {0}: not a hex digit; --hex takes pairs of hex digits")]
    Hex(usize),
    /// A hexadecimal digit without its other half.
    #[error("an odd number of hex digits; --hex takes pairs of them")]
    OddHex,
    /// Not base64 from this byte on, counted from 1.
    #[error("byte {0}: not base64; --base64 takes standard base64 with padding")]
    Base64(usize),
}

impl Encoding {
    /// The kind of message that records become.
    pub fn kind(self) -> Kind {
        match self {
            Self::Text => Kind::Text,
            Self::Binary | Self::Hex | Self::Base64 => Kind::Binary,
        }
    }

    /// The payload that `record` stands for; spaces in hexadecimal and base64 do not count.
    pub fn decode(self, record: &[u8]) -> Result<Cow<'_, [u8]>, EncodingError> {
        match self {
            Self::Binary => Ok(Cow::Borrowed(record)),
            Self::Text if simdutf8::basic::from_utf8(record).is_ok() => Ok(Cow::Borrowed(record)),
            Self::Text => match std::str::from_utf8(record) {
                Ok(_) => Ok(Cow::Borrowed(record)),
                Err(error) => Err(EncodingError::Utf8(error.valid_up_to() + 1)),
            },
            Self::Hex => hex::decode(without_spaces(record))
                .map(Cow::Owned)
                .map_err(|error| match error {
                    FromHexError::InvalidHexCharacter { index, .. } => {
                        EncodingError::Hex(place(record, index))
                    }
                    _ => EncodingError::OddHex,
                }),
            Self::Base64 => BASE64
                .decode(&without_spaces(record))
                .map(Cow::Owned)
                .map_err(|error| EncodingError::Base64(place(record, error.position))),
        }
    }
}

/// Where the byte stands in `record`, from 1 on, that is at `index` without the spaces.
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
        assert_eq!(error.to_string(), "byte 5: not valid UTF-8; use --binary");
    }

    #[test]
    fn hex_and_base64_stand_for_bytes() {
        assert_eq!(Encoding::Hex.decode(b"de ad").unwrap(), &b"\xde\xad"[..]);
        assert_eq!(Encoding::Base64.decode(b"3q0=").unwrap(), &b"\xde\xad"[..]);
        assert_eq!(Encoding::Hex.decode(b"0 0g0"), Err(EncodingError::Hex(4)));
        assert_eq!(Encoding::Hex.decode(b"000"), Err(EncodingError::OddHex));
        assert_eq!(
            Encoding::Base64.decode(b"3q 0*"),
            Err(EncodingError::Base64(5))
        );
    }
}
