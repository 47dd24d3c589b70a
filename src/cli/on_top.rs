//! "Protocols on top": the protocol that is spoken over WebSocket.

use clap::{ArgAction, Args, ValueEnum, builder::PossibleValue};

use super::heading::Heading;
use crate::ontop;
use crate::secret::Secret;

#[derive(Debug, Default, Args)]
#[command(next_help_heading = Heading::OnTop)]
pub struct OnTopArgs {
    /// Speak a protocol on top of WebSocket, such as socket.io, or raw for none
    ///
    /// socket.io, graphql, jsonrpc, phoenix, mqtt, actioncable, stomp, signalr, pusher, sockjs, centrifugo,
    /// wamp, ocpp and nostr are known.
    ///
    /// wsee opens its session, answers its pings and shows its messages; lines, records and
    /// scenarios are in its own words. With graphql, all of stdin is one operation. With socket.io,
    /// wsee URL needs no more than
    /// http://HOST:PORT: the path /socket.io/ and the query are filled in. -v shows the messages as
    /// they are on the wire. A session that the server refuses is exit status 115. See
    /// wsee-protocols(5).
    #[arg(long = "as", value_name = "NAME", hide_possible_values = true)]
    pub name: Option<As>,
    /// Join this namespace of Socket.IO; repeat for several
    ///
    /// Without it the main namespace, /, is joined. Events go to the first one, unless they name
    /// another.
    #[arg(long, value_name = "/NAME", requires = "name", action = ArgAction::Append, hide_short_help = true)]
    pub namespace: Vec<String>,
    /// Credentials for the protocol on top: a JSON object, @FILE or env:NAME
    ///
    /// What a client of Socket.IO calls auth; it goes to every namespace. With --eio 3 its members
    /// are added to the query. With phoenix they are added to what every join sends; with stomp they are
    /// headers of CONNECT, with centrifugo what connect carries, and with wamp the realm and the details
    /// of HELLO. A file is read
    /// again for every connection, so that a renewed token is used. To log in over HTTP, use --user or
    /// --bearer.
    #[arg(
        long,
        value_name = "JSON|@FILE|env:NAME",
        requires = "name",
        hide_short_help = true
    )]
    pub auth: Option<Secret<String>>,
    /// The payload of GraphQL's connection_init: a JSON object, @FILE or env:NAME
    ///
    /// Servers take credentials in it, such as {"Authorization":"Bearer …"}. A file is read again for
    /// every connection.
    #[arg(
        long,
        value_name = "JSON|@FILE|env:NAME",
        requires = "name",
        hide_short_help = true
    )]
    pub init: Option<Secret<String>>,
    /// Subscribe to this when the session opens; repeat for several
    ///
    /// What follows the command at the prompt: a document of GraphQL, a topic of Phoenix and the JSON to
    /// join it with, a topic of MQTT and its QoS, 'sensors/# 1', a channel of Action Cable and its
    /// parameters, a destination of STOMP, a method of SignalR that streams and its arguments, a channel of
    /// Pusher or Centrifugo, a topic of WAMP, or filters of Nostr. A subscription that the server refuses is
    /// exit status 115.
    #[arg(long, value_name = "WHAT", requires = "name", action = ArgAction::Append, hide_short_help = true)]
    pub subscribe: Vec<String>,
    /// The version of Engine.IO: 3 (Socket.IO 2), 4 (Socket.IO 3 and 4) or auto
    ///
    /// auto begins with 4, unless the query says EIO=3, and follows a server that speaks the other.
    #[arg(
        long,
        value_name = "VERSION",
        requires = "name",
        hide_possible_values = true,
        hide_short_help = true
    )]
    pub eio: Option<Eio>,
    /// What carries Engine.IO: websocket, polling, or upgrade, which is what a browser does
    ///
    /// websocket, the default, opens a WebSocket at once. polling stays with HTTP long polling: GET
    /// and POST at the same time. upgrade begins with long polling, sends a probe on a WebSocket and
    /// continues there if the server answers it; cookies of the first answer go to all later
    /// requests. -v shows the requests.
    #[arg(
        long,
        value_name = "WAY",
        requires = "name",
        hide_possible_values = true,
        hide_short_help = true
    )]
    pub transport: Option<Transport>,
    /// The parser of Socket.IO: json, the default, or msgpack
    ///
    /// msgpack is that of npm's socket.io-msgpack-parser; a server has one of them.
    #[arg(
        long,
        value_name = "NAME",
        requires = "name",
        hide_possible_values = true,
        hide_short_help = true
    )]
    pub parser: Option<SocketIoParser>,
    /// The version of MQTT: 3.1.1 or 5, the default
    ///
    /// A broker that lacks the version refuses the session (exit status 115).
    #[arg(
        long,
        value_name = "VERSION",
        requires = "name",
        hide_possible_values = true,
        hide_short_help = true
    )]
    pub mqtt_version: Option<MqttVersion>,
    /// The name of this client for an MQTT server; without it the server chooses one
    ///
    /// A server keeps one connection of each name: another client of this name ends it.
    #[arg(long, value_name = "ID", requires = "name", hide_short_help = true)]
    pub client_id: Option<String>,
    /// The secret of an app of Pusher, which signs private channels: the secret, @FILE or env:NAME
    ///
    /// Private and presence channels want a signature, which the page gets from its own server. With the
    /// secret wsee signs by itself; the secret is not sent.
    #[arg(
        long,
        value_name = "SECRET|@FILE|env:NAME",
        requires = "name",
        hide_short_help = true
    )]
    pub pusher_secret: Option<Secret<String>>,
}

/// A value of `--as`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum As {
    Raw,
    Protocol(ontop::Name),
}

/// All values of `--as`.
const AS: [As; ontop::Name::ALL.len() + 1] = {
    let mut values = [As::Raw; ontop::Name::ALL.len() + 1];
    let mut at = 0;
    while at < ontop::Name::ALL.len() {
        values[at] = As::Protocol(ontop::Name::ALL[at]);
        at += 1;
    }
    values
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Eio {
    V3,
    V4,
    Auto,
}

/// A value of `--parser`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SocketIoParser {
    Json,
    Msgpack,
}

/// A value of `--mqtt-version`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum MqttVersion {
    #[value(name = "3.1.1")]
    V3,
    #[value(name = "5")]
    V5,
}

/// A value of `--transport`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Transport {
    Websocket,
    Polling,
    Upgrade,
}

impl ValueEnum for As {
    fn value_variants<'a>() -> &'a [Self] {
        &AS
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(match self {
            Self::Raw => ontop::RAW,
            Self::Protocol(name) => name.as_str(),
        }))
    }
}

impl ValueEnum for Eio {
    fn value_variants<'a>() -> &'a [Self] {
        &[Self::V3, Self::V4, Self::Auto]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(match self {
            Self::V3 => "3",
            Self::V4 => "4",
            Self::Auto => "auto",
        }))
    }
}
