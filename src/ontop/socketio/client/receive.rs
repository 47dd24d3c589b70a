//! What the client does about each type of packet.

use std::time::Instant;

use serde_json::Value;

use super::{Client, Stage};
use crate::exit::Exit;
use crate::ontop::socketio::decoder::Decoder;
use crate::ontop::socketio::engine::Version;
use crate::ontop::socketio::heartbeat::Heartbeat;
use crate::ontop::socketio::namespace::{Recovery, State};
use crate::ontop::socketio::packet::{MAIN, Packet, PacketType};
use crate::ontop::socketio::refusal::{self, Way};
use crate::ontop::socketio::see;
use crate::ontop::{Actions, Refusal};

impl Client {
    pub(super) fn packet(&mut self, mut packet: Packet, now: Instant, actions: &mut Actions) {
        if self.version == Version::V3
            && let Some((name, _)) = packet.namespace.split_once('?')
        {
            packet.namespace.truncate(name.len());
        }
        if self.shows_v3(&packet) {
            self.follow(now, actions);
        }
        match packet.kind {
            PacketType::Connect => self.connected(&packet, actions),
            PacketType::ConnectError => self.refused(&packet, actions),
            PacketType::Disconnect => self.disconnected(&packet, actions),
            PacketType::Event => self.event(packet, actions),
            PacketType::Ack => self.acknowledged(packet, now, actions),
        }
    }

    /// Whether a server of version 3 sent this, which joins the main namespace by itself or refuses it.
    fn shows_v3(&self, packet: &Packet) -> bool {
        let is_unasked = match packet.kind {
            PacketType::Connect => packet.data.is_none(),
            PacketType::ConnectError => !self.namespaces.is_joining(MAIN),
            _ => false,
        };
        is_unasked && self.version == Version::V4 && packet.namespace == MAIN
    }

    fn connected(&mut self, packet: &Packet, actions: &mut Actions) {
        let name = packet.namespace.as_str();
        let mut seen = see::packet("connect", name, packet.data.as_ref());
        let is_main = self.version == Version::V3 && name == MAIN;
        match self.namespaces.get(name) {
            Some(namespace) => match namespace.joined(packet.data.as_ref()) {
                Recovery::None => {}
                Recovery::Recovered => {
                    "the session is recovered: what was sent in between follows"
                        .clone_into(&mut seen.note);
                    seen.object["recovered"] = true.into();
                }
                Recovery::Lost => {
                    "the session is not recovered: what was sent in between is lost"
                        .clone_into(&mut seen.note);
                    seen.object["recovered"] = false.into();
                }
            },
            None if is_main => {}
            None => "nobody asked for this namespace".clone_into(&mut seen.note),
        }
        actions.see(seen);
    }

    /// Speaks version 3 from now on, unless another is given.
    fn follow(&mut self, now: Instant, actions: &mut Actions) {
        if !self.options.is_auto {
            if !std::mem::replace(&mut self.is_told, true) {
                let hint = "the server speaks EIO 3 (Socket.IO 2); --eio 3 or --eio auto does, too";
                actions.hint(hint);
            }
            return;
        }
        self.version = Version::V3;
        self.decoder = Decoder::new(self.version, self.options.limit);
        actions.note("the server speaks EIO 3 (Socket.IO 2), and so does wsee now");
        if let Stage::Open(session) = &mut self.stage {
            session.heartbeat = Heartbeat::new(self.version, &session.handshake, now);
            session.undecided = None;
        }
        self.join_all(now, actions);
    }

    fn refused(&mut self, packet: &Packet, actions: &mut Actions) {
        let name = packet.namespace.as_str();
        let data = packet.data.as_ref();
        let (has_auth, can_join) = (self.auth.is_some(), self.can_join_again(name));
        let is_by_server = self.is_joined_by_server(name);
        if is_by_server {
            // Nothing works without it, even if it was not asked for.
            self.namespaces.add(name);
        }
        let Some(namespace) = self.namespaces.get(name) else {
            let mut seen = see::packet("connect_error", name, data);
            "nobody asked for this namespace".clone_into(&mut seen.note);
            return actions.see(seen);
        };
        let has_auth = has_auth || namespace.auth.is_some();
        let is_greeting = matches!(
            namespace.state,
            State::Wanted
                | State::Joining {
                    is_greeting: true,
                    ..
                }
        );
        namespace.state = State::Out;
        actions.see(see::packet("connect_error", name, data));
        let way = match self.asked {
            Version::V4 if is_by_server => Way::Query,
            _ if can_join || !is_greeting => Way::Join,
            _ => Way::Flag,
        };
        let hint = refusal::hint(data, name, has_auth, way);
        if is_greeting && !can_join {
            actions.end(refusal::of_namespace(name, data, &hint));
        } else {
            actions.hint(hint);
        }
    }

    /// Whether somebody can join a namespace that is gone.
    fn can_join_again(&self, name: &str) -> bool {
        self.is_attended && !self.is_joined_by_server(name)
    }

    fn disconnected(&mut self, packet: &Packet, actions: &mut Actions) {
        let name = packet.namespace.as_str();
        let mut seen = see::packet("disconnect", name, packet.data.as_ref());
        match self.namespaces.get(name) {
            Some(namespace) => namespace.state = State::Out,
            None => "nobody is in this namespace".clone_into(&mut seen.note),
        }
        actions.see(seen);
        if self.namespaces.are_out() && !self.can_join_again(name) {
            actions.end(Refusal {
                text: format!("the server disconnected namespace {name}"),
                hint: None,
                exit: Exit::Done,
                may_pass: false,
            });
        } else if self.is_attended {
            actions.hint(self.way_to(name));
        }
    }

    fn event(&mut self, packet: Packet, actions: &mut Actions) {
        let (name, id) = (packet.namespace, packet.id);
        let Some(Value::Array(data)) = packet.data else {
            return;
        };
        let mut seen = see::event(&name, &data, id);
        if let Some(id) = id {
            self.acks.want(&name, id);
            let place = if name == self.namespaces.usual() {
                String::new()
            } else {
                format!("[{name}] ")
            };
            seen.note = format!("ack wanted: /ack {place}{id}");
        }
        if let Some(namespace) = self.namespaces.get(&name) {
            namespace.received(&data[1..]);
        }
        self.remember(&data);
        seen.print = Some(see::print_event(self.printed(&name), &data, id));
        actions.see(seen);
    }

    fn acknowledged(&mut self, packet: Packet, now: Instant, actions: &mut Actions) {
        let (Some(id), Some(Value::Array(data))) = (packet.id, packet.data) else {
            return;
        };
        let name = packet.namespace;
        let acknowledged = self.acks.answered(&name, id, now);
        let mut seen = see::answer(&name, id, &data, acknowledged.as_ref());
        seen.print = Some(see::print_ack(self.printed(&name), id, &data));
        actions.see(seen);
    }

    /// The namespace as a pipe prints it: only where there is a choice.
    pub(super) fn printed<'n>(&self, name: &'n str) -> Option<&'n str> {
        let is_usual = !self.namespaces.are_several() && name == self.namespaces.usual();
        (!is_usual).then_some(name)
    }
}
