//! Receiving compressed messages (RFC 7692 §6, §7.2).

use flate2::{Compress, Compression, FlushCompress};
use wsee::proto::deflate::Params;

use super::case::{
    Case, Frame, binary, bytes, case, close, continuation, deflated, is_binary, is_ping, is_text,
    ping, pong, text,
};
use super::run::hold;

const BIT: &str = "RFC 7692 §6.1";
const INFLATE: &str = "RFC 7692 §7.2.2";
const EXAMPLES: &str = "RFC 7692 §7.2.3";

/// RSV1.
const COMPRESSED: u8 = 0b100;
/// "Hello" as in RFC 7692 §7.2.3.1.
const HELLO: &str = "f248cdc9c90700";
/// The same again, as a reference to the first one (RFC 7692 §7.2.3.2).
const HELLO_AGAIN: &str = "f200110000";

fn params() -> Params {
    Params {
        server_no_context_takeover: false,
        client_no_context_takeover: false,
        server_max_window_bits: 15,
        client_max_window_bits: 15,
    }
}

fn no_takeover() -> Params {
    Params {
        server_no_context_takeover: true,
        client_no_context_takeover: true,
        ..params()
    }
}

/// A case with context takeover.
fn inflates(section: &'static str, name: &str, frames: impl IntoIterator<Item = Frame>) -> Case {
    case(section, name, frames).with(params())
}

/// Compresses messages as zlib does.
struct Peer(Compress);

impl Peer {
    fn new(window_bits: u8) -> Self {
        Self(Compress::new_with_window_bits(
            Compression::default(),
            false,
            window_bits,
        ))
    }

    fn deflate(&mut self, payload: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(payload.len() + 100);
        self.0
            .compress_vec(payload, &mut out, FlushCompress::Sync)
            .expect("room enough");
        out.truncate(out.len() - 4);
        out
    }
}

fn deflate(payload: impl AsRef<[u8]>) -> Vec<u8> {
    Peer::new(15).deflate(payload.as_ref())
}

/// Text that repeats itself at many distances.
fn long_text() -> String {
    let lines = (0..600u32).map(|i| format!("{} and {}; ", i * i % 977, i % 89));
    lines.collect()
}

#[test]
fn the_examples_of_rfc7692_arrive() {
    let hello = [is_text("Hello")];
    hold([
        inflates(EXAMPLES, "§7.2.3.1, one frame", [deflated(HELLO)]).tells(hello.clone()),
        inflates(
            EXAMPLES,
            "§7.2.3.1, two fragments",
            [deflated("f248cd").more(), continuation(bytes("c9c90700"))],
        )
        .tells(hello.clone()),
        inflates(
            EXAMPLES,
            "§7.2.3.2, shared window",
            [deflated(HELLO), deflated(HELLO_AGAIN)],
        )
        .tells([is_text("Hello"), is_text("Hello")]),
        inflates(
            EXAMPLES,
            "§7.2.3.3, no compression",
            [deflated("000500faff48656c6c6f00")],
        )
        .tells(hello.clone()),
        inflates(EXAMPLES, "§7.2.3.4, BFINAL", [deflated("f348cdc9c9070000")]).tells(hello.clone()),
        inflates(
            EXAMPLES,
            "§7.2.3.5, two blocks",
            [deflated("f2480500 0000ffff cac9c90700")],
        )
        .tells(hello.clone()),
        inflates(EXAMPLES, "§7.2.3.6, an empty message", [deflated("00")]).tells([is_text("")]),
    ]);
}

#[test]
fn unusual_ends_of_a_message_are_understood() {
    let hello = [is_text("Hello")];
    hold([
        inflates(
            INFLATE,
            "an empty fixed block too many",
            [deflated("f248cdc9c9070800")],
        )
        .tells(hello.clone()),
        inflates(
            INFLATE,
            "the tail was left in",
            [deflated("f248cdc9c907000000ffff")],
        )
        .tells(hello.clone()),
        inflates(INFLATE, "no byte at all", [deflated("")]).tells([is_text("")]),
        inflates(
            INFLATE,
            "empty between others",
            [deflated(HELLO), deflated("00"), deflated(HELLO_AGAIN)],
        )
        .tells([is_text("Hello"), is_text(""), is_text("Hello")]),
        inflates(INFLATE, "an empty block as fixed codes", [deflated("0200")]).tells([is_text("")]),
    ]);
}

#[test]
fn a_deflate_stream_that_ends_is_followed_by_a_new_one() {
    let twice = [is_text("Hello"), is_text("Hello")];
    let bfinal = "f348cdc9c9070000";
    hold([
        inflates(
            EXAMPLES,
            "BFINAL twice",
            [deflated(bfinal), deflated(bfinal)],
        )
        .tells(twice.clone()),
        inflates(
            EXAMPLES,
            "BFINAL, then others",
            [deflated(bfinal), deflated(HELLO)],
        )
        .tells(twice.clone()),
        inflates(
            EXAMPLES,
            "a reference over BFINAL",
            [deflated(bfinal), deflated(HELLO_AGAIN)],
        )
        .tells(twice.clone()),
        case(
            EXAMPLES,
            "BFINAL without takeover",
            [deflated(bfinal), deflated(bfinal)],
        )
        .with(no_takeover())
        .tells(twice),
        inflates(
            EXAMPLES,
            "BFINAL without the byte after it",
            [deflated("f348cdc9c90700")],
        )
        .tells([is_text("Hello")]),
        inflates(
            EXAMPLES,
            "a block after BFINAL",
            [deflated("f348cdc9c90700 f248cdc9c90700")],
        )
        .tells([is_text("HelloHello")]),
    ]);
}

#[test]
fn without_context_takeover_every_message_starts_empty() {
    let twice = [is_text("Hello"), is_text("Hello")];
    hold([
        case(
            INFLATE,
            "the same twice",
            [deflated(HELLO), deflated(HELLO)],
        )
        .with(no_takeover())
        .tells(twice),
        case(
            INFLATE,
            "a reference to what is gone",
            [deflated(HELLO), deflated(HELLO_AGAIN)],
        )
        .with(no_takeover())
        .tells([is_text("Hello")])
        .fails(1007),
    ]);
}

#[test]
fn every_window_is_read() {
    let long = long_text();
    let cases = (9..=15).flat_map(|bits| {
        let limited = |params: Params| Params {
            server_max_window_bits: bits,
            client_max_window_bits: bits,
            ..params
        };
        let mut peer = Peer::new(bits);
        let both = [(); 2]
            .map(|()| peer.deflate(long.as_bytes()))
            .map(|data| text(data).rsv(COMPRESSED));
        let apart = [(); 2]
            .map(|()| Peer::new(bits).deflate(long.as_bytes()))
            .map(|data| text(data).rsv(COMPRESSED));
        let told = [is_text(&long), is_text(&long)];
        [
            inflates(INFLATE, &format!("{bits} bits"), both)
                .with(limited(params()))
                .tells(told.clone()),
            inflates(INFLATE, &format!("{bits} bits, no takeover"), apart)
                .with(limited(no_takeover()))
                .tells(told),
        ]
    });
    hold(cases);
}

#[test]
fn payloads_of_every_size_arrive() {
    hold(
        [0, 1, 125, 126, 127, 128, 1000, 65_535, 65_536, 131_072].map(|size| {
            let payload: Vec<u8> = (0..size)
                .map(|i: u32| (i.wrapping_mul(i) / 1000).to_le_bytes()[0])
                .collect();
            let frame = binary(deflate(&payload)).rsv(COMPRESSED);
            inflates(INFLATE, &format!("{size} bytes"), [frame]).tells([is_binary(&payload)])
        }),
    );
}

#[test]
fn fragments_are_inflated_as_one_message() {
    let long = long_text();
    let data = deflate(&long);
    let bytewise = |data: &[u8]| {
        let rest: Vec<Frame> = data[1..]
            .iter()
            .map(|byte| continuation([*byte]).more())
            .collect();
        let first = text(&data[..1]).rsv(COMPRESSED).more();
        [first].into_iter().chain(rest).chain([continuation("")])
    };
    let (start, end) = data.split_at(data.len() / 3);
    hold([
        inflates(BIT, "frames of one byte", bytewise(&bytes(HELLO))).tells([is_text("Hello")]),
        inflates(
            BIT,
            "an empty start",
            [deflated("").more(), continuation(bytes(HELLO))],
        )
        .tells([is_text("Hello")]),
        inflates(
            BIT,
            "an empty end",
            [deflated(HELLO).more(), continuation("")],
        )
        .tells([is_text("Hello")]),
        inflates(
            BIT,
            "only empty frames",
            [
                deflated("").more(),
                continuation("").more(),
                continuation(""),
            ],
        )
        .tells([is_text("")]),
        inflates(
            BIT,
            "control frames in between",
            [
                text(start).rsv(COMPRESSED).more(),
                ping("p"),
                continuation(end).more(),
                ping("q"),
                continuation(""),
            ],
        )
        .tells([is_ping("p"), is_ping("q"), is_text(&long)]),
    ]);
}

#[test]
fn plain_messages_may_come_between_compressed_ones() {
    hold([
        inflates(BIT, "a plain one alone", [text("plain")]).tells([is_text("plain")]),
        inflates(
            BIT,
            "the window stays",
            [
                deflated(HELLO),
                text("plain"),
                binary("plain"),
                deflated(HELLO_AGAIN),
            ],
        )
        .tells([
            is_text("Hello"),
            is_text("plain"),
            is_binary("plain"),
            is_text("Hello"),
        ]),
        inflates(
            BIT,
            "a plain one in fragments",
            [deflated(HELLO), text("a").more(), continuation("b")],
        )
        .tells([is_text("Hello"), is_text("ab")]),
    ]);
}

#[test]
fn the_bit_belongs_on_the_first_frame_of_a_message() {
    hold([
        inflates(
            BIT,
            "on a continuation",
            [
                deflated("f248cd").more(),
                continuation(bytes("c9c90700")).rsv(COMPRESSED),
            ],
        )
        .fails(1002),
        inflates(
            BIT,
            "on a plain one's continuation",
            [text("a").more(), continuation("b").rsv(COMPRESSED)],
        )
        .fails(1002),
        inflates(BIT, "on a ping", [ping("a").rsv(COMPRESSED)]).fails(1002),
        inflates(BIT, "on a pong", [pong("a").rsv(COMPRESSED)]).fails(1002),
        inflates(BIT, "on a close", [close(1000, "").rsv(COMPRESSED)]).fails(1002),
        inflates(
            BIT,
            "on a ping in a message",
            [deflated("f248cd").more(), ping("a").rsv(COMPRESSED)],
        )
        .fails(1002),
        case("RFC 6455 §5.2", "without agreement", [deflated(HELLO)]).fails(1002),
    ]);
    hold([0b010, 0b001, 0b011, 0b110, 0b101, 0b111].map(|bits| {
        let frame = text(bytes(HELLO)).rsv(bits);
        inflates("RFC 6455 §5.2", &format!("bits {bits:03b}"), [frame]).fails(1002)
    }));
}

#[test]
fn invalid_deflate_data_fails() {
    hold(
        [
            ("a block of type 3", "07"),
            ("noise", "ffffffff"),
            ("a stored block whose length is wrong", "00050000004865"),
            ("a reference before the start", HELLO_AGAIN),
            (
                "a good block, then one of type 3",
                "f248cdc9c907000000ffff07",
            ),
            ("codes that are too many", "04fe ffffffffffffffff"),
        ]
        .map(|(name, hex)| inflates(INFLATE, name, [deflated(hex)]).fails(1007)),
    );
}

#[test]
fn compressed_text_has_to_be_utf8() {
    let utf8 = "RFC 6455 §8.1";
    let bad = text(deflate(b"ok\xed\xa0\x80")).rsv(COMPRESSED);
    let unfinished = text(deflate(b"ok\xc3")).rsv(COMPRESSED);
    let data = deflate("ä".repeat(100));
    let (start, end) = data.split_at(2);
    hold([
        inflates(utf8, "a surrogate", [bad.clone()]).fails(1007),
        inflates(utf8, "an unfinished character", [unfinished]).fails(1007),
        inflates(utf8, "in a message that goes on", [bad.more()]).fails(1007),
        inflates(
            utf8,
            "fragments",
            [text(start).rsv(COMPRESSED).more(), continuation(end)],
        )
        .tells([is_text("ä".repeat(100))]),
    ]);
}

#[test]
fn the_limit_counts_inflated_bytes() {
    let data = deflate(vec![b'*'; 10_000]);
    let frame = || binary(&data).rsv(COMPRESSED);
    let (start, end) = data.split_at(data.len() / 2);
    let fragments = [binary(start).rsv(COMPRESSED).more(), continuation(end)];
    hold([
        inflates(INFLATE, "exactly", [frame()])
            .limited(10_000)
            .tells([is_binary(vec![b'*'; 10_000])]),
        inflates(INFLATE, "a byte more", [frame()])
            .limited(9_999)
            .fails(1009),
        inflates(INFLATE, "much more", [frame()])
            .limited(10)
            .fails(1009),
        inflates(INFLATE, "in fragments", fragments)
            .limited(9_999)
            .fails(1009),
    ]);
}
