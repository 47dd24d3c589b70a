//! `--http2` and `--http`: `WebSockets` that pass between versions of HTTP.

mod ending;
mod mirror;
mod refusal;

use std::fmt::Debug;
use std::io::{Read, Write};
use std::net::TcpStream;

use rustix::process::Signal;

use super::exact::{SERVER, read};
use super::proxying;
use crate::listen::{Listening, exchange, listening, request};
use crate::support::http2::{ALLOWS, CONNECT, Http2, RST_STREAM};
use crate::support::pty::terminal;
use crate::support::run::wsee;
use crate::support::server::Server;
use crate::support::wire::{read_head, response_to};

/// The flag of a client, and of a proxy in front of a server, without TLS.
const CLEAR: &str = "--http2-prior-knowledge";

#[derive(Debug, Clone, Copy, PartialEq)]
enum Version {
    Http1,
    Http2,
}

/// Those of a client, and of the server in front of which its proxy is.
type Pair = (Version, Version);

const PAIRS: [Pair; 4] = [
    (Version::Http1, Version::Http1),
    (Version::Http1, Version::Http2),
    (Version::Http2, Version::Http1),
    (Version::Http2, Version::Http2),
];

/// The bytes of a WebSocket.
trait Bytes: Read + Write + Debug + Send {}

impl<T: Read + Write + Debug + Send> Bytes for T {}

/// A proxy in front of `url` for clients of both versions.
#[track_caller]
fn proxy_for(url: &str, upstream: Version, args: &[&str]) -> Listening {
    let over: &[&str] = match upstream {
        Version::Http1 => &[],
        Version::Http2 => &[CLEAR],
    };
    proxying(url, &[&["--http2"], over, args].concat())
}

/// A connection of which nothing but SETTINGS was sent.
fn calling(proxy: &Listening) -> Http2<TcpStream> {
    Http2::calling(proxy.connect(), &[])
}

/// A WebSocket over HTTP/2.
#[track_caller]
fn opened(proxy: &Listening) -> Http2<TcpStream> {
    let mut http2 = calling(proxy);
    http2.request(1, CONNECT);
    assert_eq!(http2.read_status(), Some(200));
    http2
}

/// A server over HTTP/2, in whose first connection the proxy of a `client` like this looks at its SETTINGS, and whose
/// next one asks for a WebSocket.
fn upstream<T: Send + 'static>(
    client: Version,
    script: impl FnOnce(Http2) -> T + Send + 'static,
) -> Server<Vec<Option<T>>> {
    let looks = usize::from(client == Version::Http2);
    let mut script = Some(script);
    Server::start_many(1 + looks, move |index, stream| {
        if index < looks {
            let mut http2 = Http2::begun(stream);
            http2.settings(ALLOWS);
            http2.read_to_end();
            return None;
        }
        let script = script.take().expect("one WebSocket");
        Some(script(Http2::asked(stream)))
    })
}

/// What the script of such a server returned.
#[track_caller]
fn seen<T: Send + 'static>(server: Server<Vec<Option<T>>>) -> T {
    let mut seen = server.finish();
    seen.pop().flatten().expect("a WebSocket")
}

/// Opens a WebSocket between a client and a server of these versions; the rest is in both scripts.
#[track_caller]
fn between<T: Send + 'static>(
    pair: Pair,
    args: &[&str],
    client: impl FnOnce(Box<dyn Bytes>, &Listening),
    server: impl FnOnce(Box<dyn Bytes>) -> T + Send + 'static,
) -> (T, Listening) {
    println!("{pair:?}");
    let connect = |proxy: &Listening| -> Box<dyn Bytes> {
        match pair.0 {
            Version::Http1 => {
                let mut stream = proxy.connect();
                exchange(&mut stream, request(""));
                Box::new(stream)
            }
            Version::Http2 => Box::new(opened(proxy)),
        }
    };
    if pair.1 == Version::Http1 {
        let server = super::exact::raw("", |stream| server(Box::new(stream)));
        let proxy = proxy_for(server.url(), pair.1, args);
        client(connect(&proxy), &proxy);
        return (server.finish(), proxy);
    }
    let server = upstream(pair.0, |mut http2| {
        http2.respond("200");
        server(Box::new(http2))
    });
    let proxy = proxy_for(server.url(), pair.1, args);
    client(connect(&proxy), &proxy);
    (seen(server), proxy)
}

#[test]
fn frames_pass_byte_by_byte_between_all_versions() {
    // A masked fragment, a ping within, the end of the message.
    let frames = b"\x01\x83\x01\x02\x03\x04\x60\x60\x60\x89\x80abcd\x80\x80\x09\x08\x07\x06";
    for pair in PAIRS {
        let client = |mut stream: Box<dyn Bytes>, _: &Listening| {
            assert_eq!(read(&mut stream, SERVER.len()), SERVER);
            stream.write_all(frames).expect("a connection");
            // Until the server has read them.
            let _ = stream.read(&mut [0]);
        };
        let (came, proxy) = between(pair, &["-vv"], client, |mut stream| {
            stream.write_all(SERVER).expect("a connection");
            read(&mut stream, frames.len())
        });
        assert_eq!((&came[..2], &came[9..11]), (&frames[..2], &frames[9..11]));
        assert_ne!(came[2..6], frames[2..6], "a fresh key");
        let text = came[6..9].iter().zip(&came[2..6]);
        let text: Vec<u8> = text.map(|(byte, mask)| byte ^ mask).collect();
        assert_eq!(text, b"abc");
        proxy
            .stop(Signal::INT)
            .says("← text 2 B   ab\n")
            .says("! from the server, passed on: opcode 3 is reserved")
            .says("→ text 3 B   abc\n")
            .says("→ ping");
    }
}

#[test]
fn both_handshakes_are_shown_side_by_side() {
    let nothing = |stream: Box<dyn Bytes>, proxy: &Listening| {
        proxy.running.wait_for_stderr("@1 <\n");
        drop(stream);
        proxy.running.wait_for_stderr("@1 * the ");
    };
    let ((), proxy) = between((Version::Http1, Version::Http2), &[], nothing, drop);
    proxy
        .stop(Signal::INT)
        .says("@1 * HTTP/2 from the server: SETTINGS ENABLE_CONNECT_PROTOCOL 1\n")
        .says(
            "@1 > GET /chat HTTP/1.1  ⇒  CONNECT /chat HTTP/2\n@1 > (added)  ⇒  :method: CONNECT\n",
        )
        .says("@1 > Upgrade: websocket  ⇒  (left out)\n")
        .says("@1 < HTTP/2 200  ⇒  HTTP/1.1 101 Switching Protocols\n")
        .says("@1 < (added)  ⇒  Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\n");
    let ((), proxy) = between((Version::Http2, Version::Http1), &[], nothing, drop);
    proxy
        .stop(Signal::INT)
        .says("(HTTP/2 and 1.1) leads to ws://127.0.0.1:")
        .says(" over HTTP/1.1; connect with: wsee --http2-prior-knowledge ws://")
        .says("@1 * HTTP/2 to the client: SETTINGS MAX_CONCURRENT_STREAMS 256, ")
        .says("@1 * HTTP/2, stream 1\n")
        .says("@1 > CONNECT /chat HTTP/2  ⇒  GET /chat HTTP/1.1\n")
        .says("@1 > :protocol: websocket  ⇒  (left out)\n")
        .says("@1 > (added)  ⇒  Sec-WebSocket-Key: ")
        .says("@1 < HTTP/1.1 101 Switching Protocols  ⇒  HTTP/2 200\n")
        .says("@1 < Upgrade: websocket  ⇒  (left out)\n");
    let ((), proxy) = between((Version::Http2, Version::Http2), &[], nothing, drop);
    proxy
        .stop(Signal::INT)
        .says("@1 > CONNECT /chat HTTP/2\n@1 > :method: CONNECT\n@1 > :scheme: http\n")
        .says("@1 > :authority: localhost  ⇒  127.0.0.1:")
        .says("@1 < HTTP/2 200\n@1 <\n");
}

#[test]
fn cookies_of_http2_are_one_field_over_http1() {
    let server = Server::start(|mut stream| {
        let request = read_head(&mut stream);
        let response = response_to(&request);
        stream.write_all(response.as_bytes()).expect("a connection");
        request
    });
    let proxy = proxy_for(server.url(), Version::Http1, &["-b", "c=3"]);
    let mut http2 = calling(&proxy);
    let cookies = [("cookie", "a=1"), ("x-a", "\u{e4}"), ("cookie", "b=2")];
    http2.request(1, &[CONNECT, &cookies].concat());
    assert_eq!(http2.read_status(), Some(200));
    let host = server.url().replace("ws://", "");
    let request = server.finish();
    let (before, rest) = request
        .split_once("Sec-WebSocket-Key: ")
        .expect("an upgrade");
    assert_eq!(
        before,
        format!(
            "GET /chat HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        )
    );
    assert!(
        rest.ends_with("\r\nsec-websocket-version: 13\r\ncookie: a=1; b=2; c=3\r\nx-a: ä\r\n\r\n"),
        "{rest}"
    );
}

#[test]
fn streams_of_a_connection_are_passed_on_apart() {
    let server = listening(&["--http2"]);
    let proxy = proxy_for(&server.url(), Version::Http2, &["--max-clients", "3"]);
    let mut http2 = calling(&proxy);
    for stream in [1, 3, 5] {
        http2.request(stream, CONNECT);
        assert_eq!(http2.read_status(), Some(200));
    }
    for (stream, text) in [(5, b'c'), (1, b'a')] {
        http2.write_frame(0, 0, stream, &[0x81, 0x81, 0, 0, 0, 0, text]);
        let frame = http2.read_on_stream().expect("a frame");
        assert_eq!((frame.stream, frame.payload), (stream, vec![0x81, 1, text]));
    }
    http2.request(7, CONNECT);
    assert_eq!(http2.read_status(), Some(503));
    proxy
        .stop(Signal::INT)
        .says("@2 * HTTP/2, stream 3 of the connection of @1\n")
        .says("→ text 1 B   c\n")
        .says("@4 ! refused: as many clients are connected as --max-clients allows\n")
        .says("@3 * closed by the proxy: 1001 going away, Ctrl-C (SIGINT), after ");
    // One of them was for the SETTINGS alone.
    server
        .stop(Signal::INT)
        .says("@1 * HTTP/2 ← GOAWAY NO_ERROR")
        .says("@4 * closed by client: 1001 ")
        .never_says("@5 ");
}

#[test]
fn wsee_talks_through_each_pair_with_tls_and_compression() {
    let server = listening(&["--http2", "--tls"]);
    let upstream = format!("wss://127.0.0.1:{}/", server.port);
    let large = "a large text ".repeat(50_000);
    for (http, over) in [
        ("1.1", "1.1"),
        ("1.1", "2"),
        ("2", "1.1"),
        ("2", "2"),
        ("2", "auto"),
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        let dir = folder.path().display().to_string();
        let args = [
            "--http2", "--tls", "-k", "--http", over, "-v", "--jsonl", "--record", &dir,
        ];
        let proxy = proxying(&upstream, &args);
        let url = format!("wss://127.0.0.1:{}/", proxy.port);
        let found = ["-k", "--http", http, "-n", "3", "-w", "%{http_version}"];
        wsee(&[&[&*url], &found[..]].concat())
            .stdin(format!("hello\n{large}\nhello\n"))
            .run()
            .exits(0)
            .prints(format!("hello\n{large}\nhello\n{http}"));
        let events = proxy.running.wait_for_stdout("\"event\":\"closed\"");
        let version = if over == "1.1" { "1.1" } else { "2" };
        let version = format!("\"http_version\":\"{version}\"");
        assert!(events.contains(&version), "{events}");
        proxy
            .stop(Signal::INT)
            .says("→ text 5 B (deflate ")
            .says("@1 * closed by client: 1000 normal closure after ")
            .says("(client: 3 messages, ");
        let files = std::fs::read_dir(folder.path()).expect("a folder");
        let file = files.map(|it| it.expect("a file").path()).next();
        let text = std::fs::read_to_string(file.expect("a recording")).expect("text");
        assert!(text.contains(&version), "{text}");
    }
}

#[test]
fn rules_and_faults_strike_over_all_versions() {
    for pair in PAIRS {
        let args = [
            "--on",
            "client text drop=drop",
            "--on",
            "server text b=replace c",
            "--fault",
            "rst after 2 messages",
        ];
        let client = |mut stream: Box<dyn Bytes>, _: &Listening| {
            for text in ["drop", "b"] {
                let size = 0x80 | u8::try_from(text.len()).expect("a short text");
                let frame = [&[0x81, size, 0, 0, 0, 0], text.as_bytes()].concat();
                stream.write_all(&frame).expect("a connection");
            }
            assert_eq!(read(&mut stream, 6), b"\x81\x01a\x81\x01c");
            let end = stream.read(&mut [0]).map_err(|error| error.kind());
            assert_eq!(end, Err(std::io::ErrorKind::ConnectionReset));
        };
        let (came, proxy) = between(pair, &args, client, |mut stream| {
            let came = read(&mut stream, 7);
            stream
                .write_all(b"\x81\x01a\x81\x01b")
                .expect("a connection");
            let _ = stream.read(&mut [0]);
            came
        });
        assert_eq!(came[1], 0x81, "the first one was dropped");
        proxy
            .stop(Signal::INT)
            .says("! fault: --on: drop, message 1 from the client\n")
            .says("! fault: rst after 2 messages\n")
            .says("@1 * reset by a fault after ");
    }
}

#[test]
fn http2_alone_can_be_broken_on_purpose() {
    let server = listening(&[]);
    for (fault, status, code) in [
        ("http2-refuse", Some(502), None),
        ("http2-reset REFUSED_STREAM", None, Some(7)),
    ] {
        let proxy = proxying(&server.url(), &["--http2", "--fault", fault]);
        let mut http2 = calling(&proxy);
        http2.request(1, CONNECT);
        let frame = http2.read_on_stream().expect("a frame");
        assert_eq!(
            frame.status().filter(|_| status.is_some()),
            status,
            "{fault}"
        );
        assert_eq!(code.map(|_| frame.code()), code, "{fault}");
        // Over HTTP/1.1 it works.
        let mut client = proxy.open();
        client.send("a");
        client.expect("a");
        proxy
            .stop(Signal::INT)
            .says(&format!("! fault: {fault}"))
            .says("@1 > CONNECT /chat HTTP/2\n");
    }
    server.stop(Signal::INT);
}

#[test]
fn a_forward_proxy_takes_http2_to_the_server_and_none_from_clients() {
    wsee(&["proxy", "--forward", "0", "--http2"])
        .run()
        .exits(2)
        .says("--http2");
    wsee(&["proxy", "--forward", "0", CLEAR])
        .run()
        .exits(2)
        .says(CLEAR);
}

#[test]
fn contradictions_name_what_to_write() {
    for (args, text) in [
        (
            &["ws://127.0.0.1:1", "--http", "2"][..],
            "--http2-prior-knowledge",
        ),
        (&["wss://127.0.0.1:1", "--http", "3"], "use 2 or auto"),
        (
            &["ws://127.0.0.1:1", "--fault", "http2-refuse"],
            "it strikes clients over HTTP/2; add --http2",
        ),
        (
            &["ws://127.0.0.1:1", "--http2", "--fault", "wrong-accept"],
            "over HTTP/2 there is no Sec-WebSocket-Accept",
        ),
    ] {
        wsee(&[&["proxy", "127.0.0.1:0"], args].concat())
            .run()
            .exits(2)
            .says(text);
    }
}

#[test]
fn a_person_at_the_prompt_has_streams_as_other_connections() {
    let server = listening(&["--http2"]);
    let url = server.url();
    let args = ["proxy", "127.0.0.1:0", &url, "--http2", CLEAR];
    let mut terminal = terminal(&args).prompt();
    let shown = terminal.contents();
    let port = shown.split("* ws://127.0.0.1:").nth(1);
    let port = port.and_then(|rest| rest.split_once('/')?.0.parse().ok());
    let stream = TcpStream::connect(("127.0.0.1", port.expect("an address")));
    let mut client = Http2::calling(stream.expect("a proxy"), &[]);
    client.request(1, CONNECT);
    assert_eq!(client.read_status(), Some(200));
    terminal.press("/hold client text a\r");
    terminal.wait_for("messages from the client that match text a are held");
    client.write_frame(0, 0, 1, b"\x81\x81\0\0\0\0a");
    terminal.wait_for("#1 is held");
    terminal.press("/inject server b\r");
    terminal.wait_for("* injected, ");
    let mut next = || client.read_on_stream().expect("a frame").payload;
    assert_eq!(next(), b"\x81\x01b");
    terminal.press("/pass\r");
    assert_eq!(next(), b"\x81\x01a");
    terminal.press("/kill 1\r");
    let end = client.read_on_stream().expect("a frame");
    assert_eq!((end.kind, end.code()), (RST_STREAM, 8));
    terminal.wait_for("@1 * reset by /kill after ");
    terminal.leave();
    server.stop(Signal::INT);
}
