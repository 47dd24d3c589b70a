//! `wsee listen`: a server to debug clients with.

use clap::Args;

use super::handshake::AcceptArgs;
use super::limit::LimitArgs;
use super::output::DisplayArgs;
use super::replay::ServeArgs;
use super::tls::ServerTlsArgs;
use super::value::listen_address;
use crate::serve::Address;

/// Run a WebSocket server to debug clients with; it echoes
///
/// Accepts WebSocket connections and answers every message with itself, or plays a recorded server
/// (--replay). Ends with Ctrl-C.
#[derive(Debug, Args)]
pub struct ListenArgs {
    /// PORT, :PORT, HOST:PORT or [::1]:PORT; port 0 is any free one
    ///
    /// Without a host it is 127.0.0.1, which only this machine reaches; 0.0.0.0:PORT or [::]:PORT is
    /// reached from the network.
    #[arg(default_value = "127.0.0.1:9001", value_parser = listen_address)]
    pub addr: Address,
    #[command(flatten)]
    pub serve: ServeArgs,
    #[command(flatten)]
    pub accept: AcceptArgs,
    #[command(flatten)]
    pub tls: ServerTlsArgs,
    #[command(flatten)]
    pub limit: LimitArgs,
    #[command(flatten)]
    pub display: DisplayArgs,
}
