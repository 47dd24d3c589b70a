//! Lengths that nobody could keep.

use super::{MIB, stays_below};
use crate::support::output::Output;
use crate::support::run::wsee;
use crate::support::wire::after_handshake;

/// Runs wsee against a server that announces a message of `len` bytes; claims the code that wsee closes with.
#[track_caller]
fn announced(len: u64, close_code: u16) -> Output {
    let server = after_handshake(move |mut wire| {
        wire.write([&[0x82, 127], &len.to_be_bytes()[..]].concat());
        wire.read_to_close()
    });
    let output = wsee(&[server.url()]).run();
    stays_below(&output, 32 * MIB);
    assert_eq!(server.finish()[0].close_code(), Some(close_code), "{len}");
    output
}

#[test]
fn lengths_above_the_limit_are_refused_by_the_header() {
    for len in [
        1 << 31,
        (1 << 32) - 1,
        1 << 32,
        (1 << 32) + 1,
        1 << 53,
        (1 << 63) - 1,
    ] {
        announced(len, 1009).exits(63).says("--max-message");
    }
}

#[test]
fn lengths_with_the_top_bit_are_violations() {
    for len in [1 << 63, u64::MAX] {
        announced(len, 1002)
            .exits(113)
            .says("RFC 6455 §5.2")
            .says("top bit");
    }
}
