//! Reads archives, wsee's own or a browser's.

use std::io::Read;
use std::time::Duration;

use data_encoding::BASE64;
use jiff::Timestamp;
use serde::Deserialize;

use crate::event::Direction;
use crate::proto::frame::{CloseFrame, Opcode};
use crate::proto::message::Kind;
use crate::record::event::{
    Connection, Field, Head as RecordedHead, MAX_CONTROL, RecordedEvent, RecordedKind, close,
    split, value,
};

/// The largest archive in bytes: all its messages are held in memory.
const MAX_ARCHIVE: u64 = 512 << 20;
const PROTOCOL: &str = "Sec-WebSocket-Protocol";

#[derive(Debug, thiserror::Error)]
pub enum HarError {
    #[error("not an HTTP Archive: {0}")]
    NotArchive(#[from] serde_json::Error),
    #[error("larger than {} MiB", MAX_ARCHIVE >> 20)]
    TooLarge,
    #[error("entry {entry}, message {message}: {text}")]
    Message {
        /// The WebSocket connection, from 1.
        entry: usize,
        message: usize,
        text: String,
    },
}

#[derive(Debug)]
pub(in crate::record) struct Entry {
    pub(in crate::record) connection: Connection,
    pub(in crate::record) events: Vec<RecordedEvent>,
    pub(in crate::record) opening: Opening,
}

/// What an entry says about the handshake.
#[derive(Debug)]
pub(in crate::record) struct Opening {
    pub(in crate::record) started: Option<Timestamp>,
    pub(in crate::record) address: Option<String>,
    pub(in crate::record) request: RecordedHead,
    pub(in crate::record) response: Option<RecordedHead>,
    /// Why the connection did not open.
    pub(in crate::record) error: Option<String>,
}

#[derive(Deserialize)]
struct Archive {
    log: Log,
}

#[derive(Deserialize)]
struct Log {
    entries: Vec<Raw>,
}

/// The fields of an entry that are read; others, which may be large, are skipped.
#[derive(Deserialize)]
struct Raw {
    #[serde(rename = "startedDateTime")]
    started: Option<String>,
    request: Head,
    response: Option<Head>,
    #[serde(rename = "serverIPAddress")]
    address: Option<String>,
    #[serde(rename = "_error")]
    error: Option<String>,
    #[serde(rename = "_webSocketMessages")]
    messages: Option<Vec<Message>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Head {
    method: Option<String>,
    url: Option<String>,
    http_version: Option<String>,
    status: Option<f64>,
    status_text: Option<String>,
    #[serde(default)]
    headers: Vec<Field>,
}

#[derive(Deserialize)]
struct Message {
    r#type: String,
    time: Option<f64>,
    opcode: Option<i64>,
    data: Option<String>,
}

/// The WebSocket connections of an archive; other entries are skipped.
pub(in crate::record) fn entries(file: impl Read) -> Result<Vec<Entry>, HarError> {
    let mut limited = file.take(MAX_ARCHIVE);
    let archive: Result<Archive, _> = serde_json::from_reader(&mut limited);
    if limited.limit() == 0 {
        return Err(HarError::TooLarge);
    }
    let entries = archive?.log.entries.into_iter();
    let entries = entries.filter_map(|mut raw| Some((raw.messages.take()?, raw)));
    (1..)
        .zip(entries)
        .map(|(number, (messages, raw))| entry(number, messages, &raw))
        .collect()
}

fn entry(number: usize, messages: Vec<Message>, raw: &Raw) -> Result<Entry, HarError> {
    let mut connection = connection(raw);
    let started = raw.started.as_deref().and_then(|time| time.parse().ok());
    let mut start = started.map(|time: Timestamp| time.as_duration().as_secs_f64());
    let mut at = Duration::ZERO;
    let mut events = Vec::with_capacity(messages.len());
    for (index, message) in (1..).zip(messages) {
        let time = message.time.map(seconds);
        if let Some(time) = time {
            let since = time - *start.get_or_insert(time);
            at = at.max(Duration::try_from_secs_f64(since).unwrap_or_default());
        }
        let read = read(message).map_err(|text| HarError::Message {
            entry: number,
            message: index,
            text,
        })?;
        if let Some((direction, kind)) = read {
            let event = RecordedEvent {
                at,
                direction,
                kind,
            };
            connection.count(&event);
            events.push(event);
        }
    }
    Ok(Entry {
        connection,
        events,
        opening: opening(raw, started),
    })
}

fn opening(raw: &Raw, started: Option<Timestamp>) -> Opening {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let head = |line: String, head: &Head| RecordedHead {
        line,
        headers: head.headers.clone(),
    };
    let (request, url) = (&raw.request, text(&raw.request.url));
    let (method, version) = (text(&request.method), text(&request.http_version));
    // Without a response the status is 0.
    let answered = |it: &&Head| it.status.is_some_and(|status| status != 0.0);
    let response = raw.response.as_ref().filter(answered).map(|response| {
        let status = response.status.unwrap_or_default();
        let (version, reason) = (text(&response.http_version), text(&response.status_text));
        head(format!("{version} {status} {reason}"), response)
    });
    Opening {
        started,
        address: raw.address.clone(),
        request: head(format!("{method} {url} {version}"), request),
        response,
        error: raw.error.clone(),
    }
}

/// A time in seconds; some exporters write milliseconds or microseconds.
fn seconds(time: f64) -> f64 {
    match time {
        ..1e11 => time,
        ..1e14 => time / 1e3,
        _ => time / 1e6,
    }
}

fn connection(raw: &Raw) -> Connection {
    let value = |head: &Head, name| value(&head.headers, name);
    Connection {
        url: raw.request.url.clone(),
        offered: split(value(&raw.request, PROTOCOL).as_deref()),
        selected: raw.response.as_ref().and_then(|it| value(it, PROTOCOL)),
        origin: value(&raw.request, "Origin"),
        ..Connection::default()
    }
}

/// The event of a message; `None` for one that never was on the wire.
fn read(message: Message) -> Result<Option<(Direction, RecordedKind)>, String> {
    let direction = match &*message.r#type {
        "send" | "sent" => Direction::Sent,
        "receive" | "received" => Direction::Received,
        // Chrome lists its own errors among the messages.
        "error" => return Ok(None),
        other => return Err(format!("{other:?} is not a type; expected send or receive")),
    };
    let data = message.data.unwrap_or_default();
    let opcode = message.opcode.unwrap_or(1);
    let kind = match u8::try_from(opcode).map(Opcode::from_bits) {
        Ok(Opcode::TEXT) => RecordedKind::Message(Kind::Text, data.into_bytes()),
        Ok(Opcode::BINARY) => RecordedKind::Message(Kind::Binary, base64(&data)?),
        Ok(Opcode::PING) => RecordedKind::Ping(control(&data)?),
        Ok(Opcode::PONG) => RecordedKind::Pong,
        Ok(Opcode::CLOSE) => RecordedKind::Close(closing(&data)),
        _ => return Err(format!("{opcode} is not an opcode of a message")),
    };
    Ok(Some((direction, kind)))
}

fn base64(data: &str) -> Result<Vec<u8>, String> {
    let decoded = BASE64.decode(data.as_bytes());
    decoded.map_err(|error| {
        format!(
            "byte {} of its data is not valid base64",
            error.position + 1
        )
    })
}

/// The body of a Close frame (RFC 6455 §5.5.1).
fn closing(data: &str) -> Option<CloseFrame> {
    let body = base64(data).ok()?;
    let (code, reason) = body.split_first_chunk()?;
    close(
        Some(u16::from_be_bytes(*code)),
        std::str::from_utf8(reason).ok(),
    )
}

/// The payload of a ping, which some exporters write as text.
fn control(data: &str) -> Result<Vec<u8>, String> {
    let payload = base64(data).unwrap_or_else(|_| data.as_bytes().to_vec());
    if payload.len() > MAX_CONTROL {
        return Err(format!("a ping of more than {MAX_CONTROL} bytes"));
    }
    Ok(payload)
}
