//! WebSocket without long polling before it.

use rustix::process::Signal;

use super::{serving, text};
use crate::support::peer::Message;

#[test]
fn a_session_opens_without_upgrades() {
    let server = serving(&[]);
    let mut socket = server.socket("/socket.io/?EIO=4&transport=websocket");
    let open = socket.receive();
    assert!(text(&open).contains(r#""upgrades":[]"#), "{open}");
}

#[test]
fn namespaces_are_allowed_or_refused() {
    let server = serving(&["--namespace", "/custom"]);
    let mut socket = server.joined_socket();
    socket.send(r#"40/custom,{"token":"abc"}"#);
    assert!(text(&socket.receive()).starts_with(r#"40/custom,{"sid":""#));
    socket.expect(r#"42/custom,["auth",{"token":"abc"}]"#);
    socket.send("40/random");
    socket.expect(r#"44/random,{"message":"Invalid namespace"}"#);
    socket.send("41/custom,");
    socket.send(r#"42["message"]"#);
    socket.expect(r#"42["message-back"]"#);
    server
        .stop(Signal::INT)
        .says("← connect [/custom]   { \"token\": \"abc\" }")
        .says("! Invalid namespace: /random");
}

#[test]
fn attachments_come_back_in_both_versions() {
    let server = serving(&[]);
    for (version, prefix) in [("4", &b""[..]), ("3", b"\x04")] {
        let mut socket = server.socket(&format!("/socket.io/?EIO={version}&transport=websocket"));
        socket.receive();
        if version == "4" {
            socket.send("40");
        }
        assert!(text(&socket.receive()).starts_with("40"));
        socket.expect(r#"42["auth",{}]"#);
        let binary = |bytes: &[u8]| Message::binary([prefix, bytes].concat());
        socket.send(r#"452-7["x",{"_placeholder":true,"num":1},{"_placeholder":true,"num":0}]"#);
        socket.send(binary(b"\x01\x02"));
        socket.send(binary(b"\x03"));
        // They are numbered again, in the order of the answer.
        socket.expect(r#"462-7[{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]"#);
        assert_eq!(socket.receive(), binary(b"\x03"));
        assert_eq!(socket.receive(), binary(b"\x01\x02"));
    }
}

#[test]
fn version_3_pings_by_itself() {
    let server = serving(&[]);
    let mut socket = server.socket("/engine.io/?EIO=3&transport=websocket");
    socket.receive();
    socket.send("2");
    socket.expect("3");
    socket.send("4hello");
    socket.expect("4hello");
}

#[test]
fn pings_come_and_a_missing_pong_ends_the_session() {
    let server = serving(&["--ping-interval", "50ms", "--ping-timeout", "200ms"]);
    let mut socket = server.socket("/engine.io/?EIO=4&transport=websocket");
    socket.receive();
    for _ in 0..3 {
        socket.expect("2");
        socket.send("3");
    }
    let received = socket.record();
    assert_eq!(received.messages, [Message::text("2")]);
    assert_eq!(received.close, Some((1000, String::new())));
    server.stop(Signal::INT).says("! no pong within 200ms");
}

#[test]
fn what_breaks_the_protocol_closes_the_socket_and_is_named() {
    for (packet, reason) in [
        (
            "abc",
            "! 'a' is no type of an Engine.IO packet; it must be 0 to 6",
        ),
        (
            "4abc",
            "! 'a' is no type of a Socket.IO packet; it must be 0 to 6",
        ),
        (
            "42{}",
            "! EVENT needs an array that starts with the name as its data",
        ),
        (
            "42abc[\"x\"]",
            "! the data of the Socket.IO packet is not JSON: ",
        ),
        (
            "42/x,[\"x\"]",
            "! a packet for /x, which the client has not joined",
        ),
        (
            "2",
            "! the client sent a ping; in Engine.IO 4 the server does",
        ),
    ] {
        let server = serving(&[]);
        let mut socket = server.joined_socket();
        socket.send(packet);
        assert!(socket.record().is_closed, "{packet}");
        server.stop(Signal::INT).says(reason);
    }
}

#[test]
fn a_refused_upgrade_has_the_message_as_its_body() {
    let server = serving(&[]);
    let fields = "Upgrade: websocket\r\n";
    for (query, body) in [
        ("EIO=4", "Transport unknown"),
        ("EIO=4&transport=websocket&sid=abc", "Session ID unknown"),
        ("EIO=4&transport=polling", "Bad request"),
        ("EIO=7&transport=websocket", "Unsupported protocol version"),
    ] {
        let target = format!("/socket.io/?{query}");
        let response = super::answer(server.ask("GET", &target, fields, b""));
        response.refuses(400, body);
    }
}
