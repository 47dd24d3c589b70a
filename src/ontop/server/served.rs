//! What all protocols know of a client, and what is to be done for it.

use std::time::Instant;

use serde_json::Value;

use super::topics::{TopicError, Topics};
use super::{Half, Hall, Notice, Pace, Topic};
use crate::ontop::{Actions, Seen};
use crate::proto::frame::{CloseCode, CloseFrame};
use crate::proto::message::Kind;
use crate::secret::Redactor;
use crate::text::cut;

/// The most that is sent at once, in bytes: a client may subscribe many times to what it publishes itself.
const MOST_AT_ONCE: usize = 16 << 20;

/// How much of a reason is sent, in bytes: a mark that it was cut follows.
const LONGEST_REASON: usize = CloseFrame::MAX_REASON - '…'.len_utf8();

#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "independent of each other")]
pub(in crate::ontop) struct Served {
    half: &'static Half,
    pub now: Instant,
    pub topics: Topics,
    pub hall: Hall,
    pub pace: Pace,
    /// What is handed to the client is what it has said itself.
    pub is_own: bool,
    /// What is not shown of what the client sends.
    pub secrets: Redactor,
    /// The greeting is over.
    is_open: bool,
    opened: Instant,
    heard: Instant,
    said: Instant,
    /// What is to be done.
    pub(super) actions: Actions,
    pub(super) passed: Vec<Notice>,
    /// In bytes; see [`MOST_AT_ONCE`].
    pub(super) waiting: usize,
    pub(super) is_flooded: bool,
    pub(super) close: Option<CloseFrame>,
    pub(super) is_closing: bool,
    /// Changes with the subscriptions.
    pub(super) version: u64,
}

/// Why a session ends from this side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::ontop) enum Why {
    /// The client has not greeted in time.
    Late,
    /// It gave no sign of life for too long.
    Silent,
    /// The server ends.
    Leaving,
}

/// What is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Due {
    Ping,
    End(Why),
}

impl Served {
    pub(super) fn new(half: &'static Half, shared: Hall, now: Instant) -> Self {
        Self {
            half,
            now,
            topics: Topics::default(),
            hall: shared,
            pace: half.pace,
            is_own: false,
            secrets: Redactor::default(),
            is_open: false,
            opened: now,
            heard: now,
            said: now,
            actions: Actions::default(),
            passed: Vec::new(),
            waiting: 0,
            is_flooded: false,
            close: None,
            is_closing: false,
            version: 0,
        }
    }

    pub(super) fn at(&mut self, now: Instant) -> &mut Self {
        self.now = now;
        self
    }

    pub(super) fn heard(&mut self, now: Instant) {
        self.now = now;
        self.heard = now;
    }

    /// The greeting is over.
    pub(in crate::ontop) fn open(&mut self) {
        self.is_open = true;
    }

    pub(in crate::ontop) fn is_open(&self) -> bool {
        self.is_open
    }

    /// Explains the message that was received, or a part of it.
    pub(in crate::ontop) fn see(&mut self, seen: Seen) {
        self.actions.see(seen);
    }

    /// The message is not of the protocol.
    pub(in crate::ontop) fn see_foreign(&mut self, reason: &str, payload: &[u8]) {
        let title = self.half.title;
        let seen = Seen::unreadable(self.half.name, title, reason, payload);
        self.actions.see(seen);
    }

    /// Whether what is sent is of any use.
    pub(in crate::ontop) fn has_room(&self) -> bool {
        !self.is_closing && !self.is_flooded
    }

    pub(in crate::ontop) fn send(&mut self, kind: Kind, payload: Vec<u8>, seen: Seen) {
        if !self.has_room() {
            return;
        }
        if self.waiting > MOST_AT_ONCE {
            self.is_flooded = true;
            return;
        }
        self.said = self.now;
        self.waiting += payload.len();
        self.actions.send(kind, payload, Some(seen));
    }

    pub(in crate::ontop) fn send_json(&mut self, message: &Value, seen: Seen) {
        self.send(Kind::Text, message.to_string().into_bytes(), seen);
    }

    pub(in crate::ontop) fn note(&mut self, text: impl Into<String>) {
        self.actions.note(text);
    }

    /// Hands what the client says to all that are subscribed to it; `size` is that of its message.
    pub(in crate::ontop) fn pass(&mut self, notice: Notice, size: usize) {
        self.passed.push(Notice { size, ..notice });
    }

    /// Ends the connection; nothing is sent any more.
    pub(in crate::ontop) fn close(&mut self, code: u16, reason: &str) {
        if !self.is_closing {
            self.is_closing = true;
            self.close = Some(CloseFrame::new(
                CloseCode(code),
                cut(reason, LONGEST_REASON),
            ));
        }
    }

    pub(in crate::ontop) fn subscribe(
        &mut self,
        id: &str,
        name: &str,
        data: Value,
    ) -> Result<u64, TopicError> {
        if self.hall.refuses(name) {
            return Err(TopicError::Refused);
        }
        let number = self.topics.add(id, name, data)?;
        self.version += 1;
        Ok(number)
    }

    pub(in crate::ontop) fn unsubscribe(&mut self, id: &str) -> Option<Topic> {
        let topic = self.topics.remove(id)?;
        self.version += 1;
        Some(topic)
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        if self.is_closing {
            return None;
        }
        let Pace {
            greeting,
            ping,
            silence,
        } = self.pace;
        let times = if self.is_open {
            [
                ping.map(|it| self.said + it),
                silence.map(|it| self.heard + it),
            ]
        } else {
            [greeting.map(|it| self.opened + it), None]
        };
        times.into_iter().flatten().min()
    }

    /// What is due, once for each time.
    pub(super) fn due(&mut self) -> Option<Due> {
        let now = self.now;
        if self.deadline().is_none_or(|deadline| deadline > now) {
            return None;
        }
        if !self.is_open {
            return Some(Due::End(Why::Late));
        }
        if self.pace.silence.is_some_and(|it| self.heard + it <= now) {
            return Some(Due::End(Why::Silent));
        }
        self.said = now;
        Some(Due::Ping)
    }

    /// Nothing could be received until now, which is no silence of the client.
    pub(super) fn pause(&mut self, now: Instant) {
        self.heard = self.heard.max(now);
    }
}
