//! `wsee proxy`: between a client and a server.

use std::path::PathBuf;

use clap::{
    ArgAction, ArgGroup, ArgMatches, Args, Command, FromArgMatches, Subcommand, ValueEnum,
    ValueHint,
};
use std::num::NonZeroUsize;

use super::DialArgs;
use super::fault::FaultArgs;
use super::heading::Heading;
use super::output::DisplayArgs;
use super::runner::VariableArgs;
use super::subset::Subset;
use super::value::{ValueError, clients, listen_address};
use crate::acceptor::Address;
use crate::proxy::Intercept;

/// Pass clients on to a server, and show what passes, exactly as it came
///
/// The client only changes its URL. Frames pass as they come, with their fragments, reserved bits,
/// control frames and mistakes; only masks are made again. Compression is agreed between client and
/// server, and messages are inflated on a copy. A message of any size passes in constant memory. Host
/// and Origin are rewritten to those of UPSTREAM. Flags of a connection are those of the connection to
/// UPSTREAM, such as --http; the log is on stderr. With --http2 clients may use HTTP/2 as well. Stop it
/// with Ctrl-C.
///
/// With --forward, clients that cannot change their URL have wsee as their HTTP proxy.
#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    disable_help_subcommand = true,
    override_usage = "wsee proxy [OPTIONS] [LISTEN] <UPSTREAM>\n       wsee proxy [OPTIONS] --forward <LISTEN> [--intercept <HOST>]…\n       wsee proxy ca"
)]
pub struct ProxyingArgs {
    #[command(subcommand)]
    pub command: Option<ProxyingCommand>,
    /// PORT, :PORT, HOST:PORT or [::1]:PORT; port 0 takes any free port; by default 127.0.0.1:9001
    ///
    /// The default host is 127.0.0.1, which is reachable from this machine only; use 0.0.0.0:PORT
    /// or [::]:PORT to accept connections from the network. A single argument is UPSTREAM.
    pub listen: Option<String>,
    /// The server: a ws:// or wss:// URL; the scheme is optional, and :PORT/PATH means localhost
    ///
    /// Without a path the client's path and query pass. A path takes the place of /, and goes before
    /// any other path. Only WebSocket connections pass: a Socket.IO client that polls first needs
    /// websocket as its only transport, or --forward.
    #[arg(value_hint = ValueHint::Url)]
    pub upstream: Option<String>,
    #[command(flatten)]
    pub forward: ForwardArgs,
    #[command(flatten)]
    pub front: FrontArgs,
    #[command(flatten)]
    pub connection: UpstreamArgs,
    #[command(flatten)]
    pub rule: PassArgs,
    #[command(flatten)]
    pub variables: VariableArgs,
    #[command(flatten)]
    pub fault: FaultArgs,
    #[command(flatten)]
    pub output: ProxyingOutputArgs,
    #[command(flatten)]
    pub display: DisplayArgs,
}

impl ProxyingArgs {
    /// LISTEN and UPSTREAM.
    ///
    /// clap's own way to leave out the first of two takes LISTEN for UPSTREAM where a flag follows it.
    ///
    /// # Errors
    ///
    /// If LISTEN is no address.
    pub fn ends(&self) -> Result<(Option<Address>, Option<&str>), ValueError> {
        match (&self.listen, &self.upstream) {
            (Some(listen), Some(upstream)) => Ok((Some(listen_address(listen)?), Some(upstream))),
            (alone, _) => Ok((None, alone.as_deref())),
        }
    }
}

#[derive(Debug, Subcommand)]
pub enum ProxyingCommand {
    /// Print the file of the CA of --forward, and how programs trust it
    ///
    /// The file is on stdout, so that curl --cacert "$(wsee proxy ca -q)" works; how to use it with Node,
    /// Python, curl, Chromium and Java is on stderr. The CA is made if there is none yet.
    Ca {
        /// Print the file only
        ///
        /// Nothing is on stderr.
        #[arg(short, long)]
        quiet: bool,
    },
}

#[derive(Debug, Args)]
#[command(next_help_heading = Heading::Forward)]
pub struct ForwardArgs {
    /// Be the HTTP proxy of clients that name their server; PORT, :PORT, HOST:PORT or [::1]:PORT
    ///
    /// Takes CONNECT and requests with an absolute URL. What is not named by --intercept passes unseen:
    /// a tunnel is counted, and has one line in the log. Services of this machine alone, at loopback
    /// addresses, are refused to clients from elsewhere unless --intercept names their host; * is not enough.
    /// A proxy for the connections to the servers, from a variable such as
    /// https_proxy, must not be this one.
    #[arg(
        long,
        value_name = "LISTEN",
        value_parser = listen_address,
        conflicts_with_all = [
            "listen", "upstream", "keep_host", "keep_origin", "rewrite_cookies", "allow_origin",
            "user", "bearer", "bearer_env", "netrc", "netrc_file", "http2_prior_knowledge",
        ]
    )]
    pub forward: Option<Address>,
    /// Open the connections to this host: HOST, HOST:PORT, *.HOST or *; repeatable
    ///
    /// *.example.com is every name below example.com, but not example.com itself; * is every host. Without
    /// a port, every port is opened. TLS ends at the proxy, with a certificate of its own CA, which the client
    /// has to trust (wsee proxy ca), and begins again to the server. A WebSocket is shown and may be changed
    /// as in front of one server; other requests pass unchanged, with a line each with -v. What is neither
    /// TLS nor HTTP/1.1 stays a tunnel. Clients speak HTTP/1.1; --http 2 and auto are for the WebSockets to
    /// servers with TLS.
    ///
    /// HOST is what the client asks the proxy for. A client that asks for an address, as it resolves names by
    /// itself, is opened by the name in its TLS (SNI) as well, for which the server's certificate has to be.
    #[arg(long, value_name = "HOST", action = ArgAction::Append, requires = "forward")]
    pub intercept: Vec<Intercept>,
}

#[derive(Debug, Args)]
#[command(next_help_heading = Heading::Front)]
#[expect(clippy::struct_excessive_bools, reason = "independent flags")]
pub struct FrontArgs {
    /// Serve clients over wss:// with a certificate generated for this run
    ///
    /// The certificate is self-signed, so clients must accept it explicitly (wsee -k). To use a
    /// certificate of your own, pass --front-cert and --front-key, which imply --tls.
    #[arg(long)]
    pub tls: bool,
    /// Serve clients over wss:// with this certificate chain (PEM)
    ///
    /// Needs --front-key. Implies --tls.
    #[arg(long, value_name = "FILE", requires = "front_key", value_hint = ValueHint::FilePath)]
    pub front_cert: Option<PathBuf>,
    /// The private key of --front-cert (PEM)
    ///
    /// Needs --front-cert.
    #[arg(long, value_name = "FILE", requires = "front_cert", value_hint = ValueHint::FilePath)]
    pub front_key: Option<PathBuf>,
    /// Let clients use HTTP/2 as well (RFC 8441)
    ///
    /// With --tls, clients choose by ALPN (h2, http/1.1); without it, one that begins with HTTP/2 gets it
    /// (prior knowledge). Each stream that asks for a WebSocket is a connection of its own, to UPSTREAM as
    /// well, and the bytes of its DATA frames pass as those of TCP do: END_STREAM is the end of a stream,
    /// and RST_STREAM a reset, with the same code where the other end speaks HTTP/2.
    ///
    /// UPSTREAM is spoken to by --http, by default over HTTP/1.1, whatever the client speaks. With --http 2
    /// or auto, the SETTINGS for clients allow extended CONNECT only if those of UPSTREAM do, for which
    /// wsee makes a connection of its own before the first client gets them.
    #[arg(long, conflicts_with = "forward", hide_short_help = true)]
    pub http2: bool,
    /// Accept only clients with this Origin; repeatable
    ///
    /// Others, and those without an Origin, get 403. By default every origin is accepted.
    #[arg(long, value_name = "ORIGIN", action = ArgAction::Append)]
    pub allow_origin: Vec<String>,
    /// Send the client's Host to UPSTREAM
    ///
    /// By default it is replaced by that of UPSTREAM, as many servers answer 403 or 404 to another.
    #[arg(long)]
    pub keep_host: bool,
    /// Send the client's Origin to UPSTREAM
    ///
    /// By default it is replaced by the origin of UPSTREAM, as servers that check it answer 403 to
    /// another. A client without an Origin gets none.
    #[arg(long, conflicts_with = "origin")]
    pub keep_origin: bool,
    /// Let clients keep the cookies that UPSTREAM sets
    ///
    /// Removes Domain, Secure and SameSite=None from Set-Cookie, with which a browser would not keep
    /// the cookie for the proxy's address.
    #[arg(long)]
    pub rewrite_cookies: bool,
    /// Pass at most N clients on at a time
    ///
    /// Others get 503. By default there is no limit.
    #[arg(long, value_name = "N", value_parser = clients)]
    pub max_clients: Option<NonZeroUsize>,
}

#[derive(Debug, Args)]
#[command(
    next_help_heading = Heading::Behaviour,
    group = ArgGroup::new("passing").args(["rules", "on"]).multiple(true)
)]
pub struct PassArgs {
    /// Change what passes by the rules in FILE
    ///
    /// A rule begins with 'on', perhaps client or server, and a PATTERN as in wsee listen --rules; without
    /// an end it is about both. Below it, indented, is what becomes of a message that matches: delay TIME,
    /// drop, replace TEXT, set FILTER (jq, such as set .token = "x"), duplicate, corrupt, close CODE or
    /// reset. The first rule that matches counts. Later messages of the same end wait behind one that is
    /// delayed. A message is whole before a rule sees it; one larger than --max-message passes unseen.
    ///
    /// Everything else passes as it came. What is changed is sent uncompressed, and is noted with the place
    /// of its rule; if the connection is compressed with context takeover, later compressed messages of that
    /// end refer to it and are sent uncompressed as well.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub rules: Option<PathBuf>,
    /// Do STEP with each message that matches PATTERN; repeatable
    ///
    /// As in a file of rules, such as --on 'client text ping=drop'. PATTERN is complete at the first =
    /// before which it is valid. It comes before the rules of --rules.
    #[arg(long, value_name = "PATTERN=STEP", action = ArgAction::Append)]
    pub on: Vec<String>,
    /// Check the rules of --rules and --on for mistakes, without listening
    ///
    /// The exit status is 0, or 2 with the places of all mistakes. UPSTREAM may be missing.
    #[arg(long, requires = "passing")]
    pub check: bool,
}

#[derive(Debug, Args)]
#[command(next_help_heading = Heading::Output)]
pub struct ProxyingOutputArgs {
    /// Print the events of all connections on stdout, as JSON lines
    ///
    /// As for wsee URL --jsonl, with the number of the connection in the field connection, and the
    /// end that an event comes from in the field side. What the client sends has the direction sent.
    /// When stdout is closed, wsee ends.
    #[arg(long)]
    pub jsonl: bool,
    /// Record each connection in a file of its own in DIR
    ///
    /// The names have the time of the start and the number of the connection. wsee replay sends again
    /// what the client sent. What rules or the user at the prompt have changed is recorded as it left the proxy,
    /// when it left; in .jsonl the fault below it says so, and a .wsee scenario expects what the server
    /// sent. DIR is created if it is missing. Secrets in URLs and header fields are masked (see
    /// --show-secrets); payload is recorded as it is. A message larger than --max-message is left out.
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub record: Option<PathBuf>,
    /// The format of --record: jsonl, har or wsee
    ///
    /// As for wsee URL --record.
    #[arg(
        long,
        value_name = "FORMAT",
        value_enum,
        default_value_t = RecordFormat::Jsonl,
        hide_possible_values = true,
        requires = "record"
    )]
    pub record_format: RecordFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum RecordFormat {
    Jsonl,
    Har,
    Wsee,
}

/// The flags of `wsee URL` that say how to connect, as far as they have a meaning for frames that pass.
#[derive(Debug)]
pub struct UpstreamArgs(pub DialArgs);

/// Flags of an endpoint: what passes is not the proxy's own.
const ENDPOINT: [&str; 10] = [
    "like",
    "require_subprotocol",
    "lenient",
    "cookie_jar",
    "idle_timeout",
    "close_timeout",
    "ping_interval",
    "ping_timeout",
    "fragment",
    "no_auto_pong",
];

fn subset() -> Subset {
    Subset::of::<DialArgs>(&ENDPOINT)
}

impl Args for UpstreamArgs {
    fn augment_args(command: Command) -> Command {
        subset().add_to(command)
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for UpstreamArgs {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let dial = DialArgs::augment_args(Command::new("wsee")).no_binary_name(true);
        let matches = dial.try_get_matches_from(subset().typed(matches))?;
        DialArgs::from_arg_matches(&matches).map(Self)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}
