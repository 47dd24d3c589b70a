//! Frames: lengths, masks, reserved bits and opcodes, control frames (RFC 6455 §5.1 to §5.3, §5.5).

use super::case::{
    Case, Frame, binary, case, close, continuation, frame, is_binary, is_ping, is_pong, is_text,
    ping, pong, text,
};
use super::run::hold;

const MASKS: &str = "RFC 6455 §5.1";
const FRAMES: &str = "RFC 6455 §5.2";
const CONTROL: &str = "RFC 6455 §5.5";

/// One of each kind that a peer may send at any time.
fn kinds() -> Vec<Frame> {
    vec![
        text("t"),
        binary("b"),
        ping("p"),
        pong("q"),
        close(1000, ""),
    ]
}

#[test]
fn payloads_of_every_size_arrive() {
    hold(
        [0, 1, 125, 126, 127, 128, 65_535, 65_536]
            .into_iter()
            .flat_map(|size| {
                let payload = "*".repeat(size);
                [
                    case(FRAMES, format!("text of {size} bytes"), [text(&payload)])
                        .tells([is_text(&payload)]),
                    case(
                        FRAMES,
                        format!("binary of {size} bytes"),
                        [binary(&payload)],
                    )
                    .tells([is_binary(&payload)]),
                ]
            }),
    );
}

#[test]
fn every_byte_arrives_whatever_the_masking_key() {
    let payload: Vec<u8> = (0..=255).collect();
    let keys = [
        [0; 4],
        [0xff; 4],
        [0, 0, 0, 1],
        [0x80, 0, 0, 0],
        [1, 2, 3, 4],
    ];
    hold(keys.map(|key| {
        case(
            "RFC 6455 §5.3",
            format!("key {key:?}"),
            [binary(&payload).key(key)],
        )
        .tells([is_binary(&payload)])
    }));
}

#[test]
fn lengths_that_are_not_minimal_fail() {
    let cases = [
        (16, 0),
        (16, 1),
        (16, 125),
        (64, 0),
        (64, 1),
        (64, 125),
        (64, 126),
        (64, 65_535),
    ];
    hold(cases.into_iter().flat_map(|(form, len)| {
        [
            text("*".repeat(len)),
            binary("*".repeat(len)),
            ping("*".repeat(len.min(125))),
        ]
        .map(|frame| frame.form(form))
        .map(|frame| case(FRAMES, format!("{len} in {form} bits"), [frame]).fails(1002))
    }));
}

#[test]
fn lengths_with_the_top_bit_fail() {
    hold(
        [1 << 63, (1 << 63) + 1, u64::MAX]
            .into_iter()
            .flat_map(|len| {
                kinds().into_iter().map(move |frame| {
                    case(FRAMES, format!("a length of {len}"), [frame.declares(len)]).fails(1002)
                })
            }),
    );
}

#[test]
fn lengths_above_the_limit_fail_before_the_payload_comes() {
    let lens = [
        1025,
        1 << 31,
        (1 << 32) - 1,
        1 << 32,
        (1 << 32) + 1,
        1 << 53,
        (1 << 63) - 1,
    ];
    hold(lens.into_iter().flat_map(|len| {
        [text("").declares(len), binary("").declares(len)].map(|frame| {
            case(FRAMES, format!("a length of {len}"), [text("ok"), frame])
                .limited(1024)
                .tells([is_text("ok")])
                .fails(1009)
        })
    }));
}

#[test]
fn a_message_of_exactly_the_limit_arrives() {
    let payload = "*".repeat(1024);
    let frames = [
        text(&payload[..1000]).more(),
        continuation(&payload[1000..]),
    ];
    hold([
        case(FRAMES, "one frame", [text(&payload)])
            .limited(1024)
            .tells([is_text(&payload)]),
        case(FRAMES, "two frames", frames.clone())
            .limited(1024)
            .tells([is_text(&payload)]),
        case(FRAMES, "two frames, a byte more", frames)
            .limited(1023)
            .fails(1009),
    ]);
}

#[test]
fn masks_are_for_clients_and_for_them_only() {
    let mut cases: Vec<Case> = kinds()
        .into_iter()
        .map(|frame| case(MASKS, "a frame alone", [frame.wrongly_masked()]).fails(1002))
        .collect();
    cases.extend([
        case(
            MASKS,
            "the second frame",
            [text("a"), text("b").wrongly_masked()],
        )
        .tells([is_text("a")])
        .fails(1002),
        case(
            MASKS,
            "a continuation",
            [text("a").more(), continuation("b").wrongly_masked()],
        )
        .fails(1002),
        case(MASKS, "an empty frame", [text("").wrongly_masked()]).fails(1002),
    ]);
    hold(cases);
}

#[test]
fn reserved_bits_fail_without_an_extension() {
    hold((1..8).flat_map(|bits| {
        let alone = kinds().into_iter().map(move |frame| {
            case(
                FRAMES,
                format!("bits {bits:03b}"),
                [text("ok"), frame.rsv(bits)],
            )
            .tells([is_text("ok")])
            .fails(1002)
        });
        let inside = [continuation("b").rsv(bits), ping("b").rsv(bits)].map(|frame| {
            case(
                FRAMES,
                format!("bits {bits:03b} inside"),
                [text("a").more(), frame],
            )
            .fails(1002)
        });
        alone.chain(inside)
    }));
}

#[test]
fn reserved_opcodes_fail() {
    let reserved = [3, 4, 5, 6, 7, 11, 12, 13, 14, 15];
    hold(reserved.into_iter().flat_map(|opcode| {
        let name = |what: &str| format!("opcode {opcode}, {what}");
        [
            case(FRAMES, name("empty"), [frame(opcode, "")]).fails(1002),
            case(FRAMES, name("with payload"), [frame(opcode, "reserved")]).fails(1002),
            case(FRAMES, name("without FIN"), [frame(opcode, "").more()]).fails(1002),
            case(
                FRAMES,
                name("between messages"),
                [text("a"), frame(opcode, ""), ping("")],
            )
            .tells([is_text("a")])
            .fails(1002),
            case(
                FRAMES,
                name("inside a message"),
                [text("a").more(), frame(opcode, "x"), continuation("b")],
            )
            .fails(1002),
        ]
    }));
}

#[test]
fn pings_are_answered_and_pongs_are_not() {
    let all: Vec<u8> = (0..125).map(|i| i * 2 + 5).collect();
    hold([
        case("RFC 6455 §5.5.2", "an empty ping", [ping("")]).tells([is_ping("")]),
        case("RFC 6455 §5.5.2", "a ping with text", [ping("Hello")]).tells([is_ping("Hello")]),
        case("RFC 6455 §5.5.2", "a ping of 125 bytes", [ping(&all)]).tells([is_ping(&all)]),
        case(
            "RFC 6455 §5.5.2",
            "bytes that are not UTF-8",
            [ping([0, 0xff, 0xfe])],
        )
        .tells([is_ping([0, 0xff, 0xfe])]),
        case("RFC 6455 §5.5.2", "ten pings", (0..10).map(|i| ping([i])))
            .tells((0..10).map(|i| is_ping([i]))),
        case("RFC 6455 §5.5.3", "an unsolicited pong", [pong("")]).tells([is_pong("")]),
        case("RFC 6455 §5.5.3", "a pong of 125 bytes", [pong(&all)]).tells([is_pong(&all)]),
        case(
            "RFC 6455 §5.5.3",
            "a pong and a ping",
            [pong("a"), ping("b")],
        )
        .tells([is_pong("a"), is_ping("b")]),
    ]);
}

#[test]
fn control_frames_above_125_bytes_fail() {
    hold([126, 127, 65_535, 65_536].into_iter().flat_map(|size| {
        [8, 9, 10].map(|opcode| {
            let name = format!("opcode {opcode} with {size} bytes");
            let payload = [3, 0xe8].into_iter().chain(std::iter::repeat(b'*'));
            let payload: Vec<u8> = payload.take(size).collect();
            case(CONTROL, name, [frame(opcode, payload), ping("")]).fails(1002)
        })
    }));
}

#[test]
fn fragmented_control_frames_fail() {
    hold([8, 9, 10].into_iter().flat_map(|opcode| {
        let name = format!("opcode {opcode} without FIN");
        let fragment = frame(opcode, "").more();
        [
            case(CONTROL, &name, [fragment.clone()]).fails(1002),
            case(CONTROL, &name, [fragment.clone(), continuation("")]).fails(1002),
            case(
                CONTROL,
                &name,
                [text("a").more(), fragment, continuation("b")],
            )
            .fails(1002),
        ]
    }));
}
