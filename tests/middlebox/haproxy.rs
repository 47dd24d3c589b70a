//! `HAProxy` in front of the server.

use std::fs;
use std::process::Command;

use super::{Daemon, free_port};
use crate::support::peer::{Peer, echoing, scripted};
use crate::support::run::wsee;
use crate::support::server::{Server, Untouched};
use crate::support::tls::Authority;

/// `HAProxy` with a plain and a TLS port.
pub struct HaProxy {
    _daemon: Daemon,
    plain: u16,
    tls: u16,
    pub authority: Authority,
}

impl HaProxy {
    /// Starts one in front of the server on port `upstream`.
    pub fn start(upstream: u16) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let authority = Authority::new();
        let (certificate, key) = authority.issue(&["localhost"]).write();
        // It wants both in one file.
        let pem = [certificate, key].map(|file| fs::read_to_string(file).expect("a file"));
        let pair = directory.path().join("pair.pem");
        fs::write(&pair, pem.concat()).expect("a file");
        let (plain, tls) = (free_port(), free_port());
        let config = format!(
            r"
global
  maxconn 64
defaults
  mode http
  timeout connect 5s
  timeout client 5s
  timeout server 5s
  timeout tunnel 2s
frontend both
  bind 127.0.0.1:{plain}
  bind 127.0.0.1:{tls} ssl crt {pair} alpn h2,http/1.1
  http-request deny if {{ path /closed }}
  default_backend one
backend one
  server one 127.0.0.1:{upstream}
",
            pair = pair.display()
        );
        let file = directory.path().join("haproxy.cfg");
        fs::write(&file, config).expect("a file");
        let mut command = Command::new("haproxy");
        command.arg("-db").arg("-f").arg(&file);
        Self {
            _daemon: Daemon::start(command, directory, plain),
            plain,
            tls,
            authority,
        }
    }

    fn ws(&self, path: &str) -> String {
        format!("ws://localhost:{}{path}", self.plain)
    }

    pub fn wss(&self, path: &str) -> String {
        format!("wss://localhost:{}{path}", self.tls)
    }
}

#[test]
#[ignore = "needs HAProxy"]
fn messages_go_both_ways_where_haproxy_ends_tls() {
    let server = echoing();
    let haproxy = HaProxy::start(server.port());
    let big = "x".repeat(1 << 20);
    let input = format!("one\ntwo\n{big}\n");
    let url = haproxy.wss("/");
    let args = [&url, "--cacert", haproxy.authority.path(), "-n", "3"];
    let run = wsee(&args).stdin(input.clone()).run();
    run.exits(0).prints(input);
    assert_eq!(server.finish().messages.len(), 3);
}

#[test]
#[ignore = "needs HAProxy"]
fn a_tunnel_that_haproxy_cuts_is_abnormal_and_a_ping_keeps_it() {
    let server = Server::start_many(2, |_, stream| Peer::accept(stream).record());
    let haproxy = HaProxy::start(server.port());
    wsee(&[&haproxy.ws("/")])
        .stdin_held_open()
        .run()
        .exits(110)
        .ends_with_line("abnormal closure (1006")
        .says("after 2.0 s without a frame");
    wsee(&[&haproxy.ws("/"), "--ping-interval", "500ms", "-m", "4s"])
        .stdin_held_open()
        .run()
        .exits(28)
        .ends_with_line("stopped by --max-time (4.0 s); closed: 1000");
    drop(server.finish());
}

#[test]
#[ignore = "needs HAProxy"]
fn haproxys_own_response_is_quoted() {
    let nothing = Untouched::start();
    let port = nothing.port();
    drop(nothing);
    let haproxy = HaProxy::start(port);
    let denied = wsee(&[&haproxy.ws("/closed")]).run();
    denied
        .exits(22)
        .says("< HTTP/1.1 403")
        .says("Request forbidden");
    let down = wsee(&[&haproxy.ws("/")]).run();
    down.exits(22).says("< HTTP/1.1 503").says("status 503");
}

/// Arguments for its TLS port over HTTP/2.
fn over_http2<'a>(haproxy: &'a HaProxy, url: &'a str, http: &'a str) -> [&'a str; 6] {
    let ca = haproxy.authority.path();
    [url, "--cacert", ca, "--http", http, "-v"]
}

#[test]
#[ignore = "needs HAProxy"]
fn messages_go_both_ways_where_haproxy_makes_http1_of_http2() {
    let server = Server::start_many(2, |_, stream| Peer::accept(stream).echo());
    let haproxy = HaProxy::start(server.port());
    let url = haproxy.wss("/");
    let big = "x".repeat(1 << 20);
    let input = format!("one\n/bin 00 ff\n{big}\n");
    for http in ["2", "auto"] {
        let args = over_http2(&haproxy, &url, http);
        wsee(&[&args[..], &["--commands", "-n", "3"]].concat())
            .stdin(input.clone())
            .run()
            .exits(0)
            .prints(format!("one\nAP8=\n{big}\n"))
            .says("ENABLE_CONNECT_PROTOCOL 1")
            .says("< HTTP/2 200");
    }
    server.finish();
}

#[test]
#[ignore = "needs HAProxy"]
fn the_servers_code_comes_through_haproxy_and_a_refusal_is_haproxys() {
    let server = scripted(|peer| peer.close(4001, "over and out"));
    let haproxy = HaProxy::start(server.port());
    let url = haproxy.wss("/");
    wsee(&[&over_http2(&haproxy, &url, "2")[..], &["--wait", "forever"]].concat())
        .run()
        .exits(111)
        .ends_with_line("closed by server: 4001 private use \"over and out\"");
    drop(server.finish());
    let url = haproxy.wss("/closed");
    wsee(&over_http2(&haproxy, &url, "auto"))
        .run()
        .exits(22)
        .says("< HTTP/2 403")
        .says("Request forbidden");
}
