//! Lines about what comes in numbers.

use std::time::{Duration, Instant};

/// Lines that come once a second at most, and count what came between.
#[derive(Debug, Default)]
pub(super) struct Sparse {
    /// A few messages are noted one by one.
    noted: u32,
    last: Option<Instant>,
    left_out: u64,
}

/// So many messages behind a held one are noted each, as a person can read that many lines.
const NOTED_EACH: u32 = 3;
/// How often those after them are noted.
pub(super) const NOTING: Duration = Duration::from_secs(1);

impl Sparse {
    /// Says, if a line is due, how many others it is about.
    pub(super) fn due(&mut self, now: Instant) -> Option<String> {
        let is_soon = |last: Instant| now.saturating_duration_since(last) < NOTING;
        if self.noted >= NOTED_EACH && self.last.is_some_and(is_soon) {
            self.left_out += 1;
            return None;
        }
        self.noted = self.noted.saturating_add(1);
        self.last = Some(now);
        Some(match std::mem::take(&mut self.left_out) {
            0 => String::new(),
            count => format!(" with {count} before it"),
        })
    }
}
