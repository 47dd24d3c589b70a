//! Floods of messages, over all clients of a log.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Instant;

use crate::observe::{Pace, What};
use crate::render::Show;

/// Sums up the lines of all clients when there are too many of them; without a pace every line is shown.
#[derive(Debug, Default)]
pub(super) struct Floods {
    pace: Option<Rc<RefCell<Pace>>>,
    /// Lines of this client were summed up, so that it reports the flood, among others.
    is_part: bool,
}

impl Floods {
    pub(super) fn of_many() -> Self {
        Self {
            pace: Some(Rc::new(RefCell::new(Pace::of_many()))),
            is_part: false,
        }
    }

    /// Counts a line; returns whether it is not to be shown.
    pub(super) fn hide(&mut self, what: Option<What>, show: &Show, now: Instant) -> bool {
        let (Some(pace), Some(what)) = (&self.pace, what.filter(|it| it.is_shown(show))) else {
            return false;
        };
        let hides = pace.borrow_mut().hides(what, 0, now);
        self.is_part |= hides;
        hides
    }

    /// The lines that are due.
    pub(super) fn tick(&mut self, now: Instant) -> Vec<String> {
        let Some(pace) = self.pace.as_ref().filter(|_| self.is_part) else {
            return Vec::new();
        };
        let mut pace = pace.borrow_mut();
        let lines = pace.tick(now);
        self.is_part = pace.deadline().is_some();
        lines
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        let pace = self.pace.as_ref().filter(|_| self.is_part)?;
        pace.borrow().deadline()
    }

    /// Ends the flood, as one of its clients ends: the line that is left.
    pub(super) fn cut(&self) -> Option<String> {
        let pace = self.pace.as_ref().filter(|_| self.is_part)?;
        pace.borrow_mut().cut()
    }
}

/// Of another client of the same server.
impl Clone for Floods {
    fn clone(&self) -> Self {
        Self {
            pace: self.pace.clone(),
            is_part: false,
        }
    }
}
