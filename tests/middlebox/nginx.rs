//! nginx in front of the server.

use std::fs;
use std::io::{Read, Write};
use std::process::Command;

use super::dead_port;
use super::front::{self, Front, Place};
use crate::support::peer::echoing;
use crate::support::run::wsee;
use crate::support::server::Server;

/// Starts one in front of the server on port `upstream`.
pub fn start(upstream: u16) -> Front {
    Front::start(
        "nginx.conf",
        |it| {
            let users = it.directory.path().join("users");
            fs::write(users, "me:{PLAIN}secret\n").expect("a file");
            configuration(it, upstream)
        },
        |it| {
            let mut command = Command::new("nginx");
            command.arg("-p").arg(it.directory.path()).arg("-c");
            command
        },
    )
}

fn configuration(place: &Place<'_>, upstream: u16) -> String {
    let root = place.directory.path().display();
    let Place {
        plain,
        tls,
        certificate,
        key,
        ..
    } = place;
    // What nginx needs as root, and ignores otherwise.
    let user = if rustix::process::geteuid().is_root() {
        "user root;"
    } else {
        ""
    };
    format!(
        r"
daemon off; master_process off; {user}
pid {root}/pid; error_log stderr;
events {{ worker_connections 64; }}
http {{
  access_log off;
  client_body_temp_path {root}/1; proxy_temp_path {root}/2; fastcgi_temp_path {root}/3;
  uwsgi_temp_path {root}/4; scgi_temp_path {root}/5;
  proxy_http_version 1.1; proxy_read_timeout 2s;
  server {{
    listen 127.0.0.1:{plain}; listen 127.0.0.1:{tls} ssl http2;
    ssl_certificate {certificate}; ssl_certificate_key {key};
    proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade;
    location / {{ proxy_pass http://127.0.0.1:{upstream}; }}
    location /members {{
      auth_basic members; auth_basic_user_file {root}/users;
      proxy_pass http://127.0.0.1:{upstream};
    }}
    location /old {{ return 301 /new; }}
    location /stripped {{
      proxy_set_header Upgrade ''; proxy_set_header Connection close;
      proxy_pass http://127.0.0.1:{upstream};
    }}
  }}
}}
"
    )
}

#[test]
#[ignore = "needs nginx"]
fn messages_go_both_ways_where_nginx_ends_tls() {
    front::passes_messages(start);
}

#[test]
#[ignore = "needs nginx"]
fn an_idle_connection_that_nginx_cuts_is_abnormal_and_a_ping_keeps_it() {
    front::cuts_what_is_idle(start);
}

#[test]
#[ignore = "needs nginx"]
fn a_location_that_nginx_protects_needs_a_user() {
    let server = echoing();
    let nginx = start(server.port());
    let url = nginx.ws("/members");
    wsee(&[&url]).run().exits(22).says("401").says("-u");
    wsee(&[&url, "-u", "me:wrong"]).run().exits(22).says("401");
    wsee(&[&url, "-u", "me:secret", "-1"])
        .stdin("hi\n")
        .run()
        .exits(0)
        .prints("hi\n");
    drop(server.finish());
}

#[test]
#[ignore = "needs nginx"]
fn a_redirect_of_nginx_is_followed_when_asked() {
    let server = echoing();
    let nginx = start(server.port());
    nginx.visit("/old", &[]).run().exits(22).says("-L");
    // It names no scheme of ours: http and https are mapped.
    nginx
        .visit("/old", &["-L", "-1"])
        .stdin("hi\n")
        .run()
        .exits(0)
        .prints("hi\n");
    drop(server.finish());
}

#[test]
#[ignore = "needs nginx"]
fn an_upgrade_that_nginx_strips_is_named() {
    let server = Server::start(|mut stream| {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).expect("a request");
            head.extend(byte);
        }
        let answer = "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
        stream.write_all(answer.as_bytes()).expect("a connection");
        String::from_utf8_lossy(&head).to_lowercase()
    });
    let nginx = start(server.port());
    wsee(&[&nginx.ws("/stripped")])
        .run()
        .exits(22)
        .says("Upgrade");
    assert!(!server.finish().contains("upgrade:"));
}

#[test]
#[ignore = "needs nginx"]
fn a_server_that_is_down_is_a_bad_gateway() {
    let nginx = start(dead_port());
    wsee(&[&nginx.ws("/")]).run().exits(22).says("502");
}

#[test]
#[ignore = "needs nginx"]
fn nginx_speaks_http2_without_websocket() {
    let server = echoing();
    let nginx = start(server.port());
    let run = |version| nginx.over_http("/", version, &["-1"]).stdin("hi\n").run();
    run("2")
        .exits(22)
        .says(", ALPN h2")
        .says("its SETTINGS lack ENABLE_CONNECT_PROTOCOL");
    run("auto")
        .exits(0)
        .prints("hi\n")
        .says("(RFC 8441 §3); HTTP/1.1 instead, as browsers do")
        .says("< HTTP/1.1 101");
    drop(server.finish());
}
