//! `--lenient`: a broken rule is a warning, and the message arrives.

use crate::support::output::Output;
use crate::support::run::wsee;
use crate::support::wire::before_handshake;

const CLOSE: &[u8] = b"\x88\x02\x03\xe8";

/// Runs `wsee --lenient` against a server with this response and these bytes before its Close.
#[track_caller]
fn answered(edit: impl Fn(String) -> String + Send + 'static, bytes: &'static [u8]) -> Output {
    let server = before_handshake(move |mut wire| {
        let response = edit(wire.response());
        wire.write([response.as_bytes(), bytes, CLOSE].concat());
        wire.end();
    });
    wsee(&[server.url(), "--lenient"]).run().exits(0)
}

/// Claims that these bytes are tolerated with a warning that says `text`.
#[track_caller]
fn tolerates(bytes: &'static [u8], text: &str) -> Output {
    answered(|response| response, bytes)
        .says("tolerated (--lenient)")
        .says(text)
}

#[test]
fn masked_frames_are_tolerated() {
    tolerates(b"\x81\x82\x01\x02\x03\x04\x69\x6b", "mask")
        .prints("hi\n")
        .says("RFC 6455 §5.1");
}

#[test]
fn reserved_bits_are_tolerated() {
    tolerates(b"\xa1\x02hi", "RSV2")
        .prints("hi\n")
        .says("RFC 6455 §5.2");
    tolerates(b"\x91\x02hi", "RSV3").prints("hi\n");
    tolerates(b"\xc1\x02hi", "RSV1").prints("hi\n");
}

#[test]
fn lengths_that_are_not_minimal_are_tolerated() {
    tolerates(b"\x81\x7e\x00\x02hi", "shortest form")
        .prints("hi\n")
        .says("81 7e 00 02");
    tolerates(
        b"\x81\x7f\x00\x00\x00\x00\x00\x00\x00\x02hi",
        "shortest form",
    )
    .prints("hi\n");
}

#[test]
fn text_that_is_not_utf8_is_tolerated_and_printed_as_it_is() {
    tolerates(b"\x81\x03a\xffb", "UTF-8")
        .prints(b"a\xffb\n")
        .says("RFC 6455 §8.1");
}

#[test]
fn several_broken_rules_in_one_frame_are_all_reported() {
    tolerates(b"\xb1\xfe\x00\x02\x00\x00\x00\x00hi", "RSV2")
        .prints("hi\n")
        .says("mask")
        .says("shortest form");
}

#[test]
fn a_missing_connection_token_is_tolerated() {
    answered(
        |response| response.replace("Connection: Upgrade\r\n", ""),
        b"\x81\x02hi",
    )
    .prints("hi\n")
    .says("Connection");
}

#[test]
fn a_missing_upgrade_is_tolerated() {
    answered(
        |response| response.replace("Upgrade: websocket\r\n", ""),
        b"\x81\x02hi",
    )
    .prints("hi\n")
    .says("Upgrade");
}

#[test]
fn a_wrong_accept_is_tolerated() {
    let edit = |response: String| {
        let start = response.find("Accept: ").expect("a field") + "Accept: ".len();
        format!("{}wrong\r\n\r\n", &response[..start])
    };
    answered(edit, b"\x81\x02hi")
        .prints("hi\n")
        .says("Sec-WebSocket-Accept: wrong");
}

#[test]
fn a_frame_without_a_meaning_is_not_tolerated() {
    for bytes in [&b"\x83\x00"[..], b"\x80\x00", b"\x09\x00", b"\x88\x01\x03"] {
        let server = before_handshake(move |mut wire| {
            wire.write([wire.response().as_bytes(), bytes].concat());
            wire.read_to_close()
        });
        wsee(&[server.url(), "--lenient"]).run().exits(113);
        assert_eq!(server.finish()[0].close_code(), Some(1002), "{bytes:?}");
    }
}

#[test]
fn the_mark_of_compression_that_was_not_agreed_on_lifts_no_limit() {
    let server = before_handshake(move |mut wire| {
        let bytes = b"\xc1\x05hello";
        wire.write([wire.response().as_bytes(), bytes].concat());
        wire.read_to_close()
    });
    wsee(&[server.url(), "--lenient", "--max-message", "4"])
        .run()
        .exits(63)
        .prints("");
    assert_eq!(server.finish()[0].close_code(), Some(1009));
}

/// Claims that a response with this edit ends the connection with this error and a hint at --lenient, and that
/// --lenient then connects.
#[track_caller]
fn is_cured(from: &'static str, to: &'static str, text: &str) -> Output {
    let server = before_handshake(move |mut wire| {
        let response = wire.response().replace(from, to);
        wire.write([response.as_bytes(), b"\x81\x02hi", CLOSE].concat());
        wire.end();
    });
    wsee(&[server.url()])
        .run()
        .exits(112)
        .says(text)
        .says("add --lenient");
    answered(move |response| response.replace(from, to), b"\x81\x02hi")
        .prints("hi\n")
        .says("tolerated (--lenient)")
        .says(text)
}

#[test]
fn an_empty_subprotocol_is_tolerated_as_none() {
    is_cured(
        END,
        "\r\nSec-WebSocket-Protocol:\r\n\r\n",
        "\"Sec-WebSocket-Protocol:\" without a value",
    );
}

#[test]
fn subprotocols_that_cannot_be_offered_are_tolerated() {
    is_cured(END, "\r\nSec-WebSocket-Protocol: a b\r\n\r\n", "\"a b\"");
    let two = "\r\nSec-WebSocket-Protocol: a\r\nSec-WebSocket-Protocol: b\r\n\r\n";
    is_cured(END, two, "more than one subprotocol");
}

#[test]
fn faulty_lists_of_extensions_are_tolerated() {
    is_cured(
        END,
        "\r\nSec-WebSocket-Extensions: permessage-deflate;\r\n\r\n",
        "\"Sec-WebSocket-Extensions: permessage-deflate;\"",
    );
    is_cured(
        END,
        "\r\nSec-WebSocket-Extensions: x-snappy\r\n\r\n",
        "x-snappy",
    );
}

#[test]
fn heads_with_faulty_lines_are_tolerated() {
    is_cured("\r\n", "\n", "\"HTTP/1.1 101 Switching Protocols\"");
    is_cured(END, "\r\nServer : x\r\n\r\n", "\"Server : x\"");
    is_cured(END, "\r\nServer x\r\n\r\n", "\"Server x\"");
    is_cured(END, "\r\nServer: x\r\n y\r\n\r\n", "\" y\"");
    is_cured("HTTP/1.1 101", "HTTP/1.0 101", "\"HTTP/1.0 101");
}

#[test]
fn compression_that_was_not_offered_is_inflated() {
    let field = "\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n";
    let server = before_handshake(move |mut wire| {
        let response = wire.response().replace(END, field);
        wire.write([response.as_bytes(), b"\xc1\x04\xca\xc8\x04\x00", CLOSE].concat());
        wire.end();
    });
    wsee(&[server.url(), "--lenient", "--no-compress"])
        .run()
        .exits(0)
        .prints("hi\n")
        .says("which was not offered");
}

const END: &str = "\r\n\r\n";
