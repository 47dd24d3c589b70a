//! What the server does for each client.

use std::io;
use std::rc::Rc;
use std::time::Instant;

use super::actor::Actor;
use super::client::{Client, Logged, Serving};
use super::command::Bridge;
use super::echo::Echo;
use super::engine::Engine;
use super::hub::About;
use super::on_top::{Attendant, OnTop};
use super::player::Player;
use super::process::{Commands, Process};
use super::program::Book;
use super::relay::{Passing, Relay};
use super::replay::Replay;
use super::script::Script;
use super::variable::Variables;
use super::{Options, Visit, wait};
use crate::event::Ending;
use crate::ontop::server::Session;
use crate::proto::connection::Connection;
use crate::record::Play;
use crate::scenario::rules::RuleStep;
use crate::session::{self, Mode, Transport};

/// What the server does for each client.
#[derive(Debug, Clone)]
pub enum Behaviour {
    Echo,
    /// A recorded server.
    Play(Play),
    Broadcast,
    /// The same, with the names of the clients.
    Chat,
    Rules(Book),
    SocketIo(Engine),
    /// Another protocol on top.
    OnTop(OnTop),
    Script(Rc<Vec<RuleStep>>),
    /// Clients get what stdin says; with `true` their messages are echoed.
    Manual(bool),
    /// A process for each client.
    Command(Rc<Commands>),
}

impl Behaviour {
    /// The protocol on top, other than Socket.IO.
    pub(super) fn on_top(&self) -> Option<&OnTop> {
        match self {
            Self::OnTop(on_top) => Some(on_top),
            _ => None,
        }
    }
}

/// The stream of a client, whatever is below it.
///
/// A call through a pointer for each read and write costs less than they do, and one driver for each behaviour is
/// compiled instead of one for each pair of behaviour and stream.
pub(super) type AnyStream<'s> = Box<dyn Transport + 's>;

/// A connection after its opening handshake.
pub(super) struct Started<'s> {
    pub(super) stream: AnyStream<'s>,
    /// In a box, so that it is moved to the driver without room for it in each future on the way.
    pub(super) connection: Box<Connection>,
    pub(super) now: Instant,
    /// It is a stream of HTTP/2.
    pub(super) is_http2: bool,
}

/// What a client needs besides its connection.
pub(super) enum Partner {
    Nobody,
    Process(io::Result<Process>),
    Session(Box<Session>),
}

/// Runs the connection with what the server does for a client.
pub(super) fn behave<'s>(
    started: Started<'s>,
    options: &Options,
    visit: Visit,
    mut about: About,
    partner: Partner,
) -> Serving<'s> {
    let number = visit.number;
    if let Some(faults) = &visit.faults {
        faults.open(started.now);
    }
    let client = Client::new(visit.log, wait(visit.signals), visit.faults);
    let process = match partner {
        Partner::Nobody => None,
        Partner::Process(process) => Some(process),
        Partner::Session(session) => {
            let seat = options.hub.enter(about);
            return started.run(Attendant::new(client, seat, session));
        }
    };
    match &options.behaviour {
        // An engine has served Socket.IO before, from the first request on, and other protocols have a session.
        Behaviour::Echo | Behaviour::SocketIo(_) | Behaviour::OnTop(_) => {
            let seat = options.hub.enter(about);
            started.run(Echo::new(client, seat))
        }
        Behaviour::Play(play) => {
            let seat = options.hub.enter(about);
            started.run(Replay::new(client, seat, play.clone()))
        }
        Behaviour::Broadcast | Behaviour::Chat => {
            if matches!(options.behaviour, Behaviour::Chat) {
                about.name.get_or_insert_with(|| format!("client {number}"));
            } else {
                about.name = None;
            }
            let seat = options.hub.enter(about);
            started.run(Relay::new(client, seat, Passing::ToOthers))
        }
        Behaviour::Rules(book) => {
            let values = Variables::new(Rc::clone(&options.given));
            let seat = options.hub.enter(about);
            started.run(Player::new(Actor::new(client, seat, values), book.clone()))
        }
        Behaviour::Script(steps) => {
            let values = Variables::new(Rc::clone(&options.given));
            let actor = Actor::new(client, options.hub.enter(about), values);
            started.run(Script::new(actor, Rc::clone(steps)))
        }
        Behaviour::Manual(echoes) => {
            let passing = if *echoes {
                Passing::Echo
            } else {
                Passing::Nowhere
            };
            about.name = None;
            started.run(Relay::new(client, options.hub.enter(about), passing))
        }
        Behaviour::Command(commands) => {
            let program = commands.line.first().map_or("", String::as_str);
            let seat = options.hub.enter(about);
            let missing = || Err(io::ErrorKind::NotFound.into());
            started.run(Bridge::new(
                client,
                seat,
                process.unwrap_or_else(missing),
                program,
            ))
        }
    }
}

impl<'s> Started<'s> {
    fn run(self, mut mode: impl Logged + 's) -> Serving<'s> {
        Box::pin(async move {
            let is_http2 = self.is_http2;
            let mut ending = self.driven(&mut mode).await;
            ending.ours.is_http2 = is_http2;
            let sent = &mut ending.sent.messages;
            *sent = sent.saturating_sub(mode.log().withheld());
            mode.log().ending(&ending);
            if let Some(rest) = mode.left_behind() {
                // The place of the client is free.
                tokio::task::spawn_local(rest);
            }
        })
    }

    /// The future has the connection and not its box.
    fn driven<'m, M: Mode>(self, mode: &'m mut M) -> impl Future<Output = Ending> + use<'s, 'm, M> {
        session::run(self.stream, *self.connection, self.now, mode)
    }
}
