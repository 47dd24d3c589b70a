//! Text from files and streams: a byte order mark is not content, and UTF-16 is recognised.
//!
//! Editors and shells of Windows write both.

use std::fs;
use std::io::{self, BufRead};
use std::path::Path;

/// The byte order mark of UTF-8.
const MARK: &[u8] = b"\xef\xbb\xbf";

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    #[error("UTF-16, not UTF-8 (byte order mark {0})")]
    Utf16(&'static str),
    /// The first invalid byte, from 1.
    #[error("byte {0} is not valid UTF-8")]
    Invalid(usize),
}

impl TextError {
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Utf16(_) => Some("iconv -f UTF-16 -t UTF-8 converts it".to_owned()),
            Self::Invalid(_) => None,
        }
    }
}

/// Where there is room for one line.
impl From<TextError> for io::Error {
    fn from(error: TextError) -> Self {
        let hint = error.hint().map(|hint| format!("; {hint}"));
        let text = error.to_string() + &hint.unwrap_or_default();
        Self::new(io::ErrorKind::InvalidData, text)
    }
}

/// Reads a file of text.
pub fn read(path: &Path) -> io::Result<String> {
    Ok(decode(fs::read(path)?)?)
}

/// The text in `bytes`, without a byte order mark.
pub fn decode(mut bytes: Vec<u8>) -> Result<String, TextError> {
    let mark = bytes.len() - content(&bytes)?.len();
    bytes.drain(..mark);
    String::from_utf8(bytes).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        TextError::Invalid(mark + valid + 1)
    })
}

/// What follows the byte order mark at the start of a text; whether that is UTF-8 is not checked.
pub fn content(start: &[u8]) -> Result<&[u8], TextError> {
    match start {
        [0xff, 0xfe, ..] => Err(TextError::Utf16("FF FE")),
        [0xfe, 0xff, ..] => Err(TextError::Utf16("FE FF")),
        _ => Ok(start.strip_prefix(MARK).unwrap_or(start)),
    }
}

/// Whether `start` may be the beginning of a byte order mark.
pub fn is_undecided(start: &[u8]) -> bool {
    [MARK, b"\xff\xfe", b"\xfe\xff"]
        .iter()
        .any(|mark| mark.len() > start.len() && mark.starts_with(start))
}

/// Skips the byte order mark at the start of a file.
pub fn skip_mark(file: &mut impl BufRead) -> io::Result<()> {
    let start = file.fill_buf()?;
    let mark = start.len() - content(start)?.len();
    file.consume(mark);
    Ok(())
}

/// The text, or its beginning if it is longer than `room` bytes.
pub fn cut(text: &str, room: usize) -> String {
    if text.len() <= room {
        return text.to_owned();
    }
    format!("{}…", &text[..text.floor_char_boundary(room)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_byte_order_mark_is_not_content() {
        let text = |bytes: &[u8]| decode(bytes.to_vec());
        assert_eq!(text(b"\xef\xbb\xbfa\r\n"), Ok("a\r\n".to_owned()));
        assert_eq!(text(b"\xef\xbb\xbf"), Ok(String::new()));
        // Only the first one is a mark.
        assert_eq!(
            text("\u{feff}\u{feff}".as_bytes()),
            Ok("\u{feff}".to_owned())
        );
        assert_eq!(text(b"\xef\xbb\xbfa\xff"), Err(TextError::Invalid(5)));
    }

    #[test]
    fn utf_16_is_named_with_what_converts_it() {
        for (bytes, mark) in [(b"\xff\xfea\0", "FF FE"), (b"\xfe\xff\0a", "FE FF")] {
            let error = io::Error::from(decode(bytes.to_vec()).unwrap_err()).to_string();
            assert!(error.contains(mark) && error.contains("iconv"), "{error}");
        }
    }

    #[test]
    fn the_start_of_a_mark_is_undecided() {
        for start in [&b""[..], b"\xef", b"\xef\xbb", b"\xff", b"\xfe"] {
            assert!(is_undecided(start), "{start:x?}");
        }
        for start in [&b"a"[..], b"\xef\xbb\xbf", b"\xef\xbc", b"\xff\xfe"] {
            assert!(!is_undecided(start), "{start:x?}");
        }
    }
}
