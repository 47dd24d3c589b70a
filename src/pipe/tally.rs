//! How many messages a pipe received, and how many of them counted.

use crate::event::CountMissed;

#[derive(Debug)]
pub(super) struct Tally {
    pub(super) received: u64,
    /// Those that passed the filter.
    pub(super) counted: u64,
    /// Of `--count`.
    wanted: Option<u64>,
}

impl Tally {
    pub(super) fn new(wanted: Option<u64>) -> Self {
        Self {
            received: 0,
            counted: 0,
            wanted,
        }
    }

    #[inline]
    pub(super) fn has_enough(&self) -> bool {
        self.wanted.is_some_and(|wanted| self.counted >= wanted)
    }

    /// Adds a message, which was printed or filtered out; returns whether it was the last that is wanted.
    #[inline]
    pub(super) fn add(&mut self, is_printed: bool) -> bool {
        self.received += 1;
        self.counted += u64::from(is_printed);
        self.wanted == Some(self.counted)
    }

    pub(super) fn missed(&self) -> Option<CountMissed> {
        let (expected, got) = (self.wanted?, self.counted);
        (got < expected).then_some(CountMissed { expected, got })
    }
}
