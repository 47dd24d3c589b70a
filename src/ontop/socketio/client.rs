//! The client's half: greets, keeps the session alive, says and sees.

mod receive;
mod send;
mod silence;
mod status;

use std::time::{Duration, Instant};

use serde_json::Value;

use super::acks::Acks;
use super::decoder::Decoder;
use super::engine::{self, EnginePacket, Handshake, Version};
use super::heartbeat::{Beat, Heartbeat};
use super::namespace::Namespaces;
use super::parser::Parser;
use super::say::{self, Record};
use super::{refusal, see};
use crate::exit::Exit;
use crate::ontop::names::Names;
use crate::ontop::{
    Actions, Name, Opening, Protocol, Refusal, Reoffer, SayError, SayResult, Seen, Unsuited,
};
use crate::proto::frame::CloseCode;
use crate::proto::message::Kind;
use crate::render::quantity;
use silence::{DOUBT, PATIENCE, missing, silent, unjoined, unopened};

#[derive(Debug, Clone)]
pub struct Options {
    /// Joined on every connection; the main one if empty.
    pub namespaces: Vec<String>,
    pub version: Version,
    /// Whether a server of the other version is followed.
    pub is_auto: bool,
    pub parser: Parser,
    /// The most bytes of a packet and its attachments.
    pub limit: usize,
}

/// The default of `--max-message`.
const LIMIT: usize = 64 << 20;

impl Default for Options {
    fn default() -> Self {
        Self {
            namespaces: Vec::new(),
            version: Version::V4,
            is_auto: true,
            parser: Parser::Json,
            limit: LIMIT,
        }
    }
}

impl Options {
    /// Takes the version from the query of a request, unless one is given.
    pub fn follow(&mut self, target: &str) {
        if self.is_auto {
            self.version = if target.contains("EIO=3") {
                Version::V3
            } else {
                Version::V4
            };
        }
    }
}

/// The longest wait between two attempts to reconnect: that of the reference client.
pub const LONGEST_WAIT: Duration = Duration::from_secs(5);
/// How long a server that may speak version 3 has to show it. Its first packet follows the open packet at
/// once, and a CONNECT of version 4 would join the main namespace a second time there.
const SHOWS_VERSION: Duration = Duration::from_millis(300);
/// The timers of a server that sets none, for a session whose first packet was not seen.
const USUAL_INTERVAL: Duration = Duration::from_secs(25);
const USUAL_TIMEOUT: Duration = Duration::from_secs(20);

#[derive(Debug)]
pub struct Client {
    options: Options,
    /// What the query of the request asks for.
    asked: Version,
    /// What is spoken: a server of version 3 may answer to both.
    version: Version,
    carrier: Carrier,
    /// The other version was asked for, and no session is open since.
    has_switched: bool,
    auth: Option<Value>,
    /// A person can join a namespace again.
    is_attended: bool,
    stage: Stage,
    decoder: Decoder,
    namespaces: Namespaces,
    acks: Acks,
    /// Names of events.
    names: Names,
    /// The server's version differs from a given one, and that was reported.
    is_told: bool,
}

/// What carries the session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Carrier {
    WebSocket,
    Polling,
    /// A WebSocket, after long polling.
    Upgraded,
}

#[derive(Debug)]
enum Stage {
    Closed,
    /// Waits for the open packet.
    Opening {
        until: Instant,
        /// When that is remarkable.
        doubt: Option<Instant>,
    },
    Open(Box<Session>),
}

#[derive(Debug)]
struct Session {
    opened: Instant,
    handshake: Handshake,
    heartbeat: Heartbeat,
    /// Until when the server may show that it speaks version 3.
    undecided: Option<Instant>,
}

impl Client {
    pub fn new(options: Options) -> Self {
        Self {
            asked: options.version,
            version: options.version,
            carrier: Carrier::WebSocket,
            has_switched: false,
            auth: None,
            is_attended: false,
            stage: Stage::Closed,
            decoder: Decoder::new(options.version, options.limit),
            namespaces: Namespaces::new(&options.namespaces),
            acks: Acks::default(),
            names: Names::default(),
            is_told: false,
            options,
        }
    }

    fn session(&mut self) -> Option<&mut Session> {
        match &mut self.stage {
            Stage::Open(session) => Some(session),
            _ => None,
        }
    }

    fn open(&mut self, handshake: Handshake, now: Instant, actions: &mut Actions) {
        let is_unknown = self.options.is_auto && self.version == Version::V4;
        let undecided = (is_unknown && !handshake.shows_v4()).then(|| now + SHOWS_VERSION);
        actions.see(opened(&handshake));
        self.has_switched = false;
        self.stage = Stage::Open(Box::new(Session {
            opened: now,
            heartbeat: Heartbeat::new(self.version, &handshake, now),
            handshake,
            undecided,
        }));
        if undecided.is_none() {
            self.join_all(now, actions);
        }
    }

    fn remember(&mut self, data: &[Value]) {
        if let Some(Value::String(name)) = data.first() {
            self.names.remember(name);
        }
    }

    fn unreadable(reason: &dyn std::error::Error, payload: &[u8], actions: &mut Actions) {
        actions.see(see::unreadable(&reason.to_string(), payload));
    }
}

impl Protocol for Client {
    fn name(&self) -> Name {
        Name::SocketIo
    }

    fn opened(&mut self, opening: Opening<'_>, now: Instant, _: &mut Actions) {
        self.auth = opening.auth;
        self.version = self.asked;
        self.carrier = if opening.is_polled {
            Carrier::Polling
        } else {
            Carrier::WebSocket
        };
        self.stage = Stage::Opening {
            until: now + PATIENCE,
            doubt: Some(now + DOUBT),
        };
        self.decoder = Decoder::new(self.version, self.options.limit);
        self.acks.clear();
        self.namespaces.restart();
    }

    fn attend(&mut self) {
        self.is_attended = true;
    }

    fn adopt(&mut self, now: Instant, actions: &mut Actions) {
        self.namespaces.restart();
        let handshake = Handshake {
            sid: "not seen".to_owned(),
            upgrades: Vec::new(),
            ping_interval: USUAL_INTERVAL,
            ping_timeout: USUAL_TIMEOUT,
            max_payload: None,
        };
        self.stage = Stage::Open(Box::new(Session {
            opened: now,
            heartbeat: Heartbeat::new(self.version, &handshake, now),
            handshake,
            undecided: None,
        }));
        actions
            .note("the session was opened before, so its timeouts are taken to be the usual ones");
        self.join_all(now, actions);
    }

    fn upgraded(&mut self) {
        self.carrier = Carrier::Upgraded;
    }

    fn reoffer(&mut self, unsuited: Unsuited) -> Option<Reoffer> {
        let is_refused = unsuited == Unsuited::Version && self.options.is_auto;
        if !is_refused || std::mem::replace(&mut self.has_switched, true) {
            return None;
        }
        self.asked = self.asked.other();
        Some(Reoffer::EngineIo(self.asked))
    }

    fn closed(&mut self) -> Option<String> {
        self.stage = Stage::Closed;
        self.namespaces.disconnected();
        self.acks.abandon()
    }

    fn closing(&mut self, code: u16, _reason: &str) -> Option<Refusal> {
        let (_, name) = self.namespaces.oldest()?;
        let is_first = self.namespaces.first_joined().is_none();
        (is_first && CloseCode(code).is_ok()).then(|| unjoined(name, self.options.parser))
    }

    fn is_unfinished(&self) -> bool {
        matches!(self.stage, Stage::Open(_)) && !self.namespaces.are_out()
    }

    fn refused(&self, body: &str, now: Instant) -> Option<Refusal> {
        let Stage::Open(session) = &self.stage else {
            return refusal::refusal(body);
        };
        let age = now.saturating_duration_since(session.opened);
        refusal::of_request(body, age, session.handshake.ping_timeout)
    }

    fn unanswered(&self) -> Option<String> {
        self.acks.oldest()
    }

    fn line_help(&self) -> &'static str {
        "a line NAME JSON… is sent as an event"
    }

    fn shape(&self) -> Option<&'static str> {
        Some(if self.namespaces.are_several() {
            "it sees {\"ns\":\"/NS\",\"event\":[\"NAME\",JSON…]}, as /find jq does"
        } else {
            "it sees [\"NAME\",JSON…], of another namespace {\"ns\":\"/NS\",\"event\":[…]}, as /find jq does"
        })
    }

    fn is_ready(&self) -> bool {
        matches!(self.stage, Stage::Open(_)) && self.namespaces.are_settled()
    }

    fn received(&mut self, kind: Kind, payload: &[u8], now: Instant, actions: &mut Actions) {
        let packet = match engine::decode(self.version, kind, payload) {
            Ok(packet) => packet,
            Err(fault) => return Self::unreadable(&fault, payload, actions),
        };
        let version = self.version;
        match (packet, self.session()) {
            (EnginePacket::Open(handshake), None) => self.open(handshake, now, actions),
            (EnginePacket::Message(data), Some(_)) => match self.decoder.push(data) {
                Ok(None) => {}
                Ok(Some(packet)) => self.packet(packet, now, actions),
                Err(fault) => Self::unreadable(&fault, payload, actions),
            },
            (EnginePacket::Ping(data), Some(session)) if version == Version::V4 => {
                let late = session.heartbeat.ping(now);
                actions.see(see::keepalive("ping"));
                if let Some(late) = late {
                    actions.note(see::late(late));
                }
                let (kind, pong) = engine::encode(version, &EnginePacket::Pong(data));
                actions.send(kind, pong, Some(see::keepalive("pong")));
            }
            (EnginePacket::Pong(_), Some(session)) if version == Version::V3 => {
                session.heartbeat.pong(now);
                actions.see(see::keepalive("pong"));
            }
            (EnginePacket::Noop, Some(_)) => actions.see(see::keepalive("noop")),
            (EnginePacket::Close, Some(_)) => {
                actions.see(see::engine("close", ""));
                actions.end(Refusal {
                    text: "the server closed the Engine.IO session".to_owned(),
                    hint: None,
                    exit: Exit::Done,
                    may_pass: self.is_unfinished(),
                });
            }
            (_, None) => {
                let reason = "the server has to begin with an open packet";
                actions.see(see::unreadable(reason, payload));
            }
            (_, Some(_)) => {
                let reason = "a packet that a server does not send here";
                actions.see(see::unreadable(reason, payload));
            }
        }
    }

    fn say(&mut self, verb: &str, args: &str, now: Instant, actions: &mut Actions) -> SayResult {
        match verb {
            "emit" => self.emit(say::emit(args, false)?, now, actions),
            "emit?" => self.emit(say::emit(args, true)?, now, actions),
            "ack" => self.give(say::give(args)?, actions),
            say::ANSWER => {
                let oldest = self.acks.wanted().last();
                self.give(say::give_oldest(args, oldest)?, actions)
            }
            "leave" => self.leave(&say::leave(args)?, actions),
            "join" => {
                let (name, auth) = say::join(args)?;
                if self.namespaces.is_joined(&name) {
                    let text = format!("already connected to namespace {name}");
                    return Err(SayError::new(text, None));
                }
                if self.is_joined_by_server(&name) {
                    let text = "EIO 3 joins the namespace / with the session only";
                    return Err(SayError::new(text, "/reconnect opens another session"));
                }
                let namespace = self.namespaces.add(&name);
                namespace.auth = auth.or(namespace.auth.take());
                self.join(&name, false, now, actions);
                Ok(())
            }
            _ => Err(say::usage(verb)),
        }
    }

    fn line(&mut self, line: &str, now: Instant, actions: &mut Actions) -> SayResult {
        let line = line.trim();
        if line.starts_with(['{', '[']) && !line.starts_with("[/") {
            return self.value(line.as_bytes(), now, actions);
        }
        self.emit(say::emit(line, false)?, now, actions)
    }

    fn value(&mut self, json: &[u8], now: Instant, actions: &mut Actions) -> SayResult {
        match say::record(json)? {
            Record::Emit(emit) => self.emit(emit, now, actions),
            Record::Give(give) => self.give(give, actions),
        }
    }

    fn deadline(&self) -> Option<Instant> {
        match &self.stage {
            Stage::Closed => None,
            Stage::Opening { until, doubt } => Some(doubt.unwrap_or(*until)),
            Stage::Open(session) => {
                let joining = self.namespaces.oldest();
                let joining = joining.map(|(since, _)| since + PATIENCE);
                let beat = Some(session.heartbeat.deadline());
                let deadlines = [beat, session.undecided, joining];
                deadlines.into_iter().flatten().min()
            }
        }
    }

    fn tick(&mut self, now: Instant, actions: &mut Actions) {
        let session = match &mut self.stage {
            Stage::Closed => return,
            Stage::Opening { until, .. } if *until <= now => {
                return actions.end(unopened(self.version));
            }
            Stage::Opening { doubt, .. } => {
                if doubt.take_if(|doubt| *doubt <= now).is_some() {
                    self.doubt(actions);
                }
                return;
            }
            Stage::Open(session) => session,
        };
        match session.heartbeat.tick(now) {
            Beat::Nothing => {}
            Beat::Ping => {
                let ping = EnginePacket::Ping("".into());
                let (kind, ping) = engine::encode(self.version, &ping);
                actions.send(kind, ping, Some(see::keepalive("ping")));
            }
            Beat::Missing(since) => {
                let is_v4 = self.version == Version::V4 && session.handshake.shows_v4();
                let is_sure = is_v4 || session.heartbeat.has_beaten();
                return actions.end(missing(self.version, is_sure, since));
            }
        }
        if session.undecided.take_if(|until| *until <= now).is_some() {
            self.join_all(now, actions);
        }
        if let Some((since, name)) = self.namespaces.oldest()
            && since + PATIENCE <= now
        {
            let text = format!("no answer came to the request to join namespace {name}");
            actions.end(silent(&text));
        }
    }

    fn pause(&mut self, now: Instant) {
        if let Some(session) = self.session() {
            session.heartbeat.pause(now);
        }
    }

    fn names(&self, verb: &str) -> Vec<String> {
        match verb {
            "emit" | "emit?" => self.names.list(),
            "ack" => self.acks.wanted().map(|id| id.to_string()).collect(),
            "join" | "leave" => self.namespaces.iter().map(|it| it.name.clone()).collect(),
            _ => Vec::new(),
        }
    }

    fn status(&self, _: Instant) -> Vec<(&'static str, String)> {
        self.rows()
    }
}

fn opened(handshake: &Handshake) -> Seen {
    let mut facts = vec![
        format!("sid {}", handshake.sid),
        format!("ping every {}", quantity::duration(handshake.ping_interval)),
        format!("timeout {}", quantity::duration(handshake.ping_timeout)),
    ];
    if let Some(bytes) = handshake.max_payload {
        facts.push(format!("maxPayload {}", quantity::size(bytes)));
    }
    let mut seen = see::engine("open", &facts.join(", "));
    let data = serde_json::from_str(&handshake.to_json()).unwrap_or_default();
    seen.object["data"] = data;
    seen
}

#[cfg(test)]
mod tests;
