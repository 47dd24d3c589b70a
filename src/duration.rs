//! Durations as people write them, `500ms`, `2s`, `1m30s`, and as they read them.

use std::time::Duration;

/// Longer durations are refused: added to an `Instant` they could overflow.
const LONGEST: Duration = Duration::from_hours(100 * 366 * 24);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DurationError {
    Invalid,
    TooLong,
}

/// Reads `500ms`, `2s`, `1m30s`; a bare number is seconds.
pub fn parse(text: &str) -> Result<Duration, DurationError> {
    let bare = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    let unit = if bare { "s" } else { "" };
    let parsed: jiff::SignedDuration = format!("{text}{unit}")
        .parse()
        .map_err(|_| DurationError::Invalid)?;
    let duration = Duration::try_from(parsed).map_err(|_| DurationError::Invalid)?;
    if duration > LONGEST {
        return Err(DurationError::TooLong);
    }
    Ok(duration)
}

/// A span of time: `0.3 ms`, `12.3 s`, `2 min 5 s`, `3 h 12 min`, `2 d 4 h`.
pub fn shown(span: Duration) -> String {
    let micros = round_div(span.as_nanos(), 1_000);
    match micros {
        0 => "0 ms".to_owned(),
        1..100 => format!("0.{:02} ms", round_div(micros, 10).max(1)),
        100..999_950 => format!("{} ms", decimal(round_div(micros, 100))),
        999_950..59_950_000 => format!("{} s", decimal(round_div(micros, 100_000))),
        _ => long_duration(round_div(micros, 1_000_000)),
    }
}

fn long_duration(secs: u128) -> String {
    let (mins, hours, days) = (secs / 60, secs / 3_600, secs / 86_400);
    match secs {
        0..3_600 => format!("{mins} min {} s", secs % 60),
        3_600..86_400 => format!("{hours} h {} min", mins % 60),
        _ => format!("{days} d {} h", hours % 24),
    }
}

pub(crate) fn decimal(tenths: u128) -> String {
    format!("{}.{}", tenths / 10, tenths % 10)
}

pub(crate) fn round_div(value: u128, divisor: u128) -> u128 {
    (value + divisor / 2) / divisor
}

/// A duration as it is typed.
pub fn typed(duration: Duration) -> String {
    let duration = jiff::SignedDuration::try_from(duration).unwrap_or(jiff::SignedDuration::MAX);
    format!("{duration:#}").replace(' ', "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_shown_as_they_are_typed() {
        for text in ["500ms", "2s", "1m30s", "1h"] {
            assert_eq!(parse(text).map(typed), Ok(text.to_owned()));
        }
    }

    #[test]
    fn durations_are_read_as_people_write_them() {
        assert_eq!(parse("2"), Ok(Duration::from_secs(2)));
        assert_eq!(parse("1m30s"), Ok(Duration::from_secs(90)));
        assert_eq!(parse("-1s"), Err(DurationError::Invalid));
        assert_eq!(parse(""), Err(DurationError::Invalid));
        assert_eq!(parse("9000000h"), Err(DurationError::TooLong));
    }
}
