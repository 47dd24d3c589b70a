//! The server's half, without I/O: a session of Engine.IO with its namespaces.
//!
//! A session outlives the requests of long polling and the upgrade to WebSocket: transports put in what
//! arrives and take out what waits. What it sees on the way is reported for the log.

mod namespace;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::decoder::Decoder;
use super::engine::{Data, EnginePacket, Handshake, Version};
use super::packet::{MAIN, Packet};
use namespace::pairs;

use crate::duration::typed;
use crate::ontop::Seen;

/// What sessions do and allow.
#[derive(Debug, Clone)]
pub struct Options {
    /// The namespaces besides `/` that clients may join; every one without a list.
    pub namespaces: Option<Vec<String>>,
    pub ping_interval: Duration,
    pub ping_timeout: Duration,
    /// How long a client may take to join its first namespace.
    pub connect_timeout: Option<Duration>,
    /// The largest body or message, in bytes.
    pub max_payload: usize,
    /// Makes the identifier of a session or of a namespace in it.
    pub new_sid: fn() -> String,
}

/// What a session serves, which the path of the request decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Service {
    /// Engine.IO alone: every message is sent back.
    EngineIo,
    SocketIo,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    Polling,
    /// A WebSocket that takes over was opened, and polling continues until it does.
    Probing,
    WebSocket,
}

/// Something for the log.
#[derive(Debug, Clone, PartialEq)]
pub enum Report {
    /// An Engine.IO packet as it is.
    Received(EnginePacket<'static>),
    Sent(EnginePacket<'static>),
    /// A Socket.IO packet with its attachments.
    Understood(Seen),
    /// The same from this side.
    Answered(Seen),
    Fact(String),
    Warning(String),
}

/// The most bytes that wait for a client, at least: more than any burst of small events.
const LEAST_HELD: usize = 1 << 20;
/// What a packet that waits costs besides its data, in bytes.
const PACKET_COST: usize = 64;
#[derive(Debug)]
pub struct Session {
    options: Arc<Options>,
    version: Version,
    service: Service,
    sid: String,
    transport: Transport,
    /// The WebSocket that may take over has answered, so that polling may end.
    is_probed: bool,
    /// The joined namespaces and their identifiers.
    namespaces: BTreeMap<String, String>,
    decoder: Decoder,
    outgoing: VecDeque<EnginePacket<'static>>,
    /// The size of `outgoing` in bytes.
    held: usize,
    heartbeat: Heartbeat,
    /// When the client must have joined a namespace.
    join_by: Option<Instant>,
    /// Events for namespaces that were just joined, and when they are sent.
    greetings: VecDeque<(Instant, Packet)>,
    reports: Vec<Report>,
    has_ended: bool,
}

#[derive(Debug, Clone, Copy)]
enum Heartbeat {
    /// Version 4: the next ping.
    PingAt(Instant),
    /// Version 4: the latest time for the pong.
    PongBy(Instant),
    /// Version 3: the latest time for anything from the client.
    HeardBy(Instant),
}

impl Session {
    /// Opens a session; the `query` of its request is what a client of version 3 authenticates with.
    pub fn open(
        options: Arc<Options>,
        version: Version,
        service: Service,
        transport: Transport,
        query: &[(String, String)],
        now: Instant,
    ) -> Self {
        let sid = (options.new_sid)();
        let limit = options.max_payload;
        let mut session = Self {
            version,
            service,
            transport,
            is_probed: false,
            namespaces: BTreeMap::new(),
            decoder: Decoder::new(version, limit),
            outgoing: VecDeque::new(),
            held: 0,
            heartbeat: match version {
                Version::V3 => {
                    Heartbeat::HeardBy(now + options.ping_interval + options.ping_timeout)
                }
                Version::V4 => Heartbeat::PingAt(now + options.ping_interval),
            },
            join_by: options
                .connect_timeout
                .filter(|_| service == Service::SocketIo)
                .map(|limit| now + limit),
            greetings: VecDeque::new(),
            reports: Vec::new(),
            has_ended: false,
            sid,
            options,
        };
        let upgrades = match transport {
            Transport::WebSocket => Vec::new(),
            _ => vec!["websocket".to_owned()],
        };
        session.queue(EnginePacket::Open(Handshake {
            sid: session.sid.clone(),
            upgrades,
            ping_interval: session.options.ping_interval,
            ping_timeout: session.options.ping_timeout,
            max_payload: (version == Version::V4).then_some(limit as u64),
        }));
        if service == Service::SocketIo && version == Version::V3 {
            session.join(MAIN, pairs(query), now);
        }
        session
    }

    pub fn sid(&self) -> &str {
        &self.sid
    }

    pub fn version(&self) -> Version {
        self.version
    }

    pub fn service(&self) -> Service {
        self.service
    }

    pub fn transport(&self) -> Transport {
        self.transport
    }

    pub fn has_ended(&self) -> bool {
        self.has_ended
    }

    /// Whether packets wait for the client.
    pub fn has_packets(&self) -> bool {
        !self.outgoing.is_empty()
    }

    /// The size of the packets that wait, in bytes.
    pub fn held(&self) -> usize {
        self.held
    }

    /// The next packet for the client.
    pub fn next_packet(&mut self) -> Option<EnginePacket<'static>> {
        let packet = self.outgoing.pop_front()?;
        self.held -= cost(&packet);
        let says_nothing = matches!(packet, EnginePacket::Close | EnginePacket::Noop);
        if says_nothing && self.transport == Transport::WebSocket {
            // The end of a session is the end of its WebSocket; only polling needs a packet for it.
            return self.next_packet();
        }
        self.reports.push(Report::Sent(packet.clone()));
        Some(packet)
    }

    /// What happened since the last call.
    pub fn take_reports(&mut self) -> Vec<Report> {
        std::mem::take(&mut self.reports)
    }

    /// A WebSocket that may take over was opened; false if there already is one.
    pub fn probe(&mut self) -> bool {
        let is_possible = self.transport == Transport::Polling && !self.has_ended;
        if is_possible {
            self.transport = Transport::Probing;
        }
        is_possible
    }

    /// The WebSocket that may take over has been tried, so a request that waits is answered.
    pub fn probed(&mut self) {
        self.is_probed = true;
    }

    /// Whether requests get a packet that says nothing, so that the client can stop to poll.
    pub fn ends_polls(&self) -> bool {
        self.transport == Transport::WebSocket || self.is_probed
    }

    /// The WebSocket takes over.
    pub fn upgrade(&mut self) {
        self.transport = Transport::WebSocket;
        self.reports
            .push(Report::Fact("upgraded to WebSocket".to_owned()));
    }

    /// The WebSocket that was to take over is gone.
    pub fn give_up_probe(&mut self) {
        if self.transport == Transport::Probing {
            self.transport = Transport::Polling;
            self.is_probed = false;
        }
    }

    /// Handles a packet from the client.
    pub fn received(&mut self, packet: EnginePacket<'_>, now: Instant) {
        if self.has_ended {
            return;
        }
        self.reports
            .push(Report::Received(packet.clone().into_owned()));
        if let Heartbeat::HeardBy(by) = &mut self.heartbeat {
            *by = now + self.options.ping_interval + self.options.ping_timeout;
        }
        match (packet, self.version) {
            (EnginePacket::Message(data), _) => self.message(data, now),
            (EnginePacket::Close, _) => self.closed_by_client(),
            (EnginePacket::Pong(_), Version::V4) => {
                let next = self.options.ping_interval;
                // Engine.IO 4: every pingInterval, so that a slow answer does not put the next ping off.
                self.heartbeat = Heartbeat::PingAt(match self.heartbeat {
                    Heartbeat::PongBy(by) => {
                        let next = (by + next).checked_sub(self.options.ping_timeout);
                        next.map_or(now, |next| next.max(now))
                    }
                    Heartbeat::PingAt(at) | Heartbeat::HeardBy(at) => at,
                });
            }
            (EnginePacket::Ping(data), Version::V3) => {
                let data = data.into_owned();
                self.queue(EnginePacket::Pong(data.into()));
            }
            (EnginePacket::Ping(_), Version::V4) => {
                self.end("the client sent a ping; in Engine.IO 4 the server does");
            }
            (EnginePacket::Pong(_), Version::V3) => {
                self.end("the client sent a pong without a ping; in Engine.IO 3 the client pings");
            }
            (EnginePacket::Open(_) | EnginePacket::Upgrade | EnginePacket::Noop, _) => {
                self.warn("a packet that means nothing from a client");
            }
        }
    }

    /// When [`tick`](Self::tick) has something to do.
    pub fn deadline(&self) -> Option<Instant> {
        let (Heartbeat::PingAt(at) | Heartbeat::PongBy(at) | Heartbeat::HeardBy(at)) =
            self.heartbeat;
        let greeting = self.greetings.front().map(|(at, _)| *at);
        let deadlines = [Some(at), self.join_by, greeting];
        let deadline = deadlines.into_iter().flatten().min();
        deadline.filter(|_| !self.has_ended)
    }

    pub fn tick(&mut self, now: Instant) {
        if self.has_ended {
            return;
        }
        while self.greetings.front().is_some_and(|(at, _)| *at <= now) {
            self.greet();
        }
        if self.join_by.is_some_and(|by| by <= now) {
            let limit = typed(self.options.connect_timeout.unwrap_or_default());
            return self.end(&format!("the client joined no namespace within {limit}"));
        }
        match self.heartbeat {
            Heartbeat::PingAt(at) if at <= now => {
                self.queue(EnginePacket::Ping("".into()));
                // From when it was due, so that a busy machine does not give the client more time.
                self.heartbeat = Heartbeat::PongBy(at + self.options.ping_timeout);
            }
            Heartbeat::PongBy(by) if by <= now => {
                let limit = typed(self.options.ping_timeout);
                self.end(&format!("no pong within {limit}"));
            }
            Heartbeat::HeardBy(by) if by <= now => {
                let limit = typed(self.options.ping_interval + self.options.ping_timeout);
                self.end(&format!("no ping within {limit}"));
            }
            _ => {}
        }
    }

    /// Ends the session from this side, with the reason for the log.
    pub fn end(&mut self, reason: &str) {
        if !self.has_ended {
            self.warn(reason);
            self.finish(EnginePacket::Close);
        }
    }

    /// Ends the session as the server ends.
    pub fn close(&mut self) {
        if !self.has_ended {
            self.finish(EnginePacket::Close);
        }
    }

    /// Ends the session as the client's transport is gone.
    pub fn lost(&mut self) {
        if !self.has_ended {
            self.finish(EnginePacket::Noop);
        }
    }

    fn closed_by_client(&mut self) {
        self.reports
            .push(Report::Fact("closed by the client".to_owned()));
        self.finish(EnginePacket::Noop);
    }

    /// Leaves a last packet for the request that may wait.
    fn finish(&mut self, last: EnginePacket<'static>) {
        self.has_ended = true;
        self.queue(last);
    }

    fn message(&mut self, data: Data<'_>, now: Instant) {
        if self.service == Service::EngineIo {
            return self.queue(EnginePacket::Message(data.into_owned()));
        }
        match self.decoder.push(data) {
            Ok(Some(packet)) => self.packet(&packet, now),
            Ok(None) => {}
            Err(fault) => self.end(&fault.to_string()),
        }
    }

    fn queue(&mut self, packet: EnginePacket<'static>) {
        let is_last = self.has_ended;
        self.held += cost(&packet);
        self.outgoing.push_back(packet);
        let limit = LEAST_HELD.max(self.options.max_payload.saturating_mul(2));
        if self.held > limit && !is_last {
            self.outgoing.clear();
            self.held = 0;
            self.end("the client does not fetch what waits for it");
        }
    }

    fn warn(&mut self, text: &str) {
        self.reports.push(Report::Warning(text.to_owned()));
    }
}

fn cost(packet: &EnginePacket<'_>) -> usize {
    let data = match packet {
        EnginePacket::Ping(data)
        | EnginePacket::Pong(data)
        | EnginePacket::Message(Data::Text(data)) => data.len(),
        EnginePacket::Message(Data::Binary(data)) => data.len(),
        EnginePacket::Open(_)
        | EnginePacket::Close
        | EnginePacket::Upgrade
        | EnginePacket::Noop => 0,
    };
    data + PACKET_COST
}
