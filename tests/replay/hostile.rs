//! Recordings that attack the terminal: what they say, and what they are called.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::escape::is_safe;
use crate::support::output::Output;
use crate::support::peer::{Peer, echoing, scripted};
use crate::support::pty;
use crate::support::run::wsee;

/// What must never reach a terminal as it is.
const ATTACK: &str = "\u{1b}]0;pwned\u{7}\u{9b}31m\u{202e}\u{2028}\u{7f}";

fn text(path: &Path) -> &str {
    path.to_str().expect("a path in UTF-8")
}

/// A file with an evil name.
fn evil(ending: &str, content: &str) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join(format!("{ATTACK}.{ending}"));
    fs::write(&path, content).expect("a file");
    (folder, path)
}

#[track_caller]
fn is_harmless(output: &Output) {
    is_safe(&output.stderr, "stderr");
    assert!(output.stderr.contains("pwned"), "{}", output.stderr);
}

/// Records an evil session.
fn record(path: &Path) {
    let server = scripted(|mut peer: Peer| {
        peer.receive();
        peer.send(ATTACK);
        peer.send(ATTACK.as_bytes().to_vec());
        peer.close(4000, "\u{1b}]0;pwned\u{7}")
    });
    let args = [server.url(), "--record", text(path), "--send", ATTACK];
    wsee(&args).run().exits(111);
    server.finish();
}

#[test]
fn an_evil_session_is_replayed_without_harm() {
    for name in ["a.jsonl", "a.har"] {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join(name);
        record(&path);
        let server = scripted(|mut peer: Peer| {
            peer.send(format!("{ATTACK}!"));
            peer.record()
        });
        let args = ["replay", text(&path), server.url(), "-vv", "--diff"];
        let output = wsee(&[&args[..], &["--wait", "0"]].concat()).run().exits(1);
        is_harmless(&output);
        let differences = String::from_utf8(output.stdout).expect("UTF-8");
        is_safe(&differences, "the differences");
        assert!(differences.contains("pwned"), "{differences}");
        server.finish();
        let server = echoing();
        let args = ["replay", text(&path), server.url(), "--wait", "0"];
        let mut terminal = pty::terminal(&args).start();
        assert_eq!(terminal.finish(), 0);
        let shown = String::from_utf8_lossy(&terminal.bytes()).into_owned();
        assert!(shown.contains("\\x1b]0;pwned\\x07"), "{shown:?}");
        assert!(!shown.contains("\u{1b}]0"), "{shown:?}");
        assert!(
            !shown.contains(['\u{9b}', '\u{202e}', '\u{7}']),
            "{shown:?}"
        );
        server.finish();
    }
}

#[test]
fn an_evil_session_fails_as_a_scenario_without_harm() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.wsee");
    record(&path);
    let scenario = fs::read_to_string(&path).expect("a recording");
    is_safe(&scenario, "the scenario");
    // Another server, which says nothing.
    let server = scripted(Peer::record);
    let url = |line: &str| line.starts_with("connect ");
    let there = format!("connect {}", server.url());
    let lines = scenario.lines();
    let lines: Vec<&str> = lines.map(|it| if url(it) { &*there } else { it }).collect();
    fs::write(&path, lines.join("\n")).expect("a file");
    let output = wsee(&["test", text(&path), "--timeout", "200ms"])
        .run()
        .exits(1);
    server.finish();
    let report = String::from_utf8(output.stdout).expect("UTF-8");
    is_safe(&report, "the report");
    assert!(report.contains("pwned"), "{report}");
}

#[test]
fn an_evil_name_is_quoted_in_every_message() {
    let message = r#"{"event":"message","data":"a"}"#;
    for (ending, content, status) in [
        ("jsonl", "oops\n", 26),
        ("har", "oops", 26),
        ("jsonl", "", 26),
        ("txt", "", 2),
        ("wsee", "", 2),
        ("jsonl", message, 3),
    ] {
        let (_folder, path) = evil(ending, content);
        is_harmless(&wsee(&["replay", text(&path)]).run().exits(status));
        let listen = ["listen", "0", "--replay", text(&path)];
        if status != 3 {
            is_harmless(&wsee(&listen).run().exits(status));
        }
    }
    let (_folder, path) = evil("jsonl", message);
    is_harmless(
        &wsee(&["replay", text(&path), "ws://127.0.0.1:1"])
            .run()
            .exits(7),
    );
    let output = wsee(&["replay", text(&path), "--entry", ATTACK]).run();
    is_harmless(&output.exits(2));
    let two = format!(r#"{{"event":"open","url":"ws://h/pwned"}}{}"#, "\n").repeat(2);
    let (_folder, path) = evil("jsonl", &two);
    is_harmless(&wsee(&["replay", text(&path)]).run().exits(2));
    let record = ["ws://127.0.0.1:1", "--record", text(&path)];
    is_harmless(&wsee(&record).run().exits(23));
}
