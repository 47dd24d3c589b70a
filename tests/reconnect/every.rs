//! `--every`: messages that go out again and again.

use std::time::{Duration, Instant};

use crate::support::peer::{Peer, echoing, scripted, scripted_on};
use crate::support::pty::terminal;
use crate::support::run::wsee;

#[test]
fn a_message_is_sent_now_and_then_again() {
    let server = scripted(|mut peer: Peer| {
        let opened = Instant::now();
        let mut at = || {
            peer.expect("tick");
            opened.elapsed()
        };
        let (first, third) = (at(), (at(), at()).1);
        peer.close(1000, "");
        (first, third)
    });
    wsee(&[server.url(), "--every", "400ms", "tick"])
        .run()
        .exits(0);
    let (first, third) = server.serve();
    assert!(first < Duration::from_millis(400), "{first:?}");
    assert!(third >= Duration::from_millis(700), "{third:?}");
}

#[test]
fn the_end_of_stdin_does_not_end_it() {
    let server = echoing();
    let every = ["--every", "200ms", "tick", "--wait", "0", "-n", "4"];
    let output = wsee(&[&[server.url(), "--send", "first"], &every[..]].concat())
        .stdin("line\n")
        .run()
        .exits(0);
    let stdout = String::from_utf8(output.stdout).expect("UTF-8");
    let mut lines: Vec<&str> = stdout.lines().collect();
    assert_eq!(lines.remove(0), "first");
    // How fast the line comes is not for wsee to say.
    lines.sort_unstable();
    assert_eq!(lines, ["line", "tick", "tick"]);
}

#[test]
fn it_restarts_on_every_connection() {
    let server = scripted(|mut peer: Peer| peer.expect("tick"));
    let port = server.port();
    let running = wsee(&[server.url(), "--reconnect", "--every", "1h", "tick"]).spawn();
    server.serve();
    running.wait_for_stderr("reconnecting in ");
    let server = scripted_on(port, |mut peer: Peer| {
        peer.expect("tick");
        peer.close(1000, "")
    });
    server.serve();
    running.wait().exits(0);
}

#[test]
fn the_prompt_sends_it_as_well() {
    let server = scripted(|mut peer: Peer| {
        peer.expect("tick");
        peer.expect("tick");
        peer.close(1000, "")
    });
    let mut terminal = terminal(&[server.url(), "--every", "100ms", "tick"]).start();
    assert_eq!(terminal.finish(), 0);
    terminal.wait_for("→ text 4 B   tick");
}

#[test]
fn an_invalid_message_is_rejected_before_anything_is_sent() {
    let cases = [
        (["0", "x"], 2, "the interval must not be zero"),
        (["soon", "x"], 2, "--every 'soon': not a duration"),
        (["1s", "@"], 2, "no file name"),
        (
            ["1s", "@/nowhere/x"],
            26,
            "--every @/nowhere/x: cannot read it",
        ),
    ];
    for ([period, text], status, says) in cases {
        wsee(&["ws://127.0.0.1:1", "--every", period, text])
            .run()
            .exits(status)
            .says(says);
    }
}
