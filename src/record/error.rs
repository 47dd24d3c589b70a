//! Why a recording cannot be read.

use std::io;
use std::path::PathBuf;

use super::har::HarError;
use crate::render::jsonl;

/// The longest line that is read, in bytes: a message of `--max-message` in base64, and more.
pub(super) const MAX_LINE: u64 = 256 << 20;

/// Why a recording cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The file's name does not say what is in it.
    #[error("{}: the name of a recording that is played ends in .jsonl or .har", .0.display())]
    Format(PathBuf),
    /// It cannot be read.
    #[error("cannot read {}: {error}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// A device, a pipe, a folder.
    #[error("{} is not a regular file; save the recording in one, it is read twice", .0.display())]
    NotFile(PathBuf),
    /// A line is no event.
    #[error("{}, line {line}: {error}", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// The line, from 1 on.
        line: u64,
        /// What is wrong with it.
        error: LineError,
    },
    /// It is no archive.
    #[error("{}: {error}", path.display())]
    Har {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        error: HarError,
    },
    /// There is nothing in it.
    #[error("{} tells of no WebSocket connection", .0.display())]
    Empty(PathBuf),
}

/// What is wrong with a line.
#[derive(Debug, thiserror::Error)]
pub enum LineError {
    /// It has no end.
    #[error("longer than {} MiB", MAX_LINE >> 20)]
    TooLong,
    /// It is no event.
    #[error("not an event, {0}; a recording has lines as --record and --jsonl write them")]
    NotEvent(String),
    /// The message of an event cannot be read.
    #[error(transparent)]
    Message(jsonl::ReadError),
    /// A field of an event is not what it should be.
    #[error("{0}")]
    Field(String),
}

impl From<jsonl::ReadError> for LineError {
    fn from(error: jsonl::ReadError) -> Self {
        match error {
            jsonl::ReadError::NotEvent(text) => Self::NotEvent(text),
            other => Self::Message(other),
        }
    }
}
