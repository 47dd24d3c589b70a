//! Reads untrusted JSON.

use jaq_json::{Val, read};

use super::ReadError;

/// Deeper values are refused: they are read, written and dropped by recursion.
const MAX_DEPTH: usize = 128;
/// Longer numbers are refused: big integers take time that grows with the square of their length.
const MAX_NUMBER: usize = 1_000;
/// More values are refused: each takes up to a quarter of a KiB, however short it is written.
const MAX_VALUES: usize = 1_000_000;

/// Reads exactly one value.
///
/// jaq's own reader accepts comments, `NaN`, byte strings and any depth, so `serde_json` checks first.
pub(super) fn value(text: &[u8]) -> Result<Val, ReadError> {
    // RFC 8259 §8.1: a reader may ignore a byte order mark.
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    let valid = simdutf8::compat::from_utf8(text).map_err(|error| {
        ReadError::Syntax(format!("byte {} is not UTF-8", error.valid_up_to() + 1))
    })?;
    serde_json::from_str::<serde::de::IgnoredAny>(valid)
        .map_err(|error| ReadError::Syntax(error.to_string()))?;
    limit(text)?;
    read::parse_single(text).map_err(|error| ReadError::Syntax(error.to_string()))
}

/// Refuses valid JSON that is too deep or too long.
fn limit(text: &[u8]) -> Result<(), ReadError> {
    let (mut depth, mut number, mut in_string, mut escaped) = (0_usize, 0_usize, false, false);
    let mut values = 1;
    for &byte in text {
        if in_string {
            in_string = escaped || byte != b'"';
            escaped = !escaped && byte == b'\\';
            continue;
        }
        match byte {
            b'"' => in_string = true,
            b'[' | b'{' => {
                depth += 1;
                values += 1;
            }
            b',' => values += 1,
            b']' | b'}' => depth -= 1,
            _ => {}
        }
        let is_number = matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E');
        number = if is_number { number + 1 } else { 0 };
        if depth > MAX_DEPTH {
            return Err(ReadError::TooDeep(MAX_DEPTH));
        }
        if values > MAX_VALUES {
            return Err(ReadError::TooMany(MAX_VALUES));
        }
        if number > MAX_NUMBER {
            return Err(ReadError::LongNumber(MAX_NUMBER));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_json_and_nothing_more_than_json() {
        for text in [" [1, {\"a\": null}] ", "\u{feff}1", "\"\\\"[[[\""] {
            value(text.as_bytes()).unwrap_or_else(|error| panic!("{text}: {error}"));
        }
        for text in [
            "",
            "1 2",
            "# c\n1",
            "NaN",
            "b\"a\"",
            "{1: 2}",
            "[1",
            "+1",
            "\"\u{1}\"",
        ] {
            let error = value(text.as_bytes()).expect_err(text);
            assert!(matches!(error, ReadError::Syntax(_)), "{text}: {error}");
        }
        assert!(value(b"\"\xff\"").is_err());
    }

    #[test]
    fn refuses_what_is_too_deep() {
        let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
        assert!(value(nested(MAX_DEPTH).as_bytes()).is_ok());
        assert_eq!(
            value(nested(MAX_DEPTH + 1).as_bytes()),
            Err(ReadError::TooDeep(MAX_DEPTH))
        );
        assert!(value(nested(1_000_000).as_bytes()).is_err());
    }

    #[test]
    fn refuses_more_values_than_memory_is_for() {
        let items = |count: usize| format!("[{}0]", "0,".repeat(count - 1));
        assert!(value(items(MAX_VALUES - 2).as_bytes()).is_ok());
        for text in [
            items(MAX_VALUES),
            format!("[{}]", vec!["[]"; MAX_VALUES / 2].join(",")),
        ] {
            let refused = value(text.as_bytes());
            assert_eq!(refused, Err(ReadError::TooMany(MAX_VALUES)));
        }
    }

    #[test]
    fn refuses_numbers_that_would_take_long() {
        assert!(value("1".repeat(MAX_NUMBER).as_bytes()).is_ok());
        assert_eq!(
            value("1".repeat(MAX_NUMBER + 1).as_bytes()),
            Err(ReadError::LongNumber(MAX_NUMBER))
        );
    }
}
