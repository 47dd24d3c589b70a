//! Reports of a run that are written to files, or to stdout.

use std::io;
use std::path::{Path, PathBuf};

use super::complain;
use crate::atomic_file::Replacement;
use crate::exit::Exit;
use crate::term;

/// Makes a document of the results of a run.
pub(super) type Writer<T> = fn(&T) -> String;

pub(super) struct Document<T> {
    path: PathBuf,
    /// `None` for standard output.
    file: Option<Replacement>,
    write: Writer<T>,
}

impl<T> Document<T> {
    pub(super) fn is_stdout(&self) -> bool {
        self.file.is_none()
    }
}

/// Opens all reports, so that a missing directory shows before the run.
pub(super) fn open<T>(
    reports: impl IntoIterator<Item = (Option<PathBuf>, Writer<T>)>,
) -> Result<Vec<Document<T>>, Exit> {
    let mut opened = Vec::new();
    for (path, write) in reports {
        let Some(path) = path else { continue };
        let file = if path == Path::new("-") {
            None
        } else {
            Some(Replacement::open(&path).map_err(|error| cannot_write(&path, &error))?)
        };
        opened.push(Document { path, file, write });
    }
    Ok(opened)
}

/// Writes all; an exit status if one cannot be written.
pub(super) fn write<T>(reports: Vec<Document<T>>, run: &T) -> Option<Exit> {
    let mut exit = None;
    for report in reports {
        let text = (report.write)(run);
        let written = match report.file {
            Some(file) => file.write(text.as_bytes()),
            None => term::stdout(text.as_bytes()),
        };
        match written {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                exit = Some(cannot_write(&report.path, &error));
            }
            _ => {}
        }
    }
    exit
}

fn cannot_write(path: &Path, error: &io::Error) -> Exit {
    complain(&format!("cannot write {}: {error}", path.display()));
    Exit::Write
}
