//! Faults on the way.

use std::io::{Read, Write};
use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::exact::read;
use super::proxying;
use crate::listen::{exchange, listening, request};
use crate::support::peer::Message;

const LATENCY: Duration = Duration::from_millis(300);

#[test]
fn latency_strikes_one_direction_or_both() {
    let server = listening(&[]);
    for (fault, ways) in [
        ("latency 300ms", 2),
        ("server latency 300ms", 1),
        ("client latency 300ms", 1),
    ] {
        let proxy = proxying(&server.url(), &["--fault", fault]);
        let mut client = proxy.open();
        let started = Instant::now();
        client.send(Message::text("a"));
        client.expect("a");
        let took = started.elapsed();
        assert!(took >= LATENCY * ways, "{fault}: {took:?}");
        assert!(
            took < LATENCY * (ways + 1) + Duration::from_secs(2),
            "{fault}: {took:?}"
        );
        client.close(1000, "");
        proxy.running.wait_for_stderr("closed by client");
    }
    server.stop(Signal::INT);
}

#[test]
fn messages_of_one_side_are_dropped_and_not_compressed() {
    let server = listening(&[]);
    let proxy = proxying(
        &server.url(),
        &[
            "--fault",
            "client drop 100%",
            "--fault",
            "server duplicate 100%",
        ],
    );
    let mut client = crate::support::run::wsee(&[&proxy.url(), "--wait", "300ms"])
        .stdin("a\nb\n")
        .run()
        .exits(0);
    assert_eq!(client.stdout, b"");
    client = proxy.stop(Signal::INT).exits(130);
    client
        .says("@1 > Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits  ⇒  (left out)\n")
        .says("! fault: drop message 1, from the client\n")
        .says("! fault: drop message 2, from the client\n");
    let log = server.stop(Signal::INT);
    log.never_says("text 1 B");
    let server = listening(&[]);
    let proxy = proxying(&server.url(), &["--fault", "server duplicate 100%"]);
    let mut client = proxy.open();
    client.send(Message::text("a"));
    client.expect("a");
    client.expect("a");
    server.stop(Signal::INT).says("← text 1 B   a\n");
}

#[test]
fn a_message_is_cut_on_its_way_to_the_client() {
    let server = listening(&[]);
    let proxy = proxying(&server.url(), &["--fault", "cut in message 2"]);
    let mut client = proxy.connect();
    exchange(&mut client, request(""));
    client
        .write_all(b"\x81\x84\0\0\0\0abcd\x81\x84\0\0\0\0efgh")
        .expect("a connection");
    assert_eq!(read(&mut client, 6), b"\x81\x04abcd");
    let mut rest = Vec::new();
    client.read_to_end(&mut rest).expect("an orderly end");
    assert_eq!(rest, b"\x81\x04e");
    proxy.running.wait_for_stderr("! fault: cut in message 2\n");
    proxy
        .running
        .wait_for_stderr("@1 * ended by a fault after ");
    server.stop(Signal::INT);
}

#[test]
fn a_fault_closes_with_its_code() {
    let server = listening(&[]);
    let proxy = proxying(&server.url(), &["--fault", "close 1012 after 1 message"]);
    let mut client = proxy.open();
    client.send(Message::text("a"));
    client.expect("a");
    assert_eq!(client.record().close.map(|(code, _)| code), Some(1012));
    proxy
        .running
        .wait_for_stderr("! fault: close 1012 after 1 message\n");
    server.stop(Signal::INT);
}

#[test]
fn the_opening_can_be_refused_and_the_proxy_can_go_away() {
    let server = listening(&[]);
    let args = [
        "--fault",
        "refuse 1 429 retry-after 2",
        "--flap",
        "1500ms/300ms",
    ];
    let proxy = proxying(&server.url(), &args);
    let mut client = proxy.connect();
    let refused = exchange(&mut client, request(""));
    assert!(
        refused.starts_with("HTTP/1.1 429 ") && refused.contains("Retry-After: 2"),
        "{refused}"
    );
    let mut client = proxy.open();
    client.send(Message::text("a"));
    client.expect("a");
    client.record();
    proxy
        .running
        .wait_for_stderr("! fault: flap, down for 300ms\n");
    proxy.running.wait_for_stderr("! fault: flap, up again\n");
    server.stop(Signal::INT);
}
