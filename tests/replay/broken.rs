//! Files that cannot be played; nothing is sent.

use std::fs;

use crate::support::output::Output;
use crate::support::run::wsee;

/// Tries to play a file of this name.
fn play(name: &str, content: &str, flags: &[&str]) -> Output {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join(name);
    fs::write(&path, content).expect("a file");
    let path = path.to_str().expect("a path in UTF-8");
    wsee(&[&["replay", path], flags].concat()).run()
}

const HI: &str = "{\"event\":\"message\",\"data\":\"hi\"}\n";
const URL: &[&str] = &["ws://127.0.0.1:1"];

#[test]
fn a_line_that_is_not_an_event_is_reported_with_its_number() {
    for (line, says) in [
        (
            "oops",
            "a.jsonl, line 3: not an event, expected an object such as {\"event\":",
        ),
        (
            "{}",
            "line 3: not an event, missing field `event` at column 2",
        ),
        (
            "{\"v\":99,\"event\":\"open\"}",
            "line 3: version 99 of the event format is newer",
        ),
        (
            "{\"event\":\"message\",\"base64\":\"A_==\"}",
            "line 3: byte 2 of its base64",
        ),
        (
            "{\"event\":\"message\",\"data\":\"a\",\"time\":\"noon\"}",
            "line 3: \"noon\" is not a time",
        ),
        (
            "{\"event\":\"message\",\"data\":\"a\",\"direction\":\"up\"}",
            "line 3: \"up\" is not a direction; expected sent or received",
        ),
        (
            &format!("{{\"event\":\"ping\",\"data\":\"{}\"}}", "x".repeat(126)),
            "line 3: a ping of more than 125 bytes",
        ),
        (
            "{\"event\":\"\u{1b}[31m",
            "line 3: not an event, control character",
        ),
    ] {
        let output = play("a.jsonl", &format!("{HI}\n{line}\n"), URL)
            .exits(26)
            .prints("");
        assert!(!output.stderr.contains('\u{1b}'), "{:?}", output.stderr);
        output.says(says);
    }
}

#[test]
fn a_last_line_that_was_cut_is_left_out() {
    play("a.jsonl", &format!("{HI}{{\"event\":\"mes"), URL)
        .exits(7)
        .says("a.jsonl: 1 message in ");
}

/// An archive with these messages.
fn archive(messages: &str) -> String {
    format!(
        "{{\"log\":{{\"entries\":[{{\"request\":{{\"url\":\"ws://127.0.0.1:1\"}},\"_webSocketMessages\":[{messages}]}}]}}}}"
    )
}

#[test]
fn a_malformed_archive_is_reported_with_the_place() {
    play("a.har", "{\n\"log\": {\n", URL)
        .exits(26)
        .says("a.har: not an HTTP Archive: EOF while parsing an object at line 3 column 0");
    for (message, says) in [
        (
            "{\"type\":\"send\",\"opcode\":2,\"data\":\"A_==\"}",
            "entry 1, message 2: byte 2 of its data is not valid base64",
        ),
        (
            "{\"type\":\"up\"}",
            "entry 1, message 2: \"up\" is not a type; expected send or receive",
        ),
        (
            "{\"type\":\"send\",\"opcode\":3}",
            "entry 1, message 2: 3 is not an opcode of a message",
        ),
    ] {
        let messages = format!("{{\"type\":\"send\",\"opcode\":1,\"data\":\"a\"}},{message}");
        play("a.har", &archive(&messages), &[]).exits(26).says(says);
    }
}

#[test]
fn a_file_without_a_connection_has_nothing_to_play() {
    for (name, content) in [("a.jsonl", ""), ("a.har", "{\"log\":{\"entries\":[]}}")] {
        let says = format!("{name} contains no WebSocket connection");
        play(name, content, URL).exits(26).says(&says);
    }
}

#[test]
fn other_files_are_refused() {
    play("a.wsee", "connect\n", &[])
        .exits(2)
        .says("a.wsee is a scenario, not a recording; run it with wsee test ");
    play("a.txt", HI, URL)
        .exits(2)
        .says("a.txt: the name of a recording to replay must end in .jsonl or .har");
    wsee(&["replay", "/dev/null/a.jsonl"]).run().exits(26);
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.har");
    fs::create_dir(&path).expect("a folder");
    wsee(&["replay", path.to_str().expect("a path in UTF-8")])
        .run()
        .exits(26)
        .says(" is a folder\nhint: name a recording in it; ");
}

#[test]
fn a_url_that_is_not_known_exactly_has_to_be_given() {
    play("a.jsonl", HI, &[])
        .exits(3)
        .says("a.jsonl contains no URL; pass one after the file name");
    let open = "{\"event\":\"open\",\"url\":\"ws://h/?token=***\"}\n";
    play("a.jsonl", open, &[]).exits(3).says(
        "the secrets in its URL ws://h/?token=*** are masked; pass the URL after the file name",
    );
}

#[test]
fn the_played_recording_is_not_overwritten() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.jsonl");
    fs::write(&path, HI).expect("a file");
    let name = path.to_str().expect("a path in UTF-8");
    let args = ["replay", name, URL[0], "--record", name, "--force"];
    wsee(&args)
        .run()
        .exits(2)
        .says("a.jsonl is the recording being replayed; choose another name");
    assert_eq!(fs::read_to_string(&path).expect("a file"), HI);
}

#[test]
fn a_speed_is_a_number_of_times() {
    play("a.jsonl", HI, &["--speed", "fast"])
        .exits(2)
        .says("not a speed; write 10x, 0.5x or max");
}
