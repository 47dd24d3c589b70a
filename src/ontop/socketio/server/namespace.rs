//! What clients may join, and the answers to what they send there.

use std::time::{Duration, Instant};

use serde_json::{Map, Value, json};

use super::super::engine::{Data, EnginePacket, Version};
use super::super::packet::{MAIN, Packet, PacketType};
use super::super::say::{self, Emit};
use super::super::see;
use super::{Report, Service, Session};
use crate::ontop::SayError;

/// How long after the answer to CONNECT the event `auth` follows: many programs listen for events only once they
/// are connected, and lose one that arrives in the same read. On a busy machine that was so after 20 ms.
pub(super) const GREETING: Duration = Duration::from_millis(100);
/// The most namespaces that one session joins, and the longest name: more than any application has.
pub(super) const MAX_NAMESPACES: usize = 100;
pub(super) const LONGEST_NAME: usize = 256;

impl Session {
    pub(super) fn packet(&mut self, packet: &Packet, now: Instant) {
        // A client that sends is there: what waits for it comes before the answer.
        while !self.greetings.is_empty() {
            self.greet();
        }
        self.reports.push(Report::Understood(see::whole(packet)));
        let namespace = &packet.namespace;
        match packet.kind {
            PacketType::Connect => self.connect(packet, now),
            _ if !self.namespaces.contains_key(namespace) => {
                let reason = format!("a packet for {namespace}, which the client has not joined");
                self.end(&reason);
            }
            PacketType::Disconnect => {
                self.namespaces.remove(namespace);
            }
            PacketType::Event => self.event(packet),
            PacketType::Ack => self.warn("an acknowledgement that nobody waits for"),
            PacketType::ConnectError => self.warn("only a server sends CONNECT_ERROR"),
        }
    }

    fn connect(&mut self, packet: &Packet, now: Instant) {
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
            return self.answer(&Packet::new(PacketType::ConnectError, name, Some(data)));
        }
        let auth = match self.version {
            Version::V3 => {
                let query = url::form_urlencoded::parse(query.as_bytes()).into_owned();
                pairs(&query.collect::<Vec<_>>())
            }
            Version::V4 => packet.data.clone().unwrap_or_else(|| json!({})),
        };
        self.join(name, auth, now);
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

    /// Sends an event that a person types, `[[/NS]] NAME [JSON…]`; with Engine.IO alone, the text as a message.
    ///
    /// # Errors
    ///
    /// If it is no event, or the client has not joined the namespace.
    pub fn say(&mut self, text: &str) -> Result<(), SayError> {
        if self.has_ended {
            return Err(SayError::new("the session has ended", None));
        }
        if self.service == Service::EngineIo {
            self.queue(EnginePacket::Message(Data::Text(text.to_owned().into())));
            return Ok(());
        }
        let Emit {
            namespace, data, ..
        } = say::emit(text, false)?;
        let mut joined = self.namespaces.keys();
        let namespace = match (namespace, joined.next(), joined.next()) {
            (Some(name), ..) => name,
            // Nobody has to name the only one.
            (None, Some(only), None) => only.clone(),
            (None, ..) => MAIN.to_owned(),
        };
        if !self.namespaces.contains_key(&namespace) {
            let text = format!("the client has not joined {namespace}");
            return Err(SayError::new(text, None));
        }
        while !self.greetings.is_empty() {
            self.greet();
        }
        self.answer(&Packet::event(&namespace, None, data));
        Ok(())
    }

    /// Lets the client in, and sends it the `auth` that it sent a little later.
    pub(super) fn join(&mut self, name: &str, auth: Value, now: Instant) {
        let sid = (self.options.new_sid)();
        let data = (self.version == Version::V4).then(|| json!({"sid": sid}));
        self.namespaces.insert(name.to_owned(), sid);
        self.join_by = None;
        self.answer(&Packet::new(PacketType::Connect, name, data));
        let greeting = Packet::event(name, None, vec!["auth".into(), auth]);
        self.greetings.push_back((now + GREETING, greeting));
    }

    pub(super) fn greet(&mut self) {
        if let Some((_, greeting)) = self.greetings.pop_front() {
            self.answer(&greeting);
        }
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
            self.answer(&Packet::event(&event.namespace, None, data));
        }
        if let Some(id) = event.id {
            self.answer(&Packet::ack(&event.namespace, id, arguments.to_vec()));
        }
    }

    fn answer(&mut self, packet: &Packet) {
        self.reports.push(Report::Answered(see::whole(packet)));
        for data in self.decoder.parser().messages(packet) {
            self.queue(EnginePacket::Message(data));
        }
    }
}

pub(super) fn pairs(query: &[(String, String)]) -> Value {
    let pairs = query
        .iter()
        .map(|(name, value)| (name.clone(), value.as_str().into()));
    pairs.collect::<Map<_, _>>().into()
}
