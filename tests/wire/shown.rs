//! `-vv`: a line for every frame.

use crate::support::output::Output;
use crate::support::run::wsee;
use crate::support::wire::{Wire, after_deflating_handshake, after_handshake};

/// Lines about frames, from the arrow on.
fn frame_lines(output: &Output) -> Vec<String> {
    let lines = output.stderr.lines();
    lines
        .filter_map(|line| {
            let (_, after) = line
                .split_once(" frame ")
                .filter(|(start, _)| start.ends_with(['→', '←']))?;
            let arrow = if line.contains('→') { '→' } else { '←' };
            Some(format!("{arrow} {after}"))
        })
        .collect()
}

/// Claims that the lines about frames start like `expected`.
#[track_caller]
fn shows(output: &Output, expected: &[&str]) {
    let lines = frame_lines(output);
    let fits = lines.len() == expected.len()
        && lines
            .iter()
            .zip(expected)
            .all(|(line, start)| line.starts_with(start));
    assert!(
        fits,
        "{lines:#?}\nexpected {expected:#?}; stderr:\n{}",
        output.stderr
    );
}

/// Sends `hex` and a Close.
fn sending(hex: &'static str) -> impl FnOnce(Wire) {
    move |mut wire| {
        wire.write_hex(hex);
        wire.write_hex("8802 03e8");
        wire.read_to_close();
    }
}

#[test]
fn received_fragments_and_control_frames_between_them_have_lines() {
    let server = after_handshake(sending("0101 61 8901 70 8a00 8001 62"));
    let output = wsee(&[server.url(), "-vv"]).run().exits(0).prints("ab\n");
    shows(
        &output,
        &[
            "← text, no mask, 1 B (7-bit), header 01 01 at offset 0",
            "← FIN ping, no mask, 1 B (7-bit), header 89 01 at offset 3",
            "→ FIN pong, mask ",
            "← FIN pong, no mask, 0 B (7-bit), header 8a 00 at offset 6",
            "← FIN continuation, no mask, 1 B (7-bit), header 80 01 at offset 8",
            "← FIN close, no mask, 2 B (7-bit), header 88 02 at offset 11",
            "→ FIN close, mask ",
        ],
    );
}

#[test]
fn compressed_frames_show_rsv1_and_both_sizes() {
    let server = after_deflating_handshake(sending("c107 f248cdc9c90700"));
    let output = wsee(&[server.url(), "-vv"])
        .run()
        .exits(0)
        .prints("Hello\n");
    shows(
        &output,
        &[
            "← FIN RSV1 text, no mask, 7 B (7-bit), header c1 07 at offset 0",
            "← FIN close",
            "→ FIN close",
        ],
    );
    output.says("text 5 B (deflate 7 B)");
}

#[test]
fn a_length_that_is_not_minimal_is_flagged() {
    let server = after_handshake(sending("817e 0002 6869"));
    let output = wsee(&[server.url(), "-vv", "--lenient"])
        .run()
        .exits(0)
        .prints("hi\n");
    shows(
        &output,
        &[
            "← FIN text, no mask, 2 B (16-bit, not minimal), header 81 7e 00 02 at offset 0",
            "← FIN close",
            "→ FIN close",
        ],
    );
}

#[test]
fn sent_frames_have_lines_with_reserved_opcodes_by_number() {
    let server = after_handshake(|mut wire| {
        wire.read_bytes(7 + 7 + 6 + 12);
        wire.write_hex("8802 03e8");
        wire.read_to_close();
    });
    let commands = "/fragment 2 ab\n/frame opcode=11 rsv2=1 mask=01020304 \"\"\n\
        /frame opcode=3 lenform=64 mask=off \"hi\"\n";
    let output = wsee(&[server.url(), "-vv", "--commands"])
        .stdin(commands)
        .run();
    shows(
        &output,
        &[
            "→ text, mask ",
            "→ FIN continuation, mask ",
            "→ FIN RSV2 reserved opcode 11, mask 01020304, 0 B (7-bit), header ab 80 01 02 03 04 at offset 14",
            "→ FIN reserved opcode 3, no mask, 2 B (64-bit, not minimal), header 83 7f 00 00 00 00 00 00 00 02 at offset 20",
            "← FIN close",
            "→ FIN close",
        ],
    );
}

#[test]
fn a_frame_that_breaks_a_rule_is_shown_with_its_bytes() {
    let server = after_handshake(|mut wire| {
        wire.write_hex("8b02 6869");
        wire.read_to_close();
    });
    wsee(&[server.url(), "-vv"])
        .run()
        .exits(113)
        .says("opcode 11 is reserved (RFC 6455 §5.2); bytes 8b 02 at offset 0");
}
