//! Durations as written in scenarios: `500ms`, `2s`, `1m30s`.

use std::time::Duration;

use crate::duration;

/// Reads a duration as flags do, except that the unit is required.
pub fn parse(text: &str) -> Option<Duration> {
    let starts_right = text.starts_with(|c: char| c.is_ascii_digit());
    let ends_right = text.ends_with(|c: char| c.is_ascii_alphabetic());
    if !starts_right || !ends_right {
        return None;
    }
    duration::parse(text).ok()
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
    fn a_duration_needs_a_unit() {
        for text in ["", "2", "s", "-1s", "2 s x", "P1D", "99999999h", "2s."] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
