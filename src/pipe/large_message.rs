//! What is left to be printed of a large message: a copy of all of it would double the memory it takes.

use super::Pipe;
use crate::proto::connection::Message;
use crate::proto::message::Kind;

/// Messages from here on are printed piece by piece, in bytes.
const LARGE: usize = 1 << 20;
/// What is printed at a time, in bytes.
const PIECE: usize = 256 << 10;

/// How far the last message, or the last piece of one, was printed.
#[derive(Debug)]
pub(super) struct LargeMessage {
    kind: Kind,
    start: bool,
    end: bool,
    at: usize,
    len: usize,
}

impl Pipe {
    /// Prints the payload of a message; a large one as there is room for it.
    pub(super) fn print_payload(&mut self, message: &Message<'_>) {
        if message.payload.len() < LARGE {
            return self.output.message(message);
        }
        self.rest = Some(LargeMessage {
            kind: message.kind,
            start: message.start,
            end: message.end,
            at: 0,
            len: message.payload.len(),
        });
    }

    /// Prints more of the last message.
    pub(super) fn print_rest(&mut self, payload: &[u8]) {
        if let Some(events) = &mut self.events {
            return events.rest(&mut self.output, payload);
        }
        let Some(rest) = &mut self.rest else {
            return;
        };
        let (from, to) = (rest.at, payload.len().min(rest.at + PIECE));
        rest.at = to;
        self.output.message(&Message {
            kind: rest.kind,
            payload: &payload[from..to],
            start: rest.start && from == 0,
            end: rest.end && to == payload.len(),
            deflated: None,
        });
        self.rest.take_if(|rest| rest.at == rest.len);
    }

    /// Bytes of received messages that were not printed.
    pub(super) fn unwritten(&self) -> usize {
        let events = self.events.as_ref();
        let rest = self.rest.as_ref().map_or(0, |rest| rest.len - rest.at);
        self.output.unwritten() + rest + events.map_or(0, super::Events::left)
    }
}
