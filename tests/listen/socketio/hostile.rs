//! Clients of Socket.IO that misbehave.

use std::io::Write;

use rustix::process::Signal;

use super::{UNKNOWN, serving};
use crate::listen::Listening;
use crate::support::peer::Message;
use crate::support::run::peak_memory_of;

/// Claims that a new client is served.
#[track_caller]
fn assert_serves(server: &Listening) {
    let target = server.joined();
    server.post(&target, r#"42["x"]"#);
    assert_eq!(server.get(&target).text(), r#"42["x"]"#);
}

#[test]
fn bodies_that_are_no_payload_are_refused_and_named() {
    let version_4 = "/socket.io/?EIO=4&transport=polling";
    let version_3 = "/socket.io/?EIO=3&transport=polling";
    let deep = format!("42{}", "[".repeat(100_000));
    for (open, body, reason) in [
        (version_4, "abc", "'a' is no type of an Engine.IO packet"),
        (version_4, "", "an empty message is no Engine.IO packet"),
        (
            version_4,
            "4\x1e\x1e4",
            "an empty message is no Socket.IO packet",
        ),
        (version_4, "b%%%", "not valid base64"),
        (
            version_4,
            "4510001-[\"x\"]",
            "announces 10001 attachments; at most 10",
        ),
        (version_4, &deep, "recursion limit exceeded"),
        (
            version_3,
            "2147483648:4hello",
            "a packet of 2147483648 characters, but 6 are left",
        ),
        (version_3, "4hello", "no length before a packet"),
    ] {
        let server = serving(&[]);
        let first = server.get(open).text();
        let target = format!("{open}&sid={}", super::sid(&first));
        if open == version_4 {
            server.post(&target, "40");
        }
        server.post(&target, body);
        server.get(&target).refuses(400, UNKNOWN);
        assert_serves(&server);
        server.stop(Signal::INT).exits(130).says(reason);
    }
}

#[test]
fn bodies_above_the_limit_are_refused_and_the_session_stays() {
    let server = serving(&["--max-message", "1000"]);
    let target = server.joined();
    let large = format!("42[\"{}\"]", "x".repeat(1000));
    assert_eq!(server.post(&target, &large).status, 413);
    let chunked = format!(
        "POST {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n\
         {:x}\r\n{large}\r\n0\r\n\r\n",
        large.len()
    );
    let mut stream = server.connect();
    stream.write_all(chunked.as_bytes()).expect("a connection");
    assert_eq!(super::answer(stream).status, 413);
    server.post(&target, r#"42["x"]"#);
    assert_eq!(server.get(&target).text(), r#"42["x"]"#);

    let mut socket = server.joined_socket();
    socket.send(Message::text(large));
    let close = socket.record().close.expect("a close frame");
    assert_eq!(close.0, 1009);
}

#[test]
fn requests_whose_end_is_unknown_are_refused() {
    let server = serving(&[]);
    for fields in [
        "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n",
        "Content-Length: x\r\n",
        "Transfer-Encoding: gzip\r\n",
    ] {
        let target = server.joined();
        let mut stream = server.connect();
        let head = format!("POST {target} HTTP/1.1\r\nHost: x\r\n{fields}\r\n");
        stream.write_all(head.as_bytes()).expect("a connection");
        assert_eq!(super::answer(stream).status, 400, "{fields}");
    }
    assert_serves(&server);
}

#[test]
fn a_client_that_never_fetches_costs_no_more_than_its_limit() {
    let server = serving(&[]);
    let event = format!("42[\"x\",\"{}\"]", "x".repeat(900_000));
    for _ in 0..3 {
        let target = server.joined();
        let statuses: Vec<u16> = (0..4)
            .map(|_| server.post(&target, &event).status)
            .collect();
        assert_eq!(statuses[3], 400, "{statuses:?}");
    }
    assert_serves(&server);
    let peak = peak_memory_of(server.running.id());
    // Two events wait in each of three sessions until it ends; the limit leaves room for as much again.
    assert!(peak < 80 << 20, "{} MiB", peak >> 20);
}
