//! A REPL between two connections.

use std::task::{Context, Poll};
use std::time::Instant;

use super::Repl;
use crate::command::Wire;
use crate::command::probe::Probe;
use crate::command::wire::WireError;
use crate::event::Event;
use crate::render::Role;
use crate::session::Lasting;

/// Why a line cannot be obeyed.
#[derive(Debug, thiserror::Error)]
pub(super) enum LineError {
    #[error(transparent)]
    Wire(#[from] WireError),
    #[error("there is no connection, and only messages are kept for the next; /quit leaves")]
    NotKept,
    #[error("not kept: {MAX_KEPT} messages wait for the next connection already")]
    Full,
}

/// Messages that are kept for the next connection.
const MAX_KEPT: usize = 1000;

impl Lasting for Repl {
    fn goes_on(&self) -> bool {
        self.stop.is_none()
    }

    fn offline(&mut self, event: &Event<'_>, now: Instant) {
        self.facts.observe(event);
        match event {
            Event::Retry(retry) => {
                self.ending = false;
                self.probe = Probe::default();
                self.schedule.stop();
                self.status.disconnected(retry, now);
            }
            Event::Reconnected(_) => {
                self.send = self.options.send.iter().cloned().collect();
                self.schedule.start(now);
                self.status.reconnected(now);
            }
            _ => {}
        }
        self.human.event(&mut self.out, event, now);
    }

    fn poll_offline(&mut self, cx: &mut Context<'_>, now: Instant) -> bool {
        let mut moved = false;
        while self.stop.is_none()
            && let Poll::Ready(entry) = self.editor.poll_entry(cx)
        {
            self.entry(entry, None, now);
            moved = true;
        }
        moved
    }
}

impl Repl {
    /// Keeps a message for the next connection.
    pub(super) fn keep(&mut self, wire: Wire) -> Result<(), LineError> {
        let is_message = matches!(
            wire,
            Wire::Text(_) | Wire::Binary(_) | Wire::File { .. } | Wire::Fragment { .. }
        );
        if !is_message {
            return Err(LineError::NotKept);
        }
        if self.kept.len() >= MAX_KEPT {
            return Err(LineError::Full);
        }
        self.kept.push_back(wire);
        self.print(Role::Fact, "* kept; it is sent on the next connection");
        Ok(())
    }
}
