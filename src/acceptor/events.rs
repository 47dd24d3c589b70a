//! The events of a client, for programs.

use std::time::Instant;

use serde_json::Value;

use super::lines::Lines;
use crate::event::{Direction, Event, Opening};
use crate::proto::connection::{self, Message};
use crate::proto::http1::Head;
use crate::render::Jsonl;

/// With `--jsonl`.
#[derive(Debug, Clone)]
pub(super) struct Events {
    pub(super) jsonl: Jsonl,
    pub(super) lines: Lines,
    pub(super) opening: Option<Opening>,
    /// Of messages, in both directions.
    pub(super) number: u64,
}

impl Events {
    pub(super) fn opening(url: &str, request: &Head, response: &Head, now: Instant) -> Opening {
        let mut opening = Opening::new(url, now);
        opening.observe(&Event::Request(request), now);
        opening.observe(&Event::Response(response), now);
        opening
    }

    pub(super) fn event(&mut self, event: &Event<'_>, now: Instant) {
        if let Event::Connection(connection::Event::Message(message)) = event {
            return self.message(Direction::Received, message, None, now);
        }
        if let Some(opening) = &self.opening {
            let write = |out: &mut Vec<u8>| self.jsonl.event(out, event, opening, 0, now);
            self.lines.write(write);
        }
    }

    /// Writes a message, with what a protocol on top makes of it.
    pub(super) fn message(
        &mut self,
        direction: Direction,
        message: &Message<'_>,
        on_top: Option<&Value>,
        now: Instant,
    ) {
        self.number += 1;
        let write = |out: &mut Vec<u8>| {
            self.jsonl
                .message(out, direction, message, self.number, on_top, now)
        };
        self.lines.write(write);
    }
}
