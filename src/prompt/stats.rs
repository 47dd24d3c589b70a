//! `/stats`: counts, rates and round-trip times.

use std::time::{Duration, Instant};

use hdrhistogram::Histogram;

use super::status::Status;
use crate::observe::View;
use crate::proto::sender::Sender;
use crate::render::quantity;

#[derive(Debug)]
pub(super) struct Stats {
    received: Flow,
    sent: Flow,
    /// In microseconds; created with the first.
    round_trips: Option<Histogram<u32>>,
}

#[derive(Debug)]
struct Flow {
    since: Instant,
    /// A ring buffer: second `n` since the start is at `n % SECONDS`.
    seconds: Vec<Second>,
    latest: u64,
}

#[derive(Debug, Default, Clone, Copy)]
struct Second {
    messages: u64,
    bytes: u64,
}

/// Seconds of history, one for each column of a sparkline.
const SECONDS: usize = 60;
const RATE: u64 = 10;
/// Longer round trips count as this long.
const LONGEST: Duration = Duration::from_hours(1);
const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

impl Stats {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            received: Flow::new(now),
            sent: Flow::new(now),
            round_trips: None,
        }
    }

    pub(super) fn received(&mut self, messages: u64, bytes: u64, now: Instant) {
        self.received.add(messages, bytes, now);
    }

    pub(super) fn sent(&mut self, messages: u64, bytes: u64, now: Instant) {
        self.sent.add(messages, bytes, now);
    }

    pub(super) fn round_trip(&mut self, rtt: Duration) {
        if self.round_trips.is_none() {
            // Three significant digits are valid, so this cannot fail.
            self.round_trips = Histogram::new(3).ok();
        }
        if let Some(histogram) = &mut self.round_trips {
            let micros = u64::try_from(rtt.min(LONGEST).as_micros()).unwrap_or_default();
            // The histogram resizes itself up to LONGEST.
            let _ = histogram.record(micros);
        }
    }

    fn round_trip_text(&self) -> String {
        let Some(histogram) = self.round_trips.as_ref().filter(|it| !it.is_empty()) else {
            return "not measured yet; /ping measures it".to_owned();
        };
        let shown = |micros| quantity::duration(Duration::from_micros(micros));
        let quantile = |share| shown(histogram.value_at_quantile(share));
        format!(
            "50 % {}, 90 % {}, 99 % {}, most {} ({})",
            quantile(0.5),
            quantile(0.9),
            quantile(0.99),
            shown(histogram.max()),
            quantity::plural(histogram.len(), "pong")
        )
    }
}

impl Stats {
    /// Prints all of it; the counts of messages are those of `status`.
    pub(super) fn print(
        &mut self,
        view: &mut View,
        status: &Status,
        sender: Option<&Sender>,
        now: Instant,
    ) {
        self.received.forget(now);
        self.sent.forget(now);
        let (sent, received) = status.traffic(sender);
        let mut rows = Vec::new();
        for (name, total, flow) in [
            ("received", received, &self.received),
            ("sent", sent, &self.sent),
        ] {
            rows.push((name, total));
            rows.push(("", flow.rate_text(now)));
            rows.extend(flow.sparkline(view.room()).map(|bars| ("", bars)));
        }
        rows.push(("round trip", self.round_trip_text()));
        for (name, value) in rows {
            view.row(name, &value);
        }
    }
}

impl Flow {
    fn new(since: Instant) -> Self {
        Self {
            since,
            seconds: vec![Second::default(); SECONDS],
            latest: 0,
        }
    }

    fn add(&mut self, messages: u64, bytes: u64, now: Instant) {
        self.forget(now);
        let second = &mut self.seconds[slot(self.latest)];
        second.messages += messages;
        second.bytes += bytes;
    }

    fn forget(&mut self, now: Instant) {
        let current = now.saturating_duration_since(self.since).as_secs();
        if current <= self.latest {
            return;
        }
        let first = (self.latest + 1).max(current.saturating_sub(SECONDS as u64 - 1));
        for second in first..=current {
            self.seconds[slot(second)] = Second::default();
        }
        self.latest = current;
    }

    /// The last seconds, oldest first, the current one included.
    fn last(&self, count: u64) -> impl Iterator<Item = Second> {
        let first = (self.latest + 1).saturating_sub(count);
        (first..=self.latest).map(|second| self.seconds[slot(second)])
    }

    fn rate_text(&self, now: Instant) -> String {
        let (mut messages, mut bytes) = (0, 0);
        for second in self.last(RATE) {
            messages += second.messages;
            bytes += second.bytes;
        }
        // At least one second, so that a burst at the start does not show an absurd rate.
        let passed = now.saturating_duration_since(self.since).as_millis();
        let millis = passed.clamp(1000, u128::from(RATE) * 1000);
        let tenths = u128::from(messages) * 10_000 / millis;
        let bytes = u64::try_from(u128::from(bytes) * 1000 / millis).unwrap_or(u64::MAX);
        let most = self.last(SECONDS as u64).map(|it| it.messages).max();
        format!(
            "{}.{} messages/s, {}/s over {RATE} s; {} in the busiest second",
            tenths / 10,
            tenths % 10,
            quantity::size(bytes),
            most.unwrap_or_default()
        )
    }

    /// The messages of each second as a bar; `None` without messages.
    fn sparkline(&self, room: usize) -> Option<String> {
        let seconds = SECONDS.min(room) as u64;
        let most = self.last(seconds).map(|it| it.messages).max()?;
        let bar = |second: Second| {
            let level = (second.messages * BARS.len() as u64).div_ceil(most);
            match usize::try_from(level) {
                Ok(level @ 1..) => BARS[level.min(BARS.len()) - 1],
                _ => ' ',
            }
        };
        let bars = || self.last(seconds).map(bar).collect();
        (most > 0).then(bars)
    }
}

fn slot(second: u64) -> usize {
    usize::try_from(second % SECONDS as u64).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn secs(count: u64) -> Duration {
        Duration::from_secs(count)
    }

    #[test]
    fn a_bar_is_as_high_as_its_second_was_busy() {
        let start = Instant::now();
        let mut flow = Flow::new(start);
        assert_eq!(flow.sparkline(80), None);
        for (second, messages) in [(0, 1), (1, 100), (3, 800), (4, 799)] {
            flow.add(messages, 0, start + secs(second));
        }
        assert_eq!(flow.sparkline(80).as_deref(), Some("▁▁ ██"));
    }

    #[test]
    fn seconds_are_forgotten_after_a_minute() {
        let start = Instant::now();
        let mut flow = Flow::new(start);
        flow.add(5, 50, start);
        flow.add(1, 10, start + secs(59));
        assert_eq!(flow.last(60).map(|it| it.messages).sum::<u64>(), 6);
        flow.forget(start + secs(60));
        assert_eq!(flow.last(60).map(|it| it.messages).sum::<u64>(), 1);
        flow.forget(start + secs(1_000_000));
        assert_eq!(flow.sparkline(80), None);
    }

    #[test]
    fn rates_are_of_the_last_ten_seconds() {
        let start = Instant::now();
        let mut flow = Flow::new(start);
        flow.add(1000, 1000, start);
        flow.add(5, 10_240, start + secs(20));
        assert_eq!(
            flow.rate_text(start + secs(20)),
            "0.5 messages/s, 1.0 KiB/s over 10 s; 1000 in the busiest second"
        );
        let mut young = Flow::new(start);
        young.add(3, 3, start);
        let text = young.rate_text(start + Duration::from_millis(2));
        assert!(text.starts_with("3.0 messages/s, 3 B/s"), "{text}");
    }

    #[test]
    fn round_trips_have_quantiles() {
        let mut stats = Stats::new(Instant::now());
        assert!(stats.round_trip_text().starts_with("not measured"));
        for millis in 1..=100 {
            stats.round_trip(Duration::from_millis(millis));
        }
        let text = stats.round_trip_text();
        assert!(text.starts_with("50 % 50."), "{text}");
        assert!(
            text.contains("99 % 99.") && text.ends_with("(100 pongs)"),
            "{text}"
        );
    }
}
