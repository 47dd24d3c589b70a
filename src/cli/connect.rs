//! `wsee URL`: how to connect, and what to do then.

use clap::{ArgAction, Args, ValueHint};

use super::address::RouteArgs;
use super::config::ConfigArgs;
use super::handshake::{AuthArgs, HandshakeArgs, RedirectArgs};
use super::heading::Heading;
use super::http::HttpArgs;
use super::limit::{ClientLimitArgs, RunArgs};
use super::on_top::OnTopArgs;
use super::output::OutputArgs;
use super::pipe::{FormatArgs, PipeArgs};
use super::proxy::ProxyArgs;
use super::reconnect::ReconnectArgs;
use super::tls::TlsArgs;
use super::value::{Kept, Payload, Wait, url_argument};

#[derive(Debug, Args)]
pub struct ConnectArgs {
    /// ws:// or wss:// URL; the scheme is optional, and :PORT/PATH means localhost
    ///
    /// http:// and https:// are accepted as ws:// and wss://. Without a scheme, wsee uses ws:// for
    /// loopback and private addresses and wss:// for all others, and prints its choice. USER:PASS@
    /// before the host is the same as --user. A fragment (#…) is refused. Digits alone are a port of
    /// this machine. @NAME is the profile NAME of the configuration file (see --no-config), and
    /// @NAME/PATH another path on its server.
    #[arg(required = true, value_parser = url_argument, value_hint = ValueHint::Url)]
    pub url: Option<String>,
    /// The profile that the URL comes from.
    #[arg(skip)]
    pub profile: Option<String>,
    #[command(flatten)]
    pub dial: DialArgs,
    #[command(flatten)]
    pub on_top: OnTopArgs,
    #[command(flatten)]
    pub session: SessionArgs,
}

#[derive(Debug, Args)]
pub struct DialArgs {
    #[command(flatten)]
    pub handshake: HandshakeArgs,
    #[command(flatten)]
    pub http: HttpArgs,
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

#[derive(Debug, Args)]
pub struct SessionArgs {
    #[command(flatten)]
    pub run: RunArgs,
    /// Messages of the configuration file, with their names.
    #[arg(skip)]
    pub messages: Vec<(String, String)>,
    /// Send a message first; @FILE sends the content of a file
    ///
    /// May be repeated. Messages are sent in the given order, before the prompt opens or stdin is
    /// read. Each is of the kind that stdin would be: text, or binary with --binary, --hex or
    /// --base64. To send a text that starts with @, write @@.
    #[arg(long, help_heading = Heading::Pipes, value_name = "TEXT|@FILE", action = ArgAction::Append)]
    pub send: Vec<Payload>,
    /// After stdin ends, wait for TIME without a message (2s; forever with -n)
    ///
    /// The end of stdin does not cut replies off: wsee keeps receiving until no message has arrived
    /// for TIME (2s by default; with --count, forever), then sends Close 1000 and prints what
    /// arrives before the peer's Close. With 0 it closes at once, and still prints what arrives.
    /// With 'forever' (or -1) the peer, --count or --max-time ends the run. With an empty stdin and
    /// nothing else to send, wsee receives until the server closes, without a time limit.
    #[arg(
        long,
        help_heading = Heading::Pipes,
        value_name = "TIME",
        allow_hyphen_values = true,
        hide_short_help = true
    )]
    pub wait: Option<Wait>,
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
    /// Leave the prompt when the connection ends
    ///
    /// Without this flag the prompt stays after the server has closed or the connection was lost:
    /// variables, timers and the filter are kept, /reconnect opens another connection, and Ctrl-D
    /// leaves with the exit status of the last one. Has no effect in a pipe.
    #[arg(long, hide_short_help = true, help_heading = Heading::Reconnect)]
    pub exit_on_close: bool,
    /// Messages to keep at the prompt: a number or a size (10000, at most 64M)
    ///
    /// /find, /show, /resend and the full screen of /view look at the last messages, in both
    /// directions and over reconnects. A number also keeps to 64 MiB of payload; a size, with a
    /// unit such as 256M, is the only limit. With 0 nothing is kept, and messages at the prompt
    /// have no numbers.
    #[arg(
        long,
        value_name = "N|SIZE",
        hide_short_help = true,
        help_heading = Heading::Output
    )]
    pub keep: Option<Kept>,
    /// Do not save the prompt's history
    ///
    /// Lines typed in this run are not saved in the state directory. Lines that start with a space
    /// never are.
    #[arg(long, hide_short_help = true, help_heading = Heading::Output)]
    pub no_history: bool,
    /// Send {{…}} at the prompt as it is typed
    ///
    /// By default {{NAME}} in a message stands for a variable of /set or /capture.
    #[arg(long, hide_short_help = true, help_heading = Heading::Output)]
    pub no_variables: bool,
}

impl SessionArgs {
    pub fn is_pipe(&self) -> bool {
        self.pipe.is_given() || self.format.print.is_given()
    }
}
