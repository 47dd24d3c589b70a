//! How a REPL ends: last line, exit status, and a terminal as it was.

use std::time::Duration;

use rustix::process::Signal;

use crate::support::peer::{Message, Peer, scripted};
use crate::support::pty::{Terminal, terminal};
use crate::support::wire::{Wire, after_handshake};

/// A REPL with something typed, and what the server has received in the end.
#[track_caller]
fn ended_by(end: impl FnOnce(&Terminal), status: u32) -> (Terminal, Option<(u16, String)>) {
    let server = scripted(Peer::record);
    let mut terminal = terminal(&[server.url()]).prompt();
    terminal.paste("half\ntyped");
    terminal.wait_for("> half\ntyped");
    end(&terminal);
    assert_eq!(terminal.finish(), status);
    let close = server.finish().close;
    (terminal, close)
}

#[test]
fn a_signal_closes_with_its_code_and_is_named() {
    for (signal, status, code, line) in [
        (
            Signal::TERM,
            143,
            1001,
            "terminated (SIGTERM); closed: 1001 going away",
        ),
        (
            Signal::HUP,
            129,
            1001,
            "hung up (SIGHUP); closed: 1001 going away",
        ),
        (
            Signal::INT,
            130,
            1000,
            "interrupted; closed: 1000 normal closure",
        ),
    ] {
        let (terminal, close) = ended_by(|terminal| terminal.signal(signal), status);
        assert_eq!(close, Some((code, String::new())));
        terminal.wait_for(&format!("\n{line} after "));
    }
}

#[test]
fn a_terminal_that_is_closed_ends_it() {
    let server = scripted(Peer::record);
    let terminal = terminal(&[server.url()]).prompt();
    assert_eq!(terminal.hang_up(), 129);
    assert!(server.finish().is_closed);
}

#[test]
fn the_last_line_is_below_all_other_output() {
    let (terminal, _) = ended_by(|terminal| terminal.signal(Signal::TERM), 143);
    let screen = terminal.contents();
    let last = screen.trim_end().lines().last();
    assert!(
        last.is_some_and(|line| line.starts_with("terminated")),
        "{screen}"
    );
    // What was not sent is told above it, and the prompt is gone.
    assert!(screen.contains("\nnot sent: half"), "{screen}");
    assert!(!screen.contains("> half"), "{screen}");
}

/// Runs the REPL against a server that closes, while something is typed.
#[track_caller]
fn closed_with(code: u16, reason: &'static str, status: u32) -> String {
    let server = scripted(move |mut peer: Peer| {
        peer.expect("go");
        peer.send(Message::text("gone"));
        peer.close(code, reason)
    });
    let mut terminal = terminal(&[server.url(), "--exit-on-close"]).prompt();
    terminal.press("go\rhalf typed");
    assert_eq!(terminal.finish(), status);
    terminal.wait_for("← text 4 B   gone\n");
    terminal.last_line()
}

#[test]
fn the_last_line_shows_how_the_server_closed() {
    let line = closed_with(1000, "", 0);
    assert!(
        line.starts_with("closed by server: 1000 normal closure after "),
        "{line}"
    );
    let line = closed_with(1001, "", 0);
    assert!(
        line.starts_with("closed by server: 1001 going away after "),
        "{line}"
    );
    let line = closed_with(1008, "token expired", 111);
    let start = "closed by server: 1008 policy violation \"token expired\" after ";
    assert!(line.starts_with(start), "{line}");
    assert!(line.ends_with(" (1 sent, 1 received)"), "{line}");
}

/// Runs the REPL against a server that goes wrong as `script` says; the last line.
#[track_caller]
fn broken_by(bytes: &'static str, reset: bool, status: u32) -> String {
    let server = after_handshake(move |mut wire| {
        wire.write_hex(bytes);
        // The answer to a ping tells that all before it has been read.
        wire.write_hex("8900");
        wire.read_frame();
        if reset { wire.reset() } else { wire.end() }
    });
    let mut terminal = terminal(&[server.url()]).start();
    assert_eq!(terminal.finish(), status);
    terminal.last_line()
}

#[test]
fn the_last_line_shows_an_abnormal_closure() {
    for reset in [false, true] {
        let line = broken_by("8102 6869", reset, 110);
        assert!(line.starts_with("abnormal closure (1006"), "{line}");
    }
}

#[test]
fn the_last_line_shows_a_violation() {
    let line = broken_by("9300", false, 113);
    assert!(
        line.starts_with("protocol violation by the server: "),
        "{line}"
    );
    assert!(line.contains("RFC 6455 §5"), "{line}");
}

#[test]
fn max_time_ends_it() {
    let server = scripted(Peer::record);
    let mut terminal = terminal(&[server.url(), "--max-time", "300ms"]).start();
    assert_eq!(terminal.finish_within(Duration::from_secs(3)), 28);
    terminal.wait_for("--max-time");
    assert!(server.finish().is_closed);
}

#[test]
fn a_server_that_sends_no_pong_ends_it() {
    let server = after_handshake(Wire::wait_for_end);
    let args = ["--ping-interval", "100ms", "--ping-timeout", "200ms"];
    let mut terminal = terminal(&[&[server.url()], &args[..]].concat()).start();
    assert_eq!(terminal.finish(), 114);
    terminal.wait_for("\nno pong (or anything else) from the server for ");
}
