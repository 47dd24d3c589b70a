//! What differs between systems, behind one interface: a folder for each family, with the same files.
//!
//! Nothing else in the crate asks which system this is; `tests/layers.rs` checks that.

#[cfg(unix)]
mod unix;
#[cfg(unix)]
pub use unix::{file, process};

use std::io;

/// Why a file is not used for what only its owner may read.
#[derive(Debug)]
pub enum Unfit {
    Exists,
    Link,
    NotFile,
    /// It belongs to another user.
    Foreign,
    Io(io::Error),
}

impl From<io::Error> for Unfit {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}
