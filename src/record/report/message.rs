//! The messages of a recording, with all that it says about them.

use std::path::Path;

use jiff::Timestamp;
use serde_json::Value;

use super::entry::What;
use super::{Order, ReportError, entries};
use crate::event::Direction;
use crate::proto::http1::Head;
use crate::proto::message::Kind;
use crate::proto::receiver::WireHeader;
use crate::record::event;
use crate::record::format::Format;
use crate::render::Secrets;

/// What a recording says, in its order.
#[derive(Debug)]
pub enum Recorded {
    /// The request and the response of an opening handshake, and the name of its connection, if there are several.
    Opened(Option<String>, Box<[Head; 2]>),
    Message(RecordedMessage),
    Frame(RecordedFrame),
}

/// The header of a frame: those of a received message come before it, those of a sent one after it.
#[derive(Debug)]
pub struct RecordedFrame {
    /// The name of the connection, if there are several.
    pub connection: Option<String>,
    pub direction: Direction,
    pub header: Box<WireHeader>,
}

#[derive(Debug)]
pub struct RecordedMessage {
    /// As the recording numbers it.
    pub number: Option<u64>,
    /// The name of the connection, if there are several.
    pub connection: Option<String>,
    pub time: Option<Timestamp>,
    pub direction: Direction,
    pub kind: Kind,
    pub payload: Vec<u8>,
    pub deflated: Option<u64>,
    /// What a protocol on top made of it, as in `--jsonl`.
    pub on_top: Option<Value>,
}

impl Recorded {
    /// The same, in one of several recordings, whose connection has this name.
    #[must_use]
    pub fn of(mut self, recording: &str) -> Self {
        let connection = match &mut self {
            Self::Opened(connection, _) => connection,
            Self::Message(message) => &mut message.connection,
            Self::Frame(frame) => &mut frame.connection,
        };
        *connection = Some(match connection.take() {
            // A server's client has the number of its file.
            Some(inner) if inner != recording => format!("{recording}/{inner}"),
            _ => recording.to_owned(),
        });
        self
    }
}

/// The messages and handshakes of a recording, in the order of their times.
pub fn recorded(
    path: &Path,
    format: Format,
) -> Result<impl Iterator<Item = Result<Recorded, ReportError>>, ReportError> {
    let entries = entries(path, format, Order::ByTime, Secrets::Shown)?;
    Ok(entries.filter_map(|entry| {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => return Some(Err(error.into())),
        };
        let recorded = match entry.what {
            What::Open(open) => {
                let heads = [head(&open.request?), head(&open.response?)];
                Recorded::Opened(entry.connection, Box::new(heads))
            }
            What::Message(message) => Recorded::Message(RecordedMessage {
                number: message.number,
                connection: entry.connection,
                time: entry.time,
                direction: message.direction,
                kind: message.kind,
                payload: message.payload,
                deflated: message.deflated,
                on_top: message.on_top,
            }),
            What::Frame(frame) => Recorded::Frame(RecordedFrame {
                connection: entry.connection,
                direction: frame.direction,
                header: frame.header,
            }),
            _ => return None,
        };
        Some(Ok(recorded))
    }))
}

fn head(head: &event::Head) -> Head {
    let fields = head.headers.iter();
    Head::encode(
        &head.line,
        fields.map(|field| (field.name.as_str(), field.value.as_str())),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_that_the_recording_has_as_well_is_not_named_twice() {
        for (inner, name) in [(Some("@2"), "@2"), (Some("b"), "@2/b"), (None, "@2")] {
            let message = Recorded::Message(RecordedMessage {
                number: None,
                connection: inner.map(str::to_owned),
                time: None,
                direction: Direction::Sent,
                kind: Kind::Text,
                payload: Vec::new(),
                deflated: None,
                on_top: None,
            });
            let Recorded::Message(message) = message.of("@2") else {
                panic!("another kind");
            };
            assert_eq!(message.connection.as_deref(), Some(name));
        }
    }
}
