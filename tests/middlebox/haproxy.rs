//! `HAProxy` in front of the server.

use std::fs;
use std::process::Command;

use super::dead_port;
use super::front::{self, Front};
use crate::support::peer::scripted;
use crate::support::run::wsee;

/// Starts one in front of the server on port `upstream`.
pub fn start(upstream: u16) -> Front {
    Front::start(
        "haproxy.cfg",
        |it| {
            // It wants both in one file.
            let pem = [&it.certificate, &it.key].map(|file| fs::read(file).expect("a file"));
            let pair = it.directory.path().join("pair.pem");
            fs::write(&pair, pem.concat()).expect("a file");
            format!(
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
                plain = it.plain,
                tls = it.tls,
                pair = pair.display()
            )
        },
        |_| {
            let mut command = Command::new("haproxy");
            command.args(["-db", "-f"]);
            command
        },
    )
}

#[test]
#[ignore = "needs HAProxy"]
fn messages_go_both_ways_where_haproxy_ends_tls() {
    front::passes_messages(start);
}

#[test]
#[ignore = "needs HAProxy"]
fn a_tunnel_that_haproxy_cuts_is_abnormal_and_a_ping_keeps_it() {
    front::cuts_what_is_idle(start);
}

#[test]
#[ignore = "needs HAProxy"]
fn haproxys_own_response_is_quoted() {
    let haproxy = start(dead_port());
    let denied = wsee(&[&haproxy.ws("/closed")]).run();
    denied
        .exits(22)
        .says("< HTTP/1.1 403")
        .says("Request forbidden");
    let down = wsee(&[&haproxy.ws("/")]).run();
    down.exits(22).says("< HTTP/1.1 503").says("status 503");
}

#[test]
#[ignore = "needs HAProxy"]
fn messages_go_both_ways_where_haproxy_makes_http1_of_http2() {
    front::passes_messages_over_http2(start);
}

#[test]
#[ignore = "needs HAProxy"]
fn the_servers_code_comes_through_haproxy_and_a_refusal_is_haproxys() {
    let server = scripted(|peer| peer.close(4001, "over and out"));
    let haproxy = start(server.port());
    let args = ["--wait", "forever"];
    let closed = haproxy.over_http("/", "2", &args).run();
    closed
        .exits(111)
        .ends_with_line("closed by server: 4001 private use \"over and out\"");
    drop(server.finish());
    let denied = haproxy.over_http("/closed", "auto", &[]).run();
    denied
        .exits(22)
        .says("< HTTP/2 403")
        .says("Request forbidden");
}
