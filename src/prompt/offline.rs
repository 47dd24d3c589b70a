//! The prompt between two connections.

use std::task::{Context, Poll};
use std::time::Instant;

use super::Prompt;
use super::error::LineError;
use super::seat::{Place, State};
use crate::event::{Cause, DisconnectReason, Ending, Event, Ours};
use crate::observe::NO_LINES;
use crate::ontop::Reoffer;
use crate::render::close_summary::ending;
use crate::session::{Over, Reconnecting};
use crate::speaker::Speaker;

impl Reconnecting for Prompt {
    fn wants_reconnect(&self) -> bool {
        !self.stopping.is_pending()
    }

    fn judge(&self, ours: &mut Ours) {
        ours.is_spoken = self.voice.speaker.is_some();
        ours.is_unfinished = self
            .voice
            .speaker
            .as_ref()
            .is_some_and(Speaker::is_unfinished);
        ours.is_beside = self.voice.is_beside;
        ours.is_provoked = self.observers.reaction.is_end();
    }

    fn reoffer(&mut self, over: Over<'_>) -> Option<Reoffer> {
        let may_reconnect = self.wants_reconnect();
        let speaker = self.voice.speaker.as_mut().filter(|_| may_reconnect);
        let other = speaker?.reoffer(over)?;
        self.observers.view.note(&other.to_string());
        Some(other)
    }

    fn stays(&self, ending: &Ending) -> bool {
        let is_meant_to_end = match &ending.cause {
            None | Some(Cause::Close | Cause::Reconnect | Cause::Idle(_) | Cause::OnTop { .. }) => {
                false
            }
            Some(_) => true,
        };
        !(self.options.exit_on_close || is_meant_to_end || self.stopping.is_pending())
    }

    fn while_disconnected(&mut self, event: &Event<'_>, now: Instant) {
        self.status.shown_end = match event {
            Event::Offline(offline) => Some(match offline.reason {
                DisconnectReason::Lost(end) => ending(end, "server"),
                DisconnectReason::Failed(text) | DisconnectReason::Waiting(text) => text.to_owned(),
            }),
            _ => None,
        };
        match event {
            Event::Retry(retry) => {
                self.set_state(State::Reconnecting);
                self.disconnected(now);
                self.status.disconnected(retry, now);
            }
            Event::Offline(offline) => {
                self.set_state(State::Closed);
                self.disconnected(now);
                self.status.offline(offline);
            }
            Event::Open(open) => {
                if let Some(speaker) = &mut self.voice.speaker {
                    speaker.agree(open);
                }
            }
            Event::Reconnected(_) => {
                self.set_state(State::Open);
                self.outbox.start(now);
                if let Some(speaker) = &mut self.voice.speaker {
                    speaker.opened(now);
                }
                self.voice.is_beside = false;
                // Its session is over.
                self.voice.silent = None;
                self.status.reconnected(now);
            }
            _ => {}
        }
        self.observers.event(event, NO_LINES, now);
    }

    fn take_reconnect_now(&mut self) -> bool {
        self.stopping.take_reconnect()
    }

    fn poll_while_disconnected(&mut self, cx: &mut Context<'_>, now: Instant) -> bool {
        self.show_due(now);
        let mut moved = false;
        while !self.stopping.is_pending()
            && let Poll::Ready(order) = self.place.poll(cx)
        {
            self.order(order, None, now);
            moved = true;
        }
        moved | self.poll_further(cx)
    }
}

impl Prompt {
    pub(super) fn set_state(&self, state: State) {
        if let Place::Seat(seat) = &self.place {
            seat.set_state(state);
        }
    }

    fn disconnected(&mut self, now: Instant) {
        self.stopping.disconnected();
        self.observers.view.set_closing(false);
        self.end_repeat(now);
        self.end_transfer(false);
        self.outbox.stop();
        if let Some(missing) = self.voice.speaker.as_mut().and_then(Speaker::closed) {
            self.observers.view.note(&missing);
        }
    }

    pub(super) fn reconnect(&mut self, is_open: bool, now: Instant) -> Result<(), LineError> {
        if self.stopping.is_reconnect_requested() || self.status.is_connecting(now) {
            return Err(LineError::Reconnecting);
        }
        self.stopping.reconnect(is_open);
        if is_open {
            self.end_repeat(now);
        } else {
            self.status.hasten(now);
        }
        Ok(())
    }
}
