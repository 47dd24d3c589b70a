//! Reads recordings: wsee's own, or an archive that a browser exported.

use std::fs;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::vec;

use super::error::ReadError;
use super::event::{Connection, RecordedEvent};
use super::format::Format;
use super::har::{self, HarError};
use super::jsonl;
use crate::text;

/// A checked recording; the events of a connection are read again on demand.
#[derive(Debug, Clone)]
pub struct Recording {
    path: PathBuf,
    notation: Notation,
    pub connections: Vec<Connection>,
}

#[derive(Debug, Clone, Copy)]
enum Notation {
    Lines,
    Archive,
}

impl Notation {
    fn of(path: &Path) -> Option<Self> {
        match Format::of(path)? {
            Format::Jsonl => Some(Self::Lines),
            Format::Har => Some(Self::Archive),
            Format::Scenario => None,
        }
    }
}

impl Recording {
    /// Reads and checks the whole file, so that errors show before anything is sent.
    pub fn read(path: &Path) -> Result<Self, ReadError> {
        let Some(notation) = Notation::of(path) else {
            return Err(ReadError::Format(path.to_owned()));
        };
        let file = open(path)?;
        let connections = match notation {
            Notation::Lines => jsonl::connections(file, path)?,
            Notation::Archive => {
                let entries = har::entries(file).map_err(|error| har_error(path, error))?;
                entries.into_iter().map(|entry| entry.connection).collect()
            }
        };
        if connections.is_empty() {
            return Err(ReadError::Empty(path.to_owned()));
        }
        Ok(Self {
            path: path.to_owned(),
            notation,
            connections,
        })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    pub fn events(&self, index: usize) -> Result<EventReader, ReadError> {
        let file = open(&self.path)?;
        match self.notation {
            Notation::Lines => {
                let events = jsonl::LineEvents::new(file, &self.path, index);
                Ok(EventReader(Source::Lines(Box::new(events))))
            }
            Notation::Archive => {
                let entries = har::entries(file).map_err(|error| har_error(&self.path, error))?;
                let events = entries.into_iter().nth(index).map(|entry| entry.events);
                Ok(EventReader(Source::Entry(
                    events.unwrap_or_default().into_iter(),
                )))
            }
        }
    }
}

#[derive(Debug)]
pub struct EventReader(Source);

#[derive(Debug)]
enum Source {
    /// Read on demand, as it may be long.
    Lines(Box<jsonl::LineEvents>),
    Entry(vec::IntoIter<RecordedEvent>),
}

impl Iterator for EventReader {
    type Item = Result<RecordedEvent, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        match &mut self.0 {
            Source::Lines(events) => events.next(),
            Source::Entry(events) => events.next().map(Ok),
        }
    }
}

pub(super) fn open(path: &Path) -> Result<BufReader<fs::File>, ReadError> {
    let failed = |error| ReadError::Io {
        path: path.to_owned(),
        error,
    };
    // Opening a named pipe would wait for its writer.
    let metadata = fs::metadata(path).map_err(failed)?;
    if metadata.is_dir() {
        return Err(ReadError::Folder(path.to_owned()));
    }
    if !metadata.is_file() {
        return Err(ReadError::NotFile(path.to_owned()));
    }
    let mut file = BufReader::new(fs::File::open(path).map_err(failed)?);
    text::skip_mark(&mut file).map_err(failed)?;
    Ok(file)
}

pub(super) fn har_error(path: &Path, error: HarError) -> ReadError {
    let path = path.to_owned();
    ReadError::Har { path, error }
}
