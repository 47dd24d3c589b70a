//! What is looked for in messages: text by a regular expression, JSON by a jq filter.

use std::ops::Range;

use regex::bytes::Regex;

use super::{Entry, MemoryError};
use crate::command::Pattern;
use crate::filter::{Jq, Output};

#[derive(Debug)]
pub enum Query {
    Regex(Regex),
    Jq(Jq),
}

/// The part of a message that matches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// These bytes of the [text](Entry::text).
    Bytes(Range<usize>),
    /// What the filter makes of it, as JSON.
    Output(String),
}

/// Outputs of a filter that are looked at for one message.
const MAX_OUTPUTS: usize = 100;

impl Query {
    pub fn compile(pattern: &Pattern) -> Result<Self, MemoryError> {
        match pattern {
            Pattern::Regex { source, column } => {
                let regex = Regex::new(source);
                regex.map(Self::Regex).map_err(|error| {
                    let (at, problem) = place(&error);
                    let column = column + at;
                    MemoryError::Pattern { column, problem }
                })
            }
            Pattern::Jq { source, column } => {
                Jq::compile(source)
                    .map(Self::Jq)
                    .map_err(|error| MemoryError::Pattern {
                        column: column + error.column - 1,
                        problem: error.problem.to_string(),
                    })
            }
        }
    }

    /// The matching part; a message matches a filter that yields anything but `false` and `null`.
    pub fn part(&self, entry: &Entry) -> Option<Part> {
        match self {
            Self::Regex(regex) => {
                let found = regex.find(entry.text())?;
                Some(Part::Bytes(found.range()))
            }
            Self::Jq(jq) => entry.values().find_map(|value| output(jq, value)),
        }
    }
}

/// What the filter makes of a value.
fn output(jq: &Jq, value: &[u8]) -> Option<Part> {
    let outputs = jq.run(value).ok()?;
    let mut outputs = outputs.take(MAX_OUTPUTS).map_while(Result::ok);
    let output = outputs.find(Output::is_truthy)?;
    Some(match output.json() {
        text if text == "true" => Part::Bytes(0..0),
        text => Part::Output(text),
    })
}

/// Where in a regular expression the mistake is, in characters from 0, and what it is.
fn place(error: &regex::Error) -> (usize, String) {
    let text = error.to_string();
    let last = text.lines().last().unwrap_or_default();
    let problem = last.strip_prefix("error: ").unwrap_or(last).to_owned();
    // The expression is indented by four, and the carets below it mark the place.
    let marks = text
        .lines()
        .find(|line| line.contains('^') && line.trim_matches([' ', '^']).is_empty());
    let column = marks.and_then(|line| line.find('^'));
    (column.unwrap_or(0).saturating_sub(4), problem)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::message::Kind;

    fn regex(source: &str) -> Result<Query, MemoryError> {
        let (source, column) = (source.to_owned(), 7);
        Query::compile(&Pattern::Regex { source, column })
    }

    fn jq(source: &str) -> Result<Query, MemoryError> {
        let (source, column) = (source.to_owned(), 10);
        Query::compile(&Pattern::Jq { source, column })
    }

    fn part(query: Result<Query, MemoryError>, payload: &str) -> Option<Part> {
        let entry = Entry::of(1, Kind::Text, payload.as_bytes());
        query.expect("a query").part(&entry)
    }

    #[test]
    fn finds_text_and_values() {
        assert_eq!(part(regex("l+"), "hello"), Some(Part::Bytes(2..4)));
        assert_eq!(part(regex("L"), "hello"), None);
        let output = |text: &str| Some(Part::Output(text.to_owned()));
        assert_eq!(part(jq(".a"), "{\"a\":[1]}"), output("[1]"));
        assert_eq!(part(jq(".a == 1"), "{\"a\":1}"), Some(Part::Bytes(0..0)));
        assert_eq!(part(jq("select(.a > 1)"), "{\"a\":1}"), None);
        assert_eq!(
            part(jq(".[] | .a"), "[{\"a\":false},{\"a\":2}]"),
            output("2")
        );
        assert_eq!(part(jq(".a"), "no JSON"), None);
        assert_eq!(part(jq("last(repeat(1))"), "1"), None);
    }

    #[test]
    fn a_mistake_has_its_column() {
        let error = |query: Result<Query, MemoryError>| query.expect_err("a mistake").to_string();
        assert_eq!(error(regex("ab(c")), "column 9: unclosed group");
        assert!(error(regex("é[")).starts_with("column 8: unclosed"));
        assert!(error(jq(".a |")).starts_with("column 14: expected a value"));
    }
}
