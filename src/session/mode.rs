//! The interface between the driver and what it serves: a pipe, a prompt, an echo server.

use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use super::error::OpenError;
use crate::event::{Cause, Ending, Event, Ours, Signal};
use crate::ontop::Reoffer;
use crate::proto::frame::{CloseCode, CloseFrame};
use crate::proto::sender::Sender;

/// The source of a session's input and the receiver of its events.
///
/// The driver calls all of it in its own task; nothing may block.
pub trait Mode {
    /// Handles an event; may send in return.
    fn event(&mut self, event: Event<'_>, turn: &mut Turn<'_>);

    fn has_rest(&self) -> bool {
        false
    }

    /// Continues with the last message; `payload` is the same slice. No other event comes before all of it is consumed.
    fn rest(&mut self, _payload: &[u8]) {}

    /// Sends input while [there is room](Turn::has_room) and any is left; returns whether it moved any.
    fn poll_input(&mut self, cx: &mut Context<'_>, turn: &mut Turn<'_>) -> bool;

    /// Ready once all output is written; until then nothing more is read from the socket.
    fn poll_output(&mut self, cx: &mut Context<'_>) -> Poll<()>;

    /// Ready when this side wants to end the connection; may be ready more than once.
    fn poll_stop(&mut self, cx: &mut Context<'_>, now: Instant) -> Poll<Stop>;

    /// Whether events make it send, so that nothing may be read while the output is full.
    ///
    /// Input must not have that effect: a peer that waits for us to read would wait forever.
    fn answers(&self) -> bool {
        false
    }

    /// Called before a Close frame is sent, for the last messages.
    fn farewell(&mut self, _turn: &mut Turn<'_>) {}

    fn is_full(&self) -> bool {
        false
    }

    /// Whether others are to have their turn before anything else is handled; true once for each time.
    fn take_break(&mut self) -> bool {
        false
    }

    /// Called once when the peer takes nothing more; what it sent before is still read.
    fn write_failed(&mut self) {}

    /// Called while a message is incomplete or blocked on output, so that this time does not count as silence.
    fn note_activity(&mut self, _now: Instant) {}

    /// The latest time for the next call of [`poll_stop`](Self::poll_stop).
    fn deadline(&self) -> Option<Instant> {
        None
    }

    fn wants_frames(&self) -> bool {
        false
    }

    /// Adds what only the mode knows to the ending, such as input that was not sent.
    fn complete(&mut self, _ending: &mut Ending) {}
}

/// What became of a connection.
#[derive(Debug, Clone, Copy)]
pub enum Over<'a> {
    Ended(&'a Ending),
    NotOpen(&'a OpenError),
}

/// A mode that can continue with another connection.
pub trait Reconnecting: Mode {
    fn wants_reconnect(&self) -> bool;

    /// Whether to wait for the user after a connection that ended like this.
    fn stays(&self, _ending: &Ending) -> bool {
        false
    }

    /// Handles an event while there is no connection, from [`Event::Retry`] or [`Event::Offline`] to
    /// [`Event::Reconnected`].
    fn while_disconnected(&mut self, event: &Event<'_>, now: Instant);

    /// What to offer on another connection, if what was offered does not suit the server.
    fn reoffer(&mut self, _over: Over<'_>) -> Option<Reoffer> {
        None
    }

    /// Whether the user asks to reconnect without waiting; true once per request.
    fn take_reconnect_now(&mut self) -> bool {
        false
    }

    /// Adds to the end of every connection what this side did that bears on it.
    fn judge(&self, _ours: &mut Ours) {}

    /// Handles input while there is no connection; returns whether there was any.
    fn poll_while_disconnected(&mut self, _cx: &mut Context<'_>, _now: Instant) -> bool {
        false
    }
}

/// A chance to send something.
#[derive(Debug)]
pub struct Turn<'s> {
    pub sender: &'s mut Sender,
    pub now: Instant,
}

impl Turn<'_> {
    /// Whether another message may be sent before output has to be written.
    #[inline]
    pub fn has_room(&self) -> bool {
        self.sender.output().len() < OUTPUT_FULL
    }
}

/// Output from which on no more input is taken, in bytes: as much as the sender's buffer usually holds.
pub(super) const OUTPUT_FULL: usize = 128 << 10;

/// How long the closing handshake may take when the user does not want to wait: more than a round trip to
/// anywhere, and not yet annoying after Ctrl-C.
const HURRY: Duration = Duration::from_secs(1);

#[derive(Debug, Clone)]
pub struct Stop {
    pub cause: Cause,
    pub how: CloseMode,
}

#[derive(Debug, Clone)]
pub enum CloseMode {
    Close {
        frame: Option<CloseFrame>,
        /// How long the peer may take; `None` means the connection's close timeout.
        patience: Option<Duration>,
    },
    Abandon {
        reset: bool,
    },
}

impl CloseMode {
    /// The same, but the peer may take this long over the closing handshake, whatever else it sends.
    #[must_use]
    pub fn within(self, patience: Duration) -> Self {
        match self {
            Self::Close { frame, .. } => {
                // Without patience nothing is waited for, so a missing answer is not the peer's failure.
                let patience = Some(patience).filter(|patience| !patience.is_zero());
                Self::Close { frame, patience }
            }
            abandon @ Self::Abandon { .. } => abandon,
        }
    }
}

impl Stop {
    /// Ends with a Close frame; the peer has the configured close timeout.
    pub fn new(cause: Cause, frame: Option<CloseFrame>) -> Self {
        let patience = None;
        let how = CloseMode::Close { frame, patience };
        Self { cause, how }
    }

    /// Ends with a Close frame; the peer has this long, whatever else it sends.
    pub fn within(cause: Cause, frame: Option<CloseFrame>, patience: Duration) -> Self {
        let Self { cause, how } = Self::new(cause, frame);
        let how = how.within(patience);
        Self { cause, how }
    }

    /// Ends with a Close frame; the peer has a second.
    pub fn promptly(cause: Cause, frame: Option<CloseFrame>) -> Self {
        Self::within(cause, frame, HURRY)
    }

    pub fn abandon(cause: Cause, reset: bool) -> Self {
        let how = CloseMode::Abandon { reset };
        Self { cause, how }
    }

    /// Ends because of `signal`: Ctrl-C closes with the `--close-code`, other signals with 1001 (going away).
    pub fn signal(signal: Signal, close: Option<CloseFrame>) -> Self {
        let close = match signal {
            Signal::Interrupt => close,
            Signal::Terminate | Signal::Hangup => Some(CloseFrame::new(CloseCode::GOING_AWAY, "")),
        };
        Self::promptly(Cause::Signal(signal), close)
    }
}
