//! Events of a connection, and how it ended.

use std::time::Duration;

use crate::proto::frame::{CloseCode, CloseFrame};
use crate::proto::message::Message;
use crate::proto::receiver::{Partial, WireHeader};
use crate::proto::rules::Violation;
use crate::proto::sender::Control;

/// What happened on a connection; payloads are borrowed until the next event is polled.
///
/// Rare and large data is boxed, because the event of every message is moved between layers.
#[derive(Debug)]
pub enum Event<'a> {
    /// A frame header was received; only with [`Config::observe_frames`](super::Config::observe_frames).
    FrameReceived(Box<WireHeader>),
    /// A frame header was sent; only with [`Config::observe_frames`](super::Config::observe_frames).
    FrameSent(Box<WireHeader>),
    /// A message, or with [`Delivery::Streamed`](crate::proto::receiver::Delivery::Streamed) a piece of one.
    Message(Message<'a>),
    /// A ping.
    Ping {
        /// Its payload.
        payload: &'a [u8],
        /// What the connection did about it.
        answer: AutoPong,
    },
    /// A pong.
    Pong {
        /// Its payload.
        payload: &'a [u8],
        /// The time since the ping that it answers; `None` when it answers none of ours.
        rtt: Option<Duration>,
    },
    /// The peer's Close frame; `None` for an empty body.
    Close(Option<CloseFrame>),
    /// A control frame was sent that no other event reports.
    Sent(Control),
    /// The peer broke a rule; the connection fails (RFC 6455 §7.1.7).
    Violation(Box<Violation>),
    /// The peer broke a rule, and the connection continues; only with [`Config::lenient`](super::Config::lenient).
    Tolerated(Box<Violation>),
    /// Nothing was received for [`Config::idle_timeout`](super::Config::idle_timeout).
    Idle(Duration),
    /// The connection is over; the last event.
    Ended(Box<End>),
}

/// What the connection did about a ping by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AutoPong {
    /// A pong was sent.
    Sent,
    /// A pong will be sent when there is room, unless another ping is received first.
    Queued,
    /// None: automatic pongs are off, or the connection is closing.
    None,
    /// It is for another endpoint to answer.
    NotOurs,
}

/// How a connection ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// After a closing handshake.
    Closed {
        /// Whether the peer's Close frame came first.
        by_peer: bool,
        /// The Close frame that was sent.
        sent: Option<CloseFrame>,
        /// The Close frame that was received.
        received: Option<CloseFrame>,
    },
    /// The peer broke a rule.
    Failed(Violation),
    /// The stream ended without a closing handshake.
    Lost {
        /// The transport's error; `None` for an orderly end of the stream.
        error: Option<String>,
        /// What was incomplete.
        partial: Option<Partial>,
        /// The time since the last byte was received.
        silence: Duration,
        /// Whether a Close frame had been sent.
        closing: bool,
    },
    /// This end dropped the stream without a Close frame.
    Abandoned {
        /// Whether TCP was reset.
        reset: bool,
    },
    /// The answer to the Close frame was not waited for, by configuration or because the user wished so.
    NotAwaited {
        /// The Close frame that was sent.
        sent: Option<CloseFrame>,
    },
    /// The peer did not answer the Close frame in time.
    CloseTimeout,
    /// The peer did not answer a ping in this time.
    NoPong(Duration),
}

/// The code with which a peer closed, as the API reports it: 1005 for an empty body (RFC 6455 §7.1.5).
pub fn reported_code(frame: Option<&CloseFrame>) -> CloseCode {
    frame.map_or(CloseCode::NO_STATUS, |frame| frame.code)
}

/// For how long nothing had passed in each direction when the peer ended the connection.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Quiet {
    /// Since the last byte before the end was received.
    pub received: Duration,
    /// Since the stream last took a byte.
    pub sent: Duration,
}

impl Quiet {
    /// For how long nothing had passed at all.
    pub fn both(self) -> Duration {
        self.received.min(self.sent)
    }
}
