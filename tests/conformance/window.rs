//! Sending compressed messages: what was agreed on is kept to, bit by bit (RFC 7692 §7.1).

use std::time::Instant;

use wsee::proto::Role;
use wsee::proto::buffer::Buffer;
use wsee::proto::connection::{Config, Connection, Event};
use wsee::proto::deflate::Params;
use wsee::proto::frame::Header;
use wsee::proto::message::Kind;

use super::run::peer_of;

const BITS: std::ops::RangeInclusive<u8> = 8..=15;

fn connection(role: Role, params: Params, now: Instant) -> Connection {
    let mut config = Config::new(role);
    config.deflate = Some(params);
    Connection::new(config, Buffer::with_capacity(16), [7; 32], now)
}

/// All flags with all windows; the two ends' windows differ, so that neither is taken for the other.
fn all_params() -> impl Iterator<Item = Params> {
    let flags = [(false, false), (false, true), (true, false), (true, true)];
    flags.into_iter().flat_map(|(server, client)| {
        BITS.map(move |bits| Params {
            server_no_context_takeover: server,
            client_no_context_takeover: client,
            server_max_window_bits: bits,
            client_max_window_bits: BITS.start() + BITS.end() - bits,
        })
    })
}

/// The lowest eight bits.
fn low(number: usize) -> u8 {
    number.to_le_bytes()[0]
}

/// Messages that repeat themselves and each other at distances up to `reach`.
fn messages(reach: usize) -> Vec<Vec<u8>> {
    let block: Vec<u8> = (0..reach).map(|i| low(i * i % 251) ^ low(i / 7)).collect();
    vec![
        b"Hello".to_vec(),
        b"Hello".to_vec(),
        Vec::new(),
        block.repeat(2),
        block[..block.len() / 2].to_vec(),
        b"Hello".to_vec(),
    ]
}

/// Sends a message, and takes what is on the wire.
fn sent(from: &mut Connection, message: &[u8]) -> Vec<u8> {
    let sender = from.sender();
    sender
        .message(Kind::Binary, message)
        .expect("an open connection");
    let wire = sender.output().to_vec();
    sender.written(wire.len());
    wire
}

#[track_caller]
fn assert_receives(to: &mut Connection, wire: &[u8], message: &[u8], now: Instant) {
    let mut rest = wire;
    while !rest.is_empty() {
        let room = to.input();
        let n = room.len().min(rest.len());
        room[..n].copy_from_slice(&rest[..n]);
        to.received(n, now);
        rest = &rest[n..];
    }
    match to.poll_event(now) {
        Some((Event::Message(received), _)) => {
            assert!(received.payload == message, "another message");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn two_ends_understand_each_other_with_all_parameters() {
    let now = Instant::now();
    let messages = messages(600);
    for params in all_params() {
        for role in [Role::Client, Role::Server] {
            let mut from = connection(role, params, now);
            let mut to = connection(peer_of(role), params, now);
            for message in &messages {
                let wire = sent(&mut from, message);
                assert_receives(&mut to, &wire, message, now);
            }
        }
    }
}

#[test]
fn no_reference_reaches_beyond_the_window_that_was_agreed_on() {
    let now = Instant::now();
    for bits in BITS {
        let params = Params {
            server_no_context_takeover: false,
            client_no_context_takeover: false,
            server_max_window_bits: bits,
            client_max_window_bits: bits,
        };
        let mut from = connection(Role::Server, params, now);
        let mut stream = Vec::new();
        for message in messages(1 << (bits - 1)).iter().chain(&messages(1 << bits)) {
            let wire = sent(&mut from, message);
            let (header, size) = Header::decode(&wire).expect("a header");
            assert!(header.rsv1, "not compressed");
            stream.extend(&wire[size..]);
            stream.extend([0, 0, 0xff, 0xff]);
        }
        let farthest = Distances::new(&stream).farthest();
        assert!(farthest <= 1 << bits, "{farthest} with {bits} bits");
        assert!(
            bits == 8 || farthest > 1 << (bits - 2),
            "{bits} bits are not used"
        );
    }
}

#[test]
fn without_context_takeover_no_reference_leaves_the_message() {
    let now = Instant::now();
    let params = Params {
        server_no_context_takeover: true,
        client_no_context_takeover: false,
        server_max_window_bits: 15,
        client_max_window_bits: 15,
    };
    let mut from = connection(Role::Server, params, now);
    let first = sent(&mut from, b"Hello, Hello, Hello");
    assert_eq!(sent(&mut from, b"Hello, Hello, Hello"), first);
    let mut from = connection(Role::Client, params, now);
    let sizes = [(); 2].map(|()| sent(&mut from, b"Hello, Hello, Hello").len());
    assert!(
        sizes[1] < sizes[0],
        "the client may use its context, {sizes:?}"
    );
}

/// Reads a DEFLATE stream (RFC 1951) for the distances of its references only.
struct Distances<'a> {
    stream: &'a [u8],
    /// How many bits were read.
    at: usize,
    farthest: usize,
}

/// A canonical Huffman code (RFC 1951 §3.2.2).
struct Code {
    /// How many symbols have codes of each length.
    counts: [usize; 16],
    /// All symbols, by the length of their codes.
    symbols: Vec<usize>,
}

impl Code {
    fn new(lengths: &[u8]) -> Self {
        let of_length = |len: usize| {
            let all = lengths.iter().enumerate();
            all.filter(move |(_, other)| usize::from(**other) == len)
        };
        Self {
            counts: std::array::from_fn(|len| of_length(len).count()),
            symbols: (1..16)
                .flat_map(of_length)
                .map(|(symbol, _)| symbol)
                .collect(),
        }
    }
}

/// Extra bits of the length codes 257 to 285 (RFC 1951 §3.2.5).
const LENGTH_EXTRA: [u8; 29] = [
    0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0,
];
/// The order of the lengths of the code length codes (RFC 1951 §3.2.7).
const ORDER: [usize; 19] = [
    16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15,
];

impl<'a> Distances<'a> {
    fn new(stream: &'a [u8]) -> Self {
        Self {
            stream,
            at: 0,
            farthest: 0,
        }
    }

    /// The largest distance in the whole stream.
    fn farthest(mut self) -> usize {
        while self.at < self.stream.len() * 8 {
            let (_is_final, kind) = (self.bits(1), self.bits(2));
            match kind {
                0 => self.skip_stored(),
                1 => {
                    let lengths: Vec<u8> = (0..288)
                        .map(|i| match i {
                            144..256 => 9,
                            256..280 => 7,
                            _ => 8,
                        })
                        .collect();
                    self.block(&Code::new(&lengths), &Code::new(&[5; 30]));
                }
                _ => {
                    let (literals, distances) = self.dynamic();
                    self.block(&Code::new(&literals), &Code::new(&distances));
                }
            }
        }
        self.farthest
    }

    fn bits(&mut self, count: u8) -> usize {
        let mut value = 0;
        for i in 0..count {
            let bit = self.stream[self.at / 8] >> (self.at % 8) & 1;
            value |= usize::from(bit) << i;
            self.at += 1;
        }
        value
    }

    fn skip_stored(&mut self) {
        self.at = self.at.next_multiple_of(8);
        let len = self.bits(16);
        self.at += 16 + len * 8;
    }

    /// The next symbol (RFC 1951 §3.2.2).
    fn symbol(&mut self, code: &Code) -> usize {
        let (mut bits, mut first, mut before) = (0, 0, 0);
        for count in &code.counts[1..] {
            bits |= self.bits(1);
            if bits < first + count {
                return code.symbols[before + bits - first];
            }
            before += count;
            first = (first + count) << 1;
            bits <<= 1;
        }
        panic!("no such code");
    }

    fn dynamic(&mut self) -> (Vec<u8>, Vec<u8>) {
        let (literals, distances) = (self.bits(5) + 257, self.bits(5) + 1);
        let mut code_lengths = [0; 19];
        for &slot in &ORDER[..self.bits(4) + 4] {
            code_lengths[slot] = low(self.bits(3));
        }
        let code = Code::new(&code_lengths);
        let mut lengths = Vec::new();
        while lengths.len() < literals + distances {
            let (value, times) = match self.symbol(&code) {
                16 => (*lengths.last().expect("a length"), self.bits(2) + 3),
                17 => (0, self.bits(3) + 3),
                18 => (0, self.bits(7) + 11),
                len => (low(len), 1),
            };
            lengths.extend(std::iter::repeat_n(value, times));
        }
        let distances = lengths.split_off(literals);
        (lengths, distances)
    }

    fn block(&mut self, literals: &Code, distances: &Code) {
        loop {
            match self.symbol(literals) {
                0..256 => {}
                256 => return,
                length => {
                    self.bits(LENGTH_EXTRA[length - 257]);
                    let code = self.symbol(distances);
                    let extra = (code / 2).saturating_sub(1);
                    let base = if code < 4 {
                        code
                    } else {
                        (2 + code % 2) << extra
                    };
                    let distance = base + 1 + self.bits(low(extra));
                    self.farthest = self.farthest.max(distance);
                }
            }
        }
    }
}
