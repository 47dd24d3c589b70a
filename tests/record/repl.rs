//! `/record` in the REPL.

use std::fs;

use super::har::{entry, messages};
use crate::support::peer::echoing;
use crate::support::pty::terminal;

#[test]
fn recording_starts_and_stops_during_a_session() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.har");
    let shown = path.display().to_string();
    let server = echoing();
    let mut terminal = terminal(&[server.url()]).prompt();
    terminal.press("before\r");
    terminal.wait_for("← text 6 B");
    terminal.press(&format!("/record {shown}\r"));
    terminal.wait_for("recording to");
    terminal.press("kept\r");
    terminal.wait_for("← text 4 B");
    terminal.press("/record stop\r");
    terminal.wait_for("2 messages recorded in");
    terminal.press("afterwards\r");
    terminal.wait_for("← text 10 B");
    terminal.press("\x04");
    assert_eq!(terminal.finish(), 0);
    server.finish();
    let entry = entry(&path);
    assert_eq!(entry["response"]["status"], 101);
    let kept: Vec<String> = messages(&entry).into_iter().map(|it| it.2).collect();
    assert_eq!(kept, ["kept", "kept"]);
}

#[test]
fn overwrites_nothing_and_says_what_it_does() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.jsonl");
    fs::write(&path, "precious").expect("a file");
    let server = echoing();
    let mut terminal = terminal(&[server.url()]).prompt();
    terminal.press("/record\r");
    terminal.wait_for("not recording; /record FILE starts");
    terminal.press(&format!("/record {}\r", path.display()));
    terminal.wait_for("exists already");
    terminal.press("/record stop\r");
    terminal.wait_for("not recording;");
    terminal.press("/record a.txt\r");
    terminal.wait_for("the name must end in .jsonl, .har or .wsee");
    terminal.press("\x04");
    assert_eq!(terminal.finish(), 0);
    server.finish();
    assert_eq!(fs::read_to_string(&path).expect("a file"), "precious");
}

#[test]
fn a_recording_from_the_start_ends_with_the_session() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.jsonl");
    let server = echoing();
    let record = path.to_str().expect("UTF-8");
    let mut terminal = terminal(&[server.url(), "--record", record]).prompt();
    terminal.press("hi\r");
    terminal.wait_for("← text 2 B");
    terminal.press("\x04");
    assert_eq!(terminal.finish(), 0);
    server.finish();
    let text = fs::read_to_string(&path).expect("a recording");
    let (first, last) = (text.lines().next(), text.lines().last());
    assert!(first.is_some_and(|line| line.contains(r#""event":"open""#)));
    assert!(last.is_some_and(|line| line.contains(r#""event":"closed""#)));
    assert_eq!(text.matches(r#""event":"message""#).count(), 2, "{text}");
}
