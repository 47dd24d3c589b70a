//! A recording, sent again.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::support::peer::{Message, Peer, Received, echoing, scripted, scripted_on};
use crate::support::run::wsee;

/// A file with these lines.
fn lines(lines: &[&str]) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.jsonl");
    fs::write(&path, lines.join("\n") + "\n").expect("a file");
    (folder, path)
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a path in UTF-8")
}

/// Records a session with text, binary data and a ping; gives its port, and what the server received.
fn record(path: &Path) -> (u16, Received) {
    let server = echoing();
    let port = server.port();
    let args = [server.url(), "--commands", "--record", text(path)];
    let input = "hi\n/bin 00 ff\ngr\u{fc}\u{df}e\n/ping beat\n";
    wsee(&[&args[..], &["--wait", "0"]].concat())
        .stdin(input)
        .run()
        .exits(0);
    (port, server.finish())
}

#[test]
fn the_server_receives_the_recorded_messages() {
    for name in ["a.jsonl", "a.har"] {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join(name);
        let (_, then) = record(&path);
        assert_eq!(then.messages.len(), 4, "{then:?}");
        let server = echoing();
        wsee(&["replay", text(&path), server.url(), "--wait", "0"])
            .run()
            .exits(0)
            .prints("hi\nAP8=\ngr\u{fc}\u{df}e\n")
            .says(&format!("{name}: 3 messages in "));
        let now = server.finish();
        assert_eq!(now.messages, then.messages, "{name}");
        assert_eq!(now.close, then.close, "{name}");
    }
}

#[test]
fn without_a_url_it_connects_to_the_recorded_one() {
    for name in ["a.jsonl", "a.har"] {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join(name);
        let (port, then) = record(&path);
        let server = scripted_on(port, Peer::record);
        wsee(&["replay", text(&path), "--wait", "0"]).run().exits(0);
        assert_eq!(server.finish().messages, then.messages, "{name}");
    }
}

#[test]
fn stdin_is_not_read_and_payload_is_printed_as_said() {
    let (_folder, path) = lines(&[r#"{"event":"message","base64":"AP8="}"#]);
    let server = echoing();
    let args = ["replay", text(&path), server.url(), "--raw", "--wait", "0"];
    wsee(&args).stdin("no\n").run().exits(0).prints(b"\x00\xff");
    assert_eq!(server.finish().messages, [Message::binary(vec![0, 0xff])]);
}

/// Two messages, so many seconds apart.
fn apart(seconds: u8) -> (TempDir, PathBuf) {
    let line = |second: u8, data: &str| {
        format!(r#"{{"event":"message","time":"2026-11-20T12:00:{second:02}Z","data":"{data}"}}"#)
    };
    lines(&[&line(0, "a"), &line(seconds, "b")])
}

/// How long it took until the server had both.
fn took(path: &Path, flags: &[&str]) -> Duration {
    let start = Instant::now();
    let server = scripted(|mut peer| {
        peer.expect("a");
        peer.expect("b");
        let came = Instant::now();
        peer.close(1000, "");
        came
    });
    let args = ["replay", text(path), server.url()];
    wsee(&[&args[..], flags].concat()).run().exits(0);
    server.finish() - start
}

#[test]
fn time_passes_as_it_did() {
    let (_folder, path) = apart(1);
    assert!(took(&path, &[]) >= Duration::from_secs(1));
}

#[test]
fn time_passes_as_many_times_as_fast_as_said() {
    let (_folder, path) = apart(59);
    let took = took(&path, &["--speed", "100x"]);
    assert!(took >= Duration::from_millis(590), "{took:?}");
    assert!(took < Duration::from_secs(50), "{took:?}");
}

#[test]
fn at_the_highest_speed_nothing_is_waited_for() {
    let (_folder, path) = apart(59);
    assert!(took(&path, &["--speed", "max"]) < Duration::from_secs(50));
}

#[test]
fn only_messages_of_the_recorded_client_are_sent() {
    let (_folder, path) = lines(&[
        r#"{"event":"open","url":"ws://127.0.0.1:1"}"#,
        r#"{"event":"message","direction":"received","data":"theirs"}"#,
        r#"{"event":"ping","direction":"received","data":"beat"}"#,
        r#"{"event":"pong","direction":"sent","data":"beat"}"#,
        r#"{"event":"message","direction":"sent","data":"ours"}"#,
        r#"{"event":"close","direction":"sent","code":4000}"#,
    ]);
    let server = echoing();
    wsee(&["replay", text(&path), server.url(), "--wait", "0"])
        .run()
        .exits(0)
        .prints("ours\n");
    let received = server.finish();
    assert_eq!(received.messages, [Message::text("ours")]);
    assert_eq!(received.close, Some((1000, String::new())));
}

#[test]
fn a_recording_in_which_nothing_was_sent_has_an_end() {
    let (_folder, path) = lines(&[r#"{"event":"message","direction":"received","data":"a"}"#]);
    let server = scripted(|mut peer| {
        peer.send("news");
        peer.record()
    });
    wsee(&["replay", text(&path), server.url(), "--wait", "10ms"])
        .run()
        .exits(0)
        .prints("news\n");
    server.finish();
}

#[test]
fn unsent_messages_are_reported() {
    let (_folder, path) = apart(59);
    let server = scripted(|mut peer| {
        peer.expect("a");
        peer.close(1000, "")
    });
    wsee(&["replay", text(&path), server.url()])
        .run()
        .exits(111)
        .says("1 message of input not sent");
    server.finish();
}

#[test]
fn one_of_several_connections_is_chosen() {
    let (_folder, path) = lines(&[
        r#"{"event":"open","url":"ws://one.example/?token=hunter2"}"#,
        r#"{"event":"message","data":"a"}"#,
        r#"{"event":"open","url":"ws://two.example/"}"#,
        r#"{"event":"message","data":"b"}"#,
        r#"{"event":"message","direction":"received","data":"c"}"#,
    ]);
    wsee(&["replay", text(&path), "ws://127.0.0.1:1"])
        .run()
        .exits(2)
        .says("has 2 connections, choose one with --entry NUMBER: 1 ws://one.example/?token=*** (1 sent, 0 received); 2 ws://two.example/ (1 sent, 1 received)");
    wsee(&["replay", text(&path), "--entry", "3"])
        .run()
        .exits(2)
        .says("--entry 3: the last connection in ");
    for entry in ["2", "two.example"] {
        let server = echoing();
        let args = ["replay", text(&path), server.url(), "--entry", entry];
        wsee(&[&args[..], &["--wait", "0"]].concat())
            .run()
            .exits(0)
            .prints("b\n");
        server.finish();
    }
    let chosen = |entry| wsee(&["replay", text(&path), "--entry", entry]).run();
    chosen("example").exits(2).says(
        "has 2 connections whose URL contains \"example\", choose one with --entry NUMBER: 1 ws://one",
    );
    chosen("three")
        .exits(2)
        .says("no connection in ")
        .says(" has a URL containing \"three\": 1 ws://one.example/?token=***");
    chosen("0")
        .exits(2)
        .says("not a connection; write its number, starting at 1, or part of its URL");
}
