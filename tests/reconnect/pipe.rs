//! A pipe whose server dies and comes back.

use std::net::TcpListener;
use std::thread;
use std::time::Duration;

use crate::support::peer::{Message, Peer, Received, scripted, scripted_on};
use crate::support::run::{Running, wsee};
use crate::support::server::Server;
use crate::support::wire::{Wire, after_handshake, before_handshake_on};

/// A run with `--reconnect` whose first server is gone, and that server's port.
#[track_caller]
fn orphan(args: &[&str], script: impl FnOnce(Peer) + Send + 'static) -> (Running, u16) {
    let server = scripted(script);
    let (port, url) = (server.port(), server.url().to_owned());
    let all = [&[url.as_str(), "--reconnect"], args].concat();
    let running = wsee(&all).stdin_held_open().spawn();
    server.serve();
    running.wait_for_stderr("reconnecting in ");
    (running, port)
}

fn texts(received: &Received) -> Vec<&str> {
    let text = |message: &'_ Message| message.is_text();
    let texts = received.messages.iter().filter(|message| text(message));
    texts
        .map(|message| message.to_text().expect("a text"))
        .collect()
}

#[test]
fn input_continues_where_it_was_and_only_send_is_repeated() {
    let server = scripted(|mut peer: Peer| {
        peer.expect("hello");
        peer.expect("one");
        peer.send("first");
    });
    let port = server.port();
    let mut running = wsee(&[server.url(), "--reconnect", "--send", "hello"])
        .stdin_held_open()
        .spawn();
    running.send("one\n");
    server.serve();
    running.wait_for_stderr("reconnecting in ");
    running.send("two\n");
    let server = scripted_on(port, |mut peer: Peer| {
        peer.send("second");
        peer.record()
    });
    running.wait_for_stdout("second");
    running.end_stdin();
    let received = server.serve();
    assert_eq!(texts(&received), ["hello", "two"]);
    running
        .wait()
        .exits(0)
        .prints("first\nsecond\n")
        .says("! connection lost after ")
        .says("(attempt 1)\n")
        .says("* reconnected after a gap of ")
        .says(" (4 sent, 2 received) on 2 connections; up to 2 messages sent may be lost");
}

#[test]
fn a_server_that_restarts_is_waited_for() {
    let (running, port) = orphan(&[], |peer| drop(peer.close(1012, "back soon")));
    let server = scripted_on(port, |peer: Peer| peer.close(1000, "done"));
    server.serve();
    running
        .wait()
        .exits(0)
        .says("! closed by server: 1012 service restart \"back soon\" after ")
        .ends_with_line("closed by server: 1000 normal closure \"done\" after ");
}

#[test]
fn a_server_that_is_not_there_yet_is_waited_for() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("a port").port();
    drop(listener);
    let url = format!("ws://127.0.0.1:{port}/");
    let running = wsee(&[&url, "--reconnect"]).stdin_held_open().spawn();
    running.wait_for_stderr(" refused; next attempt in ");
    let server = scripted_on(port, |peer: Peer| peer.close(1000, ""));
    server.serve();
    running.wait().exits(0).says("closed by server: 1000 ");
    wsee(&[&url, "--reconnect", "-m", "1500ms"])
        .stdin_held_open()
        .run()
        .exits(28)
        .says("no connection within --max-time (1.5 s)");
    wsee(&[&url, "--reconnect=1"])
        .stdin_held_open()
        .run()
        .exits(7)
        .says(" refused; next attempt in ");
}

#[test]
fn a_message_sent_long_before_the_end_is_not_at_risk() {
    let server = scripted(|mut peer: Peer| {
        peer.expect("one");
        peer.send("echo");
        thread::sleep(Duration::from_millis(1_300));
    });
    let port = server.port();
    let mut running = wsee(&[server.url(), "--reconnect"])
        .stdin_held_open()
        .spawn();
    running.send("one\n");
    server.serve();
    running.wait_for_stderr("reconnecting in ");
    let server = scripted_on(port, |peer: Peer| peer.close(1000, ""));
    server.serve();
    running.wait().exits(0).never_says("may be lost");
}

#[test]
fn attempts_that_fail_are_followed_by_others() {
    let (running, port) = orphan(&[], drop);
    running.wait_for_stderr(" refused; reconnecting in ");
    let server = scripted_on(port, |peer: Peer| peer.close(1000, ""));
    server.serve();
    running.wait().exits(0).says("(attempt 2)");
}

#[test]
fn a_connection_without_pongs_is_replaced() {
    let server = after_handshake(Wire::wait_for_end);
    let port = server.port();
    let pings = ["--ping-interval", "100ms", "--ping-timeout", "200ms"];
    let args = [&[server.url(), "--reconnect"], &pings[..]].concat();
    let running = wsee(&args).stdin_held_open().spawn();
    running.wait_for_stderr("no pong (or anything else) from the server for 200.0 ms; open for ");
    server.serve();
    let server = scripted_on(port, |peer: Peer| peer.close(1000, ""));
    server.serve();
    running.wait().exits(0);
}

#[test]
fn a_silent_connection_is_replaced() {
    let server = scripted(Peer::record);
    let port = server.port();
    let args = [server.url(), "--reconnect", "--idle-timeout", "300ms"];
    let running = wsee(&args).stdin_held_open().spawn();
    running.wait_for_stderr("nothing received for 300.0 ms (--idle-timeout); ");
    assert!(server.serve().is_closed);
    let server = scripted_on(port, |peer: Peer| peer.close(1000, ""));
    server.serve();
    running.wait().exits(0).says("* reconnected");
}

#[test]
fn count_is_for_all_connections_together() {
    let (running, port) = orphan(&["-n", "3"], |mut peer| {
        peer.send("1");
        peer.send("2");
    });
    let server = scripted_on(port, |mut peer: Peer| {
        peer.send("3");
        peer.record()
    });
    running.wait().exits(0).prints("1\n2\n3\n");
    assert!(server.serve().is_closed);
}

#[test]
fn a_server_can_ask_for_a_longer_wait() {
    let (running, port) = orphan(&[], drop);
    let server: Server<()> = before_handshake_on(port, |mut wire| {
        wire.write("HTTP/1.1 503 Busy\r\nRetry-After: 3\r\nContent-Length: 0\r\n\r\n");
        wire.end();
    });
    running.wait_for_stderr(" with status 503; reconnecting in 3.0 s (attempt 2)");
    server.serve();
    let server = scripted_on(port, |peer: Peer| peer.close(1000, ""));
    server.serve();
    running
        .wait()
        .exits(0)
        .says("* reconnected after a gap of ");
}

#[test]
fn markers_are_left_out_when_quiet() {
    let (mut running, port) = orphan_in_quiet();
    let server = scripted_on(port, |peer: Peer| peer.close(1000, ""));
    server.serve();
    running.end_stdin();
    let output = running.wait().exits(0);
    assert_eq!(output.stderr, "");
}

/// As nothing is said, the end of the first server is all there is to wait for.
fn orphan_in_quiet() -> (Running, u16) {
    let server = scripted(drop);
    let port = server.port();
    let running = wsee(&[server.url(), "--reconnect", "-q"])
        .stdin_held_open()
        .spawn();
    server.serve();
    (running, port)
}
