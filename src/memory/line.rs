//! A message on one line: number, time, direction, kind, size, and the start or the matching part of its payload.

use std::ops::Range;

use super::{Entry, Meaning, Part};
use crate::event::Direction;
use crate::proto::message::Kind;
use crate::render::clock::Clock;
use crate::render::escape::escape_line;
use crate::render::form::glance;
use crate::render::quantity;
use crate::render::width::{cut, width};
use crate::render::{Decode, Label, Role, Style};

/// The columns of an output that is not a terminal.
const COLUMNS: usize = 100;
/// Between the head of a line and the payload.
const GAP: &str = "   ";
/// Bytes of a payload before the matching part, so that one sees where it is.
const BEFORE: usize = 24;
/// Bytes after it that are looked at: a row of the widest terminals.
const AFTER: usize = 512;

/// What a line needs to know besides its message.
#[derive(Debug, Clone)]
pub struct Lines {
    /// The name of the first connection, once there are several.
    pub first: Option<Label>,
    pub clock: Clock,
    pub style: Style,
    pub decode: Decode,
}

impl Lines {
    /// The line without a newline; it fits into the columns of the style.
    pub fn line(&self, entry: &Entry, part: Option<&Part>) -> String {
        let style = self.style;
        let number = style.paint(Role::Fact, format!("#{}", entry.number));
        // That a message of a protocol is text or binary says nothing.
        let has_kind = entry.meaning().is_none();
        let head = format!("{number} {}", self.start(entry, has_kind));
        let columns = style.columns().unwrap_or(COLUMNS);
        let room = columns.saturating_sub(width(&head) + GAP.len());
        if room == 0 {
            return head;
        }
        let payload = self.payload(entry, part, room);
        format!("{head}{GAP}{payload}")
    }

    /// Time, connection if there are several, direction, kind, size, and what became of it.
    pub fn head(&self, entry: &Entry) -> String {
        self.start(entry, true)
    }

    fn start(&self, entry: &Entry, has_kind: bool) -> String {
        let style = self.style;
        let time = style.paint(Role::Fact, self.clock.time_of(entry.time));
        let (role, arrow) = match entry.direction {
            Direction::Sent => (Role::Sent, '→'),
            Direction::Received => (Role::Received, '←'),
        };
        let arrow = style.paint(role, arrow);
        let kind = has_kind.then(|| format!("{} ", style.paint(Role::Kind, entry.kind)));
        let kind = kind.unwrap_or_default();
        let size = quantity::size(entry.payload.len() as u64);
        let label = entry.label.as_ref().or(self.first.as_ref());
        let label = label.map(|label| label.painted(style) + " ");
        let label = label.unwrap_or_default();
        let fate = entry.fate.map(|fate| format!(", {fate}"));
        let fate = fate.map(|fate| style.paint(Role::Warning, fate).to_string());
        let fate = fate.unwrap_or_default();
        format!("{time} {label}{arrow} {kind}{size}{fate}")
    }

    fn payload(&self, entry: &Entry, part: Option<&Part>, room: usize) -> String {
        match part {
            Some(Part::Bytes(range)) if !range.is_empty() => self.window(entry, range, room),
            Some(Part::Output(text)) => {
                let shown = cut(&escape_line(text), room).into_owned();
                self.style.paint(Role::Match, shown).to_string()
            }
            _ => {
                let shown = match entry.meaning() {
                    Some(meaning) if entry.has_line() => return self.words(meaning, room),
                    Some(meaning) => {
                        glance(Kind::Text, meaning.text().as_bytes(), self.decode, room)
                    }
                    None => glance(entry.kind, &entry.payload, self.decode, room),
                };
                if entry.has_line() {
                    return shown;
                }
                self.style.paint(Role::Fact, shown).to_string()
            }
        }
    }

    /// The start of what a protocol on top says, after the kind of its message.
    fn words(&self, meaning: &Meaning, room: usize) -> String {
        let label = meaning.lines().next().map_or("", |words| words.label);
        let rest = &meaning.text().as_bytes()[label.len()..];
        let label = glance(Kind::Text, label.as_bytes(), self.decode, room);
        let left = room.saturating_sub(width(&label));
        let rest = (left > 0).then(|| glance(Kind::Text, rest, self.decode, left));
        let label = self.style.paint(Role::Kind, label);
        format!("{label}{}", rest.unwrap_or_default())
    }

    /// The matching part with what is around it.
    fn window(&self, entry: &Entry, range: &Range<usize>, room: usize) -> String {
        let payload = entry.text();
        let is_inside = |at: usize| payload.get(at).is_some_and(|byte| byte & 0xc0 == 0x80);
        let mut start = range.start.saturating_sub(BEFORE.min(room / 4));
        while is_inside(start) && start < range.start {
            start += 1;
        }
        let mut end = payload.len().min(range.end.saturating_add(AFTER));
        while is_inside(end) {
            end -= 1;
        }
        let before = escape_line(&payload[start..range.start]);
        let before = if start > 0 {
            format!("…{before}")
        } else {
            before.into_owned()
        };
        let before = cut(&before, room).into_owned();
        let left = room.saturating_sub(width(&before));
        // More than fits need not be escaped.
        let found = &payload[range.start..range.end.min(range.start + AFTER)];
        let found = cut(&escape_line(found), left).into_owned();
        let left = left.saturating_sub(width(&found));
        let after = if left > 0 {
            cut(&escape_line(&payload[range.end.min(end)..end]), left).into_owned()
        } else {
            String::new()
        };
        format!("{before}{}{after}", self.style.paint(Role::Match, found))
    }
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;
    use std::time::Instant;

    use jiff::Timestamp;

    use super::*;
    use crate::ontop::Seen;

    fn lines(columns: usize) -> Lines {
        let time = "2026-11-20T12:01:02.123Z".parse().unwrap();
        Lines {
            first: None,
            clock: Clock::new(Instant::now(), time).in_utc(),
            style: Style::PLAIN.within(columns),
            decode: Decode::Auto,
        }
    }

    fn entry(payload: &str) -> Entry {
        let time: Timestamp = "2026-11-20T12:01:02.123Z".parse().unwrap();
        Entry {
            time,
            direction: Direction::Received,
            ..Entry::of(12, Kind::Text, payload.as_bytes())
        }
    }

    #[test]
    fn a_line_fits_and_shows_the_match() {
        let short = entry("hello\x1b world");
        assert_eq!(
            lines(80).line(&short, None),
            "#12 12:01:02.123 ← text 12 B   hello\\x1b world"
        );
        let fate = Some(crate::memory::Fate::LeftAs(14));
        let replaced = Entry { fate, ..short };
        assert_eq!(
            lines(80).line(&replaced, None),
            "#12 12:01:02.123 ← text 12 B, left as #14   hello\\x1b world"
        );
        let long = entry(&format!("{}needle{}", "é".repeat(200), "b".repeat(2000)));
        let at = long.payload.len() - 2006;
        for columns in [40, 80, 200] {
            let line = lines(columns).line(&long, Some(&Part::Bytes(at..at + 6)));
            assert!(width(&line) <= columns, "{line}");
            assert!(columns < 80 || line.contains("éneedleb"), "{line}");
        }
    }

    #[test]
    fn a_message_of_a_protocol_has_its_words() {
        let seen = Seen {
            label: "event \"price\"".to_owned(),
            payload: "{\"s\":\"EURUSD\"}".to_owned(),
            note: "ack wanted".to_owned(),
            object: serde_json::Value::Null,
            print: None,
            is_keepalive: false,
        };
        let meaning = Meaning::of(&[Rc::new(seen)], false);
        let entry = Entry {
            meaning: Some(Box::new(meaning)),
            ..entry("427[\"price\",{\"s\":\"EURUSD\"}]")
        };
        assert_eq!(
            lines(80).line(&entry, None),
            "#12 12:01:02.123 ← 27 B   event \"price\"   {\"s\":\"EURUSD\"}   ack wanted"
        );
        assert_eq!(
            lines(50).line(&entry, Some(&Part::Bytes(22..28))),
            "#12 12:01:02.123 ← 27 B   …{\"s\":\"EURUSD\"}   ack w…"
        );
        for columns in 20..90 {
            let line = lines(columns).line(&entry, None);
            assert!(width(&line) <= columns.max(24), "{line}");
        }
    }
}
