//! A message in the words of the protocol on top, as its line on the screen has them.

use std::mem;
use std::ops::Range;
use std::rc::Rc;
use std::slice;

use serde_json::Value;

use crate::ontop::Seen;

/// Between the words of a line.
const GAP: &str = "   ";
/// Between several lines of one message.
const AND: &str = " ⋯ ";

/// What a protocol on top makes of a message; nothing of it is escaped yet.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Meaning {
    /// All words; empty for a part of a message.
    text: String,
    pieces: Vec<Piece>,
    has_line: bool,
}

/// One of the things that a message says.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Piece {
    /// Where its words are.
    label: Range<usize>,
    payload: Range<usize>,
    note: Range<usize>,
    value: Option<String>,
}

/// The words of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Words<'a> {
    pub label: &'a str,
    pub payload: &'a str,
    pub note: &'a str,
    /// What filters see of it, as JSON.
    pub value: Option<&'a str>,
}

impl Meaning {
    /// That of a message, of which a line is shown unless it only keeps the session alive; with `is_raw` in any case.
    pub fn of(seen: &[Rc<Seen>], is_raw: bool) -> Self {
        let mut meaning = Self {
            has_line: is_raw || seen.iter().any(|it| !it.is_keepalive),
            ..Self::default()
        };
        for seen in seen {
            meaning.add([&seen.label, &seen.payload, &seen.note], seen.value());
        }
        meaning
    }

    /// That of a message in a recording: the types of the objects `as`, and what they have besides it.
    pub fn recorded(objects: &Value) -> Self {
        let mut meaning = Self {
            has_line: true,
            ..Self::default()
        };
        let objects = objects
            .as_array()
            .map_or(slice::from_ref(objects), Vec::as_slice);
        for object in objects.iter().filter_map(Value::as_object) {
            let mut rest = object.clone();
            rest.shift_remove("protocol");
            let kind = rest.shift_remove("type");
            let label = kind.as_ref().and_then(Value::as_str).unwrap_or_default();
            let payload = Some(rest).filter(|it| !it.is_empty()).map(Value::from);
            let payload = payload.map(|it| it.to_string()).unwrap_or_default();
            meaning.add(
                [label, &payload, ""],
                Some(Value::from(object.clone()).to_string()),
            );
        }
        meaning
    }

    fn add(&mut self, words: [&str; 3], value: Option<String>) {
        if !self.text.is_empty() {
            self.text.push_str(AND);
        }
        let [label, payload, note] = words;
        let piece = Piece {
            label: self.say("", label),
            payload: self.say(GAP, payload),
            note: self.say(GAP, note),
            value,
        };
        self.pieces.push(piece);
    }

    fn say(&mut self, gap: &str, words: &str) -> Range<usize> {
        if !words.is_empty() {
            self.text.push_str(gap);
        }
        let start = self.text.len();
        self.text.push_str(words);
        start..self.text.len()
    }

    /// Everything on one line.
    pub fn text(&self) -> &str {
        &self.text
    }

    pub fn lines(&self) -> impl Iterator<Item = Words<'_>> {
        self.pieces.iter().map(|piece| Words {
            label: &self.text[piece.label.clone()],
            payload: &self.text[piece.payload.clone()],
            note: &self.text[piece.note.clone()],
            value: piece.value.as_deref(),
        })
    }

    pub fn values(&self) -> impl Iterator<Item = &str> {
        self.pieces.iter().filter_map(|it| it.value.as_deref())
    }

    /// Whether the screen had a line for the message.
    pub fn has_line(&self) -> bool {
        self.has_line
    }

    /// The memory that it takes, in bytes.
    pub(super) fn bytes(&self) -> usize {
        let values: usize = self.values().map(str::len).sum();
        let pieces = self.pieces.len() * mem::size_of::<Piece>();
        mem::size_of::<Self>() + self.text.len() + pieces + values
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn seen(label: &str, payload: &str, note: &str) -> Rc<Seen> {
        Rc::new(Seen {
            label: label.to_owned(),
            payload: payload.to_owned(),
            note: note.to_owned(),
            object: json!({}),
            print: (!payload.is_empty()).then(|| json!([payload])),
            is_keepalive: payload.is_empty(),
        })
    }

    #[test]
    fn a_message_has_the_words_of_its_lines() {
        let both = [seen("event \"a\"", "1", "ack wanted"), seen("ping", "", "")];
        let meaning = Meaning::of(&both, false);
        assert_eq!(meaning.text(), "event \"a\"   1   ack wanted ⋯ ping");
        let words: Vec<_> = meaning.lines().collect();
        assert_eq!(
            (words[0].label, words[0].payload, words[0].note),
            ("event \"a\"", "1", "ack wanted")
        );
        assert_eq!((words[1].label, words[1].note), ("ping", ""));
        assert_eq!(meaning.values().collect::<Vec<_>>(), ["[\"1\"]"]);
        assert!(meaning.has_line());
    }

    #[test]
    fn a_recorded_message_has_the_type_and_the_rest_of_its_objects() {
        let event = json!({"protocol": "socket.io", "type": "event", "event": ["price", 1]});
        let ping = json!({"protocol": "socket.io", "type": "ping"});
        let meaning = Meaning::recorded(&event);
        assert_eq!(meaning.text(), "event   {\"event\":[\"price\",1]}");
        assert_eq!(meaning.values().collect::<Vec<_>>(), [event.to_string()]);
        let both = Meaning::recorded(&json!([ping, event]));
        assert_eq!(both.text(), "ping ⋯ event   {\"event\":[\"price\",1]}");
        assert!(Meaning::recorded(&json!("x")).text().is_empty());
    }

    #[test]
    fn what_keeps_the_session_alive_and_parts_have_no_line() {
        assert!(!Meaning::of(&[seen("ping", "", "")], false).has_line());
        assert!(Meaning::of(&[seen("ping", "", "")], true).has_line());
        let part = Meaning::of(&[], false);
        assert!(!part.has_line() && part.text().is_empty());
    }
}
