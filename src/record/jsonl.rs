//! Recordings in JSON Lines, read line by line.

use std::borrow::Cow;
use std::fs::File;
use std::io::BufReader;
use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use serde::Deserialize;

use super::error::{LineError, ReadError};
use super::event::{
    Connection, Field, MAX_CONTROL, RecordedEvent, RecordedKind, close, split, value,
};
use super::lines::Lines;
use crate::event::Direction;
use crate::render::jsonl;

#[derive(Deserialize)]
struct Line<'a> {
    #[serde(borrow)]
    event: Cow<'a, str>,
    #[serde(borrow)]
    time: Option<Cow<'a, str>>,
    /// Of a further connection.
    #[serde(borrow)]
    connection_name: Option<Cow<'a, str>>,
    #[serde(borrow)]
    direction: Option<Cow<'a, str>>,
    #[serde(borrow)]
    url: Option<Cow<'a, str>>,
    request: Option<Request>,
    data: Option<Cow<'a, str>>,
    base64: Option<Cow<'a, str>>,
    #[serde(borrow)]
    subprotocol: Option<Cow<'a, str>>,
    code: Option<u16>,
    reason: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct Request {
    headers: Vec<Field>,
}

enum Parsed {
    Open(Box<Connection>, Option<Timestamp>),
    RecordedEvent(Option<Timestamp>, Direction, RecordedKind),
    Nothing,
}

/// The connections of a recording; reads and checks every line.
pub(super) fn connections(
    file: BufReader<File>,
    path: &Path,
) -> Result<Vec<Connection>, ReadError> {
    let mut reader = Reader::new(file, path);
    let mut connections: Vec<Connection> = Vec::new();
    while let Some(read) = reader.next()? {
        match read {
            Step::Open(connection) => connections.push(*connection),
            Step::RecordedEvent(event) => {
                // Lines written by hand may have messages only.
                if connections.is_empty() {
                    connections.push(Connection::default());
                }
                if let Some(connection) = connections.last_mut() {
                    connection.count(&event);
                }
            }
        }
    }
    Ok(connections)
}

#[derive(Debug)]
pub(super) struct LineEvents {
    reader: Reader,
    before: usize,
    is_open: bool,
    is_over: bool,
}

impl LineEvents {
    pub(super) fn new(file: BufReader<File>, path: &Path, index: usize) -> Self {
        Self {
            reader: Reader::new(file, path),
            before: index,
            is_open: false,
            is_over: false,
        }
    }

    pub(super) fn next(&mut self) -> Option<Result<RecordedEvent, ReadError>> {
        while !self.is_over {
            match self.reader.next() {
                Ok(Some(Step::Open(_))) if self.is_open && self.before == 0 => break,
                Ok(Some(Step::Open(_))) => {
                    self.before -= usize::from(self.is_open);
                    self.is_open = true;
                }
                Ok(Some(Step::RecordedEvent(event))) => {
                    self.is_open = true;
                    if self.before == 0 {
                        return Some(Ok(event));
                    }
                }
                Ok(None) => break,
                Err(error) => {
                    self.is_over = true;
                    return Some(Err(error));
                }
            }
        }
        self.is_over = true;
        None
    }
}

enum Step {
    Open(Box<Connection>),
    RecordedEvent(RecordedEvent),
}

#[derive(Debug)]
struct Reader {
    lines: Lines,
    opened: Option<Timestamp>,
    at: Duration,
}

impl Reader {
    fn new(file: BufReader<File>, path: &Path) -> Self {
        Self {
            lines: Lines::new(file, path),
            opened: None,
            at: Duration::ZERO,
        }
    }

    fn next(&mut self) -> Result<Option<Step>, ReadError> {
        while self.lines.advance()? {
            let read = match read(&self.lines.line) {
                Ok(read) => read,
                Err(_) if self.lines.is_cut() => return Ok(None),
                Err(error) => return Err(self.lines.wrong(error)),
            };
            match read {
                Parsed::Open(connection, time) => {
                    self.opened = time;
                    self.at = Duration::ZERO;
                    return Ok(Some(Step::Open(connection)));
                }
                Parsed::RecordedEvent(time, direction, kind) => {
                    let at = self.place(time);
                    return Ok(Some(Step::RecordedEvent(RecordedEvent {
                        at,
                        direction,
                        kind,
                    })));
                }
                Parsed::Nothing => {}
            }
        }
        Ok(None)
    }

    /// The time since the opening, which never decreases even if the clock was set back.
    fn place(&mut self, time: Option<Timestamp>) -> Duration {
        if let Some(time) = time {
            let opened = *self.opened.get_or_insert(time);
            let since = Duration::try_from(time.duration_since(opened));
            self.at = self.at.max(since.unwrap_or_default());
        }
        self.at
    }
}

fn read(bytes: &[u8]) -> Result<Parsed, LineError> {
    // It also checks the version, and that the line is an event.
    let message = jsonl::message(bytes)?;
    if bytes.trim_ascii().is_empty() {
        return Ok(Parsed::Nothing);
    }
    let line: Line<'_> = serde_json::from_slice(bytes)
        .map_err(|error| LineError::NotEvent(jsonl::without_line(&error)))?;
    let time = time(line.time.as_deref())?;
    let direction = direction(line.direction.as_deref())?;
    // The first connection is the one that is played.
    if line.connection_name.is_some() {
        return Ok(Parsed::Nothing);
    }
    let kind = match (message, &*line.event) {
        (Some((kind, payload)), _) => RecordedKind::Message(kind, payload),
        (None, "open") => return Ok(Parsed::Open(Box::new(connection(line)), time)),
        (None, "ping") => RecordedKind::Ping(control(&line)?),
        (None, "pong") => RecordedKind::Pong,
        (None, "close") => RecordedKind::Close(close(line.code, line.reason.as_deref())),
        _ => return Ok(Parsed::Nothing),
    };
    Ok(Parsed::RecordedEvent(time, direction, kind))
}

pub(super) fn time(text: Option<&str>) -> Result<Option<Timestamp>, LineError> {
    let parse = |text: &str| {
        text.parse().map_err(|_| {
            let text = format!("{text:?} is not a time such as 2026-11-20T12:01:02Z");
            LineError::Field(text)
        })
    };
    text.map(parse).transpose()
}

pub(super) fn direction(text: Option<&str>) -> Result<Direction, LineError> {
    match text {
        Some("sent") | None => Ok(Direction::Sent),
        Some("received") => Ok(Direction::Received),
        Some(other) => {
            let text = format!("{other:?} is not a direction; expected sent or received");
            Err(LineError::Field(text))
        }
    }
}

fn connection(line: Line<'_>) -> Connection {
    let fields = line.request.map(|request| request.headers);
    let fields = fields.unwrap_or_default();
    let value = |name| value(&fields, name);
    Connection {
        url: line.url.map(Cow::into_owned),
        offered: split(value("Sec-WebSocket-Protocol").as_deref()),
        selected: line.subprotocol.map(Cow::into_owned),
        origin: value("Origin"),
        ..Connection::default()
    }
}

fn control(line: &Line<'_>) -> Result<Vec<u8>, LineError> {
    let payload = jsonl::control_payload(line.data.as_deref(), line.base64.as_deref())?;
    if payload.len() > MAX_CONTROL {
        let text = format!("a ping of more than {MAX_CONTROL} bytes");
        return Err(LineError::Field(text));
    }
    Ok(payload)
}
