//! The further connections of a prompt: each a run that the prompt polls.

use std::fmt;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use super::error::FurtherError;
use super::seat::{Desk, Order, Seat, State};
use crate::console::roster::Roster;
use crate::console::words::Arguments;
use crate::exit::Exit;
use crate::observe::Waiting;

/// A connection that is opened and runs to its end.
pub type Run = Pin<Box<dyn Future<Output = Exit>>>;

type Connect = dyn Fn(&str, Rc<Seat>) -> Result<Run, String>;

/// Opens further connections from a command line without `wsee`; a mistake in it is one line.
pub struct Connector {
    pub(super) connect: Box<Connect>,
    pub(super) arguments: Arguments,
}

impl Connector {
    pub fn new(
        connect: impl Fn(&str, Rc<Seat>) -> Result<Run, String> + 'static,
        arguments: Arguments,
    ) -> Self {
        let connect = Box::new(connect);
        Self { connect, arguments }
    }
}

impl fmt::Debug for Connector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Connector")
    }
}

/// More have no colours of their own by far, and nobody reads their lines.
const MOST: usize = 32;

/// The further connections, in the order they were opened.
#[derive(Debug)]
pub(super) struct Connections {
    pub(super) connector: Option<Connector>,
    pub(super) roster: Roster,
    pub(super) desk: Rc<Desk>,
    pub(super) all: Vec<Connection>,
    pub(super) in_use: Option<usize>,
    /// The user has left the prompt: the exit status is that of the connection in use.
    pub(super) is_left: bool,
}

pub(super) struct Connection {
    pub(super) seat: Rc<Seat>,
    /// `None` once it has ended.
    pub(super) run: Option<Run>,
    pub(super) exit: Exit,
}

impl Connection {
    fn is_over(&self) -> bool {
        self.run.is_none() || self.seat.state() == State::Closed
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.seat.fmt(f)
    }
}

impl Connections {
    pub(super) fn new(connector: Option<Connector>, roster: Roster) -> Self {
        Self {
            connector,
            roster,
            desk: Rc::default(),
            all: Vec::new(),
            in_use: None,
            is_left: false,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    pub(super) fn is_first_in_use(&self) -> bool {
        self.in_use.is_none()
    }

    pub(super) fn in_use(&self) -> Option<&Rc<Seat>> {
        let connection = self.all.get(self.in_use?)?;
        Some(&connection.seat)
    }

    /// The seat of this name; `None` is the first connection.
    pub(super) fn find(&self, name: &str) -> Result<Option<usize>, FurtherError> {
        if self.roster.first().text() == name {
            return Ok(None);
        }
        let mut all = self.all.iter();
        let found = all.position(|it| it.seat.label().text() == name);
        found.map(Some).ok_or_else(|| FurtherError::Unknown {
            name: name.to_owned(),
            known: self.roster.names(),
        })
    }

    /// The place of one that is over, which another of this name takes; `None` is a new one.
    pub(super) fn place_of(&self, name: &str) -> Result<Option<usize>, FurtherError> {
        match self.find(name) {
            // One that waits for /reconnect makes room for another.
            Ok(Some(at)) if self.all[at].is_over() => Ok(Some(at)),
            Ok(_) => Err(FurtherError::Taken(name.to_owned())),
            Err(_) if self.all.len() >= MOST => Err(FurtherError::TooMany(MOST)),
            Err(_) => Ok(None),
        }
    }

    pub(super) fn update_roster(&self) {
        let labels = self.all.iter().map(|it| it.seat.label().clone());
        self.roster.update(labels.collect(), self.in_use);
    }

    /// Passes an order on to every connection that has not ended.
    pub(super) fn tell(&self, order: impl Fn() -> Order) {
        for connection in self.all.iter().filter(|it| it.run.is_some()) {
            connection.seat.give(order());
        }
    }

    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> bool {
        let mut has_ended = false;
        for connection in &mut self.all {
            if let Some(run) = &mut connection.run
                && let Poll::Ready(exit) = run.as_mut().poll(cx)
            {
                has_ended = true;
                connection.exit = exit;
                connection.run = None;
                connection.seat.set_state(State::Closed);
            }
        }
        has_ended
    }

    pub(super) fn has_ended(&self) -> bool {
        self.all.iter().all(|it| it.run.is_none())
    }

    /// What waits in each of them that is paused.
    pub(super) fn waiting(&self) -> impl Iterator<Item = Waiting> {
        self.all.iter().filter_map(|it| it.seat.waiting())
    }

    pub(super) fn is_running(&self, seat: &Rc<Seat>) -> bool {
        let mut all = self.all.iter();
        all.any(|it| Rc::ptr_eq(&it.seat, seat) && it.run.is_some())
    }
}
