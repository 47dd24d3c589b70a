use std::io;
use std::path::PathBuf;

use super::FillError;
use crate::diagnostic::Diagnostic;
use crate::ontop::SayError;
use crate::proto::sender::Closing;
use crate::record::ReadError;

#[derive(Debug, thiserror::Error)]
pub enum SendError {
    #[error(transparent)]
    Closing(#[from] Closing),
    #[error("cannot read {}: {error}", path.display())]
    File { path: PathBuf, error: io::Error },
    /// A directory, a device or a named pipe, which has no end.
    #[error("cannot send {}: not a regular file", path.display())]
    NoFile { path: PathBuf },
    #[error("{}, byte {byte} is not valid UTF-8", path.display())]
    NotText {
        path: PathBuf,
        /// The first invalid byte, from 1.
        byte: u64,
    },
    #[error(transparent)]
    Template(#[from] FillError),
    #[error(transparent)]
    Recording(#[from] ReadError),
    #[error(transparent)]
    OnTop(#[from] SayError),
}

impl Diagnostic for SendError {
    fn hint(&self) -> Option<String> {
        match self {
            Self::NotText { .. } => Some("without \"text\" it is sent as binary".to_owned()),
            Self::Template(error) => error.hint(),
            Self::Recording(error) => error.hint(),
            Self::OnTop(error) => error.hint.clone(),
            Self::Closing(_) | Self::File { .. } | Self::NoFile { .. } => None,
        }
    }
}
