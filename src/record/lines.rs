//! The lines of a file, of limited length, with their numbers.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::vec;

use serde::Deserialize;

use super::error::{LineError, MAX_LINE, ReadError};

#[derive(Debug)]
pub(super) struct Lines {
    file: BufReader<File>,
    path: PathBuf,
    pub(super) line: Vec<u8>,
    number: u64,
    /// Where the next line is read, in bytes.
    at: u64,
    /// The lines connection by connection; `None` if they are read as they are.
    order: Option<vec::IntoIter<Place>>,
    is_ordered: bool,
}

#[derive(Debug)]
struct Place {
    connection: u64,
    at: u64,
    number: u64,
}

/// What `--jsonl` of `wsee listen` adds to an event, and that of `wsee proxy`.
#[derive(Deserialize)]
struct Numbered {
    client: Option<u64>,
    connection: Option<u64>,
}

impl Lines {
    pub(super) fn new(file: BufReader<File>, path: &Path) -> Self {
        Self {
            file,
            path: path.to_owned(),
            line: Vec::new(),
            number: 0,
            at: 0,
            order: None,
            is_ordered: true,
        }
    }

    /// The lines as they follow one another in the file.
    pub(super) fn as_written(file: BufReader<File>, path: &Path) -> Self {
        Self {
            is_ordered: false,
            ..Self::new(file, path)
        }
    }

    /// Reads the next line; `false` at the end.
    ///
    /// The clients of a server, or the connections of a proxy, follow one another: their events are mixed in the file.
    pub(super) fn advance(&mut self) -> Result<bool, ReadError> {
        if self.number == 0 {
            if !self.read()? {
                return Ok(false);
            }
            if !self.is_ordered || number(&self.line).is_none() {
                return Ok(true);
            }
            self.order = Some(self.by_connection()?.into_iter());
        }
        let Some(order) = &mut self.order else {
            return self.read();
        };
        let Some(place) = order.next() else {
            self.line.clear();
            return Ok(false);
        };
        self.seek(place.at)?;
        self.number = place.number - 1;
        self.read()
    }

    /// The places of all lines, after the first was read.
    fn by_connection(&mut self) -> Result<Vec<Place>, ReadError> {
        let mut places = Vec::new();
        let mut last = 0;
        loop {
            let found = number(&self.line);
            // The writer was killed in the middle of the last line.
            if found.is_some() || self.line.ends_with(b"\n") {
                last = found.unwrap_or(last);
                places.push(Place {
                    connection: last,
                    at: self.at - self.line.len() as u64,
                    number: self.number,
                });
            }
            if !self.read()? {
                break;
            }
        }
        places.sort_by_key(|place| place.connection);
        Ok(places)
    }

    fn seek(&mut self, to: u64) -> Result<(), ReadError> {
        let by = to.cast_signed() - self.at.cast_signed();
        self.at = to;
        self.file.seek_relative(by).map_err(|error| self.io(error))
    }

    fn io(&self, error: io::Error) -> ReadError {
        ReadError::Io {
            path: self.path.clone(),
            error,
        }
    }

    fn read(&mut self) -> Result<bool, ReadError> {
        self.line.clear();
        self.number += 1;
        let mut limited = self.file.by_ref().take(MAX_LINE);
        let read = limited.read_until(b'\n', &mut self.line);
        let read = read.map_err(|error| self.io(error))?;
        self.at += read as u64;
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

fn number(line: &[u8]) -> Option<u64> {
    let line: Option<Numbered> = serde_json::from_slice(line).ok();
    let Numbered { client, connection } = line?;
    client.or(connection)
}
