//! Why a command was not understood.

use thiserror::Error;

use super::usage::{self, Usage};

/// Why a line that starts with `/` was not understood; nothing is sent then.
///
/// Columns are counted in characters, from 1.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CommandError {
    /// There is no such command.
    #[error("unknown command /{name}; {}", cure_unknown(name))]
    Unknown {
        /// The name as typed, without `/`.
        name: String,
    },
    /// There is no such command to explain.
    #[error("unknown command /{name}; {}", cure(name))]
    NoHelp {
        /// The name as typed, without `/`.
        name: String,
    },
    /// An argument that the command needs is not there.
    #[error("/{} needs {}; for example {}", .0.name, .0.args, .0.example)]
    Missing(&'static Usage),
    /// There are more arguments than the command takes.
    #[error("column {column}: /{name} does not take {found:?}; leave it out, or see /help {name}")]
    Unexpected {
        /// The command.
        name: &'static str,
        /// Where the argument stands.
        column: usize,
        /// The argument.
        found: String,
    },
    /// A character is not a hex digit.
    #[error("column {column}: {found:?} is not a hex digit; write bytes as in /bin de ad be ef")]
    NotHex {
        /// Where it stands.
        column: usize,
        /// The character.
        found: char,
    },
    /// The hex digits do not make whole bytes.
    #[error("an odd number of hex digits ({digits}); write two for each byte")]
    OddHex {
        /// How many there are.
        digits: usize,
    },
    /// The data is not base64.
    #[error("column {column}: not valid base64; write it as in /b64 3q2+7w==")]
    NotBase64 {
        /// Where it stops to be valid.
        column: usize,
    },
    /// An argument is not a number in the range that is allowed.
    #[error("column {column}: {found:?} is not {wanted}; for example {example}")]
    NotNumber {
        /// Where it stands.
        column: usize,
        /// The argument.
        found: String,
        /// What it should be.
        wanted: &'static str,
        /// A line that is right.
        example: &'static str,
    },
    /// The status code may not be sent (RFC 6455 §7.4).
    #[error(
        "column {column}: close code {code} may not be sent (RFC 6455 §7.4); \
         use 1000-1003, 1007-1014 or 3000-4999"
    )]
    CloseCode {
        /// Where it stands.
        column: usize,
        /// The code.
        code: u16,
    },
    /// A payload or reason is longer than a control frame holds (RFC 6455 §5.5).
    #[error("the {what} has {len} bytes, a control frame holds {max}; shorten it by {}", len - max)]
    TooLong {
        /// What is too long.
        what: &'static str,
        /// Its length in bytes.
        len: usize,
        /// The longest that fits, in bytes.
        max: usize,
    },
    /// An argument is not one of the words that may stand there.
    #[error("column {column}: {found:?} is not known to /{name}; use {wanted}")]
    NotKnown {
        /// The command.
        name: &'static str,
        /// Where it stands.
        column: usize,
        /// The argument.
        found: String,
        /// The words that are known.
        wanted: &'static str,
    },
}

fn cure_unknown(name: &str) -> String {
    format!("{} (//{name} sends the text \"/{name}\")", cure(name))
}

fn cure(name: &str) -> String {
    match usage::suggest(name) {
        Some(usage) => format!("did you mean /{}?", usage.name),
        None => "/help lists them".to_owned(),
    }
}
