//! Events of a recorded connection, whatever the format.

use std::time::Duration;

use serde::Deserialize;

use crate::event::Direction;
use crate::proto::frame::{CloseCode, CloseFrame};
use crate::proto::message::Kind;

/// The longest payload of a control frame (RFC 6455 §5.5), in bytes.
pub(super) const MAX_CONTROL: usize = 125;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedEvent {
    /// Since the connection opened; never less than for the event before.
    pub at: Duration,
    /// From the client's point of view.
    pub direction: Direction,
    pub kind: RecordedKind,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RecordedKind {
    Message(Kind, Vec<u8>),
    Ping(Vec<u8>),
    /// Connections send pongs on their own, so the payload is not kept.
    Pong,
    /// `None` for an empty body, or one that must not be sent.
    Close(Option<CloseFrame>),
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Connection {
    /// Secrets in it may be masked.
    pub url: Option<String>,
    pub offered: Vec<String>,
    pub selected: Option<String>,
    pub origin: Option<String>,
    pub sent: u64,
    pub received: u64,
    pub lasted: Duration,
}

impl Connection {
    pub(super) fn count(&mut self, event: &RecordedEvent) {
        self.lasted = event.at;
        if let RecordedKind::Message(..) = event.kind {
            match event.direction {
                Direction::Sent => self.sent += 1,
                Direction::Received => self.received += 1,
            }
        }
    }
}

/// The Close body, if it may be sent (RFC 6455 §5.5 and §7.4).
pub(super) fn close(code: Option<u16>, reason: Option<&str>) -> Option<CloseFrame> {
    let (code, reason) = (CloseCode(code?), reason.unwrap_or_default());
    let may_be_sent = code.is_allowed_on_wire() && reason.len() <= CloseFrame::MAX_REASON;
    may_be_sent.then(|| CloseFrame::new(code, reason))
}

pub(super) fn split(list: Option<&str>) -> Vec<String> {
    let elements = list.unwrap_or_default().split(',').map(str::trim);
    let elements = elements.filter(|element| !element.is_empty());
    elements.map(str::to_owned).collect()
}

/// A field of a request or response.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Field {
    pub(super) name: String,
    pub(super) value: String,
}

/// A request or response without its body.
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct Head {
    pub(super) line: String,
    pub(super) headers: Vec<Field>,
}

pub(super) fn value(fields: &[Field], name: &str) -> Option<String> {
    let mut fields = fields.iter();
    let field = fields.find(|field| field.name.eq_ignore_ascii_case(name))?;
    Some(field.value.clone())
}
