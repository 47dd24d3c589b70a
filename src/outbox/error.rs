//! Why something could not be sent.

use std::io;
use std::path::PathBuf;

use super::TemplateError;
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
    #[error("{}, byte {byte}: not valid UTF-8; without \"text\" it is sent as binary", path.display())]
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
