//! What goes out: what was typed, and what was to be sent before.

use std::time::Instant;

use super::Prompt;
use crate::command::Outgoing;
use crate::command::outgoing::{Outcome, WireError};
use crate::event::Cause;
use crate::proto::connection::Message;
use crate::proto::sender::Sender;
use crate::render::Role;
use crate::render::escape::escape_line;
use crate::session::Stop;
use crate::session::mode::OUTPUT_FULL;

impl Prompt {
    /// Sends and shows it.
    pub(super) fn send(
        &mut self,
        outgoing: &Outgoing,
        sender: &mut Sender,
        now: Instant,
    ) -> Result<(), WireError> {
        let outcome = outgoing.send(sender, now)?;
        self.outcome(outcome, now);
        Ok(())
    }

    /// Whether a message can begin: not inside another, and not while too much waits to be written.
    pub(super) fn has_room(&self, sender: &Sender) -> bool {
        self.sending.is_none() && sender.output().len() < OUTPUT_FULL
    }

    /// Whether it can be sent at once: a message must wait for those before it, all else overtakes them.
    pub(super) fn may_send(&self, outgoing: &Outgoing, sender: &Sender) -> bool {
        let is_free = self.queued.is_empty() && self.has_room(sender);
        is_free || sender.is_closing() || !outgoing.is_message()
    }

    /// Sends what is to go out before anything is typed, and what was typed while it could not be sent.
    pub(super) fn send_queued(&mut self, sender: &mut Sender, now: Instant) -> bool {
        let mut moved = false;
        while !sender.is_closing() && self.has_room(sender) {
            let first = self.send.pop_front().map(Outgoing::Text);
            let Some(outgoing) = first.or_else(|| self.queued.pop_front()) else {
                break;
            };
            moved = true;
            if let Err(error) = self.send(&outgoing, sender, now) {
                let text = escape_line(&error.to_string()).into_owned();
                self.print(Role::Error, &text);
            }
        }
        moved
    }

    /// Shows what was sent, or ends what is to end.
    fn outcome(&mut self, outcome: Outcome<'_>, now: Instant) {
        match outcome {
            Outcome::Message {
                kind,
                payload,
                deflated,
            } => {
                let message = Message::whole(kind, &payload, deflated);
                self.sent(&message, now);
                self.human.sent(&mut self.out, &message, now);
            }
            Outcome::Upload(upload) => self.start_file(upload, now),
            Outcome::Control => {}
            Outcome::Misbehaviour(command) => {
                self.reaction.sent(command, now);
                self.print(Role::Sent, &format!("{command} sent"));
            }
            Outcome::Close(frame) => self.close(Cause::Quit, frame),
            Outcome::Abandon { reset } => self.stop = Some(Stop::abandon(Cause::Quit, reset)),
        }
    }
}
