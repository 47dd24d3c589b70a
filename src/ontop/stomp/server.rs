//! The server's half: hands messages on to those that are subscribed to their destination.

use std::time::Duration;

use super::SUBPROTOCOLS;
use super::beat::{BEAT, agreed, beats};
use super::frame::{Assembler, Frame, LOOKED_AT, Piece, Version, encode};
use super::say::{self, Message};
use super::see;
use crate::ontop::server::{Half, Hello, Notice, Pace, Served, Server, Topic, Why, nothing, same};
use crate::ontop::{Lines, Name, SayError, Seen, Verb};
use crate::proto::message::Kind;

pub static SERVER: Half = Half {
    name: Name::Stomp,
    title: "STOMP",
    description: "STOMP 1.0 to 1.2",
    path: "/",
    subprotocols: &SUBPROTOCOLS,
    verbs: VERBS,
    read,
    covers: same,
    pace: Pace {
        greeting: Some(Duration::from_secs(10)),
        // As the client wants them.
        ping: None,
        silence: None,
    },
    posted: nothing,
    serve: || Box::new(Stomp::default()),
};

const VERBS: &[Verb] = &[Verb {
    name: "send",
    args: "[-h NAME:VALUE]… DESTINATION BODY",
    help: "send a message to those that are subscribed to its destination",
    example: "/send /topic/a {\"n\":1}",
    lines: Lines::No,
    check: |args| read("send", args).map(drop),
}];

fn read(_: &str, args: &str) -> Result<Notice, SayError> {
    let message = say::said(args)?;
    if message.wants_receipt {
        let text = "a server gets no receipts";
        return Err(SayError::new(text, "leave out -r and receipt"));
    }
    Ok(notice(&message))
}

fn notice(message: &Message) -> Notice {
    let Message {
        destination,
        headers,
        body,
        ..
    } = message;
    let said = say::printed(destination, headers, body);
    Notice::about(destination, "send", said)
}

/// The largest body, in bytes: that of the client's half.
const LIMIT: usize = 64 << 20;

#[derive(Debug)]
struct Stomp {
    /// Names the session.
    id: String,
    assembler: Assembler,
    version: Version,
    /// Of the messages to this client.
    last: u64,
}

impl Default for Stomp {
    fn default() -> Self {
        Self {
            id: String::new(),
            assembler: Assembler::new(LIMIT),
            version: Version::V12,
            last: 0,
        }
    }
}

impl Server for Stomp {
    fn open(&mut self, hello: &Hello<'_>, _: &mut Served) {
        hello.id.clone_into(&mut self.id);
    }

    fn hear(&mut self, _: Kind, payload: &[u8], to: &mut Served) {
        let mut rest = payload;
        for _ in 0..LOOKED_AT {
            match self.assembler.next(&mut rest) {
                None => return,
                Some(Ok(Piece::Beat)) => to.see(Seen::keepalive(Name::Stomp, "heart-beat")),
                Some(Ok(Piece::Frame(frame))) => self.frame(&frame, to),
                Some(Err(fault)) => {
                    to.see_foreign(&fault.to_string(), payload);
                    self.refuse(&format!("not STOMP: {fault}"), None, to);
                }
            }
        }
        if !rest.is_empty() {
            to.note("further frames of the message are not looked at");
        }
    }

    fn hand(&mut self, notice: &Notice, topics: &[Topic], to: &mut Served) {
        let Ok(message) = say::record(&notice.said().1.to_string()) else {
            return;
        };
        for topic in topics {
            if !to.has_room() {
                // Each copy takes time, and is for nothing.
                return;
            }
            self.last += 1;
            let id = format!("{}-{}", self.id, self.last);
            let mut frame = Frame::new(
                "MESSAGE",
                &[
                    ("subscription", &topic.id),
                    ("message-id", &id),
                    ("destination", &message.destination),
                ],
            );
            // Before version 1.2 an acknowledgement has the message-id.
            if topic.data != "auto" && self.version == Version::V12 {
                frame.headers.add("ack", id);
            }
            frame.headers.0.extend(message.headers.0.clone());
            frame.body.clone_from(&message.body);
            let note = see::note(&frame).unwrap_or_default();
            self.send(&frame, see::message("message", &frame).noting(note), to);
        }
    }

    fn end(&mut self, topic: &Topic, to: &mut Served) {
        let text = format!("the subscription to {} is refused", topic.name);
        self.refuse(&text, None, to);
    }

    fn ping(&mut self, to: &mut Served) {
        let seen = Seen::keepalive(Name::Stomp, "heart-beat");
        to.send(Kind::Text, b"\n".to_vec(), seen);
    }

    fn part(&mut self, why: Why, to: &mut Served) {
        match why {
            Why::Late => self.refuse("no CONNECT in time", None, to),
            Why::Silent => self.refuse("no heart-beat for too long", None, to),
            Why::Leaving => {}
        }
    }
}

impl Stomp {
    fn frame(&mut self, frame: &Frame, to: &mut Served) {
        let receipt = frame.headers.get("receipt");
        let command = frame.command.as_str();
        if matches!(command, "CONNECT" | "STOMP") {
            return self.connect(frame, to);
        }
        let label = match (command, header(frame, "destination"), header(frame, "id")) {
            ("SEND", ..) => String::new(),
            (_, "", id) => format!("{} {id}", command.to_lowercase()),
            (_, destination, _) => format!("{} {destination}", command.to_lowercase()),
        };
        to.see(match command {
            "SEND" => {
                let note = see::note(frame).unwrap_or_default();
                see::message("send", frame).noting(note)
            }
            _ => see::frame(&command.to_lowercase(), label.trim_end().to_owned(), frame),
        });
        let done = if to.is_open() {
            self.done(frame, to)
        } else {
            Err("the session is not open: CONNECT comes first".to_owned())
        };
        if let Err(problem) = done {
            return self.refuse(&problem, receipt, to);
        }
        if let Some(id) = receipt {
            let frame = Frame::new("RECEIPT", &[("receipt-id", id)]);
            let seen = see::frame("receipt", format!("receipt {id}"), &frame);
            self.send(&frame, seen, to);
        }
        if command == "DISCONNECT" {
            to.close(1000, "");
        }
    }

    /// Does what a frame asks for, or says what is wrong with it.
    fn done(&self, frame: &Frame, to: &mut Served) -> Result<(), String> {
        let of = |name: &str| {
            let value = frame.headers.get(name).filter(|it| !it.is_empty());
            value.ok_or_else(|| format!("{} has no header {name}", frame.command))
        };
        match frame.command.as_str() {
            "SEND" if frame.headers.get("transaction").is_some() => return Err(no_transactions()),
            "SEND" => {
                let destination = of("destination")?.to_owned();
                let size = destination.len() + frame.body.len();
                let message = Message {
                    destination,
                    headers: frame
                        .headers
                        .only(|name| !name.is_empty() && !say::is_own(name)),
                    body: frame.body.clone(),
                    wants_receipt: false,
                };
                to.pass(notice(&message), size);
            }
            "SUBSCRIBE" => {
                let destination = of("destination")?;
                // Version 1.0 needs no name.
                let id = match self.version {
                    Version::V10 => frame.headers.get("id").unwrap_or(destination),
                    _ => of("id")?,
                };
                let ack = frame.headers.get("ack").unwrap_or("auto");
                let subscribed = to.subscribe(id, destination, ack.into());
                subscribed.map_err(|error| format!("{destination}: {error}"))?;
            }
            "UNSUBSCRIBE" => {
                let id = match frame.headers.get("id") {
                    Some(id) => id,
                    None => of("destination")?,
                };
                to.unsubscribe(id)
                    .ok_or_else(|| format!("there is no subscription {id}"))?;
            }
            "ACK" | "NACK" | "DISCONNECT" => {}
            "BEGIN" | "COMMIT" | "ABORT" => return Err(no_transactions()),
            command => return Err(format!("{command} is no frame that a client sends")),
        }
        Ok(())
    }

    fn connect(&mut self, frame: &Frame, to: &mut Served) {
        if let Some(password) = frame.headers.get("passcode") {
            to.secrets.add(password);
        }
        let mut shown = frame.clone();
        for (name, value) in &mut shown.headers.0 {
            if name == "passcode" {
                "***".clone_into(value);
            }
        }
        let login = frame.headers.get("login").map(|it| format!("as {it}"));
        let seen = see::frame("connect", "connect".to_owned(), &shown);
        to.see(seen.noting(login.unwrap_or_default()));
        if to.is_open() {
            return self.refuse("the session is open already", None, to);
        }
        let password = frame.headers.get("passcode").map(str::as_bytes);
        let credentials = &to.hall.credentials;
        if !credentials.admit_login(frame.headers.get("login"), password)
            || !credentials.admit(&frame.headers.object())
        {
            return self.refuse("access refused", None, to);
        }
        // Version 1.0 has no such header.
        let offered = frame.headers.get("accept-version").unwrap_or("1.0");
        let versions = offered.split(',').filter_map(|it| Version::find(it.trim()));
        let Some(version) = versions.max_by_key(|it| it.as_str()) else {
            let text = format!("no version of {offered:?} is spoken, only 1.0, 1.1 and 1.2");
            return self.refuse(&text, None, to);
        };
        self.version = version;
        self.assembler.set_version(version);
        let (sending, silence) = agreed((BEAT, BEAT), beats(&frame.headers));
        to.pace.ping = Some(sending).filter(|it| !it.is_zero());
        to.pace.silence = Some(silence).filter(|it| !it.is_zero());
        to.open();
        let frame = Frame::new(
            "CONNECTED",
            &[
                ("version", version.as_str()),
                ("session", &self.id),
                ("server", concat!("wsee/", env!("CARGO_PKG_VERSION"))),
                ("heart-beat", &format!("{BEAT},{BEAT}")),
            ],
        );
        let seen = see::frame("connected", "connected".to_owned(), &frame);
        let note = format!("version {}", version.as_str());
        self.send(&frame, seen.noting(note), to);
    }

    /// Sends ERROR, after which the connection is closed (STOMP 1.2, "ERROR").
    fn refuse(&self, text: &str, receipt: Option<&str>, to: &mut Served) {
        let mut frame = Frame::new("ERROR", &[("message", text)]);
        if let Some(id) = receipt {
            frame.headers.add("receipt-id", id);
        }
        let seen = see::frame("error", "error".to_owned(), &frame).noting(text);
        self.send(&frame, seen, to);
        to.close(1002, text);
    }

    fn send(&self, frame: &Frame, seen: Seen, to: &mut Served) {
        let bytes = encode(frame, self.version);
        let kind = match std::str::from_utf8(&bytes) {
            Ok(_) => Kind::Text,
            Err(_) => Kind::Binary,
        };
        to.send(kind, bytes, seen);
    }
}

fn header<'f>(frame: &'f Frame, name: &str) -> &'f str {
    frame.headers.get(name).unwrap_or_default()
}

fn no_transactions() -> String {
    "transactions are not supported".to_owned()
}
