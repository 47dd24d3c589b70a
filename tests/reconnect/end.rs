//! What ends a run that reconnects.

use std::time::Duration;

use rustix::process::Signal;

use crate::support::peer::{Peer, scripted};
use crate::support::run::{Running, wsee};
use crate::support::wire::before_handshake_on;

/// A run whose server is gone for good.
#[track_caller]
fn orphan(args: &[&str]) -> (Running, u16) {
    let server = scripted(|mut peer: Peer| peer.send("x"));
    let (port, url) = (server.port(), server.url().to_owned());
    let running = wsee(&[&[url.as_str()], args].concat())
        .stdin_held_open()
        .spawn();
    server.serve();
    running.wait_for_stderr("reconnecting in ");
    (running, port)
}

#[test]
fn an_end_that_is_meant_is_the_end() {
    for (code, status) in [(1000, 0), (1008, 111), (4000, 111)] {
        let server = scripted(move |peer: Peer| peer.close(code, ""));
        wsee(&[server.url(), "--reconnect"])
            .stdin_held_open()
            .run()
            .exits(status)
            .never_says("reconnect");
    }
}

#[test]
fn so_many_attempts_may_fail_and_the_last_decides() {
    let (mut running, _) = orphan(&["--reconnect=2", "-w", "%{exitcode}"]);
    running.send("a\nb\n");
    running
        .wait()
        .exits(7)
        .prints("x\n7")
        .says("(attempt 2)")
        .never_says("(attempt 3)")
        .says("hint: is the server running on this port?\n")
        .says("127.0.0.1 refused\n")
        .ends_with_line("gave up after 2 attempts; ")
        .says("; 2 messages of input not sent\n");
}

#[test]
fn a_refusal_that_will_not_change_ends_it() {
    let (running, port) = orphan(&["--reconnect"]);
    let server = before_handshake_on(port, |mut wire| {
        wire.write("HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n");
        wire.end();
    });
    running
        .wait()
        .exits(22)
        .says("status 401")
        .never_says("(attempt 2)");
    server.serve();
}

#[test]
fn a_signal_ends_the_wait_at_once() {
    for (signal, status) in [(Signal::INT, 130), (Signal::TERM, 143)] {
        let (running, _) = orphan(&["--reconnect"]);
        running.signal(signal);
        running
            .wait()
            .exits(status)
            .within(Duration::from_secs(3))
            .never_says("(attempt 3)");
    }
}

#[test]
fn max_time_is_for_all_connections_together() {
    let (running, _) = orphan(&["--reconnect", "--max-time", "2s"]);
    running
        .wait()
        .exits(28)
        .within(Duration::from_secs(4))
        .says("stopped by --max-time (2.0 s); ");
}

#[test]
fn a_reader_that_leaves_ends_the_wait() {
    let server = scripted(|mut peer: Peer| peer.send("x"));
    let (running, stdout) = wsee(&[server.url(), "--reconnect"])
        .stdin_held_open()
        .spawn_with_stdout();
    server.serve();
    running.wait_for_stderr("reconnecting in ");
    drop(stdout);
    running.wait().exits(0).says("stdout was closed");
}

#[test]
fn no_number_of_attempts_is_a_usage_error() {
    wsee(&["ws://127.0.0.1:1", "--reconnect=0"])
        .run()
        .exits(2)
        .says("not a number of attempts");
}
