//! What a session serves: a pipe, a REPL, an echo server.

use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use crate::event::{Cause, Ending, Event, Signal};
use crate::proto::frame::{CloseCode, CloseFrame};
use crate::proto::sender::Sender;

/// Where a session's input comes from and its events go to.
///
/// The driver calls all of it in its own task; nothing may block.
pub trait Mode {
    /// Takes an event; may send in return.
    fn event(&mut self, event: Event<'_>, turn: &mut Turn<'_>);

    /// Whether not all of the last message was taken at once.
    fn has_rest(&self) -> bool {
        false
    }

    /// Goes on with the last message, whose `payload` is lent again; no other event comes before all is taken.
    fn rest(&mut self, _payload: &[u8]) {}

    /// Sends input while [there is room](Turn::has_room) and any is left; returns whether it moved any.
    fn poll_input(&mut self, cx: &mut Context<'_>, turn: &mut Turn<'_>) -> bool;

    /// Ready when all output is written; until then nothing more is read from the socket.
    fn poll_output(&mut self, cx: &mut Context<'_>) -> Poll<()>;

    /// Ready when this side wants to end the connection; may be ready more than once.
    fn poll_stop(&mut self, cx: &mut Context<'_>, now: Instant) -> Poll<Stop>;

    /// Whether events make it send, so that nothing may be read while the output is full.
    ///
    /// Input must not have that effect: a peer that waits for us to read would wait for ever.
    fn answers(&self) -> bool {
        false
    }

    /// Whether there is no room for the output that further events would lead to.
    fn is_full(&self) -> bool {
        false
    }

    /// A message is coming in, or waits for output to be taken: the peer is not silent.
    fn under_way(&mut self, _now: Instant) {}

    /// When [`poll_stop`](Self::poll_stop) is to be asked again at the latest.
    fn deadline(&self) -> Option<Instant> {
        None
    }

    /// Whether frame headers are wanted as events.
    fn wants_frames(&self) -> bool {
        false
    }

    /// Adds to the ending what only the mode knows, such as input that was not sent.
    fn complete(&mut self, _ending: &mut Ending) {}
}

/// A mode that can go on with another connection.
pub trait Reconnecting: Mode {
    /// Whether there is anything left to do.
    fn wants_reconnect(&self) -> bool;

    /// Takes an event from when there is no connection: [`Event::Retry`] is the first, [`Event::Reconnected`] the last.
    fn while_disconnected(&mut self, event: &Event<'_>, now: Instant);

    /// Whether the wait for another connection is to end, because the user asks for it; told once.
    fn take_reconnect_now(&mut self) -> bool {
        false
    }

    /// Takes what is typed while there is no connection; tells whether it was anything.
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

/// How long a peer may take over the closing handshake when the user does not want to wait.
const HURRY: Duration = Duration::from_secs(1);

/// The wish to end a connection.
#[derive(Debug, Clone)]
pub struct Stop {
    /// Why.
    pub cause: Cause,
    /// How.
    pub how: CloseMode,
}

/// How a connection is ended.
#[derive(Debug, Clone)]
pub enum CloseMode {
    /// With a closing handshake.
    Close {
        /// What the Close frame says.
        frame: Option<CloseFrame>,
        /// How long the peer may take; `None` for the connection's own close timeout.
        patience: Option<Duration>,
    },
    /// By the end of TCP alone.
    Abandon {
        /// Whether TCP is reset.
        reset: bool,
    },
}

impl CloseMode {
    /// The same, but the peer may take this long over the closing handshake, whatever else it sends.
    #[must_use]
    pub fn within(self, patience: Duration) -> Self {
        match self {
            Self::Close { frame, .. } => {
                // Without patience the answer is not waited for at all, which is no failure of the peer.
                let patience = Some(patience).filter(|patience| !patience.is_zero());
                Self::Close { frame, patience }
            }
            abandon @ Self::Abandon { .. } => abandon,
        }
    }
}

impl Stop {
    /// Ends with a Close frame, and gives the peer the usual time.
    pub fn new(cause: Cause, frame: Option<CloseFrame>) -> Self {
        let patience = None;
        let how = CloseMode::Close { frame, patience };
        Self { cause, how }
    }

    /// Ends with a Close frame, and gives the peer so long, whatever it does meanwhile.
    pub fn within(cause: Cause, frame: Option<CloseFrame>, patience: Duration) -> Self {
        let Self { cause, how } = Self::new(cause, frame);
        let how = how.within(patience);
        Self { cause, how }
    }

    /// Ends with a Close frame, and gives the peer a second.
    pub fn promptly(cause: Cause, frame: Option<CloseFrame>) -> Self {
        Self::within(cause, frame, HURRY)
    }

    /// Ends TCP without a Close frame.
    pub fn abandon(cause: Cause, reset: bool) -> Self {
        let how = CloseMode::Abandon { reset };
        Self { cause, how }
    }

    /// Ends because of `signal`: Ctrl-C closes as asked for with `--close-code`, the others say "going away".
    pub fn signal(signal: Signal, close: Option<CloseFrame>) -> Self {
        let close = match signal {
            Signal::Interrupt => close,
            Signal::Terminate | Signal::Hangup => Some(CloseFrame::new(CloseCode::GOING_AWAY, "")),
        };
        Self::promptly(Cause::Signal(signal), close)
    }
}
