//! Peers that take their time, or one byte at a time.

use std::sync::mpsc;
use std::time::{Duration, Instant};

use wsee::proto::http1::Reader;
use wsee::proto::http1::head::Message;

use super::{MIB, stays_below};
use crate::support::run::wsee;
use crate::support::wire::{after_handshake, before_handshake};

/// Two messages, one of them in fragments, and a Close frame.
const FRAMES: &str = "8103 6f6e65 0102 7477 8901 70 8001 6f 8802 03e8";

#[test]
fn a_response_and_frames_in_single_bytes_are_read() {
    let server = before_handshake(|mut wire| {
        let frames = hex::decode(FRAMES.replace(' ', "")).expect("digits");
        for byte in [wire.response().into_bytes(), frames].concat() {
            wire.write([byte]);
        }
        wire.wait_for_end();
    });
    wsee(&[server.url()]).run().exits(0).prints("one\ntwo\n");
}

#[test]
fn frames_that_are_glued_to_the_response_are_read() {
    let server = before_handshake(|mut wire| {
        let frames = hex::decode(FRAMES.replace(' ', "")).expect("digits");
        wire.write([wire.response().into_bytes(), frames].concat());
        wire.wait_for_end();
    });
    wsee(&[server.url()]).run().exits(0).prints("one\ntwo\n");
}

#[test]
fn a_large_head_in_small_pieces_takes_linear_time() {
    let server = before_handshake(|mut wire| {
        let field = format!("\r\nX: {}\r\n\r\n", "x".repeat(60 << 10));
        let response = wire.response().replace("\r\n\r\n", &field);
        for piece in response.as_bytes().chunks(4) {
            wire.write(piece);
        }
        wire.write_hex(FRAMES);
        wire.wait_for_end();
    });
    let output = wsee(&[server.url()]).run();
    stays_below(&output, 32 * MIB);
    output
        .exits(0)
        .prints("one\ntwo\n")
        .within(Duration::from_secs(10));
}

#[test]
fn a_head_in_single_bytes_takes_linear_time() {
    // What looks through all of it again for each byte takes sixteen times as long for four times the size.
    // Each run is shorter than a turn of the scheduler, so that one of them is not interrupted by other tests.
    let [small, large] = [4, 16].map(|size| {
        let times = (0..20).map(|_| time_to_read(size << 10));
        times.min().expect("a time")
    });
    assert!(
        large < 12 * small,
        "{small:?} for 4 KiB, {large:?} for 16 KiB"
    );
}

/// The time that a response's head of `size` bytes takes when it comes byte by byte.
fn time_to_read(size: usize) -> Duration {
    let head = format!("HTTP/1.1 101 Yes\r\nX: {}\r\n\r\n", "x".repeat(size));
    let mut reader = Reader::new(Message::Response);
    let started = Instant::now();
    for end in 1..head.len() {
        assert_eq!(reader.read(&head.as_bytes()[..end]), Ok(None));
    }
    assert!(reader.read(head.as_bytes()).is_ok_and(|it| it.is_some()));
    started.elapsed()
}

#[test]
fn a_field_of_many_extensions_takes_linear_time() {
    let server = before_handshake(|mut wire| {
        let list = "\r\nSec-WebSocket-Extensions: permessage-deflate";
        let field = list.to_owned() + &";a=\"\\b\"".repeat(8000) + "\r\n\r\n";
        let response = wire.response().replace("\r\n\r\n", &field);
        wire.write(response);
        wire.wait_for_end();
    });
    let output = wsee(&[server.url()]).run();
    stays_below(&output, 32 * MIB);
    output.exits(112).within(Duration::from_secs(4));
}

#[test]
fn a_peer_that_never_reads_costs_no_memory_and_no_time() {
    let (done, is_done) = mpsc::channel::<()>();
    let server = after_handshake(move |wire| {
        // Dropped at the end of the run.
        let _ = is_done.recv();
        drop(wire);
    });
    let output = wsee(&[server.url(), "--max-time", "500ms"])
        .stdin("a line of input\n".repeat(4 << 20))
        .run();
    drop(done);
    stays_below(&output, 32 * MIB);
    output
        .exits(28)
        .within(Duration::from_secs(6))
        .ends_with_line("stopped by --max-time (500.0 ms)");
}
