//! What the server does for each client.

use std::io;
use std::rc::Rc;
use std::time::Instant;

use super::actor::Actor;
use super::client::Client;
use super::command::Bridge;
use super::echo::Echo;
use super::engine::Engine;
use super::hub::About;
use super::player::Player;
use super::process::{Commands, Process};
use super::program::Book;
use super::relay::{Passing, Relay};
use super::replay::Replay;
use super::script::Script;
use super::variable::Variables;
use super::{Options, Visit, wait};
use crate::event::Ending;
use crate::proto::connection::Connection;
use crate::record::Play;
use crate::scenario::rules::RuleStep;
use crate::session::{self, Transport};

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
    Script(Rc<Vec<RuleStep>>),
    /// Clients get what stdin says; with `true` their messages are echoed.
    Manual(bool),
    /// A process for each client.
    Command(Rc<Commands>),
}

/// Runs the connection with what the server does for a client.
pub(super) async fn behave<S: Transport>(
    stream: S,
    connection: impl FnOnce(Instant) -> Connection,
    options: &Options,
    visit: Visit,
    mut about: About,
    process: Option<io::Result<Process>>,
) -> Ending {
    let now = Instant::now();
    let number = visit.number;
    if let Some(faults) = &visit.faults {
        faults.open(now);
    }
    let client = Client::new(visit.log, wait(visit.signals), visit.faults);
    let connection = connection(now);
    match &options.behaviour {
        // Its engine has served Socket.IO before, from the first request on.
        Behaviour::Echo | Behaviour::SocketIo(_) => {
            let _seat = options.hub.enter(about);
            let mut echo = Echo::new(client);
            Box::pin(session::run(stream, connection, now, &mut echo)).await
        }
        Behaviour::Play(play) => {
            let seat = options.hub.enter(about);
            let mut replay = Replay::new(client, seat, play.clone());
            Box::pin(session::run(stream, connection, now, &mut replay)).await
        }
        Behaviour::Broadcast | Behaviour::Chat => {
            if matches!(options.behaviour, Behaviour::Chat) {
                about.name.get_or_insert_with(|| format!("client {number}"));
            } else {
                about.name = None;
            }
            let seat = options.hub.enter(about);
            let mut relay = Relay::new(client, seat, Passing::ToOthers);
            Box::pin(session::run(stream, connection, now, &mut relay)).await
        }
        Behaviour::Rules(book) => {
            let values = Variables::new(Rc::clone(&options.given));
            let seat = options.hub.enter(about);
            let mut player = Player::new(Actor::new(client, seat, values), book.clone());
            Box::pin(session::run(stream, connection, now, &mut player)).await
        }
        Behaviour::Script(steps) => {
            let values = Variables::new(Rc::clone(&options.given));
            let actor = Actor::new(client, options.hub.enter(about), values);
            let mut script = Script::new(actor, Rc::clone(steps));
            Box::pin(session::run(stream, connection, now, &mut script)).await
        }
        Behaviour::Manual(echoes) => {
            let passing = if *echoes {
                Passing::Echo
            } else {
                Passing::Nowhere
            };
            about.name = None;
            let mut relay = Relay::new(client, options.hub.enter(about), passing);
            Box::pin(session::run(stream, connection, now, &mut relay)).await
        }
        Behaviour::Command(commands) => {
            let program = commands.line.first().map_or("", String::as_str);
            let seat = options.hub.enter(about);
            let missing = || Err(io::ErrorKind::NotFound.into());
            let mut bridge = Bridge::new(client, seat, process.unwrap_or_else(missing), program);
            Box::pin(session::run(stream, connection, now, &mut bridge)).await
        }
    }
}
