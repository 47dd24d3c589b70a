//! What a file tells of a session: one of ours, or an archive that a browser exported.

use std::fs;
use std::io::{self, BufReader};
use std::path::{Path, PathBuf};
use std::time::Duration;
use std::vec;

use super::har::{self, HarError};
use super::lines::{self, LineError};
use super::recorder::Format;
use crate::proto::frame::CloseFrame;
use crate::proto::message::Kind;

/// Which way something went, as the client sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// From the client.
    Sent,
    /// From the server.
    Received,
}

/// Something that went over a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedEvent {
    /// When, from the opening of the connection; never less than that of what was told before.
    pub at: Duration,
    /// Which way.
    pub direction: Direction,
    /// What.
    pub kind: RecordedKind,
}

/// What went over a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RecordedKind {
    /// A message.
    Message(Kind, Vec<u8>),
    /// A ping.
    Ping(Vec<u8>),
    /// A pong, which a connection sends by itself.
    Pong,
    /// A Close frame; `None` for an empty body, or one that must not be sent.
    Close(Option<CloseFrame>),
}

/// A connection of a recording.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Connection {
    /// Where it went; secrets in it may be masked.
    pub url: Option<String>,
    /// The subprotocols that the client offered.
    pub offered: Vec<String>,
    /// The subprotocol that the server selected.
    pub selected: Option<String>,
    /// The client's origin.
    pub origin: Option<String>,
    /// How many messages the client sent.
    pub sent: u64,
    /// How many messages the server sent.
    pub received: u64,
    /// From its opening to the last that is told of it.
    pub lasted: Duration,
}

impl Connection {
    pub(super) fn count(&mut self, told: &RecordedEvent) {
        self.lasted = told.at;
        if let RecordedKind::Message(..) = told.kind {
            match told.direction {
                Direction::Sent => self.sent += 1,
                Direction::Received => self.received += 1,
            }
        }
    }
}

/// A recording that was read once; what it tells of a connection is read again when it is asked for.
#[derive(Debug, Clone)]
pub struct Recording {
    path: PathBuf,
    notation: Notation,
    /// Its connections, in the order of the file.
    pub connections: Vec<Connection>,
}

/// How a recording that is read is written.
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

/// Why a recording cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The file's name does not say what is in it.
    #[error("{}: the name of a recording that is played ends in .jsonl or .har", .0.display())]
    Format(PathBuf),
    /// It cannot be read.
    #[error("cannot read {}: {error}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// A device, a pipe, a folder.
    #[error("{} is not a regular file; save the recording in one, it is read twice", .0.display())]
    NotFile(PathBuf),
    /// A line is no event.
    #[error("{}, line {line}: {error}", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// The line, from 1 on.
        line: u64,
        /// What is wrong with it.
        error: LineError,
    },
    /// It is no archive.
    #[error("{}: {error}", path.display())]
    Har {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        error: HarError,
    },
    /// There is nothing in it.
    #[error("{} tells of no WebSocket connection", .0.display())]
    Empty(PathBuf),
}

impl Recording {
    /// Reads the whole file, so that what is wrong with it is known before anything is sent.
    pub fn read(path: &Path) -> Result<Self, ReadError> {
        let Some(notation) = Notation::of(path) else {
            return Err(ReadError::Format(path.to_owned()));
        };
        let file = open(path)?;
        let connections = match notation {
            Notation::Lines => lines::connections(file, path)?,
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

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What it tells of the connection with this index.
    pub fn events(&self, index: usize) -> Result<EventReader, ReadError> {
        let file = open(&self.path)?;
        match self.notation {
            Notation::Lines => {
                let story = lines::EventReader::new(file, &self.path, index);
                Ok(EventReader(Source::Lines(Box::new(story))))
            }
            Notation::Archive => {
                let entries = har::entries(file).map_err(|error| har_error(&self.path, error))?;
                let told = entries.into_iter().nth(index).map(|entry| entry.told);
                Ok(EventReader(Source::Entry(
                    told.unwrap_or_default().into_iter(),
                )))
            }
        }
    }
}

/// What a recording tells of a connection, from its opening to its end.
#[derive(Debug)]
pub struct EventReader(Source);

#[derive(Debug)]
enum Source {
    /// Read as it is asked for: it may be long.
    Lines(Box<lines::EventReader>),
    Entry(vec::IntoIter<RecordedEvent>),
}

impl Iterator for EventReader {
    type Item = Result<RecordedEvent, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        match &mut self.0 {
            Source::Lines(story) => story.next(),
            Source::Entry(told) => told.next().map(Ok),
        }
    }
}

fn open(path: &Path) -> Result<BufReader<fs::File>, ReadError> {
    let failed = |error| ReadError::Io {
        path: path.to_owned(),
        error,
    };
    // Opening a named pipe would wait for its writer.
    let metadata = fs::metadata(path).map_err(failed)?;
    if !metadata.is_file() {
        return Err(ReadError::NotFile(path.to_owned()));
    }
    Ok(BufReader::new(fs::File::open(path).map_err(failed)?))
}

fn har_error(path: &Path, error: HarError) -> ReadError {
    let path = path.to_owned();
    ReadError::Har { path, error }
}
