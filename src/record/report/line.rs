//! Entries of a recording in JSON Lines.

use std::borrow::Cow;
use std::fs::File;
use std::io::BufReader;
use std::path::Path;
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

use super::Order;
use super::entry::{Body, Control, Ended, Entry, Frame, Message, Open, Problem, What};
use crate::event::Direction;
use crate::proto::frame::{CloseCode, CloseFrame, Opcode};
use crate::proto::receiver::WireHeader;
use crate::record::error::{LineError, ReadError};
use crate::record::event::Head;
use crate::record::jsonl::{direction, time};
use crate::record::lines::Lines;
use crate::render::close::close_text;
use crate::render::frame::frame_text;
use crate::render::{jsonl, quantity};

/// The fields of all events; those of messages are read by [`jsonl::message`], too.
#[derive(Deserialize)]
struct Line<'a> {
    #[serde(borrow)]
    event: Cow<'a, str>,
    #[serde(borrow)]
    time: Option<Cow<'a, str>>,
    #[serde(borrow)]
    direction: Option<Cow<'a, str>>,
    n: Option<u64>,
    connection_name: Option<String>,
    /// The number of a server's client.
    client: Option<Value>,
    /// The number of a proxy's connection.
    connection: Option<Value>,
    data: Option<Cow<'a, str>>,
    base64: Option<Cow<'a, str>>,
    deflated_size: Option<u64>,
    #[serde(rename = "as")]
    on_top: Option<Value>,
    rtt_ms: Option<f64>,
    code: Option<u16>,
    reason: Option<String>,
    header: Option<String>,
    offset: Option<u64>,
    message: Option<String>,
    #[serde(default)]
    fatal: bool,
    hint: Option<String>,
    section: Option<String>,
    bytes: Option<String>,
    body: Option<String>,
    exit: Option<u8>,
    url: Option<String>,
    address: Option<String>,
    proxy: Option<String>,
    tls: Option<Tls>,
    subprotocol: Option<String>,
    extensions: Option<String>,
    request: Option<Head>,
    response: Option<Head>,
    timings: Option<Timings>,
}

#[derive(Deserialize)]
struct Tls {
    version: String,
    cipher_suite: String,
    distrust: Option<String>,
}

#[derive(Deserialize)]
#[expect(clippy::struct_field_names, reason = "the names are the format's")]
struct Timings {
    dns_ms: Option<f64>,
    connect_ms: Option<f64>,
    proxy_tls_ms: Option<f64>,
    tunnel_ms: Option<f64>,
    tls_ms: Option<f64>,
    upgrade_ms: Option<f64>,
    total_ms: Option<f64>,
}

#[derive(Debug)]
pub(super) struct LineEntries {
    lines: Option<Lines>,
    order: Order,
}

impl LineEntries {
    pub(super) fn new(file: BufReader<File>, path: &Path, order: Order) -> Self {
        let lines = match order {
            Order::ByConnection => Lines::new(file, path),
            Order::ByTime => Lines::as_written(file, path),
        };
        Self {
            lines: Some(lines),
            order,
        }
    }

    fn advance(lines: &mut Lines, order: Order) -> Result<Option<Entry>, ReadError> {
        while lines.advance()? {
            match read(&lines.line, order) {
                Ok(Some(entry)) => return Ok(Some(entry)),
                Ok(None) => {}
                Err(_) if lines.is_cut() => return Ok(None),
                Err(error) => return Err(lines.wrong(error)),
            }
        }
        Ok(None)
    }
}

impl Iterator for LineEntries {
    type Item = Result<Entry, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        let next = Self::advance(self.lines.as_mut()?, self.order).transpose();
        if !matches!(next, Some(Ok(_))) {
            self.lines = None;
        }
        next
    }
}

/// `None` for an event that is not known, which a newer wsee may have written.
fn read(line: &[u8], order: Order) -> Result<Option<Entry>, LineError> {
    // It also checks the version, and that the line is an event.
    let message = jsonl::message(line)?;
    if line.trim_ascii().is_empty() {
        return Ok(None);
    }
    let mut line: Line<'_> = serde_json::from_slice(line)
        .map_err(|error| LineError::NotEvent(jsonl::without_line(&error)))?;
    let time = time(line.time.as_deref())?;
    let direction = direction(line.direction.as_deref())?;
    let connection = match line.connection_name.take() {
        None if order == Order::ByTime => numbered(&line),
        name => name,
    };
    let payload = || jsonl::control_payload(line.data.as_deref(), line.base64.as_deref());
    let control = |body| What::Control(Control { direction, body });
    let what = match (message, &*line.event) {
        (Some((kind, payload)), _) => What::Message(Message {
            number: line.n,
            direction,
            kind,
            payload,
            deflated: line.deflated_size,
            on_top: line.on_top,
        }),
        (None, "open") => What::Open(Box::new(open(line))),
        (None, "ping") => control(Body::Ping(payload()?)),
        (None, "pong") => control(Body::Pong(Some(payload()?), line.rtt_ms.and_then(millis))),
        (None, "close") => control(Body::Close(close(line.code, line.reason))),
        (None, "frame") => match frame(direction, line.header.as_deref(), line.offset) {
            Some(frame) => What::Frame(frame),
            None => return Ok(None),
        },
        (None, "error") => What::Problem(Box::new(problem(line))),
        (None, "retry") => What::Note(line.message.unwrap_or_default()),
        (None, "closed") => What::Ended(Box::new(Ended {
            message: line.message.unwrap_or_default(),
            hint: line.hint,
            exit: line.exit,
        })),
        _ => return Ok(None),
    };
    Ok(Some(Entry {
        time,
        connection,
        what,
    }))
}

/// The name of a connection that has a number.
fn numbered(line: &Line<'_>) -> Option<String> {
    let number = line.client.as_ref().or(line.connection.as_ref());
    Some(format!("@{}", number?.as_u64()?))
}

/// `None` if it is no duration: a recording may contain anything.
fn millis(ms: f64) -> Option<Duration> {
    Duration::try_from_secs_f64(ms / 1e3).ok()
}

fn open(line: Line<'_>) -> Open {
    let tls = line.tls.map(|tls| {
        let distrust = tls.distrust.map(|why| format!(", not trusted: {why}"));
        let distrust = distrust.unwrap_or_default();
        format!("{}, {}{distrust}", tls.version, tls.cipher_suite)
    });
    let facts = [
        ("Address", line.address),
        ("Proxy", line.proxy),
        ("TLS", tls),
        ("Subprotocol", line.subprotocol),
        ("Extensions", line.extensions),
        ("Opening took", line.timings.map(|it| took(&it))),
    ];
    let known = facts.into_iter();
    Open {
        url: line.url,
        request: line.request,
        response: line.response,
        facts: known.filter_map(|(name, it)| Some((name, it?))).collect(),
    }
}

fn took(timings: &Timings) -> String {
    let phases = [
        ("DNS", timings.dns_ms),
        ("TCP", timings.connect_ms),
        ("TLS to the proxy", timings.proxy_tls_ms),
        ("tunnel", timings.tunnel_ms),
        ("TLS", timings.tls_ms),
        ("upgrade", timings.upgrade_ms),
    ];
    let shown = |ms: f64| millis(ms).map(quantity::duration);
    let phases = phases.into_iter();
    let phases = phases.filter_map(|(name, ms)| Some(format!("{name} {}", shown(ms?)?)));
    let phases: Vec<String> = phases.collect();
    let total = timings.total_ms.and_then(shown).unwrap_or_default();
    format!("{total} ({})", phases.join(", "))
}

fn close(code: Option<u16>, reason: Option<String>) -> String {
    let reason = reason.unwrap_or_default();
    let frame = code.map(|code| CloseFrame {
        code: CloseCode(code),
        reason,
    });
    close_text(frame.as_ref())
}

/// `None` if the bytes are no header.
fn frame(direction: Direction, header: Option<&str>, offset: Option<u64>) -> Option<Frame> {
    let bytes = hex::decode(header?).ok()?;
    let frame = WireHeader::decode(&bytes, offset.unwrap_or_default())?;
    let header = &frame.header;
    Some(Frame {
        direction,
        is_fragment: !header.fin || header.opcode == Opcode::CONTINUATION,
        text: frame_text(&frame),
        header: Box::new(frame),
    })
}

fn problem(line: Line<'_>) -> Problem {
    let mut message = line.message.unwrap_or_default();
    if let Some(section) = line.section {
        message = format!("{message} ({section})");
    }
    if let Some(bytes) = line.bytes {
        let offset = line.offset.unwrap_or_default();
        message = format!("{message}; bytes {bytes} at offset {offset}");
    }
    let open = Open {
        request: line.request,
        response: line.response,
        ..Open::default()
    };
    let has_head = open.request.is_some() || open.response.is_some();
    Problem {
        message,
        hint: line.hint,
        is_fatal: line.fatal,
        open: has_head.then_some(open),
        body: line.body,
    }
}
