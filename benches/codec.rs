//! The codec's parts one by one: headers, masking, UTF-8, lines, the engine, compression.
//!
//! `cargo bench --bench codec` measures them; throughput is that of payload.

use std::time::Instant;

use divan::counter::{BytesCount, ItemsCount};
use divan::{Bencher, black_box};
use wsee::pipe::{Encoding, Input, Split};
use wsee::proto::Role;
use wsee::proto::buffer::Buffer;
use wsee::proto::connection::{Config, Connection, Event};
use wsee::proto::deflate::{Deflater, Inflater};
use wsee::proto::frame::{Header, Opcode, mask};
use wsee::proto::message::{Kind, Utf8};
use wsee::term::Stdin;

const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];
const MIB: usize = 1 << 20;

fn main() {
    divan::main();
}

/// Lengths whose headers have each of the three forms.
const LENGTHS: [u64; 3] = [64, 1 << 10, 1 << 20];

#[divan::bench(args = LENGTHS)]
fn encode_header(len: u64) -> ([u8; Header::MAX], usize) {
    let header = Header::new(true, Opcode::TEXT, Some(KEY), black_box(len));
    let mut bytes = [0; Header::MAX];
    let size = header.encode(&mut bytes);
    (bytes, size)
}

#[divan::bench(args = LENGTHS)]
fn decode_header(bencher: Bencher, len: u64) {
    let mut bytes = [0; Header::MAX];
    Header::new(true, Opcode::TEXT, Some(KEY), len).encode(&mut bytes);
    bencher.bench(|| Header::decode(black_box(&bytes)));
}

#[divan::bench(args = [64, 1 << 10, MIB])]
fn mask_copy(bencher: Bencher, len: usize) {
    let (source, mut target) = (vec![0x55; len], vec![0; len]);
    bencher
        .counter(BytesCount::new(len))
        .bench_local(|| mask::copy_masked(black_box(&mut target), black_box(&source), KEY));
}

#[divan::bench(args = [64, 1 << 10, MIB])]
fn mask_in_place(bencher: Bencher, len: usize) {
    let mut payload = vec![0x55; len];
    bencher
        .counter(BytesCount::new(len))
        .bench_local(|| mask::apply(black_box(&mut payload), KEY, 1));
}

#[divan::bench(args = ["ASCII", "mixed"], consts = [20, 64, 100, MIB])]
fn check_utf8<const LEN: usize>(bencher: Bencher, script: &str) {
    let sample = if script == "ASCII" {
        "plain words "
    } else {
        "wörd, слово, 言葉, 🙂 "
    };
    let text: String = sample.chars().cycle().take(LEN).collect();
    bencher.counter(BytesCount::new(text.len())).bench(|| {
        let mut utf8 = Utf8::default();
        utf8.push(black_box(text.as_bytes()))
            .and_then(|()| utf8.finish())
    });
}

/// A text in pieces that end within characters.
#[divan::bench]
fn check_utf8_in_pieces(bencher: Bencher) {
    let text = "言葉🙂".repeat(MIB / 10);
    bencher.counter(BytesCount::new(text.len())).bench(|| {
        let mut utf8 = Utf8::default();
        for piece in black_box(text.as_bytes()).chunks(4093) {
            utf8.push(piece)?;
        }
        utf8.finish()
    });
}

#[divan::bench(args = [64, 1 << 10])]
fn split_lines(bencher: Bencher, len: usize) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime for the input");
    let _entered = runtime.enter();
    let line = [&vec![b'x'; len][..], b"\n"].concat();
    let lines = line.repeat(MIB / line.len());
    bencher
        .counter(ItemsCount::new(MIB / line.len()))
        .counter(BytesCount::new(lines.len()))
        .with_inputs(|| {
            let stdin = Stdin::open().expect("standard input");
            Input::new(stdin, &lines, Split::Line, Encoding::Text)
        })
        .bench_local_refs(|input| {
            while let Some(record) = input.next_record() {
                black_box(record);
            }
        });
}

/// A connection with an unimportant seed.
fn connection(role: Role) -> Connection {
    let input = Buffer::with_capacity(2 * MIB);
    Connection::new(Config::new(role), input, [1; 32], Instant::now())
}

/// Frames of a server.
fn frames(opcode: Opcode, len: usize, count: usize) -> Vec<u8> {
    let mut bytes = [0; Header::MAX];
    let size = Header::new(true, opcode, None, len as u64).encode(&mut bytes);
    [&bytes[..size], &vec![b'x'; len]].concat().repeat(count)
}

/// Feeds `bytes` to the engine as a socket would, and takes every event.
fn receive(connection: &mut Connection, mut bytes: &[u8], now: Instant) {
    while !bytes.is_empty() {
        let room = connection.input();
        let read = room.len().min(bytes.len()).min(256 << 10);
        room[..read].copy_from_slice(&bytes[..read]);
        bytes = &bytes[read..];
        connection.received(read, now);
        while let Some((event, _)) = connection.poll_event(now) {
            if let Event::Message(message) = event {
                black_box(message.payload);
            }
        }
    }
}

#[divan::bench]
fn receive_10000_texts_of_64_bytes(bencher: Bencher) {
    let (mut connection, bytes) = (connection(Role::Client), frames(Opcode::TEXT, 64, 10_000));
    let now = Instant::now();
    bencher
        .counter(ItemsCount::new(10_000_u32))
        .bench_local(|| receive(&mut connection, &bytes, now));
}

#[divan::bench]
fn receive_1_mib_binary(bencher: Bencher) {
    let (mut connection, bytes) = (connection(Role::Client), frames(Opcode::BINARY, MIB, 1));
    let now = Instant::now();
    bencher
        .counter(BytesCount::new(MIB))
        .bench_local(|| receive(&mut connection, &bytes, now));
}

fn send(connection: &mut Connection, kind: Kind, payload: &[u8], count: usize) {
    let sender = connection.sender();
    for _ in 0..count {
        // It is open: nothing closes it.
        let _ = sender.message(kind, black_box(payload));
        if sender.output().len() >= 256 << 10 {
            sender.written(black_box(sender.output()).len());
        }
    }
    sender.written(black_box(sender.output()).len());
}

#[divan::bench]
fn send_10000_texts_of_64_bytes(bencher: Bencher) {
    let mut connection = connection(Role::Client);
    bencher
        .counter(ItemsCount::new(10_000_u32))
        .bench_local(|| send(&mut connection, Kind::Text, &[b'x'; 64], 10_000));
}

#[divan::bench]
fn send_1_mib_binary(bencher: Bencher) {
    let (mut connection, payload) = (connection(Role::Client), vec![0x55; MIB]);
    bencher
        .counter(BytesCount::new(MIB))
        .bench_local(|| send(&mut connection, Kind::Binary, &payload, 1));
}

/// JSON whose items differ, 1 MiB of it.
fn json() -> Vec<u8> {
    let items = (0_u32..).map(|i| {
        let (id, price) = (i.wrapping_mul(2_654_435_761), i.wrapping_mul(40_503) % 9973);
        format!(
            r#"{{"id":{id},"price":{price},"in_stock":{}}},"#,
            i % 3 == 0
        )
    });
    items.flat_map(String::into_bytes).take(MIB).collect()
}

#[divan::bench]
fn deflate_1_mib_json(bencher: Bencher) {
    let (mut deflater, plain, mut out) = (Deflater::new(15, true), json(), Vec::new());
    bencher.counter(BytesCount::new(MIB)).bench_local(|| {
        out.clear();
        deflater.push(black_box(&plain), true, &mut out);
    });
}

#[divan::bench]
fn inflate_1_mib_json(bencher: Bencher) {
    let mut wire = Vec::new();
    Deflater::new(15, false).push(&json(), true, &mut wire);
    let (mut inflater, mut plain) = (Inflater::new(false), Buffer::with_capacity(0));
    bencher.counter(BytesCount::new(MIB)).bench_local(|| {
        plain.consume(plain.len());
        let taken = inflater.push(black_box(&wire), &mut plain, usize::MAX);
        taken.and_then(|_| inflater.finish(&mut plain, usize::MAX))
    });
}
