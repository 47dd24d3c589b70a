use std::io;
use std::time::{Duration, Instant};

use url::Url;

use super::wire::{Cache, Content, Data, Entry, Message, Pair, Request, Response, Timings, Type};
use crate::dial::Step;
use crate::event::{Event, NotOpen, Opening, Phase};
use crate::proto::connection::{self, Message as Received};
use crate::proto::frame::{CloseFrame, Opcode};
use crate::proto::http1::Head;
use crate::proto::message::Kind;
use crate::proto::sender::Control;
use crate::record::file::File;
use crate::render::Secrets;
use crate::render::clock::Clock;
use crate::render::jsonl::inert;
use crate::secret::Redactor;

const END: &[u8] = b"\n]}}\n";
const END_OF_ENTRY: &[u8] = b"\n]}\n]}}\n";

#[derive(Debug)]
pub(in crate::record) struct Har {
    secrets: Secrets,
    clock: Clock,
    messages: Option<u64>,
    /// What the current connection sent as a secret.
    redactor: Redactor,
}

impl Har {
    pub(in crate::record) fn new(secrets: Secrets, clock: Clock, file: &mut File) -> Self {
        let start = concat!(
            "{\"log\":{\"version\":\"1.2\",\"creator\":{\"name\":\"wsee\",\"version\":\"",
            env!("CARGO_PKG_VERSION"),
            "\"},\"pages\":[],\"entries\":["
        );
        file.pending().extend_from_slice(start.as_bytes());
        file.set_tail(END);
        Self {
            secrets,
            clock,
            messages: None,
            redactor: Redactor::default(),
        }
    }

    pub(in crate::record) fn event(
        &mut self,
        file: &mut File,
        event: &Event<'_>,
        opening: &Opening,
        number: u64,
        now: Instant,
    ) -> io::Result<()> {
        match event {
            Event::Open(_) => self.begin(file, opening, None, now),
            Event::Connection(event) => self.connection(file, event, number, now),
            _ => Ok(()),
        }
    }

    pub(in crate::record) fn sent(
        &mut self,
        file: &mut File,
        message: &Received<'_>,
        number: u64,
        now: Instant,
    ) -> io::Result<()> {
        self.message(file, Type::Send, message, number, now)
    }

    pub(in crate::record) fn not_open(
        &mut self,
        file: &mut File,
        why: &NotOpen,
        opening: &Opening,
        now: Instant,
    ) -> io::Result<()> {
        self.begin(file, opening, Some(why), now)
    }

    fn begin(
        &mut self,
        file: &mut File,
        opening: &Opening,
        why: Option<&NotOpen>,
        now: Instant,
    ) -> io::Result<()> {
        self.redactor = self.secrets.redactor(opening.requests());
        let entry = self.entry(opening, why, now);
        let out = file.pending();
        // On one line: an entry is written as a whole, or not at all.
        out.extend_from_slice(if self.messages.is_some() {
            b"\n]},{"
        } else {
            b"\n{"
        });
        let start = out.len();
        inert(&entry, &mut *out)?;
        out.remove(start);
        // The messages come last in the object, so that more can be appended.
        out.pop();
        out.extend_from_slice(b",\"_webSocketMessages\":[");
        file.set_tail(END_OF_ENTRY);
        self.messages = Some(0);
        Ok(())
    }

    fn entry(&self, opening: &Opening, why: Option<&NotOpen>, now: Instant) -> Entry {
        let timings = Timings::of(opening);
        let address = opening.step(|step| match step {
            Step::Connected { address, .. } => Some(*address),
            _ => None,
        });
        Entry {
            started_date_time: self.clock.time(opening.hop_started().unwrap_or(now)),
            time: timings.total(),
            request: self.request(opening),
            response: self.response(opening.response(), why),
            cache: Cache {},
            timings,
            server_ip_address: address.map(|address| address.ip().to_string()),
            connection: address.map(|address| address.port().to_string()),
            error: why.map(|why| why.message.clone()),
            resource_type: "websocket",
        }
    }

    fn request(&self, opening: &Opening) -> Request {
        let head = opening.request();
        let line = head.map(|head| self.secrets.start_line(&text(head.start_line())));
        let line = line.unwrap_or_else(|| "GET / HTTP/1.1".to_owned());
        let mut words = line.splitn(3, ' ').map(str::to_owned);
        let method = words.next().unwrap_or_default();
        let url = self.secrets.url(opening.url()).into_owned();
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

    /// Without a response the status is 0, as browsers write it.
    fn response(&self, head: Option<&Head>, why: Option<&NotOpen>) -> Response {
        let line = head.map(|head| text(head.start_line())).unwrap_or_default();
        let line = self.redactor.text(&line);
        let mut words = line.splitn(3, ' ').map(str::to_owned);
        let http_version = words.next().unwrap_or_default();
        let body = why.and_then(|why| why.body.as_deref()).unwrap_or_default();
        let field = |name| head.and_then(|head| head.text(name));
        let location = field("Location").unwrap_or_default();
        let mut headers = head.map(|head| self.fields(head)).unwrap_or_default();
        for pair in &mut headers {
            pair.value = self.redactor.text(&pair.value).into_owned();
        }
        let redirect_url = self.secrets.url(&location);
        Response {
            status: head.and_then(Head::status).unwrap_or(0),
            status_text: words.nth(1).unwrap_or_default(),
            http_version,
            cookies: [],
            headers,
            content: Content {
                size: body.len(),
                mime_type: field("Content-Type").unwrap_or_else(|| "x-unknown".to_owned()),
                text: (!body.is_empty()).then(|| text(body)),
            },
            redirect_url: self.redactor.text(&redirect_url).into_owned(),
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
        number: u64,
        now: Instant,
    ) -> io::Result<()> {
        use connection::Event::{Close, Message, Ping, Pong, Sent};
        let (r#type, opcode, payload) = match event {
            Message(message) => return self.message(file, Type::Receive, message, number, now),
            Ping { payload, .. } => (Type::Receive, Opcode::PING, payload.to_vec()),
            Pong { payload, .. } => (Type::Receive, Opcode::PONG, payload.to_vec()),
            Close(close) => {
                let body = body(close.as_ref());
                let body = self.redactor.bytes(&body).into_owned();
                (Type::Receive, Opcode::CLOSE, body)
            }
            Sent(Control::Ping(payload)) => (Type::Send, Opcode::PING, payload.clone()),
            Sent(Control::Pong(payload)) => (Type::Send, Opcode::PONG, payload.clone()),
            Sent(Control::Close(close)) => (Type::Send, Opcode::CLOSE, body(close.as_ref())),
            _ => return Ok(()),
        };
        self.add(file, r#type, opcode, (None, Data::Bytes(&payload)), now)
    }

    fn message(
        &mut self,
        file: &mut File,
        r#type: Type,
        message: &Received<'_>,
        number: u64,
        now: Instant,
    ) -> io::Result<()> {
        let (opcode, data) = match message.kind {
            Kind::Text => (Opcode::TEXT, Data::Text(message.payload)),
            Kind::Binary => (Opcode::BINARY, Data::Bytes(message.payload)),
        };
        self.add(file, r#type, opcode, (Some(number), data), now)
    }

    fn add(
        &mut self,
        file: &mut File,
        r#type: Type,
        opcode: Opcode,
        (n, data): (Option<u64>, Data<'_>),
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
            n,
        };
        let out = file.pending();
        out.extend_from_slice(if *messages == 0 { b"\n" } else { b",\n" });
        *messages += 1;
        inert(&message, file)
    }
}

impl Timings {
    fn of(opening: &Opening) -> Self {
        let ms = |span: Option<Duration>| span.map_or(-1.0, |span| span.as_secs_f64() * 1e3);
        let (tls, tcp) = (opening.took(Phase::Tls), opening.took(Phase::Tcp));
        let connect = tcp.or_else(|| opening.took(Phase::Unix));
        Self {
            blocked: -1.0,
            dns: ms(opening.took(Phase::Resolve)),
            connect: ms(connect.map(|connect| connect + tls.unwrap_or_default())),
            ssl: ms(tls),
            send: 0.0,
            wait: ms(opening.took(Phase::Upgrade)).max(0.0),
            receive: 0.0,
        }
    }

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
