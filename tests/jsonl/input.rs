//! `--split events` and `--split json`: streams of values that become messages.

use std::time::Duration;

use crate::support::peer::{Message, Peer, echoing, recording, scripted};
use crate::support::run::wsee;

/// What arrives at a server when wsee gets `stdin`.
#[track_caller]
fn sent(stdin: &str, args: &[&str]) -> Vec<Message> {
    let server = recording();
    let args = [&[server.url(), "--wait", "0"], args].concat();
    wsee(&args).stdin(stdin).run().exits(0);
    server.finish().messages
}

#[test]
fn one_output_is_another_input() {
    let texts = ["plain", "", "\u{1b}[2J\u{202e}\0é\n\"\\", "{\"a\": 1.0}"];
    let mut messages = texts.map(Message::text).to_vec();
    messages.push(Message::binary(vec![0, 0xff, b'\n']));
    let all = messages.clone();
    let server = scripted(move |mut peer| {
        for message in all {
            peer.send(message);
        }
        peer.close(1000, "")
    });
    let recorded = wsee(&[server.url(), "--jsonl", "-vv"]).run().exits(0);
    server.finish();
    let recorded = String::from_utf8(recorded.stdout).expect("UTF-8");
    assert_eq!(sent(&recorded, &["--split", "events"]), messages);
}

#[test]
fn events_may_be_written_by_hand_and_mixed_with_send() {
    let stdin = "{\"event\":\"message\",\"data\":\"hi\"}\n\n{\"event\":\"ping\"}\n\
                 {\"event\":\"message\",\"base64\":\"AP8=\"}";
    let expected = [
        Message::text("first"),
        Message::text("hi"),
        Message::binary(vec![0, 0xff]),
    ];
    let args = ["--split", "events", "--send", "first"];
    assert_eq!(sent(stdin, &args), expected);
}

#[test]
fn a_line_that_is_not_an_event_is_named() {
    let server = recording();
    let output = wsee(&[server.url(), "--split", "events"])
        .stdin("{\"event\":\"message\",\"data\":\"hi\"}\nhello\n")
        .run();
    output.exits(26).ends_with_line(
        r#"line 2, not an event, expected an object such as {"event":"message","data":"hi"}"#,
    );
    assert_eq!(server.finish().messages, [Message::text("hi")]);
}

#[test]
fn input_without_a_message_ends_like_any_other_and_says_that_nothing_was_sent() {
    let server = echoing();
    wsee(&[server.url(), "--split", "events", "--wait", "10ms"])
        .stdin("{\"event\":\"open\"}\n")
        .run()
        .exits(0)
        .within(Duration::from_secs(5))
        .says("nothing was sent: 1 event skipped, none is a message")
        .never_says("no reply");
    server.finish();
}

#[test]
fn json_values_are_sent_one_by_one_as_typed() {
    let stdin = "{ \"a\": [1.0,\n  1E+5] }{\"b\":\"}\"} 17\n\n\"s\" null\n";
    let expected = [
        "{ \"a\": [1.0,\n  1E+5] }",
        "{\"b\":\"}\"}",
        "17",
        "\"s\"",
        "null",
    ];
    assert_eq!(
        sent(stdin, &["--split", "json"]),
        expected.map(Message::text)
    );
}

#[test]
fn a_json_value_is_sent_as_soon_as_it_is_complete() {
    let server = scripted(|mut peer: Peer| {
        peer.expect("{\"a\":\n1}");
        peer.send("got it");
        peer.record()
    });
    let mut running = wsee(&[server.url(), "--split", "json"])
        .stdin_held_open()
        .spawn();
    running.send("{\"a\":\n1}");
    running.wait_for_stdout("got it\n");
    running.end_stdin();
    running.wait().exits(0);
    server.finish();
}

#[test]
fn non_json_is_named_by_value_and_place() {
    let server = recording();
    wsee(&[server.url(), "--split", "json"])
        .stdin("{} [1,]")
        .run()
        .exits(26)
        .says("value 2, not JSON, expected value at line 1 column 4");
    assert_eq!(server.finish().messages, [Message::text("{}")]);
    for (input, problem) in [
        ("{} {\"b\":", "value 2 is incomplete: stdin ended inside it"),
        ("{} [\"b", "value 2 is incomplete: stdin ended inside it"),
        ("{} tru 1", "value 2, not JSON, "),
    ] {
        let server = recording();
        wsee(&[server.url(), "--split", "json"])
            .stdin(input)
            .run()
            .exits(26)
            .says(problem);
        server.finish();
    }
    for args in [
        ["--split", "json", "--hex"],
        ["--split", "events", "--binary"],
    ] {
        wsee(&[&["ws://127.0.0.1:1"], &args[..]].concat())
            .run()
            .exits(2)
            .says("drop --binary");
    }
}
