//! The lines of a file, of limited length, with their numbers.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use super::error::{LineError, MAX_LINE, ReadError};

#[derive(Debug)]
pub(super) struct Lines {
    file: BufReader<File>,
    path: PathBuf,
    pub(super) line: Vec<u8>,
    number: u64,
}

impl Lines {
    pub(super) fn new(file: BufReader<File>, path: &Path) -> Self {
        Self {
            file,
            path: path.to_owned(),
            line: Vec::new(),
            number: 0,
        }
    }

    /// Reads the next line; `false` at the end.
    pub(super) fn advance(&mut self) -> Result<bool, ReadError> {
        self.line.clear();
        self.number += 1;
        let mut limited = self.file.by_ref().take(MAX_LINE);
        let read = limited.read_until(b'\n', &mut self.line);
        let read = read.map_err(|error| ReadError::Io {
            path: self.path.clone(),
            error,
        })?;
        if read as u64 == MAX_LINE && !self.line.ends_with(b"\n") {
            return Err(self.wrong(LineError::TooLong));
        }
        Ok(read > 0)
    }

    /// The writer was killed in the middle of this line.
    pub(super) fn is_cut(&self) -> bool {
        !self.line.ends_with(b"\n") && self.number > 1
    }

    pub(super) fn wrong(&self, error: LineError) -> ReadError {
        ReadError::Line {
            path: self.path.clone(),
            line: self.number,
            error,
        }
    }
}
