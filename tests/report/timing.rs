//! `--timing`: the phases of an opening as bars.

use crate::support::peer::{Peer, scripted};
use crate::support::pty::terminal;
use crate::support::run::wsee;
use crate::support::wire::{Wire, before_handshake};

#[test]
fn the_phases_are_above_the_last_line() {
    let server = scripted(|mut peer| {
        peer.send("first");
        peer.close(1000, "")
    });
    let output = wsee(&[server.url(), "--timing"]).run().exits(0);
    let names: Vec<&str> = output
        .stderr
        .lines()
        .skip_while(|line| !line.starts_with("timing"))
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    assert_eq!(names, ["timing", "TCP", "upgrade", "first", "closed"]);
    let bars = output
        .stderr
        .lines()
        .filter(|line| line.ends_with(['=', '>']));
    assert_eq!(bars.count(), 3, "{}", output.stderr);
}

#[test]
fn a_name_is_resolved_first() {
    let server = scripted(Peer::echo);
    let url = format!("ws://localhost:{}", server.port());
    wsee(&[&url, "--timing", "-1"])
        .stdin("x\n")
        .run()
        .exits(0)
        .says("\n  DNS ");
}

#[test]
fn the_phase_that_failed_is_shown() {
    let server = before_handshake(Wire::wait_for_end);
    let args = [server.url(), "--timing", "--connect-timeout", "300ms"];
    let output = wsee(&args).run().exits(28);
    let stderr = &output.stderr;
    let row = stderr
        .lines()
        .find(|line| line.starts_with("  not finished"));
    assert!(row.is_some_and(|row| row.contains(" 3")), "{stderr}");
    assert!(
        stderr.contains("\n  TCP ") && !stderr.contains("  upgrade "),
        "{stderr}"
    );
}

#[test]
fn a_terminal_gets_bars_of_its_width() {
    let server = scripted(|mut peer| {
        peer.send("first");
        peer.close(1000, "")
    });
    let mut terminal = terminal(&[server.url(), "--timing"]).start();
    assert_eq!(terminal.finish(), 0);
    let screen = terminal.contents();
    let bar = screen.lines().find(|line| line.contains("first message"));
    let width = bar.map_or(0, |line| line.chars().count());
    assert!((95..100).contains(&width), "{width} columns:\n{screen}");
}
