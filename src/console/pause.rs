//! `/pause`: the view is frozen while messages are received and kept.

use std::time::{Duration, Instant};

use crate::observe::View;
use crate::render::Role;
use crate::render::width::cut;
use crate::term::terminal;

/// The row above the prompt that says how many messages wait.
#[derive(Debug, Default)]
pub struct Waiting {
    /// What it says now.
    shown: Option<u64>,
    /// When it may change.
    next: Option<Instant>,
}

/// How often the row is drawn: seldom enough for a slow terminal.
const PACE: Duration = Duration::from_millis(250);

impl Waiting {
    /// When the row has to be drawn again, if it is.
    pub fn deadline(&self) -> Option<Instant> {
        self.next
    }

    /// Pauses the view.
    pub fn pause(&mut self, view: &mut View, now: Instant) {
        if !view.pause(false) {
            view.print(Role::Fact, "the view is paused; /resume or Enter continues");
        }
        self.next = Some(now);
    }

    /// What becomes of the row, if it changes: another text, or none. `more` lines wait elsewhere; while the row
    /// `is_taken` by something else it waits.
    pub fn row(
        &mut self,
        view: &View,
        more: u64,
        is_taken: bool,
        now: Instant,
    ) -> Option<Option<String>> {
        let Some(waiting) = view.waiting() else {
            return std::mem::take(self).shown.is_some().then_some(None);
        };
        let waiting = waiting + more;
        if self.next.is_some_and(|next| now < next) || is_taken {
            return None;
        }
        self.next = Some(now + PACE);
        if self.shown.replace(waiting) == Some(waiting) {
            return None;
        }
        let text = match waiting {
            0 => "paused; Enter or /resume continues".to_owned(),
            1 => "paused, 1 line waits; Enter or /resume shows it".to_owned(),
            _ => format!("paused, {waiting} lines wait; Enter or /resume shows them"),
        };
        let text = cut(&text, terminal::width().saturating_sub(1));
        Some(Some(view.style().paint(Role::Warning, text).to_string()))
    }
}
