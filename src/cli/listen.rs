//! `wsee listen`: a server to debug clients with.

use clap::{ArgAction, Args};

use super::fault::FaultArgs;
use super::handshake::AcceptArgs;
use super::heading::Heading;
use super::limit::LimitArgs;
use super::on_top::As;
use super::output::DisplayArgs;
use super::replay::ServeArgs;
use super::runner::VariableArgs;
use super::serve::BehaviourArgs;
use super::tls::ServerTlsArgs;
use super::value::{TimeLimit, listen_address};
use crate::acceptor::Address;
use crate::secret::Secret;

/// Run a WebSocket server to debug clients with; it echoes
///
/// Accepts WebSocket connections and, at a terminal, has a prompt at which you answer by hand: /help
/// lists its commands, and nothing is echoed without --echo. Elsewhere it echoes every message, and
/// the log is summed up above 2,000 messages a second; -v shows each. It also answers by rules
/// (--rules, --on), passes messages on to the other clients (--broadcast, --chat), plays a recorded
/// server (--replay), or speaks a protocol on top (--as graphql). A client that reads nothing for 10
/// seconds, or leaves more than 16 MiB from other clients unread, is disconnected. --fault and --flap
/// make it misbehave. Stop it with Ctrl-C.
#[derive(Debug, Args)]
pub struct ListenArgs {
    /// PORT, :PORT, HOST:PORT or [::1]:PORT; port 0 takes any free port
    ///
    /// The default host is 127.0.0.1, which is reachable from this machine only; use 0.0.0.0:PORT
    /// or [::]:PORT to accept connections from the network.
    #[arg(default_value = "127.0.0.1:9001", value_parser = listen_address)]
    pub addr: Address,
    #[command(flatten)]
    pub behaviour: BehaviourArgs,
    #[command(flatten)]
    pub on_top: ServeAsArgs,
    #[command(flatten)]
    pub credentials: CredentialArgs,
    #[command(flatten)]
    pub variables: VariableArgs,
    #[command(flatten)]
    pub serve: ServeArgs,
    #[command(flatten)]
    pub accept: AcceptArgs,
    /// Let clients use HTTP/2 as well (RFC 8441)
    ///
    /// With TLS, clients choose by ALPN (h2, http/1.1); without it, one that begins with HTTP/2 gets it
    /// (prior knowledge). The server's SETTINGS allow extended CONNECT, and each stream of a connection
    /// that asks for a WebSocket is a client with a number of its own: the first one has that of the
    /// connection. At most 256 streams of a connection are open at a time. Other requests are answered as
    /// over HTTP/1.1, and another :protocol with 501. fin ends a stream (END_STREAM) and rst resets it
    /// (RST_STREAM CANCEL), while the connection stays; one-byte sends every byte in a DATA frame of its
    /// own. Faults such as http2-refuse break HTTP/2 alone. The log shows SETTINGS, RST_STREAM and GOAWAY
    /// frames, and -vv the other control frames.
    #[arg(
        long,
        help_heading = Heading::Handshake,
        hide_short_help = true
    )]
    pub http2: bool,
    #[command(flatten)]
    pub tls: ServerTlsArgs,
    #[command(flatten)]
    pub limit: LimitArgs,
    #[command(flatten)]
    pub fault: FaultArgs,
    #[command(flatten)]
    pub display: DisplayArgs,
}

/// What clients have to bring: the flags with which `wsee` brings it.
#[derive(Debug, Args)]
#[command(next_help_heading = Heading::OnTop)]
pub struct CredentialArgs {
    /// Refuse clients with another login; needs --as stomp or mqtt
    ///
    /// The refusal is that of the protocol: ERROR, or CONNACK with its code.
    #[arg(
        short,
        long,
        value_name = "USER:PASS",
        requires = "name",
        hide_short_help = true
    )]
    pub user: Option<Secret<String>>,
    /// Refuse clients without these credentials: a JSON object, @FILE or env:NAME
    ///
    /// What every join of Phoenix has to carry, or the headers of STOMP's CONNECT; others may come along.
    /// Needs --as phoenix or stomp.
    #[arg(
        long,
        value_name = "JSON|@FILE|env:NAME",
        requires = "name",
        hide_short_help = true
    )]
    pub auth: Option<Secret<String>>,
    /// Refuse clients without this payload of connection_init: a JSON object, @FILE or env:NAME
    ///
    /// The payload may have other members. A client without it gets the close code 4403, or
    /// connection_error in the older protocol. Needs --as graphql.
    #[arg(
        long,
        value_name = "JSON|@FILE|env:NAME",
        requires = "name",
        hide_short_help = true
    )]
    pub init: Option<Secret<String>>,
    /// Check the signatures of private and presence channels: the secret, @FILE or env:NAME
    ///
    /// A channel that is signed with another secret is refused. Needs --as pusher.
    #[arg(
        long,
        value_name = "SECRET|@FILE|env:NAME",
        requires = "name",
        hide_short_help = true
    )]
    pub pusher_secret: Option<Secret<String>>,
}

#[derive(Debug, Args)]
#[command(next_help_heading = Heading::OnTop)]
pub struct ServeAsArgs {
    /// Speak a protocol on top of WebSocket, such as socket.io or graphql, or raw for none
    ///
    /// graphql, signalr, phoenix, stomp, mqtt, jsonrpc, actioncable and pusher greet a client and keep it
    /// alive, accept what it subscribes to, answer what it calls with its arguments, and hand what it publishes
    /// to all that are subscribed to that. At the prompt a line goes to those that are subscribed, and /refuse
    /// refuses a topic; with --split events, {"event":"command","data":"/refuse news"} does the same. See
    /// wsee-protocols(5).
    ///
    /// socket.io serves Socket.IO on /socket.io/ and Engine.IO alone on /engine.io/, over long
    /// polling, over WebSocket, and with the upgrade between them, in the versions of Socket.IO 2, 3
    /// and 4 (EIO 3 and 4). A client that joins a namespace gets the event auth with what it sent to
    /// join. The event message is answered with message-back and the same arguments, other events
    /// with the same event, and one that wants an acknowledgement is acknowledged with its
    /// arguments. On /engine.io/ every message is echoed. At the prompt of a terminal a line is an event,
    /// [[/NS]] NAME [JSON…]. Requests and raw packets are shown with
    /// -v. --ping-interval (by default 25s) and --ping-timeout (20s) are those of Engine.IO; messages
    /// are compressed only with --compress.
    #[arg(
        long = "as",
        value_name = "NAME",
        hide_possible_values = true,
        conflicts_with_all = ["played", "broadcast", "chat", "replay", "check", "script", "command", "echo"]
    )]
    pub name: Option<As>,
    /// Let clients join this namespace, such as /admin; repeatable
    ///
    /// Others are refused with "Invalid namespace"; / is always allowed. By default every namespace
    /// is allowed. Needs --as socket.io.
    #[arg(long, value_name = "NAME", action = ArgAction::Append, requires = "name")]
    pub namespace: Vec<String>,
    /// Time for a client to join its first namespace; 0 is no limit
    ///
    /// When it runs out, the session is closed. Needs --as socket.io.
    #[arg(
        long,
        value_name = "TIME",
        default_value = "45s",
        requires = "name",
        hide_short_help = true
    )]
    pub connect_timeout: TimeLimit,
}
