//! Failures of the same kind, which are shown once in a while: browsers ask for the same hosts again and again.

use std::collections::HashMap;
use std::time::{Duration, Instant};

/// What has been shown, by its text.
#[derive(Debug, Default)]
pub(super) struct Failures(HashMap<String, Shown>);

#[derive(Debug)]
struct Shown {
    at: Instant,
    /// How long others like it are not shown.
    pause: Duration,
    hidden: u64,
}

/// How many are remembered: more than the hosts of a page; a client can ask for any number.
const MOST: usize = 200;
/// How long others like the first one are not shown: it is still on the screen.
const FIRST_PAUSE: Duration = Duration::from_secs(10);
/// How long at most, so that whoever tries again later sees what happens.
const LONGEST_PAUSE: Duration = Duration::from_mins(10);

impl Failures {
    /// What to show of a failure; `None` if one like it has just been shown.
    pub(super) fn show(&mut self, text: &str, now: Instant) -> Option<String> {
        if let Some(shown) = self.0.get_mut(text) {
            if now.saturating_duration_since(shown.at) < shown.pause {
                shown.hidden += 1;
                return None;
            }
            shown.at = now;
            return Some(match std::mem::take(&mut shown.hidden) {
                0 => {
                    shown.pause = FIRST_PAUSE;
                    text.to_owned()
                }
                hidden => {
                    shown.pause = LONGEST_PAUSE.min(shown.pause * 2);
                    format!("{text} ({hidden} more of these were not shown)")
                }
            });
        }
        if self.0.len() >= MOST {
            self.0.clear();
        }
        let shown = Shown {
            at: now,
            pause: FIRST_PAUSE,
            hidden: 0,
        };
        self.0.insert(text.to_owned(), shown);
        Some(text.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_failure_is_shown_once_in_a_while_with_how_many_were_not() {
        let mut failures = Failures::default();
        let begin = Instant::now();
        let mut at = |seconds, text| failures.show(text, begin + Duration::from_secs(seconds));
        assert_eq!(at(0, "a").as_deref(), Some("a"));
        assert_eq!(at(1, "b").as_deref(), Some("b"));
        assert_eq!((at(1, "a"), at(9, "a")), (None, None));
        let summed_up = "a (2 more of these were not shown)";
        assert_eq!(at(10, "a").as_deref(), Some(summed_up));
        assert_eq!((at(20, "a"), at(29, "a")), (None, None));
        assert_eq!(at(31, "a").as_deref(), Some(summed_up));
        // Nothing was hidden since, so the next burst begins as the first one did.
        assert_eq!(at(100, "a").as_deref(), Some("a"));
        assert_eq!(at(109, "a"), None);
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let mut failures = Failures::default();
        let now = Instant::now();
        for number in 0..10 * MOST {
            failures.show(&number.to_string(), now);
        }
        assert!(failures.0.len() <= MOST);
    }
}
