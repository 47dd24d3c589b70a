//! Events that are not shown one by one.

use std::fmt::Write as _;
use std::ops::{Add, AddAssign};
use std::time::Duration;

use super::what::{NAMES, What};
use crate::render::quantity;

/// How many events there were.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Count {
    pub messages: u64,
    /// Control frames, and frames that are shown one by one.
    pub others: u64,
}

impl Count {
    pub(super) fn add(&mut self, what: What) {
        self.messages += u64::from(what.is_message);
        self.others += u64::from(!what.is_message);
    }

    pub fn total(self) -> u64 {
        self.messages + self.others
    }

    /// What all of them are.
    pub fn noun(self) -> &'static str {
        if self.others == 0 { "message" } else { "event" }
    }
}

impl AddAssign for Count {
    fn add_assign(&mut self, other: Self) {
        self.messages += other.messages;
        self.others += other.others;
    }
}

/// Events that were counted instead of shown.
#[derive(Debug, Default)]
pub(super) struct Tally {
    kinds: [u64; NAMES.len()],
    pub(super) count: Count,
    bytes: u64,
    /// The numbers of the first and of the last message.
    numbers: Option<(u64, u64)>,
}

impl Tally {
    pub(super) fn add(&mut self, what: What, number: u64) {
        self.kinds[what.kind] += 1;
        self.count.add(what);
        self.bytes += what.bytes as u64;
        if what.is_message && number > 0 {
            let first = self.numbers.map_or(number, |(first, _)| first);
            self.numbers = Some((first, number));
        }
    }

    /// Counts by kind, as in `← text 1000, → text 2`.
    pub(super) fn kinds(&self) -> String {
        let mut text = String::new();
        for (name, count) in NAMES.iter().zip(self.kinds) {
            if count > 0 {
                let comma = if text.is_empty() { "" } else { ", " };
                let _ = write!(text, "{comma}{name} {count}");
            }
        }
        text
    }

    pub(super) fn numbers(&self) -> String {
        match self.numbers {
            None => String::new(),
            Some((first, last)) if first == last => format!(" #{first}"),
            Some((first, last)) => format!(" #{first} to #{last}"),
        }
    }

    pub(super) fn line(&self, within: Duration) -> String {
        let millis = u64::try_from(within.as_millis()).unwrap_or(u64::MAX).max(1);
        let rate = |count: u64| count.saturating_mul(1000) / millis;
        format!(
            "…{} {}: {}/s, {}/s",
            self.numbers(),
            self.kinds(),
            rate(self.count.total()),
            quantity::size(rate(self.bytes))
        )
    }
}

/// Events that wait while the view is paused.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Waiting {
    pub count: Count,
    /// They are more than a screen, and will be summed up.
    pub is_long: bool,
}

impl Add for Waiting {
    type Output = Self;

    fn add(mut self, other: Self) -> Self {
        self.count += other.count;
        self.is_long |= other.is_long;
        self
    }
}
