//! SIGINT that is for a program which had the terminal a moment ago.

use std::time::{Duration, Instant};

/// How long after the program's exit a SIGINT may still be one that was for it.
const LATE: Duration = Duration::from_millis(500);

/// Tells signals for the session from those for a program that it lends the terminal to.
#[derive(Debug, Default)]
pub struct LateInterrupt {
    until: Option<Instant>,
}

impl LateInterrupt {
    /// The program has given the terminal back.
    pub fn returned(&mut self, now: Instant) {
        self.until = Some(now + LATE);
    }

    /// Whether a SIGINT is for the program, which has the terminal if that `is_lent`.
    pub fn is_for_borrower(&self, is_lent: bool, now: Instant) -> bool {
        is_lent || self.until.is_some_and(|until| now < until)
    }
}
