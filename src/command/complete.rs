//! Completion of commands and their arguments, and whether a line is complete.

use super::connection::ALL;
use super::usage::COMMANDS;
use super::{Reference, Topic};
use crate::ontop::{Name, RAW};
use crate::render::Form;

/// Defined status codes that may be sent (RFC 6455 §7.4.1, IANA), and the first of the private ones.
const CLOSE_CODES: [&str; 13] = [
    "1000", "1001", "1002", "1003", "1007", "1008", "1009", "1010", "1011", "1012", "1013", "1014",
    "3000",
];

const FRAME_KEYS: [&str; 8] = [
    "fin=0", "rsv1=1", "rsv2=1", "rsv3=1", "opcode=", "mask=off", "len=", "lenform=",
];

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Completion {
    /// One of these words, from byte `start` of the line to the cursor.
    Words {
        start: usize,
        words: Vec<String>,
    },
    /// The path of a file, from byte `start` of the line to the cursor.
    Path {
        start: usize,
    },
    /// The name of a variable, from byte `start` of the line to the cursor.
    Variable {
        start: usize,
        /// Inserted after the name.
        end: &'static str,
    },
    /// A message that is kept, from byte `start` of the line to the cursor.
    Message {
        start: usize,
    },
    /// The name of a connection, from byte `start` of the line to the cursor.
    Connection {
        start: usize,
    },
    /// A word of a command line of wsee, from byte `start` of the line to the cursor.
    Argument {
        /// Where its first word begins.
        line: usize,
        start: usize,
    },
    /// The name of a message, from byte `start` of the line to the cursor.
    Name {
        start: usize,
    },
    None,
}

pub fn complete(line: &str, cursor: usize) -> Completion {
    let Some(typed) = line.get(..cursor) else {
        return Completion::None;
    };
    if let Some(start) = open_variable(typed) {
        return Completion::Variable { start, end: "}}" };
    }
    let typed = if typed.starts_with("//") { "" } else { typed };
    let Some(command) = typed.strip_prefix('/') else {
        return Completion::None;
    };
    match command.split_once(char::is_whitespace) {
        None => words_from(1, command, command_names()),
        Some((name, args)) => complete_args(name, args, cursor - args.len()),
    }
}

/// What may be open at the end of a text, so that it continues on the next line.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Brackets {
    /// Those of JSON, in a text that begins with one.
    #[default]
    Message,
    /// Those of JSON, from the first word that begins with one.
    Json,
    /// Those of GraphQL, anywhere.
    Graphql,
}

impl Brackets {
    /// The innermost bracket or quote that is open at the end of `text`, and its line, from 1.
    pub fn open(self, text: &str) -> Option<(char, usize)> {
        let start = match self {
            Self::Message => text.trim_start().starts_with(['{', '[']).then_some(0)?,
            Self::Json => {
                let mut before = ' ';
                let begins = |c: char| {
                    let is_start = before.is_whitespace() && matches!(c, '{' | '[');
                    before = c;
                    is_start
                };
                text.find(begins)?
            }
            Self::Graphql => 0,
        };
        let line = 1 + text[..start].matches('\n').count();
        self.open_from(&text[start..], line)
    }

    fn open_from(self, text: &str, mut line: usize) -> Option<(char, usize)> {
        let is_graphql = self == Self::Graphql;
        let (mut open, mut string, mut is_escaped) = (Vec::new(), None, false);
        let mut is_comment = false;
        for c in text.chars() {
            match c {
                '\n' => is_comment = false,
                _ if is_comment => {}
                _ if is_escaped => is_escaped = false,
                '\\' if string.is_some() => is_escaped = true,
                '"' if string.is_some() => string = None,
                '"' => string = Some((c, line)),
                '#' if is_graphql && string.is_none() => is_comment = true,
                '{' | '[' if string.is_none() => open.push((c, line)),
                '(' if is_graphql && string.is_none() => open.push((c, line)),
                // One too many is for the server to reject.
                '}' | ']' if string.is_none() => drop(open.pop()?),
                ')' if is_graphql && string.is_none() => drop(open.pop()?),
                _ => {}
            }
            line += usize::from(c == '\n');
        }
        let innermost = open.pop()?;
        Some(string.unwrap_or(innermost))
    }
}

/// Where the name of a variable begins, if `typed` ends in one: after `{{`.
fn open_variable(typed: &str) -> Option<usize> {
    let start = typed.rfind("{{")? + 2;
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    typed[start..].chars().all(is_word).then_some(start)
}

fn complete_args(name: &str, args: &str, start: usize) -> Completion {
    if matches!(name, "file" | "record") {
        let start = start + (args.len() - args.trim_start().len());
        return Completion::Path { start };
    }
    let word_at = args.rfind(char::is_whitespace).map_or(0, |at| at + 1);
    let (before, word) = args.split_at(word_at);
    let before: Vec<&str> = before.split_whitespace().collect();
    let is_about_messages = matches!(
        (name, before.len()),
        ("show" | "save" | "copy" | "resend", 0) | ("diff", 0 | 1)
    );
    let is_message = |word: &str| Reference::parse(word).is_some();
    let is_begun = word.starts_with(['#', '$']) || is_message(word);
    if is_about_messages && (is_begun || word.is_empty() && name != "show") {
        let start = start + word_at;
        return Completion::Message { start };
    }
    let known: Vec<&str> = match (name, before.as_slice()) {
        ("use" | "to", []) => {
            let start = start + word_at;
            return Completion::Connection { start };
        }
        ("connect", [first, ..]) => {
            let line = args.find(*first).map_or(0, |at| at + first.len());
            return Completion::Argument {
                line: start + line,
                start: start + word_at,
            };
        }
        ("status", []) => vec![ALL],
        ("find", [ALL]) => vec!["jq"],
        ("send", []) => {
            let start = start + word_at;
            return Completion::Name { start };
        }
        ("save", [message]) if is_message(message) => {
            let start = start + word_at;
            return Completion::Path { start };
        }
        ("show", [message]) if is_message(message) => Form::ALL.map(Form::name).to_vec(),
        ("resend", [message]) if is_message(message) => vec!["edit"],
        ("find", []) => vec!["jq", ALL],
        ("help", []) => command_names().into_iter().chain(["keys"]).collect(),
        ("set" | "capture", []) => {
            let start = start + word_at;
            return Completion::Variable { start, end: " " };
        }
        ("every", []) => vec!["1s", "5s", "30s", "1m", "stop"],
        ("repeat", []) => vec!["10", "100", "1000", "stop"],
        ("close", []) => CLOSE_CODES.into_iter().chain([ALL]).collect(),
        ("close", [ALL]) => CLOSE_CODES.to_vec(),
        ("frame", _) => FRAME_KEYS.to_vec(),
        ("show", []) => Topic::ALL.map(Topic::name).to_vec(),
        ("show", ["time"]) => vec!["off", "time", "iso", "rel", "delta"],
        ("show", ["decode"]) => vec!["off", "auto", "msgpack", "cbor", "protobuf"],
        ("show", [_]) => vec!["on", "off"],
        ("filter", []) => vec!["off"],
        ("as", []) => Name::ALL
            .map(Name::as_str)
            .into_iter()
            .chain([RAW])
            .collect(),
        _ => return Completion::None,
    };
    words_from(start + word_at, word, known)
}

fn command_names() -> Vec<&'static str> {
    COMMANDS.iter().map(|usage| usage.name).collect()
}

fn words_from(start: usize, typed: &str, known: Vec<&str>) -> Completion {
    let words: Vec<String> = known
        .into_iter()
        .filter(|word| word.starts_with(typed))
        .map(str::to_owned)
        .collect();
    if words.is_empty() {
        return Completion::None;
    }
    Completion::Words { start, words }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> (usize, String) {
        match complete(line, line.len()) {
            Completion::Words { start, words } => (start, words.join(" ")),
            other => panic!("{line:?} gives {other:?}"),
        }
    }

    #[test]
    fn completes_the_names_of_commands() {
        assert_eq!(words("/pi"), (1, "ping".to_owned()));
        assert_eq!(words("/h"), (1, "headers history help".to_owned()));
        assert_eq!(words("/help sta"), (6, "status stats".to_owned()));
    }

    #[test]
    fn completes_fixed_arguments() {
        assert_eq!(words("/show  f"), (7, "frames".to_owned()));
        assert_eq!(words("/show frames "), (13, "on off".to_owned()));
        assert_eq!(words("/show time i"), (11, "iso".to_owned()));
        assert_eq!(words("/show decode m"), (13, "msgpack".to_owned()));
        assert_eq!(
            words("/close 100"),
            (7, "1000 1001 1002 1003 1007 1008 1009".to_owned())
        );
    }

    #[test]
    fn leaves_variables_to_the_caller() {
        let variable = |start, end| Completion::Variable { start, end };
        for (line, expected) in [
            ("hi {{na", variable(5, "}}")),
            ("//{{", variable(4, "}}")),
            ("/text {{a", variable(8, "}}")),
            ("/set na", variable(5, " ")),
            ("/capture  ", variable(10, " ")),
            ("{{a b", Completion::None),
            ("{{a}}", Completion::None),
            ("/set na x", Completion::None),
        ] {
            assert_eq!(complete(line, line.len()), expected, "{line}");
        }
    }

    #[test]
    fn leaves_paths_to_the_caller() {
        assert_eq!(
            complete("/file  my dir/a", 15),
            Completion::Path { start: 7 }
        );
    }

    #[test]
    fn leaves_the_command_line_of_a_connection_to_the_caller() {
        let argument = |line, start| Completion::Argument { line, start };
        for (line, expected) in [
            ("/connect ", Completion::None),
            ("/connect b", Completion::None),
            ("/connect b ", argument(10, 11)),
            ("/connect b @st", argument(10, 11)),
            ("/connect  b :80 --tra", argument(11, 16)),
        ] {
            assert_eq!(complete(line, line.len()), expected, "{line}");
        }
    }

    #[test]
    fn offers_nothing_in_text() {
        for line in ["hello", "//pi", "/text pi", "/zzz", "/show a b c", ""] {
            assert_eq!(complete(line, line.len()), Completion::None, "{line}");
        }
        assert_eq!(complete("/é", 2), Completion::None);
        assert_eq!(complete("/p", 9), Completion::None);
    }

    #[test]
    fn a_line_with_open_brackets_continues() {
        for text in [
            "{",
            "[1,",
            " {\"a\":\"}\"",
            "{\"a\": \"\\\"}",
            "[\"]\"",
            "{\n\"a\": [",
        ] {
            assert!(Brackets::Message.open(text).is_some(), "{text}");
        }
    }

    #[test]
    fn a_line_ends_when_brackets_are_closed_or_unbalanced() {
        for text in [
            "",
            "hello {",
            "{}",
            "[{\"a\":\"[\"}]",
            "]",
            "{]",
            "{}}{{",
            "/text {",
        ] {
            assert_eq!(Brackets::Message.open(text), None, "{text}");
        }
    }
}
