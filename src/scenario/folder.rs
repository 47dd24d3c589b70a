//! Where scenarios are found.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::exit::Exit;

/// What the name of a scenario ends with.
const EXTENSION: &str = "wsee";

/// A file or folder that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// It cannot be read.
    #[error("cannot read {}: {error}", path.display())]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// A folder without a scenario in it.
    #[error("no scenario in {}; the name of one ends with .wsee", .0.display())]
    Empty(PathBuf),
}

impl FolderError {
    /// The exit status that tells it.
    pub fn exit(&self) -> Exit {
        match self {
            Self::Read { .. } => Exit::Input,
            Self::Empty(_) => Exit::Usage,
        }
    }
}

/// The files themselves, and all scenarios in the folders, in the order of their names.
pub fn find(paths: &[PathBuf]) -> Result<Vec<PathBuf>, FolderError> {
    let mut files = Vec::new();
    for path in paths {
        let kind = fs::metadata(path).map_err(|error| failed(path, error))?;
        if !kind.is_dir() {
            files.push(path.clone());
            continue;
        }
        let before = files.len();
        collect(path, &mut files)?;
        if files.len() == before {
            return Err(FolderError::Empty(path.clone()));
        }
        files[before..].sort();
    }
    Ok(files)
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), FolderError> {
    for entry in fs::read_dir(folder).map_err(|error| failed(folder, error))? {
        let entry = entry.map_err(|error| failed(folder, error))?;
        let path = entry.path();
        // The kind of the entry itself: a link back to the folder would never end.
        let kind = entry.file_type().map_err(|error| failed(&path, error))?;
        if kind.is_dir() {
            collect(&path, files)?;
        } else if path.extension().is_some_and(|it| it == EXTENSION) && path.is_file() {
            files.push(path);
        }
    }
    Ok(())
}

fn failed(path: &Path, error: io::Error) -> FolderError {
    let path = path.to_owned();
    FolderError::Read { path, error }
}
