//! `wsee demo`: the embedded server and a connection to it.

use clap::Args;

use super::connect::SessionArgs;
use super::handshake::HandshakeArgs;
use super::limit::ClientLimitArgs;

/// Try wsee on a built-in echo server; needs no network
///
/// Starts an echo server on loopback and connects to it as 'wsee URL' would: a prompt on a
/// terminal, a pipe otherwise. Without terminal and input it plays a short tour (text, JSON,
/// binary, fragments, ping, close), shows every frame and exits 0.
#[derive(Debug, Args)]
pub struct DemoArgs {
    #[command(flatten)]
    pub handshake: HandshakeArgs,
    #[command(flatten)]
    pub limit: ClientLimitArgs,
    #[command(flatten)]
    pub session: SessionArgs,
}
