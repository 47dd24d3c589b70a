use crate::dial::Step;
use crate::event::{Direction, Event};
use crate::proto::connection::{self, Message};
use crate::proto::message::Kind;
use crate::proto::sender::Control;
use crate::render::{Show, http2};

/// What a line of the view is about.
#[derive(Debug, Clone, Copy)]
pub struct What {
    /// Its place in [`NAMES`].
    pub(super) kind: usize,
    pub(super) bytes: usize,
    pub(super) is_message: bool,
}

pub(super) const NAMES: [&str; 12] = [
    "← text",
    "→ text",
    "← binary",
    "→ binary",
    "← ping",
    "→ ping",
    "← pong",
    "→ pong",
    "← frames",
    "→ frames",
    "← HTTP/2 frames",
    "→ HTTP/2 frames",
];

pub(super) const PING_SENT: usize = 5;
pub(super) const PONG_RECEIVED: usize = 6;
pub(super) const PONG_SENT: usize = 7;

impl What {
    /// The events of which there may be a flood.
    pub fn of(event: &Event<'_>) -> Option<Self> {
        use connection::Event::{FrameReceived, FrameSent, Message, Ping, Pong, Sent};
        let event = match event {
            Event::Connection(event) => event,
            Event::Step(Step::Http2(seen)) if http2::is_telling(seen) => {
                return Some(Self {
                    kind: 10 + usize::from(seen.is_sent),
                    bytes: 0,
                    is_message: false,
                });
            }
            _ => return None,
        };
        let (kind, bytes) = match event {
            Message(message) => return Some(Self::message(Direction::Received, message)),
            Ping { payload, .. } => (4, payload.len()),
            Sent(Control::Ping(payload)) => (PING_SENT, payload.len()),
            Pong { payload, .. } => (PONG_RECEIVED, payload.len()),
            Sent(Control::Pong(payload)) => (PONG_SENT, payload.len()),
            FrameReceived(_) => (8, 0),
            FrameSent(_) => (9, 0),
            _ => return None,
        };
        Some(Self {
            kind,
            bytes,
            is_message: false,
        })
    }

    /// Whether the view has a line for it.
    pub fn is_shown(self, show: &Show) -> bool {
        match self.kind {
            0..4 => show.messages,
            4 | 5 => show.ping,
            6 | 7 => show.pong,
            8 | 9 => show.frames,
            _ => true,
        }
    }

    pub fn message(direction: Direction, message: &Message<'_>) -> Self {
        let kind = usize::from(direction == Direction::Sent)
            + match message.kind {
                Kind::Text => 0,
                Kind::Binary => 2,
            };
        Self {
            kind,
            bytes: message.payload.len(),
            is_message: true,
        }
    }
}
