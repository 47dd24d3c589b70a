//! Hosts that are opened: their `WebSockets` are shown, changed and recorded.

use std::fs;
use std::io::Write;
use std::process::Command;

use rustix::process::Signal;
use tokio_tungstenite::tungstenite::client::client;

use super::{Forwarding, Secure, forwarding, secure, secure_as};
use crate::listen::listening;
use crate::support::peer::{Message, Peer};
use crate::support::run::{program, wsee};
use crate::support::server::Server;
use crate::support::tls::{self, Authority};
use crate::support::wire::read_head;

#[test]
fn a_websocket_over_tls_is_shown_recorded_and_replays() {
    let server = secure(&[]);
    let folder = tempfile::tempdir().expect("a folder");
    let dir = folder.path().to_str().expect("UTF-8");
    let trust = ["--cacert", server.authority.path(), "--record", dir];
    let proxy = forwarding(&[&["--intercept", "localhost", "-v"], &trust[..]].concat());
    let url = format!("{}chat?room=1", server.url());
    wsee(&[&url, "-x", &proxy.url(), "-q", "-n", "2"])
        .arg("--cacert", &proxy.ca())
        .stdin("one\ntwo\n")
        .run()
        .exits(0)
        .prints("one\ntwo\n");
    proxy
        .proxy
        .running
        .wait_for_stderr("@1 * closed by client: 1000");
    let log = proxy.proxy.stop(Signal::INT).exits(130);
    let port = server.server.port;
    log.says("> GET /chat?room=1 HTTP/1.1")
        .says(&format!("> Host: localhost:{port}"))
        .says("→ text 3 B (deflate 5 B)   one\n")
        .says("← text 3 B (deflate 5 B)   two\n");
    let files: Vec<_> = fs::read_dir(folder.path()).expect("a folder").collect();
    let file = files
        .first()
        .and_then(|it| it.as_ref().ok())
        .expect("a recording");
    let file = file.path();
    wsee(&[
        "replay",
        file.to_str().expect("UTF-8"),
        "--speed",
        "max",
        "-q",
    ])
    .arg("--cacert", server.authority.path())
    .run()
    .exits(0)
    .prints("one\ntwo\n");
    server.server.stop(Signal::INT);
}

#[test]
fn websockets_reach_their_servers_over_http2() {
    let server = secure(&["--http2"]);
    let trust = server.authority.path();
    for (http, version) in [("2", "CONNECT /chat HTTP/2"), ("1.1", "GET /chat HTTP/1.1")] {
        let args = [
            "--intercept",
            "localhost",
            "--cacert",
            trust,
            "--http",
            http,
        ];
        let proxy = forwarding(&args);
        named((&server, "localhost"), "localhost", &proxy, &proxy.ca())
            .exits(0)
            .prints("one\n");
        proxy
            .proxy
            .running
            .wait_for_stderr("* closed by client: 1000");
        server.server.running.wait_for_stderr(version);
        proxy.proxy.stop(Signal::INT);
    }
    // A server without TLS is not asked for HTTP/2.
    let plain = listening(&[]);
    let proxy = forwarding(&["--intercept", "127.0.0.1", "--http", "auto"]);
    wsee(&[&plain.url(), "-x", &proxy.url(), "-q", "-1"])
        .stdin("one\n")
        .run()
        .exits(0)
        .prints("one\n");
    proxy.proxy.stop(Signal::INT).says("> GET / HTTP/1.1");
    plain.stop(Signal::INT);
    server.server.stop(Signal::INT);
}

/// Asks a server in a tunnel to `host` for `name` in TLS, and trusts the CA in the file `trusted`.
fn named(
    (server, host): (&Secure, &str),
    name: &str,
    proxy: &Forwarding,
    trusted: &str,
) -> crate::support::output::Output {
    let url = format!("wss://{host}:{}/chat", server.server.port);
    let run = wsee(&[&url, "--sni", name, "-x", &proxy.url(), "-q", "-1"]);
    run.arg("--cacert", trusted).stdin("one\n").run()
}

#[test]
fn a_tunnel_to_an_address_is_opened_by_the_name_in_its_tls() {
    let server = secure(&[]);
    let trust = server.authority.path();
    let proxy = forwarding(&["--intercept", "localhost", "--cacert", trust, "-v"]);
    named((&server, "127.0.0.1"), "localhost", &proxy, &proxy.ca())
        .exits(0)
        .prints("one\n");
    proxy
        .proxy
        .running
        .wait_for_stderr("@1 * closed by client: 1000");
    let port = server.server.port;
    let log = proxy.proxy.stop(Signal::INT);
    log.says(&format!(
        "* TLS in the tunnel to 127.0.0.1:{port} is for localhost\n"
    ))
    .says("SNI localhost, as from the client\n")
    .says("→ text 3 B (deflate 5 B)   one\n");
    server.server.stop(Signal::INT);
}

#[test]
fn the_server_at_an_address_has_to_be_the_one_that_tls_asks_for() {
    let server = secure_as("127.0.0.1", &[]);
    let trust = server.authority.path();
    let proxy = forwarding(&["--intercept", "localhost", "--cacert", trust]);
    named((&server, "127.0.0.1"), "localhost", &proxy, &proxy.ca())
        .exits(22)
        .says("status 502")
        .says("localhost");
    proxy.proxy.stop(Signal::INT).says("certificate");
    server.server.stop(Signal::INT);
}

#[test]
fn another_name_in_tls_leaves_a_tunnel_closed() {
    let server = secure_as("other.test", &[]);
    let trust = server.authority.path();
    // The name of the tunnel decides where there is one.
    for (intercept, host) in [("other.test", "localhost"), ("a.test", "127.0.0.1")] {
        let proxy = forwarding(&["--intercept", intercept, "--cacert", trust, "-v"]);
        named((&server, host), "other.test", &proxy, trust)
            .exits(0)
            .prints("one\n");
        let summary = format!("* tunnel to {host}:");
        proxy.proxy.running.wait_for_stderr(&summary);
        proxy.proxy.stop(Signal::INT).never_says(" text 3 B");
    }
    server.server.stop(Signal::INT);
}

#[test]
fn a_tunnel_to_an_address_that_may_be_opened_is_as_any_other() {
    let proxy = forwarding(&["--intercept", "h.example"]);
    let server = Server::start(|mut stream| {
        stream.write_all(b"220 ready\r\n").expect("a connection");
        let mut rest = Vec::new();
        std::io::Read::read_to_end(&mut stream, &mut rest).expect("an end");
        rest
    });
    let port = server.port();
    let mut stream = proxy.tunnel(port);
    let mut greeting = [0; 11];
    std::io::Read::read_exact(&mut stream, &mut greeting).expect("a greeting");
    // The start of what could be TLS passes as well.
    stream.write_all(b"\x16\x03").expect("a tunnel");
    drop(stream);
    assert_eq!(server.finish(), b"\x16\x03");
    let refused = proxy.answer(&format!("CONNECT 127.0.0.1:{port} HTTP/1.1\r\n\r\n"));
    assert!(refused.starts_with("HTTP/1.1 502 "), "{refused}");
    let summary = "* tunnel to 127.0.0.1:";
    proxy.proxy.running.wait_for_stderr(summary);
}

#[test]
fn a_websocket_without_tls_is_opened_in_a_tunnel_and_as_an_absolute_url() {
    let server = listening(&[]);
    let proxy = forwarding(&[
        "--intercept",
        "127.0.0.1",
        "--on",
        "client text one=replace ONE",
    ]);
    let url = format!("ws://127.0.0.1:{}/", server.port);
    let (socket, _) = client(&url, proxy.tunnel(server.port)).expect("an opening handshake");
    let mut tunnelled = Peer::new(socket);
    tunnelled.send(Message::text("one"));
    tunnelled.expect("ONE");
    tunnelled.close(1000, "");

    let mut stream = proxy.proxy.connect();
    write!(
        stream,
        "GET {} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n",
        url.replace("ws://", "http://")
    )
    .expect("a connection");
    let head = read_head(&mut stream);
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    drop(stream);
    let log = proxy.proxy.running.wait_for_stderr("@2 ");
    assert!(log.contains("@1 * closed by client: 1000"), "{log}");
    proxy.proxy.stop(Signal::INT);
    server.stop(Signal::INT);
}

#[test]
fn a_client_that_does_not_trust_the_ca_is_named_with_what_to_do() {
    let server = secure(&[]);
    let proxy = forwarding(&["--intercept", "*"]);
    wsee(&[&server.url(), "-x", &proxy.url(), "-q", "-1"])
        .arg("--cacert", server.authority.path())
        .stdin("a\n")
        .run()
        .exits(60);
    proxy
        .proxy
        .running
        .wait_for_stderr("the client does not trust the proxy's CA; wsee proxy ca says how");
    server.server.stop(Signal::INT);
}

#[test]
fn a_server_with_an_expired_certificate_is_502_with_the_reason() {
    let authority = Authority::new();
    let server = tls::serving(authority.issue_expired(&["localhost"]), |mut stream| {
        let _ = std::io::Read::read(&mut stream, &mut [0; 1]);
    });
    let proxy = forwarding(&["--intercept", "localhost", "--cacert", authority.path()]);
    let url = format!("wss://localhost:{}/", server.port());
    let output = wsee(&[&url, "-x", &proxy.url(), "-1"])
        .arg("--cacert", &proxy.ca())
        .run()
        .exits(22);
    output.says("status 502").says("expired");
    server.finish();
    proxy.proxy.stop(Signal::INT).says("expired");
}

#[test]
fn http_in_an_opened_tunnel_passes_unchanged() {
    let authority = Authority::new();
    let server = tls::serving(authority.issue(&["localhost"]), |mut stream| {
        let first = read_head(&mut stream);
        let answer = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\none";
        stream.write_all(answer.as_bytes()).expect("a connection");
        let second = read_head(&mut stream);
        let answer = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\ntwo\r\n0\r\n\r\n";
        stream.write_all(answer.as_bytes()).expect("a connection");
        [first, second]
    });
    let proxy = forwarding(&[
        "--intercept",
        "localhost",
        "--cacert",
        authority.path(),
        "-v",
    ]);
    let url = format!("https://localhost:{}", server.port());
    let mut curl = Command::new("curl");
    curl.args(["-sS", "--proxy", &proxy.url(), "--cacert", &proxy.ca()]);
    curl.args([&format!("{url}/a"), &format!("{url}/b")]);
    program(curl).run().exits(0).prints("onetwo");
    let [first, second] = server.finish();
    assert!(first.starts_with("GET /a HTTP/1.1\r\n"), "{first}");
    assert!(second.starts_with("GET /b HTTP/1.1\r\n"), "{second}");
    assert!(!first.contains("Proxy-"), "{first}");
    proxy
        .proxy
        .running
        .wait_for_stderr("* 2 requests to localhost:");
    proxy
        .proxy
        .stop(Signal::INT)
        .says(&format!("* GET {url}/a → 200 in "));
}

#[test]
fn what_is_neither_tls_nor_http_stays_a_tunnel() {
    let server = Server::start(|mut stream| {
        let mut line = [0; 5];
        std::io::Read::read_exact(&mut stream, &mut line).expect("a line");
        stream.write_all(&line).expect("a connection");
    });
    let proxy = forwarding(&["--intercept", "*"]);
    let mut stream = proxy.tunnel(server.port());
    stream.write_all(b"\x00abc\n").expect("a tunnel");
    let mut line = [0; 5];
    std::io::Read::read_exact(&mut stream, &mut line).expect("an answer");
    assert_eq!(&line, b"\x00abc\n");
    drop(stream);
    server.finish();
    let text = "is not opened: the client speaks neither TLS nor HTTP/1.1";
    proxy.proxy.running.wait_for_stderr(text);
    proxy
        .proxy
        .running
        .wait_for_stderr("* tunnel to 127.0.0.1:");
}

#[test]
fn a_server_that_speaks_first_is_heard() {
    let server = Server::start(|mut stream| {
        stream.write_all(b"220 ready\r\n").expect("a connection");
        let mut rest = Vec::new();
        std::io::Read::read_to_end(&mut stream, &mut rest).expect("an end");
        rest
    });
    let proxy = forwarding(&["--intercept", "*"]);
    let mut stream = proxy.tunnel(server.port());
    let mut greeting = [0; 11];
    std::io::Read::read_exact(&mut stream, &mut greeting).expect("a greeting");
    assert_eq!(&greeting, b"220 ready\r\n");
    stream.write_all(b"QUIT").expect("a tunnel");
    drop(stream);
    assert_eq!(server.finish(), b"QUIT");
    proxy
        .proxy
        .running
        .wait_for_stderr("the server speaks first");
}
