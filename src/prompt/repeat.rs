//! `/repeat`: one message sent several times.

use std::borrow::Cow;
use std::time::Instant;

use crate::diagnostic::Diagnostic;
use crate::outbox::{Outbox, SendError, SendObserver, template};
use crate::render::quantity;
use crate::session::Turn;

#[derive(Debug)]
pub(super) struct Repeat {
    text: String,
    is_template: bool,
    count: u64,
    sent: u64,
    bytes: u64,
    since: Instant,
}

#[derive(Debug, thiserror::Error)]
pub(super) enum RepeatError {
    #[error("another /repeat is in progress")]
    InProgress,
    #[error("no /repeat is in progress")]
    NotInProgress,
    #[error("/repeat needs an open connection")]
    NoConnection,
}

impl Diagnostic for RepeatError {
    fn hint(&self) -> Option<String> {
        matches!(self, Self::InProgress).then(|| "/repeat stop stops it".to_owned())
    }
}

/// Up to this many messages are shown one by one, as many as fit on a screen; more are summed up.
const SHOWN: u64 = 10;
/// Messages after which keys and the socket get their turn.
const BATCH: usize = 1000;

impl Repeat {
    pub(super) fn new(text: String, is_template: bool, count: u64, now: Instant) -> Self {
        Self {
            text,
            is_template,
            count,
            sent: 0,
            bytes: 0,
            since: now,
        }
    }

    pub(super) fn is_shown(&self) -> bool {
        self.count <= SHOWN
    }

    pub(super) fn is_over(&self) -> bool {
        self.sent == self.count
    }

    pub(super) fn send(
        &mut self,
        outbox: &Outbox,
        turn: &mut Turn<'_>,
        observer: &mut impl SendObserver,
    ) -> Result<bool, SendError> {
        let before = self.sent;
        for _ in 0..BATCH {
            if self.is_over() || !outbox.has_room(turn) {
                break;
            }
            let (number, now) = (self.sent + 1, turn.now);
            let value = |name: &str| observer.variable(name, number, now);
            let text = if self.is_template {
                template::fill(&self.text, value)?
            } else {
                Cow::Borrowed(self.text.as_str())
            };
            observer.say(&text, turn)?;
            self.bytes += text.len() as u64;
            self.sent += 1;
        }
        Ok(self.sent > before)
    }

    /// Sums up the messages sent, unless each one was shown.
    pub(super) fn summary(&self, now: Instant) -> Option<String> {
        if self.is_shown() && self.is_over() {
            return None;
        }
        let of = if self.is_over() {
            String::new()
        } else {
            format!(" of {}", self.count)
        };
        Some(format!(
            "* /repeat sent {}{of}, {} in {}",
            quantity::plural(self.sent, "message"),
            quantity::size(self.bytes),
            quantity::duration(now.saturating_duration_since(self.since)),
        ))
    }
}
