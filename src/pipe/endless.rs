//! A run whose input is over, while the server keeps sending.

use std::time::{Duration, Instant};

use super::Options;

/// Longer than the default of `--wait`, after which a silent run has ended.
const LONG: Duration = Duration::from_secs(5);

#[derive(Debug)]
pub(super) struct Endless {
    /// `None` once it was said, or if the user chose how the run ends.
    note: Option<&'static str>,
    /// When the input was over, and how many messages had come by then.
    since: Option<(Instant, u64)>,
}

impl Endless {
    pub(super) fn new(options: &Options) -> Self {
        let ends = options.wait.is_none() || options.count.is_some() || options.max_time.is_some();
        let note = match options.play {
            Some(_) => "still receiving; -m TIME or Ctrl-C ends the run",
            None => "still receiving; -n N, -m TIME or Ctrl-C ends the run",
        };
        Self {
            note: (!ends).then_some(note),
            since: None,
        }
    }

    /// What to say, if anything, after the input is over; a single late reply is nothing to mention.
    pub(super) fn note(&mut self, received: u64, now: Instant) -> Option<&'static str> {
        self.note?;
        let (start, before) = *self.since.get_or_insert((now, received));
        if now < start + LONG || received < before + 2 {
            return None;
        }
        self.note.take()
    }
}
