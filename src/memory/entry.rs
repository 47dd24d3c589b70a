//! A kept message, and what lists and filters see of it.

use jiff::Timestamp;

use super::{Fate, Meaning};
use crate::event::Direction;
use crate::proto::message::Kind;
use crate::render::Label;

/// A message that was sent or received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub number: u64,
    pub time: Timestamp,
    pub direction: Direction,
    pub kind: Kind,
    pub payload: Vec<u8>,
    /// Its length on the wire, if it was compressed.
    pub deflated: Option<u64>,
    /// Its connection, if there are several.
    pub label: Option<Label>,
    /// `None` for one that passed as it came, and for all that do not pass through.
    pub fate: Option<Fate>,
    /// What a protocol on top makes of it.
    pub meaning: Option<Box<Meaning>>,
}

impl Entry {
    /// The words of the protocol on top, if it has some for the message.
    pub fn meaning(&self) -> Option<&Meaning> {
        let meaning = self.meaning.as_deref()?;
        (!meaning.text().is_empty()).then_some(meaning)
    }

    /// What lists show and what is searched: the words of the protocol on top, or the payload.
    pub fn text(&self) -> &[u8] {
        match self.meaning() {
            Some(meaning) => meaning.text().as_bytes(),
            None => &self.payload,
        }
    }

    /// What filters see: JSON of the protocol on top, or the payload.
    pub fn values(&self) -> impl Iterator<Item = &[u8]> {
        let meaning = self.meaning.as_deref();
        let values = meaning.into_iter().flat_map(Meaning::values);
        // What was sent and has no value of its own may be JSON, as requests are.
        let is_itself = meaning.is_none_or(|it| {
            let is_request = self.direction == Direction::Sent && it.has_line();
            is_request && it.values().next().is_none()
        });
        let payload = is_itself.then_some(&self.payload[..]);
        values.map(str::as_bytes).chain(payload)
    }

    /// What a protocol on top says again to send the message again.
    pub fn record(&self) -> Option<&str> {
        let mut values = self.meaning.as_deref()?.values();
        values.next().filter(|_| values.next().is_none())
    }

    /// What may be laid out as JSON, the best first.
    pub fn json(&self) -> impl Iterator<Item = &str> {
        let payload = str::from_utf8(&self.payload).ok();
        let values = self.meaning.as_deref().into_iter();
        payload.into_iter().chain(values.flat_map(Meaning::values))
    }

    /// Whether the screen had a line for it.
    pub fn has_line(&self) -> bool {
        self.meaning.as_deref().is_none_or(Meaning::has_line)
    }

    #[cfg(test)]
    pub(in crate::memory) fn of(number: u64, kind: Kind, payload: &[u8]) -> Self {
        Self {
            number,
            time: Timestamp::UNIX_EPOCH,
            direction: Direction::Sent,
            kind,
            payload: payload.to_vec(),
            deflated: None,
            label: None,
            fate: None,
            meaning: None,
        }
    }
}
