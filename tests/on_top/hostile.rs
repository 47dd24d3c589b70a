//! Messages that are not of the protocol: each is named, and none ends the session.

use super::{CONNECTED, OPEN, socket_io};
use crate::support::peer::{Message, scripted};
use crate::support::run::wsee;

#[test]
fn what_is_not_of_the_protocol_is_named_and_ends_nothing() {
    let deep = format!("42[\"a\",{}{}]", "[".repeat(1000), "]".repeat(1000));
    for (message, why) in [
        ("hello", "'h' is no type of an Engine.IO packet"),
        ("", "an empty message is no Engine.IO packet"),
        ("49", "'9' is no type of a Socket.IO packet"),
        (
            "42{}",
            "EVENT needs an array that starts with the name as its data",
        ),
        ("42[\"a\"", "is not JSON"),
        ("42[\"connect\"]", "the event name \"connect\" is reserved"),
        (
            "4510001-[\"a\"]",
            "announces 10001 attachments; at most 10 are accepted",
        ),
        (
            "4599999999999999999999999-[\"a\"]",
            "attachments; at most 10 are accepted",
        ),
        (
            "42999999999999999999999[\"a\"]",
            "the number of the acknowledgement is too large",
        ),
        ("43[1]", "an acknowledgement needs the number of its event"),
        (OPEN, "a packet that a server does not send here"),
        (deep.as_str(), "recursion limit exceeded"),
    ] {
        let message = message.to_owned();
        let server = socket_io(move |peer| {
            peer.send(message);
            peer.send("42[\"after\"]");
        });
        let run = wsee(&["--as", "socket.io", server.url(), "-1", "-v"]).run();
        run.exits(0).prints("[\"after\"]\n").says(why);
    }
}

#[test]
fn a_pipe_says_once_that_something_else_than_the_protocol_came() {
    let server = socket_io(|peer| {
        peer.send("hello");
        peer.send("hello");
        peer.send("42[\"after\"]");
    });
    let output = wsee(&["--as", "socket.io", server.url(), "-1"]).run();
    let note = "wsee: a message is not Socket.IO: 'h' is no type of an Engine.IO packet; it must be 0 to 6; -v shows such messages\n";
    let output = output.exits(0).prints("[\"after\"]\n").says(note);
    assert_eq!(output.stderr.matches("not Socket.IO").count(), 1);
}

#[test]
fn answers_that_nobody_asked_for_are_shown_as_that() {
    for (message, why) in [
        ("4399[1]", "nobody waits for it"),
        (
            "40/other,{\"sid\":\"x\"}",
            "nobody asked for this namespace",
        ),
        (
            "44/other,{\"message\":\"no\"}",
            "nobody asked for this namespace",
        ),
        ("41/other,", "nobody is in this namespace"),
    ] {
        let server = socket_io(move |peer| {
            peer.send(message);
            peer.send("42[\"after\"]");
        });
        let run = wsee(&[
            "--as",
            "socket.io",
            server.url(),
            "-v",
            "--jq",
            "select(.[0] == \"after\")",
            "-1",
        ]);
        run.run().exits(0).says(why);
    }
}

#[test]
fn a_binary_message_without_its_packet_is_named() {
    let server = socket_io(|peer| {
        peer.send(Message::binary(vec![1, 2, 3]));
        peer.send("42[\"after\"]");
    });
    let run = wsee(&["--as", "socket.io", server.url(), "-1", "-v"]).run();
    run.exits(0)
        .says("a binary message without a packet that announces it");
}

#[test]
fn attachments_that_are_missing_are_named() {
    let server = socket_io(|peer| {
        peer.send("452-[\"a\",{\"_placeholder\":true,\"num\":0}]");
        peer.send("42[\"lost\"]");
        peer.send("42[\"after\"]");
    });
    let run = wsee(&["--as", "socket.io", server.url(), "-1", "-v"]).run();
    run.exits(0)
        .prints("[\"after\"]\n")
        .says("a new packet begins although 2 attachments of the last one are missing");
}

#[test]
fn nothing_of_the_server_acts_on_a_terminal() {
    let server = scripted(|mut peer| {
        peer.send(OPEN);
        peer.expect("40");
        peer.send(CONNECTED);
        peer.send("42[\"\\u001b[2J\",\"\\u001b]0;x\\u0007\"]");
        peer.record()
    });
    let run = wsee(&["--as", "socket.io", server.url(), "-1", "-vv"])
        .run()
        .exits(0);
    assert!(!run.stderr.contains('\x1b'), "{:?}", run.stderr);
    assert!(!run.stdout.contains(&0x1b));
}

#[test]
fn a_server_that_begins_with_anything_else_is_told_so() {
    let server = scripted(|mut peer| {
        peer.send("42[\"early\"]");
        peer.send(OPEN);
        peer.expect("40");
        peer.send(CONNECTED);
        peer.send("42[\"after\"]");
        peer.record()
    });
    let run = wsee(&["--as", "socket.io", server.url(), "-1", "-v"]).run();
    run.exits(0)
        .prints("[\"after\"]\n")
        .says("the server has to begin with an open packet");
}
