//! Messages that were sent or received, and what commands do with them.

use std::fmt;
use std::path::PathBuf;

use crate::render::Form;

/// What the thread at the terminal does with the messages that are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recall {
    /// Lists matches of the connection in use, or of all.
    Find {
        pattern: Pattern,
        is_all: bool,
    },
    /// Lists the last messages, this many.
    Last(usize),
    /// Shows a message in one form, or in all.
    Show(Reference, Option<Form>),
    Resend {
        message: Reference,
        is_edited: bool,
    },
    SaveTo {
        message: Reference,
        path: PathBuf,
    },
    /// Names the last sent message.
    SaveAs(String),
    /// Sends the message of this name; lists all without one.
    Send(Option<String>),
    Diff(Reference, Reference),
    Copy(Reference),
    /// Opens the full screen.
    View,
}

/// A message: `12`, `#12`, `$` for the last, `$-1` for the one before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reference {
    Number(u64),
    /// This many before the last.
    Back(usize),
}

/// What to find; the column is that of its first character.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pattern {
    Regex { source: String, column: usize },
    Jq { source: String, column: usize },
}

impl Reference {
    pub fn parse(word: &str) -> Option<Self> {
        if let Some(back) = word.strip_prefix('$') {
            return match back.strip_prefix('-') {
                None if back.is_empty() => Some(Self::Back(0)),
                None => None,
                Some(back) if back.starts_with('+') => None,
                Some(back) => back.parse().ok().map(Self::Back),
            };
        }
        let digits = word.strip_prefix('#').unwrap_or(word);
        let is_number = digits.bytes().all(|byte| byte.is_ascii_digit());
        let number = digits.parse().ok().filter(|_| is_number)?;
        Some(Self::Number(number))
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => write!(f, "#{number}"),
            Self::Back(0) => f.write_str("$"),
            Self::Back(back) => write!(f, "$-{back}"),
        }
    }
}

/// Whether a message or a connection can have this name: it is no number, and no word that begins with `$`.
pub fn is_message_name(name: &str) -> bool {
    let is_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
    let is_number = name.chars().all(|c| c.is_ascii_digit());
    !name.is_empty() && !is_number && name.chars().all(is_word)
}
