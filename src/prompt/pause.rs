//! `/pause`: the view is frozen while messages are received and kept.

use std::time::Instant;

use super::Prompt;
use super::seat::{Order, Place};

impl Prompt {
    pub(super) fn pause(&mut self, now: Instant) {
        self.paused.pause(&mut self.observers.view, now);
    }

    /// Returns whether the view was paused.
    pub(super) fn resume(&mut self) -> bool {
        self.further.tell(|| Order::Resume(false));
        self.observers.view.resume(false)
    }

    pub(super) fn show_waiting(&mut self, now: Instant) {
        // That of a further connection is counted by the first one.
        if matches!(self.place, Place::Seat(_)) {
            return;
        }
        let more = self.further.waiting();
        // The progress of a file takes the same row.
        let is_taken = self.transfer.is_some();
        let row = self.paused.row(&self.observers.view, more, is_taken, now);
        if let Some(row) = row {
            self.place.set_bar(row);
        }
    }
}
