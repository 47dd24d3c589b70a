//! Others' clients connect again and again to a server that misbehaves.

use std::path::Path;

use rustix::process::Signal;

use super::browser::chromium;
use super::{DEADLINE, Library};
use crate::listen::{Listening, listening_for};
use crate::support::peer::recording;

/// One fault for each connection, and how Python's websockets, npm's ws and Chromium find it.
const FOUND: [(&str, [&str; 3]); 20] = [
    (
        "refuse 1 503",
        [
            "refused 503",
            "failed Unexpected server response: 503",
            "failed",
        ],
    ),
    (
        "mute",
        [
            "no answer",
            "failed Opening handshake has timed out",
            "no answer",
        ],
    ),
    ("late 200ms", ["one two three open"; 3]),
    (
        "wrong-accept",
        [
            "failed InvalidHeaderValue",
            "failed Invalid Sec-WebSocket-Accept header",
            "failed",
        ],
    ),
    (
        "wrong-subprotocol",
        [
            "failed NegotiationError",
            "failed Server sent a subprotocol but none was requested",
            "failed",
        ],
    ),
    ("fin after 2 messages", ["one two closed 1006"; 3]),
    ("rst after 2 messages", ["one two closed 1006"; 3]),
    ("close 4001 after 1 message", ["one closed 4001"; 3]),
    ("cut in message 2", ["one closed 1006"; 3]),
    ("silent after 1 message", ["one open"; 3]),
    ("no-close", ["one two three open"; 3]),
    ("no-read", ["open"; 3]),
    ("latency 50ms±20ms", ["one two three open"; 3]),
    ("bandwidth 2K/s", ["one two three open"; 3]),
    ("one-byte", ["one two three open"; 3]),
    ("drop 100%", ["open"; 3]),
    ("duplicate 100%", ["one one two two three three open"; 3]),
    ("reorder 100%", ["two one open"; 3]),
    ("bad-utf8 100%", ["closed 1006"; 3]),
    ("fragments", ["one two three open"; 3]),
];

/// The server, and the number of connections.
fn server() -> (Listening, String) {
    let numbered = (1..).zip(FOUND);
    let faults: Vec<String> = numbered
        .map(|(number, (fault, _))| format!("{fault} on connection {number}"))
        .collect();
    let faults = faults.iter().flat_map(|fault| ["--fault", fault.as_str()]);
    let args: Vec<&str> = faults.collect();
    (listening_for(DEADLINE, &args), FOUND.len().to_string())
}

/// What a client finds, one line for each connection.
fn found(client: usize) -> Vec<String> {
    let numbered = (1..).zip(FOUND);
    numbered
        .map(|(number, (_, found))| format!("{number} {}", found[client]))
        .collect()
}

#[test]
#[ignore = "needs Python's websockets and npm's ws"]
fn libraries_reconnect_through_every_fault() {
    for (client, library) in [Library::Websockets, Library::Ws].into_iter().enumerate() {
        let (server, count) = server();
        let port = server.port.to_string();
        let output = library.script("reconnect", &[&port, &count]).run();
        output.exits(0).prints(found(client).join("\n") + "\n");
        let log = server.stop(Signal::TERM).exits(143);
        log.says("fault: cut in message 2\n")
            .says("fault: no-read\n")
            .says("fault: no-close, ");
    }
}

#[test]
#[ignore = "needs Chromium"]
fn chromium_reconnects_through_every_fault() {
    let (server, count) = server();
    let report = recording();
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peer/reconnect.html");
    let (page, faulty, report_to) = (page.display(), server.port, report.port());
    let url = format!("file://{page}?faulty={faulty}&report={report_to}&count={count}");
    let _chromium = chromium(&[&url]).spawn();
    let received = report.serve();
    let texts = received.messages.iter().map(ToString::to_string);
    assert_eq!(texts.collect::<Vec<_>>(), found(2));
    server.stop(Signal::TERM).exits(143);
}
