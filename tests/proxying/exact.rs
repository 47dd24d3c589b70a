//! Frames that pass.

use std::io::{Read, Write};
use std::net::TcpStream;

use rustix::process::Signal;

use super::proxying;
use crate::listen::{exchange, listening, request};
use crate::support::peer::{Message, echoing};
use crate::support::run::peak_memory_of;
use crate::support::server::Server;
use crate::support::wire::{read_head, response_to};

/// A server that opens a connection, with these fields more, and then does `script`.
pub fn raw<T: Send + 'static>(
    fields: &'static str,
    script: impl FnOnce(TcpStream) -> T + Send + 'static,
) -> Server<T> {
    Server::start(move |mut stream| {
        let request = read_head(&mut stream);
        let response = response_to(&request).replace("\r\n\r\n", &format!("\r\n{fields}\r\n"));
        stream.write_all(response.as_bytes()).expect("a connection");
        script(stream)
    })
}

pub fn read(stream: &mut impl Read, len: usize) -> Vec<u8> {
    let mut bytes = vec![0; len];
    stream.read_exact(&mut bytes).expect("all bytes");
    bytes
}

/// Frames of a server that break nearly every rule: masked, reserved, not minimal, out of order.
pub const SERVER: &[u8] = b"\x81\x02hi\x01\x01a\x89\x00\x80\x01b\xf3\x01x\x82\x7e\x00\x01y\x80\x00\x81\x81\x01\x02\x03\x04z\
    \x09\x00\x81\x02\xff\xfe";

#[test]
fn what_a_server_sends_passes_byte_by_byte_even_if_it_is_wrong() {
    let server = raw("", |mut stream| {
        stream.write_all(SERVER).expect("a connection");
        stream.read(&mut [0]).expect("the end")
    });
    let proxy = proxying(server.url(), &["-vv"]);
    let mut client = proxy.connect();
    exchange(&mut client, request(""));
    assert_eq!(read(&mut client, SERVER.len()), SERVER);
    drop(client);
    server.finish();
    proxy
        .running
        .wait_for_stderr("ended TCP without a Close frame");
    let output = proxy.stop(Signal::INT).exits(130);
    for text in [
        "← text 2 B   hi\n",
        "← text 2 B   ab\n",
        "! from the server, passed on: opcode 3 is reserved (RFC 6455 §5.2)",
        "! from the server, passed on: a server must not mask its frames (RFC 6455 §5.1)",
        "! from the server, passed on: text is not UTF-8 at byte 0 (RFC 6455 §8.1)",
        "← frame FIN RSV1 RSV2 RSV3 reserved opcode 3, no mask",
    ] {
        assert!(
            output.stderr.contains(text),
            "{text} is missing in:\n{}",
            output.stderr
        );
    }
}

#[test]
fn a_client_keeps_everything_but_its_masks() {
    // A masked fragment, a ping within, the end of the message, a frame without a mask, and one with zeros.
    let frames = b"\x01\x83\x01\x02\x03\x04\x60\x60\x60\x89\x80abcd\x80\x80\x09\x08\x07\x06\x82\x01u\x81\x81\0\0\0\0m";
    let server = raw("", move |mut stream| {
        let bytes = read(&mut stream, frames.len());
        stream.write_all(b"\x88\x00").expect("a connection");
        bytes
    });
    let proxy = proxying(server.url(), &[]);
    let mut client = proxy.connect();
    exchange(&mut client, request(""));
    client.write_all(frames).expect("a connection");
    let came = server.finish();
    assert_eq!((&came[..2], &came[9..11]), (&frames[..2], &frames[9..11]));
    let key = &came[2..6];
    let text: Vec<u8> = came[6..9]
        .iter()
        .zip(key)
        .map(|(byte, mask)| byte ^ mask)
        .collect();
    assert_eq!(text, b"abc");
    assert_ne!(key, &frames[2..6], "a fresh key");
    assert_eq!(
        &came[21..24],
        b"\x82\x01u",
        "a frame without a mask stays without"
    );
    drop(client);
    let output = proxy.stop(Signal::INT).exits(130);
    output
        .says("a client must mask its frames (RFC 6455 §5.1)")
        .says("→ text 3 B   abc\n");
}

#[test]
fn the_first_byte_of_a_message_leaves_before_the_last_has_come() {
    let server = raw("", |mut stream| {
        let start = read(&mut stream, 3);
        // The client waits for this answer in the middle of its header.
        stream
            .write_all(b"\x81\x7f\0\0\0\0\0\x10")
            .expect("a connection");
        read(&mut stream, 4 + 8);
        start
    });
    let proxy = proxying(server.url(), &[]);
    let mut client = proxy.connect();
    exchange(&mut client, request(""));
    client.write_all(b"\x82\xfe\x01").expect("a connection");
    assert_eq!(read(&mut client, 8), b"\x81\x7f\0\0\0\0\0\x10");
    client
        .write_all(b"\x00abcd")
        .and_then(|()| client.write_all(b"1234567"))
        .expect("a connection");
    assert_eq!(server.finish(), b"\x82\xfe\x01");
}

#[test]
fn compression_is_agreed_end_to_end_and_inflated_on_a_copy() {
    let server = listening(&[]);
    let proxy = proxying(&server.url(), &["-v"]);
    let mut client = crate::support::run::wsee(&[&proxy.url()])
        .stdin_held_open()
        .spawn();
    for _ in 0..2 {
        client.send("Hello, Hello, Hello\n");
        client.wait_for_stdout("Hello, Hello, Hello\n");
    }
    client.end_stdin();
    client.wait().exits(0);
    let output = proxy.stop(Signal::INT).exits(130);
    output
        .says("< Sec-WebSocket-Extensions: permessage-deflate\n")
        .says("→ text 19 B (deflate ")
        .says("← text 19 B (deflate ");
    server.stop(Signal::INT);
}

#[test]
fn large_messages_pass_in_constant_memory() {
    const SIZE: usize = 64 << 20;
    let server = raw("", |mut stream| {
        let mut left = SIZE + 14;
        let mut block = vec![0; 1 << 20];
        while left > 0 {
            left -= stream.read(&mut block).expect("more");
        }
        stream.write_all(b"\x81\x02ok").expect("a connection");
    });
    let proxy = proxying(server.url(), &[]);
    let mut client = proxy.connect();
    exchange(&mut client, request(""));
    let before = peak_memory_of(proxy.running.id());
    client.write_all(b"\x82\xff").expect("a connection");
    client
        .write_all(&(SIZE as u64).to_be_bytes())
        .expect("a connection");
    client.write_all(b"abcd").expect("a connection");
    for _ in 0..SIZE >> 20 {
        client.write_all(&vec![7; 1 << 20]).expect("a connection");
    }
    assert_eq!(read(&mut client, 4), b"\x81\x02ok");
    server.finish();
    let grown = peak_memory_of(proxy.running.id()).saturating_sub(before);
    assert!(grown < 4 << 20, "{grown} bytes more");
    proxy.running.wait_for_stderr("→ binary 64.0 MiB");
}

#[test]
fn many_clients_have_numbers_and_their_own_messages() {
    let server = listening(&[]);
    let proxy = proxying(&server.url(), &[]);
    let mut clients: Vec<_> = (0..20).map(|_| proxy.open()).collect();
    for (number, client) in clients.iter_mut().enumerate() {
        client.send(Message::text(format!("client {number}")));
    }
    for (number, client) in clients.iter_mut().enumerate() {
        client.expect(&format!("client {number}"));
    }
    for client in clients {
        assert_eq!(client.close(1000, "").close, Some((1000, String::new())));
    }
    for number in 1..=20 {
        let ending = format!("@{number} * closed by client: 1000 normal closure after ");
        proxy.running.wait_for_stderr(&ending);
    }
    proxy
        .stop(Signal::INT)
        .exits(130)
        .says("(client: 1 message, ");
    server.stop(Signal::INT);
}

#[test]
fn tls_may_be_on_either_side() {
    let server = listening(&["--tls"]);
    let proxy = proxying(
        &format!("wss://127.0.0.1:{}/", server.port),
        &["--tls", "-k"],
    );
    let url = format!("wss://127.0.0.1:{}/", proxy.port);
    crate::support::run::wsee(&[&url, "-k", "-q", "-1"])
        .stdin("a\n")
        .run()
        .exits(0)
        .prints("a\n");
    proxy.running.wait_for_stderr("* closed by client: 1000");
    let plain = echoing();
    let proxy = proxying(plain.url(), &["--tls"]);
    let url = format!("wss://127.0.0.1:{}/", proxy.port);
    crate::support::run::wsee(&[&url, "-k", "-q", "-1"])
        .stdin("a\n")
        .run()
        .exits(0)
        .prints("a\n");
    plain.finish();
}

#[test]
fn the_log_shows_the_first_mistakes_of_a_kind_and_events_have_all() {
    const MISTAKES: usize = 500;
    let server = raw("", |mut stream| read(&mut stream, MISTAKES * 6 + 6));
    let proxy = proxying(server.url(), &["--jsonl"]);
    let mut client = proxy.connect();
    exchange(&mut client, request(""));
    // Each begins a message within the last one; then comes a ping.
    let mut frames = b"\x01\x80\0\0\0\0".repeat(MISTAKES);
    frames.extend(b"\x89\x80\0\0\0\0");
    client.write_all(&frames).expect("a connection");
    server.finish();
    drop(client);
    proxy.running.wait_for_stdout("\"event\":\"closed\"");
    let output = proxy.stop(Signal::INT).exits(130);
    let shown = "! from the client, passed on: a new message before the end of the last one";
    assert_eq!(
        output.stderr.matches(shown).count(),
        20,
        "{}",
        output.stderr
    );
    let more = "! more of these from the client pass on and are not shown: a new message before";
    assert_eq!(output.stderr.matches(more).count(), 1, "{}", output.stderr);
    let events = String::from_utf8(output.stdout).expect("JSON");
    let events = events.matches("\"event\":\"error\"").count();
    assert_eq!(events, MISTAKES - 1);
}
