//! What is in every recording, whatever its format.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::jsonl::lines;
use crate::support::peer::scripted;
use crate::support::run::wsee;
use crate::support::wire::after_handshake;

/// The endings of all formats.
const FORMATS: [&str; 3] = ["jsonl", "har", "wsee"];

/// The events of a recording; claims that each is as the schema says.
#[track_caller]
fn events(path: &Path) -> Vec<Value> {
    let text = fs::read_to_string(path).expect("a recording");
    let events: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    for event in &events {
        lines::check(event).unwrap_or_else(|error| panic!("{error}"));
    }
    events
}

#[test]
fn the_lines_are_those_of_jsonl_with_every_frame() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.jsonl");
    let server = scripted(|mut peer| {
        peer.expect("hi");
        peer.send("there");
        peer.close(1000, "")
    });
    let args = [
        server.url(),
        "--record",
        path.to_str().expect("UTF-8"),
        "--jsonl",
        "-vv",
        "--wait",
        "forever",
    ];
    let output = wsee(&args).stdin("hi\n").run().exits(0);
    server.finish();
    let printed = lines::events(&output);
    let recorded = events(&path);
    assert_eq!(lines::names(&recorded), lines::names(&printed));
    assert_eq!(lines::of_kind(&recorded, "frame").len(), 4);
    let last = recorded.last().expect("a last event");
    assert_eq!(last["exit"], 0);
    assert_eq!(last["message"], printed.last().expect("one")["message"]);
}

#[test]
fn one_event_has_one_time_in_every_output() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.jsonl");
    let server = scripted(|mut peer| {
        peer.expect("hi");
        peer.send("there");
        peer.close(1000, "")
    });
    let path_text = path.to_str().expect("UTF-8");
    let flags = ["--jsonl", "-vv", "--timestamps", "iso", "--wait", "forever"];
    let args = [&[server.url(), "--record", path_text], &flags[..]].concat();
    let output = wsee(&args).stdin("hi\n").run().exits(0);
    server.finish();
    let printed = lines::events(&output);
    assert_eq!(printed, events(&path));
    for event in &printed {
        let name = event["event"].as_str().expect("a name");
        if ["message", "frame", "close"].contains(&name) {
            let time = event["time"].as_str().expect("a time");
            let is_shown = output.stderr.contains(time);
            assert!(is_shown, "{event}: {}", output.stderr);
        }
    }
}

#[test]
fn secrets_are_masked_unless_they_are_to_be_shown() {
    for format in FORMATS {
        for (flags, is_shown) in [(&[][..], false), (&["--show-secrets"][..], true)] {
            let folder = tempfile::tempdir().expect("a folder");
            let path = folder.path().join(format!("a.{format}"));
            let server = after_handshake(|mut wire| {
                wire.write_hex("8802 03e8");
                wire.read_to_close();
            });
            let url = format!("{}/?token=hunter2", server.url());
            let args = [&*url, "-u", "me:hunter2", "-b", "id=hunter2", "--record"];
            let args = [&args[..], &[path.to_str().expect("UTF-8")], flags].concat();
            wsee(&args).run().exits(0);
            server.finish();
            let text = fs::read_to_string(&path).expect("a recording");
            // Of me:hunter2 in base64 too.
            let secrets = ["hunter2", "bWU6aHVudGVyMg"];
            for secret in secrets {
                assert_eq!(text.contains(secret), is_shown, "{format}: {text}");
            }
            let masks = ["***", "{{env."];
            assert!(
                is_shown || masks.iter().any(|mask| text.contains(mask)),
                "{text}"
            );
        }
    }
}

#[test]
fn nothing_in_a_recording_can_act_on_a_terminal() {
    let attack = "\u{1b}]0;pwned\u{7}\u{9b}31m\u{202e}\u{2028}\u{200b}\u{7f}\r\n";
    for format in FORMATS {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join(format!("a.{format}"));
        let server = scripted(move |mut peer| {
            peer.send(attack);
            peer.close(4000, "\u{1b}]0;pwned\u{7}\u{202e}")
        });
        let args = [server.url(), "--record", path.to_str().expect("UTF-8")];
        wsee(&args).run().exits(111);
        server.finish();
        let text = fs::read_to_string(&path).expect("a recording");
        assert!(text.contains("pwned"), "{text}");
        let unsafe_char = text
            .chars()
            .find(|c| c.is_control() && *c != '\n' || "\u{202e}\u{2028}\u{200b}".contains(*c));
        assert_eq!(unsafe_char, None, "{format}: {text:?}");
        let message = fs::read_to_string(&path).expect("a recording");
        assert!(
            message.contains(r"\u001b]0;pwned\u0007\u009b31m\u202e"),
            "{message}"
        );
    }
}
