//! The last line, and output that is not taken.

use std::io::{BufRead, BufReader, Read};
use std::time::Duration;

use rustix::process::Signal;
use serde_json::Value;

use super::lines::{events, of_kind};
use crate::support::peer::scripted;
use crate::support::run::wsee;
use crate::support::wire::{after_handshake, before_handshake};

#[test]
fn the_last_event_says_what_the_last_line_on_stderr_says() {
    let server = scripted(|mut peer| {
        peer.expect("a");
        peer.close(1008, "token expired")
    });
    let output = wsee(&[server.url(), "--jsonl"])
        .stdin("a\n")
        .run()
        .exits(111);
    server.finish();
    let events = events(&output);
    let closed = events.last().expect("an end");
    assert_eq!(closed["message"], output.last_line());
    assert_eq!(closed["code"], 1008);
    assert_eq!(closed["reason"], "token expired");
    assert_eq!(closed["clean"], true);
    assert_eq!(closed["sent"]["messages"], 1);
    assert_eq!(closed["sent"]["payload_bytes"], 1);
    assert_eq!(closed["received"]["messages"], 0);
}

#[test]
fn messages_beyond_the_count_are_not_reported() {
    let server = scripted(|mut peer| {
        for text in ["1", "2", "3"] {
            peer.send(text);
        }
        peer.record()
    });
    let output = wsee(&[server.url(), "--jsonl", "-n", "2"]).run().exits(0);
    server.finish();
    assert_eq!(of_kind(&events(&output), "message").len(), 2);
}

#[test]
fn a_signal_before_the_connection_is_open_writes_an_ending() {
    let (asked, is_asked) = std::sync::mpsc::channel();
    let server = before_handshake(move |wire| {
        asked.send(()).expect("a test");
        wire.wait_for_end();
    });
    let running = wsee(&[server.url(), "--jsonl"]).spawn();
    is_asked
        .recv_timeout(Duration::from_secs(10))
        .expect("a request");
    running.signal(Signal::INT);
    let output = running.wait().exits(130);
    let events = events(&output);
    assert_eq!(events[0]["request"]["line"], "GET / HTTP/1.1");
}

#[test]
fn a_run_that_never_connects_writes_an_ending() {
    let output = wsee(&["demo", "--jsonl", "-m", "200ms"])
        .stdin_held_open()
        .run()
        .exits(28);
    assert_eq!(events(&output).len(), 2);
    let output = wsee(&["demo", "--jsonl", "--send", "@/nonexistent"])
        .run()
        .exits(26);
    assert_eq!(events(&output).len(), 2);
}

#[test]
fn a_reader_that_is_gone_ends_the_run_with_0() {
    let server = after_handshake(|mut wire| wire.flood(b"\x81\x03abc"));
    let (running, stdout) = wsee(&[server.url(), "--jsonl"]).spawn_with_stdout();
    let mut line = String::new();
    BufReader::new(stdout).read_line(&mut line).expect("a line");
    assert!(line.contains(r#""event":"open""#), "{line}");
    running.wait().exits(0);
    server.finish();
}

#[test]
fn a_slow_reader_gets_every_line_to_the_last() {
    const COUNT: usize = 5_000;
    let (written, is_written) = std::sync::mpsc::channel();
    let server = scripted(move |mut peer| {
        for _ in 0..COUNT {
            peer.send("0123456789");
        }
        written.send(()).expect("a test");
        peer.close(1000, "")
    });
    let (running, mut stdout) = wsee(&[server.url(), "--jsonl"]).spawn_with_stdout();
    // More than stdout takes: what waits, waits for the reader.
    is_written
        .recv_timeout(Duration::from_secs(10))
        .expect("messages that are written");
    let mut text = String::new();
    stdout.read_to_string(&mut text).expect("UTF-8");
    running.wait().exits(0);
    server.finish();
    assert_eq!(text.lines().count(), COUNT + 4);
    let last: Value = serde_json::from_str(text.lines().last().expect("a line")).expect("JSON");
    assert_eq!(last["exit"], 0);
}

#[test]
fn a_message_of_a_size_that_is_refused_ends_with_63() {
    let server = scripted(|mut peer| {
        peer.send("x".repeat(2000));
        peer.record()
    });
    let args = [server.url(), "--jsonl", "--raw"];
    wsee(&args).run().exits(2).says("--raw");
    let args = [server.url(), "--jsonl", "--binary", "--max-message", "1K"];
    let output = wsee(&args).run().exits(63);
    server.finish();
    assert_eq!(of_kind(&events(&output), "error").len(), 1);
}
