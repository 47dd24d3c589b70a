//! Durations as written in scenarios: `500ms`, `2s`, `1m30s`.

use std::time::Duration;

use crate::duration;

/// Reads a duration as flags do: a bare number is seconds.
pub fn parse(text: &str) -> Option<Duration> {
    let is_number = |c: char| c.is_ascii_digit();
    let ends_right = text.ends_with(|c: char| c.is_ascii_alphanumeric());
    // Flags take `1 sec`, but here a blank ends a word.
    let is_word = !text.contains(char::is_whitespace);
    (text.starts_with(is_number) && ends_right && is_word)
        .then(|| duration::parse(text).ok())
        .flatten()
}

/// Whether a word can only be a duration, as it has a unit.
pub(super) fn has_unit(text: &str) -> bool {
    text.ends_with(|c: char| c.is_ascii_alphabetic()) && parse(text).is_some()
}

/// Writes a duration that [`parse`] reads back unchanged.
pub fn write(span: Duration) -> String {
    let (seconds, nanos) = (span.as_secs(), span.subsec_nanos());
    match (seconds, nanos) {
        (0, 0) => "0s".to_owned(),
        (seconds, 0) => match (seconds / 60, seconds % 60) {
            (0, seconds) => format!("{seconds}s"),
            (minutes, 0) => format!("{minutes}m"),
            (minutes, seconds) => format!("{minutes}m{seconds}s"),
        },
        _ if nanos % 1_000_000 == 0 => format!("{}ms", span.as_millis()),
        _ if nanos % 1_000 == 0 => format!("{}us", span.as_micros()),
        _ => format!("{}ns", span.as_nanos()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn written_text_is_read_back() {
        for text in ["0s", "500ms", "2s", "1m", "1m30s", "1500ms", "250us", "7ns"] {
            let span = parse(text).unwrap_or_else(|| panic!("{text}"));
            assert_eq!(write(span), text);
        }
        assert_eq!(parse("1.5s"), Some(Duration::from_millis(1500)));
        assert_eq!(parse("1h"), Some(Duration::from_hours(1)));
    }

    #[test]
    fn a_bare_number_is_seconds() {
        assert_eq!(parse("1"), Some(Duration::from_secs(1)));
        assert_eq!(parse("0.5"), Some(Duration::from_millis(500)));
        for text in [
            "",
            "s",
            "-1s",
            "2 s x",
            "1 sec",
            "P1D",
            "99999999h",
            "2s.",
            "2.",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn only_a_number_with_a_unit_is_surely_a_duration() {
        assert!(has_unit("1s") && has_unit("1m30s"));
        assert!(!has_unit("1") && !has_unit("first") && !has_unit("2nd"));
    }
}
