//! Which addresses are connected to.

use std::net::{TcpListener, TcpStream};
use std::os::unix::net::UnixListener;
use std::thread;

use crate::support::output::Output;
use crate::support::peer::{Peer, echoing};
use crate::support::proxy::{ESTABLISHED, http, url};
use crate::support::run::wsee;
use crate::support::server::Server;
use crate::support::tls::{self, Authority};
use crate::support::wire::before_handshake;

#[track_caller]
fn connect(url: &str, args: &[&str]) -> Output {
    wsee(&[&[url, "-n", "1"], args].concat())
        .stdin("hello\n")
        .run()
}

#[test]
fn resolve_says_the_address_of_a_host() {
    let server = echoing();
    let port = server.port();
    connect(
        &format!("ws://server.invalid:{port}"),
        &[
            "--resolve",
            &format!("Server.Invalid:{port}:127.0.0.1"),
            "-v",
        ],
    )
    .exits(0)
    .says("* resolved server.invalid → 127.0.0.1 (--resolve)\n")
    .says(&format!("> Host: server.invalid:{port}\n"));

    connect("ws://server.invalid:1", &["--resolve", "*:2:127.0.0.1"]).exits(6);
    connect("ws://server.invalid:1", &["--resolve", "*:1"])
        .exits(2)
        .says("HOST:PORT:ADDR");
}

#[test]
fn an_address_of_resolve_that_fails_gives_way_to_the_next() {
    let server = echoing();
    let port = server.port();
    connect(
        &format!("ws://server.invalid:{port}"),
        &["--resolve", &format!("*:{port}:127.0.0.2,127.0.0.1"), "-v"],
    )
    .exits(0)
    .says("127.0.0.2 refused")
    .says(&format!("connected to 127.0.0.1:{port}"));
}

#[test]
fn connect_to_changes_the_way_and_not_what_is_asked_for() {
    let authority = Authority::new();
    let server = tls::serving(authority.issue(&["server.invalid"]), |stream| {
        Peer::accept(stream).echo()
    });
    let detour = format!("server.invalid:443:127.0.0.1:{}", server.port());
    let shown = format!(
        "* connecting to 127.0.0.1:{} instead (--connect-to)",
        server.port()
    );
    connect(
        "wss://server.invalid",
        &["--connect-to", &detour, "--cacert", authority.path(), "-v"],
    )
    .exits(0)
    .says(&shown)
    .says("> Host: server.invalid\n");
}

#[test]
fn a_proxy_is_asked_for_the_end_of_the_detour() {
    let (server, proxy) = (echoing(), http(ESTABLISHED));
    let detour = format!("::other.invalid:{}", server.port());
    connect(
        "ws://server.invalid",
        &["--connect-to", &detour, "-x", &url("http", &proxy)],
    )
    .exits(0);
    let request = proxy.finish();
    let start = format!("CONNECT other.invalid:{} HTTP/1.1\r\n", server.port());
    assert!(request.starts_with(&start), "{request}");
}

#[test]
fn a_unix_socket_takes_the_place_of_the_host() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("server.sock");
    let listener = UnixListener::bind(&path).expect("a socket");
    let server = thread::spawn(move || {
        let (stream, _) = listener.accept().expect("a client");
        Peer::accept(stream).echo()
    });
    let path = path.to_str().expect("a path in UTF-8");
    wsee(&[
        "ws://server.invalid/x",
        "-n",
        "1",
        "--unix-socket",
        path,
        "-v",
    ])
    .env("all_proxy", "http://127.0.0.1:1")
    .stdin("hello\n")
    .run()
    .exits(0)
    .prints("hello\n")
    .says(&format!("* connected to {path} "))
    .says("> Host: server.invalid\n");
    assert_eq!(server.join().expect("a server").messages.len(), 1);
}

#[test]
fn a_unix_socket_that_nobody_listens_on_exits_7() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("none.sock");
    let path = path.to_str().expect("a path in UTF-8");
    connect("ws://server.invalid", &["--unix-socket", path])
        .exits(7)
        .says(path)
        .says("check the path");
    connect("ws://h", &["--unix-socket", path, "-x", "h"]).exits(2);
}

#[test]
fn only_addresses_of_the_family_are_tried() {
    let server = echoing();
    let port = server.port();
    let local = format!("ws://localhost:{port}");
    connect(&local, &["-4", "-v"])
        .exits(0)
        .says("* resolved localhost → 127.0.0.1 ");
    connect("ws://127.0.0.1:1", &["-6"])
        .exits(6)
        .says("127.0.0.1 has no IPv6 address");
    connect("ws://[::1]:1", &["-4"]).exits(6);
    connect("ws://h", &["-4", "-6"]).exits(2);
}

fn told_peer() -> Server<String> {
    Server::start(|stream: TcpStream| {
        let peer = stream.peer_addr().expect("a client").ip().to_string();
        Peer::accept(stream).echo();
        peer
    })
}

#[test]
fn connections_go_out_from_the_given_address_or_interface() {
    for (interface, from) in [("127.0.0.3", "127.0.0.3"), ("lo", "127.0.0.1")] {
        let server = told_peer();
        connect(server.url(), &["--interface", interface]).exits(0);
        assert_eq!(server.finish(), from);
    }
    connect("ws://127.0.0.1:1", &["--interface", "nosuch0"])
        .exits(2)
        .says("there is no network interface \"nosuch0\"\n");
    connect("ws://127.0.0.1:1", &["--interface", "192.0.2.1"]).exits(7);
    connect("ws://h", &["--interface", "::1", "-4"]).exits(2);
}

#[test]
fn the_zone_of_an_address_is_not_sent() {
    let Ok(listener) = TcpListener::bind("[::1]:0") else {
        // Not every machine has IPv6; that the zone reaches the address is a unit test.
        return;
    };
    let port = listener.local_addr().expect("an address").port();
    let server = thread::spawn(move || {
        let (stream, _) = listener.accept().expect("a client");
        Peer::accept(stream).echo()
    });
    connect(&format!("ws://[::1%25lo]:{port}"), &["-v"])
        .exits(0)
        .says(&format!("> Host: [::1]:{port}\n"));
    server.join().expect("a server");
    connect("ws://[fe80::1%nosuch0]", &[])
        .exits(2)
        .says("nosuch0");
}

#[test]
fn tcp_settings_that_the_system_would_not_take_are_usage_errors() {
    connect("ws://h", &["--keepalive-time", "10h"])
        .exits(2)
        .says("32767s");
    let server = before_handshake(|mut wire| {
        wire.write("HTTP/1.1 404 x\r\nContent-Length: 0\r\n\r\n");
    });
    let args = ["--keepalive-time", "0", "--tcp-user-timeout", "1h"];
    connect(server.url(), &args).exits(22);
}
