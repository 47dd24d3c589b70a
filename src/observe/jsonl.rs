//! `--jsonl`: events as JSON lines; the line of a large message is written in pieces.

use std::io;
use std::time::Instant;

use serde_json::Value;

use crate::event::{Direction, Ending, Event, NotOpen, Opening};
use crate::proto::connection::{self, Message};
use crate::render::Jsonl;
use crate::render::jsonl::Pieces;

/// Payload size in bytes from which a message is written in pieces: its line may be six times as long.
const LARGE: usize = 64 << 10;

/// Errors are ignored: the outputs it is given buffer what they cannot write, and report the error
/// when they are flushed.
#[derive(Debug)]
pub struct JsonLines {
    jsonl: Jsonl,
    rest: Option<Rest>,
}

#[derive(Debug)]
struct Rest {
    pieces: Pieces,
    /// Bytes of payload not yet in the output.
    left: usize,
    later: Vec<u8>,
}

impl JsonLines {
    pub(super) fn new(jsonl: Jsonl) -> Self {
        Self { jsonl, rest: None }
    }

    pub(super) fn event(
        &mut self,
        out: &mut impl io::Write,
        event: &Event<'_>,
        opening: &Opening,
        number: u64,
        on_top: Option<&Value>,
        now: Instant,
    ) {
        match event {
            Event::Connection(connection::Event::Message(message))
                if message.payload.len() >= LARGE =>
            {
                if let Ok(pieces) = self.jsonl.begin(out, message, number, on_top, now) {
                    self.rest = Some(Rest {
                        pieces,
                        left: message.payload.len(),
                        later: Vec::new(),
                    });
                }
            }
            Event::Connection(connection::Event::Message(message)) => {
                let (jsonl, direction) = (&self.jsonl, Direction::Received);
                drop(jsonl.message(out, direction, message, number, on_top, now));
            }
            _ => drop(self.jsonl.event(out, event, opening, number, now)),
        }
    }

    pub(super) fn sent(
        &mut self,
        out: &mut impl io::Write,
        message: &Message<'_>,
        number: u64,
        on_top: Option<&Value>,
        now: Instant,
    ) {
        let (jsonl, direction) = (&self.jsonl, Direction::Sent);
        let _ = match &mut self.rest {
            Some(rest) => jsonl.message(&mut rest.later, direction, message, number, on_top, now),
            None => jsonl.message(out, direction, message, number, on_top, now),
        };
    }

    pub(super) fn not_open(
        &self,
        out: &mut Vec<u8>,
        why: &NotOpen,
        opening: &Opening,
        now: Instant,
    ) {
        let _ = self.jsonl.not_open(out, why, opening, now);
    }

    pub(super) fn closed(
        &self,
        out: &mut impl io::Write,
        ending: &Ending,
        message: &str,
        now: Instant,
    ) {
        // An unfinished line stays the last one.
        if self.left() == 0 {
            let _ = self.jsonl.closed(out, ending, message, now);
        }
    }

    pub(super) fn has_rest(&self) -> bool {
        self.rest.is_some()
    }

    /// Continues the unfinished line; `payload` is the whole payload again.
    pub fn rest(&mut self, out: &mut impl io::Write, payload: &[u8]) {
        let Some(rest) = &mut self.rest else {
            return;
        };
        if let Ok(true) = rest.pieces.write(out, payload) {
            rest.left = rest.pieces.left(payload.len());
        } else {
            let _ = out.write_all(&rest.later);
            self.rest = None;
        }
    }

    pub(super) fn left(&self) -> usize {
        self.rest.as_ref().map_or(0, |rest| rest.left)
    }

    pub(super) fn wants_frames(&self) -> bool {
        self.jsonl.wants_frames()
    }
}
