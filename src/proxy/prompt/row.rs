//! The row above the prompt that says what is held, and for how long.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use crate::console::host;
use crate::observe::View;
use crate::proxy::desk::{self, Content, Desk};
use crate::render::width::cut;
use crate::render::{Role, Style, quantity};
use crate::term::terminal;

#[derive(Debug)]
pub(super) struct Held {
    desk: Desk,
    /// What it says now.
    shown: Option<String>,
    /// When it may change.
    next: Option<Instant>,
    /// The oldest message that is held, and how often the log has said so.
    reminded: Option<(u64, u32)>,
}

/// How often the row changes while something is held: it counts seconds.
const PACE: Duration = Duration::from_secs(1);
/// After how long the log says that a message is held, and then after twice as long each time: many servers and
/// clients give up after 30 or 60 s without an answer.
const REMINDER: Duration = Duration::from_secs(20);

impl host::Row for Held {
    fn update(&mut self, view: &mut View, now: Instant) -> bool {
        if let Some(reminder) = self.reminder(now) {
            view.print(Role::Warning, &reminder);
        }
        let text = self.text(now);
        let is_new = text != self.shown;
        self.shown = text;
        is_new
    }

    fn painted(&self, style: Style) -> Option<String> {
        let room = terminal::width().saturating_sub(1);
        let text = self.shown.as_deref()?;
        Some(style.paint(Role::Warning, cut(text, room)).to_string())
    }

    fn deadline(&self) -> Option<Instant> {
        self.next
    }
}

impl Held {
    pub(super) fn new(desk: Desk) -> Self {
        Self {
            desk,
            shown: None,
            next: None,
            reminded: None,
        }
    }

    fn text(&mut self, now: Instant) -> Option<String> {
        let stock = self.desk.stock();
        let stock = stock.lock();
        let Some((number, oldest)) = stock.first_key_value() else {
            self.next = None;
            return self
                .desk
                .is_holding()
                .then(|| "holding, and nothing waits; /hold off ends it".to_owned());
        };
        self.next = Some(now + PACE);
        let place = described(*number, oldest, now);
        let more = rest(stock.len() - 1, self.desk.all_behind());
        let edit = match oldest.content {
            Content::Message(..) => format!(", /edit {number}"),
            Content::Control(_) => String::new(),
        };
        Some(format!(
            "held: {place}{more}; /pass{edit}, /discard {number}"
        ))
    }

    /// A line for the log, if a message has been held for long.
    fn reminder(&mut self, now: Instant) -> Option<String> {
        let stock = self.desk.stock();
        let stock = stock.lock();
        let (number, oldest) = stock.first_key_value()?;
        let times = match self.reminded {
            Some((last, times)) if last == *number => times,
            _ => 0,
        };
        self.reminded = Some((*number, times));
        let due = REMINDER.saturating_mul(1 << times.min(16));
        if now.saturating_duration_since(oldest.since) < due {
            return None;
        }
        self.reminded = Some((*number, times + 1));
        let same =
            |held: &&desk::Held| held.connection == oldest.connection && held.side == oldest.side;
        let held = stock.values().filter(same).count() - 1;
        let behind = held + self.desk.behind(oldest.connection, oldest.side);
        let place = described(*number, oldest, now);
        Some(match behind {
            0 => format!("still held: {place}"),
            _ => format!(
                "still held: {place}, and {} behind it",
                quantity::plural(behind as u64, "message")
            ),
        })
    }
}

/// How many others are held, and how many wait without being held.
pub(super) fn rest(held: usize, behind: usize) -> String {
    let mut text = match held {
        0 => String::new(),
        more => format!(", and {more} more"),
    };
    if behind > 0 {
        let verb = if behind == 1 { "waits" } else { "wait" };
        let _ = write!(text, ", {behind} {verb} behind");
    }
    text
}

/// Which message it is, where it comes from, and for how long it is held.
pub(super) fn described(number: u64, held: &desk::Held, now: Instant) -> String {
    let waits = now.saturating_duration_since(held.since).as_secs();
    format!(
        "#{number} from the {} of @{} for {waits} s",
        held.side.name(),
        held.connection
    )
}
