//! `wsee listen --record`: a file for each client, as the client would have recorded it.

use std::fs;

use rustix::process::Signal;
use serde_json::Value;

use super::listening;
use crate::support::run::wsee;

/// What a client finds in its file, after it has said two things to an echo server and left.
fn recorded(name: &str) -> (tempfile::TempDir, super::Listening, String) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join(name);
    let server = listening(&["--no-compress", "--record", path.to_str().expect("UTF-8")]);
    for _ in 0..2 {
        let url = server.url();
        wsee(&[&url, "-n", "2"])
            .stdin("hello\n{\"a\":1}\n")
            .run()
            .exits(0);
    }
    server.running.wait_for_stderr("@2 * closed by client");
    let second = folder.path().join(name.replace('.', "-2."));
    let text = fs::read_to_string(&second).expect("the file of the second client");
    (folder, server, text)
}

#[test]
fn lines_have_the_number_of_the_client_and_its_view() {
    let (_folder, server, text) = recorded("chat.jsonl");
    let events: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    assert!(events.iter().all(|it| it["client"] == 2), "{text}");
    let messages: Vec<(&str, &str)> = events
        .iter()
        .filter(|it| it["event"] == "message")
        .filter_map(|it| Some((it["direction"].as_str()?, it["data"].as_str()?)))
        .collect();
    let expected = [
        ("sent", "hello"),
        ("sent", "{\"a\":1}"),
        ("received", "hello"),
        ("received", "{\"a\":1}"),
    ];
    for message in expected {
        assert!(messages.contains(&message), "{messages:?}");
    }
    assert_eq!(messages.len(), expected.len());
    server.stop(Signal::INT).exits(130);
}

#[test]
fn a_recorded_scenario_passes_against_the_same_server() {
    let (folder, server, text) = recorded("chat.wsee");
    assert!(text.contains("\n> hello\n"), "{text}");
    let file = folder.path().join("chat-1.wsee");
    wsee(&["test", file.to_str().expect("UTF-8")])
        .run()
        .exits(0);
    server.stop(Signal::INT).exits(130);
}

#[test]
fn an_archive_has_the_messages_of_one_client() {
    let (_folder, server, text) = recorded("chat.har");
    let archive: Value = serde_json::from_str(&text).expect("JSON");
    let messages = &archive["log"]["entries"][0]["_webSocketMessages"];
    let texts: Vec<&str> = messages
        .as_array()
        .expect("messages")
        .iter()
        .filter(|it| it["opcode"] == 1 && it["type"] == "send")
        .filter_map(|it| it["data"].as_str())
        .collect();
    assert_eq!(texts, ["hello", "{\"a\":1}"]);
    server.stop(Signal::INT).exits(130);
}

#[test]
fn files_of_an_earlier_run_are_kept() {
    let folder = tempfile::tempdir().expect("a folder");
    let first = folder.path().join("chat-1.jsonl");
    fs::write(&first, "kept").expect("a file");
    let path = folder.path().join("chat.jsonl");
    let path = path.to_str().expect("UTF-8");
    wsee(&["listen", "127.0.0.1:0", "--record", path])
        .run()
        .exits(23)
        .says("chat-1.jsonl exists already; give another name, or --force");
    assert_eq!(fs::read_to_string(first).expect("a file"), "kept");
    wsee(&["listen", "127.0.0.1:0", "--record", "chat.txt"])
        .run()
        .exits(2)
        .says(".jsonl, .har or .wsee");
}

#[test]
fn a_client_that_is_lost_gets_no_hint_about_a_server() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("lost.jsonl");
    let server = listening(&["--record", path.to_str().expect("UTF-8")]);
    drop(server.open());
    server.running.wait_for_stderr("@1 * abnormal closure");
    server.stop(Signal::INT).exits(130);
    let text = fs::read_to_string(folder.path().join("lost-1.jsonl")).expect("its file");
    let last: Value = serde_json::from_str(text.lines().last().expect("a line")).expect("JSON");
    assert_eq!(last["event"], "closed");
    assert_eq!(last["hint"], Value::Null, "{last}");
}
