//! What is wrong with a scenario, and where.

use std::fmt::{self, Write};

use super::template::TemplateError;
use crate::command::CommandError;
use crate::diagnostic::one_line;
use crate::filter::CompileError;

/// Something that is wrong at a place of a scenario.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// Counted from 1.
    pub line: usize,
    /// In characters, from 1.
    pub column: usize,
    /// How many characters are meant, at least 1.
    pub width: usize,
    /// The line as it is written.
    pub source: String,
    /// What is wrong.
    pub problem: Problem,
}

/// What is shown of a line, in characters.
const SHOWN: usize = 400;

impl Mistake {
    /// The mistake in one line, and the line it is in with the place marked. Nothing is escaped.
    pub fn report(&self, file: &str) -> String {
        let Self { line, column, .. } = self;
        let mut text = format!("{file}:{line}:{column}: {}\n", self.problem);
        let number = line.to_string();
        let (shown, before) = self.shown();
        let _ = writeln!(text, " {number} | {shown}");
        let margin = " ".repeat(number.len());
        let indent: String = shown
            .chars()
            .take(before)
            .map(|c| if c == '\t' { '\t' } else { ' ' })
            .collect();
        let left = shown.chars().count().saturating_sub(before);
        let marks = "^".repeat(self.width.min(left).max(1));
        let _ = writeln!(text, " {margin} | {indent}{marks}");
        text
    }

    /// The line, cut around the place if it is long, and how many characters are in front of that.
    fn shown(&self) -> (String, usize) {
        let before = self.column - 1;
        let skipped = before.saturating_sub(SHOWN / 2);
        let mut rest = self.source.chars().skip(skipped);
        let mut shown: String = rest.by_ref().take(SHOWN).collect();
        if rest.next().is_some() {
            shown.push('…');
        }
        if skipped > 0 {
            shown.insert(0, '…');
        }
        (shown, before - skipped + usize::from(skipped > 0))
    }
}

/// What is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// A word that no statement begins with.
    #[error("unknown word {word:?}{}", suggestion(*.nearest))]
    UnknownWord {
        /// The word.
        word: String,
        /// What may have been meant.
        nearest: Option<&'static str>,
    },
    /// A word that is no kind of message.
    #[error("{word:?} is no kind of message{}", suggestion(*.nearest))]
    UnknownKind {
        /// The word.
        word: String,
        /// What may have been meant.
        nearest: Option<&'static str>,
    },
    /// Something is missing.
    #[error("{0}")]
    Missing(&'static str),
    /// Something is there that does not belong.
    #[error("{found:?} does not belong here; {cure}")]
    Unexpected {
        /// What is there.
        found: String,
        /// What to write.
        cure: &'static str,
    },
    /// A word in a text without quotes that may be a mistyped modifier.
    #[error(
        "is {0:?} a part of the text? then write the text in quotes; if not, write within TIME or \
         capture NAME = …"
    )]
    Doubtful(String),
    /// No span of time.
    #[error("{0:?} is not a time; write 500ms, 2s or 1m30s")]
    NotTime(String),
    /// Braces that make no variable.
    #[error("{}", template_text(.0))]
    Template(TemplateError),
    /// A variable that nothing gives a value to.
    #[error("the variable {0} has no value here; capture it before, or give it with --var {0}=…")]
    NoValue(String),
    /// A variable of the environment that must not be read.
    #[error("the environment's {0} may not be read; allow it with --allow-env {0}")]
    NotAllowed(String),
    /// A name that cannot be given to a variable.
    #[error("{0:?} cannot be a variable; write a letter, then letters, digits and _")]
    VariableName(String),
    /// A text that should be in quotes.
    #[error("quotes that are not closed; write \"…\", and \\\" for a quote inside of it")]
    OpenQuote,
    /// A text between lines of `"""` that does not end.
    #[error("the text that begins here does not end; a line with {0} ends it")]
    OpenBlock(String),
    /// A string that is not written as in JSON.
    #[error("the text in quotes is not written as in JSON: {0}")]
    Quoted(String),
    /// A JSON pattern that is none.
    #[error("not JSON: {0}")]
    Json(String),
    /// A regular expression that is none.
    #[error("regular expression: {0}")]
    Regex(String),
    /// A jq filter that is none.
    #[error(transparent)]
    Jq(#[from] CompileError),
    /// A command of the prompt with wrong arguments.
    #[error("{0}")]
    Command(String),
    /// A status that no response has.
    #[error("{0:?} is not a status; write three digits from 100 to 599, such as 101")]
    Status(String),
    /// A close code that no Close frame and no lost connection has.
    #[error("{0:?} is not a close code; write 1000 to 4999, and commas between several")]
    CloseCode(String),
    /// A payload that no control frame holds.
    #[error("{len} bytes, and the control frame holds {limit} (RFC 6455 §5.5); shorten it")]
    ControlPayload {
        /// Its bytes.
        len: usize,
        /// What may be in it.
        limit: usize,
    },
    /// A header field in a place where it means nothing.
    #[error(
        "a header field stands directly under connect, or under the status it is expected with"
    )]
    StrayField,
    /// A flag in a place where it means nothing.
    #[error("a flag stands directly under connect")]
    StrayFlag,
    /// A flag, or several together, that wsee does not take.
    #[error("{0}")]
    Flag(String),
    /// A status in a place where it means nothing.
    #[error("a status stands under connect, and only once")]
    StrayStatus,
    /// A step before any connection.
    #[error("there is no connection yet; begin the case with: connect URL")]
    NoConnection,
    /// A step that says no name, though there are several connections.
    #[error("the case has several connections; say which one: {0}")]
    WhichConnection(String),
    /// A name that no connection has.
    #[error("there is no connection {name:?}{}", suggestion(.nearest.as_deref()))]
    UnknownConnection {
        /// The name.
        name: String,
        /// What may have been meant.
        nearest: Option<String>,
    },
    /// A name that a connection cannot have.
    #[error("a connection cannot be called {0:?}; write a name that is no word of the language")]
    ConnectionName(String),
    /// A second connection with the name of one that is open.
    #[error("the connection is still open; close it before, or give each a name: connect NAME URL")]
    StillOpen,
    /// A step on a connection that did not open or was closed.
    #[error("no step can follow {0}")]
    NotOpen(&'static str),
    /// A case with the name of another.
    #[error("the case on line {0} has the same name")]
    SameName(usize),
    /// A case in which nothing is done.
    #[error("the case is empty; write: connect URL")]
    EmptyCase,
    /// The URL cannot be connected to.
    #[error("{0}")]
    Url(String),
}

fn suggestion(nearest: Option<&str>) -> String {
    match nearest {
        Some(word) => format!("; did you mean {word}?"),
        None => "; wsee man scenario lists them all".to_owned(),
    }
}

fn template_text(error: &TemplateError) -> String {
    let cure = "for the braces themselves write {{\"{{\"}}";
    match &error.name {
        None => format!("the braces of a variable are not closed by }}}}; {cure}"),
        Some(name) => format!("{:?} is no variable; {cure}", name.trim()),
    }
}

/// Columns of one line.
#[derive(Debug, Clone, Copy)]
pub(super) struct Source<'a> {
    pub number: usize,
    pub line: &'a str,
}

impl Source<'_> {
    /// A mistake at `at`, in bytes, that is about `len` bytes.
    pub(super) fn mistake(self, at: usize, len: usize, problem: Problem) -> Mistake {
        let at = self.line.floor_char_boundary(at.min(self.line.len()));
        let end = self
            .line
            .ceil_char_boundary((at + len).min(self.line.len()));
        Mistake {
            line: self.number,
            column: self.line[..at].chars().count() + 1,
            width: self.line[at..end].chars().count().max(1),
            source: self.line.to_owned(),
            problem,
        }
    }
}

impl Problem {
    /// What is wrong with the arguments of a command, and the column of it within them.
    pub fn of_command(error: &CommandError) -> (Self, Option<usize>) {
        // At the prompt commands begin with a slash, and the column is part of the text.
        let (text, column) = match error {
            CommandError::Missing(usage) => {
                let example = usage.example.trim_start_matches('/');
                (
                    format!("{} needs {}, as in {example}", usage.name, usage.args),
                    None,
                )
            }
            CommandError::NotHex { column, found } => (
                format!("{found:?} is not a hex digit; write bytes as in de ad be ef"),
                Some(*column),
            ),
            CommandError::NotNumber {
                column,
                found,
                wanted,
                example,
            } => {
                let example = example.trim_start_matches('/');
                (
                    format!("{found:?} is not {wanted}, as in {example}"),
                    Some(*column),
                )
            }
            CommandError::CloseCode { column, code } => (
                format!(
                    "close code {code} may not be sent (RFC 6455 §7.4); \
                     use 1000-1003, 1007-1014 or 3000-4999"
                ),
                Some(*column),
            ),
            CommandError::NotKnown {
                name,
                column,
                found,
                wanted,
            } => (
                format!("{found:?} is not known to {name}; use {wanted}"),
                Some(*column),
            ),
            // The others say no column, and name no command.
            other => (one_line(other), None),
        };
        (Self::Command(text), column)
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "line {}, column {}: {}",
            self.line, self.column, self.problem
        )
    }
}
