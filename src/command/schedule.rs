//! `--every`: messages that go out again and again.

use std::time::{Duration, Instant};

/// A message and how often it is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Every {
    /// From one message to the next; not zero.
    pub period: Duration,
    /// The message.
    pub payload: Vec<u8>,
}

/// When each of them is due.
#[derive(Debug, Default)]
pub struct Schedule {
    every: Vec<Every>,
    /// In the order of `every`; none while there is no connection.
    due: Vec<Instant>,
    held: bool,
}

impl Schedule {
    /// A schedule that does not run yet.
    pub fn new(every: Vec<Every>) -> Self {
        Self {
            every,
            ..Self::default()
        }
    }

    /// Whether nothing will ever be due.
    pub fn is_empty(&self) -> bool {
        self.every.is_empty()
    }

    /// A connection is open: each message is due now, and then after every period.
    pub fn start(&mut self, now: Instant) {
        self.due = vec![now; self.every.len()];
    }

    /// The connection is gone.
    pub fn stop(&mut self) {
        self.due.clear();
    }

    /// Lets messages be due, or not because there is no room for them.
    pub fn hold(&mut self, held: bool) {
        self.held = held;
    }

    /// The next message that is due; what was missed is not made up for.
    pub fn next(&mut self, now: Instant) -> Option<&[u8]> {
        if self.held {
            return None;
        }
        let index = self.due.iter().position(|due| *due <= now)?;
        let (every, due) = (&self.every[index], &mut self.due[index]);
        *due += every.period;
        if *due <= now {
            *due = now + every.period;
        }
        Some(&every.payload)
    }

    /// When [`next`](Self::next) is to be asked.
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
            payload: text.as_bytes().to_vec(),
        };
        Schedule::new(periods.iter().map(every).collect())
    }

    /// Everything that is due at `now`.
    fn due(schedule: &mut Schedule, now: Instant) -> Vec<String> {
        let mut all = Vec::new();
        while let Some(payload) = schedule.next(now) {
            all.push(String::from_utf8_lossy(payload).into_owned());
        }
        all
    }

    #[test]
    fn each_is_due_at_once_and_then_by_its_period() {
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
    fn what_was_missed_is_not_made_up_for() {
        let (start, mut schedule) = (Instant::now(), schedule(&[(2, "a")]));
        schedule.start(start);
        assert_eq!(due(&mut schedule, start + secs(7)), ["a"]);
        assert_eq!(schedule.deadline(), Some(start + secs(9)));
    }

    #[test]
    fn nothing_is_due_while_there_is_no_room() {
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
}
