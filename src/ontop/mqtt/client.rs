//! The client's half: opens the session, keeps it alive, and follows messages to their acknowledgement.

mod hear;

use std::time::{Duration, Instant};

use super::flight::{Flight, Wait};
use super::frame::{Assembler, Frame, LOOKED_AT};
use super::packet::{self, DISCONNECT, PINGREQ, Publish, Version};
use super::say::{self, Subscription};
use super::see;
use super::wire::{Fault, LONGEST};
use crate::exit::Exit;
use crate::ontop::names::Names;
use crate::ontop::stage::Stage;
use crate::ontop::{Actions, Name, Opening, Protocol, Refusal, SayError, SayResult, Seen, listed};
use crate::proto::message::Kind;
use crate::render::quantity;
use crate::secret::Login;

#[derive(Debug, Clone)]
pub struct Options {
    pub version: Version,
    /// Empty for one that the server chooses.
    pub client_id: String,
    /// The largest packet to accept, in bytes.
    pub limit: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            version: Version::V5,
            client_id: String::new(),
            limit: DEFAULT_LIMIT,
        }
    }
}

/// What is announced in CONNECT, in seconds: below the silence after which load balancers drop a connection.
const KEEP_ALIVE: u16 = 60;
/// What the server answers first.
const GREETING: &str = "CONNECT";
/// The largest packet without another limit, in bytes: that of messages.
const DEFAULT_LIMIT: usize = 64 << 20;

#[derive(Debug)]
pub struct Client {
    options: Options,
    stage: Stage<Session>,
    /// Whether CONNECT had a user and a password.
    has_login: bool,
    assembler: Assembler,
    /// What is subscribed to, again on every connection, and whether the session is of no use without it; only the
    /// user adds to it.
    subscriptions: Vec<(Subscription, bool)>,
    flight: Flight,
    /// Of messages, in either direction.
    topics: Names,
    has_published: bool,
    /// The name that the server has given this client.
    assigned: Option<String>,
    pings: u64,
    round_trip: Option<Duration>,
    /// The first thing that failed, and why.
    failure: Option<String>,
}

#[derive(Debug)]
struct Session {
    /// Half of the keep-alive time; zero for no pings.
    interval: Duration,
    /// When something was sent last, or the ping that is awaited.
    last: Instant,
    is_awaited: bool,
    /// How many messages the server takes at once.
    room: usize,
}

impl Session {
    fn deadline(&self) -> Option<Instant> {
        (self.interval > Duration::ZERO).then(|| self.last + self.interval)
    }
}

impl Client {
    pub fn new(options: Options) -> Self {
        Self {
            stage: Stage::Closed,
            has_login: false,
            assembler: Assembler::new(options.limit),
            subscriptions: Vec::new(),
            flight: Flight::default(),
            topics: Names::default(),
            has_published: false,
            assigned: None,
            pings: 0,
            round_trip: None,
            failure: None,
            options,
        }
    }

    fn greet(&mut self, login: Option<&Login>, now: Instant, actions: &mut Actions) {
        self.stage = Stage::greeting(now);
        self.has_login = login.is_some();
        self.assembler = Assembler::new(self.options.limit);
        let Options {
            version, client_id, ..
        } = &self.options;
        let connect =
            |login: Option<&Login>| packet::connect(*version, client_id, KEEP_ALIVE, login);
        let mut note = format!("MQTT {}", version.as_str());
        if let Some(login) = login {
            note = format!("{note}, as {}", login.user);
        }
        let seen = see::seen("connect", "connect").noting(note);
        let masked = login.map(|login| connect(Some(&login.masked())));
        actions.send_masked(Kind::Binary, connect(login), masked, Some(seen));
    }

    fn send(&mut self, bytes: Vec<u8>, seen: Seen, now: Instant, actions: &mut Actions) {
        if let Some(session) = self.stage.session_mut()
            && !session.is_awaited
        {
            session.last = now;
        }
        actions.send(Kind::Binary, bytes, Some(seen));
    }

    fn ask(
        &mut self,
        subscription: &Subscription,
        is_required: bool,
        now: Instant,
        actions: &mut Actions,
    ) -> SayResult {
        let Subscription { filter, qos } = subscription;
        let wait = Wait::Subscribe { is_required };
        let id = self.begin(wait, filter, now)?;
        let seen = see::seen("subscribe", format!("subscribe {filter}"))
            .with("id", id)
            .with("topic", filter.as_str())
            .with("qos", *qos)
            .noting(format!("QoS {qos}"));
        let bytes = packet::subscribe(self.options.version, id, filter, *qos);
        self.send(bytes, seen, now, actions);
        Ok(())
    }

    /// The identifier of a packet that waits for an answer from now on.
    fn begin(&mut self, wait: Wait, topic: &str, now: Instant) -> Result<u16, SayError> {
        let room = self.stage.session().map_or(0, |session| session.room);
        if wait.is_message() && self.flight.messages() >= room {
            let text = format!("{room} messages wait for their acknowledgement already");
            let hint = "the server takes no more at once; wait for one";
            return Err(SayError::new(text, hint));
        }
        let id = self.flight.begin(wait, topic, now);
        id.ok_or_else(|| SayError::new("65535 packets wait for an answer", None))
    }

    fn fail(&mut self, why: String) {
        self.failure.get_or_insert(why);
    }

    fn publish(&mut self, message: say::Message, now: Instant, actions: &mut Actions) -> SayResult {
        self.stage.check(GREETING)?;
        if self.options.version == Version::V3 && !message.properties.is_empty() {
            let hint = "drop --mqtt-version 3.1.1";
            return Err(SayError::new("MQTT 3.1.1 has no properties", hint));
        }
        if message.topic.len() + message.payload.len() > LONGEST - (64 << 10) {
            return Err(SayError::new("a message is at most 256 MiB long", None));
        }
        let wait = match message.qos {
            0 => None,
            1 => Some(Wait::Acknowledge),
            _ => Some(Wait::Receive),
        };
        let id = wait.map(|wait| self.begin(wait, &message.topic, now));
        let publish = Publish {
            topic: &message.topic,
            qos: message.qos,
            retain: message.retain,
            dup: false,
            id: id.transpose()?.unwrap_or_default(),
            properties: message.properties,
            payload: &message.payload,
        };
        self.has_published = true;
        let bytes = packet::publish_packet(self.options.version, &publish);
        let seen = see::publish("publish", &publish);
        self.send(bytes, seen, now, actions);
        self.topics.remember(&message.topic);
        Ok(())
    }

    fn add(
        &mut self,
        subscription: Subscription,
        is_required: bool,
        now: Instant,
        actions: &mut Actions,
    ) -> SayResult {
        self.stage.check(GREETING)?;
        self.ask(&subscription, is_required, now, actions)?;
        self.subscriptions
            .retain(|(it, _)| it.filter != subscription.filter);
        self.subscriptions.push((subscription, is_required));
        Ok(())
    }

    fn unsubscribe(&mut self, filter: &str, now: Instant, actions: &mut Actions) -> SayResult {
        self.stage.check(GREETING)?;
        let id = self.begin(Wait::Unsubscribe, filter, now)?;
        self.subscriptions.retain(|(it, _)| it.filter != filter);
        let seen = see::seen("unsubscribe", format!("unsubscribe {filter}"))
            .with("id", id)
            .with("topic", filter);
        let bytes = packet::unsubscribe(self.options.version, id, filter);
        self.send(bytes, seen, now, actions);
        Ok(())
    }
}

fn unreadable(fault: &Fault, payload: &[u8]) -> Seen {
    Seen::unreadable(Name::Mqtt, "MQTT", &fault.to_string(), payload)
}

impl Protocol for Client {
    fn name(&self) -> Name {
        Name::Mqtt
    }

    fn opened(&mut self, opening: Opening<'_>, now: Instant, actions: &mut Actions) {
        if let Some(topic) = self.flight.clear() {
            let text =
                format!("a message to {topic} was not acknowledged before the connection was lost");
            actions.note(text.clone());
            self.fail(text);
        }
        self.greet(opening.login, now, actions);
    }

    fn is_ready(&self) -> bool {
        self.stage.is_open()
    }

    fn closing(&mut self, _code: u16, _reason: &str) -> Option<Refusal> {
        let hint = match self.options.version {
            Version::V5 => "it may not speak MQTT 5; --mqtt-version 3.1.1 asks for the older one",
            Version::V3 => "look into the server's log",
        };
        self.stage.is_greeting().then(|| Refusal {
            may_pass: true,
            ..Refusal::refused("the server closed before its CONNACK".to_owned(), hint)
        })
    }

    fn is_unfinished(&self) -> bool {
        self.stage.is_open()
    }

    fn has_room(&self) -> bool {
        let session = self.stage.session();
        session.is_some_and(|session| self.flight.messages() < session.room)
    }

    fn received(&mut self, kind: Kind, payload: &[u8], now: Instant, actions: &mut Actions) {
        if kind == Kind::Text {
            return actions.see(unreadable(&Fault::Text, payload));
        }
        let mut assembler = std::mem::replace(&mut self.assembler, Assembler::new(0));
        let mut count = 0;
        assembler.feed(payload, |frame: Result<Frame<'_>, Fault>| {
            count += 1;
            if count > LOOKED_AT {
                return;
            }
            let version = self.options.version;
            match frame.and_then(|frame| packet::decode(version, frame)) {
                Ok(packet) => self.packet(packet, now, actions),
                Err(fault) => actions.see(unreadable(&fault, payload)),
            }
        });
        self.assembler = assembler;
        if count > LOOKED_AT {
            let more = count - LOOKED_AT;
            actions.note(format!(
                "{more} more packets of the message are not looked at"
            ));
        }
    }

    fn line_help(&self) -> &'static str {
        "a line TOPIC PAYLOAD is published"
    }

    fn pending(&self) -> Option<usize> {
        (self.has_published && self.subscriptions.is_empty()).then(|| self.flight.len())
    }

    fn failure(&self) -> Option<&str> {
        self.failure.as_deref()
    }

    fn unanswered(&self) -> Option<String> {
        self.flight.oldest()
    }

    fn subscribe(&mut self, args: &str, now: Instant, actions: &mut Actions) -> SayResult {
        self.add(say::subscription(args)?, true, now, actions)
    }

    fn forget(&mut self, args: &str) -> bool {
        let count = self.subscriptions.len();
        self.subscriptions.retain(|(it, _)| it.filter != args);
        self.subscriptions.len() < count
    }

    fn say(&mut self, verb: &str, args: &str, now: Instant, actions: &mut Actions) -> SayResult {
        match verb {
            "publish" => self.publish(say::publish(args)?, now, actions),
            "subscribe" => self.add(say::subscription(args)?, false, now, actions),
            _ => self.unsubscribe(&say::unsubscribe(args)?, now, actions),
        }
    }

    fn line(&mut self, line: &str, now: Instant, actions: &mut Actions) -> SayResult {
        self.publish(say::said(line)?, now, actions)
    }

    fn farewell(&mut self, _: Instant, actions: &mut Actions) {
        if self.is_ready() {
            self.stage = Stage::Closed;
            let seen = see::seen("disconnect", "disconnect");
            actions.send(Kind::Binary, DISCONNECT.to_vec(), Some(seen));
        }
    }

    fn deadline(&self) -> Option<Instant> {
        self.stage.deadline(Session::deadline)
    }

    fn tick(&mut self, now: Instant, actions: &mut Actions) {
        let hint = "check that this is an MQTT server, and the path";
        if let Some(refusal) = self.stage.overdue(GREETING, hint, now) {
            return actions.end(refusal);
        }
        let session = self.stage.session_mut();
        let Some(session) = session.filter(|it| it.deadline().is_some_and(|it| it <= now)) else {
            return;
        };
        if session.is_awaited {
            let since = quantity::duration(now.saturating_duration_since(session.last));
            self.stage = Stage::Closed;
            let text = format!("no answer to a ping of MQTT for {since}");
            return actions.end(Refusal {
                exit: Exit::NoPong,
                ..Refusal::silent(text, None)
            });
        }
        (session.last, session.is_awaited) = (now, true);
        self.pings += 1;
        let seen = see::keepalive("pingreq");
        actions.send(Kind::Binary, PINGREQ.to_vec(), Some(seen));
    }

    fn pause(&mut self, now: Instant) {
        if let Some(session) = self.stage.session_mut()
            && session.is_awaited
        {
            session.last = session.last.max(now);
        }
    }

    fn names(&self, verb: &str) -> Vec<String> {
        match verb {
            "publish" => self.topics.list(),
            "unsubscribe" => {
                let filters = self.subscriptions.iter().map(|(it, _)| it.filter.clone());
                filters.collect()
            }
            _ => Vec::new(),
        }
    }

    fn status(&self, _: Instant) -> Vec<(&'static str, String)> {
        let id = match (&self.assigned, self.options.client_id.as_str()) {
            (Some(assigned), _) => assigned.as_str(),
            (None, "") => "chosen by the server",
            (None, id) => id,
        };
        let filters = self.subscriptions.iter().map(|(it, _)| it.filter.clone());
        let trip = self.round_trip.map(quantity::duration);
        let trip = trip.map_or(String::new(), |trip| format!(", the last took {trip}"));
        vec![
            ("on top", format!("MQTT {}", self.options.version.as_str())),
            ("client id", id.to_owned()),
            ("session pings", format!("{}{trip}", self.pings)),
            ("subscriptions", listed(filters)),
            ("unacknowledged", self.flight.len().to_string()),
        ]
    }
}
