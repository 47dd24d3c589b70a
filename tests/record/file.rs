//! The file of a recording: whose it is, what it replaces, and that it is complete whatever happens.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::har::{archive, entry, messages};
use crate::support::peer::{Peer, echoing, recording, scripted};
use crate::support::run::wsee;
use crate::support::server::Untouched;
use crate::support::{DEADLINE, binary};

/// A name of each format.
const NAMES: [&str; 3] = ["a.jsonl", "a.har", "a.wsee"];

fn text(path: &Path) -> &str {
    path.to_str().expect("a path in UTF-8")
}

#[test]
fn is_for_its_owner_only() {
    for name in NAMES {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join(name);
        let server = recording();
        let args = [server.url(), "--record", text(&path), "--send", "hi"];
        wsee(&[&args[..], &["--wait", "0"]].concat()).run().exits(0);
        server.finish();
        let mode = fs::metadata(&path)
            .expect("a recording")
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
}

#[test]
fn a_file_that_is_there_is_refused_before_anything_is_sent() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.jsonl");
    fs::write(&path, "precious").expect("a file");
    let server = Untouched::start();
    let url = format!("ws://127.0.0.1:{}", server.port());
    wsee(&[&url, "--record", text(&path)])
        .run()
        .exits(23)
        .says("hint: give another name, or --force to overwrite it\n")
        .says("a.jsonl exists already\n");
    assert_eq!(fs::read_to_string(&path).expect("a file"), "precious");
}

#[test]
fn force_overwrites_but_follows_no_link() {
    let folder = tempfile::tempdir().expect("a folder");
    let (path, link) = (folder.path().join("a.har"), folder.path().join("l.har"));
    fs::write(&path, "precious".repeat(10_000)).expect("a file");
    symlink(&path, &link).expect("a link");
    let untouched = Untouched::start();
    let url = format!("ws://127.0.0.1:{}", untouched.port());
    wsee(&[&url, "--record", text(&link), "--force"])
        .run()
        .exits(23)
        .says("is a symbolic link, which is not followed\n");
    let server = echoing();
    let args = [server.url(), "--record", text(&path), "--force", "-1"];
    wsee(&args).stdin("hi\n").run().exits(0);
    server.finish();
    entry(&path);
}

#[test]
fn a_file_name_without_a_known_format_is_a_usage_error() {
    wsee(&["ws://127.0.0.1:1", "--record", "chat.txt"])
        .run()
        .exits(2)
        .says("--record chat.txt: the name must end in .jsonl, .har or .wsee");
}

/// Waits until the file satisfies `is_enough`.
#[track_caller]
fn wait_for(path: &Path, is_enough: impl Fn(&str) -> bool) {
    let end = Instant::now() + DEADLINE;
    while !fs::read_to_string(path).is_ok_and(|text| is_enough(&text)) {
        assert!(Instant::now() < end, "{:?}", fs::read_to_string(path));
        thread::sleep(Duration::from_millis(3));
    }
}

#[test]
fn is_complete_when_the_process_is_killed() {
    for name in NAMES {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join(name);
        let server = scripted(|mut peer: Peer| {
            for number in 0..100 {
                peer.send(format!("message {number}"));
            }
            peer.record()
        });
        let args = [server.url(), "--record", text(&path)];
        let running = wsee(&args).stdin_held_open().spawn();
        wait_for(&path, |text| text.contains("message 99"));
        running.signal(Signal::KILL);
        server.finish();
        drop(running);
        let text = fs::read_to_string(&path).expect("a recording");
        if name == "a.har" {
            assert_eq!(messages(&entry(&path)).len(), 100);
        } else if name == "a.wsee" {
            assert_eq!(text.matches("\n< text message ").count(), 100);
            assert!(text.ends_with("99\n"), "{text}");
        } else {
            assert!(text.ends_with("}\n"), "{text}");
            let lines = text.lines().map(serde_json::from_str::<serde_json::Value>);
            let events: Vec<_> = lines.map(|line| line.expect("JSON")).collect();
            let is_message = |event: &&serde_json::Value| event["event"] == "message";
            assert_eq!(events.iter().filter(is_message).count(), 100);
        }
    }
}

#[test]
fn a_full_disk_is_reported_once_and_the_session_continues() {
    for name in NAMES {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join(name);
        let server = scripted(|mut peer: Peer| {
            peer.send("first");
            for _ in 0..200 {
                peer.send("x".repeat(1000));
            }
            peer.expect("go on");
            peer.send("last");
            peer.close(1000, "")
        });
        // Blocks of 512 or 1024 bytes, as the shell counts.
        let script = "trap '' XFSZ; ulimit -f 64; exec \"$@\"";
        let child = Command::new("/bin/sh")
            .args(["-c", script, "sh", binary()])
            .args([server.url(), "--record", text(&path), "--send", "go on"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("a shell");
        let output = child.wait_with_output().expect("its output");
        server.finish();
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(23), "{stderr}");
        assert!(String::from_utf8_lossy(&output.stdout).ends_with("last\n"));
        assert_eq!(
            stderr.matches("the recording ends here").count(),
            1,
            "{stderr}"
        );
        assert!(stderr.contains("the recording is incomplete"), "{stderr}");
        let text = fs::read_to_string(&path).expect("a recording");
        if name == "a.har" {
            let archive = archive(&path);
            let kept = messages(&archive["log"]["entries"][0]);
            assert!(kept.iter().any(|message| message.2 == "first"));
        } else if name == "a.wsee" {
            let whole = format!("\n< text {}", "x".repeat(1000));
            assert!(text.ends_with(&format!("{whole}\n")), "{text}");
        } else {
            assert!(text.ends_with("}\n"), "the last line is cut: {text}");
        }
    }
}
