//! tinyproxy as a forward proxy.

use std::fs;
use std::process::Command;

use super::{Daemon, free_port};
use crate::support::peer::{Peer, Received, echoing};
use crate::support::run::wsee;
use crate::support::server::{Server, Untouched};
use crate::support::tls::{Authority, serving, url};

/// Starts a proxy that lets `user` through, or everybody; returns its port.
fn start(user: Option<&str>) -> (Daemon, u16) {
    let directory = tempfile::tempdir().expect("a directory");
    let port = free_port();
    let auth = user.map_or(String::new(), |user| format!("BasicAuth {user}\n"));
    let config = format!("Port {port}\nListen 127.0.0.1\nTimeout 60\nAllow 127.0.0.1\n{auth}");
    let file = directory.path().join("tinyproxy.conf");
    fs::write(&file, config).expect("a file");
    let mut command = Command::new("tinyproxy");
    command.arg("-d").arg("-c").arg(&file);
    (Daemon::start(command, directory, port), port)
}

fn echoes(server: Server<Received>, url: &str, more: &[&str]) {
    let mut args = vec![url, "-n", "2"];
    args.extend(more);
    wsee(&args)
        .stdin("one\ntwo\n")
        .run()
        .exits(0)
        .prints("one\ntwo\n");
    assert_eq!(server.finish().messages.len(), 2);
}

#[test]
#[ignore = "needs tinyproxy"]
fn plain_connections_go_through_a_tunnel() {
    let (_proxy, port) = start(None);
    let server = echoing();
    let url = server.url().to_owned();
    echoes(server, &url, &["-x", &format!("http://127.0.0.1:{port}")]);
}

#[test]
#[ignore = "needs tinyproxy"]
fn tls_goes_through_a_tunnel_from_end_to_end() {
    let (_proxy, port) = start(None);
    let authority = Authority::new();
    let server = serving(authority.issue(&["localhost"]), |stream| {
        Peer::accept(stream).echo()
    });
    let url = url(&server);
    let proxy = format!("http://127.0.0.1:{port}");
    echoes(server, &url, &["-x", &proxy, "--cacert", authority.path()]);
}

#[test]
#[ignore = "needs tinyproxy"]
fn a_proxy_that_wants_a_user_is_distinguished_from_the_server() {
    let (_proxy, port) = start(Some("me secret"));
    let server = Untouched::start();
    let url = format!("ws://127.0.0.1:{}/", server.port());
    let proxy = format!("http://127.0.0.1:{port}");
    let output = wsee(&[&url, "-x", &proxy]).run();
    output.exits(97).says("407").says("proxy");
    drop(server);
    let server = echoing();
    let url = server.url().to_owned();
    let proxy = format!("http://me:secret@127.0.0.1:{port}");
    echoes(server, &url, &["-x", &proxy]);
}

#[test]
#[ignore = "needs tinyproxy"]
fn a_server_that_the_proxy_cannot_reach_is_the_proxys_answer() {
    let (_proxy, port) = start(None);
    let url = {
        let nothing = Untouched::start();
        format!("ws://127.0.0.1:{}/", nothing.port())
    };
    let proxy = format!("http://127.0.0.1:{port}");
    wsee(&[&url, "-x", &proxy]).run().exits(97).says("500");
}
