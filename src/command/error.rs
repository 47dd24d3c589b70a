use std::borrow::Cow;

use thiserror::Error;

use super::usage::{self, Usage};
use crate::diagnostic::Diagnostic;

/// Why a line that starts with `/` is rejected; nothing is sent.
///
/// Columns are counted in characters, from 1.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CommandError {
    #[error("unknown command /{name}")]
    Unknown {
        /// As typed, without `/`.
        name: String,
    },
    #[error("unknown command /{name}")]
    UnknownHere {
        /// As typed, without `/`.
        name: String,
        /// A command that it may be a misspelling of.
        near: Option<&'static str>,
        /// Lines that are no commands are sent.
        sends: bool,
    },
    /// What is added to what passes comes from one of the ends.
    #[error("unknown command /{name}")]
    NeedsEnd {
        /// As typed, without `/`.
        name: String,
    },
    #[error("unknown command /{name}")]
    NoHelp {
        /// As typed, without `/`.
        name: String,
    },
    #[error("/{} needs {}", .0.name, .0.needed())]
    Missing(&'static Usage),
    #[error("column {column}: /{name} does not take {found:?}")]
    Unexpected {
        name: &'static str,
        column: usize,
        found: String,
    },
    #[error("column {column}: {found:?} is not a hex digit")]
    NotHex { column: usize, found: char },
    #[error("an odd number of hex digits ({digits})")]
    OddHex { digits: usize },
    #[error("column {column}: not valid base64")]
    NotBase64 { column: usize },
    #[error("column {column}: {found:?} is not {wanted}")]
    NotNumber {
        column: usize,
        found: String,
        wanted: &'static str,
        example: &'static str,
    },
    #[error("column {column}: a name comes first")]
    NoName { column: usize, rest: String },
    /// The status code may not be sent (RFC 6455 §7.4).
    #[error("column {column}: close code {code} may not be sent (RFC 6455 §7.4)")]
    CloseCode { column: usize, code: u16 },
    /// A payload or reason is longer than a control frame holds (RFC 6455 §5.5).
    #[error("the {what} has {len} bytes, a control frame holds {max}")]
    TooLong {
        what: &'static str,
        /// In bytes.
        len: usize,
        /// The longest allowed, in bytes.
        max: usize,
    },
    #[error("column {column}: {found:?} is not known to /{name}")]
    NotKnown {
        name: &'static str,
        column: usize,
        found: String,
        wanted: Cow<'static, str>,
    },
}

impl Diagnostic for CommandError {
    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Unknown { name } => {
                format!("{} (//{name} sends the text \"/{name}\")", suggestion(name))
            }
            Self::NeedsEnd { name } => format!("an end comes first, as in /inject client /{name}"),
            Self::UnknownHere { name, near, sends } => {
                let near = near.map(|near| format!("did you mean /{near}?"));
                let near = near.unwrap_or_else(|| "/help lists them".to_owned());
                if *sends {
                    format!("{near} (//{name} sends the text \"/{name}\")")
                } else {
                    near
                }
            }
            Self::NoHelp { name } => suggestion(name),
            Self::Missing(usage) => format!("for example {}", usage.example),
            Self::Unexpected { name, .. } => format!("leave it out, or see /help {name}"),
            Self::NotHex { .. } => "write bytes as in /bin de ad be ef".to_owned(),
            Self::OddHex { .. } => "write two for each byte".to_owned(),
            Self::NotBase64 { .. } => "write it as in /b64 3q2+7w==".to_owned(),
            Self::NotNumber { example, .. } => format!("for example {example}"),
            Self::NoName { rest, .. } => format!("for example /connect other {rest}"),
            Self::CloseCode { .. } => "use 1000-1003, 1007-1014 or 3000-4999".to_owned(),
            Self::TooLong { len, max, .. } => format!("shorten it by {}", len - max),
            Self::NotKnown { wanted, .. } => format!("use {wanted}"),
        })
    }
}

fn suggestion(name: &str) -> String {
    match usage::suggest(name) {
        Some(usage) => format!("did you mean /{}?", usage.name),
        None => "/help lists them".to_owned(),
    }
}
