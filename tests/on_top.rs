//! `--as`: protocols on top of WebSocket, against scripted servers.

mod actioncable;
mod graphql;
mod hostile;
mod jsonrpc;
mod mqtt;
mod page;
mod phoenix;
mod pipe;
mod polling;
mod prompt;
mod pusher;
mod signalr;
mod stomp;
mod version;
mod view;

use std::net::TcpStream;

use crate::support::peer::{Message, Peer, scripted};
use crate::support::server::Server;

/// The open packet of a server of version 4, with timers that no test waits for.
pub const OPEN: &str = "0{\"sid\":\"a\",\"upgrades\":[],\"pingInterval\":25000,\"pingTimeout\":20000,\"maxPayload\":1000000}";
/// The answer to a CONNECT.
pub const CONNECTED: &str = "40{\"sid\":\"b\"}";

/// A server that opens a session and accepts the main namespace, before it goes on.
pub fn socket_io<T: Send + 'static>(
    script: impl FnOnce(&mut Peer<TcpStream>) -> T + Send + 'static,
) -> Server<T> {
    scripted(|mut peer| {
        peer.send(OPEN);
        peer.expect("40");
        peer.send(CONNECTED);
        let result = script(&mut peer);
        peer.record();
        result
    })
}

/// The text of the next message.
#[track_caller]
pub fn text(peer: &mut Peer<TcpStream>) -> String {
    match peer.receive() {
        Message::Text(text) => text.to_string(),
        other => panic!("no text: {other:?}"),
    }
}
