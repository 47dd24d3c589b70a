//! The client's half: joins topics, sends heartbeats, and finds what a reply answers.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::say::{self, HEARTBEAT, JOIN, LEAVE, Push, SYSTEM};
use super::see::{printed, received, refused, sent, shown, with_auth};
use super::wire::{self, Packet, Version};
use crate::ontop::beat::{Beat, Due};
use crate::ontop::binary::binary;
use crate::ontop::calls::Calls;
use crate::ontop::channels::{Channel, Channels, State};
use crate::ontop::names::Names;
use crate::ontop::record::is_json;
use crate::ontop::{Actions, Name, Opening, Protocol, SayError, SayResult, Seen};
use crate::proto::message::Kind;
use crate::render::quantity;

#[derive(Debug, Clone, Default)]
pub struct Options {
    pub version: Version,
}

impl Options {
    /// Takes the version from the query of a request.
    pub fn follow(&mut self, target: &str) {
        if target.contains("vsn=1.") {
            self.version = Version::V1;
        } else if target.contains("vsn=2.") {
            self.version = Version::V2;
        }
    }
}

/// As often as Phoenix's own client; the server closes after 60 s.
const INTERVAL: Duration = Duration::from_secs(30);
/// How long a crashed topic is left alone, as by Phoenix's own client.
const AGAIN: Duration = Duration::from_secs(1);
/// What a server says about a message to a topic that is not joined.
const UNMATCHED: &str = "unmatched topic";
/// The most pushes that wait for a reply; older ones get none.
const OPEN: u64 = 10_000;

#[derive(Debug)]
pub struct Client {
    version: Version,
    /// Members that are added to the payload of every join.
    auth: Option<Value>,
    /// While there is a connection.
    beat: Option<Beat>,
    /// The heartbeat that waits for its answer.
    beat_ref: String,
    topics: Channels,
    calls: Calls,
    last: u64,
    events: Names,
}

impl Client {
    pub fn new(options: &Options) -> Self {
        Self {
            version: options.version,
            auth: None,
            beat: None,
            beat_ref: String::new(),
            topics: Channels::default(),
            calls: Calls::default(),
            last: 0,
            events: Names::default(),
        }
    }

    fn next_ref(&mut self) -> String {
        self.last += 1;
        self.last.to_string()
    }

    /// Joins what is to be joined by now.
    fn join_due(&mut self, now: Instant, actions: &mut Actions) {
        while let Some(topic) = self.topics.due(now) {
            self.last += 1;
            let reference = self.last.to_string();
            topic.request.clone_from(&reference);
            let (name, payload) = (topic.name.clone(), topic.data.clone());
            self.calls
                .begin(&reference, format!("{JOIN} of {name}"), now);
            let packet = Packet {
                join_ref: Some(reference.clone()),
                reference: Some(reference),
                topic: name,
                event: JOIN.to_owned(),
                payload: with_auth(payload.clone(), self.auth.as_ref(), Clone::clone),
            };
            let hidden = self.auth.as_ref().map(|auth| {
                let payload = with_auth(payload, Some(auth), |_| "***".into());
                Packet {
                    payload,
                    ..packet.clone()
                }
            });
            let shown = hidden.as_ref().unwrap_or(&packet);
            let mut seen = sent("join", shown);
            if hidden.is_some() {
                seen.note.push_str(", with --auth");
            }
            let masked = hidden.as_ref().map(|it| wire::encode(self.version, it).1);
            let (kind, payload) = wire::encode(self.version, &packet);
            actions.send_masked(kind, payload, masked, Some(seen));
        }
    }

    fn push(&mut self, push: Push, now: Instant, actions: &mut Actions) -> SayResult {
        let Push {
            topic,
            event,
            payload,
        } = push;
        if event == JOIN {
            self.topics.add(&topic, &topic, payload, false, now);
            self.join_due(now, actions);
            return Ok(());
        }
        if self.version == Version::V1 && binary(&payload).is_some() {
            let text = "vsn=1.0.0 has no binary payloads";
            return Err(SayError::new(text, "vsn=2.0.0 in the URL has them"));
        }
        let reference = self.next_ref();
        let joined = self.topics.find(&topic);
        let join_ref = joined.map(|it| it.request.clone());
        // A server need not reply.
        let forgotten = self.last.saturating_sub(OPEN);
        self.calls.end(&forgotten.to_string(), now);
        let mut kind = "push";
        if event == LEAVE {
            self.topics.remove(&topic);
            kind = "leave";
        } else {
            self.events.remember(&event);
        }
        let what = format!("{event} of {topic}");
        self.calls.begin(&reference, what, now);
        let packet = Packet {
            join_ref,
            reference: Some(reference),
            topic,
            event,
            payload,
        };
        let seen = sent(kind, &packet);
        let (kind, payload) = wire::encode(self.version, &packet);
        actions.send(kind, payload, Some(seen));
        Ok(())
    }

    fn heartbeat(&mut self, actions: &mut Actions) {
        self.beat_ref = self.next_ref();
        let packet = Packet {
            join_ref: None,
            reference: Some(self.beat_ref.clone()),
            topic: SYSTEM.to_owned(),
            event: HEARTBEAT.to_owned(),
            payload: json!({}),
        };
        let (kind, payload) = wire::encode(self.version, &packet);
        let seen = Seen::keepalive(Name::Phoenix, HEARTBEAT);
        actions.send(kind, payload, Some(seen));
    }

    fn packet(&mut self, packet: &Packet, now: Instant, actions: &mut Actions) {
        let is_beat = packet.topic == SYSTEM && packet.reference.as_ref() == Some(&self.beat_ref);
        match packet.event.as_str() {
            "phx_reply" if is_beat && !self.beat_ref.is_empty() => {
                if let Some(beat) = &mut self.beat {
                    beat.heard();
                }
                actions.see(Seen::keepalive(Name::Phoenix, "heartbeat answered"));
            }
            "phx_reply" => self.reply(packet, now, actions),
            "phx_error" => {
                let note = "crashed on the server, whose log says why";
                actions.see(received(packet, "error", note));
                self.forget_pushes(&packet.topic);
                if let Some(topic) = self.current(packet) {
                    topic.state = State::Wanted(now + AGAIN);
                    topic.is_greeting = false;
                    let delay = quantity::duration(AGAIN);
                    actions.note(format!("{} is joined again in {delay}", packet.topic));
                }
            }
            "phx_close" => {
                let is_joined = self.current(packet).is_some();
                if is_joined {
                    self.forget_pushes(&packet.topic);
                    self.topics.remove(&packet.topic);
                }
                let note = match self.topics.find(&packet.topic) {
                    _ if is_joined => "closed by the server",
                    Some(_) => "of an earlier join",
                    None => "left",
                };
                actions.see(received(packet, "close", note));
            }
            _ => {
                let print = printed(packet);
                actions.see(received(packet, "event", "").printing(print));
            }
        }
    }

    /// The topic that a packet is about, unless it is about an earlier join of it.
    fn current(&mut self, packet: &Packet) -> Option<&mut Channel> {
        let topic = self.topics.find(&packet.topic)?;
        let join_ref = packet.join_ref.as_ref();
        join_ref
            .is_none_or(|it| *it == topic.request)
            .then_some(topic)
    }

    fn reply(&mut self, packet: &Packet, now: Instant, actions: &mut Actions) {
        let reference = packet.reference.clone().unwrap_or_default();
        let of = self.calls.end(&reference, now);
        let status = packet.payload["status"].as_str().unwrap_or_default();
        let response = packet.payload.get("response").unwrap_or(&packet.payload);
        let what = of.as_ref().map(|it| it.what.as_str()).unwrap_or_default();
        let event = what.split(' ').next().unwrap_or_default().to_owned();
        let mut seen = Seen::new(Name::Phoenix, "reply", format!("reply {status}"))
            .with("topic", packet.topic.as_str())
            .with("event", event.as_str())
            .with("status", status)
            .with("response", response.clone())
            .carrying(shown(response))
            .answering(of.as_ref());
        if event != JOIN && event != LEAVE {
            let mut print = json!({"topic": packet.topic, "event": "phx_reply",
                "payload": packet.payload});
            if of.is_some() {
                print["to"] = event.as_str().into();
            }
            seen = seen.printing(print);
        }
        actions.see(seen);
        let is_unmatched = response["reason"] == UNMATCHED && event != JOIN && of.is_some();
        if is_unmatched && self.topics.find(&packet.topic).is_none() {
            actions.hint(format!("/join {} comes first", packet.topic));
        }
        if event == JOIN {
            self.joined(packet, &reference, status == "ok", response, actions);
        }
    }

    /// Nothing answers the pushes to a topic whose process has ended.
    fn forget_pushes(&mut self, topic: &str) {
        self.calls.forget(|what| {
            let (event, of) = what.split_once(" of ").unwrap_or((what, ""));
            of == topic && event != JOIN && event != LEAVE
        });
    }

    /// Notes whether a topic is joined.
    fn joined(
        &mut self,
        packet: &Packet,
        reference: &str,
        is_ok: bool,
        response: &Value,
        actions: &mut Actions,
    ) {
        let has_auth = self.auth.is_some();
        let topic = self.topics.find(&packet.topic);
        let Some(topic) = topic.filter(|it| it.request == reference) else {
            return;
        };
        if is_ok {
            return topic.confirmed();
        }
        let hint = if has_auth {
            "check what --auth sends, and the name of the topic"
        } else {
            "check the topic; --auth JSON sends credentials with every join"
        };
        topic.refused(refused(&packet.topic, response), hint, actions);
    }
}

impl Protocol for Client {
    fn name(&self) -> Name {
        Name::Phoenix
    }

    fn opened(&mut self, opening: Opening<'_>, now: Instant, actions: &mut Actions) {
        self.auth = opening.auth;
        self.beat = Some(Beat::new(INTERVAL, INTERVAL, now));
        self.calls.restart(actions);
        self.topics.restart(now);
        self.join_due(now, actions);
    }

    fn is_ready(&self) -> bool {
        self.beat.is_some() && self.topics.are_settled()
    }

    fn received(&mut self, kind: Kind, payload: &[u8], now: Instant, actions: &mut Actions) {
        match wire::decode(kind, payload) {
            Ok((version, packet)) => {
                self.version = version;
                self.packet(&packet, now, actions);
            }
            Err(fault) => {
                let reason = fault.to_string();
                let seen = Seen::unreadable(Name::Phoenix, "Phoenix", &reason, payload);
                actions.see(seen);
            }
        }
    }

    fn unanswered(&self) -> Option<String> {
        self.topics.unanswered()
    }

    fn line_help(&self) -> &'static str {
        "a line TOPIC EVENT [JSON] is pushed"
    }

    fn subscribe(&mut self, args: &str, now: Instant, actions: &mut Actions) -> SayResult {
        let join = say::join(args)?;
        self.topics
            .add(&join.topic, &join.topic, join.payload, true, now);
        self.join_due(now, actions);
        Ok(())
    }

    fn forget(&mut self, args: &str) -> bool {
        self.topics.remove(args).is_some()
    }

    fn say(&mut self, verb: &str, args: &str, now: Instant, actions: &mut Actions) -> SayResult {
        let push = match verb {
            "join" => say::join(args)?,
            "leave" => say::leave(args)?,
            _ => say::push(args)?,
        };
        self.push(push, now, actions)
    }

    fn line(&mut self, line: &str, now: Instant, actions: &mut Actions) -> SayResult {
        let push = if is_json(line) {
            say::record(line)?
        } else {
            say::push(line)?
        };
        self.push(push, now, actions)
    }

    fn deadline(&self) -> Option<Instant> {
        let beat = self.beat.as_ref().map(Beat::deadline);
        let deadlines = [beat, self.topics.deadline()];
        deadlines.into_iter().flatten().min()
    }

    fn tick(&mut self, now: Instant, actions: &mut Actions) {
        match self.beat.as_mut().map(|beat| beat.tick(now)) {
            None | Some(Due::Nothing) => {}
            Some(Due::Send) => self.heartbeat(actions),
            Some(Due::End(refusal)) => return actions.end(refusal),
        }
        self.join_due(now, actions);
        self.topics.end_overdue(now, actions);
    }

    fn pause(&mut self, now: Instant) {
        if let Some(beat) = &mut self.beat {
            beat.pause(now);
        }
    }

    fn names(&self, verb: &str) -> Vec<String> {
        match verb {
            "push" => self
                .topics
                .names()
                .chain(self.events.iter())
                .map(str::to_owned)
                .collect(),
            "leave" => self.topics.names().map(str::to_owned).collect(),
            _ => Vec::new(),
        }
    }

    fn status(&self, now: Instant) -> Vec<(&'static str, String)> {
        let beats = self.beat.as_ref().map_or(0, |beat| beat.count);
        vec![
            (
                "on top",
                format!("Phoenix channels {}", self.version.number()),
            ),
            ("heartbeats", beats.to_string()),
            ("topics", self.topics.status()),
            ("pushes open", self.calls.status(now)),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_added_to_every_join_and_hidden() {
        let (mut client, now) = (Client::new(&Options::default()), Instant::now());
        let mut actions = Actions::default();
        let opening = Opening {
            auth: Some(json!({"token": "hunter2"})),
            ..Opening::default()
        };
        client.opened(opening, now, &mut actions);
        client
            .subscribe("t {\"a\":1}", now, &mut actions)
            .expect("a join");
        let shown = format!("{:?}", actions.list);
        let Some(crate::ontop::Action::Send {
            payload, masked, ..
        }) = actions.list.first()
        else {
            panic!("nothing sent");
        };
        let whole = String::from_utf8_lossy(payload);
        assert_eq!(
            whole,
            "[\"1\",\"1\",\"t\",\"phx_join\",{\"a\":1,\"token\":\"hunter2\"}]"
        );
        let masked = String::from_utf8_lossy(masked.as_deref().expect("masked"));
        assert!(
            !masked.contains("hunter2") && !shown.contains("hunter2\""),
            "{masked} {shown}"
        );
        assert!(!client.is_ready());
    }

    #[test]
    fn a_reply_answers_the_join_of_its_number_only() {
        let (mut client, now) = (Client::new(&Options::default()), Instant::now());
        let mut actions = Actions::default();
        client.opened(Opening::default(), now, &mut actions);
        client.subscribe("t", now, &mut actions).expect("a join");
        let reply = |number: u8| {
            format!(
                "[\"1\",\"{number}\",\"t\",\"phx_reply\",{{\"status\":\"ok\",\"response\":{{}}}}]"
            )
        };
        client.received(Kind::Text, reply(7).as_bytes(), now, &mut actions);
        assert!(!client.is_ready());
        client.received(Kind::Text, reply(1).as_bytes(), now, &mut actions);
        assert!(client.is_ready());
    }
}
