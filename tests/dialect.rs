//! The protocol on top of WebSocket is named, once, where a person reads it.

use crate::support::peer::{Peer, scripted};
use crate::support::pty::terminal;
use crate::support::run::wsee;
use crate::support::server::Server;

const OPEN: &str = "0{\"sid\":\"a\",\"upgrades\":[],\"pingInterval\":25000,\"maxPayload\":1}";
const HINT: &str = "hint: this speaks Engine.IO 4 (Socket.IO); add --as socket.io";

/// Starts a server that sends two messages and closes.
fn engine_io() -> Server<()> {
    scripted(|mut peer: Peer| {
        peer.send(OPEN);
        peer.send(OPEN);
        peer.close(1000, "");
    })
}

#[test]
fn a_pipe_names_it_with_v_and_once() {
    let server = engine_io();
    let output = wsee(&[server.url(), "-v"]).run().exits(0).says(HINT);
    assert_eq!(
        output.stderr.matches("hint: ").count(),
        1,
        "{}",
        output.stderr
    );
    assert_eq!(output.stdout, format!("{OPEN}\n{OPEN}\n").into_bytes());
}

#[test]
fn a_url_that_says_it_is_enough() {
    let server = engine_io();
    let url = format!("{}/socket.io/?EIO=4&transport=websocket", server.url());
    let output = wsee(&[&url, "-v"]).run().exits(0).says(HINT);
    assert_eq!(
        output.stderr.matches("hint: ").count(),
        1,
        "{}",
        output.stderr
    );
}

#[test]
fn a_pipe_without_v_gets_no_dialect_hint() {
    let server = engine_io();
    wsee(&[server.url()]).run().exits(0).never_says("hint: ");
}

#[test]
fn the_prompt_names_it_below_the_message() {
    let server = scripted(|mut peer: Peer| {
        peer.send(OPEN);
        peer.record();
    });
    let mut terminal = terminal(&[server.url()]).prompt();
    terminal.wait_for("hint: this speaks Engine.IO 4");
    terminal.press("\x04");
    assert_eq!(terminal.finish(), 0);
}
