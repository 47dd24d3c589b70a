//! A message of several lines, while a bracket or quote is open.

use crate::command::Brackets;

/// The lines of a message that is not complete yet.
#[derive(Debug, Default)]
pub(super) struct Message {
    lines: Option<String>,
    /// Where in them the text begins whose brackets count, and which.
    place: (usize, Brackets),
    /// How to continue was said.
    is_explained: bool,
}

/// What a typed line leads to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// A line to execute: a command, or a complete message.
    Line(String),
    /// Another line, and perhaps a note on how to continue.
    More(Option<String>),
}

impl Message {
    /// The lines so far; `None` between two messages.
    pub(super) fn lines(&self) -> Option<&str> {
        self.lines.as_deref()
    }

    /// Adds a typed line; a command within a message is executed and leaves it as it is.
    ///
    /// If it is the first one, the brackets that count begin at `place`.
    pub(super) fn next(&mut self, line: String, place: (usize, Brackets)) -> Next {
        let Some(lines) = &mut self.lines else {
            if open(&line, place).is_none() {
                return Next::Line(line);
            }
            *self = Self {
                lines: Some(line),
                place,
                is_explained: false,
            };
            return Next::More(None);
        };
        match line.strip_prefix('/') {
            Some(rest) if !rest.starts_with('/') => return Next::Line(line),
            _ if line.is_empty() && self.is_explained => {
                return Next::Line(self.lines.take().unwrap_or_default());
            }
            _ if line.is_empty() => {}
            text => {
                lines.push('\n');
                lines.push_str(text.unwrap_or(&line));
            }
        }
        let sends = if line.is_empty() {
            "Enter again"
        } else {
            "Enter on an empty line"
        };
        match open(lines, self.place) {
            None => Next::Line(self.lines.take().unwrap_or_default()),
            Some(_) if std::mem::replace(&mut self.is_explained, true) => Next::More(None),
            Some((bracket, line)) => Next::More(Some(format!(
                "* the {bracket} of line {line} is open: {sends} sends the message as it is, \
                 Alt-Enter adds a line, Ctrl-C drops it"
            ))),
        }
    }

    pub(super) fn take(&mut self) -> Option<String> {
        self.lines.take()
    }
}

fn open(lines: &str, (start, brackets): (usize, Brackets)) -> Option<(char, usize)> {
    brackets.open(lines.get(start..)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn next(message: &mut Message, line: &str) -> Next {
        message.next(line.to_owned(), (0, Brackets::Message))
    }

    #[test]
    fn lines_are_joined_until_the_last_bracket_closes() {
        let mut message = Message::default();
        assert_eq!(next(&mut message, "hello"), Next::Line("hello".to_owned()));
        assert_eq!(next(&mut message, "{\"a\": ["), Next::More(None));
        let Next::More(Some(note)) = next(&mut message, "1") else {
            panic!("no note");
        };
        let start = "* the [ of line 1 is open: Enter on an empty line sends ";
        assert!(note.starts_with(start), "{note}");
        assert_eq!(next(&mut message, "]"), Next::More(None));
        let whole = "{\"a\": [\n1\n]\n}".to_owned();
        assert_eq!(next(&mut message, "}"), Next::Line(whole));
        assert_eq!(message.lines(), None);
    }

    #[test]
    fn an_open_quote_is_named_and_an_empty_line_sends_the_message() {
        let mut message = Message::default();
        assert_eq!(next(&mut message, "{\"a\":\"x"), Next::More(None));
        let Next::More(Some(note)) = next(&mut message, "") else {
            panic!("no note");
        };
        let start = "* the \" of line 1 is open: Enter again sends ";
        assert!(note.starts_with(start), "{note}");
        let line = Next::Line("{\"a\":\"x".to_owned());
        assert_eq!(next(&mut message, ""), line);
    }

    #[test]
    fn commands_within_a_message_are_executed() {
        let mut message = Message::default();
        next(&mut message, "[");
        let status = Next::Line("/status".to_owned());
        assert_eq!(next(&mut message, "/status"), status);
        next(&mut message, "//x");
        assert_eq!(next(&mut message, "]"), Next::Line("[\n/x\n]".to_owned()));
        next(&mut message, "[");
        assert_eq!(message.take().as_deref(), Some("["));
        assert_eq!(message.take(), None);
    }
}
