//! Faults before a connection is open.

use std::io::{Read, Write};
use std::time::Duration;

use rustix::process::Signal;
use tokio_tungstenite::tungstenite::client::client;

use super::{faulty, opened, rest, stop_after, timed};
use crate::listen::{exchange, listening, request};
use crate::support::run::wsee;

#[test]
fn the_first_connections_are_refused_and_the_next_one_is_served() {
    let server = faulty(&["refuse 2 429 retry-after 7"]);
    for number in 1..=2 {
        let mut stream = server.connect();
        let response = exchange(&mut stream, request(""));
        assert!(
            response.starts_with("HTTP/1.1 429 Too Many Requests\r\n"),
            "{response}"
        );
        assert!(response.contains("\r\nRetry-After: 7\r\n"), "{response}");
        assert!(rest(&mut stream).expect("an orderly end").is_empty());
        let note = format!("fault: refuse with 429 ({number} of 2)\n");
        server.running.wait_for_stderr(&note);
    }
    let mut client = server.open();
    client.send("hi");
    client.expect("hi");
}

#[test]
fn only_the_connection_with_the_number_is_struck() {
    let server = faulty(&["refuse 1 on connection 2"]);
    server.open();
    let response = exchange(&mut server.connect(), request(""));
    assert!(
        response.starts_with("HTTP/1.1 503 Service Unavailable\r\n"),
        "{response}"
    );
    server.open();
    stop_after(server, "@2 ").says("fault: refuse with 503\n");
}

#[test]
fn a_mute_server_reads_and_never_answers() {
    let server = faulty(&["mute"]);
    let mut stream = server.connect();
    stream
        .write_all(request("").as_bytes())
        .expect("a connection");
    let patience = Some(Duration::from_millis(300));
    stream.set_read_timeout(patience).expect("a socket");
    stream.read(&mut [0]).expect_err("silence");
    drop(stream);
    stop_after(server, "@1 * disconnected\n").says("fault: mute\n");
}

#[test]
fn a_mute_client_does_not_keep_the_server_from_ending() {
    let server = faulty(&["mute"]);
    let _stream = server.connect();
    server.running.wait_for_stderr("fault: mute");
    let (output, took) = timed(|| server.stop(Signal::INT));
    output.exits(130);
    assert!(took < Duration::from_millis(1500), "{took:?}");
}

#[test]
fn a_late_answer_is_late_and_valid() {
    let server = faulty(&["late 400ms"]);
    let (mut client, took) = timed(|| server.open());
    assert!(took >= Duration::from_millis(400), "{took:?}");
    client.send("hi");
    client.expect("hi");
    server
        .running
        .wait_for_stderr("fault: late, the answer follows in 400.0 ms\n");
}

#[test]
fn a_wrong_accept_is_noticed_by_clients() {
    let server = faulty(&["wrong-accept"]);
    client(server.url(), server.connect()).expect_err("a handshake that fails");
    wsee(&[&server.url(), "-1"])
        .run()
        .exits(112)
        .says("Sec-WebSocket-Accept");
    stop_after(server, "@2 ").says("fault: wrong-accept\n");
}

#[test]
fn a_wrong_subprotocol_was_not_offered() {
    let server = faulty(&["wrong-subprotocol"]);
    let response = exchange(
        &mut server.connect(),
        request("Sec-WebSocket-Protocol: not-offered\r\n"),
    );
    let wrong = "\r\nSec-WebSocket-Protocol: really-not-offered\r\n";
    assert!(response.contains(wrong), "{response}");
    wsee(&[&server.url(), "-s", "chat", "-1"])
        .run()
        .exits(112)
        .says("not-offered");
}

#[test]
fn a_redirect_leads_elsewhere() {
    let other = listening(&[]);
    let server = faulty(&[&format!("redirect {}", other.url())]);
    wsee(&["-L", &server.url(), "-1"])
        .stdin("hi\n")
        .run()
        .exits(0)
        .prints("hi\n");
    let note = format!("fault: redirect {}\n", other.url());
    stop_after(server, &note).says("> HTTP/1.1 302 Found\n");
}

#[test]
fn connections_without_faults_are_served_as_ever() {
    let server = faulty(&["mute on connection 2", "latency 1h on connection 3"]);
    let stream = opened(&server);
    drop(stream);
    stop_after(server, "@1 * ").never_says("fault:");
}
