//! Messages that inflate to much more than they are.

use flate2::{Compress, Compression, FlushCompress};

use super::{MIB, stays_below};
use crate::support::run::wsee;
use crate::support::wire::after_deflating_handshake;

/// A mebibyte of zeros, compressed so that it can be repeated.
fn mebibyte() -> Vec<u8> {
    let mut block = Vec::with_capacity(4 << 10);
    Compress::new(Compression::best(), false)
        .compress_vec(&vec![0; 1 << 20], &mut block, FlushCompress::Full)
        .expect("room enough");
    block
}

/// A compressed binary message of so many mebibytes of zeros, in one frame.
fn bomb(mebibytes: usize) -> Vec<u8> {
    let data = mebibyte().repeat(mebibytes);
    let mut frame = vec![0xc2, 127];
    frame.extend((data.len() as u64).to_be_bytes());
    frame.extend(data);
    frame
}

/// Claims that wsee refuses the bomb as too big, and needs no more than 32 MiB and the limit.
#[track_caller]
fn is_refused(limit: u64, args: &[&str]) {
    let server = after_deflating_handshake(|mut wire| {
        wire.write(bomb(1024));
        wire.read_to_close()
    });
    let output = wsee(&[&[server.url()], args].concat()).run();
    stays_below(&output, limit + 32 * MIB);
    output.exits(63).prints("").says("--max-message");
    assert_eq!(server.finish()[0].close_code(), Some(1009));
}

#[test]
fn a_message_that_inflates_to_a_gibibyte_is_refused() {
    is_refused(64 * MIB, &[]);
}

#[test]
fn a_small_limit_costs_little_memory() {
    is_refused(MIB, &["--max-message", "1MiB"]);
}

#[test]
fn a_bomb_of_a_frame_that_never_ends_is_refused() {
    let server = after_deflating_handshake(|mut wire| {
        let mut frame = bomb(1024);
        frame[0] = 0x42;
        wire.write(frame);
        wire.read_to_close()
    });
    let output = wsee(&[server.url(), "--max-message", "1MiB"]).run();
    stays_below(&output, 33 * MIB);
    output.exits(63);
    assert_eq!(server.finish()[0].close_code(), Some(1009));
}

#[test]
fn what_inflates_to_much_is_passed_on_as_it_comes() {
    let server = after_deflating_handshake(|mut wire| {
        wire.write(bomb(64));
        wire.write_hex("8802 03e8");
        wire.wait_for_end();
    });
    let output = wsee(&[server.url(), "--binary"]).run();
    stays_below(&output, 32 * MIB);
    assert_eq!(output.stdout.len(), 64 << 20);
    output.exits(0);
}

#[test]
fn what_inflates_to_much_is_echoed_as_it_comes() {
    let server = after_deflating_handshake(|mut wire| {
        wire.write(bomb(64));
        while !wire.read_frame().fin {}
        wire.write_hex("8802 03e8");
        wire.wait_for_end();
    });
    let output = wsee(&[server.url(), "--binary", "--echo"]).run();
    stays_below(&output, 32 * MIB);
    assert_eq!(output.stdout.len(), 64 << 20, "{}", output.stderr);
    output.exits(0);
}

#[test]
fn many_messages_within_the_limit_cost_no_more_than_one() {
    let server = after_deflating_handshake(|mut wire| {
        let data = mebibyte();
        let len = u16::try_from(data.len() - 4)
            .expect("a small frame")
            .to_be_bytes();
        let frame = [&[0xc1, 126], &len[..], &data[..data.len() - 4]].concat();
        wire.write(frame.repeat(64));
        wire.write_hex("8802 03e8");
        wire.wait_for_end();
    });
    let output = wsee(&[server.url(), "--max-message", "1MiB"]).run();
    stays_below(&output, 33 * MIB);
    assert_eq!(output.stdout.len(), 64 * ((1 << 20) + 1));
    output.exits(0);
}
