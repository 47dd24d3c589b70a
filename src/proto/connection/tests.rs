//! Two engines joined in memory, or one fed with bytes; time is virtual.

mod closing;
mod compression;

use super::*;
use crate::proto::frame::CloseCode;
use crate::proto::message::Kind;
use crate::proto::receiver::Delivery;
use crate::proto::sender::Control;

pub(super) struct Peer {
    pub(super) connection: Connection,
    pub(super) now: Instant,
}

pub(super) fn config(role: Role) -> Config {
    Config::new(role)
}

pub(super) fn engine(config: Config) -> Peer {
    let now = Instant::now();
    Peer {
        connection: Connection::new(config, Buffer::with_capacity(64), [7; 32], now),
        now,
    }
}

fn client() -> Peer {
    engine(config(Role::Client))
}

impl Peer {
    /// Feeds bytes and tells every event in short.
    fn feed(&mut self, bytes: &[u8]) -> Vec<String> {
        let mut events = Vec::new();
        let mut rest = bytes;
        while !rest.is_empty() {
            let room = self.connection.input();
            let n = room.len().min(rest.len());
            room[..n].copy_from_slice(&rest[..n]);
            self.connection.received(n, self.now);
            rest = &rest[n..];
            events.extend(self.events());
        }
        events
    }

    pub(super) fn feed_hex(&mut self, hex: &str) -> Vec<String> {
        self.feed(&hex::decode(hex.replace(' ', "")).unwrap())
    }

    fn events(&mut self) -> Vec<String> {
        let mut events = Vec::new();
        while let Some((event, _)) = self.connection.poll_event(self.now) {
            events.push(short(&event));
        }
        events
    }

    /// Takes what waits to be written.
    fn written(&mut self) -> Vec<u8> {
        let output = self.connection.sender().output().to_vec();
        self.connection.sender().written(output.len());
        output
    }

    pub(super) fn pass(&mut self, millis: u64) -> Vec<String> {
        self.now += Duration::from_millis(millis);
        self.connection.handle_timeout(self.now);
        self.events()
    }
}

fn short(event: &Event<'_>) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    match event {
        Event::Message(message) => {
            let whole = if message.start && message.end {
                ""
            } else {
                " piece"
            };
            format!("{}{whole} {}", message.kind, text(message.payload))
        }
        Event::Ping { payload, answer } => format!("ping {} {answer:?}", text(payload)),
        Event::Pong { payload, rtt } => format!("pong {} {rtt:?}", text(payload)),
        Event::Close(frame) => format!("close {}", reported_code(frame.as_ref()).0),
        Event::Sent(Control::Close(frame)) => {
            format!("sent close {}", reported_code(frame.as_ref()).0)
        }
        Event::Sent(Control::Ping(payload)) => format!("sent ping {}", text(payload)),
        Event::Sent(Control::Pong(payload)) => format!("sent pong {}", text(payload)),
        Event::Tolerated(violation) => format!("tolerated {}", violation.rule),
        Event::Violation(violation) => format!("violation {}", violation.rule),
        Event::Idle(limit) => format!("idle {limit:?}"),
        Event::FrameReceived(header) => format!("frame {}", header.header.opcode),
        Event::FrameSent(header) => format!("sent frame {}", header.header.opcode),
        Event::Ended(end) => match &**end {
            End::Closed { by_peer, .. } => format!("ended, by peer: {by_peer}"),
            end => format!("ended {end:?}"),
        },
    }
}

/// The examples of RFC 6455 §5.7: from which role, the bytes, the events.
const EXAMPLES: [(Role, &str, &[&str]); 5] = [
    (Role::Server, "81 05 48 65 6c 6c 6f", &["text Hello"]),
    (
        Role::Client,
        "81 85 37 fa 21 3d 7f 9f 4d 51 58",
        &["text Hello"],
    ),
    (Role::Server, "01 03 48 65 6c 80 02 6c 6f", &["text Hello"]),
    (Role::Server, "89 05 48 65 6c 6c 6f", &["ping Hello Sent"]),
    (
        Role::Client,
        "8a 85 37 fa 21 3d 7f 9f 4d 51 58",
        &["pong Hello None"],
    ),
];

fn peer_of(role: Role) -> Peer {
    engine(config(match role {
        Role::Client => Role::Server,
        Role::Server => Role::Client,
    }))
}

#[test]
fn reads_the_examples_of_rfc6455_section_5_7() {
    for (sender, hex, expected) in EXAMPLES {
        assert_eq!(peer_of(sender).feed_hex(hex), expected, "{hex}");
    }
}

#[test]
fn one_byte_at_a_time_equals_all_at_once() {
    for (sender, hex, expected) in EXAMPLES {
        let mut end = peer_of(sender);
        let bytes = hex::decode(hex.replace(' ', "")).unwrap();
        let events: Vec<String> = bytes.chunks(1).flat_map(|byte| end.feed(byte)).collect();
        assert_eq!(events, expected, "{hex}");
    }
}

#[test]
fn reads_the_long_examples_of_rfc6455_section_5_7() {
    for (header, len) in [
        ("82 7e 01 00", 256),
        ("82 7f 00 00 00 00 00 01 00 00", 65536),
    ] {
        let mut bytes = hex::decode(header.replace(' ', "")).unwrap();
        bytes.resize(bytes.len() + len, b'x');
        let events = client().feed(&bytes);
        assert_eq!(events, [format!("binary {}", "x".repeat(len))]);
    }
}

#[test]
fn control_frames_may_come_between_fragments() {
    let events = client().feed_hex("01 01 61  89 01 70  00 01 62  8a 00  80 01 63");
    assert_eq!(events, ["ping p Sent", "pong  None", "text abc"]);
}

#[test]
fn streamed_messages_come_in_pieces_with_their_ends_marked() {
    let mut end = engine(Config {
        delivery: Delivery::UNLIMITED,
        ..config(Role::Client)
    });
    assert_eq!(end.feed_hex("82 05 61 62"), ["binary piece ab"]);
    assert_eq!(
        end.feed_hex("63 64 65 82 00"),
        ["binary piece cde", "binary "]
    );
    assert_eq!(
        end.feed_hex("02 01 61 80 00"),
        ["binary piece a", "binary piece "]
    );
}

#[test]
fn a_streamed_message_shorter_than_a_piece_comes_whole() {
    let delivery = Delivery::Streamed {
        least: 4,
        max_message: 100,
    };
    let mut end = engine(Config {
        delivery,
        ..config(Role::Client)
    });
    assert_eq!(end.feed_hex("82 03 61 62"), [""; 0]);
    assert_eq!(end.feed_hex("63 02 01 61"), ["binary abc"]);
    assert_eq!(end.feed_hex("80 01 62"), ["binary ab"]);
    assert_eq!(
        end.feed_hex("02 02 61 62 00 02 63 64 80 01 65"),
        ["binary piece abcd", "binary piece e"]
    );
    assert_eq!(end.feed_hex("82 06 61 62 63 64"), ["binary piece abcd"]);
    assert_eq!(end.feed_hex("65 66"), ["binary piece ef"]);
}

#[test]
fn names_the_rule_that_was_broken_and_closes_with_its_code() {
    for (hex, rule, code) in [
        (
            "81 85 37 fa 21 3d 7f 9f 4d 51 58",
            "a server must not mask",
            1002,
        ),
        ("c1 00", "a compressed frame (RSV1)", 1002),
        ("a1 00", "RSV2 is set", 1002),
        ("91 00", "RSV3 is set", 1002),
        ("83 00", "opcode 3 is reserved", 1002),
        ("8b 00", "opcode 11 is reserved", 1002),
        ("09 00", "a ping frame must not be fragmented", 1002),
        (
            "89 7e 00 7e",
            "a ping frame carries at most 125 bytes, not 126",
            1002,
        ),
        ("80 00", "a continuation frame without a message", 1002),
        ("01 00 81 00", "a new message before", 1002),
        ("81 7e 00 7d", "not written in its shortest form", 1002),
        ("82 7f 80 00 00 00 00 00 00 00", "the top bit", 1002),
        (
            "82 7f 7f ff ff ff ff ff ff ff",
            "larger than the limit",
            1009,
        ),
        ("81 02 c3 28", "not UTF-8 at byte 0", 1007),
        ("81 05 61 62 ff", "not UTF-8 at byte 2", 1007),
        ("01 01 c3 80 01 28", "not UTF-8 at byte 0", 1007),
        ("81 01 c3", "not UTF-8 at byte 0", 1007),
        ("88 01 03", "a Close body of one byte", 1002),
        ("88 02 03 ed", "close code 1005", 1002),
        ("88 02 03 e7", "close code 999", 1002),
        ("88 03 03 e8 ff", "the close reason", 1007),
    ] {
        let mut end = client();
        let events = end.feed_hex(hex);
        let expected = format!("sent close {code}");
        assert!(
            events[0].starts_with(&format!("violation {rule}")) || events[0].contains(rule),
            "{hex}: {events:?}"
        );
        assert_eq!(events[1], expected, "{hex}");
        assert_eq!(
            end.feed_hex("81 00"),
            [""; 0],
            "nothing more is taken after {hex}"
        );
    }
}

#[test]
fn a_flood_of_pings_does_not_grow_the_output() {
    let mut client = client();
    let flood: Vec<u8> = [0x89, 0x7d]
        .into_iter()
        .chain([b'p'; 125])
        .cycle()
        .take(127 * 10_000)
        .collect();
    client.feed(&flood);
    client.feed_hex("89 04 6c 61 73 74");
    assert!(client.connection.sender().output().len() < 70_000);
    client.written();
    let latest = client.written();
    assert_eq!(latest.len(), 2 + 4 + 4, "only the latest is answered");
}

#[test]
fn a_declared_length_does_not_allocate() {
    let mut client = engine(Config {
        delivery: Delivery::Whole {
            max_message: u64::MAX,
        },
        ..config(Role::Client)
    });
    assert_eq!(client.feed_hex("82 7f 7f ff ff ff ff ff ff ff 61"), [""; 0]);
    assert!(client.connection.input().len() < 1 << 20);
}

#[test]
fn every_client_frame_has_a_mask_of_its_own() {
    let mut client = client();
    let mut keys = std::collections::HashSet::new();
    for _ in 0..10_000 {
        client
            .connection
            .sender()
            .message(Kind::Binary, b"")
            .unwrap();
        let frame = client.written();
        keys.insert(frame[2..6].to_vec());
    }
    assert!(keys.len() > 9_990, "{} keys", keys.len());
}

#[test]
fn fragments_join_to_the_message_they_were_cut_from() {
    let mut client = engine(Config {
        fragment: Some(3),
        ..config(Role::Client)
    });
    client
        .connection
        .sender()
        .message(Kind::Text, "häppchen".as_bytes())
        .unwrap();
    let mut server = engine(Config {
        observe_frames: true,
        ..config(Role::Server)
    });
    assert_eq!(
        server.feed(&client.written()),
        [
            "frame text",
            "frame continuation",
            "frame continuation",
            "text häppchen"
        ]
    );
}

#[test]
fn continues_after_broken_rules_when_lenient() {
    let lenient = || {
        engine(Config {
            lenient: true,
            ..config(Role::Client)
        })
    };
    for (hex, rule, message) in [
        (
            "81 85 37 fa 21 3d 7f 9f 4d 51 58",
            "a server must not mask its frames",
            "text Hello",
        ),
        (
            "a1 02 68 69",
            "RSV2 is set, but no negotiated extension uses it",
            "text hi",
        ),
        (
            "81 7e 00 02 68 69",
            "the length 2 is not written in its shortest form",
            "text hi",
        ),
    ] {
        let events = lenient().feed_hex(hex);
        assert_eq!(
            events,
            [format!("tolerated {rule}"), message.to_owned()],
            "{hex}"
        );
    }
    let events = lenient().feed_hex("81 05 68 ff");
    assert_eq!(
        events,
        ["tolerated text is not UTF-8 at byte 1"],
        "the rest of the frame is not waited for"
    );
    let events = lenient().feed_hex("81 02 68 ff 81 01 61");
    assert_eq!(events[1], "tolerated text is not UTF-8 at byte 1");
    assert_eq!(events[2], "text a");
    assert!(
        lenient().feed_hex("83 00")[0].starts_with("violation"),
        "a reserved opcode has no meaning"
    );
}

#[test]
fn http_that_arrives_in_pieces_breaks_one_rule_when_lenient() {
    let mut engine = engine(Config {
        lenient: true,
        ..config(Role::Client)
    });
    let events: Vec<String> = b"HTTP/1.1 400"
        .iter()
        .flat_map(|&byte| engine.feed(&[byte]))
        .collect();
    assert!(events[0].starts_with("violation HTTP"), "{events:?}");
}
