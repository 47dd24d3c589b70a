//! Servers of another version of Engine.IO than was asked for, wherever they say so.

use std::io::Write;
use std::net::TcpStream;

use super::{CONNECTED, OPEN, text};
use crate::support::peer::Peer;
use crate::support::run::wsee;
use crate::support::server::Server;
use crate::support::wire::read_head;

const REFUSAL: &str = "HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 28\r\n\r\nUnsupported protocol version";

/// Refuses after the 101, as npm's socket.io 4 does.
fn refuse_after_the_101(stream: TcpStream) {
    let mut raw = stream.try_clone().expect("a socket");
    let peer = Peer::accept(stream);
    raw.write_all(REFUSAL.as_bytes()).expect("a client");
    peer.record();
}

/// Reads the request, and refuses in the place of the 101.
fn refuse(mut stream: TcpStream) -> String {
    let head = read_head(&mut stream);
    stream.write_all(REFUSAL.as_bytes()).expect("a client");
    head
}

/// A session of version 4 with one event, to its end.
fn serve(stream: TcpStream) {
    let mut peer = Peer::accept(stream);
    peer.send(OPEN);
    peer.expect("40");
    peer.send(CONNECTED);
    let asked = text(&mut peer);
    peer.send(asked);
    peer.record();
}

fn url(port: u16) -> String {
    format!("http://127.0.0.1:{port}/?EIO=3")
}

#[test]
fn a_refusal_after_the_101_is_followed() {
    let server = Server::start_many(2, |index, stream| match index {
        0 => refuse_after_the_101(stream),
        _ => serve(stream),
    });
    let run = wsee(&["--as", "socket.io", &url(server.port()), "-1"]);
    let run = run.stdin("[\"a\",1]\n").run();
    run.exits(0)
        .prints("[\"a\",1]\n")
        .says("the server does not speak EIO 3; trying EIO 4 (Socket.IO 3 and 4)");
}

#[test]
fn a_server_of_another_version_is_followed_at_a_reconnect() {
    let server = Server::start_many(3, |index, stream| match index {
        0 => drop(Peer::accept(stream)),
        1 => drop(refuse(stream)),
        _ => serve(stream),
    });
    let run = wsee(&[
        "--as",
        "socket.io",
        &url(server.port()),
        "-1",
        "--reconnect",
    ]);
    let run = run.stdin("[\"a\",1]\n").run();
    run.exits(0)
        .prints("[\"a\",1]\n")
        .says("the server does not speak EIO 3; trying EIO 4 (Socket.IO 3 and 4)");
}

#[test]
fn a_server_that_says_nothing_is_asked_for_the_other_version() {
    let server = Server::start_many(2, |index, stream| match index {
        // As npm's socket.io 3 without allowEIO3.
        0 => drop(Peer::accept(stream).record()),
        _ => serve(stream),
    });
    let run = wsee(&["--as", "socket.io", &url(server.port()), "-1"]);
    let run = run.stdin("[\"a\",1]\n").run();
    run.exits(0)
        .prints("[\"a\",1]\n")
        .says("the server sent no Engine.IO open packet within 3.0 s")
        .says("the server does not speak EIO 3; trying EIO 4 (Socket.IO 3 and 4)");
}

#[test]
fn a_server_that_says_nothing_in_a_given_version_is_explained_while_wsee_waits() {
    let server = Server::start(|stream| drop(Peer::accept(stream).record()));
    let url = format!("http://127.0.0.1:{}/", server.port());
    let args = ["--as", "socket.io", &url, "--eio", "3", "-m", "4"];
    let run = wsee(&args).run().exits(28);
    run.says("no Engine.IO open packet came within 3.0 s; waiting 20.0 s in all")
        .says("Socket.IO 3 says nothing when asked for EIO 3, try --eio auto");
}

#[test]
fn a_server_that_refuses_both_versions_is_asked_twice() {
    let server = Server::start_many(2, |_, stream| refuse_after_the_101(stream));
    let run = wsee(&["--as", "socket.io", &url(server.port()), "-1"]);
    run.run()
        .exits(115)
        .says("with code 5, \"Unsupported protocol version\"");
}

#[test]
fn a_given_version_is_not_changed() {
    let server = Server::start(refuse_after_the_101);
    let url = format!("http://127.0.0.1:{}/", server.port());
    let run = wsee(&["--as", "socket.io", &url, "--eio", "3", "-1"]).run();
    run.exits(115).says("with code 5");
}

#[test]
fn a_scenario_follows_wherever_the_server_says_so() {
    let ways: [fn(TcpStream); 3] = [
        |stream| drop(refuse(stream)),
        refuse_after_the_101,
        |stream| drop(Peer::accept(stream).record()),
    ];
    for way in ways {
        let server = Server::start_many(2, move |index, stream| match index {
            0 => way(stream),
            _ => serve(stream),
        });
        let step = format!("connect --as socket.io {}", url(server.port()));
        let scenario = format!("{step}\nemit a 1\n< event a 1\n");
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("follows.wsee");
        std::fs::write(&path, scenario).expect("a file");
        let path = path.to_str().expect("UTF-8");
        wsee(&["test", path]).run().exits(0);
    }
}
