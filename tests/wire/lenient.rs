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
