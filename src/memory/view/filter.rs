//! Which messages the list has: by direction, kind, size, text or value.

use crate::command::Pattern;
use crate::event::Direction;
use crate::memory::{Entry, MemoryError, Query};
use crate::proto::message::Kind;
use crate::size::{self, SizeError};

#[derive(Debug, Default)]
pub(super) struct Filter {
    pub(super) source: String,
    direction: Option<Direction>,
    kind: Option<Kind>,
    at_least: Option<u64>,
    at_most: Option<u64>,
    query: Option<Query>,
}

impl Filter {
    /// Reads words such as `received text >1K`, then a regular expression, or `jq` and a filter.
    pub(super) fn parse(source: &str) -> Result<Self, MemoryError> {
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
        self.direction.is_none_or(|it| it == entry.direction)
            && self.kind.is_none_or(|it| it == entry.kind)
            && self.at_least.is_none_or(|least| size > least)
            && self.at_most.is_none_or(|most| size < most)
            && (self.query.as_ref()).is_none_or(|query| query.part(entry).is_some())
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
        Filter::parse(source).expect(source).admits(&entry)
    }

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
        let error = Filter::parse("sent a(").expect_err("a mistake").to_string();
        assert_eq!(error, "column 7: unclosed group");
    }
}
