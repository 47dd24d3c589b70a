//! Others' clients connect again and again to a server that misbehaves.

use std::path::Path;

use rustix::process::Signal;

use super::browser::chromium;
use super::{DEADLINE, Library};
use crate::listen::{Listening, listening_for};
use crate::support::peer::recording;

/// One fault for each connection, and how Python's websockets, npm's ws and Chromium find it.
///
/// A connection that answers no ping is mute; Chromium's pages cannot send one.
const FOUND: [(&str, [&str; 3]); 24] = [
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
    (
        "silent after 1 message",
        ["one mute", "one mute", "one open"],
    ),
    ("no-close", ["one two three open"; 3]),
    (
        "no-pong",
        [
            "one two three mute",
            "one two three mute",
            "one two three open",
        ],
    ),
    ("no-read", ["mute", "mute", "open"]),
    ("latency 50ms±20ms", ["one two three open"; 3]),
    ("bandwidth 2K/s", ["one two three open"; 3]),
    ("one-byte", ["one two three open"; 3]),
    ("drop 100%", ["open"; 3]),
    ("duplicate 100%", ["one one two two three three open"; 3]),
    ("reorder 100%", ["two one open"; 3]),
    ("corrupt 100%", ["ooe twn uhree open"; 3]),
    ("truncate 100%", [" t  open"; 3]),
    ("bad-utf8 100%", ["closed 1006"; 3]),
    ("fragments", ["one two three open"; 3]),
    // The last one, as who follows it connects once more.
    (
        "redirect /elsewhere",
        [
            "one two three open",
            "failed Unexpected server response: 302",
            "failed",
        ],
    ),
];
/// What clients find at a server that comes and goes, in this order: a cut, nobody, and the server again.
const FLAP: &str = "900ms/500ms";
const FLAPPED: [[&str; 3]; 3] = [
    [
        "one two three closed 1006",
        "failed ConnectionRefusedError",
        "one two three open",
    ],
    [
        "one two three closed 1006",
        "failed connect ECONNREFUSED",
        "one two three open",
    ],
    ["one two three closed 1006", "failed", "one two three open"],
];
/// Connections that see all of it twice.
const ATTEMPTS: &str = "20";

/// The server, and the number of connections.
fn server() -> (Listening, String) {
    let numbered = (1..).zip(FOUND);
    let faults: Vec<String> = numbered
        .map(|(number, (fault, _))| format!("{fault} on connection {number}"))
        .collect();
    let faults = faults.iter().flat_map(|fault| ["--fault", fault.as_str()]);
    // What is corrupted is the same in each run.
    let args: Vec<&str> = faults.chain(["--seed", "1"]).collect();
    (listening_for(DEADLINE, &args), FOUND.len().to_string())
}

/// Claims that a client found what flapping looks like.
#[track_caller]
fn assert_flapped(client: usize, lines: &[String]) {
    let mut lines_left = lines.iter();
    for expected in FLAPPED[client] {
        let found = lines_left.any(|line| line.contains(expected));
        assert!(found, "no {expected:?} in its place: {lines:#?}");
    }
}

#[test]
fn no_fault_is_left_out() {
    // Those of HTTP/2 have tests of their own.
    for name in wsee::fault::names().filter(|name| !name.starts_with("http2-")) {
        let is_it = |(fault, _): &(&str, _)| fault.split(' ').next() == Some(name);
        assert!(FOUND.iter().any(is_it), "{name}");
    }
}

#[test]
#[ignore = "needs Python's websockets and npm's ws"]
fn libraries_come_back_to_a_server_that_flaps() {
    for (client, library) in [Library::Websockets, Library::Ws].into_iter().enumerate() {
        let server = listening_for(DEADLINE, &["--flap", FLAP]);
        let port = server.port.to_string();
        let output = library.script("reconnect", &[&port, ATTEMPTS]).run();
        let lines: Vec<_> = String::from_utf8_lossy(&output.exits(0).stdout)
            .lines()
            .map(str::to_owned)
            .collect();
        assert_flapped(client, &lines);
        server.stop(Signal::TERM).says("fault: flap, up again\n");
    }
}

#[test]
#[ignore = "needs Chromium"]
fn chromium_comes_back_to_a_server_that_flaps() {
    let server = listening_for(DEADLINE, &["--flap", FLAP]);
    assert_flapped(2, &found_by_chromium(&server, ATTEMPTS));
    server.stop(Signal::TERM).says("fault: flap, up again\n");
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
    assert_eq!(found_by_chromium(&server, &count), found(2));
    server.stop(Signal::TERM).exits(143);
}

/// What a page of Chromium finds, one line for each connection.
fn found_by_chromium(server: &Listening, count: &str) -> Vec<String> {
    let report = recording();
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peer/reconnect.html");
    let (page, faulty, report_to) = (page.display(), server.port, report.port());
    let url = format!("file://{page}?faulty={faulty}&report={report_to}&count={count}");
    let _chromium = chromium(&[&url]).spawn();
    let received = report.serve();
    received.messages.iter().map(ToString::to_string).collect()
}
