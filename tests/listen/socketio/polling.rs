//! Long polling.

use std::io::{Read, Write};

use rustix::process::Signal;

use super::{UNKNOWN, answer, serving, sid, text};
use crate::support::wire::read_head;

#[test]
fn a_session_opens_with_what_is_configured() {
    let server = serving(&[
        "--ping-interval",
        "300ms",
        "--ping-timeout",
        "20s",
        "--max-message",
        "2000",
    ]);
    for path in ["/socket.io/", "/engine.io/"] {
        let open = server
            .get(&format!("{path}?EIO=4&transport=polling"))
            .text();
        let rest = open.replace(sid(&open), "");
        assert_eq!(
            rest,
            r#"0{"sid":"","upgrades":["websocket"],"pingInterval":300,"pingTimeout":20000,"maxPayload":2000}"#
        );
        assert_eq!(sid(&open).len(), 20);
    }
}

#[test]
fn events_are_answered_and_several_come_together() {
    let server = serving(&[]);
    let target = server.joined();
    let events = "42[\"message\",1,\"ü\"]\x1e422[\"ask\"]\x1e42[\"other\",{\"b\":1,\"a\":2}]";
    assert_eq!(server.post(&target, events).text(), "ok");
    assert_eq!(
        server.get(&target).text(),
        "42[\"message-back\",1,\"ü\"]\x1e432[]\x1e42[\"other\",{\"b\":1,\"a\":2}]"
    );
}

#[test]
fn engine_io_echoes_text_and_binary_messages() {
    let server = serving(&[]);
    let target = server.session("/engine.io/");
    let body = "4hello\x1ebAQIDBA==";
    assert_eq!(server.post(&target, body).text(), "ok");
    assert_eq!(server.get(&target).text(), body);
}

#[test]
fn a_poll_waits_for_the_next_event() {
    let server = serving(&[]);
    let target = server.joined();
    let poll = server.ask("GET", &target, "", b"");
    server.running.wait_for_stderr("event \"auth\"");
    assert_eq!(server.post(&target, r#"42["late"]"#).text(), "ok");
    assert_eq!(answer(poll).text(), r#"42["late"]"#);
}

#[test]
fn one_connection_serves_request_after_request() {
    let server = serving(&[]);
    let target = server.session("/engine.io/");
    let mut stream = server.connect();
    // Both at once, the first with chunks and a trailer.
    let requests = format!(
        "POST {target} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n\
         3\r\n4he\r\n3\r\nllo\r\n0\r\nA: b\r\n\r\n\
         \r\nGET {target} HTTP/1.1\r\nHost: x\r\n\r\n"
    );
    stream.write_all(requests.as_bytes()).expect("a connection");
    for body in ["ok", "4hello"] {
        let head = read_head(&mut stream);
        assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
        let mut bytes = vec![0; body.len()];
        stream.read_exact(&mut bytes).expect("a body");
        assert_eq!(bytes, body.as_bytes());
    }
}

#[test]
fn refusals_have_the_codes_of_the_reference_server() {
    let server = serving(&[]);
    let transport = r#"{"code":0,"message":"Transport unknown"}"#;
    let method = r#"{"code":2,"message":"Bad handshake method"}"#;
    let bad = r#"{"code":3,"message":"Bad request"}"#;
    let version = r#"{"code":5,"message":"Unsupported protocol version"}"#;
    for (verb, query, body) in [
        ("GET", "EIO=4", transport),
        ("GET", "EIO=4&transport=abc", transport),
        ("GET", "EIO=4&transport=polling&sid=abc", UNKNOWN),
        ("POST", "EIO=4&transport=polling", method),
        ("PUT", "EIO=4&transport=polling", method),
        ("GET", "EIO=4&transport=websocket", bad),
        ("GET", "transport=polling", version),
        ("GET", "EIO=abc&transport=polling", version),
        ("GET", "EIO=2&transport=polling", version),
    ] {
        let target = format!("/socket.io/?{query}");
        answer(server.ask(verb, &target, "", b"4x")).refuses(400, body);
    }
    assert_eq!(server.get("/socket.io?EIO=4&transport=polling").status, 404);
    assert_eq!(server.get("/").status, 404);
    // The paths do not share their sessions.
    let other = server.session("/engine.io/").replace("engine", "socket");
    server.get(&other).refuses(400, UNKNOWN);
    server
        .stop(Signal::INT)
        .exits(130)
        .says("! refused: code 1, Session ID unknown (sid=abc)")
        .says("! not found: the path needs a slash at its end: /socket.io/ or /engine.io/");
}

#[test]
fn a_second_poll_or_post_at_a_time_ends_the_session() {
    let server = serving(&[]);
    let target = server.joined();
    let first = server.ask("GET", &target, "", b"");
    // The first one waits once its head is shown.
    let second = loop {
        let second = server.get(&target);
        if second.status == 400 {
            break second;
        }
    };
    second.refuses(400, "the client polls twice at a time");
    assert_eq!(answer(first).text(), "1");
    server.get(&target).refuses(400, UNKNOWN);

    let target = server.joined();
    let mut slow = server.connect();
    let head = format!(
        "POST {target} HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\nExpect: 100-continue\r\n\r\n"
    );
    slow.write_all(head.as_bytes()).expect("a connection");
    assert!(read_head(&mut slow).starts_with("HTTP/1.1 100 "));
    server
        .post(&target, "3")
        .refuses(400, "the client posts twice at a time");
    server.get(&target).refuses(400, UNKNOWN);
}

#[test]
fn a_client_that_leaves_while_it_polls_ends_the_session() {
    let server = serving(&[]);
    let target = server.joined();
    drop(server.ask("GET", &target, "", b""));
    server
        .running
        .wait_for_stderr("! the client left while it polled");
    server.get(&target).refuses(400, UNKNOWN);
}

#[test]
fn a_close_of_the_client_answers_the_poll() {
    let server = serving(&[]);
    let target = server.joined();
    let poll = server.ask("GET", &target, "", b"");
    // Until the poll waits, packets for it are answers to this one.
    assert_eq!(server.post(&target, r#"42["x"]"#).text(), "ok");
    assert_eq!(answer(poll).text(), r#"42["x"]"#);
    let poll = server.ask("GET", &target, "", b"");
    assert_eq!(server.post(&target, "1").text(), "ok");
    let last = answer(poll);
    // The two requests are a race, and a poll that comes second is of no session.
    assert!(
        last.body == b"6" || last.body == UNKNOWN.as_bytes(),
        "{last:?}"
    );
    server.get(&target).refuses(400, UNKNOWN);
}

#[test]
fn a_session_ends_without_pongs() {
    let server = serving(&["--ping-interval", "50ms", "--ping-timeout", "2s"]);
    let target = server.session("/engine.io/");
    assert_eq!(server.get(&target).text(), "2");
    assert_eq!(server.post(&target, "3").text(), "ok");
    assert_eq!(server.get(&target).text(), "2");
    server.running.wait_for_stderr("! no pong within 2s");
    server.get(&target).refuses(400, UNKNOWN);
}

#[test]
fn a_session_ends_that_joins_nothing() {
    let server = serving(&["--connect-timeout", "50ms"]);
    let target = server.session("/socket.io/");
    assert_eq!(server.get(&target).text(), "1");
    server
        .stop(Signal::INT)
        .says("! the client joined no namespace within 50ms");
}

#[test]
fn version_3_has_its_own_framing_pings_and_namespaces() {
    let server = serving(&["--namespace", "/fx"]);
    let open = "/socket.io/?EIO=3&transport=polling";
    let first = server.get(&format!("{open}&token=1")).text();
    let (length, rest) = first.split_once(':').expect("a length");
    let (packet, rest) = rest.split_at(length.parse().expect("a number"));
    assert!(
        packet.starts_with("0{\"sid\":") && !packet.contains("maxPayload"),
        "{packet}"
    );
    assert_eq!(rest, "2:40");
    let target = format!("{open}&sid={}", sid(packet));
    assert_eq!(server.get(&target).text(), r#"24:42["auth",{"token":"1"}]"#);
    assert_eq!(
        server.post(&target, "1:219:42[\"message\",\"€😀\"]").text(),
        "ok"
    );
    assert_eq!(
        server.get(&target).text(),
        "1:324:42[\"message-back\",\"€😀\"]"
    );
    assert_eq!(
        server.post(&target, "14:40/fx?a=b%20c,8:40/other").text(),
        "ok"
    );
    // The client's next packet, the refused one, hastens what follows the first answer.
    let fx = "6:40/fx,26:42/fx,[\"auth\",{\"a\":\"b c\"}]";
    let other = "28:44/other,\"Invalid namespace\"";
    assert_eq!(server.get(&target).text(), format!("{fx}{other}"));
}

#[test]
fn version_3_gets_binary_bodies_unless_it_asks_for_base64() {
    let server = serving(&[]);
    for (query, body) in [
        ("", &b"\x01\x05\xff\x04\x01\x02\x03\x04"[..]),
        ("&b64=1", b"10:b4AQIDBA=="),
    ] {
        let open = format!("/engine.io/?EIO=3&transport=polling{query}");
        let first = server.get(&open).text();
        let target = format!("/engine.io/?EIO=3&transport=polling&sid={}", sid(&first));
        let fields = "Content-Type: application/octet-stream\r\n";
        let sent = b"\x01\x05\xff\x04\x01\x02\x03\x04";
        assert_eq!(
            answer(server.ask("POST", &target, fields, sent)).text(),
            "ok"
        );
        let received = server.get(&target);
        assert_eq!(received.body, body, "{query}");
        let is_binary = received
            .head
            .contains("Content-Type: application/octet-stream");
        assert_eq!(is_binary, query.is_empty(), "{}", received.head);
    }
}

#[test]
fn browsers_of_allowed_origins_may_read_answers() {
    let server = serving(&["--origin", "http://a.example"]);
    let target = "/socket.io/?EIO=4&transport=polling";
    let allowed = "Origin: http://a.example\r\n";
    let opened = answer(server.ask("GET", target, allowed, b""));
    assert!(
        opened
            .head
            .contains("Access-Control-Allow-Origin: http://a.example\r\n"),
        "{}",
        opened.head
    );
    let preflight = format!("{allowed}Access-Control-Request-Headers: x-token\r\n");
    let preflight = answer(server.ask("OPTIONS", target, &preflight, b""));
    assert_eq!(preflight.status, 204);
    assert!(
        preflight
            .head
            .contains("Access-Control-Allow-Headers: x-token\r\n")
    );
    let forbidden = r#"{"code":4,"message":"Forbidden"}"#;
    for fields in ["Origin: http://b.example\r\n", ""] {
        answer(server.ask("GET", target, fields, b"")).refuses(403, forbidden);
    }
}

#[test]
fn polling_moves_to_websocket_without_a_loss() {
    let server = serving(&[]);
    let target = server.joined();
    let mut socket = server.socket(&target.replace("polling", "websocket"));
    let poll = server.ask("GET", &target, "", b"");
    socket.send("2probe");
    socket.expect("3probe");
    assert_eq!(answer(poll).text(), "6");
    // An answer that waits while nobody polls is not lost.
    assert_eq!(server.post(&target, r#"42["before"]"#).text(), "ok");
    socket.send("5");
    socket.expect(r#"42["before"]"#);
    socket.send(r#"42["after"]"#);
    socket.expect(r#"42["after"]"#);
    let bad = r#"{"code":3,"message":"Bad request"}"#;
    server.get(&target).refuses(400, bad);
    let surplus = server
        .socket(&target.replace("polling", "websocket"))
        .record();
    let reason = "the session has a WebSocket".to_owned();
    assert_eq!(surplus.close, Some((1000, reason)));
    socket.send(r#"42["still"]"#);
    socket.expect(r#"42["still"]"#);
    server.stop(Signal::INT).says("@1 * upgraded to WebSocket");
}

#[test]
fn polling_continues_when_a_probe_fails() {
    let server = serving(&[]);
    let target = server.joined();
    let mut socket = server.socket(&target.replace("polling", "websocket"));
    socket.send("2probe");
    assert_eq!(text(&socket.receive()), "3probe");
    drop(socket);
    server.running.wait_for_stderr("@1 * abnormal closure");
    loop {
        assert_eq!(server.post(&target, r#"42["x"]"#).text(), "ok");
        match &*server.get(&target).text() {
            "6" => {}
            other => break assert!(other.starts_with(r#"42["x"]"#), "{other}"),
        }
    }
}

#[test]
fn polling_with_script_tags_is_refused_in_words() {
    let server = serving(&[]);
    let response = server.get("/socket.io/?EIO=3&transport=polling&j=0");
    assert_eq!(response.status, 400);
    let body = String::from_utf8(response.body).expect("UTF-8");
    assert!(body.starts_with("JSONP polling (j= in the query) is not supported"));
    server.running.wait_for_stderr("! refused: JSONP polling");
}

#[test]
fn a_session_has_one_number_over_all_its_connections() {
    let server = serving(&[]);
    let (first, second) = (server.joined(), server.session("/socket.io/"));
    assert_eq!(server.post(&first, r#"42["x"]"#).text(), "ok");
    assert_eq!(server.post(&second, "40").text(), "ok");
    server
        .get("/nothing")
        .refuses(404, "the paths are /socket.io/ and /engine.io/\n");
    let mut socket = server.socket(&first.replace("polling", "websocket"));
    socket.send("2probe");
    assert_eq!(text(&socket.receive()), "3probe");
    server.joined_socket();
    let run = server.stop(Signal::INT);
    let connected = run.stderr.matches(" * connected from ").count();
    assert_eq!(connected, 4, "{}", run.stderr);
    run.says("@3 ! not found: ").says("@4 * connected from ");
}
