//! What an input record stands for.

use std::borrow::Cow;

use data_encoding::BASE64;

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
    /// Not hexadecimal.
    #[error("{0}; --hex takes pairs of hex digits")]
    Hex(hex::FromHexError),
    /// Not base64.
    #[error("{0}; --base64 takes standard base64 with padding")]
    Base64(data_encoding::DecodeError),
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
            Self::Text => match simdutf8::compat::from_utf8(record) {
                Ok(_) => Ok(Cow::Borrowed(record)),
                Err(error) => Err(EncodingError::Utf8(error.valid_up_to() + 1)),
            },
            Self::Hex => hex::decode(without_spaces(record))
                .map(Cow::Owned)
                .map_err(EncodingError::Hex),
            Self::Base64 => BASE64
                .decode(&without_spaces(record))
                .map(Cow::Owned)
                .map_err(EncodingError::Base64),
        }
    }
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
        assert!(Encoding::Hex.decode(b"0g").is_err());
        assert!(Encoding::Base64.decode(b"3q0").is_err());
    }
}
