//! MQTT 3.1.1 and 5.

use std::net::TcpStream;

use crate::support::peer::{Message, Peer, scripted};
use crate::support::pty::terminal;
use crate::support::run::wsee;
use crate::support::server::Server;

const CONNECT: &[u8] = b"\x10\x0d\0\x04MQTT\x05\x02\0\x3c\0\0\0";
const CONNACK: &[u8] = b"\x20\x03\0\0\0";
const DISCONNECT: &[u8] = b"\xe0\0";
/// A message that is shown after all others of a test.
const LAST: &[u8] = b"\x30\x05\0\x01z\0!";

fn bytes(peer: &mut Peer<TcpStream>) -> Vec<u8> {
    match peer.receive() {
        Message::Binary(bytes) => bytes.to_vec(),
        other => panic!("not binary: {other:?}"),
    }
}

/// A server that accepts a session of version 5, before it serves it.
fn mqtt<T: Send + 'static>(
    script: impl FnOnce(&mut Peer<TcpStream>) -> T + Send + 'static,
) -> Server<T> {
    scripted(|mut peer| {
        assert_eq!(bytes(&mut peer), CONNECT);
        peer.send(CONNACK.to_vec());
        let result = script(&mut peer);
        peer.record();
        result
    })
}

#[test]
fn messages_are_published_and_acknowledged_before_the_session_ends() {
    let server = mqtt(|peer| {
        let first = bytes(peer);
        let second = bytes(peer);
        let third = bytes(peer);
        peer.send(b"\x50\x02\0\x02\x40\x02\0\x01".to_vec());
        let release = bytes(peer);
        peer.send(b"\x70\x02\0\x02".to_vec());
        let last = bytes(peer);
        [first, second, third, release, last]
    });
    let input = "a/b hello\n{\"topic\":\"a\",\"payload\":[1],\"qos\":1}\n{\"topic\":\"b\",\"payload\":{\"$base64\":\"/w==\"},\"qos\":2,\"retain\":true}\n";
    let run = wsee(&["--as", "mqtt", server.url(), "-v"]).stdin(input);
    let run = run.run().exits(0).prints("");
    run.says("puback 1   to a after ")
        .says("pubcomp 2   to b after ");
    let expected: [&[u8]; 5] = [
        b"\x30\x0b\0\x03a/b\0hello",
        b"\x32\x09\0\x01a\0\x01\0[1]",
        b"\x35\x07\0\x01b\0\x02\0\xff",
        b"\x62\x02\0\x02",
        DISCONNECT,
    ];
    assert_eq!(server.finish(), expected);
}

#[test]
fn what_is_subscribed_to_is_printed_once_and_acknowledged() {
    let server = mqtt(|peer| {
        let subscribe = bytes(peer);
        peer.send(b"\x90\x04\0\x01\0\x02".to_vec());
        // Two packets in one message, one of them again, and one packet in three messages.
        peer.send(b"\x34\x09\0\x01a\0\x07\0{1}\x34\x09\0\x01a\0\x07\0{1}".to_vec());
        for part in [b"\x33".as_slice(), b"\x09\0\x01b\0\x08", b"\x02\x01\x01y"] {
            peer.send(part.to_vec());
        }
        let received = bytes(peer);
        let again = bytes(peer);
        peer.send(b"\x62\x02\0\x07".to_vec());
        let mut rest = vec![bytes(peer), bytes(peer)];
        rest.sort();
        peer.send(LAST.to_vec());
        (subscribe, received, again, rest)
    });
    let run = wsee(&["--as", "mqtt", server.url(), "--subscribe", "a/# 2"])
        .arg("-n", "3")
        .run();
    run.exits(0).prints(
        "{\"topic\":\"a\",\"payload\":\"{1}\",\"qos\":2}\n\
         {\"topic\":\"b\",\"payload\":\"y\",\"qos\":1,\"retain\":true,\"properties\":{\"payload_format_indicator\":1}}\n\
         {\"topic\":\"z\",\"payload\":\"!\"}\n",
    );
    let (subscribe, received, again, rest) = server.finish();
    assert_eq!(subscribe, b"\x82\x09\0\x01\0\0\x03a/#\x02");
    assert_eq!([received, again], [b"\x50\x02\0\x07", b"\x50\x02\0\x07"]);
    assert_eq!(rest, [b"\x40\x02\0\x08", b"\x70\x02\0\x07"]);
}

#[test]
fn a_session_that_is_refused_is_status_115_and_says_what_to_do() {
    for (answer, flags, why, hint) in [
        (
            b"\x20\x03\0\x86\0".as_slice(),
            vec![],
            "the server refused the session: bad user name or password (134)",
            "hint: -u USER:PASS logs in",
        ),
        (
            b"\x20\x02\0\x01",
            vec![],
            "unacceptable protocol version (1)",
            "hint: the server may speak 3.1.1; add --mqtt-version 3.1.1",
        ),
        (
            b"\x20\x02\0\x02",
            vec!["--mqtt-version", "3.1.1"],
            "client identifier rejected (2)",
            "hint: --client-id ID names the client",
        ),
        (
            b"\x20\x0c\0\x97\x09\x1f\0\x06enough",
            vec![],
            "quota exceeded (151), \"enough\"",
            "",
        ),
        (
            b"\xe0\x02\x8e\0",
            vec![],
            "the server ended the session: session taken over (142)",
            "--client-id ID takes another",
        ),
    ] {
        let server = scripted(move |mut peer| {
            bytes(&mut peer);
            peer.send(answer.to_vec());
            peer.record()
        });
        let args = [&["--as", "mqtt", server.url()], flags.as_slice()].concat();
        let run = wsee(&args).stdin("a b").run();
        run.exits(115).says(why).says(hint);
    }
}

#[test]
fn a_server_that_takes_qos_2_as_1_has_acknowledged_a_message() {
    let server = mqtt(|peer| {
        bytes(peer);
        peer.send(b"\x40\x02\0\x01".to_vec());
    });
    let input = "{\"topic\":\"a\",\"payload\":\"b\",\"qos\":2}\n";
    let run = wsee(&["--as", "mqtt", server.url(), "-v"]).stdin(input);
    run.run().exits(0).says("the server takes QoS 2 as QoS 1");
}

#[test]
fn a_close_in_the_place_of_connack_suggests_the_older_version() {
    for (flags, hint) in [
        (&[][..], "--mqtt-version 3.1.1 asks for the older one"),
        (&["--mqtt-version", "3.1.1"], "look into the server's log"),
    ] {
        // As RabbitMQ 3.10, which does not know version 5.
        let server = scripted(|mut peer| {
            bytes(&mut peer);
            peer.close(1011, "")
        });
        let args = [&["--as", "mqtt", server.url()], flags].concat();
        let run = wsee(&args).stdin("a b").run().exits(115);
        run.says("the server closed before its CONNACK").says(hint);
    }
}

#[test]
fn a_subscription_that_is_refused_ends_the_session_only_if_a_flag_asks_for_it() {
    for (flags, input, exit) in [
        (vec!["--subscribe", "a"], "", 115),
        (vec!["--commands", "--wait", "100ms"], "/subscribe a\n", 1),
    ] {
        let server = mqtt(|peer| {
            bytes(peer);
            peer.send(b"\x90\x04\0\x01\0\x87".to_vec());
        });
        let args = [&["--as", "mqtt", server.url()], flags.as_slice()].concat();
        let run = wsee(&args).stdin(input).run();
        run.exits(exit)
            .says("the server refused the subscription to a: not authorized (135)");
    }
}

#[test]
fn the_login_is_that_of_mqtt_and_is_never_shown() {
    let server = scripted(|mut peer| {
        let connect = bytes(&mut peer);
        peer.send(CONNACK.to_vec());
        peer.record();
        connect
    });
    let run = wsee(&[
        "--as",
        "mqtt",
        server.url(),
        "-u",
        "me:hunter2",
        "-vv",
        "--jsonl",
    ]);
    let run = run.stdin("a b").run().exits(0);
    let connect = server.finish();
    assert!(connect.ends_with(b"\xc2\0\x3c\0\0\0\0\x02me\0\x07hunter2"));
    let stdout = String::from_utf8(run.stdout.clone()).expect("UTF-8");
    assert!(!stdout.contains("Authorization"));
    for output in [&stdout, &run.stderr] {
        // As text, in hexadecimal, and in base64 at one of its places.
        for secret in [
            "hunter2",
            "68756e74657232",
            "aHVudGVyM",
            "h1bnRlcj",
            "odW50ZXIy",
        ] {
            assert!(!output.contains(secret), "{secret}: {output}");
        }
    }
    assert!(stdout.contains("\"type\":\"connect\""));
}

#[test]
fn what_is_not_of_the_protocol_is_named_and_ends_nothing() {
    let many = b"\xd0\0".repeat(30_000);
    for (message, why) in [
        (Message::text("hello"), "a message is not MQTT: it is text"),
        (
            Message::binary(b"\x30\xff\xff\xff\xff\x01".to_vec()),
            "more than 4 bytes",
        ),
        (
            Message::binary(b"\x36\x03\0\x01a".to_vec()),
            "PUBLISH has QoS 3",
        ),
        (
            Message::binary(b"\x30\x02\xff\xff".to_vec()),
            "PUBLISH is cut off",
        ),
        (
            Message::binary(b"\x30\x05\0\x01a\x01\x7f".to_vec()),
            "unknown property 127",
        ),
        (
            Message::binary(b"\x82\x02\0\x01".to_vec()),
            "SUBSCRIBE is no packet that a server sends",
        ),
        (Message::binary(b"\0\0".to_vec()), "packet 0 is no packet"),
        (
            Message::binary(b"\x40\x02\0\x09".to_vec()),
            "nobody waits for it",
        ),
        (
            Message::binary(b"\x90\x04\0\x09\0\0".to_vec()),
            "nobody waits for it",
        ),
        (Message::binary(CONNACK.to_vec()), "nobody waits for it"),
        (
            Message::binary(many),
            "10000 more packets of the message are not looked at",
        ),
    ] {
        let server = mqtt(move |peer| {
            peer.send(message);
            peer.send(LAST.to_vec());
        });
        let run = wsee(&["--as", "mqtt", server.url(), "-1", "-v"]).run();
        run.exits(0)
            .prints("{\"topic\":\"z\",\"payload\":\"!\"}\n")
            .says(why);
    }
}

#[test]
fn a_packet_above_the_limit_is_skipped() {
    let server = mqtt(|peer| {
        peer.send(b"\x30\xa0\x80\x20".to_vec());
        for _ in 0..8 {
            peer.send(vec![b'x'; 65_540]);
        }
        peer.send(LAST.to_vec());
    });
    let run = wsee(&[
        "--as",
        "mqtt",
        server.url(),
        "-1",
        "-v",
        "--max-message",
        "100k",
    ])
    .run();
    run.exits(0)
        .prints("{\"topic\":\"z\",\"payload\":\"!\"}\n")
        .says("its remaining length is 524320, more than the 102400 of --max-message");
}

#[test]
fn a_server_that_leaves_a_ping_without_an_answer_is_status_114() {
    let server = scripted(|mut peer| {
        bytes(&mut peer);
        // The server wants a ping each second.
        peer.send(b"\x20\x06\0\0\x03\x13\0\x01".to_vec());
        let ping = bytes(&mut peer);
        peer.record();
        ping
    });
    let run = wsee(&["--as", "mqtt", server.url(), "--subscribe", "a"]).run();
    run.exits(114).says("no answer to a ping of MQTT for ");
    assert_eq!(server.finish(), b"\x82\x07\0\x01\0\0\x01a\0");
}

#[test]
fn messages_wait_while_the_server_takes_no_more() {
    let server = scripted(|mut peer| {
        bytes(&mut peer);
        // One message at a time.
        peer.send(b"\x20\x06\0\0\x03\x21\0\x01".to_vec());
        for id in 1..=3 {
            let message = bytes(&mut peer);
            assert_eq!(
                message,
                [b"\x32\x07\0\x01a\0", [id].as_slice(), b"\0x"].concat()
            );
            peer.send(vec![0x40, 2, 0, id]);
        }
        peer.record()
    });
    let record = "{\"topic\":\"a\",\"payload\":\"x\",\"qos\":1}\n";
    let run = wsee(&["--as", "mqtt", server.url()]).stdin(record.repeat(3));
    run.run().exits(0);
}

#[test]
fn topics_are_used_at_the_prompt() {
    let server = mqtt(|peer| {
        let subscribe = bytes(peer);
        peer.send(b"\x90\x04\0\x01\0\x01".to_vec());
        let publish = bytes(peer);
        peer.send(b"\x30\x0d\0\x03s/a\0{\"a\":1}".to_vec());
        let unsubscribe = bytes(peer);
        peer.send(b"\xb0\x04\0\x02\0\0".to_vec());
        [subscribe, publish, unsubscribe]
    });
    let mut terminal = terminal(&["--as", "mqtt", server.url()]).prompt();
    terminal.wait_for("connack   accepted");
    terminal.press("/subscribe s/# 1\r");
    terminal.wait_for("suback s/#   QoS 1, after ");
    terminal.press("s/a hello world\r");
    terminal.wait_for("message s/a   { \"a\": 1 }");
    terminal.press("hello\r");
    terminal.wait_for("the message has no payload; a line is TOPIC PAYLOAD");
    terminal.press("/publish -q 3 a\r");
    terminal.wait_for("\"3\" is no QoS; it is 0 (at most once)");
    terminal.press("/unsubscribe s/#\r");
    terminal.wait_for("unsuback s/#   after ");
    terminal.press("/unsubscribe\r");
    terminal.wait_for("/unsubscribe needs TOPIC");
    terminal.press("/status\r");
    terminal.wait_for("on top          MQTT 5");
    terminal.press("\x04");
    assert_eq!(terminal.finish(), 0);
    let expected: [&[u8]; 3] = [
        b"\x82\x09\0\x01\0\0\x03s/#\x01",
        b"\x30\x11\0\x03s/a\0hello world",
        b"\xa2\x08\0\x02\0\0\x03s/#",
    ];
    assert_eq!(server.finish(), expected);
}

#[test]
fn a_subscription_that_is_not_answered_before_the_end_is_a_failure() {
    let server = scripted(|mut peer| {
        bytes(&mut peer);
        peer.send(CONNACK.to_vec());
        bytes(&mut peer);
        peer.close(1000, "");
    });
    let run = wsee(&["--as", "mqtt", server.url(), "--subscribe", "a"]).run();
    run.exits(111)
        .says("the server closed before it answered subscribe a; ");
}
