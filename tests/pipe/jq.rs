//! `--jq`: what a filter makes of the messages.

use crate::support::output::Output;
use crate::support::peer::{Message, scripted};
use crate::support::run::wsee;

/// Runs wsee against a server that sends `messages` and closes with 1000.
#[track_caller]
fn received(messages: &[&str], args: &[&str]) -> Output {
    let messages: Vec<Message> = messages.iter().map(|text| Message::text(*text)).collect();
    let server = scripted(|mut peer| {
        for message in messages {
            peer.send(message);
        }
        peer.close(1000, "")
    });
    let output = wsee(&[&[server.url()], args].concat()).run();
    server.finish();
    output
}

#[test]
fn every_output_is_a_line_and_a_message_may_have_none() {
    let messages = [r#"{"op":"x","v":[1.50,{"b":1}]}"#, r#"{"op":"y"}"#, "[]"];
    received(&messages, &["--jq", ".v[]?"])
        .exits(0)
        .prints("1.50\n{\"b\":1}\n");
    let strings = [r#"["a\nb", {"c": "d"}]"#];
    received(&strings, &["--jq", ".[]"]).prints("\"a\\nb\"\n{\"c\":\"d\"}\n");
    received(&strings, &["--jq", ".[]", "-r"]).prints("a\nb\n{\"c\":\"d\"}\n");
    received(&strings, &["--jq", ".[]", "-r", "-0"]).prints("a\nb\0{\"c\":\"d\"}\0");
}

#[test]
fn messages_that_are_not_json_pass_unless_strict() {
    let messages = ["hello", r#"{"a":1}"#];
    received(&messages, &["--jq", ".a"])
        .exits(0)
        .prints("hello\n1\n");
    received(&messages, &["--jq", ".a", "--jq-strict"])
        .exits(0)
        .prints("1\n")
        .says("wsee: not JSON: ");
}

#[test]
fn an_error_is_a_note_and_the_next_message_is_filtered_all_the_same() {
    let messages = ["[\"\\u001b[2J\"]", r#"{"a":1}"#];
    received(&messages, &["--jq", ".a"])
        .exits(0)
        .prints("1\n")
        .says("wsee: jq: cannot index [\"\\u001b[2J\"] with \"a\"");
}

#[test]
fn only_messages_that_gave_something_are_counted() {
    let messages = [r#"{"a":1}"#, r#"{"b":2}"#, r#"{"a":3}"#, r#"{"a":4}"#];
    let select = ["--jq", "select(.a) | .a"];
    received(&messages, &[&select[..], &["-n", "2"]].concat())
        .exits(0)
        .prints("1\n3\n");
    received(&messages, &[&select[..], &["-n", "4"]].concat())
        .exits(1)
        .says("expected 4 messages, got 3");
}

#[test]
fn a_filter_that_cannot_be_compiled_is_a_usage_error_with_its_column() {
    wsee(&["ws://127.0.0.1:1", "--jq", ".a | nosuch"])
        .run()
        .exits(2)
        .ends_with_line("wsee: --jq, column 6: there is no filter nosuch/0");
}

#[test]
fn jq_conflicts_with_flags_that_print_something_else() {
    for args in [
        ["--jq", ".", "--raw"],
        ["--jq", ".", "--jsonl"],
        ["-r", "--send", "a"],
    ] {
        wsee(&[&["ws://127.0.0.1:1"], &args[..]].concat())
            .run()
            .exits(2);
    }
}

#[test]
fn binary_input_does_not_make_the_output_binary() {
    let server = scripted(|mut peer| {
        assert_eq!(peer.receive(), Message::binary(b"{\"a\":1}".to_vec()));
        peer.send(Message::binary(b"{\"a\":1}".to_vec()));
        peer.close(1000, "")
    });
    wsee(&[server.url(), "--jq", ".a", "--binary", "--split", "none"])
        .stdin("{\"a\":1}")
        .run()
        .exits(0)
        .prints("1\n");
    server.finish();
}
