//! Durations as people write them: `500ms`, `2s`, `1m30s`.

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_as_people_write_them() {
        assert_eq!(parse("2"), Ok(Duration::from_secs(2)));
        assert_eq!(parse("1m30s"), Ok(Duration::from_secs(90)));
        assert_eq!(parse("-1s"), Err(DurationError::Invalid));
        assert_eq!(parse(""), Err(DurationError::Invalid));
        assert_eq!(parse("9000000h"), Err(DurationError::TooLong));
    }
}
