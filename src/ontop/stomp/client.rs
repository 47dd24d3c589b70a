//! The client's half: opens the session, keeps it alive, and pairs receipts.

mod connect;
mod hear;

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::beat::beats;
use super::frame::{Assembler, Frame, Headers, Version, encode};
use super::say::{self, Message, Subscription};
use super::see;
use crate::exit::Exit;
use crate::ontop::calls::Calls;
use crate::ontop::names::Names;
use crate::ontop::stage::Stage;
use crate::ontop::{Actions, Name, Opening, Protocol, Refusal, SayError, SayResult, Seen, listed};
use crate::proto::message::Kind;
use crate::render::quantity;
use connect::Connect;

#[derive(Debug, Clone)]
pub struct Options {
    /// The largest body to accept, in bytes.
    pub limit: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self { limit: 64 << 20 }
    }
}

/// What the server answers first.
const GREETING: &str = "CONNECT";
/// The most messages whose acknowledgement is awaited by name; the server sends any number of them.
const UNACKNOWLEDGED: usize = 1000;

#[derive(Debug)]
pub struct Client {
    options: Options,
    stage: Stage<Session>,
    has_login: bool,
    /// How often this side can send a heart-beat, and how often it wants one, in milliseconds.
    offered: (u64, u64),
    assembler: Assembler,
    version: Version,
    /// What is subscribed to, again on every connection; only the user adds to it.
    subscriptions: Vec<(Subscription, u64)>,
    last: u64,
    receipts: Calls,
    wants_receipts: bool,
    /// Messages that want an acknowledgement, by its identifier, with the subscription; newest last.
    unacknowledged: VecDeque<(String, String)>,
    destinations: Names,
    beats: u64,
}

#[derive(Debug)]
struct Session {
    /// How often something is sent at least; zero for no limit.
    sending: Duration,
    sent: Instant,
    /// The longest silence of the server; zero for no limit.
    silence: Duration,
    heard: Instant,
}

impl Session {
    fn next_beat(&self) -> Option<Instant> {
        (self.sending > Duration::ZERO).then(|| self.sent + self.sending)
    }

    fn end_of_silence(&self) -> Option<Instant> {
        (self.silence > Duration::ZERO).then(|| self.heard + self.silence)
    }
}

impl Client {
    pub fn new(options: Options) -> Self {
        Self {
            stage: Stage::Closed,
            has_login: false,
            offered: (0, 0),
            assembler: Assembler::new(options.limit),
            version: Version::V12,
            subscriptions: Vec::new(),
            last: 0,
            receipts: Calls::default(),
            wants_receipts: false,
            unacknowledged: VecDeque::new(),
            destinations: Names::default(),
            beats: 0,
            options,
        }
    }

    fn send(&mut self, frame: &Frame, seen: Seen, now: Instant, actions: &mut Actions) {
        if let Some(session) = self.stage.session_mut() {
            session.sent = now;
        }
        let bytes = encode(frame, self.version);
        let kind = match std::str::from_utf8(&bytes) {
            Ok(_) => Kind::Text,
            Err(_) => Kind::Binary,
        };
        actions.send(kind, bytes, Some(seen));
    }

    fn ask(&mut self, subscription: &Subscription, id: u64, now: Instant, actions: &mut Actions) {
        let Subscription { destination, ack } = subscription;
        let frame = Frame::new(
            "SUBSCRIBE",
            &[
                ("id", &id.to_string()),
                ("destination", destination),
                ("ack", ack),
            ],
        );
        let seen = see::frame("subscribe", format!("subscribe {destination}"), &frame)
            .with("destination", destination.as_str())
            .noting(format!("ack {ack}"));
        self.send(&frame, seen, now, actions);
    }

    fn next_id(&mut self) -> u64 {
        self.last += 1;
        self.last
    }

    fn say_message(&mut self, message: Message, now: Instant, actions: &mut Actions) -> SayResult {
        self.stage.check(GREETING)?;
        let destination = message.destination;
        let mut frame = Frame::new("SEND", &[("destination", &destination)]);
        frame.headers.0.extend(message.headers.0);
        frame.body = message.body;
        if message.wants_receipt {
            let id = self.next_id();
            frame.headers.add("receipt", id.to_string());
            self.receipts.begin(&id, format!("send {destination}"), now);
            self.wants_receipts = true;
        }
        let note = see::note(&frame).unwrap_or_default();
        let seen = see::message("send", &frame).noting(note);
        self.destinations.remember(&destination);
        self.send(&frame, seen, now, actions);
        Ok(())
    }

    fn subscribe_to(
        &mut self,
        subscription: Subscription,
        now: Instant,
        actions: &mut Actions,
    ) -> SayResult {
        self.stage.check(GREETING)?;
        let destination = &subscription.destination;
        if self.find(destination).is_some() {
            let text = format!("{destination} is subscribed to already");
            return Err(SayError::new(text, "/unsubscribe it first"));
        }
        let id = self.next_id();
        self.ask(&subscription, id, now, actions);
        self.subscriptions.push((subscription, id));
        Ok(())
    }

    fn find(&self, destination: &str) -> Option<usize> {
        let mut all = self.subscriptions.iter();
        all.position(|(it, _)| it.destination == destination)
    }

    fn unsubscribe(&mut self, destination: &str, now: Instant, actions: &mut Actions) -> SayResult {
        self.stage.check(GREETING)?;
        let Some(at) = self.find(destination) else {
            let text = format!("there is no subscription to {destination}");
            return Err(SayError::new(text, "/status lists them"));
        };
        let (_, id) = self.subscriptions.remove(at);
        let headers = [("id", &*id.to_string()), ("destination", destination)];
        let frame = Frame::new("UNSUBSCRIBE", &headers);
        let seen = see::frame("unsubscribe", format!("unsubscribe {destination}"), &frame);
        self.send(&frame, seen, now, actions);
        Ok(())
    }

    /// Answers a message: `verb` is ack or nack.
    fn answer(&mut self, verb: &str, id: &str, now: Instant, actions: &mut Actions) -> SayResult {
        self.stage.check(GREETING)?;
        if verb == "nack" && self.version == Version::V10 {
            return Err(SayError::new("STOMP 1.0 has no NACK", None));
        }
        let at = self.unacknowledged.iter().position(|(it, _)| it == id);
        // Of more messages than are known by name any may be meant; otherwise servers close after a wrong one.
        if at.is_none() && self.unacknowledged.len() < UNACKNOWLEDGED {
            let waiting = self.unacknowledged.iter().take(5);
            let waiting = waiting.map(|(id, _)| id.clone());
            let hint = format!("unacknowledged: {}", listed(waiting));
            return Err(SayError::new(
                format!("no message waits for /{verb} {id}"),
                &*hint,
            ));
        }
        let found = at.and_then(|at| self.unacknowledged.remove(at));
        let subscription = found.map(|(_, subscription)| subscription);
        let mut headers = Headers::default();
        let name = if self.version == Version::V12 {
            "id"
        } else {
            "message-id"
        };
        headers.add(name, id);
        if let Some(subscription) = subscription.filter(|_| self.version == Version::V11) {
            headers.add("subscription", subscription);
        }
        let frame = Frame {
            command: verb.to_ascii_uppercase(),
            headers,
            body: Vec::new(),
        };
        let seen = see::frame(verb, format!("{verb} {id}"), &frame);
        self.send(&frame, seen, now, actions);
        Ok(())
    }
}

impl Protocol for Client {
    fn name(&self) -> Name {
        Name::Stomp
    }

    fn opened(&mut self, opening: Opening<'_>, now: Instant, actions: &mut Actions) {
        self.receipts.restart(actions);
        self.unacknowledged.clear();
        self.assembler = Assembler::new(self.options.limit);
        self.version = Version::V12;
        self.stage = Stage::greeting(now);
        self.has_login = opening.login.is_some() || opening.auth.is_some();
        let connect = Connect::new(opening.auth.as_ref(), opening.login);
        self.offered = beats(&connect.frame.headers);
        let shown = see::frame("connect", "connect".to_owned(), &connect.shown);
        let seen = shown.noting(connect.note);
        let masked = self.has_login.then(|| encode(&connect.shown, self.version));
        let bytes = encode(&connect.frame, self.version);
        actions.send_masked(Kind::Text, bytes, masked, Some(seen));
    }

    fn is_ready(&self) -> bool {
        self.stage.is_open()
    }

    fn is_unfinished(&self) -> bool {
        self.stage.is_open()
    }

    fn received(&mut self, _: Kind, payload: &[u8], now: Instant, actions: &mut Actions) {
        self.hear(payload, now, actions);
    }

    fn line_help(&self) -> &'static str {
        "a line DESTINATION BODY is sent"
    }

    fn pending(&self) -> Option<usize> {
        (self.wants_receipts && self.subscriptions.is_empty()).then(|| self.receipts.len())
    }

    fn unanswered(&self) -> Option<String> {
        self.receipts.oldest()
    }

    fn forget(&mut self, args: &str) -> bool {
        let at = self.find(args);
        at.map(|at| self.subscriptions.remove(at)).is_some()
    }

    fn say(&mut self, verb: &str, args: &str, now: Instant, actions: &mut Actions) -> SayResult {
        match verb {
            "send" => self.say_message(say::message(args)?, now, actions),
            "subscribe" => self.subscribe_to(say::subscription(args)?, now, actions),
            "unsubscribe" => self.unsubscribe(&say::one(verb, args)?, now, actions),
            _ => self.answer(verb, &say::one(verb, args)?, now, actions),
        }
    }

    fn line(&mut self, line: &str, now: Instant, actions: &mut Actions) -> SayResult {
        self.say_message(say::said(line)?, now, actions)
    }

    fn farewell(&mut self, now: Instant, actions: &mut Actions) {
        if self.is_ready() {
            let frame = Frame::new("DISCONNECT", &[]);
            let seen = see::seen("disconnect", "disconnect");
            self.send(&frame, seen, now, actions);
            self.stage = Stage::Closed;
        }
    }

    fn deadline(&self) -> Option<Instant> {
        self.stage.deadline(|session| {
            let deadlines = [session.next_beat(), session.end_of_silence()];
            deadlines.into_iter().flatten().min()
        })
    }

    fn tick(&mut self, now: Instant, actions: &mut Actions) {
        let hint = "check that this is a STOMP server, and the path; Spring's /ws is /ws/websocket";
        if let Some(refusal) = self.stage.overdue(GREETING, hint, now) {
            return actions.end(refusal);
        }
        let is_due = |at: Option<Instant>| at.is_some_and(|at| at <= now);
        let Some(session) = self.stage.session_mut() else {
            return;
        };
        if is_due(session.end_of_silence()) {
            let silence = quantity::duration(session.silence);
            self.stage = Stage::Closed;
            let text = format!("no heart-beat of the server for {silence}");
            actions.end(Refusal {
                exit: Exit::NoPong,
                ..Refusal::silent(text, None)
            });
        } else if is_due(session.next_beat()) {
            session.sent = now;
            self.beats += 1;
            let seen = Seen::keepalive(Name::Stomp, "heart-beat");
            actions.send(Kind::Text, b"\n".to_vec(), Some(seen));
        }
    }

    fn pause(&mut self, now: Instant) {
        if let Some(session) = self.stage.session_mut() {
            session.heard = session.heard.max(now);
        }
    }

    fn names(&self, verb: &str) -> Vec<String> {
        match verb {
            "send" => self.destinations.list(),
            "unsubscribe" => {
                let names = self.subscriptions.iter();
                names.map(|(it, _)| it.destination.clone()).collect()
            }
            "ack" | "nack" => {
                let ids = self.unacknowledged.iter().rev();
                ids.map(|(id, _)| id.clone()).collect()
            }
            _ => Vec::new(),
        }
    }

    fn status(&self, now: Instant) -> Vec<(&'static str, String)> {
        let names = self.subscriptions.iter();
        vec![
            ("on top", format!("STOMP {}", self.version.as_str())),
            ("heart-beats", self.beats.to_string()),
            (
                "subscriptions",
                listed(names.map(|(it, _)| it.destination.clone())),
            ),
            ("receipts open", self.receipts.status(now)),
            ("unacknowledged", self.unacknowledged.len().to_string()),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ontop::Action;

    fn open(headers: &str, now: Instant) -> (Client, Actions) {
        let (mut client, mut actions) = (Client::new(Options::default()), Actions::default());
        client.opened(Opening::default(), now, &mut actions);
        let connected = format!("CONNECTED\nversion:1.2\n{headers}\n\0");
        client.received(Kind::Text, connected.as_bytes(), now, &mut actions);
        actions.list.clear();
        (client, actions)
    }

    #[test]
    fn heart_beats_are_sent_and_awaited_at_the_slower_rate() {
        let (now, second) = (Instant::now(), Duration::from_secs(1));
        let (mut client, mut actions) = open("heart-beat:20000,1\n", now);
        client.tick(now + 8 * second, &mut actions);
        assert!(actions.list.is_empty());
        client.tick(now + 9 * second, &mut actions);
        let sent = &actions.list[..];
        assert!(matches!(sent, [Action::Send { payload, .. }] if payload == b"\n"));
        actions.list.clear();
        client.received(Kind::Text, b"\n", now + 50 * second, &mut actions);
        actions.list.clear();
        client.tick(now + 109 * second, &mut actions);
        assert!(matches!(&actions.list[..], [Action::Send { .. }]));
        actions.list.clear();
        client.tick(now + 110 * second, &mut actions);
        let ended = &actions.list[..];
        assert!(matches!(ended, [Action::End(refusal)] if refusal.exit == Exit::NoPong));
    }

    #[test]
    fn without_an_agreement_there_are_no_heart_beats() {
        for headers in ["", "heart-beat:0,0\n", "heart-beat:x\n"] {
            let (client, _) = open(headers, Instant::now());
            assert_eq!(client.deadline(), None, "{headers}");
        }
    }
}
