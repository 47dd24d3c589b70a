//! Which sent messages are known to have arrived.

use std::time::{Duration, Instant};

use crate::event::Cause;
use crate::proto::connection::End;
use crate::proto::sender::Sender;

/// How long a message may be in flight while the peer sends.
///
/// WebSocket acknowledges nothing, so this is an estimate: bytes the peer sends this long after a message was written
/// show that the connection still worked then. A second is longer than a usual round trip, and short enough that few
/// messages count as at risk.
const IN_FLIGHT: Duration = Duration::from_secs(1);

#[derive(Debug, Default)]
pub(super) struct Delivery {
    received: bool,
    arrived: u64,
    mark: Option<Mark>,
}

/// A time at which all output was written, and the number of messages sent until then.
#[derive(Debug)]
struct Mark {
    at: Instant,
    messages: u64,
}

impl Delivery {
    pub(super) fn note_received(&mut self) {
        self.received = true;
    }

    /// Called once per round: bytes from the peer confirm messages written `IN_FLIGHT` before.
    pub(super) fn end_round(&mut self, sender: &Sender, now: Instant) {
        if !std::mem::take(&mut self.received) {
            return;
        }
        match &self.mark {
            Some(mark) if now - mark.at < IN_FLIGHT => return,
            Some(mark) => self.arrived = mark.messages,
            None => {}
        }
        if sender.output().is_empty() {
            let messages = sender.sent().messages;
            self.mark = Some(Mark { at: now, messages });
        }
    }

    /// How many of `sent` messages nothing received since confirms as delivered.
    pub(super) fn at_risk(&self, sent: u64, cause: Option<&Cause>, end: &End) -> u64 {
        match cause {
            None | Some(Cause::Idle(_)) => sent.saturating_sub(self.arrived),
            // The protocol on top heard nothing of the peer, and neither did the closing handshake.
            Some(cause) if cause.is_silence() && !matches!(end, End::Closed { .. }) => {
                sent.saturating_sub(self.arrived)
            }
            // After a deliberate end, the closing handshake shows whether everything arrived.
            Some(_) => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exit::Exit;

    #[test]
    fn what_was_sent_to_a_server_without_a_sign_of_life_is_at_risk() {
        let silence = Cause::OnTop {
            text: "no ping".to_owned(),
            hint: None,
            exit: Exit::NoPong,
            may_pass: true,
        };
        let answered = End::Closed {
            by_peer: false,
            sent: None,
            received: None,
        };
        let delivery = Delivery::default();
        let at_risk = |cause, end| delivery.at_risk(2, Some(cause), end);
        assert_eq!(at_risk(&silence, &End::CloseTimeout), 2);
        assert_eq!(at_risk(&silence, &answered), 0);
        assert_eq!(at_risk(&Cause::Quit, &End::CloseTimeout), 0);
    }
}
