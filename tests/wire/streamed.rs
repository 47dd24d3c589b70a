//! Messages larger than memory should be: passed on as they come.

use std::io::Read;
use std::thread;

use flate2::{Compress, Compression, FlushCompress};

use crate::support::run::wsee;
use crate::support::wire::{Wire, after_deflating_handshake, after_handshake};

const MIB: usize = 1 << 20;

/// Blocks of a large message; `WSEE_TEST_LARGE=1` makes it 1 GiB.
fn blocks(debug: usize) -> usize {
    if std::env::var_os("WSEE_TEST_LARGE").is_some() {
        1024
    } else {
        debug
    }
}

/// The block with this number of a large message, 1 MiB.
#[expect(clippy::cast_possible_truncation, reason = "the low bits are meant")]
fn block(number: usize) -> Vec<u8> {
    let row: [u8; 256] = std::array::from_fn(|i| i as u8);
    let mut block = row.repeat(MIB / row.len());
    block[..8].copy_from_slice(&(number as u64).to_be_bytes());
    block
}

/// The header of a binary message of `len` bytes in one frame.
fn header(rsv1: bool, len: usize) -> Vec<u8> {
    let start = if rsv1 { 0xc2 } else { 0x82 };
    [&[start, 127], &(len as u64).to_be_bytes()[..]].concat()
}

/// Claims that `source` gives the whole message and then ends.
fn receive(mut source: impl Read, blocks: usize) {
    let mut buffer = vec![0; MIB];
    for number in 0..blocks {
        source.read_exact(&mut buffer).expect("a whole message");
        assert!(buffer == block(number), "block {number} differs");
    }
    assert_eq!(
        source.read(&mut buffer).expect("a pipe"),
        0,
        "more than the message"
    );
}

/// Claims that wsee with these arguments prints the message in less than 24 MiB.
#[track_caller]
fn passes(url: &str, args: &[&str], blocks: usize) {
    let (running, stdout) = wsee(&[&[url], args].concat()).spawn_with_stdout();
    let reader = thread::spawn(move || receive(stdout, blocks));
    let output = running.wait();
    reader.join().expect("the message");
    let peak = output.peak_memory;
    output.exits(0);
    assert!(peak > 0 || !cfg!(target_os = "linux"), "nothing measured");
    // Two thirds of it are pages of the debug binary.
    assert!(peak <= 32 << 20, "{} KiB", peak >> 10);
}

fn close(mut wire: Wire) {
    wire.write_hex("8802 03e8");
    wire.wait_for_end();
}

#[test]
fn binary_passes_a_large_message_in_constant_memory() {
    let blocks = blocks(64);
    let server = after_handshake(move |mut wire| {
        wire.write(header(false, blocks * MIB));
        for number in 0..blocks {
            wire.write(block(number));
        }
        close(wire);
    });
    passes(server.url(), &["--binary"], blocks);
}

#[test]
fn binary_passes_a_large_compressed_message_in_constant_memory() {
    let blocks = blocks(16);
    let server = after_deflating_handshake(move |mut wire| {
        let data = deflated(blocks);
        wire.write([header(true, data.len()), data].concat());
        close(wire);
    });
    passes(server.url(), &["--binary"], blocks);
}

/// All blocks as one message (RFC 7692 §7.2.1).
fn deflated(blocks: usize) -> Vec<u8> {
    let mut deflate = Compress::new(Compression::fast(), false);
    let mut data = Vec::new();
    for number in 0..blocks {
        data.reserve(MIB);
        deflate
            .compress_vec(&block(number), &mut data, FlushCompress::Sync)
            .expect("room enough");
    }
    data.truncate(data.len() - 4);
    data
}

#[test]
fn echo_passes_a_large_message_back_in_constant_memory() {
    let blocks = blocks(32);
    let server = after_handshake(move |mut wire| {
        wire.write(header(false, blocks * MIB));
        let mut reply = Vec::new();
        for number in 0..blocks {
            wire.write(block(number));
            // What wsee could not write yet, nobody has read yet: it has to come before more goes out.
            while reply.len() < MIB {
                reply.extend(wire.read_frame().payload);
            }
            let rest = reply.split_off(MIB);
            assert!(reply == block(number), "block {number} differs");
            reply = rest;
        }
        close(wire);
    });
    passes(server.url(), &["--binary", "--echo"], blocks);
}
