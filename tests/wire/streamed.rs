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

/// A text of three-byte characters, which no power of two divides.
fn euros(count: usize) -> Vec<u8> {
    "€".repeat(count).into_bytes()
}

#[test]
fn a_large_text_passes_in_constant_memory() {
    let blocks = blocks(96);
    let len = 3 * MIB;
    let server = after_handshake(move |mut wire| {
        let mut header = header(false, blocks / 3 * len);
        header[0] = 0x81;
        wire.write(header);
        for _ in 0..blocks / 3 {
            wire.write(euros(MIB));
        }
        close(wire);
    });
    let (running, mut stdout) = wsee(&[server.url(), "--max-message", "2G"]).spawn_with_stdout();
    let reader = thread::spawn(move || {
        let (mut buffer, expected) = (vec![0; len], euros(MIB));
        for number in 0..blocks / 3 {
            stdout.read_exact(&mut buffer).expect("a whole message");
            assert!(buffer == expected, "block {number} differs");
        }
        buffer.clear();
        stdout.read_to_end(&mut buffer).expect("a pipe");
        assert_eq!(buffer, b"\n");
    });
    let output = running.wait();
    reader.join().expect("the message");
    let peak = output.peak_memory;
    output.exits(0);
    assert!(peak <= 32 << 20, "{} KiB", peak >> 10);
}

#[test]
fn what_is_printed_of_a_text_that_turns_out_invalid_is_valid() {
    let server = after_handshake(move |mut wire| {
        // One byte into a character at the end of whatever is read so far.
        let mut text = euros(100_000);
        text.push(0xe2);
        let mut header = header(false, text.len() + 2);
        header[0] = 0x81;
        wire.write(header);
        wire.write(text);
        thread::sleep(std::time::Duration::from_millis(200));
        wire.write([0xff, 0xff]);
        wire.read_to_close()
    });
    let output = wsee(&[server.url()]).run().exits(113);
    let printed = std::str::from_utf8(&output.stdout).expect("UTF-8");
    assert!(printed.len() > MIB / 8, "{}", printed.len());
    assert!(printed.chars().all(|c| c == '€'));
    output.says("not UTF-8 at byte 300000");
    assert_eq!(server.finish()[0].close_code(), Some(1007));
}

#[test]
fn a_short_text_that_is_cut_off_is_not_printed() {
    let server = after_handshake(|mut wire| {
        wire.write_hex("8102 6f6b 8110 6162");
        wire.end();
    });
    wsee(&[server.url()]).run().exits(110).prints("ok\n");
}

#[test]
fn half_a_text_is_no_line_if_another_connection_follows() {
    let server = after_handshake(|mut wire| {
        wire.write([&[0x01, 127], &100_000_u64.to_be_bytes()[..]].concat());
        wire.write(vec![b'x'; 100_000]);
        wire.end();
    });
    wsee(&[server.url(), "--reconnect=1"])
        .run()
        .exits(7)
        .prints("");
}

#[test]
fn the_limit_holds_for_a_text_that_is_printed_while_it_arrives() {
    let server = after_handshake(|mut wire| {
        for opcode in [1, 0, 0] {
            wire.write([vec![opcode, 126, 0xff, 0xff], vec![b'x'; 0xffff]].concat());
        }
        wire.read_to_close()
    });
    let output = wsee(&[server.url(), "--max-message", "160K"])
        .run()
        .exits(63);
    assert!(output.stdout.len() <= 160 << 10, "{}", output.stdout.len());
    let text = vec![b'x'; 1 << 20];
    let server = after_deflating_handshake(move |mut wire| {
        let mut deflate = Compress::new(Compression::fast(), false);
        let mut data = Vec::with_capacity(MIB);
        deflate
            .compress_vec(&text, &mut data, FlushCompress::Sync)
            .expect("room enough");
        data.truncate(data.len() - 4);
        let len = u16::try_from(data.len()).expect("a small frame");
        wire.write([&[0xc1, 126], &len.to_be_bytes()[..], &data].concat());
        wire.read_to_close()
    });
    let output = wsee(&[server.url(), "--max-message", "512K"])
        .run()
        .exits(63);
    assert!(output.stdout.len() <= 512 << 10, "{}", output.stdout.len());
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
