//! Whose requests come on a connection: one session has one number, over all its connections.

use std::cell::Cell;
use std::net::SocketAddr;
use std::rc::Rc;

use super::guest::Guest;
use super::shared::Shared;
use crate::acceptor::Log;
use crate::render::Role;
use crate::serve::hub::Hub;

/// Counts clients.
#[derive(Debug, Clone, Default)]
pub(super) struct Numbers(Rc<Cell<u64>>);

/// A connection, and the client that uses it.
#[derive(Debug)]
pub(in crate::serve) struct Visitor {
    peer: SocketAddr,
    /// That of the server.
    log: Log,
    numbers: Numbers,
    /// The number and the log of the client, once it is known.
    client: Option<(u64, Log)>,
    /// A session has the number of the client.
    has_session: bool,
}

impl Visitor {
    pub(super) fn new(peer: SocketAddr, log: Log, numbers: Numbers) -> Self {
        Self {
            peer,
            log,
            numbers,
            client: None,
            has_session: false,
        }
    }

    /// The log for a request that is about no session, or for what is no request.
    pub(super) fn log(&mut self) -> Log {
        self.client().1.clone()
    }

    fn client(&mut self) -> &(u64, Log) {
        self.client.get_or_insert_with(|| {
            let number = self.numbers.0.get() + 1;
            self.numbers.0.set(number);
            let log = self.log.of(number);
            log.note(Role::Fact, &format!("* connected from {}", self.peer));
            (number, log)
        })
    }

    /// The place and the log of a session that begins.
    pub(super) fn begin<'h>(&mut self, hub: &'h Hub) -> (Guest<'h>, Log) {
        if std::mem::replace(&mut self.has_session, true) {
            self.client = None;
        }
        let peer = self.peer;
        let (number, log) = self.client();
        let guest = Guest {
            hub,
            number: *number,
            peer,
        };
        (guest, log.clone())
    }

    /// The log of a session that has begun.
    pub(super) fn of(&mut self, session: &Shared) -> Log {
        self.has_session = true;
        let log = session.log();
        // A number is needed only for a session that begins, which gets another one.
        self.client = Some((0, log.clone()));
        log
    }
}
