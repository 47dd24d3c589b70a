//! The messages that a step has seen, for the report of its failure.

use std::time::Instant;

use super::inbox::Message;
use super::result::{Closest, Shown};
use crate::matching::Miss;
use crate::matching::Values;
use crate::proto::message::Kind;
use crate::render::escape::escape_line;

/// Messages that did not match; a report shows a limited part of them.
#[derive(Debug)]
pub(super) struct Log {
    since: Instant,
    pub(super) shown: Vec<Shown>,
    pub(super) more: u64,
    closest: Option<(u32, Closest)>,
    /// In bytes, what may still be shown.
    room: usize,
}

/// Limit for all messages of a report together, in bytes: about a screen.
const SHOWN: usize = 4 << 10;
const SHOWN_OF_ONE: usize = 1 << 10;
/// The beginning of a message that a step waited for, in bytes: every step may have one.
pub(super) const SHOWN_OF_MATCH: usize = 200;
/// Room for the time, kind and size in front of each message, in bytes.
const PREFIX: usize = 32;

impl Log {
    /// Times are shown relative to `since`.
    pub(super) fn new(since: Instant) -> Self {
        Self {
            since,
            shown: Vec::new(),
            more: 0,
            closest: None,
            room: SHOWN,
        }
    }

    pub(super) fn add(&mut self, message: &Message, miss: &Miss, values: &Values<'_>) {
        let is_closer = match &self.closest {
            None => miss.score > 0,
            // Of two equally close messages the later one is shown.
            Some((score, _)) => miss.score >= *score,
        };
        if is_closer {
            let message = self.show(message, SHOWN_OF_ONE, values);
            let difference = miss.difference.iter();
            let difference = difference.map(|line| safe(line, values)).collect();
            let closest = Closest {
                message,
                difference,
            };
            self.closest = Some((miss.score, closest));
        }
        if self.room < 2 * PREFIX {
            self.more += 1;
            return;
        }
        let room = (self.room - PREFIX).min(SHOWN_OF_ONE);
        let shown = self.show(message, room, values);
        self.room = self.room.saturating_sub(PREFIX + shown.payload.len());
        self.shown.push(shown);
    }

    pub(super) fn into_closest(self) -> (Vec<Shown>, u64, Option<Closest>) {
        (self.shown, self.more, self.closest.map(|(_, it)| it))
    }

    fn show(&self, message: &Message, room: usize, values: &Values<'_>) -> Shown {
        Shown {
            after: message.at.saturating_duration_since(self.since),
            kind: message.kind.to_string(),
            size: message.payload.len(),
            payload: preview(message, room, values),
        }
    }
}

/// The beginning of a message, masked and escaped.
pub(super) fn preview(message: &Message, room: usize, values: &Values<'_>) -> String {
    let payload = &message.payload;
    let text = match message.kind {
        Kind::Text => {
            // Cut after masking, as half a secret would not be masked.
            let start = &payload[..payload.len().min(2 * SHOWN)];
            safe(&String::from_utf8_lossy(start), values)
        }
        Kind::Binary => crate::scenario::format::hex(&payload[..payload.len().min(room / 3)]),
    };
    let end = text.floor_char_boundary(room.min(text.len()));
    let is_whole = end == text.len()
        && match message.kind {
            Kind::Text => payload.len() <= 2 * SHOWN,
            Kind::Binary => payload.len() <= room / 3,
        };
    if is_whole {
        text
    } else {
        format!("{}…", &text[..end])
    }
}

/// Masks secrets in a text and escapes it for one line.
pub(super) fn safe(text: &str, values: &Values<'_>) -> String {
    escape_line(values.mask(text).as_ref()).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runner::Given;

    fn message(text: &str) -> Message {
        Message {
            at: Instant::now(),
            kind: Kind::Text,
            payload: text.as_bytes().to_vec(),
            on_top: Vec::new(),
            values: Vec::new(),
        }
    }

    fn miss(score: u32) -> Miss {
        Miss {
            score,
            difference: vec!["\x1b".to_owned()],
        }
    }

    #[test]
    fn all_messages_together_are_limited() {
        let given = Given::default();
        let values = Values::new(&given, jiff::Timestamp::UNIX_EPOCH);
        let mut log = Log::new(Instant::now());
        for _ in 0..1_000 {
            log.add(&message(&"é".repeat(2_000)), &miss(0), &values);
        }
        let shown: usize = log.shown.iter().map(|shown| shown.payload.len()).sum();
        assert!(shown <= SHOWN + 100, "{shown}");
        assert_eq!(log.shown.len() as u64 + log.more, 1_000);
        assert!(log.shown[0].payload.ends_with('…'));
    }

    #[test]
    fn shown_messages_cannot_control_a_terminal() {
        let given = Given::default();
        let values = Values::new(&given, jiff::Timestamp::UNIX_EPOCH);
        let mut log = Log::new(Instant::now());
        log.add(&message("\x1b[2J\n::error::x"), &miss(1), &values);
        assert_eq!(log.shown[0].payload, "\\x1b[2J\\n::error::x");
        let (_, _, closest) = log.into_closest();
        assert_eq!(closest.unwrap().difference, ["\\x1b"]);
    }

    #[test]
    fn the_closest_is_the_one_with_the_highest_score() {
        let given = Given::default();
        let values = Values::new(&given, jiff::Timestamp::UNIX_EPOCH);
        let mut log = Log::new(Instant::now());
        for (text, score) in [("a", 0), ("b", 7), ("c", 7), ("d", 2)] {
            log.add(&message(text), &miss(score), &values);
        }
        let (_, _, closest) = log.into_closest();
        assert_eq!(closest.unwrap().message.payload, "c");
    }
}
