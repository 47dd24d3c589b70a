use std::io;
use std::path::PathBuf;

use crate::diagnostic::Diagnostic;
use crate::render::quantity;

/// The longest payload for the clipboard, in bytes: terminals drop longer sequences, or hang.
pub(super) const COPIED: usize = 64 << 10;

/// Why a command about kept messages does nothing.
#[derive(Debug, thiserror::Error)]
pub enum MemoryError {
    #[error("no messages are kept")]
    Off,
    #[error("there is no message yet")]
    Empty,
    #[error("#{number} is no longer kept; kept are #{oldest} to #{newest}")]
    Forgotten {
        number: u64,
        oldest: u64,
        newest: u64,
    },
    #[error("#{number} was too large to be kept")]
    TooLarge { number: u64 },
    #[error("there is no #{number} yet; the last message is #{newest}")]
    NotYet { number: u64, newest: u64 },
    #[error("there is no #0; the first message is #1")]
    Zero,
    #[error("only {kept} messages are kept")]
    NotAsFar { kept: usize },
    #[error("column {column}: {problem}")]
    Pattern { column: usize, problem: String },
    #[error("#{number} has {}, and the clipboard gets at most {}", size(*bytes), size(COPIED))]
    TooLongToCopy { number: u64, bytes: usize },
    #[error("{} exists already", .0.display())]
    Exists(PathBuf),
    #[error("cannot write {}: {error}", path.display())]
    Write { path: PathBuf, error: io::Error },
}

impl Diagnostic for MemoryError {
    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Off => "start wsee without --keep 0",
            Self::Forgotten { .. } | Self::TooLarge { .. } => "--keep N or --keep SIZE keeps more",
            Self::NotAsFar { .. } => "/last lists the last ones",
            Self::TooLongToCopy { number, .. } => {
                return Some(format!("/save {number} FILE writes it to a file"));
            }
            Self::Exists(_) => "give another name",
            _ => return None,
        };
        Some(hint.to_owned())
    }
}

fn size(bytes: usize) -> String {
    quantity::size(bytes as u64)
}
