//! Responses with status 101, valid and not.

use crate::support::output::Output;
use crate::support::run::wsee;
use crate::support::wire::before_handshake;

/// Runs wsee against a server whose valid response is changed by `edit`, followed by the message "hi" and a Close.
#[track_caller]
fn answered(edit: impl FnOnce(String) -> String + Send + 'static, args: &[&str]) -> Output {
    let server = before_handshake(|mut wire| {
        let mut bytes = edit(wire.response()).into_bytes();
        bytes.extend(b"\x81\x02hi\x88\x02\x03\xe8");
        wire.write(bytes);
        wire.end();
    });
    wsee(&[&[server.url()], args].concat()).run()
}

#[track_caller]
fn accepted(from: &'static str, to: &'static str, args: &[&str]) -> Output {
    answered(move |response| response.replace(from, to), args)
        .exits(0)
        .prints("hi\n")
}

#[track_caller]
fn rejected(from: &'static str, to: &'static str, args: &[&str]) -> Output {
    answered(move |response| response.replace(from, to), args)
        .exits(112)
        .prints("")
}

const END: &str = "\r\n\r\n";

#[test]
fn accepts_frames_in_the_same_segment() {
    accepted("", "", &[]);
}

#[test]
fn accepts_other_connection_tokens_and_any_case() {
    accepted(
        "Connection: Upgrade",
        "Connection: keep-alive, Upgrade",
        &[],
    );
    accepted("Connection: Upgrade", "connection:upgrade", &[]);
    accepted("Upgrade: websocket", "UPGRADE: WebSocket", &[]);
    accepted("101 Switching Protocols", "101 ", &[]);
}

#[test]
fn accepts_a_response_byte_by_byte() {
    let server = before_handshake(|mut wire| {
        for byte in wire.response().bytes() {
            wire.write([byte]);
        }
        wire.write_hex("8102 6869 8802 03e8");
        wire.read_to_close();
    });
    wsee(&[server.url()]).run().exits(0).prints("hi\n");
}

#[test]
fn skips_interim_responses() {
    let hints = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 101";
    accepted("HTTP/1.1 101", hints, &[]);
}

#[test]
fn accepts_the_subprotocol_that_the_server_selects() {
    let field = "\r\nSec-WebSocket-Protocol: b\r\n\r\n";
    accepted(END, field, &["-s", "a,b", "--require-subprotocol", "-v"]).says("subprotocol b");
}

#[test]
fn warns_when_no_subprotocol_is_selected() {
    accepted("", "", &["-s", "a"]).says("subprotocol");
}

#[test]
fn fails_when_a_required_subprotocol_is_not_selected() {
    rejected("", "", &["-s", "a", "--require-subprotocol"]).says("--require-subprotocol");
}

#[test]
fn rejects_a_subprotocol_that_was_not_offered() {
    let field = "\r\nSec-WebSocket-Protocol: other\r\n\r\n";
    rejected(END, field, &[]).says("other");
    rejected(END, field, &["-s", "a"]).says("other");
    rejected(END, field, &[]).says("add -s other");
    rejected(END, "\r\nSec-WebSocket-Protocol: A\r\n\r\n", &["-s", "a"]);
}

#[test]
fn rejects_more_than_one_subprotocol() {
    let fields = "\r\nSec-WebSocket-Protocol: a\r\nSec-WebSocket-Protocol: b\r\n\r\n";
    rejected(END, fields, &["-s", "a,b"]).says("more than one");
}

#[test]
fn rejects_a_wrong_accept() {
    let answered = answered(
        |response| {
            let start = response.find("Accept: ").expect("a field") + "Accept: ".len();
            format!("{}s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n", &response[..start])
        },
        &[],
    );
    answered
        .exits(112)
        .says("Sec-WebSocket-Accept")
        .says("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
        .says("RFC 6455 §4.1");
}

#[test]
fn rejects_a_missing_or_doubled_accept() {
    rejected("Sec-WebSocket-Accept", "X-Accept", &[]).says("Sec-WebSocket-Accept");
    answered(
        |response| {
            let start = response.find("Sec-WebSocket-Accept").expect("a field");
            response.trim_end().to_owned() + "\r\n" + &response[start..]
        },
        &[],
    )
    .exits(112)
    .says("Sec-WebSocket-Accept");
}

#[test]
fn rejects_a_missing_or_wrong_upgrade() {
    rejected("Upgrade: websocket\r\n", "", &[]).says("Upgrade: websocket");
    rejected("Upgrade: websocket", "Upgrade: h2c", &[]).says("h2c");
}

#[test]
fn rejects_a_connection_without_upgrade() {
    rejected("Connection: Upgrade", "Connection: close", &[]).says("Connection: close");
    rejected("Connection: Upgrade\r\n", "", &[]).says("Connection");
}

#[test]
fn rejects_an_extension_that_was_not_offered() {
    let field = "\r\nSec-WebSocket-Extensions: x-snappy\r\n\r\n";
    rejected(END, field, &[]).says("x-snappy");
}

#[test]
fn rejects_http_1_0() {
    rejected("HTTP/1.1 101", "HTTP/1.0 101", &[]).says("HTTP/1.1");
}
