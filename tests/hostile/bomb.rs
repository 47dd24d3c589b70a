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
pub(super) fn bomb(mebibytes: usize) -> Vec<u8> {
    let data = mebibyte().repeat(mebibytes);
    let mut frame = match u16::try_from(data.len()) {
        Ok(len) => [&[0xc2, 126], &len.to_be_bytes()[..]].concat(),
        Err(_) => [&[0xc2, 127], &(data.len() as u64).to_be_bytes()[..]].concat(),
    };
    frame.extend(data);
    frame
}

#[test]
fn converted_output_is_written_while_it_is_produced() {
    // JSON spells out each of the zeros in six characters, base64 makes four of three.
    for (first, args) in [(0xc1, &["--jsonl"][..]), (0xc2, &["--jsonl"]), (0xc2, &[])] {
        let server = after_deflating_handshake(move |mut wire| {
            let mut frame = bomb(8);
            frame[0] = first;
            wire.write(frame);
            wire.write_hex("8802 03e8");
            wire.wait_for_end();
        });
        let run = wsee(&[&[server.url()], args].concat()).without_output();
        let output = run.run();
        stays_below(&output, (32 + 8) * MIB);
        output.exits(0);
    }
}

#[test]
fn an_inflated_message_is_passed_on_in_pieces() {
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
fn an_inflated_message_is_echoed_in_pieces() {
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
