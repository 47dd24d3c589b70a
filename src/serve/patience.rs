//! How long the server waits for a client that does not read.

use std::time::{Duration, Instant};

use crate::proto::sender::Sender;

/// How long a client may read nothing of what waits for it: longer than a stall of a network that recovers.
const LIMIT: Duration = Duration::from_secs(10);

#[derive(Debug, Default)]
pub(super) struct Patience {
    /// In bytes, all that the stream took so far.
    written: u64,
    /// Since when it has taken nothing, though something waits.
    since: Option<Instant>,
}

impl Patience {
    pub(super) fn observe(&mut self, sender: &Sender, now: Instant) {
        let waiting = sender.output().len();
        if waiting == 0 {
            self.since = None;
            return;
        }
        let written = sender.sent().bytes - waiting as u64;
        if self.since.is_none() || written != self.written {
            self.written = written;
            self.since = Some(now);
        }
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        self.since.map(|since| since + LIMIT)
    }

    pub(super) fn is_over(&self, now: Instant) -> bool {
        self.deadline().is_some_and(|deadline| deadline <= now)
    }

    /// After the client was cut, nothing more is waited for.
    pub(super) fn end(&mut self) {
        self.since = None;
    }
}
