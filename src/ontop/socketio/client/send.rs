//! What the client sends for the user.

use std::time::Instant;

use serde_json::Value;
use url::form_urlencoded;

use super::Client;
use crate::ontop::socketio::engine::{self, EnginePacket, Version};
use crate::ontop::socketio::namespace::State;
use crate::ontop::socketio::packet::{MAIN, Packet, PacketType};
use crate::ontop::socketio::say::{Emit, Give};
use crate::ontop::socketio::see;
use crate::ontop::{Actions, SayError, Seen};
use crate::proto::message::Kind;
use crate::render::quantity;

impl Client {
    pub(super) fn join_all(&mut self, now: Instant, actions: &mut Actions) {
        let wanted = self
            .namespaces
            .iter()
            .filter(|it| it.state == State::Wanted);
        let names: Vec<String> = wanted.map(|it| it.name.clone()).collect();
        for name in names {
            self.join(&name, true, now, actions);
        }
    }

    pub(super) fn join(
        &mut self,
        name: &str,
        is_greeting: bool,
        now: Instant,
        actions: &mut Actions,
    ) {
        let (version, auth) = (self.version, self.auth.clone());
        let namespace = self.namespaces.add(name);
        namespace.state = State::Joining {
            since: now,
            is_greeting,
        };
        let payload = namespace.greeting(auth.as_ref());
        let mut seen = see::packet("connect", name, None);
        let mut packet = Packet::new(PacketType::Connect, name, None);
        match version {
            // The server joins it by itself.
            Version::V3 if name == MAIN => return,
            Version::V3 => packet.namespace.push_str(&query(payload.as_ref())),
            Version::V4 => packet.data.clone_from(&payload),
        }
        let mut masked = None;
        if payload.is_some() {
            let note = if namespace.auth.is_some() {
                "with its own credentials"
            } else if auth.is_some() {
                "with --auth"
            } else {
                "to recover the session"
            };
            note.clone_into(&mut seen.note);
            let hidden = Packet {
                namespace: name.to_owned(),
                data: Some("***".into()),
                ..packet.clone()
            };
            masked = Some(hidden);
        }
        let mut masked = masked.map(|it| self.messages(&it)).into_iter().flatten();
        // CONNECT has no attachments.
        for (kind, payload) in self.messages(&packet) {
            let masked = masked.next().map(|(_, payload)| payload);
            actions.send_masked(kind, payload, masked, Some(seen.clone()));
        }
    }

    fn messages(&self, packet: &Packet) -> Vec<(Kind, Vec<u8>)> {
        let messages = self.options.parser.messages(packet).into_iter();
        messages
            .map(|data| engine::encode(self.version, &EnginePacket::Message(data)))
            .collect()
    }

    /// Sends a packet with its attachments, the last of which is shown as all of it.
    pub(super) fn send(&mut self, packet: &Packet, seen: Seen, actions: &mut Actions) {
        let messages = self.messages(packet);
        let limit = self.session().and_then(|it| it.handshake.max_payload);
        let largest = messages
            .iter()
            .map(|(_, payload)| payload.len() as u64)
            .max();
        if let (Some(limit), Some(largest)) = (limit, largest)
            && largest > limit
        {
            actions.note(format!(
                "this message of {} is larger than the server accepts (maxPayload {}); expect it to close",
                quantity::size(largest),
                quantity::size(limit)
            ));
        }
        let last = messages.len() - 1;
        let mut seen = Some(seen);
        for (index, (kind, payload)) in messages.into_iter().enumerate() {
            let seen = if index == last { seen.take() } else { None };
            actions.send(kind, payload, seen);
        }
    }

    pub(super) fn emit(
        &mut self,
        emit: Emit,
        now: Instant,
        actions: &mut Actions,
    ) -> Result<(), SayError> {
        let namespace = self.joined(emit.namespace.as_deref())?;
        let name = emit
            .data
            .first()
            .and_then(Value::as_str)
            .unwrap_or_default();
        let id = emit
            .wants_ack
            .then(|| self.acks.ask(&namespace, name.to_owned(), now));
        self.remember(&emit.data);
        let mut seen = see::event(&namespace, &emit.data, id);
        if let Some(id) = id {
            seen.note = format!("asks for ack {id}");
        }
        seen.print = Some(see::print_event(self.printed(&namespace), &emit.data, id));
        let packet = Packet::event(&namespace, id, emit.data);
        self.send(&packet, seen, actions);
        Ok(())
    }

    pub(super) fn give(&mut self, give: Give, actions: &mut Actions) -> Result<(), SayError> {
        let Some(wanted) = self.acks.give(give.namespace.as_deref(), give.id) else {
            let wanted: Vec<String> = self
                .acks
                .wanted()
                .take(5)
                .map(|id| id.to_string())
                .collect();
            let hint = match wanted.as_slice() {
                [] => "it waits for none".to_owned(),
                wanted => format!("it waits for {}", wanted.join(", ")),
            };
            return Err(SayError {
                text: format!("the server does not wait for ack {}", give.id),
                hint: Some(hint),
            });
        };
        let mut seen = see::ack(&wanted.namespace, give.id, &give.data, None);
        let namespace = self.printed(&wanted.namespace);
        seen.print = Some(see::print_ack(namespace, give.id, &give.data));
        let packet = Packet::ack(&wanted.namespace, give.id, give.data);
        self.send(&packet, seen, actions);
        Ok(())
    }

    pub(super) fn leave(&mut self, name: &str, actions: &mut Actions) -> Result<(), SayError> {
        let name = self.joined(Some(name))?;
        self.namespaces.add(&name).state = State::Out;
        let packet = Packet::new(PacketType::Disconnect, &name, None);
        let seen = see::packet("disconnect", &name, None);
        self.send(&packet, seen, actions);
        Ok(())
    }

    /// Whether the server joins this namespace with the session, and at no other time.
    pub(super) fn is_joined_by_server(&self, name: &str) -> bool {
        self.version == Version::V3 && name == MAIN
    }

    /// How to get into a namespace that is not joined.
    pub(super) fn way_to(&self, name: &str) -> String {
        if self.is_joined_by_server(name) {
            "/reconnect opens a session, with which EIO 3 joins /".to_owned()
        } else {
            format!("/join {name} connects to it")
        }
    }

    /// The namespace of that name, or the usual one, if it is joined.
    fn joined(&self, name: Option<&str>) -> Result<String, SayError> {
        let name = name.unwrap_or(self.namespaces.usual());
        if self.namespaces.is_joined(name) {
            return Ok(name.to_owned());
        }
        let mut hint = self.way_to(name);
        if let Some(other) = self.namespaces.first_joined() {
            hint = format!("{hint}, and [{other}] in front of an event sends it to {other}");
        }
        Err(SayError {
            text: format!("not connected to namespace {name}"),
            hint: Some(hint),
        })
    }
}

/// The payload of CONNECT as a query, which version 3 has in its place.
fn query(payload: Option<&Value>) -> String {
    let Some(Value::Object(object)) = payload else {
        return String::new();
    };
    let mut query = form_urlencoded::Serializer::new(String::new());
    for (key, value) in object {
        let value = value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned);
        query.append_pair(key, &value);
    }
    format!("?{}", query.finish())
}
