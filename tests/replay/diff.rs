//! `--diff`: recorded answers against those that come now.

use std::fs;
use std::path::PathBuf;

use tempfile::TempDir;

use crate::support::output::Output;
use crate::support::peer::{Message, scripted};
use crate::support::run::wsee;

/// A recording in which `hi` was answered with these messages, given as fields of events.
fn recording(answers: &[&str]) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.jsonl");
    let mut lines = vec![r#"{"event":"message","data":"hi"}"#.to_owned()];
    for answer in answers {
        lines.push(format!(
            r#"{{"event":"message","direction":"received",{answer}}}"#
        ));
    }
    fs::write(&path, lines.join("\n") + "\n").expect("a file");
    (folder, path)
}

/// What `--diff` tells of a server that answers `hi` with `live`, and closes with this code.
#[track_caller]
fn diff(answers: &[&str], live: &[Message], code: u16, flags: &[&str]) -> Output {
    let (_folder, path) = recording(answers);
    let live = live.to_vec();
    let server = scripted(move |mut peer| {
        peer.expect("hi");
        for message in live {
            peer.send(message);
        }
        peer.close(code, "")
    });
    let path = path.to_str().expect("a path in UTF-8");
    let args = ["replay", path, server.url(), "--diff"];
    let output = wsee(&[&args[..], flags].concat()).run();
    server.finish();
    output
}

#[test]
fn the_same_answers_are_success_and_nothing_is_printed() {
    let recorded = [r#""data":"{\"a\":1,\"b\":[2]}""#, r#""base64":"AP8=""#];
    let live = [
        Message::text("{ \"b\": [2.0], \"a\": 1 }"),
        Message::binary(vec![0, 0xff]),
    ];
    diff(&recorded, &live, 1000, &[])
        .exits(0)
        .prints("")
        .says("2 answers as recorded");
}

#[test]
fn differences_are_listed_and_are_failure() {
    let recorded = [
        r#""data":"{\"op\":\"welcome\",\"n\":1}""#,
        r#""data":"same""#,
        r#""data":"gone""#,
        r#""data":"same too""#,
        r#""data":"your name is \u001b[31mAnn""#,
        r#""base64":"AP8=""#,
        r#""data":"bye""#,
    ];
    let live = [
        Message::text("{\"op\":\"welcome\",\"n\":2,\"x\":null}"),
        Message::text("same"),
        Message::text("same too"),
        Message::text("your name is \u{1b}[31mBob"),
        Message::binary(vec![0, 0xfe]),
        Message::text("bye"),
        Message::text("\u{1b}]0;new\u{7}"),
    ];
    diff(&recorded, &live, 1000, &[]).exits(1).prints(
        r"answer 1 differs:
  .n: recorded 1, live 2
  .x: recorded nothing, live null
answer 3 is missing: text 4 B gone
answer 5 (live 4) differs:
  recorded your name is \x1b[31mAnn
  live     your name is \x1b[31mBob
                                ^
answer 6 (live 5) differs:
  byte 2: recorded ff, live fe
live answer 7 was not recorded: text 8 B \x1b]0;new\x07
",
    );
}

#[test]
fn an_error_code_does_not_hide_differences() {
    let output = diff(&[r#""data":"a""#], &[Message::text("b")], 4000, &[]);
    output.exits(1).says("0 answers as recorded, 1 different");
    let output = diff(&[r#""data":"a""#], &[Message::text("a")], 4000, &[]);
    output.exits(111).says("1 answer as recorded");
}

#[test]
fn messages_that_the_filter_drops_are_not_compared() {
    let recorded = [r#""data":"{\"a\":1,\"time\":1}""#];
    let live = [Message::text("{\"a\":1,\"time\":2}")];
    diff(&recorded, &live, 1000, &["--jq", "del(.time)"])
        .exits(0)
        .prints("");
    diff(&recorded, &live, 1000, &["--jq", ".time"])
        .exits(1)
        .prints("answer 1 differs:\n  .: recorded 1, live 2\n");
}

#[test]
fn colours_only_where_they_are_wanted() {
    let output = diff(&[], &[Message::text("b")], 1000, &["--color", "always"]);
    output
        .exits(1)
        .prints("\u{1b}[1mlive answer 1 was not recorded:\u{1b}[0m text 1 B b\n");
}
