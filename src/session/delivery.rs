//! Which of the messages that were sent have surely arrived.

use std::time::{Duration, Instant};

use crate::event::Cause;
use crate::proto::sender::Sender;

/// How long a message may be on its way to a peer that sends something meanwhile.
///
/// Only an estimate is possible, as WebSocket acknowledges nothing: whatever the peer sends this long after a message
/// was written shows that the connection was alive after it. A second is more than any usual round trip, and a network
/// that fails loses what was sent in the last second at most, so that few messages are reported at risk.
const UNDER_WAY: Duration = Duration::from_secs(1);

#[derive(Debug, Default)]
pub(super) struct Delivery {
    /// The peer sent something this round.
    received: bool,
    /// Messages that have arrived.
    arrived: u64,
    mark: Option<Mark>,
}

/// All output was written at this time, when so many messages had been sent.
#[derive(Debug)]
struct Mark {
    at: Instant,
    messages: u64,
}

impl Delivery {
    /// The peer has sent something.
    pub(super) fn note_received(&mut self) {
        self.received = true;
    }

    /// Looks once per round at what the peer's sign of life says of earlier messages.
    pub(super) fn end_round(&mut self, sender: &Sender, now: Instant) {
        if !std::mem::take(&mut self.received) {
            return;
        }
        match &self.mark {
            Some(mark) if now - mark.at < UNDER_WAY => return,
            Some(mark) => self.arrived = mark.messages,
            None => {}
        }
        if sender.output().is_empty() {
            let messages = sender.sent().messages;
            self.mark = Some(Mark { at: now, messages });
        }
    }

    /// How many of `sent` messages may be lost with a connection that ended for `cause`.
    pub(super) fn at_risk(&self, sent: u64, cause: Option<&Cause>) -> u64 {
        match cause {
            None | Some(Cause::Idle(_)) => sent.saturating_sub(self.arrived),
            // A deliberate end comes after everything was sent; the closing handshake shows whether it arrived.
            Some(_) => 0,
        }
    }
}
