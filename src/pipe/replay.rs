//! A recording instead of standard input.

use std::time::Instant;

use super::Pipe;
use crate::event::{Cause, Ending};
use crate::proto::connection::Message;
use crate::proto::sender::Sender;
use crate::record::RecordedKind;
use crate::session::mode::OUTPUT_FULL;

impl Pipe {
    /// Sends what the recording says is due.
    pub(super) fn play(&mut self, sender: &mut Sender, now: Instant) -> bool {
        let Some(mut player) = self.player.take() else {
            return false;
        };
        let mut moved = false;
        while self.cause.is_none() && sender.output().len() < OUTPUT_FULL {
            match player.next(now) {
                None => break,
                Some(Ok(RecordedKind::Message(kind, payload))) => {
                    self.send_message(kind, &payload, sender, now);
                }
                // On a connection that closes nothing is sent any more.
                Some(Ok(RecordedKind::Ping(payload))) => drop(sender.ping(&payload, now)),
                Some(Ok(RecordedKind::Pong | RecordedKind::Close(_))) => {}
                Some(Err(error)) => self.cause = Some(Cause::Input(error.to_string())),
            }
            moved = true;
        }
        player.hold(sender.output().len() >= OUTPUT_FULL);
        if player.is_over() {
            // The last answers may be late; a recording in which nothing is sent has an end too.
            self.active = Some(now);
            self.skipped = true;
        } else {
            self.player = Some(player);
        }
        moved
    }

    /// Prints how an answer differs from the recorded one, if that is asked for.
    pub(super) fn compare(&mut self, answer: &Message<'_>) -> bool {
        let Some(comparison) = &mut self.comparison else {
            return false;
        };
        let mut text = String::new();
        if let Err(error) = comparison.live(answer.kind, answer.payload, &mut text) {
            self.cause = Some(Cause::Input(error.to_string()));
        }
        self.output.extend(text.as_bytes());
        true
    }

    /// Prints what is missing, and tells what came of the comparison.
    pub(super) fn compared(&mut self, ending: &mut Ending) {
        let Some(comparison) = &mut self.comparison else {
            return;
        };
        let mut text = String::new();
        match comparison.finish(&mut text) {
            Ok(compared) => ending.compared = Some(compared),
            Err(error) => ending.cause = Some(Cause::Input(error.to_string())),
        }
        self.output.extend(text.as_bytes());
    }
}
