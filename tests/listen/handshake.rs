//! Opening handshakes.

use std::io::Read;

use rustix::process::Signal;

use super::{exchange, listening, request};

/// Sends `head` to a server with these arguments; the response, after which the connection has ended.
#[track_caller]
fn refused(args: &[&str], head: &str) -> String {
    let server = listening(args);
    let mut stream = server.connect();
    let response = exchange(&mut stream, head);
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).expect("the end");
    server
        .stop(Signal::INT)
        .exits(130)
        .prints("")
        .says("! refused: ");
    response
}

/// The response to a request with these fields.
#[track_caller]
fn answered(args: &[&str], fields: &str) -> String {
    let server = listening(args);
    let response = exchange(&mut server.connect(), request(fields));
    assert!(response.starts_with("HTTP/1.1 101 "), "{response}");
    response
}

#[test]
fn answers_with_the_accept_value_of_the_rfc() {
    let response = answered(&[], "");
    assert!(
        response.contains("\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"),
        "{response}"
    );
    assert!(
        response.contains("\r\nUpgrade: websocket\r\n"),
        "{response}"
    );
    assert!(
        response.contains("\r\nConnection: Upgrade\r\n"),
        "{response}"
    );
}

#[test]
fn selects_the_most_wanted_subprotocol_of_the_offered() {
    let offer = "Sec-WebSocket-Protocol: x, a\r\nSec-WebSocket-Protocol: b\r\n";
    let response = answered(&["-s", "c,b", "-s", "a"], offer);
    assert!(
        response.contains("\r\nSec-WebSocket-Protocol: b\r\n"),
        "{response}"
    );
}

#[test]
fn selects_no_subprotocol_that_was_not_offered() {
    for (args, offer) in [
        (&["-s", "a"][..], ""),
        (&["-s", "a"], "Sec-WebSocket-Protocol: b\r\n"),
        (&[], "Sec-WebSocket-Protocol: a\r\n"),
    ] {
        let response = answered(args, offer);
        assert!(!response.contains("Sec-WebSocket-Protocol"), "{response}");
    }
}

#[test]
fn agrees_to_compression_unless_disabled() {
    let offer = "Sec-WebSocket-Extensions: x, permessage-deflate; client_max_window_bits\r\n";
    let response = answered(&[], offer);
    assert!(
        response.contains("\r\nSec-WebSocket-Extensions: permessage-deflate\r\n"),
        "{response}"
    );
    for (args, offer) in [
        (&["--no-compress"][..], offer),
        (&[], "Sec-WebSocket-Extensions: x\r\n"),
    ] {
        let response = answered(args, offer);
        assert!(!response.contains("Sec-WebSocket-Extensions"), "{response}");
    }
}

#[test]
fn accepts_a_list_in_connection() {
    let server = listening(&[]);
    let head = request("").replace("Connection: Upgrade", "Connection: keep-alive, UPGRADE");
    let response = exchange(&mut server.connect(), head);
    assert!(response.starts_with("HTTP/1.1 101 "), "{response}");
}

#[test]
fn accepts_an_allowed_origin() {
    let args = [
        "--origin",
        "https://a.example",
        "--origin",
        "https://b.example",
    ];
    answered(&args, "Origin: https://b.example\r\n");
    answered(&[], "Origin: https://c.example\r\n");
}

#[test]
fn refuses_another_origin_with_403() {
    let args = ["--origin", "https://a.example"];
    for fields in [
        "",
        "Origin: https://b.example\r\n",
        "Origin: https://a.example.evil\r\n",
    ] {
        let response = refused(&args, &request(fields));
        assert!(response.starts_with("HTTP/1.1 403 "), "{response}");
    }
}

#[test]
fn refuses_another_method_with_405() {
    let response = refused(&[], &request("").replace("GET", "POST"));
    assert!(response.starts_with("HTTP/1.1 405 "), "{response}");
    assert!(response.contains("\r\nAllow: GET\r\n"), "{response}");
}

#[test]
fn refuses_a_request_without_upgrade_with_426() {
    for missing in ["Upgrade: websocket\r\n", "Connection: Upgrade\r\n"] {
        let response = refused(&[], &request("").replace(missing, ""));
        assert!(response.starts_with("HTTP/1.1 426 "), "{response}");
        assert!(
            response.contains("\r\nUpgrade: websocket\r\n"),
            "{response}"
        );
    }
}

#[test]
fn refuses_another_version_with_426_and_names_its_own() {
    let response = refused(&[], &request("").replace("Version: 13", "Version: 8"));
    assert!(response.starts_with("HTTP/1.1 426 "), "{response}");
    assert!(
        response.contains("\r\nSec-WebSocket-Version: 13\r\n"),
        "{response}"
    );
}

#[test]
fn refuses_a_bad_key_or_a_missing_host_with_400() {
    let key = "dGhlIHNhbXBsZSBub25jZQ==";
    for head in [
        request("").replace(key, "dG9vIHNob3J0"),
        request("").replace(key, "not base64"),
        request("").replace(&format!("Sec-WebSocket-Key: {key}\r\n"), ""),
        request(&format!("Sec-WebSocket-Key: {key}\r\n")),
        request("").replace("Host: localhost\r\n", ""),
    ] {
        let response = refused(&[], &head);
        assert!(response.starts_with("HTTP/1.1 400 "), "{response}");
    }
}

#[test]
fn shows_the_request_as_it_came_without_secrets() {
    let fields = "X-Mixed-CASE: v\r\nAuthorization: Bearer abc123\r\nCookie: id=abc123\r\n";
    let head = request(fields).replace("/chat", "/chat?token=abc123&room=1");
    let server = listening(&[]);
    exchange(&mut server.connect(), &head);
    let output = server.stop(Signal::INT).exits(130).prints("");
    output
        .says("@1 < GET /chat?token=***&room=1 HTTP/1.1\n")
        .says("@1 < X-Mixed-CASE: v\n@1 < Authorization: Bearer ***\n@1 < Cookie: ***\n")
        .says("@1 > HTTP/1.1 101 Switching Protocols\n")
        .never_says("abc123");
    let server = listening(&["--show-secrets"]);
    exchange(&mut server.connect(), &head);
    let output = server.stop(Signal::INT).exits(130);
    output
        .says("token=abc123")
        .says("Bearer abc123")
        .says("id=abc123");
}

#[test]
fn takes_a_frame_that_comes_with_the_request() {
    let server = listening(&[]);
    let mut stream = server.connect();
    let mut glued = request("").into_bytes();
    glued.extend(b"\x81\x82\0\0\0\0hi");
    exchange(&mut stream, glued);
    let mut echo = [0; 4];
    stream.read_exact(&mut echo).expect("an echo");
    assert_eq!(&echo, b"\x81\x02hi");
}

#[test]
fn takes_a_request_byte_by_byte() {
    let server = listening(&[]);
    let mut stream = server.connect();
    stream.set_nodelay(true).expect("a socket");
    let head = request("");
    let (start, last) = head.split_at(head.len() - 1);
    for byte in start.bytes() {
        std::io::Write::write_all(&mut stream, &[byte]).expect("a connection");
    }
    let response = exchange(&mut stream, last);
    assert!(response.starts_with("HTTP/1.1 101 "), "{response}");
}
