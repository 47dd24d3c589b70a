//! The server's half, without I/O: a session of Engine.IO with its namespaces.
//!
//! A session outlives the requests of long polling and the upgrade to WebSocket: transports put in what
//! arrives and take out what waits. What it sees on the way is reported for the log.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Map, Value, json};

use super::engine::{Data, EnginePacket, Handshake, Version};
use super::packet::{self, Decoder, MAIN, Packet, PacketType};
use crate::duration::typed;

/// What sessions do and allow.
#[derive(Debug, Clone)]
pub struct Options {
    /// The namespaces besides `/` that clients may join; every one without a list.
    pub namespaces: Option<Vec<String>>,
    pub ping_interval: Duration,
    pub ping_timeout: Duration,
    /// How long a client may take to join its first namespace.
    pub connect_timeout: Duration,
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
    Understood(Packet),
    /// The same from this side.
    Answered(Packet),
    Fact(String),
    Warning(String),
}

/// The most bytes that wait for a client, at least: more than any burst of small events.
const LEAST_HELD: usize = 1 << 20;
/// What a packet that waits costs besides its data, in bytes.
const PACKET_COST: usize = 64;
/// The most namespaces that one session joins, and the longest name: more than any application has.
const MAX_NAMESPACES: usize = 100;
const LONGEST_NAME: usize = 256;

#[derive(Debug)]
pub struct Session {
    options: Arc<Options>,
    version: Version,
    service: Service,
    sid: String,
    transport: Transport,
    /// The joined namespaces and their identifiers.
    namespaces: BTreeMap<String, String>,
    decoder: Decoder,
    outgoing: VecDeque<EnginePacket<'static>>,
    /// The size of `outgoing` in bytes.
    held: usize,
    heartbeat: Heartbeat,
    /// When the client must have joined a namespace.
    join_by: Option<Instant>,
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
            join_by: (service == Service::SocketIo).then(|| now + options.connect_timeout),
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
            session.join(MAIN, pairs(query));
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

    /// The next packet for the client.
    pub fn next_packet(&mut self) -> Option<EnginePacket<'static>> {
        let packet = self.outgoing.pop_front()?;
        self.held -= cost(&packet);
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

    /// The WebSocket takes over; a request that still waits gets a packet that says nothing.
    pub fn upgrade(&mut self) {
        self.transport = Transport::WebSocket;
        self.reports
            .push(Report::Fact("upgraded to WebSocket".to_owned()));
    }

    /// The WebSocket that was to take over is gone.
    pub fn give_up_probe(&mut self) {
        if self.transport == Transport::Probing {
            self.transport = Transport::Polling;
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
            (EnginePacket::Message(data), _) => self.message(data),
            (EnginePacket::Close, _) => self.closed_by_client(),
            (EnginePacket::Pong(_), Version::V4) => {
                self.heartbeat = Heartbeat::PingAt(now + self.options.ping_interval);
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
        let deadline = self.join_by.map_or(at, |join_by| join_by.min(at));
        (!self.has_ended).then_some(deadline)
    }

    pub fn tick(&mut self, now: Instant) {
        if self.has_ended {
            return;
        }
        if self.join_by.is_some_and(|by| by <= now) {
            let limit = typed(self.options.connect_timeout);
            return self.end(&format!("the client joined no namespace within {limit}"));
        }
        match self.heartbeat {
            Heartbeat::PingAt(at) if at <= now => {
                self.queue(EnginePacket::Ping("".into()));
                self.heartbeat = Heartbeat::PongBy(now + self.options.ping_timeout);
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
        self.outgoing.clear();
        self.held = 0;
        self.queue(last);
    }

    fn message(&mut self, data: Data<'_>) {
        if self.service == Service::EngineIo {
            return self.queue(EnginePacket::Message(data.into_owned()));
        }
        match self.decoder.push(data) {
            Ok(Some(packet)) => self.packet(packet),
            Ok(None) => {}
            Err(fault) => self.end(&fault.to_string()),
        }
    }

    fn packet(&mut self, packet: Packet) {
        self.reports.push(Report::Understood(packet.clone()));
        let namespace = &packet.namespace;
        match packet.kind {
            PacketType::Connect => return self.connect(packet),
            _ if !self.namespaces.contains_key(namespace) => {
                let reason = format!("a packet for {namespace}, which the client has not joined");
                return self.end(&reason);
            }
            PacketType::Disconnect => {
                self.namespaces.remove(namespace);
            }
            PacketType::Event => self.event(&packet),
            PacketType::Ack => self.warn("an acknowledgement that nobody waits for"),
            PacketType::ConnectError => self.warn("only a server sends CONNECT_ERROR"),
        }
    }

    fn connect(&mut self, packet: Packet) {
        let (name, query) = match (self.version, packet.namespace.split_once('?')) {
            (Version::V3, Some((name, query))) => (name, query),
            _ => (&*packet.namespace, ""),
        };
        if let Err(problem) = self.admit(name) {
            let data = match self.version {
                Version::V3 => json!(problem),
                Version::V4 => json!({"message": problem}),
            };
            self.warn(&format!("{problem}: {name}"));
            return self.answer(Packet::new(PacketType::ConnectError, name, Some(data)));
        }
        let auth = match self.version {
            Version::V3 => {
                let query = url::form_urlencoded::parse(query.as_bytes()).into_owned();
                pairs(&query.collect::<Vec<_>>())
            }
            Version::V4 => packet.data.clone().unwrap_or_else(|| json!({})),
        };
        self.join(name, auth);
    }

    /// Why the client may not join `name`; the first text is the reference server's.
    fn admit(&self, name: &str) -> Result<(), &'static str> {
        let allowed = self.options.namespaces.as_deref();
        let is_listed = |names: &[String]| names.iter().any(|allowed| allowed == name);
        if name != MAIN && !allowed.is_none_or(is_listed) {
            return Err("Invalid namespace");
        }
        if name.len() > LONGEST_NAME {
            return Err("The name of the namespace is too long");
        }
        let is_known = self.namespaces.contains_key(name);
        if !is_known && self.namespaces.len() >= MAX_NAMESPACES {
            return Err("Too many namespaces");
        }
        Ok(())
    }

    /// Lets the client in and sends it the `auth` that it sent.
    fn join(&mut self, name: &str, auth: Value) {
        let sid = (self.options.new_sid)();
        let data = (self.version == Version::V4).then(|| json!({"sid": sid}));
        self.namespaces.insert(name.to_owned(), sid);
        self.join_by = None;
        self.answer(Packet::new(PacketType::Connect, name, data));
        self.answer(Packet::event(name, None, vec!["auth".into(), auth]));
    }

    /// Answers an event: `message` with `message-back`, others with the same, and whoever wants an
    /// acknowledgement gets its arguments.
    fn event(&mut self, event: &Packet) {
        let Some((name, arguments)) = event.name_and_arguments() else {
            return;
        };
        let is_message = name == "message";
        if is_message || event.id.is_none() {
            let name = if is_message {
                &json!("message-back")
            } else {
                name
            };
            let data = std::iter::once(name).chain(arguments).cloned().collect();
            self.answer(Packet::event(&event.namespace, None, data));
        }
        if let Some(id) = event.id {
            self.answer(Packet::ack(&event.namespace, id, arguments.to_vec()));
        }
    }

    fn answer(&mut self, packet: Packet) {
        let (text, attachments) = packet::encode(&packet);
        self.reports.push(Report::Answered(packet));
        self.queue(EnginePacket::Message(Data::Text(text.into())));
        for attachment in attachments {
            self.queue(EnginePacket::Message(Data::Binary(attachment.into())));
        }
    }

    fn queue(&mut self, packet: EnginePacket<'static>) {
        let is_last = self.has_ended;
        self.held += cost(&packet);
        self.outgoing.push_back(packet);
        let limit = LEAST_HELD.max(self.options.max_payload.saturating_mul(2));
        if self.held > limit && !is_last {
            self.end("the client does not fetch what waits for it");
        }
    }

    fn warn(&mut self, text: &str) {
        self.reports.push(Report::Warning(text.to_owned()));
    }
}

fn pairs(query: &[(String, String)]) -> Value {
    let pairs = query
        .iter()
        .map(|(name, value)| (name.clone(), value.as_str().into()));
    pairs.collect::<Map<_, _>>().into()
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

#[cfg(test)]
mod tests {
    use super::*;

    const INTERVAL: Duration = Duration::from_millis(300);
    const TIMEOUT: Duration = Duration::from_millis(200);
    const JOIN: Duration = Duration::from_secs(1);

    struct Fixture {
        session: Session,
        now: Instant,
    }

    impl Fixture {
        fn new(version: Version, service: Service) -> Self {
            let options = Options {
                namespaces: Some(vec!["/custom".to_owned()]),
                ping_interval: INTERVAL,
                ping_timeout: TIMEOUT,
                connect_timeout: JOIN,
                max_payload: 1000,
                new_sid: || "SID".to_owned(),
            };
            let now = Instant::now();
            let query = [("token".to_owned(), "1".to_owned())];
            let transport = Transport::Polling;
            let options = Arc::new(options);
            let session = Session::open(options, version, service, transport, &query, now);
            Self { session, now }
        }

        /// A session of version 4 whose opening packet is taken.
        fn socket_io() -> Self {
            let mut it = Self::new(Version::V4, Service::SocketIo);
            it.sent();
            it
        }

        fn joined() -> Self {
            let mut it = Self::socket_io();
            assert_eq!(it.say("40"), [r#"40{"sid":"SID"}"#, r#"42["auth",{}]"#]);
            it
        }

        /// What is sent in answer to a text message.
        fn say(&mut self, text: &str) -> Vec<String> {
            let packet = super::super::engine::decode_text(self.session.version, text);
            self.session.received(packet.expect("a packet"), self.now);
            self.sent()
        }

        fn say_binary(&mut self, bytes: &[u8]) {
            let packet = EnginePacket::Message(Data::Binary(bytes.into()));
            self.session.received(packet, self.now);
        }

        fn sent(&mut self) -> Vec<String> {
            let version = self.session.version;
            std::iter::from_fn(|| self.session.next_packet())
                .map(|packet| super::super::engine::encode_text(version, &packet))
                .collect()
        }

        fn after(&mut self, time: Duration) -> Vec<String> {
            self.now += time;
            self.session.tick(self.now);
            self.sent()
        }

        fn last_warning(&mut self) -> String {
            let reports = self.session.take_reports();
            let warnings = reports.into_iter().filter_map(|report| match report {
                Report::Warning(text) => Some(text),
                _ => None,
            });
            warnings.last().expect("a warning")
        }

        #[track_caller]
        fn has_ended_with(&mut self, text: &str) {
            assert!(self.session.has_ended());
            let warning = self.last_warning();
            assert!(warning.contains(text), "{warning}");
        }
    }

    #[test]
    fn the_opening_packet_announces_what_is_configured() {
        let mut four = Fixture::new(Version::V4, Service::SocketIo);
        assert_eq!(
            four.sent(),
            [
                r#"0{"sid":"SID","upgrades":["websocket"],"pingInterval":300,"pingTimeout":200,"maxPayload":1000}"#
            ]
        );
        let mut three = Fixture::new(Version::V3, Service::SocketIo);
        assert_eq!(
            three.sent(),
            [
                r#"0{"sid":"SID","upgrades":["websocket"],"pingInterval":300,"pingTimeout":200}"#,
                "40",
                r#"42["auth",{"token":"1"}]"#,
            ]
        );
    }

    #[test]
    fn namespaces_are_joined_with_their_payload_or_refused() {
        let mut it = Fixture::socket_io();
        assert_eq!(
            it.say(r#"40/custom,{"token":"abc"}"#),
            [
                r#"40/custom,{"sid":"SID"}"#,
                r#"42/custom,["auth",{"token":"abc"}]"#
            ]
        );
        assert_eq!(
            it.say("40/random"),
            [r#"44/random,{"message":"Invalid namespace"}"#]
        );
        assert!(!it.session.has_ended());
    }

    #[test]
    fn version_3_has_its_own_way_to_join() {
        let mut it = Fixture::new(Version::V3, Service::SocketIo);
        it.sent();
        assert_eq!(
            it.say("40/custom?token=a%20b,"),
            ["40/custom,", r#"42/custom,["auth",{"token":"a b"}]"#]
        );
        assert_eq!(it.say("40/random"), [r#"44/random,"Invalid namespace""#]);
    }

    #[test]
    fn events_are_answered() {
        let mut it = Fixture::joined();
        for (event, answer) in [
            (
                r#"42["message",1,{"3":[true]}]"#,
                vec![r#"42["message-back",1,{"3":[true]}]"#],
            ),
            (
                r#"42456["message-with-ack",1,"2"]"#,
                vec![r#"43456[1,"2"]"#],
            ),
            (r#"42["price",1]"#, vec![r#"42["price",1]"#]),
            (r#"427["price"]"#, vec!["437[]"]),
            (
                r#"427["message",1]"#,
                vec![r#"42["message-back",1]"#, "437[1]"],
            ),
        ] {
            assert_eq!(it.say(event), answer, "{event}");
        }
    }

    #[test]
    fn attachments_come_back() {
        let mut it = Fixture::joined();
        assert!(
            it.say(r#"451-789["x",{"_placeholder":true,"num":0}]"#)
                .is_empty()
        );
        it.say_binary(b"\x01\x02\x03");
        assert_eq!(
            it.sent(),
            [r#"461-789[{"_placeholder":true,"num":0}]"#, "bAQID"]
        );
    }

    #[test]
    fn engine_io_alone_sends_every_message_back() {
        let mut it = Fixture::new(Version::V4, Service::EngineIo);
        it.sent();
        assert_eq!(it.say("4hello"), ["4hello"]);
        it.say_binary(b"\x01\x02\x03\x04");
        assert_eq!(it.sent(), ["bAQIDBA=="]);
        assert_eq!(it.session.deadline(), Some(it.now + INTERVAL));
    }

    #[test]
    fn version_4_pings_and_wants_a_pong() {
        let mut it = Fixture::joined();
        for _ in 0..3 {
            assert_eq!(it.after(INTERVAL), ["2"]);
            assert!(it.after(TIMEOUT / 2).is_empty());
            assert!(it.say("3").is_empty());
        }
        assert_eq!(it.after(INTERVAL), ["2"]);
        assert_eq!(it.after(TIMEOUT), ["1"]);
        it.has_ended_with("no pong within 200ms");
        assert_eq!(it.session.deadline(), None);
    }

    #[test]
    fn version_3_answers_pings_and_wants_them() {
        let mut it = Fixture::new(Version::V3, Service::SocketIo);
        it.sent();
        assert!(it.after(INTERVAL).is_empty());
        assert_eq!(it.say("2"), ["3"]);
        assert!(it.after(INTERVAL).is_empty());
        assert_eq!(it.after(TIMEOUT), ["1"]);
        it.has_ended_with("no ping within 500ms");
    }

    #[test]
    fn a_client_has_to_join_in_time() {
        let mut it = Fixture::socket_io();
        assert_eq!(it.after(INTERVAL), ["2"]);
        it.say("3");
        assert_eq!(it.after(JOIN - INTERVAL), ["1"]);
        it.has_ended_with("joined no namespace within 1s");
    }

    #[test]
    fn what_breaks_the_protocol_ends_the_session() {
        for (text, reason) in [
            ("4abc", "'a' is no type"),
            ("42{}", "EVENT needs an array"),
            (r#"42abc["x"]"#, "not JSON"),
            (r#"42/custom,["x"]"#, "has not joined"),
            ("41/custom,", "has not joined"),
            ("2", "sent a ping"),
            ("4510001-[\"x\"]", "10001 attachments"),
        ] {
            let mut it = Fixture::joined();
            assert_eq!(it.say(text), ["1"], "{text}");
            it.has_ended_with(reason);
            assert!(it.say(r#"42["x"]"#).is_empty());
        }
        let mut it = Fixture::socket_io();
        it.say(r#"42["x"]"#);
        it.has_ended_with("has not joined");
    }

    #[test]
    fn a_left_namespace_is_gone_and_the_session_stays() {
        let mut it = Fixture::joined();
        assert!(it.say("41").is_empty());
        assert!(!it.session.has_ended());
        it.say(r#"42["x"]"#);
        assert!(it.session.has_ended());
    }

    #[test]
    fn an_acknowledgement_of_nothing_is_named() {
        let mut it = Fixture::joined();
        assert!(it.say("439[]").is_empty());
        assert_eq!(
            it.last_warning(),
            "an acknowledgement that nobody waits for"
        );
        assert!(!it.session.has_ended());
    }

    #[test]
    fn a_closed_session_leaves_a_packet_that_says_nothing() {
        let mut it = Fixture::joined();
        assert_eq!(it.say("1"), ["6"]);
        assert!(it.session.has_ended());
    }

    #[test]
    fn what_is_not_fetched_is_bounded() {
        let mut it = Fixture::joined();
        let event = format!(r#"42["x","{}"]"#, "x".repeat(900));
        for _ in 0..2 * LEAST_HELD / event.len() {
            let packet = super::super::engine::decode_text(Version::V4, &event);
            it.session.received(packet.expect("a packet"), it.now);
            assert!(it.session.held <= LEAST_HELD + 2000);
        }
        it.has_ended_with("does not fetch");
    }

    #[test]
    fn namespaces_are_bounded() {
        let mut it = Fixture::joined();
        let options = Arc::make_mut(&mut it.session.options);
        options.namespaces = None;
        for number in 1..MAX_NAMESPACES {
            assert_eq!(it.say(&format!("40/{number}")).len(), 2);
        }
        assert!(it.say("40/more")[0].contains("Too many namespaces"));
        // Joining again is not another one.
        assert_eq!(it.say("40/1").len(), 2);
        let long = format!("40/{}", "x".repeat(LONGEST_NAME));
        assert!(it.say(&long)[0].contains("too long"));
    }

    #[test]
    fn only_one_websocket_takes_over() {
        let mut it = Fixture::joined();
        assert!(it.session.probe());
        assert!(!it.session.probe());
        it.session.give_up_probe();
        assert!(it.session.probe());
        it.session.upgrade();
        assert_eq!(it.session.transport(), Transport::WebSocket);
        it.session.give_up_probe();
        assert!(!it.session.probe());
    }
}
