//! A recording instead of standard input.

use std::time::Instant;

use super::Pipe;
use crate::event::Cause;
use crate::proto::sender::Sender;
use crate::record::What;
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
                Some(Ok(What::Message(kind, payload))) => {
                    self.send_message(kind, &payload, sender, now);
                }
                // On a connection that closes nothing is sent any more.
                Some(Ok(What::Ping(payload))) => drop(sender.ping(&payload, now)),
                Some(Ok(What::Other)) => {}
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
}
