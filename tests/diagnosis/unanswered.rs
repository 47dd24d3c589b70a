//! Servers that give no answer in HTTP to the upgrade.

use std::io::Write;
use std::thread;
use std::time::Duration;

use super::{SetUp, answering};
use crate::support::run::wsee;
use crate::support::server::Server;
use crate::support::wire::{Wire, before_handshake};

/// A set-up at the path `/` with these parts of the last lines.
const fn at_root(
    name: &'static str,
    args: &'static [&'static str],
    exit: i32,
    says: &'static [&'static str],
) -> SetUp {
    SetUp {
        name,
        target: "/",
        args,
        exit,
        says,
        never: &["os error", "docs.rs", "os code"],
    }
}

#[test]
fn other_protocols_are_named_by_their_first_bytes() {
    let cases: [(&str, &[u8], &[&str]); 6] = [
        ("a TLS alert", b"\x15\x03\x03\x00\x02\x02\x0a", &["this port expects TLS", "connect to wss://127.0.0.1:"]),
        (
            "HTTP/2",
            b"\x00\x00\x00\x04\x00\x00\x00\x00\x00\x00\x00\x08\x07\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02",
            &["this port speaks HTTP/2 only", "SETTINGS", "gRPC", "try --http2-prior-knowledge, or another port"],
        ),
        ("SSH", b"SSH-2.0-OpenSSH_9.6\r\n", &["an SSH server listens", "check the port"]),
        ("Redis", b"-ERR wrong number of arguments\r\n", &["a Redis server"]),
        ("mail", b"220 mx.example.test ESMTP\r\n", &["a mail or FTP server"]),
        ("something", b"hello\r\n", &["it sent \"hello\"", "another service", "check the port"]),
    ];
    for (name, bytes, says) in cases {
        let says: &'static [&'static str] = Box::leak(says.to_vec().into_boxed_slice());
        at_root(name, &[], 112, says).meets(&answering(bytes.to_vec()));
    }
}

#[test]
fn a_server_that_closes_at_once_may_speak_tls() {
    let says = &[
        "the server closed the connection",
        "after the request, without an answer",
        "the port may speak TLS, or the path is wrong",
        "try wss://127.0.0.1:",
        "wsee --as socket.io http://127.0.0.1:",
    ];
    at_root("Node's TLS", &[], 112, says).meets(&before_handshake(Wire::end));
    let says = &["the server reset the connection", "try wss://127.0.0.1:"];
    at_root("a reset", &[], 112, says).meets(&before_handshake(Wire::reset));
}

#[test]
fn socket_io_closes_after_a_second() {
    let server = before_handshake(|wire| {
        thread::sleep(Duration::from_secs(1));
        wire.end();
    });
    let says = &[
        "s after the request, without an answer",
        "a wrong path? Socket.IO does this after 1 s",
        "wsee --as socket.io http://127.0.0.1:",
    ];
    at_root("Socket.IO at another path", &[], 112, says).meets(&server);
}

#[test]
fn a_silent_server_is_described_and_no_flag_is_blamed() {
    let says = &[
        "wsee: the server accepted the connection and did not answer for ",
        "hint: the application hangs, or the port speaks TLS",
        "try wss://127.0.0.1:",
    ];
    let set_up = at_root(
        "a hanging application",
        &["--connect-timeout", "300ms"],
        28,
        says,
    );
    set_up.meets(&before_handshake(Wire::wait_for_end));
}

#[test]
fn an_answer_that_stops_in_the_middle_is_described_with_what_came_of_it() {
    let says = &[
        "wsee: the answer is not complete after ",
        " ms and 17 bytes",
        "hint: the server or a proxy in front of it is slow",
        "--connect-timeout allows more time",
    ];
    let server = before_handshake(|mut wire| {
        wire.write("HTTP/1.1 101 Sw\r\n");
        wire.wait_for_end();
    });
    at_root(
        "a stopped answer",
        &["--connect-timeout", "300ms"],
        28,
        says,
    )
    .meets(&server);
}

#[test]
fn a_plain_port_is_told_from_a_silent_one_over_tls() {
    let server = Server::start(|stream| {
        thread::sleep(Duration::from_millis(600));
        drop(stream);
    });
    wsee(&[
        &server.url().replace("ws:", "wss:"),
        "--connect-timeout",
        "300ms",
    ])
    .run()
    .exits(28)
    .says("did not complete the TLS handshake for ")
    .says("hint: the port may not speak TLS, or the server hangs; try ws://127.0.0.1:");

    let server = Server::start(|mut stream| {
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
        thread::sleep(Duration::from_millis(100));
    });
    wsee(&[&server.url().replace("ws:", "wss:")])
        .run()
        .exits(35)
        .says("does not speak TLS on port")
        .says("hint: try ws://");

    let server = Server::start(drop);
    wsee(&[&server.url().replace("ws:", "wss:")])
        .run()
        .exits(35)
        .says("does it speak TLS on this port? if not, try ws://")
        .never_says("os error");
}

#[test]
fn an_entry_of_no_proxy_that_does_not_match_is_named() {
    let proxy = before_handshake(|mut wire| {
        wire.write("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n");
        wire.wait_for_end();
    });
    wsee(&["ws://chat.example.test:47551/"])
        .env("http_proxy", &proxy.url().replace("ws:", "http:"))
        .env("no_proxy", "*.example.test")
        .run()
        .exits(97)
        .says("hint: no_proxy has *.example.test, which does not match chat.example.test")
        .says("write .example.test there");
}

#[test]
fn a_response_for_another_key_may_come_from_a_cache() {
    let server = before_handshake(|mut wire| {
        wire.write(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n",
        );
        wire.wait_for_end();
    });
    let says = &[
        "Sec-WebSocket-Accept",
        "a cache or a proxy may have answered",
        "--lenient",
    ];
    at_root("a cached 101", &[], 112, says).meets(&server);
}
