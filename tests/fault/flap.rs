//! A server that comes and goes.

use std::io::ErrorKind;
use std::net::TcpStream;
use std::time::{Duration, Instant};

use super::{faulty_with, opened, rest, stop_after};
use crate::listen::listening;
use crate::support::DEADLINE;
use crate::support::run::wsee;

#[test]
fn connections_are_cut_and_refused_until_the_server_is_up_again() {
    let server = listening(&["--flap", "800ms/500ms"]);
    let mut stream = opened(&server);
    assert!(rest(&mut stream).expect("an orderly end").is_empty());
    drop(stream);
    server
        .running
        .wait_for_stderr("fault: flap, down for 500ms\n");
    let connect = || TcpStream::connect(("127.0.0.1", server.port));
    let error = connect().expect_err("nobody listens");
    assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
    let end = Instant::now() + DEADLINE;
    while connect().is_err() {
        assert!(Instant::now() < end, "the server never came back");
        std::thread::sleep(Duration::from_millis(20));
    }
    stop_after(server, "fault: flap, up again\n")
        .says("@1 * connection dropped by us (TCP FIN), no Close frame sent");
}

#[test]
fn clients_that_are_kept_waiting_are_cut_as_well() {
    for fault in ["mute", "late 1h", "silent after 0s", "latency 1h"] {
        let server = faulty_with(&[fault], &["--flap", "500ms/1h"]);
        let mut stream = server.connect();
        let request = crate::listen::request("");
        std::io::Write::write_all(&mut stream, request.as_bytes()).expect("a connection");
        // Ended or reset.
        let _ = rest(&mut stream);
        server.running.wait_for_stderr("fault: flap, down for 1h\n");
    }
}

#[test]
fn a_client_that_reconnects_gets_all_its_answers() {
    let server = listening(&["--flap", "2s/200ms"]);
    let args = [&server.url(), "--reconnect", "-n", "3"];
    let mut client = wsee(&args).stdin_held_open().spawn();
    for number in 0..3 {
        // What is sent while the connection is cut may be lost.
        let opened = format!("@{} > HTTP/1.1 101 ", number + 1);
        server.running.wait_for_stderr(&opened);
        client.send(format!("{number}\n"));
        client.wait_for_stdout(&format!("{number}\n"));
    }
    client.wait().exits(0).says("reconnecting in ");
}
