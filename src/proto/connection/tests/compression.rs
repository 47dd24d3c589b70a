//! Connections that agreed on permessage-deflate.

use super::*;
use crate::proto::deflate::{self, Params};

fn params() -> Params {
    let (_, params) = deflate::Offer::BROWSER.accept(deflate::Offer::default());
    params
}

fn deflating(role: Role, delivery: Delivery) -> Peer {
    engine(Config {
        deflate: Some(params()),
        delivery,
        ..config(role)
    })
}

const WHOLE: Delivery = Delivery::Whole {
    max_message: 1 << 20,
};

#[test]
fn reads_the_examples_of_rfc7692_section_7_2_3() {
    for delivery in [WHOLE, Delivery::UNLIMITED] {
        for (hex, expected) in [
            (
                "c1 07 f2 48 cd c9 c9 07 00 c1 05 f2 00 11 00 00",
                &["text Hello", "text Hello"][..],
            ),
            ("41 03 f2 48 cd 80 04 c9 c9 07 00", &["text Hello"]),
            ("c1 0b 00 05 00 fa ff 48 65 6c 6c 6f 00", &["text Hello"]),
            ("c1 08 f3 48 cd c9 c9 07 00 00", &["text Hello"]),
            (
                "c1 0d f2 48 05 00 00 00 ff ff ca c9 c9 07 00",
                &["text Hello"],
            ),
            ("c1 01 00", &["text "]),
            ("81 02 68 69", &["text hi"]),
        ] {
            let mut client = deflating(Role::Client, delivery);
            let events = client.feed_hex(hex);
            let joined: Vec<String> = events
                .iter()
                .map(|event| event.replace(" piece", ""))
                .collect();
            let text = |events: &[String]| events.concat().replace("text ", "");
            let wanted: Vec<String> = expected.iter().map(ToString::to_string).collect();
            assert_eq!(text(&joined), text(&wanted), "{hex} {delivery:?}");
        }
    }
}

#[test]
fn compressed_messages_come_back_from_the_other_end() {
    let mut client = deflating(Role::Client, WHOLE);
    let mut server = deflating(Role::Server, WHOLE);
    for text in ["Hello", "Hello", "", &"long ".repeat(10_000)] {
        client
            .connection
            .sender()
            .message(Kind::Text, text.as_bytes())
            .unwrap();
        let wire = client.written();
        assert_eq!(wire[0], 0xc1, "RSV1 marks a compressed message");
        let bytes: Vec<String> = wire.chunks(1).flat_map(|byte| server.feed(byte)).collect();
        assert_eq!(bytes, [format!("text {text}")]);
    }
}

#[test]
fn a_server_that_was_quiet_has_given_its_memory_back_and_goes_on() {
    for takeover in [true, false] {
        let deflate = Some(Params {
            client_no_context_takeover: !takeover,
            server_no_context_takeover: !takeover,
            ..params()
        });
        let end = |role| {
            engine(Config {
                deflate,
                ..config(role)
            })
        };
        let (mut client, mut server) = (end(Role::Client), end(Role::Server));
        for text in ["Hello, hello", "Hello, hello", "", "Hello, hello"] {
            let message = format!("text {text}");
            let sender = client.connection.sender();
            sender.message(Kind::Text, text.as_bytes()).unwrap();
            assert_eq!(server.feed(&client.written()).concat(), message);
            let sender = server.connection.sender();
            sender.message(Kind::Text, text.as_bytes()).unwrap();
            assert_eq!(client.feed(&server.written()).concat(), message);
            assert_eq!(server.pass(4_999), [""; 0]);
            assert!(server.connection.poll_timeout().is_some());
            assert_eq!(server.pass(1), [""; 0]);
            assert_eq!(server.connection.poll_timeout(), None, "at rest");
        }
        assert_eq!(
            client.connection.poll_timeout(),
            None,
            "a client keeps its memory"
        );
    }
}

#[test]
fn a_server_that_was_quiet_holds_no_buffers() {
    let (mut client, mut server) = (engine(config(Role::Client)), engine(config(Role::Server)));
    let large = vec![b'x'; 100_000];
    for _ in 0..2 {
        assert_eq!(server.connection.poll_timeout(), None);
        let sender = client.connection.sender();
        sender.message(Kind::Text, &large).unwrap();
        server.feed(&client.written());
        let sender = server.connection.sender();
        sender.message(Kind::Text, &large).unwrap();
        client.feed(&server.written());
        assert!(server.connection.sender.is_warm() && server.connection.receiver.is_warm());
        server.pass(5_000);
        assert!(!server.connection.sender.is_warm() && !server.connection.receiver.is_warm());
    }
}

#[test]
fn only_the_first_fragment_of_a_compressed_message_has_rsv1() {
    let mut client = engine(Config {
        deflate: Some(params()),
        fragment: Some(3),
        observe_frames: true,
        ..config(Role::Client)
    });
    client
        .connection
        .sender()
        .message(Kind::Text, b"Hello")
        .unwrap();
    let wire = client.written();
    assert_eq!([wire[0], wire[9], wire[18]], [0x41, 0x00, 0x80]);
}

#[test]
fn names_broken_rules_of_compression() {
    for (hex, rule, code) in [
        ("41 01 00 c0 00", "RSV1 on a continuation frame", 1002),
        ("c9 00", "RSV1 on a ping frame", 1002),
        ("c1 03 07 ff ff", "not valid DEFLATE data", 1007),
    ] {
        let events = deflating(Role::Client, WHOLE).feed_hex(hex);
        assert!(events[0].contains(rule), "{hex}: {events:?}");
        assert_eq!(events[1], format!("sent close {code}"), "{hex}");
    }
    let mut server = deflating(Role::Server, WHOLE);
    server
        .connection
        .sender()
        .message(Kind::Text, b"ok \xff")
        .unwrap();
    let events = deflating(Role::Client, WHOLE).feed(&server.written());
    assert!(events[0].contains("not UTF-8 at byte 3"), "{events:?}");
    let events = client().feed_hex("c1 07 f2 48 cd c9 c9 07 00");
    assert!(
        events[0].contains("compression was not negotiated"),
        "{events:?}"
    );
}

#[test]
fn a_bomb_ends_at_the_limit_while_it_is_inflated() {
    let mut server = deflating(Role::Server, WHOLE);
    server
        .connection
        .sender()
        .message(Kind::Binary, &vec![0; 64 << 20])
        .unwrap();
    let mut client = deflating(Role::Client, WHOLE);
    let events = client.feed(&server.written());
    assert_eq!(events[1], "sent close 1009");
    let (_, received) = client.connection.traffic();
    assert!(received.payload < 2 << 20, "{received:?}");
}

#[test]
fn a_large_compressed_message_is_streamed_in_pieces() {
    let mut server = deflating(Role::Server, WHOLE);
    server
        .connection
        .sender()
        .message(Kind::Binary, &vec![0; 16 << 20])
        .unwrap();
    let mut client = deflating(Role::Client, Delivery::UNLIMITED);
    let events = client.feed(&server.written());
    assert!(events.len() > 100, "{}", events.len());
    let (_, received) = client.connection.traffic();
    assert_eq!((received.payload, received.messages), (16 << 20, 1));
}
