//! When messages come faster than anybody reads, or the view is paused: they are counted instead of shown.

mod tally;
mod what;

use std::time::{Duration, Instant};

use self::tally::Tally;
pub use self::tally::{Count, Waiting};
pub use self::what::What;
use self::what::{NAMES, PING_SENT, PONG_RECEIVED, PONG_SENT};
use crate::render::quantity;

/// Events in a second above which they are summed up: a person reads a few, and follows some tens.
const MOST: u64 = 200;
/// Events of a burst that are shown of many connections at most: to write a line costs more than to echo a message.
const MOST_OF_MANY: u64 = 2_000;
const SECOND: Duration = Duration::from_secs(1);

/// Decides which lines are shown.
#[derive(Debug)]
pub struct Pace {
    /// Only a prompt collapses floods and can be paused.
    pub(super) is_on: bool,
    /// Events of a burst that are shown.
    burst: u64,
    /// Where the events are that are summed up.
    advice: &'static str,
    /// The start of the current second, and the events in it.
    window: Option<(Instant, Count)>,
    /// Reading had to wait for the terminal in that second.
    is_held_up: bool,
    flood: Option<Flood>,
    pause: Option<Pause>,
    /// Messages that are shown now are what the user does.
    pub(super) is_answering: bool,
}

#[derive(Debug)]
struct Flood {
    /// The limit that it is above, in events a second, and what they are.
    most: (u64, &'static str),
    since: Instant,
    /// When the last line about it was written.
    line: Instant,
    tally: Tally,
    /// Before the last line.
    count: Count,
}

#[derive(Debug)]
struct Pause {
    /// The terminal is used for something else, and the view resumes by itself after that.
    is_lent: bool,
    /// The lines that wait, as long as they fit on the screen.
    text: String,
    is_long: bool,
    tally: Tally,
    /// Events by kind that the user has asked for, and that are shown nevertheless.
    awaited: [u64; NAMES.len()],
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            is_on: false,
            burst: u64::MAX,
            advice: "/last, /find and /view show them, /pause stops",
            window: None,
            is_held_up: false,
            flood: None,
            pause: None,
            is_answering: false,
        }
    }
}

impl Pace {
    /// For the log of a server, whose messages have no numbers: 0 is to be given for each.
    pub fn of_many() -> Self {
        Self {
            burst: MOST_OF_MANY,
            advice: "-v shows them, --jsonl and --record keep every message",
            ..Self::default()
        }
    }

    /// Counts an event; returns whether it is not to be shown.
    pub fn hides(&mut self, what: What, number: u64, now: Instant) -> bool {
        if let Some(pause) = &mut self.pause {
            pause.tally.add(what, number);
            return pause.is_long;
        }
        self.count(what, now);
        let Some(flood) = &mut self.flood else {
            return false;
        };
        flood.tally.add(what, number);
        true
    }

    /// A flood begins when a whole second had too many events.
    fn count(&mut self, what: What, now: Instant) {
        if let Some((start, count)) = &mut self.window {
            let passed = now.saturating_duration_since(*start);
            if passed < SECOND {
                count.add(what);
                if count.total() > self.burst {
                    let noun = count.noun();
                    self.begin_flood((self.burst, noun), now);
                }
                return;
            }
            // Without a word from the peer it was a burst, unless it was our own output that held the reading up.
            if count.total() > MOST && (passed < 2 * SECOND || self.is_held_up) {
                let noun = count.noun();
                self.begin_flood((MOST, noun), now);
            }
        }
        let mut count = Count::default();
        count.add(what);
        self.window = Some((now, count));
        self.is_held_up = false;
    }

    /// So much waits to be shown that nothing more is read.
    pub(super) fn hold_up(&mut self) {
        self.is_held_up = true;
    }

    fn begin_flood(&mut self, most: (u64, &'static str), now: Instant) {
        self.flood.get_or_insert_with(|| Flood {
            most,
            since: now,
            // The first line follows at once, and explains.
            line: now.checked_sub(SECOND).unwrap_or(now),
            tally: Tally::default(),
            count: Count::default(),
        });
    }

    /// The user sends a ping or a pong, of which the line comes later, as does that of the answer.
    pub(super) fn await_control(&mut self, is_ping: bool) {
        if let Some(pause) = &mut self.pause {
            let kinds: &[usize] = if is_ping {
                &[PING_SENT, PONG_RECEIVED]
            } else {
                &[PONG_SENT]
            };
            for kind in kinds {
                pause.awaited[*kind] += 1;
            }
        }
    }

    /// Whether an event is shown although the view is paused: the user would wonder what became of a command.
    pub(super) fn passes(&mut self, what: What) -> bool {
        let Some(pause) = &mut self.pause else {
            return false;
        };
        let awaited = &mut pause.awaited[what.kind];
        if *awaited > 0 {
            *awaited -= 1;
            return true;
        }
        self.is_answering && what.is_message
    }

    pub(super) fn holds(&self) -> bool {
        self.pause.is_some()
    }

    /// Keeps the text of an event that waits for the end of the pause, unless there is more than fits into `rows`.
    pub(super) fn hold(&mut self, text: &str, rows: usize) {
        if let Some(pause) = &mut self.pause
            && !pause.is_long
        {
            pause.text.push_str(text);
            pause.is_long = pause.text.lines().count() >= rows;
            if pause.is_long {
                pause.text = String::new();
            }
        }
    }

    /// What is due: the line about a flood, and its end.
    pub fn tick(&mut self, now: Instant) -> Vec<String> {
        if self.flood.as_ref().is_none_or(|it| now < it.line + SECOND) {
            return Vec::new();
        }
        if self.holds() {
            return self.cut().into_iter().collect();
        }
        let Some(flood) = &mut self.flood else {
            return Vec::new();
        };
        if flood.line < flood.since {
            flood.line = flood.since;
            let (most, noun) = flood.most;
            return vec![format!(
                "* more than {most} {noun}s a second: from here on they are summed up; {}",
                self.advice
            )];
        }
        let total = flood.tally.count.total();
        let line = flood.tally.line(now.saturating_duration_since(flood.line));
        let line = (total > 0).then_some(line);
        flood.line = now;
        flood.count += std::mem::take(&mut flood.tally).count;
        let over = (total <= MOST).then(|| self.end_of_flood(now)).flatten();
        line.into_iter().chain(over).collect()
    }

    fn end_of_flood(&mut self, now: Instant) -> Option<String> {
        self.window = None;
        let flood = self.flood.take()?;
        let took = quantity::duration(now.saturating_duration_since(flood.since));
        let (noun, total) = (flood.count.noun(), flood.count.total());
        Some(format!(
            "* every {noun} is shown again; {total} in {took} were summed up"
        ))
    }

    /// Ends a flood, as its connection ends: what is not reported yet.
    pub fn cut(&mut self) -> Option<String> {
        self.window = None;
        let flood = self.flood.take()?;
        let (numbers, kinds) = (flood.tally.numbers(), flood.tally.kinds());
        (flood.tally.count.total() > 0).then(|| format!("…{numbers} {kinds}"))
    }

    pub fn deadline(&self) -> Option<Instant> {
        self.flood.as_ref().map(|flood| flood.line + SECOND)
    }

    /// Pauses the view; `false` if it was paused already.
    pub(super) fn pause(&mut self, is_lent: bool) -> bool {
        if let Some(pause) = &mut self.pause {
            // Who pauses a view that the full screen covers wants it to stay so.
            pause.is_lent &= is_lent;
            return false;
        }
        self.pause = Some(Pause {
            is_lent,
            text: String::new(),
            is_long: false,
            tally: Tally::default(),
            awaited: [0; NAMES.len()],
        });
        true
    }

    /// The events that wait while the user has paused the view.
    pub(super) fn waiting(&self) -> Option<Waiting> {
        let pause = self.pause.as_ref().filter(|pause| !pause.is_lent)?;
        Some(Waiting {
            count: pause.tally.count,
            is_long: pause.is_long,
        })
    }

    /// Ends a pause; with `is_returned` only one for a terminal that was lent.
    pub(super) fn resume(&mut self, is_returned: bool) -> Option<Resumed> {
        let pause = self.pause.take_if(|it| !is_returned || it.is_lent)?;
        self.window = None;
        if !pause.is_long {
            return Some(Resumed::Lines(pause.text));
        }
        let (kinds, numbers) = (pause.tally.kinds(), pause.tally.numbers());
        Some(Resumed::Summary(format!(
            "…{numbers} {kinds} while the view was paused; /last, /find and /view show them"
        )))
    }
}

/// What waited.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Resumed {
    Lines(String),
    Summary(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: What = What {
        kind: 0,
        bytes: 10,
        is_message: true,
    };

    /// Messages `every` so often for a while; the lines about them, and how many were shown.
    fn passed(pace: &mut Pace, start: Instant, every: Duration, count: u64) -> (Vec<String>, u64) {
        let (mut lines, mut shown) = (Vec::new(), 0);
        for number in 1..=count {
            let now = start + every * u32::try_from(number).unwrap();
            shown += u64::from(!pace.hides(TEXT, number, now));
            lines.extend(pace.tick(now));
        }
        (lines, shown)
    }

    #[test]
    fn a_flood_becomes_a_line_a_second_and_ends() {
        let (mut pace, start) = (Pace::default(), Instant::now());
        let (lines, shown) = passed(&mut pace, start, Duration::from_millis(1), 4500);
        assert_eq!(shown, 1000);
        assert_eq!(lines.len(), 4, "{lines:?}");
        assert!(
            lines[0].starts_with("* more than 200 messages a second"),
            "{}",
            lines[0]
        );
        let line = "… #1001 to #2001 ← text 1001: 1001/s, 9.8 KiB/s";
        assert_eq!(lines[1], line);
        assert!(pace.deadline().is_some());
        let end = pace.tick(start + Duration::from_secs(9));
        assert_eq!(end.len(), 1, "{end:?}");
        let end = pace.tick(start + Duration::from_secs(10));
        let over = "* every message is shown again; 3500 in ";
        assert!(end.len() == 1 && end[0].starts_with(over), "{end:?}");
        assert_eq!(pace.deadline(), None);
        assert!(!pace.hides(TEXT, 1, start + Duration::from_secs(11)));
    }

    #[test]
    fn of_many_connections_a_burst_is_summed_up_as_well() {
        let (mut pace, start) = (Pace::of_many(), Instant::now());
        let (lines, shown) = passed(&mut pace, start, Duration::from_nanos(1), 10_000);
        assert_eq!((lines.len(), shown), (1, MOST_OF_MANY));
        assert!(lines[0].starts_with("* more than 2000 messages a second: "));
        assert!(lines[0].ends_with("-v shows them, --jsonl and --record keep every message"));
        assert_eq!(pace.cut().as_deref(), Some("… #2001 to #10000 ← text 8000"));
        assert!(!pace.hides(TEXT, 0, start + SECOND));
    }

    #[test]
    fn a_pause_ends_a_flood_with_what_was_not_reported() {
        let (mut pace, start) = (Pace::default(), Instant::now());
        passed(&mut pace, start, Duration::from_millis(1), 2500);
        assert!(pace.pause(false));
        pace.hides(TEXT, 2501, start + Duration::from_millis(2501));
        let lines = pace.tick(start + Duration::from_secs(4));
        assert_eq!(lines, ["… #2002 to #2500 ← text 499"]);
        assert_eq!(pace.deadline(), None);
        assert_eq!(pace.waiting().map(|it| it.count.total()), Some(1));
    }

    #[test]
    fn a_burst_is_no_flood() {
        let (mut pace, start) = (Pace::default(), Instant::now());
        let (lines, shown) = passed(&mut pace, start, Duration::from_micros(1), 100_000);
        assert_eq!((lines.len(), shown), (0, 100_000));
        let later = start + Duration::from_secs(5);
        let (lines, shown) = passed(&mut pace, later, Duration::from_millis(6), 1000);
        assert_eq!((lines.len(), shown), (0, 1000));
    }

    #[test]
    fn a_terminal_that_is_too_slow_does_not_make_a_burst_of_a_flood() {
        let (mut pace, start) = (Pace::default(), Instant::now());
        passed(&mut pace, start, Duration::from_micros(1), 1000);
        pace.hold_up();
        let later = start + Duration::from_secs(5);
        assert!(pace.hides(TEXT, 1001, later));
    }

    #[test]
    fn what_the_user_does_passes_a_pause_and_the_rest_waits() {
        let sent = What { kind: 1, ..TEXT };
        let control = |kind| What {
            kind,
            bytes: 0,
            is_message: false,
        };
        let mut pace = Pace {
            is_answering: true,
            ..Pace::default()
        };
        assert!(!pace.passes(sent));
        pace.pause(false);
        assert!(pace.passes(sent) && pace.passes(TEXT) && !pace.passes(control(PONG_RECEIVED)));
        pace.await_control(true);
        pace.is_answering = false;
        assert!(!pace.passes(sent) && !pace.passes(TEXT) && !pace.passes(control(PONG_SENT)));
        for kind in [PING_SENT, PONG_RECEIVED] {
            assert!(pace.passes(control(kind)) && !pace.passes(control(kind)));
        }
    }

    #[test]
    fn a_pause_keeps_a_screen_of_lines_and_counts_more() {
        let (mut pace, now) = (Pace::default(), Instant::now());
        assert!(pace.pause(false));
        assert!(!pace.pause(true));
        let show = |pace: &mut Pace, number| {
            if !pace.hides(TEXT, number, now) {
                pace.hold("line\n", 3);
            }
        };
        (1..=2).for_each(|number| show(&mut pace, number));
        assert_eq!(pace.resume(true), None);
        let (messages, others, is_long) = (2, 0, false);
        let count = Count { messages, others };
        assert_eq!(pace.waiting(), Some(Waiting { count, is_long }));
        let lines = Resumed::Lines("line\nline\n".to_owned());
        assert_eq!(pace.resume(false), Some(lines));
        pace.pause(true);
        (3..=100).for_each(|number| show(&mut pace, number));
        assert_eq!(pace.waiting(), None);
        let Some(Resumed::Summary(text)) = pace.resume(true) else {
            panic!("no summary");
        };
        assert!(text.starts_with("… #3 to #100 ← text 98 while"), "{text}");
    }
}
