//! `wsee listen`: a server to debug clients with.

use clap::Args;

use super::fault::FaultArgs;
use super::handshake::AcceptArgs;
use super::limit::LimitArgs;
use super::output::DisplayArgs;
use super::replay::ServeArgs;
use super::runner::VariableArgs;
use super::serve::BehaviourArgs;
use super::tls::ServerTlsArgs;
use super::value::listen_address;
use crate::serve::Address;

/// Run a WebSocket server to debug clients with; it echoes
///
/// Accepts WebSocket connections and echoes every message, answers by rules (--rules, --on), passes
/// messages on to the other clients (--broadcast, --chat), or plays a recorded server (--replay). A
/// client that reads nothing for 10 seconds, or leaves more than 16 MiB from other clients unread, is
/// disconnected. --fault and --flap make it misbehave. Stop it with Ctrl-C.
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
    pub variables: VariableArgs,
    #[command(flatten)]
    pub serve: ServeArgs,
    #[command(flatten)]
    pub accept: AcceptArgs,
    #[command(flatten)]
    pub tls: ServerTlsArgs,
    #[command(flatten)]
    pub limit: LimitArgs,
    #[command(flatten)]
    pub fault: FaultArgs,
    #[command(flatten)]
    pub display: DisplayArgs,
}
