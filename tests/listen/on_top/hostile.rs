//! Clients that send what they must not.

use std::fmt::Write as _;

use super::serving;
use crate::support::peer::Message;

/// What is not of the protocol has its reason in the log, and the server still serves.
#[test]
fn other_messages_are_named_and_end_nothing_but_their_connection() {
    let deep = "[".repeat(100_000);
    for (name, path, subprotocol) in [
        ("graphql", "/", "graphql-transport-ws"),
        ("mqtt", "/", "mqtt"),
        ("stomp", "/", "v12.stomp"),
        ("signalr", "/", ""),
        ("jsonrpc", "/", ""),
        ("phoenix", "/", ""),
        ("actioncable", "/", "actioncable-v1-json"),
        ("pusher", "/app/k?protocol=7", ""),
    ] {
        let server = serving(name, &[]);
        for message in [
            Message::text(""),
            Message::text("hello"),
            Message::text("{}"),
            Message::text(deep.clone()),
            Message::binary(vec![]),
            Message::binary(vec![0xff; 100]),
            Message::binary(b"\x30\xff\xff\xff\x7fabc".to_vec()),
            Message::binary(b"SEND\ncontent-length:2147483648\n\nx".to_vec()),
        ] {
            let mut peer = server.open_with(path, subprotocol);
            peer.try_send(message);
            peer.close(1000, "");
        }
        server.running.wait_for_stderr("← not ");
        drop(server.open_with(path, subprotocol));
    }
}

#[test]
fn a_client_has_a_bounded_number_of_subscriptions() {
    let server = serving("stomp", &[]);
    let mut peer = server.open_with("/", "v12.stomp");
    peer.send("CONNECT\naccept-version:1.2\n\n\0");
    let mut frames = String::new();
    for number in 0..1001 {
        let _ = write!(frames, "SUBSCRIBE\nid:{number}\ndestination:/q\n\n\0");
    }
    peer.send(frames);
    let received = peer.record();
    let (code, reason) = received.close.expect("a Close frame");
    assert_eq!(code, 1002);
    assert_eq!(reason, "/q: a client has at most 1000 subscriptions");
}

#[test]
fn a_client_cannot_make_a_message_of_its_own_many_times_as_large() {
    let server = serving("stomp", &[]);
    let mut peer = server.open_with("/", "v12.stomp");
    peer.send("CONNECT\naccept-version:1.2\n\n\0");
    let mut frames = String::new();
    for number in 0..1000 {
        let _ = write!(frames, "SUBSCRIBE\nid:{number}\ndestination:/q\n\n\0");
    }
    peer.send(frames);
    peer.send(format!("SEND\ndestination:/q\n\n{}\0", "x".repeat(1 << 20)));
    server
        .running
        .wait_for_stderr("leaves more than 16 MiB unread");
}
