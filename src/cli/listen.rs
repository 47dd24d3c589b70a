//! `wsee listen`: a server to debug clients with.

use std::path::PathBuf;

use clap::{ArgAction, Args, ValueHint};

use super::display::DisplayArgs;
use super::limit::LimitArgs;
use super::serve::ServeArgs;
use super::value::ListenAddr;

const ADDR_HELP: &str = "\
PORT, :PORT, HOST:PORT or [::1]:PORT; port 0 is any free one

Without a host it is 127.0.0.1, which only this machine reaches; 0.0.0.0:PORT or [::]:PORT is \
reached from the network.";

/// Run a WebSocket server to debug clients with; it echoes
///
/// Accepts WebSocket connections and answers every message with itself, or plays a recorded server
/// (--replay). Ends with Ctrl-C.
#[derive(Debug, Args)]
pub struct ListenArgs {
    /// Where to listen.
    #[arg(
        default_value = "127.0.0.1:9001",
        help = "PORT, :PORT, HOST:PORT or [::1]:PORT; port 0 is any free one",
        long_help = ADDR_HELP
    )]
    pub addr: ListenAddr,
    /// What it sends.
    #[command(flatten)]
    pub serve: ServeArgs,
    /// What the server agrees to.
    #[command(flatten)]
    pub accept: AcceptArgs,
    /// How the server proves who it is.
    #[command(flatten)]
    pub tls: ServerTlsArgs,
    /// What an endpoint puts up with.
    #[command(flatten)]
    pub limit: LimitArgs,
    /// What is shown.
    #[command(flatten)]
    pub display: DisplayArgs,
}

/// Which handshakes are accepted.
#[derive(Debug, Args)]
#[command(next_help_heading = "Handshake")]
#[expect(
    clippy::doc_markdown,
    reason = "clap prints these comments as they are"
)]
pub struct AcceptArgs {
    /// Speak these subprotocols, most wanted first; repeat or comma list
    ///
    /// The first that the client offers is chosen. By default, and if it offers none of them, the
    /// response names no subprotocol.
    #[arg(short, long, value_name = "NAMES", action = ArgAction::Append)]
    pub subprotocol: Vec<String>,
    /// Set these parameters of permessage-deflate (RFC 7692)
    ///
    /// Such as 'permessage-deflate; server_no_context_takeover; client_max_window_bits=10', as far
    /// as a client's offer allows them. By default wsee agrees to what a client offers.
    #[arg(long, value_name = "PARAMS", conflicts_with = "no_compress")]
    pub compress: Option<String>,
    /// Do not agree to compression
    ///
    /// Clients that offer permessage-deflate are answered without it.
    #[arg(long)]
    pub no_compress: bool,
    /// Accept only requests with this Origin; repeatable
    ///
    /// Others, and requests without an Origin, get 403. By default every origin is accepted.
    #[arg(long, value_name = "ORIGIN", action = ArgAction::Append)]
    pub origin: Vec<String>,
}

/// TLS on the server's side.
#[derive(Debug, Args)]
#[command(next_help_heading = "TLS")]
pub struct ServerTlsArgs {
    /// Serve wss:// with a certificate made for this run
    ///
    /// It is self-signed: clients must be told to accept it (wsee -k). Use --cert and --key for one
    /// of your own, which imply --tls.
    #[arg(long)]
    pub tls: bool,
    /// Serve wss:// with this certificate chain (PEM)
    ///
    /// Needs --key. Implies --tls.
    #[arg(long, value_name = "FILE", requires = "key", value_hint = ValueHint::FilePath)]
    pub cert: Option<PathBuf>,
    /// The private key of --cert (PEM)
    ///
    /// Needs --cert.
    #[arg(long, value_name = "FILE", requires = "cert", value_hint = ValueHint::FilePath)]
    pub key: Option<PathBuf>,
    /// Let in only clients with a certificate that the CAs in FILE (PEM) signed
    ///
    /// To try a client's certificate (wsee --cert). Implies --tls.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub client_ca: Option<PathBuf>,
}
