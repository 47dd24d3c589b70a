//! Who asks for a session, and the place of that session among the others.

use std::net::SocketAddr;
use std::time::Instant;

use crate::ontop::socketio::server::Service;
use crate::serve::hub::{About, Hub, Seat};

/// Who asks for a session.
#[derive(Clone, Copy)]
pub(super) struct Guest<'a> {
    pub(super) hub: &'a Hub,
    /// Of the client.
    pub(super) number: u64,
    pub(super) peer: SocketAddr,
}

impl Guest<'_> {
    /// The place of its session among the others; none if the connection has one already.
    pub(super) fn enter(&self, service: Service, now: Instant) -> Option<Seat> {
        let path = match service {
            Service::EngineIo => "/engine.io/",
            Service::SocketIo => "/socket.io/",
        };
        let about = About {
            number: self.number,
            peer: self.peer,
            path: path.to_owned(),
            name: None,
            opened: now,
        };
        (!self.hub.has(self.number)).then(|| self.hub.enter(about))
    }
}
