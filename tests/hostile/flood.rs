//! Many small frames.

use super::{MIB, size, stays_below};
use crate::support::output::Output;
use crate::support::run::wsee;
use crate::support::wire::{Wire, after_handshake};

/// How many frames make a flood.
fn many() -> usize {
    size(1_000_000, 10_000_000)
}

/// Runs wsee against a server that sends `start`, `frame` many times, and `end`, and reads nothing before.
fn flooded(start: &'static [u8], frame: &'static [u8], end: &'static [u8]) -> Output {
    let server = after_handshake(move |mut wire: Wire| {
        wire.write(start);
        let block = frame.repeat(1000);
        for _ in 0..many() / 1000 {
            wire.write(&block);
        }
        wire.write(end);
        wire.wait_for_end();
    });
    wsee(&[server.url()]).run()
}

#[test]
fn empty_fragments_become_one_message() {
    let output = flooded(b"\x01\x00", b"\x00\x00", b"\x80\x02ok\x88\x02\x03\xe8");
    stays_below(&output, 32 * MIB);
    output.exits(0).prints("ok\n");
}

#[test]
fn one_byte_fragments_cost_no_more_than_their_bytes() {
    let output = flooded(b"\x01\x01x", b"\x00\x01x", b"\x80\x00\x88\x02\x03\xe8");
    stays_below(&output, 32 * MIB + 3 * many() as u64);
    output.exits(0).prints("x".repeat(many() + 1) + "\n");
}

#[test]
fn one_byte_fragments_are_bounded_by_the_limit() {
    let server = after_handshake(|mut wire: Wire| {
        wire.write(b"\x01\x01x");
        wire.write(b"\x00\x01x".repeat(1000));
        wire.read_to_close()
    });
    wsee(&[server.url(), "--max-message", "1000"])
        .run()
        .exits(63)
        .prints("");
    assert_eq!(server.finish()[0].close_code(), Some(1009));
}

#[test]
fn pings_whose_pongs_are_not_read_cost_no_memory() {
    let output = flooded(
        b"",
        b"\x89\x10a ping, 16 bytes",
        b"\x81\x02ok\x88\x02\x03\xe8",
    );
    stays_below(&output, 32 * MIB);
    output.exits(0).prints("ok\n");
}

#[test]
fn empty_messages_cost_no_memory() {
    let output = flooded(b"", b"\x81\x00", b"\x88\x02\x03\xe8");
    stays_below(&output, 32 * MIB);
    output.exits(0).prints("\n".repeat(many()));
}
