//! `--jsonl`: standard output gets events instead of payload.

use std::future::poll_fn;
use std::io;
use std::task::Poll;
use std::time::{Duration, Instant};

use super::{Output, Pipe};
use crate::event::{Cause, Ending, Event};
use crate::proto::connection::{self, Message};
use crate::render::Jsonl;
use crate::render::jsonl::Pieces;

/// How long the reader of standard output may take over the last line when the user does not want to wait.
const HURRY: Duration = Duration::from_secs(1);

/// The printer of events, and what it printed before there was a pipe.
#[derive(Debug)]
pub struct Events {
    jsonl: Jsonl,
    opening: Vec<u8>,
    /// The rest of a message's line, which waits for room.
    rest: Option<LargeMessage>,
}

/// The rest of a line.
#[derive(Debug)]
struct LargeMessage {
    pieces: Pieces,
    /// Bytes of payload that are not in the output yet.
    left: usize,
    /// Lines that follow it.
    later: Vec<u8>,
}

/// Messages from here on are written piece by piece, in bytes.
const LARGE: usize = 64 << 10;

impl Events {
    /// Events as `jsonl` writes them.
    pub fn new(jsonl: Jsonl) -> Self {
        Self {
            jsonl,
            opening: Vec::new(),
            rest: None,
        }
    }

    /// Takes an event of the opening, before there is a pipe.
    pub fn opening(&mut self, event: &Event<'_>, now: Instant) {
        // A Vec takes all.
        let _ = self.jsonl.event(&mut self.opening, event, now);
    }

    /// The printer, for a connection that did not open.
    pub fn into_jsonl(self) -> Jsonl {
        self.jsonl
    }

    pub(super) fn start(&mut self, output: &mut Output) {
        output.extend(&std::mem::take(&mut self.opening));
    }

    pub(super) fn event(&mut self, output: &mut Output, event: &Event<'_>, now: Instant) {
        // An Output takes all, and tells later what it cannot write.
        let _ = match event {
            Event::Connection(connection::Event::Message(message))
                if message.payload.len() >= LARGE =>
            {
                let begun = self.jsonl.begin(output, message, now);
                begun.map(|pieces| {
                    let (left, later) = (message.payload.len(), Vec::new());
                    self.rest = Some(LargeMessage {
                        pieces,
                        left,
                        later,
                    });
                })
            }
            _ => self.jsonl.event(output, event, now),
        };
    }

    pub(super) fn sent(&mut self, output: &mut Output, message: &Message<'_>, now: Instant) {
        let _ = match &mut self.rest {
            Some(rest) => self.jsonl.sent(&mut rest.later, message, now),
            None => self.jsonl.sent(output, message, now),
        };
    }

    /// Whether a line is not complete.
    pub(super) fn has_rest(&self) -> bool {
        self.rest.is_some()
    }

    /// Writes more of the line that is not complete.
    pub(super) fn rest(&mut self, output: &mut Output, payload: &[u8]) {
        let Some(rest) = &mut self.rest else {
            return;
        };
        if let Ok(true) = rest.pieces.write(output, payload) {
            rest.left = rest.pieces.left(payload.len());
        } else {
            output.extend(&rest.later);
            self.rest = None;
        }
    }

    /// Bytes of a message that are not in the output.
    pub(super) fn left(&self) -> usize {
        self.rest.as_ref().map_or(0, |rest| rest.left)
    }

    pub(super) fn wants_frames(&self) -> bool {
        self.jsonl.wants_frames()
    }
}

impl Pipe {
    /// Records and prints the last event, which says `message`, and waits until all is printed.
    ///
    /// It is not waited for when the reader takes nothing and the user wants to end, or at another signal.
    pub async fn finish(mut self, ending: &Ending, message: &str, now: Instant) -> io::Result<()> {
        if let Some(recorder) = &mut self.recorder {
            recorder.closed(ending, message, now);
        }
        self.flush_recording();
        let is_lost = matches!(ending.cause, Some(Cause::Write(_) | Cause::OutputClosed));
        if is_lost || self.events.is_none() && self.comparison.is_none() {
            return Ok(());
        }
        // A line that was cut stays the last one.
        if let Some(events) = self.events.as_ref().filter(|events| events.left() == 0) {
            events
                .jsonl
                .closed(&mut self.output, ending, message, now)?;
        }
        let patience = match ending.cause {
            _ if ending.unwritten > 0 => Duration::ZERO,
            Some(Cause::Signal(_) | Cause::MaxTime(_)) => HURRY,
            _ => Duration::MAX,
        };
        let written = poll_fn(|cx| {
            if self.output.poll_hang_up(cx).is_ready() || self.signals.poll(cx).is_ready() {
                return Poll::Ready(Ok(()));
            }
            self.output.poll_flush(cx)
        });
        tokio::time::timeout(patience, written)
            .await
            .unwrap_or(Ok(()))
    }
}
