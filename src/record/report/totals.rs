//! What is said about a session as a whole, counted before its page is written.

use std::time::Duration;

use jiff::Timestamp;

use super::entry::{Body, Control, Ended, Entry, Message, What};
use crate::event::{Direction, RoundTrips};
use crate::render::html::Chart;
use crate::render::quantity;

/// Bytes of payload on a page, about. Chromium takes a second for each 100 MB of a page.
const PAYLOAD: u64 = 64 << 20;
/// Fewer messages are seen at a glance.
const CHARTED: u64 = 10;
/// The shortest limit for one payload, in bytes.
const SHORTEST: u64 = 256;

#[derive(Debug, Default)]
pub(super) struct Totals {
    pub(super) rows: u64,
    pub(super) connections: u64,
    pub(super) problems: u64,
    pub(super) sent: Traffic,
    pub(super) received: Traffic,
    pub(super) trips: RoundTrips,
    pub(super) chart: Chart,
    pub(super) url: Option<String>,
    /// The first time of the recording.
    pub(super) started: Option<Timestamp>,
    pub(super) lasted: Duration,
    pub(super) ended: Option<Ended>,
    pub(super) sizes: Sizes,
    pub(super) last_close: Option<String>,
    pub(super) last_problem: Option<Ended>,
}

#[derive(Debug, Default)]
pub(super) struct Traffic {
    pub(super) messages: u64,
    pub(super) bytes: u64,
    pub(super) frames: u64,
    pub(super) controls: u64,
}

impl Totals {
    pub(super) fn add(&mut self, entry: &Entry) {
        let at = self.at(entry.time);
        self.lasted = self.lasted.max(at.unwrap_or_default());
        self.rows += 1;
        match &entry.what {
            What::Open(open) => {
                self.connections += 1;
                self.url = self.url.take().or_else(|| open.url.clone());
            }
            What::Message(message) => self.message(message, at),
            What::Control(control) => self.control(control),
            What::Frame(frame) => self.traffic(frame.direction).frames += 1,
            What::Problem(problem) => {
                self.problems += 1;
                if problem.is_fatal {
                    self.last_problem = Some(Ended {
                        message: problem.message.clone(),
                        hint: problem.hint.clone(),
                        exit: None,
                    });
                }
                let url = problem.open.as_ref().and_then(|open| open.url.clone());
                self.url = self.url.take().or(url);
            }
            What::Note(_) => {}
            What::Ended(ended) => self.ended = Some((**ended).clone()),
        }
    }

    /// The time since the start of the recording; never less than zero, if the clock was set back.
    pub(super) fn at(&mut self, time: Option<Timestamp>) -> Option<Duration> {
        let time = time?;
        let started = *self.started.get_or_insert(time);
        Some(since(started, time))
    }

    /// How the session ended, as far as the recording says.
    pub(super) fn ending(&self) -> Option<Ended> {
        let closed = self.last_close.as_ref().map(|close| Ended {
            message: format!("closed: {close}"),
            hint: None,
            exit: None,
        });
        let ended = self.ended.clone().or_else(|| self.last_problem.clone());
        ended.or(closed)
    }

    pub(super) fn is_worth_a_chart(&self) -> bool {
        self.sent.messages + self.received.messages >= CHARTED
    }

    /// The longest part of a payload that is on the page, in bytes: as much as all can have.
    pub(super) fn limit(&self) -> usize {
        usize::try_from(self.sizes.limit()).unwrap_or(usize::MAX)
    }

    /// Messages per second over the whole session.
    pub(super) fn rate(&self, traffic: &Traffic) -> Option<String> {
        let seconds = self.lasted.as_secs_f64();
        #[expect(clippy::cast_precision_loss, reason = "a rate is rounded")]
        let rate = traffic.messages as f64 / seconds;
        (traffic.messages > 1 && seconds >= 1.0).then(|| format!("{rate:.1} a second"))
    }

    fn message(&mut self, message: &Message, at: Option<Duration>) {
        let is_received = message.direction == Direction::Received;
        let size = message.payload.len() as u64;
        let traffic = self.traffic(message.direction);
        traffic.messages += 1;
        traffic.bytes += size;
        self.sizes.add(size);
        if let Some(at) = at {
            self.chart.add(at, is_received);
        }
    }

    fn control(&mut self, control: &Control) {
        self.traffic(control.direction).controls += 1;
        match &control.body {
            Body::Ping(_) | Body::Pong(_, None) => {}
            Body::Pong(_, Some(rtt)) => self.trips.add(*rtt),
            Body::Close(text) => {
                let who = match control.direction {
                    Direction::Sent => "wsee sent",
                    Direction::Received => "the server sent",
                };
                // Who closed first, not who answered.
                self.last_close.get_or_insert(format!("{who} {text}"));
            }
        }
    }

    fn traffic(&mut self, direction: Direction) -> &mut Traffic {
        match direction {
            Direction::Sent => &mut self.sent,
            Direction::Received => &mut self.received,
        }
    }
}

pub(super) fn since(started: Timestamp, time: Timestamp) -> Duration {
    Duration::try_from(time.duration_since(started)).unwrap_or_default()
}

impl Traffic {
    pub(super) fn shown(&self) -> String {
        let messages = quantity::plural(self.messages, "message");
        let mut text = format!("{messages}, {}", quantity::size(self.bytes));
        if self.controls > 0 {
            let controls = quantity::plural(self.controls, "control frame");
            text = format!("{text}; {controls}");
        }
        if self.frames > 0 {
            text = format!("{text}; {} in all", quantity::plural(self.frames, "frame"));
        }
        text
    }
}

/// How many payloads have a length of so many bits, and their bytes.
#[derive(Debug)]
pub(super) struct Sizes([(u64, u64); 65]);

impl Default for Sizes {
    fn default() -> Self {
        Self([(0, 0); 65])
    }
}

impl Sizes {
    fn add(&mut self, size: u64) {
        let bits = (u64::BITS - size.leading_zeros()) as usize;
        let (count, bytes) = &mut self.0[bits];
        (*count, *bytes) = (*count + 1, *bytes + size);
    }

    /// The largest power of two to which all payloads can be cut to have room together.
    fn limit(&self) -> u64 {
        let mut limit = PAYLOAD;
        while limit > SHORTEST && self.cut(limit) > PAYLOAD {
            limit /= 2;
        }
        limit
    }

    /// The bytes of all payloads, each cut to `limit`, which is a power of two.
    fn cut(&self, limit: u64) -> u64 {
        let bits = limit.trailing_zeros() as usize;
        let (short, long) = self.0.split_at(bits + 1);
        let short: u64 = short.iter().map(|(_, bytes)| bytes).sum();
        let long: u64 = long.iter().map(|(count, _)| count).sum();
        short.saturating_add(long.saturating_mul(limit))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn payloads_are_cut_only_if_they_have_no_room_together() {
        let mut sizes = Sizes::default();
        sizes.add(0);
        sizes.add(5 << 20);
        assert_eq!(sizes.limit(), PAYLOAD);
        sizes.add(100 << 20);
        assert!(sizes.limit() >= 32 << 20 && sizes.cut(sizes.limit()) <= PAYLOAD);
        for _ in 0..100_000 {
            sizes.add(10_000);
        }
        assert_eq!(sizes.limit(), 512);
        assert!(sizes.cut(512) <= PAYLOAD);
    }
}
