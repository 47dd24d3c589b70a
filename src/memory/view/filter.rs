//! Which messages the list has: by connection, direction, kind, size, text or value.

use crate::command::Pattern;
use crate::event::Direction;
use crate::memory::{Entry, MemoryError, Query};
use crate::proto::message::Kind;
use crate::render::Label;
use crate::size::{self, SizeError};

#[derive(Debug, Default)]
pub(super) struct Filter {
    pub(super) source: String,
    /// Any of them; without one, all.
    connections: Vec<Connection>,
    direction: Option<Direction>,
    kind: Option<Kind>,
    at_least: Option<u64>,
    at_most: Option<u64>,
    query: Option<Query>,
}

#[derive(Debug)]
struct Connection {
    /// Without the `@` in front of it.
    name: String,
    /// Its messages have no label.
    is_first: bool,
}

/// The names of connections, by which messages are distinguished.
#[derive(Debug, Clone, Copy)]
pub(super) struct Labels<'a> {
    /// Messages have labels; otherwise `@` begins a regular expression.
    pub(super) exist: bool,
    /// That of messages without one.
    pub(super) first: Option<&'a Label>,
}

impl Filter {
    /// Reads words such as `@2 received text >1K`, then a regular expression, or `jq` and a filter.
    pub(super) fn parse(source: &str, labels: Labels<'_>) -> Result<Self, MemoryError> {
        let mut filter = Self {
            source: source.trim().to_owned(),
            ..Self::default()
        };
        let mut rest = source.trim_start();
        while !rest.is_empty() {
            let (word, after) = rest.split_once(' ').unwrap_or((rest, ""));
            match word {
                "sent" | "→" => filter.direction = Some(Direction::Sent),
                "received" | "←" => filter.direction = Some(Direction::Received),
                "text" => filter.kind = Some(Kind::Text),
                "binary" => filter.kind = Some(Kind::Binary),
                _ if bytes(word, '>').is_some() => filter.at_least = bytes(word, '>'),
                _ if bytes(word, '<').is_some() => filter.at_most = bytes(word, '<'),
                _ if labels.exist && word.len() > 1 && word.starts_with('@') => {
                    let name = word[1..].to_owned();
                    let is_first = labels.first.is_some_and(|it| it.text() == name);
                    filter.connections.push(Connection { name, is_first });
                }
                _ => {
                    let at = source.chars().count() - rest.chars().count();
                    filter.query = Some(query(rest, at + 1)?);
                    break;
                }
            }
            rest = after.trim_start();
        }
        Ok(filter)
    }

    pub(super) fn admits(&self, entry: &Entry) -> bool {
        let size = entry.payload.len() as u64;
        (self.connections.is_empty() || self.connections.iter().any(|it| it.has(entry)))
            && self.direction.is_none_or(|it| it == entry.direction)
            && self.kind.is_none_or(|it| it == entry.kind)
            && self.at_least.is_none_or(|least| size > least)
            && self.at_most.is_none_or(|most| size < most)
            && (self.query.as_ref()).is_none_or(|query| query.part(entry).is_some())
    }
}

impl Connection {
    fn has(&self, entry: &Entry) -> bool {
        match &entry.label {
            Some(label) => label.text().trim_start_matches('@') == self.name,
            None => self.is_first,
        }
    }
}

/// Reads a regular expression, or `jq` and a filter, which begins in this column.
pub(super) fn query(text: &str, column: usize) -> Result<Query, MemoryError> {
    let pattern = match text.strip_prefix("jq ") {
        Some(jq) => Pattern::Jq {
            source: jq.trim().to_owned(),
            column: column + 3,
        },
        None => Pattern::Regex {
            source: text.to_owned(),
            column,
        },
    };
    Query::compile(&pattern)
}

/// The number of bytes in `>64K` or `<100`.
fn bytes(word: &str, mark: char) -> Option<u64> {
    match size::parse(word.strip_prefix(mark)?) {
        Ok(bytes) => Some(bytes),
        Err(SizeError::Zero) => Some(0),
        Err(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admits(source: &str, direction: Direction, payload: &str) -> bool {
        let entry = Entry {
            direction,
            ..Entry::of(1, Kind::Text, payload.as_bytes())
        };
        Filter::parse(source, NONE).expect(source).admits(&entry)
    }

    const NONE: Labels<'_> = Labels {
        exist: false,
        first: None,
    };

    #[test]
    fn words_and_a_pattern_must_all_fit() {
        use Direction::{Received, Sent};
        for (source, direction, payload, is_admitted) in [
            ("", Sent, "a", true),
            ("sent", Sent, "a", true),
            ("received", Sent, "a", false),
            ("text >2", Sent, "abc", true),
            ("text >2", Sent, "ab", false),
            ("<1K", Sent, "ab", true),
            ("binary", Sent, "a", false),
            ("sent b.*d", Sent, "abcd", true),
            ("sent a b", Sent, "x a b", true),
            ("jq .a == 1", Received, "{\"a\":1}", true),
            ("received jq .a == 2", Received, "{\"a\":1}", false),
        ] {
            assert_eq!(admits(source, direction, payload), is_admitted, "{source}");
        }
        let error = Filter::parse("sent a(", NONE)
            .expect_err("a mistake")
            .to_string();
        assert_eq!(error, "column 7: unclosed group");
    }

    #[test]
    fn a_connection_is_named_where_messages_have_names() {
        let labels = Labels {
            exist: true,
            first: Some(&Label::new("host", 0)),
        };
        let of = |label: Option<&str>| Entry {
            label: label.map(|text| Label::new(text, 1)),
            ..Entry::of(1, Kind::Text, b"a @2")
        };
        for (source, label, is_admitted) in [
            ("@2", Some("@2"), true),
            ("@2", Some("@12"), false),
            ("@2", None, false),
            ("@other sent", Some("other"), true),
            ("@host", None, true),
            ("@host", Some("other"), false),
            ("@2 b", Some("@2"), false),
            ("@2 @host", Some("@2"), true),
            ("@2 @host", None, true),
            ("@2 @host", Some("@3"), false),
        ] {
            let filter = Filter::parse(source, labels).expect(source);
            assert_eq!(filter.admits(&of(label)), is_admitted, "{source}");
        }
        let filter = Filter::parse("@2", NONE).expect("a regular expression");
        assert!(filter.admits(&of(None)));
    }
}
