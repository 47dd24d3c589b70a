//! `wsee URL`: how to connect, and what to do then.

use clap::{ArgAction, Args, ValueHint};

use super::address::RouteArgs;
use super::config::ConfigArgs;
use super::handshake::{AuthArgs, HandshakeArgs, RedirectArgs};
use super::heading::Heading;
use super::limit::{ClientLimitArgs, RunArgs};
use super::output::OutputArgs;
use super::pipe::{FormatArgs, PipeArgs};
use super::proxy::ProxyArgs;
use super::reconnect::ReconnectArgs;
use super::tls::TlsArgs;
use super::value::{Payload, Wait, url_argument};

/// The arguments of `wsee URL`.
#[derive(Debug, Args)]
pub struct ConnectArgs {
    /// ws:// or wss:// URL; the scheme may be left out, and the host of :PORT/PATH is localhost
    ///
    /// http:// and https:// are taken as ws:// and wss://. Without a scheme, ws:// is used for
    /// loopback and private addresses and wss:// for all others, and the choice is printed.
    /// USER:PASS@ in front of the host is the same as --user. A fragment (#…) is refused. @NAME is
    /// the profile NAME of the configuration file (see --no-config).
    #[arg(required = true, value_parser = url_argument, value_hint = ValueHint::Url)]
    pub url: Option<String>,
    #[command(flatten)]
    pub dial: DialArgs,
    #[command(flatten)]
    pub session: SessionArgs,
}

/// How to connect; what to do then is [`SessionArgs`].
#[derive(Debug, Args)]
pub struct DialArgs {
    #[command(flatten)]
    pub handshake: HandshakeArgs,
    #[command(flatten)]
    pub auth: AuthArgs,
    #[command(flatten)]
    pub redirect: RedirectArgs,
    #[command(flatten)]
    pub tls: TlsArgs,
    #[command(flatten)]
    pub proxy: ProxyArgs,
    #[command(flatten)]
    pub route: RouteArgs,
    #[command(flatten)]
    pub limit: ClientLimitArgs,
}

/// What to do once the connection is open.
#[derive(Debug, Args)]
pub struct SessionArgs {
    #[command(flatten)]
    pub run: RunArgs,
    /// Send a message first; @FILE sends a file's content
    ///
    /// May be repeated. Messages go out in the order given, before the REPL opens or stdin is sent. Each is one
    /// message of the kind stdin would be: text, or binary with --binary, --hex or --base64. @@
    /// at the start stands for one @ of the text.
    #[arg(long, help_heading = Heading::Pipes, value_name = "TEXT|@FILE", action = ArgAction::Append)]
    pub send: Vec<Payload>,
    /// At the end of stdin, wait until no message came for TIME
    ///
    /// The end of stdin never drops replies: wsee keeps receiving until no message came for TIME,
    /// then sends Close 1000 and prints what still comes until the peer's Close. With 0 it closes
    /// at once, and still prints. 'forever' (or -1) leaves it to the peer, --count or --max-time.
    /// Empty stdin is listening only.
    #[arg(
        long,
        help_heading = Heading::Pipes,
        value_name = "TIME",
        default_value = "2s",
        allow_hyphen_values = true
    )]
    pub wait: Wait,
    #[command(flatten)]
    pub pipe: PipeArgs,
    #[command(flatten)]
    pub format: FormatArgs,
    #[command(flatten)]
    pub reconnect: ReconnectArgs,
    #[command(flatten)]
    pub output: OutputArgs,
    #[command(flatten)]
    pub config: ConfigArgs,
    /// Keep the REPL's history out of the state directory
    ///
    /// The lines typed in this run are not saved. Lines that start with a space never are.
    #[arg(long, hide_short_help = true, help_heading = Heading::Output)]
    pub no_history: bool,
}

impl SessionArgs {
    /// Whether a flag is given that makes sense in a pipe only.
    pub fn is_pipe(&self) -> bool {
        self.pipe.is_given() || self.format.print.is_given()
    }
}
