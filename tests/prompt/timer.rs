//! `/every`, `/repeat` and `/stats`.

use std::sync::mpsc;
use std::time::{Duration, Instant};

use crate::support::peer::{Message, Peer, echoing, scripted};
use crate::support::pty::{Terminal, terminal};
use crate::support::wire::after_handshake;

#[test]
fn every_sends_at_once_and_then_by_its_period() {
    let server = scripted(|mut peer: Peer| {
        let mut times = Vec::new();
        for number in 1..=3 {
            peer.expect(&format!("beat {number}"));
            times.push(Instant::now());
        }
        peer.record();
        times
    });
    let mut terminal = terminal(&[server.url()]).prompt();
    terminal.press("/every 100ms beat {{n}}\r");
    terminal.wait_for("→ text 6 B   beat 3\n");
    terminal.press("/every stop\r");
    terminal.wait_for("stopped: 1 timer\n");
    terminal.leave();
    let times = server.finish();
    let took = times[2] - times[0];
    assert!(took >= Duration::from_millis(150), "{took:?}");
}

#[test]
fn timers_are_listed_and_stopped_by_number() {
    let mut terminal =
        terminal(&["demo", "--no-compress", "--every", "1h", "from {{a}} flag"]).prompt();
    terminal.wait_for("← text 15 B   from {{a}} flag\n");
    terminal.press("/every\r");
    terminal.wait_for("\n1  every 1h: from {{a}} flag (sent 1)\n");
    terminal.press("/every 1m typed\r");
    terminal.wait_for("← text 5 B   typed\n");
    terminal.press("/every stop 1\r");
    terminal.wait_for("\nstopped: every 1h: from {{a}} flag\n");
    terminal.press("/every\r");
    terminal.wait_for("\n1  every 1m: typed (sent 1)\n");
    terminal.press("/every stop 7\r");
    terminal.wait_for("\nthere is no timer 7; /every lists them\n");
    terminal.leave();
}

#[test]
fn a_timer_without_a_connection_says_when_it_starts() {
    let server = echoing();
    let mut terminal = terminal(&[server.url()]).prompt();
    terminal.press("/every 1h first\r/close\r");
    terminal.wait_for("; /reconnect or Ctrl-D");
    terminal.press("/every 1h second\r");
    terminal.wait_for("\ntimer 2 starts when connected\n");
    terminal.leave();
}

#[test]
fn a_timer_follows_its_variables() {
    let server = echoing();
    let mut terminal = terminal(&[server.url()]).prompt();
    terminal.press("/set word one\r");
    terminal.wait_for("word = one");
    terminal.press("/every 100ms {{word}}\r");
    terminal.wait_for("← text 3 B   one\n");
    terminal.press("/set word two\r");
    terminal.wait_for("← text 3 B   two\n");
    terminal.leave();
    server.finish();
}

#[test]
fn repeat_counts_its_messages() {
    let server = echoing();
    let mut terminal = terminal(&[server.url()]).prompt();
    terminal.press("/repeat 3 {\"id\":{{n}}}\r");
    terminal.wait_for("→ text 8 B   { \"id\": 3 }\n");
    terminal.leave();
    let expected = [1, 2, 3].map(|n| Message::text(format!("{{\"id\":{n}}}")));
    assert_eq!(server.finish().messages, expected);
}

#[test]
fn a_long_repeat_is_summed_up_in_one_line() {
    let server = scripted(Peer::record);
    let mut terminal = terminal(&[server.url()]).prompt();
    terminal.press("/repeat 50000 x{{n}}\r");
    terminal.wait_for("* /repeat sent 50000 messages, 282.1 KiB in ");
    assert!(!terminal.contents().contains("→ text"));
    terminal.press("/stats\r");
    terminal.wait_for("\n  sent            50000 messages, 282.1 KiB");
    terminal.wait_for(" in the busiest second\n");
    terminal.leave();
    assert_eq!(server.finish().messages.len(), 50_000);
}

#[test]
fn a_repeat_to_a_server_that_does_not_read_waits_and_can_be_stopped() {
    let (release, released) = mpsc::channel::<()>();
    let server = after_handshake(move |wire| {
        let _ = released.recv();
        drop(wire);
    });
    let mut terminal = terminal(&[server.url(), "--close-timeout", "100ms"]).prompt();
    let text = "x".repeat(60);
    terminal.press(&format!("/repeat 1000000000 {text}\r"));
    // Loopback takes some MiB, and wsee holds no more than it may.
    let is_full = |terminal: &Terminal| terminal.contents().contains("bufferedAmount  128.");
    while !is_full(&terminal) {
        terminal.press("/status\r");
        terminal.wait_for("bufferedAmount");
        terminal.wait_for_line("> ");
    }
    terminal.press("in between\r");
    terminal.wait_for("* queued; it will be sent after the messages before it");
    terminal.press("/repeat 5 more\r");
    terminal.wait_for("another /repeat is in progress");
    terminal.press("/repeat stop\r");
    terminal.wait_for(" messages of 1000000000, ");
    terminal.press("\x03\x03");
    assert_eq!(terminal.finish(), 130);
    drop(release);
    server.finish();
}

#[test]
fn stats_show_round_trips() {
    let mut terminal = terminal(&["demo", "--no-compress"]).prompt();
    terminal.press("/stats\r");
    terminal.wait_for("\n  round trip      not measured yet; /ping measures it\n");
    terminal.press("hello\r/ping\r");
    terminal.wait_for("(round trip ");
    terminal.press("/stats\r");
    terminal.wait_for(" (1 pong)\n");
    let screen = terminal.contents();
    assert!(
        screen.contains("\n  received        1 message, 5 B\n"),
        "{screen}"
    );
    assert!(screen.contains("1 in the busiest second\n"), "{screen}");
    assert!(screen.contains('█'), "{screen}");
    terminal.leave();
}

#[test]
fn a_long_repeat_is_recorded() {
    let folder = tempfile::tempdir().expect("a directory");
    let file = folder.path().join("a.jsonl");
    let server = scripted(Peer::record);
    let file_name = file.to_str().expect("UTF-8");
    let mut terminal = terminal(&[server.url(), "--record", file_name]).prompt();
    terminal.press("/repeat 20 x{{n}}\r");
    terminal.wait_for("* /repeat sent 20 messages");
    terminal.leave();
    server.finish();
    let recorded = std::fs::read_to_string(&file).expect("a recording");
    assert!(recorded.contains("\"data\":\"x20\""), "{recorded}");
}
