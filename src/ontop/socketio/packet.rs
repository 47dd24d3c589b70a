//! Socket.IO packets, and the binary messages that belong to them.
//!
//! Binary data inside a packet is `{"$base64": "…"}`, here and wherever people and programs see it.

use std::fmt::Write;

use serde_json::{Value, json};

use crate::ontop::binary::binary;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PacketType {
    Connect,
    Disconnect,
    Event,
    Ack,
    ConnectError,
}

impl PacketType {
    pub fn name(self) -> &'static str {
        match self {
            Self::Connect => "connect",
            Self::Disconnect => "disconnect",
            Self::Event => "event",
            Self::Ack => "ack",
            Self::ConnectError => "connect_error",
        }
    }
}

/// A whole packet; a binary one is an event or an acknowledgement whose data has binary parts.
#[derive(Debug, Clone, PartialEq)]
pub struct Packet {
    pub kind: PacketType,
    /// Starts with a slash; version 3 has the query of a CONNECT in it.
    pub namespace: String,
    /// The number of an event that wants an acknowledgement, or of the acknowledged event.
    pub id: Option<u64>,
    pub data: Option<Value>,
}

/// The namespace that packets without one belong to.
pub const MAIN: &str = "/";

/// Names of events that only libraries emit; the reference parser refuses them.
pub const RESERVED: [&str; 6] = [
    "connect",
    "connect_error",
    "disconnect",
    "disconnecting",
    "newListener",
    "removeListener",
];

/// The most attachments of a packet: the limit of the reference parser.
pub const MAX_ATTACHMENTS: usize = 10;

impl Packet {
    pub fn new(kind: PacketType, namespace: &str, data: Option<Value>) -> Self {
        Self {
            kind,
            namespace: namespace.to_owned(),
            id: None,
            data,
        }
    }

    /// An event with its name and arguments in `data`.
    pub fn event(namespace: &str, id: Option<u64>, data: Vec<Value>) -> Self {
        Self {
            id,
            ..Self::new(PacketType::Event, namespace, Some(data.into()))
        }
    }

    /// The acknowledgement of event `id`.
    pub fn ack(namespace: &str, id: u64, data: Vec<Value>) -> Self {
        Self {
            id: Some(id),
            ..Self::new(PacketType::Ack, namespace, Some(data.into()))
        }
    }

    /// The name of an event, which is a number if a program chose that, and its arguments.
    pub fn name_and_arguments(&self) -> Option<(&Value, &[Value])> {
        let items = self.data.as_ref()?.as_array()?;
        (self.kind == PacketType::Event).then(|| items.split_first())?
    }
}

/// Makes the text of a packet and the binary messages that follow it.
pub fn encode(packet: &Packet) -> (String, Vec<Vec<u8>>) {
    let mut data = packet.data.clone();
    let mut attachments = Vec::new();
    let is_binary = matches!(packet.kind, PacketType::Event | PacketType::Ack);
    if let Some(data) = data.as_mut().filter(|_| is_binary) {
        extract(data, &mut attachments);
    }
    let digit = match packet.kind {
        PacketType::Connect => '0',
        PacketType::Disconnect => '1',
        PacketType::Event if attachments.is_empty() => '2',
        PacketType::Ack if attachments.is_empty() => '3',
        PacketType::ConnectError => '4',
        PacketType::Event => '5',
        PacketType::Ack => '6',
    };
    let mut text = String::from(digit);
    if !attachments.is_empty() {
        let _ = write!(text, "{}-", attachments.len());
    }
    if packet.namespace != MAIN {
        text.push_str(&packet.namespace);
        text.push(',');
    }
    if let Some(id) = packet.id {
        text.push_str(&id.to_string());
    }
    if let Some(data) = data {
        text.push_str(&data.to_string());
    }
    (text, attachments)
}

/// Moves binary parts out of `value` and leaves placeholders.
fn extract(value: &mut Value, attachments: &mut Vec<Vec<u8>>) {
    if let Some(bytes) = binary(value) {
        *value = json!({"_placeholder": true, "num": attachments.len()});
        attachments.push(bytes);
        return;
    }
    for child in children(value) {
        extract(child, attachments);
    }
}

pub(super) fn children(value: &mut Value) -> Box<dyn Iterator<Item = &mut Value> + '_> {
    match value {
        Value::Array(items) => Box::new(items.iter_mut()),
        Value::Object(object) => Box::new(object.values_mut()),
        _ => Box::new(std::iter::empty()),
    }
}

/// Why messages are no Socket.IO packet.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PacketFault {
    #[error("an empty message is no Socket.IO packet")]
    Empty,
    #[error("{0:?} is no type of a Socket.IO packet; it must be 0 to 6")]
    Type(char),
    #[error("a binary Socket.IO packet needs the number of its attachments and a -")]
    Attachments,
    #[error(
        "the Socket.IO packet announces {0} attachments; at most {MAX_ATTACHMENTS} are accepted"
    )]
    TooManyAttachments(String),
    #[error("the number of the acknowledgement is too large")]
    Id,
    #[error("the data of the Socket.IO packet is not JSON: {0}")]
    Json(String),
    #[error("{kind} needs {needed} as its data")]
    Data {
        kind: &'static str,
        needed: &'static str,
    },
    #[error("the event name {0:?} is reserved")]
    Reserved(String),
    #[error("an acknowledgement needs the number of its event")]
    NoId,
    #[error("the packet refers to attachment {num}, but has {count}")]
    Placeholder { num: String, count: usize },
    #[error("the packet refers to attachment {0} twice")]
    PlaceholderTwice(usize),
    #[error("a binary message without a packet that announces it")]
    UnexpectedBinary,
    #[error("a new packet begins although {missing} attachments of the last one are missing")]
    MissingAttachments { missing: usize },
    #[error("the packet and its attachments have more than {0} bytes")]
    TooLarge(usize),
    #[error("the binary message is no Socket.IO packet in MessagePack: {0}")]
    MessagePack(String),
}
