//! `--every` and `/every`: messages sent periodically.

use std::time::{Duration, Instant};

use crate::proto::message::Kind;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Every {
    /// Not zero.
    pub period: Duration,
    pub kind: Kind,
    pub payload: Vec<u8>,
    /// Whether the payload is a text that may contain variables.
    pub is_template: bool,
}

#[derive(Debug, Default)]
pub struct Schedule {
    every: Vec<Every>,
    sent: Vec<u64>,
    /// In the order of `every`; empty without a connection.
    due: Vec<Instant>,
    held: bool,
}

impl Schedule {
    pub fn new(every: Vec<Every>) -> Self {
        Self {
            sent: vec![0; every.len()],
            every,
            ..Self::default()
        }
    }

    /// Adds a message that is due at `now`, or with the next connection if that is `None`.
    pub fn add(&mut self, every: Every, now: Option<Instant>) {
        self.every.push(every);
        self.sent.push(0);
        self.due.extend(now);
    }

    pub fn remove(&mut self, index: usize) -> Option<Every> {
        if index >= self.every.len() {
            return None;
        }
        self.sent.remove(index);
        if index < self.due.len() {
            self.due.remove(index);
        }
        Some(self.every.remove(index))
    }

    pub fn list(&self) -> impl Iterator<Item = (&Every, u64)> {
        self.every.iter().zip(self.sent.iter().copied())
    }

    /// Whether nothing will ever be due.
    pub fn is_empty(&self) -> bool {
        self.every.is_empty()
    }

    /// A connection has opened: each message is due now, and then after every period.
    pub fn start(&mut self, now: Instant) {
        self.due = vec![now; self.every.len()];
    }

    pub fn stop(&mut self) {
        self.due.clear();
    }

    pub fn hold(&mut self, held: bool) {
        self.held = held;
    }

    /// The next message that is due, and how often it was sent, this time included; missed times are skipped.
    pub fn next(&mut self, now: Instant) -> Option<(&Every, u64)> {
        if self.held {
            return None;
        }
        let index = self.due.iter().position(|due| *due <= now)?;
        let (every, due) = (&self.every[index], &mut self.due[index]);
        *due += every.period;
        if *due <= now {
            *due = now + every.period;
        }
        self.sent[index] += 1;
        Some((every, self.sent[index]))
    }

    pub fn deadline(&self) -> Option<Instant> {
        self.due.iter().filter(|_| !self.held).min().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn secs(count: u64) -> Duration {
        Duration::from_secs(count)
    }

    fn schedule(periods: &[(u64, &str)]) -> Schedule {
        let every = |(period, text): &(u64, &str)| Every {
            period: secs(*period),
            kind: Kind::Text,
            payload: text.as_bytes().to_vec(),
            is_template: false,
        };
        Schedule::new(periods.iter().map(every).collect())
    }

    /// Everything that is due at `now`.
    fn due(schedule: &mut Schedule, now: Instant) -> Vec<String> {
        let mut all = Vec::new();
        while let Some((every, _)) = schedule.next(now) {
            all.push(String::from_utf8_lossy(&every.payload).into_owned());
        }
        all
    }

    #[test]
    fn each_message_is_due_at_once_and_then_after_its_period() {
        let (start, mut schedule) = (Instant::now(), schedule(&[(2, "a"), (3, "b")]));
        assert_eq!(schedule.deadline(), None);
        schedule.start(start);
        assert_eq!(due(&mut schedule, start), ["a", "b"]);
        assert_eq!(schedule.deadline(), Some(start + secs(2)));
        assert_eq!(due(&mut schedule, start + secs(2)), ["a"]);
        assert_eq!(due(&mut schedule, start + secs(3)), ["b"]);
        assert_eq!(schedule.deadline(), Some(start + secs(4)));
    }

    #[test]
    fn missed_times_are_skipped() {
        let (start, mut schedule) = (Instant::now(), schedule(&[(2, "a")]));
        schedule.start(start);
        assert_eq!(due(&mut schedule, start + secs(7)), ["a"]);
        assert_eq!(schedule.deadline(), Some(start + secs(9)));
    }

    #[test]
    fn nothing_is_due_while_held() {
        let (start, mut schedule) = (Instant::now(), schedule(&[(2, "a")]));
        schedule.start(start);
        schedule.hold(true);
        assert_eq!(due(&mut schedule, start), [""; 0]);
        assert_eq!(schedule.deadline(), None);
        schedule.hold(false);
        assert_eq!(due(&mut schedule, start + secs(5)), ["a"]);
    }

    #[test]
    fn nothing_is_due_without_a_connection() {
        let (start, mut schedule) = (Instant::now(), schedule(&[(2, "a")]));
        schedule.start(start);
        schedule.stop();
        assert_eq!(due(&mut schedule, start + secs(7)), [""; 0]);
        schedule.start(start + secs(8));
        assert_eq!(due(&mut schedule, start + secs(8)), ["a"]);
    }

    #[test]
    fn messages_can_be_added_and_removed_while_it_runs() {
        let (start, mut schedule) = (Instant::now(), schedule(&[(2, "a"), (3, "b")]));
        schedule.start(start);
        assert_eq!(due(&mut schedule, start), ["a", "b"]);
        let every = schedule.remove(0).expect("the first");
        assert_eq!(schedule.remove(1), None);
        assert_eq!(due(&mut schedule, start + secs(3)), ["b"]);
        schedule.add(every, Some(start + secs(4)));
        assert_eq!(due(&mut schedule, start + secs(4)), ["a"]);
        let sent: Vec<u64> = schedule.list().map(|(_, sent)| sent).collect();
        assert_eq!(sent, [2, 1]);
    }

    #[test]
    fn a_message_added_without_a_connection_is_due_with_the_next() {
        let (start, mut schedule) = (Instant::now(), schedule(&[(2, "a")]));
        let every = schedule.list().next().expect("one").0.clone();
        schedule.add(every, None);
        assert_eq!(due(&mut schedule, start), [""; 0]);
        schedule.start(start);
        assert_eq!(due(&mut schedule, start), ["a", "a"]);
        assert!(schedule.remove(1).is_some());
        assert_eq!(due(&mut schedule, start + secs(2)), ["a"]);
    }
}
