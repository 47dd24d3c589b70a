//! Why a command is rejected.

use thiserror::Error;

use super::usage::{self, Usage};

/// Why a line that starts with `/` is rejected; nothing is sent.
///
/// Columns are counted in characters, from 1.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CommandError {
    #[error("unknown command /{name}; {}", hint_unknown(name))]
    Unknown {
        /// As typed, without `/`.
        name: String,
    },
    /// `/help` names a command that does not exist.
    #[error("unknown command /{name}; {}", hint(name))]
    NoHelp {
        /// As typed, without `/`.
        name: String,
    },
    #[error("/{} needs {}; for example {}", .0.name, .0.args, .0.example)]
    Missing(&'static Usage),
    #[error("column {column}: /{name} does not take {found:?}; leave it out, or see /help {name}")]
    Unexpected {
        name: &'static str,
        column: usize,
        found: String,
    },
    #[error("column {column}: {found:?} is not a hex digit; write bytes as in /bin de ad be ef")]
    NotHex { column: usize, found: char },
    #[error("an odd number of hex digits ({digits}); write two for each byte")]
    OddHex { digits: usize },
    #[error("column {column}: not valid base64; write it as in /b64 3q2+7w==")]
    NotBase64 { column: usize },
    /// An argument is not a number in the allowed range.
    #[error("column {column}: {found:?} is not {wanted}; for example {example}")]
    NotNumber {
        column: usize,
        found: String,
        wanted: &'static str,
        /// A valid line.
        example: &'static str,
    },
    /// The status code may not be sent (RFC 6455 §7.4).
    #[error(
        "column {column}: close code {code} may not be sent (RFC 6455 §7.4); \
         use 1000-1003, 1007-1014 or 3000-4999"
    )]
    CloseCode { column: usize, code: u16 },
    /// A payload or reason is longer than a control frame holds (RFC 6455 §5.5).
    #[error("the {what} has {len} bytes, a control frame holds {max}; shorten it by {}", len - max)]
    TooLong {
        what: &'static str,
        /// In bytes.
        len: usize,
        /// The longest allowed, in bytes.
        max: usize,
    },
    #[error("column {column}: {found:?} is not known to /{name}; use {wanted}")]
    NotKnown {
        name: &'static str,
        column: usize,
        found: String,
        wanted: &'static str,
    },
}

fn hint_unknown(name: &str) -> String {
    format!("{} (//{name} sends the text \"/{name}\")", hint(name))
}

fn hint(name: &str) -> String {
    match usage::suggest(name) {
        Some(usage) => format!("did you mean /{}?", usage.name),
        None => "/help lists them".to_owned(),
    }
}
