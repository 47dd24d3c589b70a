//! The state of a session for `/status`.

use super::{Carrier, Client, Stage, opened};
use crate::ontop::socketio::engine::Version;
use crate::ontop::socketio::namespace::State;
use crate::render::quantity;

impl Client {
    pub(super) fn rows(&self) -> Vec<(&'static str, String)> {
        let versions = match self.version {
            Version::V3 => "Socket.IO 2, Engine.IO 3",
            Version::V4 => "Socket.IO 3 or 4, Engine.IO 4",
        };
        let transport = match self.carrier {
            Carrier::WebSocket => "WebSocket",
            Carrier::Polling => "HTTP long polling",
            Carrier::Upgraded => "WebSocket, which took over from HTTP long polling",
        };
        let mut rows = vec![("on top", versions.to_owned())];
        if self.asked != self.version {
            let asked = self.asked.number();
            rows[0].1 =
                format!("{versions}, which the server speaks whatever EIO={asked} asks for");
        }
        let is_closed = matches!(self.stage, Stage::Closed);
        if !is_closed {
            rows.push(("transport", transport.to_owned()));
        }
        if let Stage::Open(session) = &self.stage {
            rows.push(("session", opened(&session.handshake).payload));
            let mut pings = session.heartbeat.pings.to_string();
            if let Some(round_trip) = session.heartbeat.round_trip {
                let took = quantity::duration(round_trip);
                pings = format!("{pings}, the last round trip {took}");
            }
            rows.push(("session pings", pings));
        }
        let namespaces = self.namespaces.iter().map(|it| {
            let state = match it.state {
                State::Wanted if is_closed => "not connected",
                State::Wanted => "not asked for yet",
                State::Joining { .. } => "no answer yet",
                State::Joined => "connected",
                State::Out => "not connected",
            };
            format!("{} ({state})", it.name)
        });
        rows.push(("namespaces", namespaces.collect::<Vec<_>>().join(", ")));
        if self.acks.owed() > 0 {
            let owed = self.acks.owed();
            rows.push(("acks", format!("{owed} asked for and not received")));
        }
        rows
    }
}
