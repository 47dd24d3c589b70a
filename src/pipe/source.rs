//! What a pipe was given to send.

use std::time::Instant;

use super::Input;
use crate::render::quantity;

#[derive(Debug)]
pub(super) struct Source {
    /// `None` when it is not read, or at its end.
    pub(super) input: Option<Input>,
    /// Whether there was anything; without it, the pipe only listens.
    pub(super) had_any: bool,
    /// Events of the input that are no message to send.
    pub(super) skipped: u64,
    /// Whether the input held nothing to send, and that was noted.
    pub(super) sent_nothing: bool,
    /// Until when a `/wait` holds the input back.
    pub(super) paused: Option<Instant>,
}

impl Source {
    pub(super) fn new(input: Option<Input>, had_any: bool) -> Self {
        Self {
            input,
            had_any,
            skipped: 0,
            sent_nothing: false,
            paused: None,
        }
    }

    /// What to note at the end of the input, if none of its `records` was a message.
    pub(super) fn note_skipped(&mut self, records: u64) -> Option<String> {
        if records == 0 || self.skipped < records {
            return None;
        }
        self.sent_nothing = true;
        let skipped = quantity::plural(records, "event");
        Some(format!(
            "nothing was sent: {skipped} skipped, none is a message"
        ))
    }
}
