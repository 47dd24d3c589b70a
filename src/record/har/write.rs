//! A session as an archive.

use std::io;
use std::mem;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use url::Url;

use super::wire::{Cache, Content, Data, Entry, Message, Pair, Request, Response, Timings, Type};
use crate::dial::Step;
use crate::event::{Event, NotOpen};
use crate::proto::connection::{self, Message as Received};
use crate::proto::frame::{CloseFrame, Opcode};
use crate::proto::http1::Head;
use crate::proto::message::Kind;
use crate::proto::sender::Control;
use crate::record::file::File;
use crate::render::Secrets;
use crate::render::clock::Clock;
use crate::render::jsonl::inert;

/// What follows the entries.
const END: &[u8] = b"\n]}}\n";
/// What follows the messages of the last entry.
const END_OF_ENTRY: &[u8] = b"\n]}\n]}}\n";

/// Writes events into an archive.
#[derive(Debug)]
pub(in crate::record) struct Har {
    url: String,
    secrets: Secrets,
    clock: Clock,
    opening: Opening,
    /// An entry is open, which has so many messages.
    messages: Option<u64>,
}

/// What is known of a connection that is not open yet.
#[derive(Debug, Default)]
struct Opening {
    started: Option<Instant>,
    address: Option<SocketAddr>,
    dns: Option<Duration>,
    connect: Option<Duration>,
    tls: Option<Duration>,
    request: Option<Head>,
    requested: Option<Instant>,
    response: Option<Head>,
    wait: Option<Duration>,
}

impl Har {
    /// An archive without entries, for connections to `url`.
    pub(in crate::record) fn new(
        url: &str,
        secrets: Secrets,
        clock: Clock,
        file: &mut File,
    ) -> Self {
        let start = concat!(
            "{\"log\":{\"version\":\"1.2\",\"creator\":{\"name\":\"wsee\",\"version\":\"",
            env!("CARGO_PKG_VERSION"),
            "\"},\"pages\":[],\"entries\":["
        );
        file.pending().extend_from_slice(start.as_bytes());
        file.set_tail(END);
        Self {
            url: url.to_owned(),
            secrets,
            clock,
            opening: Opening::default(),
            messages: None,
        }
    }

    pub(in crate::record) fn event(
        &mut self,
        file: &mut File,
        event: &Event<'_>,
        now: Instant,
    ) -> io::Result<()> {
        match event {
            Event::Step(step) => self.opening.step(step, now),
            Event::Request(head) => {
                self.opening.started.get_or_insert(now);
                self.opening.request = Some((*head).clone());
                self.opening.requested = Some(now);
            }
            Event::Response(head) => {
                self.opening.wait = self.opening.requested.map(|since| now - since);
                self.opening.response = Some((*head).clone());
            }
            Event::Redirected(redirected) => {
                self.url.clone_from(&redirected.to);
                self.opening = Opening::default();
            }
            Event::Retry(_) => self.opening = Opening::default(),
            Event::CredentialsInClear(_) | Event::Reconnected(_) => {}
            Event::Open(_) => return self.begin(file, None, now),
            Event::Connection(event) => return self.connection(file, event, now),
        }
        Ok(())
    }

    pub(in crate::record) fn sent(
        &mut self,
        file: &mut File,
        message: &Received<'_>,
        now: Instant,
    ) -> io::Result<()> {
        self.message(file, Type::Send, message, now)
    }

    pub(in crate::record) fn not_open(
        &mut self,
        file: &mut File,
        why: &NotOpen,
        now: Instant,
    ) -> io::Result<()> {
        self.begin(file, Some(why), now)
    }

    /// Writes an entry up to its messages.
    fn begin(&mut self, file: &mut File, why: Option<&NotOpen>, now: Instant) -> io::Result<()> {
        let entry = self.entry(why, now);
        let out = file.pending();
        // In one line: an entry is written as a whole, or not at all.
        out.extend_from_slice(if self.messages.is_some() {
            b"\n]},{"
        } else {
            b"\n{"
        });
        let start = out.len();
        inert(&entry, &mut *out)?;
        out.remove(start);
        // The messages stand last in the object, so that it can be added to.
        out.pop();
        out.extend_from_slice(b",\"_webSocketMessages\":[");
        file.set_tail(END_OF_ENTRY);
        self.messages = Some(0);
        Ok(())
    }

    fn entry(&mut self, why: Option<&NotOpen>, now: Instant) -> Entry {
        let opening = mem::take(&mut self.opening);
        let timings = opening.timings();
        Entry {
            started_date_time: self.clock.time(opening.started.unwrap_or(now)),
            time: timings.total(),
            request: self.request(opening.request.as_ref()),
            response: self.response(opening.response.as_ref(), why),
            cache: Cache {},
            timings,
            server_ip_address: opening.address.map(|address| address.ip().to_string()),
            connection: opening.address.map(|address| address.port().to_string()),
            error: why.map(|why| why.message.clone()),
            resource_type: "websocket",
        }
    }

    fn request(&self, head: Option<&Head>) -> Request {
        let line = head.map(|head| self.secrets.start_line(&text(head.start_line())));
        let line = line.unwrap_or_else(|| "GET / HTTP/1.1".to_owned());
        let mut words = line.splitn(3, ' ').map(str::to_owned);
        let method = words.next().unwrap_or_default();
        let url = self.secrets.url(&self.url).into_owned();
        let query = Url::parse(&url).ok();
        let query = query.iter().flat_map(Url::query_pairs);
        Request {
            method,
            query_string: query
                .map(|(name, value)| Pair {
                    name: name.into_owned(),
                    value: value.into_owned(),
                })
                .collect(),
            url,
            http_version: words.nth(1).unwrap_or_default(),
            cookies: [],
            headers: head.map(|head| self.fields(head)).unwrap_or_default(),
            headers_size: size(head),
            body_size: 0,
        }
    }

    /// The response; without one its status is 0, as browsers write it.
    fn response(&self, head: Option<&Head>, why: Option<&NotOpen>) -> Response {
        let line = head.map(|head| text(head.start_line())).unwrap_or_default();
        let mut words = line.splitn(3, ' ').map(str::to_owned);
        let http_version = words.next().unwrap_or_default();
        let body = why.and_then(|why| why.body.as_deref()).unwrap_or_default();
        let field = |name| head.and_then(|head| head.text(name));
        let location = field("Location").unwrap_or_default();
        Response {
            status: head.and_then(Head::status).unwrap_or(0),
            status_text: words.nth(1).unwrap_or_default(),
            http_version,
            cookies: [],
            headers: head.map(|head| self.fields(head)).unwrap_or_default(),
            content: Content {
                size: body.len(),
                mime_type: field("Content-Type").unwrap_or_else(|| "x-unknown".to_owned()),
                text: (!body.is_empty()).then(|| text(body)),
            },
            redirect_url: self.secrets.url(&location).into_owned(),
            headers_size: size(head),
            body_size: -1,
        }
    }

    fn fields(&self, head: &Head) -> Vec<Pair> {
        let fields = head.fields().map(|(name, value)| {
            let (name, value) = (text(name), text(value));
            let value = self.secrets.header_value(&name, &value).into_owned();
            Pair { name, value }
        });
        fields.collect()
    }

    fn connection(
        &mut self,
        file: &mut File,
        event: &connection::Event<'_>,
        now: Instant,
    ) -> io::Result<()> {
        use connection::Event::{Close, Message, Ping, Pong, Sent};
        let (r#type, opcode, payload) = match event {
            Message(message) => return self.message(file, Type::Receive, message, now),
            Ping { payload, .. } => (Type::Receive, Opcode::PING, payload.to_vec()),
            Pong { payload, .. } => (Type::Receive, Opcode::PONG, payload.to_vec()),
            Close(close) => (Type::Receive, Opcode::CLOSE, body(close.as_ref())),
            Sent(Control::Ping(payload)) => (Type::Send, Opcode::PING, payload.clone()),
            Sent(Control::Pong(payload)) => (Type::Send, Opcode::PONG, payload.clone()),
            Sent(Control::Close(close)) => (Type::Send, Opcode::CLOSE, body(close.as_ref())),
            _ => return Ok(()),
        };
        self.add(file, r#type, opcode, Data::Bytes(&payload), now)
    }

    fn message(
        &mut self,
        file: &mut File,
        r#type: Type,
        message: &Received<'_>,
        now: Instant,
    ) -> io::Result<()> {
        let (opcode, data) = match message.kind {
            Kind::Text => (Opcode::TEXT, Data::Text(message.payload)),
            Kind::Binary => (Opcode::BINARY, Data::Bytes(message.payload)),
        };
        self.add(file, r#type, opcode, data, now)
    }

    fn add(
        &mut self,
        file: &mut File,
        r#type: Type,
        opcode: Opcode,
        data: Data<'_>,
        now: Instant,
    ) -> io::Result<()> {
        let Some(messages) = &mut self.messages else {
            return Ok(());
        };
        let message = Message {
            r#type,
            time: self.clock.time(now).as_duration().as_secs_f64(),
            opcode: opcode.bits(),
            data,
        };
        let out = file.pending();
        out.extend_from_slice(if *messages == 0 { b"\n" } else { b",\n" });
        *messages += 1;
        inert(&message, file)
    }
}

impl Opening {
    fn step(&mut self, step: &Step, now: Instant) {
        let took = match step {
            Step::Resolved { took, .. } => self.dns.insert(*took),
            Step::Connected { address, took, .. } => {
                self.address = Some(*address);
                self.connect.insert(*took)
            }
            Step::ConnectedUnix { took, .. } => self.connect.insert(*took),
            Step::Tls(session) => self.tls.insert(session.took),
            _ => return,
        };
        self.started
            .get_or_insert(now.checked_sub(*took).unwrap_or(now));
    }

    fn timings(&self) -> Timings {
        let ms = |span: Option<Duration>| span.map_or(-1.0, |span| span.as_secs_f64() * 1e3);
        let tls = self.tls.unwrap_or_default();
        Timings {
            blocked: -1.0,
            dns: ms(self.dns),
            connect: ms(self.connect.map(|connect| connect + tls)),
            ssl: ms(self.tls),
            send: 0.0,
            wait: ms(self.wait).max(0.0),
            receive: 0.0,
        }
    }
}

impl Timings {
    /// The sum of all that happened; `ssl` is a part of `connect`.
    fn total(&self) -> f64 {
        let spans = [self.dns, self.connect, self.send, self.wait, self.receive];
        spans.iter().filter(|span| **span > 0.0).sum()
    }
}

/// The body of a Close frame (RFC 6455 §5.5.1).
fn body(close: Option<&CloseFrame>) -> Vec<u8> {
    close.map_or(Vec::new(), |close| {
        let code = close.code.0.to_be_bytes();
        [&code, close.reason.as_bytes()].concat()
    })
}

fn size(head: Option<&Head>) -> i64 {
    let size = head.and_then(|head| i64::try_from(head.as_bytes().len()).ok());
    size.unwrap_or(-1)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
