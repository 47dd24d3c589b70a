//! Signals.

use std::time::Duration;

use rustix::process::Signal;

use super::{exchange, listening, request};

/// Ends a server that has clients with `signal`, and claims that each gets a Close frame.
#[track_caller]
fn stopped_by(signal: Signal, status: i32) {
    let server = listening(&[]);
    let clients: Vec<_> = (0..5)
        .map(|_| {
            let mut client = server.open();
            client.send("hello");
            client.expect("hello");
            std::thread::spawn(|| client.record())
        })
        .collect();
    let output = server.stop(signal).exits(status).prints("");
    for client in clients {
        let close = client.join().expect("a client").close;
        assert_eq!(close, Some((1001, String::new())));
    }
    output
        .says("closed: 1001 going away")
        .within(Duration::from_secs(5));
}

#[test]
fn sigint_closes_all_with_1001_and_exits_130() {
    stopped_by(Signal::INT, 130);
}

#[test]
fn sigterm_closes_all_with_1001_and_exits_143() {
    stopped_by(Signal::TERM, 143);
}

#[test]
fn sighup_closes_all_with_1001_and_exits_129() {
    stopped_by(Signal::HUP, 129);
}

#[test]
fn a_client_that_does_not_answer_is_not_waited_for_long() {
    let server = listening(&[]);
    let mut silent = server.connect();
    exchange(&mut silent, request(""));
    let in_handshake = server.connect();
    server
        .stop(Signal::INT)
        .exits(130)
        .within(Duration::from_secs(4));
    drop(in_handshake);
}

#[test]
fn a_second_signal_ends_at_once() {
    let server = listening(&[]);
    let mut silent = server.connect();
    exchange(&mut silent, request(""));
    server.running.signal(Signal::INT);
    server.running.wait_for_stderr("→ close 1001 going away");
    let again = std::time::Instant::now();
    server.stop(Signal::INT).exits(130);
    assert!(again.elapsed() < Duration::from_millis(500));
}
