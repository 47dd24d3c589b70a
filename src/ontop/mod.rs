//! Protocols on top of WebSocket, one file or folder each, without I/O.
//!
//! A protocol sees whole messages and the time, and returns what to do: messages to send, lines to
//! show, an end. It is chosen with `--as`; without it, [`Dialect`] only names what it recognises.

mod action;
pub mod actioncable;
mod asked;
mod beat;
mod binary;
mod calls;
mod channels;
pub mod graphql;
pub mod jsonrpc;
pub mod mqtt;
mod names;
mod pack;
mod payload;
pub mod phoenix;
mod protocol;
pub mod pusher;
pub mod recognise;
mod record;
pub mod server;
pub mod signalr;
pub mod socketio;
mod stage;
pub mod stomp;
mod verb;
pub mod view;

use std::fmt;
use std::time::Duration;

use serde_json::Value;

pub use action::{Action, Actions, Refusal, Seen};
pub use protocol::Protocol;
pub use recognise::Dialect;
pub use verb::{Lines, SayError, SayResult, Verb};

use crate::secret::Login;
use payload::{container, listed, text};
use server::Half;
use socketio::engine::{RefusalCode, Version};

/// A protocol that `--as` names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Name {
    SocketIo,
    Graphql,
    JsonRpc,
    Phoenix,
    Mqtt,
    ActionCable,
    Stomp,
    SignalR,
    Pusher,
    SockJs,
    Centrifugo,
    Wamp,
    Ocpp,
    Nostr,
}

/// What `--as` takes for no protocol at all.
pub const RAW: &str = "raw";

impl Name {
    pub const ALL: [Self; 14] = [
        Self::SocketIo,
        Self::Graphql,
        Self::JsonRpc,
        Self::Phoenix,
        Self::Mqtt,
        Self::ActionCable,
        Self::Stomp,
        Self::SignalR,
        Self::Pusher,
        Self::SockJs,
        Self::Centrifugo,
        Self::Wamp,
        Self::Ocpp,
        Self::Nostr,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::SocketIo => "socket.io",
            Self::Graphql => "graphql",
            Self::JsonRpc => "jsonrpc",
            Self::Phoenix => "phoenix",
            Self::Mqtt => "mqtt",
            Self::ActionCable => "actioncable",
            Self::Stomp => "stomp",
            Self::SignalR => "signalr",
            Self::Pusher => "pusher",
            Self::SockJs => "sockjs",
            Self::Centrifugo => "centrifugo",
            Self::Wamp => "wamp",
            Self::Ocpp => "ocpp",
            Self::Nostr => "nostr",
        }
    }

    pub fn find(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == text)
    }

    /// All that `--as` takes, as a list in a sentence.
    pub fn known() -> String {
        let names = Self::ALL.map(Self::as_str);
        format!("{} or {RAW}", names.join(", "))
    }

    pub fn verbs(self) -> &'static [Verb] {
        match self {
            Self::SocketIo => socketio::VERBS,
            Self::Graphql => graphql::VERBS,
            Self::JsonRpc => jsonrpc::VERBS,
            Self::Phoenix => phoenix::VERBS,
            Self::Mqtt => mqtt::VERBS,
            Self::ActionCable => actioncable::VERBS,
            Self::Stomp => stomp::VERBS,
            Self::SignalR => signalr::VERBS,
            Self::Pusher => pusher::VERBS,
            Self::SockJs => view::sockjs::VERBS,
            Self::Centrifugo => view::centrifugo::VERBS,
            Self::Wamp => view::wamp::VERBS,
            Self::Ocpp => view::ocpp::VERBS,
            Self::Nostr => view::nostr::VERBS,
        }
    }

    /// How a scenario finds the answer that the step of this verb waits for, if it waits for one.
    pub fn answer(self, verb: &str) -> Option<FindAnswer> {
        match (self, verb) {
            (Self::SocketIo, "join") => Some(socketio::joined),
            (Self::Phoenix, "join") => Some(phoenix::joined),
            (Self::ActionCable, "subscribe") => Some(actioncable::confirmed),
            (Self::Pusher, "subscribe") => Some(pusher::subscribed),
            _ => None,
        }
    }

    /// The verb whose arguments `--subscribe` takes.
    pub fn subscribe_verb(self) -> Option<&'static Verb> {
        match self {
            Self::Phoenix => self.verb("join"),
            Self::SignalR => self.verb("stream"),
            _ => self.verb("subscribe"),
        }
    }

    /// The verb that ends what the one of `--subscribe` begins.
    pub fn unsubscribe_verb(self) -> &'static str {
        match self {
            Self::SocketIo | Self::Phoenix => "leave",
            Self::Graphql => "stop",
            Self::SignalR => "cancel",
            _ => "unsubscribe",
        }
    }

    /// The verb of a line that begins with a path, such as `/queue/a hello`.
    pub fn path_verb(self, line: &str) -> Option<&'static str> {
        let first = line.strip_prefix('/')?.split_whitespace().next()?;
        // No command has a slash in its name.
        let is_path = first.find('/').is_some_and(|at| at > 0);
        (self == Self::Stomp && is_path).then_some("send")
    }

    /// The server's half, if there is one besides that of Socket.IO.
    pub fn server(self) -> Option<&'static Half> {
        match self {
            Self::Graphql => Some(&graphql::SERVER),
            Self::JsonRpc => Some(&jsonrpc::SERVER),
            Self::Phoenix => Some(&phoenix::SERVER),
            Self::ActionCable => Some(&actioncable::SERVER),
            Self::Pusher => Some(&pusher::SERVER),
            Self::Mqtt => Some(&mqtt::SERVER),
            Self::Stomp => Some(&stomp::SERVER),
            Self::SignalR => Some(&signalr::SERVER),
            _ => None,
        }
    }

    /// Those that `wsee listen` speaks, as a list in a sentence.
    pub fn served() -> String {
        let is_served = |name: &Self| *name == Self::SocketIo || name.server().is_some();
        let names = Self::ALL.into_iter().filter(is_served).map(Self::as_str);
        listed(names.map(str::to_owned))
    }

    pub fn verb(self, name: &str) -> Option<&'static Verb> {
        self.verbs().iter().find(|verb| verb.name == name)
    }

    /// The longest wait of its clients between two attempts to reconnect, if they agree on one.
    pub fn longest_wait(self) -> Option<Duration> {
        (self == Self::SocketIo).then_some(socketio::LONGEST_WAIT)
    }

    /// Whether its session begins with a user and a password.
    pub fn logs_in(self) -> bool {
        matches!(self, Self::Mqtt | Self::Stomp)
    }

    /// The refusal of a session in the body of an HTTP response.
    pub fn refusal(self, body: &str) -> Option<Refusal> {
        match self {
            Self::SocketIo => socketio::refusal(body),
            Self::SignalR => signalr::negotiation::unknown(body),
            _ => None,
        }
    }

    /// Whether the body of an HTTP response refuses the version that was asked for.
    pub fn refuses_version(self, body: &str) -> bool {
        match self {
            Self::SocketIo => socketio::refusal_code(body) == Some(RefusalCode::Version),
            _ => false,
        }
    }
}

/// Finds out whether an object of `--jsonl` answers a verb with these arguments.
pub type FindAnswer = fn(arguments: &str, object: &Value) -> Option<Answer>;

/// The answer to a verb of a scenario.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    Yes,
    /// With what the server says about it; not escaped yet.
    Refused(String),
}

/// How a protocol is spoken.
#[derive(Debug, Clone)]
pub enum Options {
    SocketIo(socketio::Options),
    Graphql(graphql::Options),
    JsonRpc(jsonrpc::Options),
    Phoenix(phoenix::Options),
    Mqtt(mqtt::Options),
    ActionCable,
    Stomp(stomp::Options),
    SignalR,
    Pusher(pusher::Options),
    SockJs,
    Centrifugo,
    Wamp,
    Ocpp,
    Nostr,
}

impl Options {
    pub fn name(&self) -> Name {
        match self {
            Self::SocketIo(_) => Name::SocketIo,
            Self::Graphql(_) => Name::Graphql,
            Self::JsonRpc(_) => Name::JsonRpc,
            Self::Phoenix(_) => Name::Phoenix,
            Self::Mqtt(_) => Name::Mqtt,
            Self::ActionCable => Name::ActionCable,
            Self::Stomp(_) => Name::Stomp,
            Self::SignalR => Name::SignalR,
            Self::Pusher(_) => Name::Pusher,
            Self::SockJs => Name::SockJs,
            Self::Centrifugo => Name::Centrifugo,
            Self::Wamp => Name::Wamp,
            Self::Ocpp => Name::Ocpp,
            Self::Nostr => Name::Nostr,
        }
    }

    /// Those of a protocol that is chosen while a program runs.
    pub fn usual(name: Name) -> Self {
        match name {
            Name::SocketIo => Self::SocketIo(socketio::Options::default()),
            Name::Graphql => Self::Graphql(graphql::Options::default()),
            Name::JsonRpc => Self::JsonRpc(jsonrpc::Options::default()),
            Name::Phoenix => Self::Phoenix(phoenix::Options::default()),
            Name::Mqtt => Self::Mqtt(mqtt::Options::default()),
            Name::ActionCable => Self::ActionCable,
            Name::Stomp => Self::Stomp(stomp::Options::default()),
            Name::SignalR => Self::SignalR,
            Name::Pusher => Self::Pusher(pusher::Options::default()),
            Name::SockJs => Self::SockJs,
            Name::Centrifugo => Self::Centrifugo,
            Name::Wamp => Self::Wamp,
            Name::Ocpp => Self::Ocpp,
            Name::Nostr => Self::Nostr,
        }
    }

    /// The client's end.
    pub fn client(&self) -> Box<dyn Protocol> {
        match self {
            Self::SocketIo(options) => Box::new(socketio::Client::new(options.clone())),
            Self::Graphql(options) => Box::new(graphql::Client::new(options.clone())),
            Self::JsonRpc(options) => Box::new(jsonrpc::Client::new(options.clone())),
            Self::Phoenix(options) => Box::new(phoenix::Client::new(options)),
            Self::Mqtt(options) => Box::new(mqtt::Client::new(options.clone())),
            Self::ActionCable => Box::new(actioncable::Client::default()),
            Self::Stomp(options) => Box::new(stomp::Client::new(options.clone())),
            Self::SignalR => Box::new(signalr::Client::default()),
            Self::Pusher(options) => Box::new(pusher::Client::new(options.clone())),
            Self::SockJs => Box::new(view::Client::<view::SockJs>::default()),
            Self::Centrifugo => Box::new(view::Client::<view::Centrifugo>::default()),
            Self::Wamp => Box::new(view::Client::<view::Wamp>::default()),
            Self::Ocpp => Box::new(view::Client::<view::Ocpp>::default()),
            Self::Nostr => Box::new(view::Client::<view::Nostr>::default()),
        }
    }

    /// Takes from the query of a request what it says about the version.
    pub fn follow(&mut self, target: &str) {
        match self {
            Self::SocketIo(options) => options.follow(target),
            Self::Phoenix(options) => options.follow(target),
            _ => {}
        }
    }
}

/// What a connection begins with.
#[derive(Debug, Default)]
pub struct Opening<'a> {
    pub auth: Option<Value>,
    /// The one that the server has chosen.
    pub subprotocol: Option<&'a str>,
    /// HTTP long polling carries it.
    pub is_polled: bool,
    /// It is the page of a browser.
    pub is_page: bool,
    /// For a protocol that has a login of its own.
    pub login: Option<&'a Login>,
}

/// Why a server may want another offer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unsuited {
    /// It has closed with this code.
    Closed(u16),
    /// It does not speak the version.
    Version,
}

/// What to offer on the next connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reoffer {
    Subprotocols(Vec<String>),
    EngineIo(Version),
}

/// What is shown before that is offered.
impl fmt::Display for Reoffer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Subprotocols(names) => write!(
                f,
                "the server took a subprotocol that it does not speak; trying {} alone",
                names.join(", ")
            ),
            Self::EngineIo(version) => write!(
                f,
                "the server does not speak EIO {other}; trying EIO {number} ({products})",
                other = version.other().number(),
                number = version.number(),
                products = version.products()
            ),
        }
    }
}
