//! `/pause`: the view is frozen while messages are received and kept.

use std::time::{Duration, Instant};

use crate::observe::{View, Waiting};
use crate::render::width::cut;
use crate::render::{Role, Style};
use crate::term::terminal;

/// The row above the prompt that says how much waits.
#[derive(Debug, Default)]
pub struct PauseRow {
    /// What it says now.
    shown: Option<Waiting>,
    /// When it may change.
    next: Option<Instant>,
}

/// How often the row is drawn: seldom enough for a slow terminal.
const PACE: Duration = Duration::from_millis(250);

impl PauseRow {
    /// When the row has to be drawn again, if it is.
    pub fn deadline(&self) -> Option<Instant> {
        self.next
    }

    /// Whether something is paused.
    pub fn is_on(&self) -> bool {
        self.next.is_some()
    }

    /// Pauses the view.
    pub fn pause(&mut self, view: &mut View, now: Instant) {
        if !view.pause(false) {
            view.print(Role::Fact, "the view is paused; /resume or Enter continues");
        }
        self.next = Some(now);
    }

    /// What becomes of the row, if it changes: another text, or none. Nothing is `waiting` if nothing is paused; while
    /// the row `is_taken` by something else it stays as it is.
    pub fn row(
        &mut self,
        waiting: Option<Waiting>,
        style: Style,
        is_taken: bool,
        now: Instant,
    ) -> Option<Option<String>> {
        let Some(waiting) = waiting else {
            return std::mem::take(self).shown.is_some().then_some(None);
        };
        if self.next.is_some_and(|next| now < next) || is_taken {
            return None;
        }
        self.next = Some(now + PACE);
        if self.shown.replace(waiting) == Some(waiting) {
            return None;
        }
        let row = text(waiting);
        let row = cut(&row, terminal::width().saturating_sub(1));
        Some(Some(style.paint(Role::Warning, row).to_string()))
    }
}

fn text(waiting: Waiting) -> String {
    let noun = waiting.count.noun();
    let (events, it) = match waiting.count.total() {
        0 => return "paused; Enter or /resume continues".to_owned(),
        1 => (format!("1 {noun} waits"), "it"),
        total => (format!("{total} {noun}s wait"), "them"),
    };
    if waiting.is_long {
        format!("paused, {events}; Enter or /resume sums {it} up, /last shows {it}")
    } else {
        format!("paused, {events}; Enter or /resume shows {it}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observe::Count;

    #[test]
    fn the_row_says_what_becomes_of_what_waits_and_fits_a_small_terminal() {
        let shows = "paused, 1 message waits; Enter or /resume shows it";
        let both = "paused, 9 events wait; Enter or /resume shows them";
        let sums = "paused, 12345 messages wait; Enter or /resume sums them up, /last shows them";
        for (messages, others, is_long, expected) in [
            (0, 0, false, "paused; Enter or /resume continues"),
            (1, 0, false, shows),
            (8, 1, false, both),
            (12_345, 0, true, sums),
        ] {
            let count = Count { messages, others };
            let text = text(Waiting { count, is_long });
            assert_eq!(text, expected);
            assert!(text.len() < 80, "{text}");
        }
    }
}
