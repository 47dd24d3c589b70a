//! Packets that wait for an answer, and messages whose exchange is not over.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

/// What waits, and for what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wait {
    /// A message with `QoS` 1 for its PUBACK.
    Acknowledge,
    /// One with `QoS` 2 for its PUBREC.
    Receive,
    /// And then for its PUBCOMP.
    Complete,
    Subscribe {
        /// Whether the session is of no use without it.
        is_required: bool,
    },
    Unsubscribe,
}

impl Wait {
    pub(super) fn is_message(self) -> bool {
        matches!(self, Self::Acknowledge | Self::Receive | Self::Complete)
    }
}

#[derive(Debug)]
pub(super) struct Waiting {
    pub wait: Wait,
    pub topic: String,
    since: Instant,
}

impl Waiting {
    pub(super) fn after(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.since)
    }
}

#[derive(Debug, Default)]
pub(super) struct Flight {
    /// By packet identifier; only the user adds to it.
    waiting: BTreeMap<u16, Waiting>,
    /// How many of them are messages.
    messages: usize,
    last: u16,
    /// Received messages with `QoS` 2 that are not released: as many as there are identifiers, at most.
    received: BTreeSet<u16>,
}

impl Flight {
    /// Notes a packet that is sent now, and returns its identifier; `None` if all are in use.
    pub(super) fn begin(&mut self, wait: Wait, topic: &str, now: Instant) -> Option<u16> {
        if self.waiting.len() >= usize::from(u16::MAX) {
            return None;
        }
        // One that was just free is not the next one: an answer that comes late would be taken for its own.
        self.last = self.last.wrapping_add(1);
        while self.last == 0 || self.waiting.contains_key(&self.last) {
            self.last = self.last.wrapping_add(1);
        }
        let topic = topic.to_owned();
        let since = now;
        self.messages += usize::from(wait.is_message());
        self.waiting
            .insert(self.last, Waiting { wait, topic, since });
        Some(self.last)
    }

    /// What has waited longest, of the messages if there are any.
    pub(super) fn oldest(&self) -> Option<String> {
        let all = self.waiting.values();
        let oldest = all.min_by_key(|it| (!it.wait.is_message(), it.since))?;
        let verb = match oldest.wait {
            Wait::Acknowledge | Wait::Receive | Wait::Complete => "publish",
            Wait::Subscribe { .. } => "subscribe",
            Wait::Unsubscribe => "unsubscribe",
        };
        Some(format!("{verb} {}", oldest.topic))
    }

    /// What waits for this answer.
    pub(super) fn end(&mut self, id: u16, is_it: impl Fn(Wait) -> bool) -> Option<Waiting> {
        let wait = self.waiting.get(&id)?.wait;
        if !is_it(wait) {
            return None;
        }
        self.messages -= usize::from(wait.is_message());
        self.waiting.remove(&id)
    }

    /// Whether a message waited for its PUBREC; from now on it waits for its PUBCOMP.
    pub(super) fn advance(&mut self, id: u16) -> bool {
        let waiting = self.waiting.get_mut(&id);
        let Some(waiting) = waiting.filter(|it| it.wait == Wait::Receive) else {
            return false;
        };
        waiting.wait = Wait::Complete;
        true
    }

    /// Notes a received message with `QoS` 2; returns whether it is new.
    pub(super) fn receive(&mut self, id: u16) -> bool {
        self.received.insert(id)
    }

    /// Whether there was such a message.
    pub(super) fn release(&mut self, id: u16) -> bool {
        self.received.remove(&id)
    }

    pub(super) fn messages(&self) -> usize {
        self.messages
    }

    pub(super) fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Forgets all of it, with the connection; returns the topic of the first message that was lost.
    pub(super) fn clear(&mut self) -> Option<String> {
        self.received.clear();
        self.messages = 0;
        let waiting = std::mem::take(&mut self.waiting);
        let mut lost = waiting.into_values().filter(|it| it.wait.is_message());
        lost.next().map(|it| it.topic)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identifier_is_free_again_after_its_answer() {
        let (mut flight, now) = (Flight::default(), Instant::now());
        let mut begin = |wait| flight.begin(wait, "a", now);
        assert_eq!(begin(Wait::Acknowledge), Some(1));
        for _ in 1..u16::MAX {
            assert!(begin(Wait::Receive).is_some_and(|id| id > 0));
        }
        assert_eq!(begin(Wait::Acknowledge), None);
        assert!(flight.end(2, |it| it == Wait::Acknowledge).is_none());
        assert!(flight.end(1, |it| it == Wait::Acknowledge).is_some());
        assert_eq!(flight.begin(Wait::Acknowledge, "a", now), Some(1));
        assert!(flight.advance(2) && !flight.advance(2));
    }
}
