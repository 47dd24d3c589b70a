//! `--replay`: the server of a recording, played to every client.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::process::Signal;
use tempfile::TempDir;

use super::listening;
use crate::support::output::Output;
use crate::support::peer::{Message, Peer, scripted};
use crate::support::run::wsee;

fn text(path: &Path) -> &str {
    path.to_str().expect("a path in UTF-8")
}

/// A file with these lines.
fn lines(lines: &[&str]) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.jsonl");
    fs::write(&path, lines.join("\n") + "\n").expect("a file");
    (folder, path)
}

/// What a client is that is run twice.
fn client(url: &str, flags: &[&str]) -> Output {
    let args = [url, "--send", "hi", "--send", "you", "-v"];
    wsee(&[&args[..], flags].concat()).run()
}

/// What is shown of control frames, without times.
fn shown(output: &Output) -> Vec<String> {
    let lines = output.stderr.lines();
    let lines = lines.filter(|line| line.contains('\u{2190}'));
    lines
        .map(|line| line.split_once(' ').expect("a time").1.to_owned())
        .collect()
}

#[test]
fn the_same_client_sees_the_same() {
    for name in ["a.jsonl", "a.har"] {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join(name);
        let server = scripted(|mut peer: Peer| {
            peer.expect("hi");
            peer.send("{\"op\":\"welcome\"}");
            peer.send(Message::Ping(b"beat"[..].into()));
            peer.expect("you");
            peer.send(vec![0, 0xff]);
            peer.close(4001, "that is all")
        });
        let then = client(server.url(), &["--record", text(&path)]).exits(111);
        server.finish();
        let server = listening(&["--replay", text(&path)]);
        for _ in 0..2 {
            let now = client(&server.url(), &[]).exits(111);
            assert_eq!(now.stdout, then.stdout, "{name}");
            assert_eq!(shown(&now), shown(&then), "{name}");
            assert_eq!(shown(&now).len(), 2, "{}", now.stderr);
        }
        let says = format!("/{name}: 2 messages in ");
        server.stop(Signal::INT).exits(130).says(&says);
    }
}

#[test]
fn a_client_that_closed_closes_again_and_the_server_leaves_that_to_it() {
    let (_folder, path) = lines(&[
        r#"{"event":"open","url":"ws://h/","subprotocol":"chat.v2"}"#,
        r#"{"event":"message","direction":"sent","data":"ours"}"#,
        r#"{"event":"message","direction":"received","data":"theirs"}"#,
        r#"{"event":"close","direction":"sent","code":1000}"#,
        r#"{"event":"message","direction":"received","data":"late"}"#,
        r#"{"event":"close","direction":"received","code":4000}"#,
    ]);
    let server = listening(&["--replay", text(&path)]);
    let mut client = server.open();
    client.expect("theirs");
    client.expect("late");
    client.send("still there?");
    assert_eq!(client.close(1000, "").close, Some((1000, String::new())));
    wsee(&[&server.url(), "-s", "chat.v1,chat.v2", "-n", "2", "-v"])
        .run()
        .exits(0)
        .says("< Sec-WebSocket-Protocol: chat.v2\n");
    server.stop(Signal::INT).exits(130);
}

/// Two messages, ten seconds apart, and another connection.
const APART: [&str; 5] = [
    r#"{"event":"open","url":"ws://h/one","time":"2026-11-20T12:00:00Z"}"#,
    r#"{"event":"message","direction":"received","time":"2026-11-20T12:00:00Z","data":"a"}"#,
    r#"{"event":"message","direction":"received","time":"2026-11-20T12:00:10Z","data":"b"}"#,
    r#"{"event":"open","url":"ws://h/two"}"#,
    r#"{"event":"message","direction":"received","data":"c"}"#,
];

#[test]
fn time_passes_as_many_times_as_fast_as_said() {
    let (_folder, path) = lines(&APART);
    let args = ["--replay", text(&path), "--entry", "one", "--speed", "20x"];
    let server = listening(&args);
    let start = Instant::now();
    let mut client = server.open();
    client.expect("a");
    client.expect("b");
    let took = start.elapsed();
    assert!(took >= Duration::from_millis(500), "{took:?}");
    assert!(took < Duration::from_secs(9), "{took:?}");
    client.close(1000, "");
    let says = "a.jsonl: 2 messages in 10.0 s 20 times as fast)";
    server.stop(Signal::INT).exits(130).says(says);
}

#[test]
fn one_of_several_connections_is_chosen() {
    let (_folder, path) = lines(&APART);
    wsee(&["listen", "0", "--replay", text(&path)])
        .run()
        .exits(2)
        .says("has 2 connections, choose one with --entry NUMBER: 1 ws://h/one ");
    let server = listening(&["--replay", text(&path), "--entry", "two"]);
    let mut client = server.open();
    client.expect("c");
    client.close(1000, "");
    server.stop(Signal::INT).exits(130);
}

#[test]
fn an_unusable_recording_is_reported_before_anybody_connects() {
    wsee(&["listen", "0", "--replay", "/nowhere/a.har"])
        .run()
        .exits(26)
        .says("cannot read /nowhere/a.har: ");
    wsee(&["listen", "0", "--speed", "2x"])
        .run()
        .exits(2)
        .says("--replay <FILE>");
}
