use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::exit::Exit;

const EXTENSION: &str = "wsee";

#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    #[error("cannot read {}: {error}", path.display())]
    Read { path: PathBuf, error: io::Error },
    #[error("no scenario (*.wsee) in {}", .0.display())]
    Empty(PathBuf),
}

impl FolderError {
    pub fn exit(&self) -> Exit {
        match self {
            Self::Read { .. } => Exit::Input,
            Self::Empty(_) => Exit::Usage,
        }
    }
}

/// The given files, and all scenarios below the given folders, sorted by path.
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
        // Not followed through symbolic links: a link back to the folder would never end.
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
