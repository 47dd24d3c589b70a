//! The time of day of an instant.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// A reading of the monotonic clock and the time of day it corresponds to.
#[derive(Debug, Clone)]
pub struct Clock {
    instant: Instant,
    time: Timestamp,
    /// Looked up when first needed, as that takes longer than a short session.
    zone: OnceLock<TimeZone>,
}

impl Clock {
    pub fn new(instant: Instant, time: Timestamp) -> Self {
        Self {
            instant,
            time,
            zone: OnceLock::new(),
        }
    }

    /// The local time of day at `instant`, to the millisecond: `12:01:02.123`.
    pub fn time_of_day(&self, instant: Instant) -> String {
        self.time_of(self.time(instant))
    }

    /// The same of a time that was noted before.
    pub fn time_of(&self, time: Timestamp) -> String {
        let zone = self.zone.get_or_init(TimeZone::system).clone();
        let time = time.to_zoned(zone);
        time.strftime("%H:%M:%S%.3f").to_string()
    }

    pub fn time(&self, instant: Instant) -> Timestamp {
        self.time
            .saturating_add(self.since_start(instant))
            .unwrap_or(self.time)
    }

    pub fn since_start(&self, instant: Instant) -> Duration {
        instant.saturating_duration_since(self.instant)
    }

    pub fn started(&self) -> Timestamp {
        self.time
    }

    #[cfg(test)]
    pub(crate) fn in_utc(self) -> Self {
        Self {
            zone: TimeZone::UTC.into(),
            ..self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_on_from_its_reading() {
        let start = Instant::now();
        let clock = Clock::new(start, "2026-11-20T23:59:59.5Z".parse().unwrap()).in_utc();
        assert_eq!(clock.time_of_day(start), "23:59:59.500");
        let later = start + Duration::from_millis(623);
        assert_eq!(clock.time_of_day(later), "00:00:00.123");
    }
}
