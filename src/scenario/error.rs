//! Mistakes in a scenario, with their places.

use std::fmt::{self, Write};
use std::rc::Rc;

use super::ast::Line;
use super::template::{TemplateError, Variable};
use crate::command::CommandError;
use crate::diagnostic::one_line;
use crate::filter::CompileError;
use crate::render::Secrets;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// The included file it is in; `None` for the file that was given.
    pub file: Option<Rc<str>>,
    /// Counted from 1.
    pub line: usize,
    /// In characters, from 1.
    pub column: usize,
    /// The number of characters it is about, at least 1.
    pub width: usize,
    pub source: String,
    pub problem: Problem,
}

/// The longest part of a line that a report shows, in characters: some lines hold whole messages.
const SHOWN: usize = 400;

impl Mistake {
    /// One line that states the mistake, then the source with the place marked. Nothing is escaped.
    ///
    /// `file` is the one that was given.
    pub fn report(&self, file: &str) -> String {
        let Self { line, column, .. } = self;
        let file = self.file.as_deref().unwrap_or(file);
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

    /// The mistake as it is reported: a line with a secret is quoted with that masked.
    #[must_use]
    pub fn masked(&self, secrets: Secrets) -> Self {
        let masked = secrets.scenario_line(&self.source);
        let line = |text: &str| secrets.scenario_line(text).into_owned();
        let problem = match &self.problem {
            Problem::StrayUrl(url) => Problem::StrayUrl(line(url)),
            Problem::Unexpected { found, hint } => Problem::Unexpected {
                found: line(found),
                hint,
            },
            Problem::UnknownWord { word, hint } => Problem::UnknownWord {
                word: line(word),
                hint: hint.clone(),
            },
            other => other.clone(),
        };
        let start = moved(&self.source, &masked, self.column - 1);
        let end = moved(&self.source, &masked, self.column - 1 + self.width);
        Self {
            file: self.file.clone(),
            line: self.line,
            column: start + 1,
            width: end.saturating_sub(start).max(1),
            source: masked.into_owned(),
            problem,
        }
    }

    /// The part of the line around the place, and how many of its characters are before the place.
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

/// Where a place of the text, in characters, is after a part of it was masked.
fn moved(text: &str, masked: &str, at: usize) -> usize {
    let count = |text: &str| text.chars().count();
    let same = |(a, b): &(char, char)| a == b;
    let before = text.chars().zip(masked.chars()).take_while(same).count();
    let ends = text.chars().rev().zip(masked.chars().rev());
    let after = ends.take_while(same).count();
    if at <= before {
        at
    } else {
        let left = count(text).saturating_sub(at).min(after);
        count(masked) - left
    }
}

impl Problem {
    /// The same, where a pattern follows `word` and not `on`.
    #[must_use]
    pub fn after(self, word: &str) -> Self {
        match self {
            Self::MissingKind { write } => {
                let pattern = write.strip_prefix("on ").unwrap_or(&write);
                let write = format!("{word} {pattern}").trim_start().to_owned();
                Self::MissingKind { write }
            }
            other => other,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// A fault that is no fault.
    #[error("{0}")]
    Fault(String),
    /// What a protocol on top cannot say.
    #[error("{0}")]
    OnTop(String),
    #[error("--as takes {0}, not {1:?}")]
    Protocol(String, String),
    #[error("unknown word {word:?}; {hint}")]
    UnknownWord { word: String, hint: String },
    #[error("{word:?} is not a kind of message; did you mean {nearest}?")]
    UnknownKind { word: String, nearest: &'static str },
    #[error("the kind of message is missing; write: {write}")]
    MissingKind { write: String },
    #[error("{0}")]
    Missing(&'static str),
    #[error("unexpected {found:?}; {hint}")]
    Unexpected { found: String, hint: &'static str },
    #[error(
        "is {0:?} part of the text? If so, put the text in quotes; if not, write within TIME or \
         capture NAME = …"
    )]
    Doubtful(String),
    #[error("{0:?} is not a time, such as 500ms, 2s or 1m30s")]
    NotTime(String),
    #[error("{}", template_text(.0))]
    Template(TemplateError),
    #[error("the variable {0} has no value here; capture it first, or give it with --var {0}=…")]
    NoValue(String),
    #[error("the environment variable {0} may not be read; allow it with --allow-env {0}")]
    NotAllowed(String),
    #[error("{0:?} is not a variable name; use a letter, then letters, digits and _")]
    VariableName(String),
    #[error("missing closing quote; a quote inside \"…\" is written \\\"")]
    OpenQuote,
    #[error("the text that begins here has no end; end it with a line of {0}")]
    OpenBlock(String),
    #[error("the text in quotes is not a JSON string: {0}")]
    Quoted(String),
    #[error("not JSON: {0}")]
    Json(String),
    #[error("regular expression: {0}")]
    Regex(String),
    #[error(transparent)]
    Jq(#[from] CompileError),
    #[error("{0}")]
    Command(String),
    #[error("{0:?} is not a status; use three digits from 100 to 599, such as 101")]
    Status(String),
    /// 1005 and 1006, which no Close frame has, may be expected.
    #[error("{0:?} is not a close code; use 1000 to 4999, separated by commas")]
    CloseCode(String),
    #[error("{len} bytes do not fit into a control frame; the limit is {limit} (RFC 6455 §5.5)")]
    ControlPayload { len: usize, limit: usize },
    #[error("a header field belongs directly under connect, or under the expected status")]
    StrayField,
    #[error(
        "a header field belongs directly under connect, or under the expected status; remove the blank \
         line above it"
    )]
    FieldApart,
    #[error("a URL needs a word in front; write: connect {0}")]
    StrayUrl(String),
    #[error("a flag belongs directly under connect")]
    StrayFlag,
    #[error("a flag belongs directly under connect; remove the blank line above it")]
    FlagApart,
    #[error("{0}")]
    Flag(String),
    #[error("an expected status belongs under connect, and only once")]
    StrayStatus,
    #[error("no connection yet; begin the case with: connect URL")]
    NoConnection,
    #[error("the case has several connections; name one of {0}")]
    WhichConnection(String),
    #[error("no connection is called {name:?}; {hint}")]
    UnknownConnection { name: String, hint: String },
    #[error("{0:?} is a word of the language; give the connection another name")]
    ConnectionName(String),
    #[error("the connection is still open; close it first, or name both: connect NAME URL")]
    StillOpen,
    #[error("no step can follow {0}")]
    NotOpen(&'static str),
    #[error("the case on line {0} has the same name")]
    SameName(usize),
    #[error(
        "the case on line {0} has the same name, which is that of the file; begin it with ### NAME"
    )]
    SameAsFile(usize),
    #[error("the case is empty; begin it with: connect URL")]
    EmptyCase,
    #[error("a rule begins at the start of its line; only its steps are indented")]
    RuleIndented,
    #[error(
        "a step is indented below its rule; a rule begins with on, every, accept, reject or otherwise"
    )]
    NotIndented,
    #[error("only header fields, NAME: VALUE, and body TEXT belong below accept and reject")]
    NoAnswer,
    #[error("body belongs below reject; an accepted request has no body")]
    StrayBody,
    #[error("{0:?} is not a status of a refusal; use three digits from 300 to 599, such as 403")]
    RefusalStatus(String),
    #[error("{0} belongs in a file of rules, which wsee listen --rules plays")]
    OnlyInRules(&'static str),
    #[error("{0}")]
    NotInRules(&'static str),
    /// With the place of the other line, as in `line 3`.
    #[error("never reached, as {0} always comes first")]
    NeverReached(String),
    #[error("cannot read {path}: {reason}")]
    File { path: String, reason: String },
    #[error("cannot include {path}: {reason}")]
    Include { path: String, reason: String },
}

fn template_text(error: &TemplateError) -> String {
    let hint = "for literal braces write {{\"{{\"}}";
    match &error.name {
        None => format!("missing }}}} after a variable; {hint}"),
        Some(name) => format!("{:?} is not a variable; {hint}", name.trim()),
    }
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Source<'a> {
    pub number: usize,
    pub line: &'a str,
}

impl Source<'_> {
    pub(super) fn mistake(self, at: usize, len: usize, problem: Problem) -> Mistake {
        let at = self.line.floor_char_boundary(at.min(self.line.len()));
        let end = self
            .line
            .ceil_char_boundary((at + len).min(self.line.len()));
        Mistake {
            file: None,
            line: self.number,
            column: self.line[..at].chars().count() + 1,
            width: self.line[at..end].chars().count().max(1),
            source: self.line.to_owned(),
            problem,
        }
    }
}

impl Line {
    /// A mistake about the whole line.
    pub fn mistake(&self, problem: Problem) -> Mistake {
        let text = self.source.trim();
        let at = self.source.len() - self.source.trim_start().len();
        self.mistake_at(at, text.len(), problem)
    }

    /// A variable without a value.
    pub(super) fn without_value(&self, variable: &Variable) -> Mistake {
        let problem = match variable {
            Variable::Env(name) => Problem::NotAllowed(name.clone()),
            other => Problem::NoValue(other.to_string()),
        };
        let name = variable.to_string();
        // A text of several lines has only its first line here.
        let place = self.source.match_indices("{{").find_map(|(at, _)| {
            let (inside, _) = self.source[at + 2..].split_once("}}")?;
            (inside.trim() == name).then_some((at, inside.len() + 4))
        });
        match place {
            Some((at, len)) => self.mistake_at(at, len, problem),
            None => self.mistake(problem),
        }
    }

    fn mistake_at(&self, at: usize, len: usize, problem: Problem) -> Mistake {
        let (number, line) = (self.number, self.source.as_str());
        Mistake {
            file: self.file.clone(),
            ..Source { number, line }.mistake(at, len, problem)
        }
    }
}

impl Problem {
    pub fn of_command(error: &CommandError) -> (Self, Option<usize>) {
        // Unlike at the prompt, commands have no slash here, and a caret marks the column.
        let (text, column) = match error {
            CommandError::Missing(usage) => {
                let example = usage.example.trim_start_matches('/');
                (
                    format!("{} needs {}, as in {example}", usage.name, usage.args),
                    None,
                )
            }
            CommandError::NotHex { column, found } => (
                format!("{found:?} is not a hex digit; write bytes as de ad be ef"),
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
            // The others name neither a column nor a command.
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
