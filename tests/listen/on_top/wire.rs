//! What is on the wire: greetings, signs of life, and the codes of refusals.

use std::io::{Read, Write};

use super::{Listening, serving};
use crate::listen::exchange;
use crate::support::peer::{Message, Peer};
use crate::support::run::wsee;

/// Claims that these texts are refused with this code and reason, after `replies`.
#[track_caller]
fn refused(server: &Listening, peer: Peer, texts: &[&str], replies: &[&str], close: (u16, &str)) {
    let mut peer = peer;
    for text in texts {
        peer.send(*text);
    }
    let received = peer.record();
    let found: Vec<String> = received.messages.iter().map(ToString::to_string).collect();
    assert_eq!(found, replies, "{texts:?}");
    assert_eq!(
        received.close,
        Some((close.0, close.1.to_owned())),
        "{texts:?}"
    );
    drop(server.open());
}

const INIT: &str = "{\"type\":\"connection_init\"}";
const ACK: &str = "{\"type\":\"connection_ack\"}";
const START: &str =
    "{\"id\":\"1\",\"type\":\"subscribe\",\"payload\":{\"query\":\"subscription { a }\"}}";

#[test]
fn graphql_closes_with_the_codes_of_its_protocol() {
    let server = serving("graphql", &[]);
    let open = || server.open_with("/", "graphql-transport-ws");
    for (texts, replies, close) in [
        (&[START][..], &[][..], (4401, "Unauthorized")),
        (
            &[INIT, INIT],
            &[ACK],
            (4429, "Too many initialisation requests"),
        ),
        (
            &[INIT, START, START],
            &[ACK],
            (4409, "Subscriber for 1 already exists"),
        ),
        (
            &["hello"],
            &[],
            (
                4400,
                "Invalid message: it is not JSON (expected value at line 1 column 1)",
            ),
        ),
        (
            &["{\"type\":\"next\"}"],
            &[],
            (
                4400,
                "Invalid message: \"next\" is no type of a message that a client sends",
            ),
        ),
    ] {
        refused(&server, open(), texts, replies, close);
    }
    let peer = server.open_with("/", "");
    refused(
        &server,
        peer,
        &[],
        &[],
        (4406, "Subprotocol not acceptable"),
    );
    // It sends no greeting at all.
    refused(
        &server,
        open(),
        &[],
        &[],
        (4408, "Connection initialisation timeout"),
    );
}

#[test]
fn graphql_answers_pings_and_errors() {
    let server = serving("graphql", &[]);
    let mut peer = server.open_with("/", "graphql-transport-ws");
    peer.send(INIT);
    peer.expect(ACK);
    peer.send("{\"type\":\"ping\",\"payload\":{\"a\":1}}");
    peer.expect("{\"type\":\"pong\",\"payload\":{\"a\":1}}");
    peer.send("{\"id\":\"1\",\"type\":\"subscribe\",\"payload\":{\"query\":\"hello\"}}");
    peer.expect(
        "{\"id\":\"1\",\"type\":\"error\",\"payload\":[{\"message\":\"no operation with fields in query\"}]}",
    );
}

#[test]
fn stomp_sends_receipts_and_ends_with_error() {
    let server = serving("stomp", &[]);
    let mut peer = server.open_with("/", "v12.stomp");
    peer.send("CONNECT\naccept-version:1.1,1.2\nhost:h\nheart-beat:0,20000\n\n\0");
    let connected = peer.receive().to_string();
    assert!(
        connected.starts_with("CONNECTED\nversion:1.2\nsession:"),
        "{connected}"
    );
    peer.send("SUBSCRIBE\nid:s\ndestination:/q\nack:client\nreceipt:r\n\n\0");
    peer.expect("RECEIPT\nreceipt-id:r\n\n\0");
    peer.send("SEND\ndestination:/q\nkind:a\\cb\n\nhi\0");
    let message = peer.receive().to_string();
    let id = message.split("message-id:").nth(1).expect("an id");
    let id = id.split('\n').next().expect("an id").to_owned();
    let expected = format!(
        "MESSAGE\nsubscription:s\nmessage-id:{id}\ndestination:/q\nack:{id}\nkind:a\\cb\n\nhi\0"
    );
    assert_eq!(message, expected);
    peer.send("DISCONNECT\nreceipt:bye\n\n\0");
    let received = peer.record();
    assert_eq!(
        received.messages,
        [Message::text("RECEIPT\nreceipt-id:bye\n\n\0")]
    );
    assert_eq!(received.close, Some((1000, String::new())));
    for (text, error) in [
        (
            "SEND\ndestination:/q\n\n\0",
            "the session is not open: CONNECT comes first",
        ),
        (
            "CONNECT\naccept-version:2.0\n\n\0",
            "no version of \"2.0\" is spoken, only 1.0, 1.1 and 1.2",
        ),
        ("hello\n\n\0", "not STOMP: \"hello\" is no command"),
    ] {
        let reply = format!("ERROR\nmessage:{}\n\n\0", error.replace(':', "\\c"));
        let peer = server.open_with("/", "v12.stomp");
        refused(&server, peer, &[text], &[&reply], (1002, error));
    }
}

#[test]
fn signalr_negotiates_and_refuses_other_forms() {
    let server = serving("signalr", &[]);
    let mut stream = server.connect();
    let head = exchange(
        &mut stream,
        "POST /hub/negotiate?negotiateVersion=1 HTTP/1.1\r\nHost: a\r\nOrigin: http://b\r\nContent-Length: 0\r\n\r\n",
    );
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
    assert!(
        head.contains("Access-Control-Allow-Origin: http://b\r\n"),
        "{head}"
    );
    let mut body = String::new();
    stream.read_to_string(&mut body).expect("a body");
    assert!(body.contains("\"connectionToken\":\""), "{body}");
    let mut stream = server.connect();
    let preflight = "OPTIONS /hub/negotiate HTTP/1.1\r\nHost: a\r\nOrigin: http://b\r\nAccess-Control-Request-Headers: x-a\r\n\r\n";
    stream
        .write_all(preflight.as_bytes())
        .expect("a connection");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    assert!(
        answer.starts_with("HTTP/1.1 204 No Content\r\n"),
        "{answer}"
    );
    assert!(
        answer.contains("Access-Control-Allow-Headers: x-a\r\n"),
        "{answer}"
    );
    let text = "the protocol \"messagepack\" is not supported, only \"json\"";
    let reply = format!("{}\u{1e}", serde_json::json!({ "error": text }));
    let peer = server.open_with("/hub", "");
    let hello = "{\"protocol\":\"messagepack\",\"version\":1}\u{1e}";
    refused(&server, peer, &[hello], &[&reply], (1002, text));
    let peer = server.open_with("/hub", "");
    let early = "the handshake comes first";
    refused(&server, peer, &["{\"type\":6}\u{1e}"], &[], (1002, early));
}

#[test]
fn jsonrpc_answers_batches_and_mistakes_as_its_specification_does() {
    let server = serving("jsonrpc", &[]);
    let mut peer = server.open();
    for (text, reply) in [
        (
            "[{\"jsonrpc\":\"2.0\",\"id\":\"a\",\"method\":\"m\"},{\"jsonrpc\":\"2.0\",\"method\":\"n\"},1]",
            "[{\"jsonrpc\":\"2.0\",\"id\":\"a\",\"result\":[]},{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32600,\"message\":\"Invalid Request\"}}]",
        ),
        (
            "[]",
            "{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32600,\"message\":\"Invalid Request\"}}",
        ),
        (
            "{",
            "{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32700,\"message\":\"Parse error\"}}",
        ),
        (
            "{\"id\":1,\"method\":\"m\",\"params\":{\"a\":[1]}}",
            "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"a\":[1]}}",
        ),
    ] {
        peer.send(text);
        peer.expect(reply);
    }
}

#[test]
fn phoenix_answers_heartbeats_and_what_is_not_joined() {
    let server = serving("phoenix", &[]);
    let mut peer = server.open();
    for (text, replies) in [
        (
            "[null,\"1\",\"phoenix\",\"heartbeat\",{}]",
            &["[null,\"1\",\"phoenix\",\"phx_reply\",{\"status\":\"ok\",\"response\":{}}]"][..],
        ),
        (
            "[null,\"2\",\"t\",\"e\",{}]",
            &[
                "[null,\"2\",\"t\",\"phx_reply\",{\"status\":\"error\",\"response\":{\"reason\":\"unmatched topic\"}}]",
            ],
        ),
        (
            "[\"3\",\"3\",\"t\",\"phx_join\",{}]",
            &["[\"3\",\"3\",\"t\",\"phx_reply\",{\"status\":\"ok\",\"response\":{}}]"],
        ),
        (
            "[\"3\",\"4\",\"t\",\"e\",{\"a\":1}]",
            &[
                "[\"3\",\"4\",\"t\",\"phx_reply\",{\"status\":\"ok\",\"response\":{\"a\":1}}]",
                "[null,null,\"t\",\"e\",{\"a\":1}]",
            ],
        ),
        (
            "[\"3\",\"5\",\"t\",\"phx_leave\",{}]",
            &[
                "[\"3\",\"5\",\"t\",\"phx_reply\",{\"status\":\"ok\",\"response\":{}}]",
                "[\"3\",\"3\",\"t\",\"phx_close\",{}]",
            ],
        ),
    ] {
        peer.send(text);
        for reply in replies {
            peer.expect(reply);
        }
    }
    // An older client has objects.
    peer.send("{\"topic\":\"t\",\"event\":\"phx_join\",\"payload\":{},\"ref\":\"1\"}");
    peer.expect(
        "{\"topic\":\"t\",\"event\":\"phx_reply\",\"payload\":{\"status\":\"ok\",\"response\":{}},\"ref\":\"1\"}",
    );
}

#[test]
fn actioncable_welcomes_pings_and_disconnects() {
    let server = serving("actioncable", &[]);
    let mut peer = server.open_with("/cable", "actioncable-v1-json");
    peer.expect("{\"type\":\"welcome\"}");
    peer.expect("{\"type\":\"ping\",\"message\":1}");
    let text = "{\"type\":\"disconnect\",\"reason\":\"invalid_request\",\"reconnect\":false}";
    let peer = server.open_with("/cable", "");
    refused(&server, peer, &[], &[text], (1000, "invalid_request"));
}

#[test]
fn pusher_checks_the_path_and_announces_members() {
    let server = serving("pusher", &[]);
    let error = |code: u16, text: &str| {
        format!(
            "{{\"event\":\"pusher:error\",\"data\":{{\"code\":{code},\"message\":\"{text}\"}}}}"
        )
    };
    for (path, code, text) in [
        ("/", 4005, "Path not found"),
        ("/app/k", 4008, "No protocol version supplied"),
        ("/app/k?protocol=1", 4007, "Unsupported protocol version"),
    ] {
        let peer = server.open_with(path, "");
        refused(&server, peer, &[], &[&error(code, text)], (code, text));
    }
    let join = |user: &str| {
        let mut peer = server.open_with("/app/k?protocol=7", "");
        let hello = peer.receive().to_string();
        assert!(
            hello.contains("\"pusher:connection_established\""),
            "{hello}"
        );
        let data = format!("{{\\\"user_id\\\":\\\"{user}\\\"}}");
        peer.send(format!(
            "{{\"event\":\"pusher:subscribe\",\"data\":{{\"channel\":\"presence-a\",\"auth\":\"k:s\",\"channel_data\":\"{data}\"}}}}"
        ));
        (peer.receive().to_string(), peer)
    };
    let (alone, mut one) = join("one");
    assert!(alone.contains("\\\"count\\\":1"), "{alone}");
    let (both, two) = join("two");
    assert!(both.contains("\\\"count\\\":2"), "{both}");
    one.expect(
        "{\"event\":\"pusher_internal:member_added\",\"channel\":\"presence-a\",\"data\":\"{\\\"user_id\\\":\\\"two\\\"}\"}",
    );
    let mut two = two;
    two.send("{\"event\":\"client-x\",\"channel\":\"presence-a\",\"data\":{\"a\":1}}");
    one.expect(
        "{\"event\":\"client-x\",\"channel\":\"presence-a\",\"data\":{\"a\":1},\"user_id\":\"two\"}",
    );
    two.close(1000, "");
    one.expect(
        "{\"event\":\"pusher_internal:member_removed\",\"channel\":\"presence-a\",\"data\":\"{\\\"user_id\\\":\\\"two\\\"}\"}",
    );
}

#[test]
fn mqtt_refuses_as_each_version_says_it() {
    let server = serving("mqtt", &[]);
    let close = |frames: &[&[u8]]| {
        let mut peer = server.open_with("/", "mqtt");
        for frame in frames {
            peer.send(frame.to_vec());
        }
        let received = peer.record();
        let messages: Vec<Vec<u8>> = received
            .messages
            .into_iter()
            .map(Message::into_data)
            .map(|it| it.to_vec())
            .collect();
        (messages, received.close)
    };
    let connect = b"\x10\x0d\0\x04MQTT\x05\x02\0\0\0\0\0";
    let connect_311 = b"\x10\x0d\0\x04MQTT\x04\x02\0\0\0\x01a";
    let (messages, end) = close(&[b"\xc0\0"]);
    assert!(messages.is_empty());
    assert_eq!(
        end,
        Some((1002, "the first packet is no CONNECT".to_owned()))
    );
    let (messages, end) = close(&[b"\x10\x0e\0\x06MQIsdp\x03\x02\0\0\0\0"]);
    assert_eq!(messages, [b"\x20\x02\0\x01"]);
    assert_eq!(
        end,
        Some((1002, "unacceptable protocol version (1)".to_owned()))
    );
    // A wildcard in the topic of a message.
    let publish = b"\x30\x04\0\x01#\0";
    let (messages, end) = close(&[connect, publish]);
    assert_eq!(messages[1], b"\xe0\x01\x90");
    assert_eq!(end, Some((1002, "topic name invalid (144)".to_owned())));
    // Bits of the options that have no meaning.
    let (_, end) = close(&[connect, b"\x82\x07\0\x01\0\0\x01a\xc0"]);
    assert_eq!(end, Some((1002, "malformed packet (129)".to_owned())));
    // Each takes far more memory than its two bytes.
    let (_, end) = close(&[connect, &b"\xc0\0".repeat(20_001)]);
    assert_eq!(
        end,
        Some((1008, "more than 20000 packets in a message".to_owned()))
    );
    let connect_311 = [&connect_311[..1], &[0x0d], &connect_311[2..]].concat();
    let (messages, end) = close(&[&connect_311, b"\x30\x03\0\x01#"]);
    assert_eq!(messages, [b"\x20\x02\0\0"]);
    assert_eq!(end, Some((1002, "topic name invalid (144)".to_owned())));
    let mut peer = server.open_with("/", "mqtt");
    peer.send("hello");
    let received = peer.record();
    assert_eq!(
        received.close,
        Some((1003, "MQTT's packets are binary".to_owned()))
    );
    let received = server.open_with("/", "").record();
    assert_eq!(
        received.close,
        Some((1002, "the subprotocol mqtt was not offered".to_owned()))
    );
}

#[test]
fn the_will_of_an_mqtt_client_that_is_cut_off_is_published() {
    let server = serving("mqtt", &[]);
    let other = server.client("mqtt", "/", &["--subscribe", "gone"]);
    other.wait_for_stderr("suback");
    let connect = b"\x10\x17\0\x04MQTT\x04\x06\0\0\0\x01w\0\x04gone\0\x02no";
    let mut peer = server.open_with("/", "mqtt");
    peer.send(connect.to_vec());
    assert_eq!(peer.receive().into_data().to_vec(), b"\x20\x02\0\0");
    drop(peer);
    other.wait_for_stdout("{\"topic\":\"gone\",\"payload\":\"no\"}\n");
}

#[test]
fn mqtt_keeps_retained_messages_for_those_that_subscribe_later() {
    let mut server = serving("mqtt", &[]);
    let url = server.url();
    let subscribed = |args: &[&str], count| {
        let args = [&["--as", "mqtt", &url, "-m", "20s", "-n", count], args].concat();
        let run = wsee(&args).run().exits(0);
        String::from_utf8(run.stdout).expect("UTF-8")
    };
    let publish = |line: &str| {
        let run = wsee(&["--as", "mqtt", &url]).stdin(format!("{line}\n"));
        run.run().exits(0);
    };
    publish("{\"topic\":\"a/b\",\"payload\":\"old\",\"qos\":1,\"retain\":true}");
    publish(
        "{\"topic\":\"a/b\",\"payload\":\"new\",\"qos\":1,\"retain\":true,\"properties\":{\"content_type\":\"t\"}}",
    );
    server.command("/publish -r a/c typed");
    server.command("/accept one");
    server.running.wait_for_stderr("one is not refused");
    let b = "{\"topic\":\"a/b\",\"payload\":\"new\",\"qos\":1,\"retain\":true,\"properties\":{\"content_type\":\"t\"}}\n";
    let c = "{\"topic\":\"a/c\",\"payload\":\"typed\",\"retain\":true}\n";
    assert_eq!(
        subscribed(&["--subscribe", "a/# 2"], "2"),
        format!("{b}{c}")
    );
    let older = ["--subscribe", "a/b", "--mqtt-version", "3.1.1"];
    assert_eq!(
        subscribed(&older, "1"),
        "{\"topic\":\"a/b\",\"payload\":\"new\",\"retain\":true}\n"
    );
    // An empty message removes it.
    publish("{\"topic\":\"a/b\",\"qos\":1,\"retain\":true}");
    assert_eq!(subscribed(&["--subscribe", "a/#"], "1"), c);
    server.command("/publish -r a/c");
    server.command("/accept two");
    server.running.wait_for_stderr("two is not refused");
    let mut client = server.client("mqtt", "/", &["--subscribe", "a/#"]);
    client.wait_for_stderr("suback");
    client.send("{\"topic\":\"a/d\",\"payload\":\"1\",\"retain\":true}\n");
    client.wait_for_stdout("{\"topic\":\"a/d\",\"payload\":\"1\"}\n");
}

#[test]
fn a_subscription_of_mqtt_5_says_whether_it_wants_retained_messages() {
    let server = serving("mqtt", &[]);
    let open = || {
        let mut peer = server.open_with("/", "mqtt");
        peer.send(b"\x10\x0d\0\x04MQTT\x05\x02\0\0\0\0\0".to_vec());
        assert_eq!(peer.receive().into_data()[..1], [0x20]);
        peer
    };
    let retained = b"\x31\x05\0\x01a\0x";
    let subscribed = |peer: &mut Peer, options: u8, replies: &[&[u8]]| {
        peer.send([b"\x82\x07\0\x01\0\0\x01a", &[options][..]].concat());
        let suback: &[u8] = b"\x90\x04\0\x01\0\0";
        for reply in std::iter::once(&suback).chain(replies) {
            assert_eq!(peer.receive().into_data(), *reply, "{options:#x}");
        }
    };
    let mut one = open();
    one.send(retained.to_vec());
    // Never, only if the subscription is new, and always.
    subscribed(&mut one, 0x20, &[]);
    subscribed(&mut one, 0x10, &[]);
    subscribed(&mut one, 0x00, &[retained]);
    subscribed(&mut open(), 0x10, &[retained]);
    // Later messages are only marked for those that ask for that.
    one.send(retained.to_vec());
    assert_eq!(one.receive().into_data(), b"\x30\x05\0\x01a\0x".as_slice());
    subscribed(&mut one, 0x28, &[]);
    one.send(retained.to_vec());
    assert_eq!(one.receive().into_data(), retained.as_slice());
}
