//! `--http2`: clients in the streams of HTTP/2 connections.

mod fault;
mod hostile;

use std::net::TcpStream;

use rustix::process::Signal;

use super::{Listening, listening, started};
use crate::support::http2::{CONNECT, DATA, Frame, Http2, RST_STREAM};
use crate::support::run::{Run, wsee};

/// The flag of a client without TLS.
const CLEAR: &str = "--http2-prior-knowledge";

/// A server with `--http2`.
#[track_caller]
fn serving(args: &[&str]) -> Listening {
    listening(&[&["--http2"], args].concat())
}

/// wsee over HTTP/2, which sends a line and expects one back.
fn echo(server: &Listening, args: &[&str]) -> Run {
    wsee(&[&[server.url().as_str(), CLEAR, "-n", "1"], args].concat()).stdin("hello\n")
}

/// A connection of which nothing but SETTINGS was sent.
fn calling(server: &Listening) -> Http2<TcpStream> {
    Http2::calling(server.connect(), &[])
}

/// A message of a client as one frame, masked with zeros.
fn text(payload: &str) -> Vec<u8> {
    let len = u8::try_from(payload.len()).expect("a short message");
    [&[0x81, 0x80 | len, 0, 0, 0, 0], payload.as_bytes()].concat()
}

/// The stream and the payload of the next frame, which is DATA.
#[track_caller]
fn data(http2: &mut Http2<TcpStream>) -> (u32, Vec<u8>) {
    let Frame {
        kind,
        stream,
        payload,
        ..
    } = http2.read_on_stream().expect("a frame");
    assert_eq!(kind, DATA);
    (stream, payload)
}

/// A WebSocket in this stream of a connection.
#[track_caller]
fn open(http2: &mut Http2<TcpStream>, stream: u32) {
    http2.request(stream, CONNECT);
    assert_eq!(http2.read_status(), Some(200));
}

/// The fields of a request with this value of one of them, which an empty one removes.
fn with<'a>(name: &'a str, value: &'a str) -> Vec<(&'a str, &'a str)> {
    let others = CONNECT.iter().filter(|(other, _)| *other != name).copied();
    let own = Some((name, value)).filter(|_| !value.is_empty());
    let (pseudo, rest): (Vec<_>, Vec<_>) = others.chain(own).partition(|it| it.0.starts_with(':'));
    [pseudo, rest].concat()
}

#[test]
fn the_end_of_a_stream_is_seen_before_that_of_its_connection() {
    let server = serving(&[]);
    let mut http2 = calling(&server);
    open(&mut http2, 1);
    http2.end_stream();
    drop(http2);
    let text = "the client ended the HTTP/2 stream (END_STREAM) without a Close frame";
    server.running.wait_for_stderr(text);
}

#[test]
fn without_tls_the_first_bytes_tell_the_versions_apart() {
    let server = serving(&[]);
    server.running.wait_for_stderr(
        "(echo, HTTP/2 and 1.1); connect with: wsee --http2-prior-knowledge ws://",
    );
    echo(&server, &["-w", "%{http_version}"])
        .run()
        .exits(0)
        .prints("hello\n2");
    let mut client = server.open();
    client.send("1.1");
    client.expect("1.1");
    drop(client);
    server.running.wait_for_stderr("@2 > HTTP/1.1 101 ");
    server
        .stop(Signal::INT)
        .says("@1 * HTTP/2, stream 1\n@1 < CONNECT / HTTP/2\n@1 < :method: CONNECT\n")
        .says("@1 > HTTP/2 200\n@1 > sec-websocket-extensions: permessage-deflate")
        .says("@1 * closed by client: 1000")
        .never_says("@2 * HTTP/2");
}

#[test]
fn with_tls_the_client_chooses_by_alpn() {
    let server = serving(&["--tls"]);
    server
        .running
        .wait_for_stderr("connect with: wsee -k --http 2 wss://");
    let url = format!("wss://127.0.0.1:{}/", server.port);
    for (http, version) in [("2", "2"), ("auto", "2"), ("1.1", "1.1")] {
        wsee(&[
            &url,
            "-k",
            "--http",
            http,
            "-n",
            "1",
            "-w",
            "%{http_version}",
        ])
        .stdin("hello\n")
        .run()
        .exits(0)
        .prints(format!("hello\n{version}"));
    }
    let plain = listening(&["--tls"]);
    let url = format!("wss://127.0.0.1:{}/", plain.port);
    wsee(&[&url, "-k", "--http", "2"]).stdin("").run().exits(35);
}

#[test]
fn each_stream_of_a_connection_is_a_client() {
    let server = serving(&["--broadcast"]);
    let mut http2 = calling(&server);
    for stream in [1, 3, 5] {
        open(&mut http2, stream);
    }
    server.running.wait_for_stderr("@3 > HTTP/2 200");
    http2.write_frame(DATA, 0, 3, &text("to the others"));
    let mut found = [data(&mut http2), data(&mut http2)];
    found.sort();
    let message = b"\x81\x0dto the others".to_vec();
    assert_eq!(found, [(1, message.clone()), (5, message)]);
    // One leaves, the others stay.
    http2.write_frame(RST_STREAM, 0, 3, &8_u32.to_be_bytes());
    server
        .running
        .wait_for_stderr("the client reset the HTTP/2 stream with CANCEL");
    http2.write_frame(DATA, 0, 1, &text("again"));
    assert_eq!(data(&mut http2), (5, b"\x81\x05again".to_vec()));
    http2.write_frame(DATA, 1, 5, b"");
    server
        .running
        .wait_for_stderr("the client ended the HTTP/2 stream (END_STREAM) without a Close frame");
    server
        .stop(Signal::INT)
        .says("@1 * HTTP/2, stream 1\n")
        .says("@2 * HTTP/2, stream 3 of the connection of @1\n")
        .says("@3 * HTTP/2, stream 5 of the connection of @1\n");
}

#[test]
fn a_message_larger_than_the_windows_comes_back_whole() {
    let server = serving(&[]);
    let line = "x".repeat(5 << 20);
    echo(&server, &["--no-compress"])
        .stdin(format!("{line}\n"))
        .run()
        .exits(0)
        .prints(format!("{line}\n"));
}

#[test]
fn a_burst_of_small_messages_is_no_attack() {
    let server = serving(&[]);
    let mut http2 = calling(&server);
    open(&mut http2, 1);
    // In a frame each, as browsers send them: as much as the window of the stream allows.
    let message = text("small");
    let frame = [&[0, 0, 11, DATA, 0, 0, 0, 0, 1], &message[..]].concat();
    let count = (512 << 10) / message.len();
    http2.write_raw(&frame.repeat(count));
    let mut echoed = 0;
    while echoed < count * 7 {
        let (_, payload) = data(&mut http2);
        echoed += payload.len();
        let size = u32::try_from(payload.len()).expect("a frame").to_be_bytes();
        for stream in [0, 1] {
            http2.write_frame(crate::support::http2::WINDOW_UPDATE, 0, stream, &size);
        }
    }
    assert_eq!(echoed, count * 7);
}

#[test]
fn refusals_have_the_status_that_they_have_over_http1() {
    let server = serving(&["--origin", "https://a.test"]);
    let get = [
        (":method", "GET"),
        (":scheme", "http"),
        (":authority", "localhost"),
        (":path", "/"),
    ];
    let status = |fields: &[(&str, &str)]| {
        let mut http2 = calling(&server);
        http2.request(1, fields);
        http2.read_status()
    };
    assert_eq!(status(&with("origin", "https://b.test")), Some(403));
    assert_eq!(status(&with("origin", "https://a.test")), Some(200));
    assert_eq!(status(&with(":protocol", "connect-udp")), Some(501));
    assert_eq!(status(&with("sec-websocket-version", "8")), Some(426));
    assert_eq!(status(&get), Some(426));
    server
        .stop(Signal::INT)
        .says("@1 ! refused: the origin https://b.test is not allowed")
        .says("@3 > HTTP/2 501\n")
        .says("@3 ! refused: :protocol is \"connect-udp\", not \"websocket\"")
        .says("@5 > content-type: text/plain");
}

#[test]
fn rules_decide_about_streams_and_answer_them() {
    let server = serving(&["--on", "text ping=pong", "--subprotocol", "v2"]);
    echo(&server, &["--subprotocol", "v1,v2", "-v"])
        .stdin("ping\n")
        .run()
        .exits(0)
        .prints("pong\n")
        .says("< sec-websocket-protocol: v2");
    let rules = crate::support::tls::file("reject 418 header Host: localhost*\n");
    let server = serving(&["--rules", crate::support::tls::path(&rules)]);
    let mut http2 = calling(&server);
    http2.request(1, CONNECT);
    assert_eq!(http2.read_status(), Some(418));
    let end = http2.read_on_stream().expect("a frame");
    assert!(end.ends_stream(), "{end:?}");
}

#[cfg(unix)]
#[test]
fn a_command_finds_the_version_in_its_environment() {
    let script = "echo $SERVER_PROTOCOL $REQUEST_METHOD $PATH_INFO $QUERY_STRING $HTTP_HOST";
    let server = serving(&["--", "sh", "-c", script]);
    let url = format!("{}a/b?c=d", server.url());
    wsee(&[&url, CLEAR, "-n", "1"])
        .stdin_held_open()
        .run()
        .exits(0)
        .prints(format!(
            "HTTP/2 CONNECT /a/b c=d 127.0.0.1:{}\n",
            server.port
        ));
}

#[test]
fn events_and_recordings_have_the_version() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("chat.jsonl");
    let server = started(wsee(&[
        "listen",
        "127.0.0.1:0",
        "--http2",
        "--jsonl",
        "--record",
        &file.display().to_string(),
    ]));
    echo(&server, &[]).run().exits(0);
    let events = server.running.wait_for_stdout(r#""event":"closed""#);
    assert!(events.contains(r#""http_version":"2""#), "{events}");
    server.stop(Signal::INT);
    let recorded = std::fs::read_to_string(folder.path().join("chat-1.jsonl"));
    let recorded = recorded.expect("a recording");
    assert!(recorded.contains(r#""http_version":"2""#), "{recorded}");
}

#[test]
fn when_the_server_ends_its_streams_are_closed_and_then_the_connection() {
    let server = serving(&["-v"]);
    let mut http2 = calling(&server);
    open(&mut http2, 1);
    server.running.signal(Signal::INT);
    let mut found = Vec::new();
    while let Ok(frame) = http2.read_frame() {
        match frame.kind {
            DATA if !frame.payload.is_empty() => {
                assert_eq!(frame.payload, b"\x88\x02\x03\xe9");
                // The close handshake, and the end of the stream.
                http2.write_frame(DATA, 1, 1, b"\x88\x82\0\0\0\0\x03\xe9");
            }
            crate::support::http2::PING => http2.answer(&frame),
            _ => {}
        }
        found.push((frame.kind, frame.flags & 1));
    }
    assert!(
        found.contains(&(crate::support::http2::GOAWAY, 0)),
        "{found:?}"
    );
    assert!(found.contains(&(DATA, 1)), "{found:?}");
    server
        .running
        .wait()
        .exits(130)
        .says("@1 * HTTP/2 ← SETTINGS")
        .says("@1 * HTTP/2 → SETTINGS MAX_CONCURRENT_STREAMS 256, ")
        .says("@1 * HTTP/2 → GOAWAY NO_ERROR");
}

#[test]
fn socket_io_has_no_streams_and_says_so() {
    wsee(&["listen", "--http2", "--as", "socket.io"])
        .run()
        .exits(2)
        .says("--http2");
}
