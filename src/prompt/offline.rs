//! A REPL between two connections.

use std::task::{Context, Poll};
use std::time::Instant;

use super::Prompt;
use super::routine::RoutineError;
use super::template::TemplateError;
use super::variable::VariableError;
use crate::command::Outgoing;
use crate::command::outgoing::WireError;
use crate::command::reaction::PeerReaction;
use crate::event::{Cause, Event};
use crate::render::Role;
use crate::session::{Reconnecting, Stop};

/// Why a line cannot be obeyed.
#[derive(Debug, thiserror::Error)]
pub(super) enum LineError {
    #[error(transparent)]
    Outgoing(#[from] WireError),
    #[error(transparent)]
    Template(#[from] TemplateError),
    #[error(transparent)]
    Variable(#[from] VariableError),
    #[error(transparent)]
    Routine(#[from] RoutineError),
    #[error("there is no connection, and only messages are kept for the next; /quit leaves")]
    NotKept,
    #[error("not queued: {MAX_KEPT} messages wait already")]
    Full,
    #[error("another connection is being made already; /quit leaves")]
    Reconnecting,
}

/// Messages that are kept until they can be sent.
const MAX_KEPT: usize = 1000;

impl Reconnecting for Prompt {
    fn wants_reconnect(&self) -> bool {
        self.stop.is_none()
    }

    fn while_disconnected(&mut self, event: &Event<'_>, now: Instant) {
        self.facts.observe(event);
        self.recording.while_disconnected(event, now);
        match event {
            Event::Retry(retry) => {
                (self.is_closing, self.reconnect_requested) = (false, false);
                self.reaction = PeerReaction::default();
                self.schedule.stop();
                self.end_repeating(now);
                self.end_file(false);
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

    fn take_reconnect_now(&mut self) -> bool {
        std::mem::take(&mut self.reconnect_requested)
    }

    fn poll_while_disconnected(&mut self, cx: &mut Context<'_>, now: Instant) -> bool {
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

impl Prompt {
    /// Closes the connection to open another, or ends the wait for one.
    pub(super) fn reconnect(&mut self, is_open: bool, now: Instant) -> Result<(), LineError> {
        if self.reconnect_requested || self.status.is_connecting(now) {
            return Err(LineError::Reconnecting);
        }
        self.reconnect_requested = true;
        if is_open {
            self.end_repeating(now);
            let close = self.options.close.clone();
            self.stop = Some(Stop::promptly(Cause::Reconnect, close));
        } else {
            self.status.hasten(now);
        }
        Ok(())
    }

    /// Keeps a message until there is room for it, or another connection.
    pub(super) fn keep(&mut self, outgoing: Outgoing, is_open: bool) -> Result<(), LineError> {
        if !outgoing.is_message() {
            return Err(LineError::NotKept);
        }
        if self.queued.len() >= MAX_KEPT {
            return Err(LineError::Full);
        }
        self.queued.push_back(outgoing);
        self.print(
            Role::Fact,
            if is_open {
                "* kept; it is sent when the server has taken what goes before it"
            } else {
                "* kept; it is sent on the next connection"
            },
        );
        Ok(())
    }
}
