//! `/pause`: the view is frozen while messages are received and kept.

use std::time::{Duration, Instant};

use super::Prompt;
use super::seat::{Order, Place};
use crate::render::Role;
use crate::render::width::cut;
use crate::term::terminal;

/// The row above the prompt that says how many messages wait.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    /// What it says now.
    shown: Option<u64>,
    /// When it may change.
    next: Option<Instant>,
}

/// How often the row is drawn: seldom enough for a slow terminal.
const PACE: Duration = Duration::from_millis(250);

impl Waiting {
    /// When the row has to be drawn again, if it is.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.next
    }
}

impl Prompt {
    pub(super) fn pause(&mut self, now: Instant) {
        if !self.observers.view.pause(false) {
            self.print(Role::Fact, "the view is paused; /resume or Enter continues");
        }
        self.waiting.next = Some(now);
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
        let Some(waiting) = self.observers.view.waiting() else {
            if std::mem::take(&mut self.waiting).shown.is_some() {
                self.place.set_bar(None);
            }
            return;
        };
        let waiting = waiting + self.further.waiting().unwrap_or(0);
        // The progress of a file takes the same row.
        if self.waiting.next.is_some_and(|next| now < next) || self.transfer.is_some() {
            return;
        }
        self.waiting.next = Some(now + PACE);
        if self.waiting.shown.replace(waiting) != Some(waiting) {
            let text = match waiting {
                0 => "paused; Enter or /resume continues".to_owned(),
                1 => "paused, 1 line waits; Enter or /resume shows it".to_owned(),
                _ => format!("paused, {waiting} lines wait; Enter or /resume shows them"),
            };
            let style = self.observers.view.style();
            let text = cut(&text, terminal::width().saturating_sub(1));
            let bar = style.paint(Role::Warning, text).to_string();
            self.place.set_bar(Some(bar));
        }
    }
}
