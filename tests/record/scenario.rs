//! Recordings that `wsee test` runs.

use std::fs;
use std::path::Path;

use rustix::process::Signal;

use crate::listen::listening;
use crate::support::peer::{Peer, echoing, scripted, scripted_on};
use crate::support::run::wsee;
use crate::support::wire::before_handshake;

fn text(path: &Path) -> &str {
    path.to_str().expect("a path in UTF-8")
}

/// Claims that a recording is in its canonical form; gives its lines, without the first.
#[track_caller]
fn recorded(path: &Path) -> String {
    wsee(&["fmt", "--check", text(path)]).run().exits(0);
    let scenario = fs::read_to_string(path).expect("a recording");
    let (_, rest) = scenario.split_once("\n\n").expect("a comment, and more");
    rest.to_owned()
}

/// What goes wrong when it is not written with care.
const MESSAGES: [&str; 9] = [
    "hi",
    "",
    "  blanks  ",
    "{{host}} within 2s",
    "two\nlines\n",
    "\"\"\"\n### no case",
    "@file",
    "sip\r\n\r\n",
    "\u{1b}]0;pwned\u{7}\u{202e}\u{9b}\t\u{7f}",
];

fn play(mut peer: Peer) {
    for message in MESSAGES {
        peer.expect(message);
        peer.send(message);
    }
    peer.send(vec![0, 0xff]);
    peer.close(4001, "that \"is\" all");
}

/// Records what `play` does, and gives its port.
#[track_caller]
fn record(path: &Path) -> u16 {
    let server = scripted(play);
    let (url, port) = (server.url().to_owned(), server.port());
    let mut args = vec![&*url, "--record", text(path), "-H", "X-Room: {{1}}"];
    for message in MESSAGES {
        // A text that starts with @ names a file.
        let is_file = message.starts_with('@');
        args.extend(["--send", if is_file { "@@file" } else { message }]);
    }
    wsee(&args).run().exits(111);
    server.finish();
    port
}

#[test]
fn passes_with_the_server_it_was_recorded_from() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.wsee");
    let port = record(&path);
    let scenario = recorded(&path);
    assert!(scenario.contains("X-Room: {{\"{{\"}}1}}\n"), "{scenario}");
    assert!(scenario.contains("\n< hex 00 ff\n"), "{scenario}");
    assert!(
        scenario.ends_with("< close 4001 \"that \\\"is\\\" all\"\n"),
        "{scenario}"
    );
    let acts = |c: char| c.is_control() && c != '\n' || c == '\u{202e}';
    assert_eq!(scenario.find(acts), None, "{scenario:?}");
    let server = scripted_on(port, play);
    wsee(&["test", text(&path)]).run().exits(0);
    server.finish();
}

#[test]
fn fails_with_a_server_that_answers_otherwise() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.wsee");
    let port = record(&path);
    let server = scripted_on(port, |mut peer| {
        peer.send("ho");
        peer.record()
    });
    let args = ["test", text(&path), "--timeout", "500ms"];
    let output = wsee(&args).run().exits(1);
    server.finish();
    let report = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(report.contains("< text hi"), "{report}");
}

#[test]
fn says_how_it_was_closed_from_here() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.wsee");
    let server = echoing();
    let args = [server.url(), "--record", text(&path), "--commands"];
    wsee(&args)
        .stdin("hi\n/ping beat\n/close 4000 within 2s\n")
        .run();
    server.finish();
    let scenario = recorded(&path);
    assert!(scenario.contains("\n101\n> hi\n"), "{scenario}");
    // Without quotes the reason would be taken for a time.
    let last = scenario.lines().last();
    assert_eq!(last, Some("close 4000 \"within 2s\""), "{scenario}");
}

#[test]
fn secrets_become_variables_of_the_environment() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.wsee");
    let server = scripted(|peer: Peer| peer.close(1000, ""));
    let url = server.url().replace("ws://", "ws://me:hunter2@");
    let url = format!("{}/?token=hunter2&a=1", url.trim_end_matches('/'));
    let args = [&*url, "-b", "id=hunter2", "--record", text(&path)];
    wsee(&args).run().exits(0);
    server.finish();
    let scenario = recorded(&path);
    assert!(!scenario.contains("hunter2"), "{scenario}");
    assert!(!scenario.contains("***"), "{scenario}");
    assert!(
        scenario.contains("/?token={{env.TOKEN}}&a=1\n"),
        "{scenario}"
    );
    assert!(
        scenario.contains("\nCookie: {{env.COOKIE}}\n"),
        "{scenario}"
    );
    assert!(
        scenario.contains("\nAuthorization: Basic {{env.AUTHORIZATION}}\n"),
        "{scenario}"
    );
    let line = scenario.lines().next().expect("a comment");
    let (_, flags) = line.split_once(" with ").expect("flags");
    let mut args = vec!["test", "--check", text(&path)];
    args.extend(flags.split(' '));
    let run = wsee(&args).env("TOKEN", "x").env("COOKIE", "x");
    run.env("AUTHORIZATION", "x").run().exits(0);
}

#[test]
fn cookies_in_a_field_each_are_one_variable() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.wsee");
    let server = listening(&["--http2"]);
    let url = server.url();
    let args = ["--http2-prior-knowledge", "--like", "firefox", "-1"];
    let own = [&*url, "-b", "a=1; b=2", "--record", text(&path)];
    wsee(&[&own[..], &args].concat())
        .stdin("hi\n")
        .run()
        .exits(0);
    let scenario = recorded(&path);
    let (note, opening) = scenario.split_once('\n').expect("a comment");
    assert!(note.ends_with(" with --allow-env COOKIE"), "{note}");
    let fields = opening.matches("\ncookie: {{env.COOKIE}}\n").count();
    assert_eq!(fields, 1, "{scenario}");
    server.stop(Signal::INT);
}

#[test]
fn a_refusal_is_expected_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.wsee");
    let server = before_handshake(|mut wire| {
        wire.write(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n");
    });
    wsee(&[server.url(), "--record", text(&path)])
        .run()
        .exits(22);
    server.finish();
    let scenario = recorded(&path);
    assert!(scenario.ends_with("\n\n401\n"), "{scenario}");
}

#[test]
fn a_session_over_http2_passes_over_http2() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.wsee");
    let server = listening(&["--http2"]);
    let args = [
        &*server.url(),
        "--http2-prior-knowledge",
        "--record",
        text(&path),
    ];
    let fields = ["-H", "Host: other.test", "-H", "X-Room: 1", "-1"];
    wsee(&[&args[..], &fields].concat())
        .stdin("hi\n")
        .run()
        .exits(0);
    let scenario = recorded(&path);
    let opening = "\n--http2-prior-knowledge\nHost: other.test\nx-room: 1\n\n101\n> hi\n";
    assert!(scenario.contains(opening), "{scenario}");
    wsee(&["test", text(&path)]).run().exits(0);
    server
        .stop(Signal::INT)
        .says("@2 < :authority: other.test\n");
}

#[test]
fn json_is_expected_again_without_its_times_and_identifiers() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.wsee");
    let play = |time: u32| {
        move |mut peer: Peer| {
            peer.expect("hi");
            let id = format!("0d5cf1a4-2b5f-4d5c-8f63-{time:012}");
            let text = format!("{{\"op\":\"tick\",\"id\":\"{id}\",\"ts\":17{time:08}.5}}");
            peer.send(text);
            peer.close(1000, "");
        }
    };
    let server = scripted(play(1));
    let port = server.port();
    let url = server.url().to_owned();
    wsee(&[&url, "--send", "hi", "--record", text(&path)])
        .run()
        .exits(0);
    server.finish();
    let scenario = recorded(&path);
    let line = "< json {\"op\":\"tick\",\"id\":\"*\",\"ts\":\"*\"}\n";
    assert!(scenario.contains(line), "{scenario}");
    let server = scripted_on(port, play(2));
    wsee(&["test", text(&path)]).run().exits(0);
    server.finish();
}
