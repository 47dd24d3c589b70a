//! `/pause`: the view is frozen while messages are received and kept.

use std::ops::Add;
use std::time::Instant;

use super::Prompt;
use super::seat::{Order, Place};
use crate::observe::Waiting;

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
        let view = &self.observers.view;
        // A pause ends with its connection; the others stay paused.
        let waiting = self.further.waiting().chain(view.waiting());
        let waiting = waiting.reduce(Waiting::add);
        // The progress of a file takes the same row.
        let is_taken = self.transfer.is_some();
        if let Some(row) = self.paused.row(waiting, view.style(), is_taken, now) {
            self.place.set_bar(row);
        }
    }
}
