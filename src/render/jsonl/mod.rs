//! Events as JSON Lines, for programs: what `--jsonl` prints.
//!
//! `schema/events.schema.json` describes every event and field. Within a version of the format
//! fields and events may be added, but none is removed, renamed or given another meaning. No line
//! contains a control character, or another that a terminal might act on: these are written as `\u`
//! escapes.

mod convert;
mod pieces;
mod read;
mod wire;

use std::borrow::Cow;
use std::io;
use std::time::Instant;

use serde::Serialize;
use serde_json::Value;
use serde_json::ser::{Formatter, Serializer};

use self::convert::{broken, closing, ended, frame, ms, ping, pong, timings, whole};
pub use self::pieces::Pieces;
pub use self::read::{ReadError, control_payload, message, without_line};
use self::wire::{Closed, Error, Field, Line, Open, Time, Tls};
use super::clock::Clock;
use super::close_summary;
use super::escape::is_unsafe;
use super::label::Label;
use super::mask::Secrets;
use super::reconnect;
use crate::dial::Step;
use crate::event::{self, Direction, Ending, Event, NotOpen, Opening, Side};
use crate::proto::connection::{self, Message};
use crate::proto::http1::Head;
use crate::proto::sender::Control;
use crate::secret::Redactor;

pub const VERSION: u32 = 1;

#[derive(Debug, Clone)]
pub struct Jsonl {
    frames: bool,
    secrets: Secrets,
    clock: Clock,
    client: Option<u64>,
    connection: Option<u64>,
    /// The end that an event comes from, if wsee is between two.
    pub side: Option<Side>,
    /// Of a prompt with several.
    connection_name: Option<Label>,
}

impl Jsonl {
    /// With `frames`, each frame's header is written as well.
    pub fn new(frames: bool, secrets: Secrets, clock: Clock) -> Self {
        Self {
            frames,
            secrets,
            clock,
            client: None,
            connection: None,
            side: None,
            connection_name: None,
        }
    }

    /// The lines of a server about this client.
    #[must_use]
    pub fn of(&self, client: u64) -> Self {
        Self {
            client: Some(client),
            ..self.clone()
        }
    }

    /// The lines of a proxy about this connection.
    #[must_use]
    pub fn of_connection(&self, number: u64) -> Self {
        Self {
            connection: Some(number),
            ..self.clone()
        }
    }

    /// The lines that follow are about this connection; `None` is the first of a run.
    pub fn set_connection(&mut self, connection: Option<&Label>) {
        self.connection_name = connection.cloned();
    }

    pub fn wants_frames(&self) -> bool {
        self.frames
    }

    /// Writes `event`, if the format has it; an `open` event takes its fields from `opening`, a message has `number`.
    pub fn event(
        &self,
        out: &mut impl io::Write,
        event: &Event<'_>,
        opening: &Opening,
        number: u64,
        now: Instant,
    ) -> io::Result<()> {
        match event {
            Event::Connection(connection::Event::Close(close)) => {
                let redactor = self.secrets.redactor(opening.requests());
                self.line(
                    out,
                    closing(Direction::Received, close.as_ref(), &redactor),
                    now,
                )
            }
            Event::Connection(event) => self.connection(out, event, number, now),
            Event::CredentialsInClear(host) => {
                let message = format!("credentials for {host} are sent unencrypted (ws://)");
                self.doubt(out, &message, now)
            }
            Event::Open(open) => {
                self.line(out, self.opened(opening, open), now)?;
                self.doubts(out, open, now)
            }
            Event::Retry(retry) => {
                let event = wire::Event::Retry(wire::Retry {
                    message: reconnect::retry(retry),
                    delay_ms: ms(retry.delay),
                    attempt: retry.attempt,
                });
                self.line(out, event, now)
            }
            Event::Fault(text) => {
                let message = Cow::Borrowed(*text);
                self.line(out, wire::Event::Fault(wire::Fault { message }), now)
            }
            // Parts of the `open` event.
            Event::Carried(_)
            | Event::Step(_)
            | Event::Request(_)
            | Event::Response(_)
            | Event::Redirected(_)
            | Event::Reconnected(_)
            | Event::Offline(_) => Ok(()),
        }
    }

    /// Writes a message, with what a protocol on top makes of it.
    pub fn message(
        &self,
        out: &mut impl io::Write,
        direction: Direction,
        message: &Message<'_>,
        number: u64,
        on_top: Option<&Value>,
        now: Instant,
    ) -> io::Result<()> {
        self.line(out, whole(direction, message, number, on_top), now)
    }

    pub fn not_open(
        &self,
        out: &mut impl io::Write,
        why: &NotOpen,
        opening: &Opening,
        now: Instant,
    ) -> io::Result<()> {
        let (request, response) = opening.exchange();
        let redactor = self.secrets.redactor(opening.requests());
        let error = Error {
            message: Cow::Borrowed(&why.message),
            fatal: true,
            hint: why.hint.as_deref(),
            status: response.and_then(Head::status),
            request: request.map(|head| self.head(head)),
            response: response.map(|head| self.response(head, &redactor)),
            body: why.body.as_deref().map(String::from_utf8_lossy),
            ..Error::default()
        };
        self.line(out, wire::Event::Error(Box::new(error)), now)?;
        let closed = Closed {
            message: Cow::Borrowed(&why.message),
            hint: why.hint.as_deref().map(Cow::Borrowed),
            exit: why.exit.status(),
            connection: None,
        };
        self.line(out, wire::Event::Closed(Box::new(closed)), now)
    }

    pub fn closed(
        &self,
        out: &mut impl io::Write,
        ending: &Ending,
        message: &str,
        now: Instant,
    ) -> io::Result<()> {
        // Hints are about servers.
        let is_client = self.client.is_some();
        let hint = (!is_client).then(|| close_summary::hint(ending)).flatten();
        let closed = Closed {
            message: Cow::Borrowed(message),
            hint: hint.map(Cow::Owned),
            exit: ending.exit().status(),
            connection: Some(ended(
                ending,
                &self.secrets.redactor(ending.evidence.requests()),
            )),
        };
        self.line(out, wire::Event::Closed(Box::new(closed)), now)
    }

    fn opened<'a>(&self, opening: &Opening, open: &'a event::Open) -> wire::Event<'a> {
        let response = opening.response();
        let redactor = self.secrets.redactor(opening.requests());
        let extensions = response.map(|head| {
            let values = head.values("Sec-WebSocket-Extensions");
            let values: Vec<_> = values.map(String::from_utf8_lossy).collect();
            values.join(", ")
        });
        let url = self.secrets.url(opening.url()).into_owned();
        wire::Event::Open(Box::new(Open {
            url: Cow::Owned(url),
            address: opening.address(),
            proxy: opening.step(|step| match step {
                Step::Proxy(proxy) => Some(proxy.to_string()),
                _ => None,
            }),
            tls: opening.step(|step| match step {
                Step::Tls(session) => Some(Tls::from(&**session)),
                _ => None,
            }),
            http_version: response.and_then(Head::version),
            subprotocol: open
                .subprotocol
                .as_deref()
                .map(|name| self.secrets.header_value("Sec-WebSocket-Protocol", name)),
            extensions: extensions.filter(|values| !values.is_empty()),
            request: opening.request().map(|head| self.head(head)),
            response: response.map(|head| self.response(head, &redactor)),
            timings: timings(opening, open.took),
        }))
    }

    fn doubts(&self, out: &mut impl io::Write, open: &event::Open, now: Instant) -> io::Result<()> {
        let ignored = "the server selected none of the offered subprotocols".to_owned();
        let ignored = open.ignored_subprotocols.then_some(&ignored);
        for message in open.tolerated.iter().chain(ignored) {
            self.doubt(out, message, now)?;
        }
        Ok(())
    }

    fn doubt(&self, out: &mut impl io::Write, message: &str, now: Instant) -> io::Result<()> {
        let doubt = Error {
            message: Cow::Borrowed(message),
            fatal: false,
            ..Error::default()
        };
        self.line(out, wire::Event::Error(Box::new(doubt)), now)
    }

    fn connection(
        &self,
        out: &mut impl io::Write,
        event: &connection::Event<'_>,
        number: u64,
        now: Instant,
    ) -> io::Result<()> {
        use Direction::{Received, Sent};
        let event = match event {
            connection::Event::FrameReceived(header) if self.frames => frame(Received, header),
            connection::Event::FrameSent(header) if self.frames => frame(Sent, header),
            connection::Event::Message(message) => whole(Received, message, number, None),
            connection::Event::Ping { payload, answer } => ping(Received, payload, Some(*answer)),
            connection::Event::Pong { payload, rtt } => pong(Received, payload, *rtt),
            connection::Event::Sent(Control::Ping(payload)) => ping(Sent, payload, None),
            connection::Event::Sent(Control::Pong(payload)) => pong(Sent, payload, None),
            connection::Event::Sent(Control::Close(close)) => {
                closing(Sent, close.as_ref(), &Redactor::default())
            }
            connection::Event::Violation(violation) => broken(violation, true),
            connection::Event::Tolerated(violation) => broken(violation, false),
            connection::Event::FrameReceived(_)
            | connection::Event::FrameSent(_)
            | connection::Event::Close(_)
            | connection::Event::Idle(_)
            | connection::Event::Ended(_) => return Ok(()),
        };
        self.line(out, event, now)
    }

    fn head(&self, head: &Head) -> wire::Head {
        let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
        let fields = head.fields().map(|(name, value)| {
            let (name, value) = (text(name), text(value));
            let value = self.secrets.header_value(&name, &value).into_owned();
            Field { name, value }
        });
        wire::Head {
            line: self.secrets.start_line(&text(head.start_line())),
            headers: fields.collect(),
        }
    }

    /// A head in which the server may repeat the request.
    fn response(&self, head: &Head, redactor: &Redactor) -> wire::Head {
        let mut head = self.head(head);
        let values = head.headers.iter_mut().map(|field| &mut field.value);
        for text in values.chain([&mut head.line]) {
            *text = redactor.text(text).into_owned();
        }
        head
    }

    fn line(
        &self,
        mut out: &mut impl io::Write,
        event: wire::Event<'_>,
        now: Instant,
    ) -> io::Result<()> {
        let line = Line {
            v: VERSION,
            time: Time(self.clock.time(now)),
            client: self.client,
            connection: self.connection,
            side: self.side,
            connection_name: self.connection_name.as_ref().map(Label::text),
            event,
        };
        inert(&line, &mut out)?;
        out.write_all(b"\n")
    }
}

/// Writes `value` as compact JSON without characters that could act on a terminal.
pub fn inert(value: &impl Serialize, out: impl io::Write) -> io::Result<()> {
    Ok(value.serialize(&mut Serializer::with_formatter(out, Inert))?)
}

struct Inert;

impl Formatter for Inert {
    fn write_string_fragment<W: io::Write + ?Sized>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        let mut rest = fragment;
        // Most text is ASCII, whose controls serde_json escapes before, except DEL.
        let is_plain = |text: &str| text.bytes().all(|byte| matches!(byte, b' '..=b'~'));
        while !is_plain(rest)
            && let Some(at) = rest.find(is_unsafe)
        {
            let (clean, from) = rest.split_at(at);
            writer.write_all(clean.as_bytes())?;
            let mut chars = from.chars();
            for unit in chars.next().iter().flat_map(|c| units(*c)) {
                write!(writer, "\\u{unit:04x}")?;
            }
            rest = chars.as_str();
        }
        writer.write_all(rest.as_bytes())
    }
}

/// The UTF-16 code units of a character, as JSON escapes them (RFC 8259 §7).
fn units(c: char) -> Vec<u16> {
    c.encode_utf16(&mut [0; 2]).to_vec()
}
