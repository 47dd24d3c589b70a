use std::io;
use std::path::PathBuf;

use super::har::HarError;
use crate::diagnostic::Diagnostic;
use crate::render::jsonl;

/// The longest line in bytes: more than a message of the default `--max-message` in base64.
pub(super) const MAX_LINE: u64 = 256 << 20;

#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    #[error("{}: the name of a recording to replay must end in .jsonl or .har", .0.display())]
    Format(PathBuf),
    #[error("{} is {what}, not a recording", path.display())]
    NotRecording { path: PathBuf, what: &'static str },
    #[error("cannot read {}: {error}", path.display())]
    Io { path: PathBuf, error: io::Error },
    #[error("{} is not a regular file, and it is read twice", .0.display())]
    NotFile(PathBuf),
    #[error("{} is a folder", .0.display())]
    Folder(PathBuf),
    #[error("no file in {} is a recording, by its name", .0.display())]
    NoneInFolder(PathBuf),
    #[error("{}, line {line}: {error}", path.display())]
    Line {
        path: PathBuf,
        line: u64,
        error: LineError,
    },
    #[error("{}: {error}", path.display())]
    Har { path: PathBuf, error: HarError },
    #[error("{} contains no WebSocket connection", .0.display())]
    Empty(PathBuf),
    #[error("more than {limit} with {}", path.display())]
    TooMuch { path: PathBuf, limit: String },
}

impl Diagnostic for ReadError {
    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::NotFile(_) => "save the recording to a file",
            Self::Folder(_) => "name a recording in it; wsee view shows all of them together",
            Self::TooMuch { .. } => "name fewer recordings; one alone may have any size",
            Self::NoneInFolder(_) => "the name of a recording ends in .jsonl, .har or .wsee",
            Self::NotRecording { .. } => {
                "recordings are what --record and --jsonl write, and .har files of browsers"
            }
            Self::Line {
                error: LineError::NotEvent(_),
                ..
            } => "a recording has lines as --record and --jsonl write them",
            Self::Har {
                error: HarError::TooLarge,
                ..
            } => "export only the WebSocket connections",
            _ => return None,
        };
        Some(hint.to_owned())
    }
}

#[derive(Debug, thiserror::Error)]
pub enum LineError {
    #[error("longer than {} MiB", MAX_LINE >> 20)]
    TooLong,
    #[error("not an event, {0}")]
    NotEvent(String),
    #[error(transparent)]
    Message(jsonl::ReadError),
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
