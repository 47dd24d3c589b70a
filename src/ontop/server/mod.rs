//! The server's half of protocols: what `wsee listen --as` does for a client.
//!
//! All serve in the same way. A client is greeted and kept alive, what it subscribes to is accepted, what it calls is
//! answered with its arguments, and what is published goes to those that are subscribed to it. A protocol has a file
//! of its own for how that is said.

mod credentials;
mod hall;
mod kept;
mod notice;
mod served;
mod session;
mod topics;

use std::fmt::Debug;
use std::time::Duration;

pub use credentials::Credentials;
pub use hall::Hall;
pub use kept::KeepError;
pub use notice::{Keep, Notice, Order};
pub(super) use served::{Served, Why};
pub use session::Session;
pub(super) use topics::Topic;

use super::{Lines, Name, SayError, Verb};
use crate::proto::message::Kind;

/// The server's half of a protocol.
#[derive(Debug)]
pub struct Half {
    pub name: Name,
    /// What people call the protocol.
    pub title: &'static str,
    /// The same with its versions.
    pub description: &'static str,
    /// A path that a client may ask for.
    pub path: &'static str,
    /// In order of preference.
    pub subprotocols: &'static [&'static str],
    /// What is typed at the prompt; a plain line is the first one without its name.
    pub verbs: &'static [Verb],
    /// What a verb and its arguments say to clients.
    pub(super) read: fn(&str, &str) -> Result<Notice, SayError>,
    /// Whether those that are subscribed to the first get what is about the second.
    pub(super) covers: fn(&str, &str) -> bool,
    pub(super) pace: Pace,
    /// The answer, in JSON, to a POST with this target; `None` for one that the protocol does not have. It gets a
    /// name that nobody guesses.
    pub posted: fn(&str, &str) -> Option<String>,
    pub(super) serve: fn() -> Box<dyn Server>,
}

/// The times of a session; `None` for no limit, and for no pings.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pace {
    /// How long a client may take to greet.
    pub greeting: Option<Duration>,
    /// How long nothing is sent before a sign of life is.
    pub ping: Option<Duration>,
    /// The longest silence of a client.
    pub silence: Option<Duration>,
}

/// How a protocol says what is done for one client.
pub(super) trait Server: Debug {
    /// The connection is open.
    fn open(&mut self, _hello: &Hello<'_>, _to: &mut Served) {}

    /// Understands a message, and answers it.
    fn hear(&mut self, kind: Kind, payload: &[u8], to: &mut Served);

    /// Sends what somebody says; `topics` are those of the client that it is about.
    fn hand(&mut self, notice: &Notice, topics: &[Topic], to: &mut Served);

    /// Ends a subscription that is refused from now on; the client has it no more.
    fn end(&mut self, topic: &Topic, to: &mut Served);

    /// Sends a sign of life.
    fn ping(&mut self, _to: &mut Served) {}

    /// Ends the session in the words of the protocol.
    fn part(&mut self, why: Why, to: &mut Served);

    /// The client is gone.
    fn lost(&mut self, _to: &mut Served) {}
}

/// What a client asks for as it connects.
#[derive(Debug, Default)]
pub struct Hello<'a> {
    /// The subprotocol that was selected.
    pub subprotocol: Option<&'a str>,
    /// The path and the query of its request.
    pub target: &'a str,
    /// Names the session: nobody guesses it.
    pub id: &'a str,
}

/// What every server understands.
const COMMON: &[Verb] = &[
    Verb {
        name: "refuse",
        args: "[TOPIC]",
        help: "end the subscriptions to a topic and refuse new ones; without it, list such topics",
        example: "/refuse news",
        lines: Lines::No,
        check: |_| Ok(()),
    },
    Verb {
        name: "accept",
        args: "TOPIC",
        help: "accept what /refuse refuses",
        example: "/accept news",
        lines: Lines::No,
        check: |_| Ok(()),
    },
];

impl Half {
    pub fn verbs(&self) -> impl Iterator<Item = &'static Verb> {
        self.verbs.iter().chain(COMMON)
    }

    /// The verb and its arguments, if `line` is one of them.
    pub fn verb<'l>(&self, line: &'l str) -> Option<(&'static Verb, &'l str)> {
        if let Some(name) = self.name.path_verb(line) {
            return Some((self.verbs().find(|verb| verb.name == name)?, line));
        }
        let command = line.strip_prefix('/')?;
        let (name, arguments) = command
            .split_once(char::is_whitespace)
            .unwrap_or((command, ""));
        let verb = self.verbs().find(|verb| verb.name == name)?;
        Some((verb, arguments))
    }

    /// What a verb with its arguments, or a plain line, asks for.
    pub fn order(&self, line: &str) -> Result<Order, SayError> {
        let first = self.verbs[0].name;
        let (name, args) = match self.verb(line) {
            Some((verb, args)) => (verb.name, args),
            None => (first, line),
        };
        let topic = args.trim();
        Ok(match name {
            "refuse" => Order::Refuse(Some(topic.to_owned()).filter(|it| !it.is_empty())),
            "accept" if topic.is_empty() => return Err(COMMON[1].usage()),
            "accept" => Order::Accept(topic.to_owned()),
            _ => Order::Say((self.read)(name, args)?),
        })
    }

    /// The mistake of a line that looks like a verb, and is none.
    pub fn unknown(&self, line: &str) -> SayError {
        let name = line.split_whitespace().next().unwrap_or_default();
        let known: Vec<_> = self.verbs().map(|it| format!("/{}", it.name)).collect();
        let hint = format!("there are {}", known.join(", "));
        SayError::new(format!("unknown command {name}"), hint.as_str())
    }

    /// Whether those that are subscribed to `wanted` get what is about `topic`.
    pub fn covers(&self, wanted: &str, topic: &str) -> bool {
        (self.covers)(wanted, topic)
    }
}

/// Where nothing comes before the WebSocket.
pub(super) fn nothing(_target: &str, _id: &str) -> Option<String> {
    None
}

/// Where a topic is a name and nothing else.
pub(super) fn same(wanted: &str, topic: &str) -> bool {
    wanted == topic
}
