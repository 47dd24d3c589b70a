//! Lines that wait for the end of a round.

use std::cell::RefCell;

use crate::term;

/// Lines about messages, which are written once for each round: a write for each would cost more than the message.
#[derive(Debug, Default)]
pub(super) struct Pending(RefCell<String>);

/// How many bytes of them wait at most.
const MOST_PENDING: usize = 64 << 10;

impl Pending {
    /// Adds what `write` appends.
    pub(super) fn add(&self, write: impl FnOnce(&mut String)) {
        let mut lines = self.0.borrow_mut();
        write(&mut lines);
        if lines.len() >= MOST_PENDING {
            drop(lines);
            self.write();
        }
    }

    pub(super) fn write(&self) {
        let lines = std::mem::take(&mut *self.0.borrow_mut());
        if !lines.is_empty() {
            term::stderr(&lines);
        }
    }
}

/// Each log has its own lines.
impl Clone for Pending {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        self.write();
    }
}
