//! Events of a recorded connection, from whatever format they are read.

use std::time::Duration;

use crate::proto::frame::{CloseCode, CloseFrame};
use crate::proto::message::Kind;

/// The longest payload of a control frame (RFC 6455 §5.5), in bytes.
pub(super) const MAX_CONTROL: usize = 125;

/// Which way something went, as the client sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// From the client.
    Sent,
    /// From the server.
    Received,
}

/// Something that went over a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedEvent {
    /// When, from the opening of the connection; never less than that of what was told before.
    pub at: Duration,
    /// Which way.
    pub direction: Direction,
    /// What.
    pub kind: RecordedKind,
}

/// What went over a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RecordedKind {
    /// A message.
    Message(Kind, Vec<u8>),
    /// A ping.
    Ping(Vec<u8>),
    /// A pong, which a connection sends by itself.
    Pong,
    /// A Close frame; `None` for an empty body, or one that must not be sent.
    Close(Option<CloseFrame>),
}

/// A connection of a recording.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Connection {
    /// Where it went; secrets in it may be masked.
    pub url: Option<String>,
    /// The subprotocols that the client offered.
    pub offered: Vec<String>,
    /// The subprotocol that the server selected.
    pub selected: Option<String>,
    /// The client's origin.
    pub origin: Option<String>,
    /// How many messages the client sent.
    pub sent: u64,
    /// How many messages the server sent.
    pub received: u64,
    /// From its opening to the last that is told of it.
    pub lasted: Duration,
}

impl Connection {
    pub(super) fn count(&mut self, told: &RecordedEvent) {
        self.lasted = told.at;
        if let RecordedKind::Message(..) = told.kind {
            match told.direction {
                Direction::Sent => self.sent += 1,
                Direction::Received => self.received += 1,
            }
        }
    }
}

/// The body of a Close frame, if it may be sent (RFC 6455 §5.5 and §7.4).
pub(super) fn close(code: Option<u16>, reason: Option<&str>) -> Option<CloseFrame> {
    let (code, reason) = (CloseCode(code?), reason.unwrap_or_default());
    let may_be_sent = code.is_allowed_on_wire() && reason.len() <= CloseFrame::MAX_REASON;
    may_be_sent.then(|| CloseFrame::new(code, reason))
}

/// The elements of a list with commas.
pub(super) fn split(list: Option<&str>) -> Vec<String> {
    let elements = list.unwrap_or_default().split(',').map(str::trim);
    let elements = elements.filter(|element| !element.is_empty());
    elements.map(str::to_owned).collect()
}
