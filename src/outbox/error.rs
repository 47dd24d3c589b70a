//! Why something could not be sent.

use std::io;
use std::path::PathBuf;

use super::TemplateError;
use crate::diagnostic::Diagnostic;
use crate::proto::sender::Closing;
use crate::record::ReadError;

/// Why something could not be sent.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// The connection is closing.
    #[error(transparent)]
    Closing(#[from] Closing),
    /// A file cannot be read.
    #[error("cannot read {}: {error}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// Not a file with an end: a directory, a device, a named pipe.
    #[error("cannot send {}: not a regular file", path.display())]
    NoFile {
        /// What there is instead.
        path: PathBuf,
    },
    /// A file that is to be text is not.
    #[error("{}, byte {byte} is not valid UTF-8", path.display())]
    NotText {
        /// The file.
        path: PathBuf,
        /// The first bad byte, from 1 on.
        byte: u64,
    },
    #[error(transparent)]
    Template(#[from] TemplateError),
    #[error(transparent)]
    Recording(#[from] ReadError),
}

impl Diagnostic for SendError {
    fn hint(&self) -> Option<String> {
        match self {
            Self::NotText { .. } => Some("without \"text\" it is sent as binary".to_owned()),
            Self::Template(error) => error.hint(),
            Self::Recording(error) => error.hint(),
            Self::Closing(_) | Self::File { .. } | Self::NoFile { .. } => None,
        }
    }
}
