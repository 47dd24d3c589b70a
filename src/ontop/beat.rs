//! A heartbeat that the client sends, and the server answers.

use std::time::{Duration, Instant};

use super::Refusal;
use crate::exit::Exit;
use crate::render::quantity;

#[derive(Debug)]
pub(super) struct Beat {
    interval: Duration,
    /// How long an answer may take.
    patience: Duration,
    last: Instant,
    is_awaited: bool,
    pub count: u64,
}

/// What is due.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Due {
    Nothing,
    Send,
    End(Refusal),
}

impl Beat {
    pub(super) fn new(interval: Duration, patience: Duration, now: Instant) -> Self {
        Self {
            interval,
            patience,
            last: now,
            is_awaited: false,
            count: 0,
        }
    }

    /// Notes a sign of life.
    pub(super) fn heard(&mut self) {
        self.is_awaited = false;
    }

    /// Notes that nothing could be received until now.
    pub(super) fn pause(&mut self, now: Instant) {
        if self.is_awaited {
            self.last = self.last.max(now);
        }
    }

    pub(super) fn deadline(&self) -> Instant {
        let wait = if self.is_awaited {
            self.patience
        } else {
            self.interval
        };
        self.last + wait
    }

    pub(super) fn tick(&mut self, now: Instant) -> Due {
        if now < self.deadline() {
            return Due::Nothing;
        }
        if self.is_awaited {
            return Due::End(missing(self.patience));
        }
        self.last = now;
        self.is_awaited = true;
        self.count += 1;
        Due::Send
    }
}

fn missing(patience: Duration) -> Refusal {
    let patience = quantity::duration(patience);
    Refusal {
        text: format!("the server did not answer a heartbeat within {patience}"),
        hint: None,
        exit: Exit::NoPong,
        may_pass: true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_heartbeat_without_an_answer_ends_the_session() {
        let (now, second) = (Instant::now(), Duration::from_secs(1));
        let mut beat = Beat::new(30 * second, 10 * second, now);
        assert_eq!(beat.tick(now + 29 * second), Due::Nothing);
        assert_eq!(beat.tick(now + 30 * second), Due::Send);
        beat.heard();
        assert_eq!(beat.tick(now + 59 * second), Due::Nothing);
        assert_eq!(beat.tick(now + 60 * second), Due::Send);
        assert!(matches!(beat.tick(now + 70 * second), Due::End(_)));
    }
}
