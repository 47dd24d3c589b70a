//! Others' servers, with what stands in front of them in practice.

use super::{Library, Server};
use crate::middlebox::{haproxy, nginx};
use crate::support::run::wsee;

/// Sends small and large messages through a proxy that ends TLS, and closes.
fn converse(server: &Server, url: &str, ca: &str) {
    let large = "0123456789".repeat(30_000);
    let input = format!("one\n{large}\n/bin 00 ff\n");
    let closes = ["--close-code", "4000", "--close-reason", "enough"];
    let args = [
        &[url, "--cacert", ca, "-v", "--commands", "--wait", "1s"],
        &closes[..],
    ]
    .concat();
    wsee(&args)
        .stdin(input)
        .run()
        .exits(0)
        .prints(format!("one\n{large}\nAP8=\n"))
        .says("* open: permessage-deflate ")
        .says("; compressed to ");
    server.saw_end("4000 enough");
}

#[test]
#[ignore = "needs nginx and Python's websockets"]
fn websockets_behind_nginx() {
    let server = Library::Websockets.serve(&[]);
    let nginx = nginx::start(server.port);
    converse(&server, &nginx.wss("/echo"), nginx.authority.path());
}

#[test]
#[ignore = "needs HAProxy and npm's ws"]
fn ws_behind_haproxy() {
    let server = Library::Ws.serve(&[]);
    let haproxy = haproxy::start(server.port);
    converse(&server, &haproxy.wss("/echo"), haproxy.authority.path());
}
