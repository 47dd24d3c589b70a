//! The closing handshake: codes, reasons, and what comes after a Close frame (RFC 6455 §5.5.1, §7).

use super::case::{Case, Frame, case, close, frame, is_text, ping, text};
use super::run::hold;

const CLOSE: &str = "RFC 6455 §5.5.1";
const CODES: &str = "RFC 6455 §7.4";

#[test]
fn codes_that_may_be_sent_are_echoed() {
    let codes = [
        1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000,
        4999,
    ];
    hold(codes.map(|code| case(CODES, code.to_string(), [close(code, "")]).closes(Some(code))));
}

#[test]
fn codes_that_must_not_be_sent_fail() {
    let codes = [
        0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 1999, 2000, 2999, 5000, 9999, 65_535,
    ];
    hold(codes.into_iter().flat_map(|code| {
        ["", "reason"]
            .map(|reason| case(CODES, code.to_string(), [close(code, reason)]).fails(1002))
    }));
}

#[test]
fn bodies_are_empty_or_start_with_a_code() {
    hold([
        case(CLOSE, "empty", [frame(8, "")]).closes(None),
        case(CLOSE, "one byte", [frame(8, [3])]).fails(1002),
        case(CLOSE, "a code alone", [close(1000, "")]).closes(Some(1000)),
        case(CLOSE, "with a reason", [close(1000, "Hello World!")]).closes(Some(1000)),
        case(
            CLOSE,
            "a reason of 123 bytes",
            [close(1000, "*".repeat(123))],
        )
        .closes(Some(1000)),
        case(
            "RFC 6455 §5.5",
            "a reason of 124 bytes",
            [close(1000, "*".repeat(124))],
        )
        .fails(1002),
    ]);
}

#[test]
fn reasons_have_to_be_utf8() {
    hold([
        case("RFC 6455 §8.1", "a character", [close(1000, "ä€😀")]).closes(Some(1000)),
        case(
            "RFC 6455 §8.1",
            "a surrogate",
            [close(1000, b"\xce\xba\xed\xa0\x80ed")],
        )
        .fails(1007),
        case(
            "RFC 6455 §8.1",
            "an unfinished character",
            [close(1000, b"\xc3")],
        )
        .fails(1007),
        case(
            "RFC 6455 §8.1",
            "a byte that never is",
            [close(4000, b"\xff")],
        )
        .fails(1007),
    ]);
}

#[test]
fn nothing_counts_after_a_close_frame() {
    let after: [(&str, Vec<Frame>); 6] = [
        ("a text", vec![text("late")]),
        ("a ping", vec![ping("late")]),
        ("another close", vec![close(1001, "")]),
        ("a close that breaks rules", vec![close(999, "")]),
        ("a reserved opcode", vec![frame(3, "")]),
        ("a frame that is not finished", vec![text("").declares(100)]),
    ];
    hold(after.into_iter().flat_map(|(name, late)| -> [Case; 2] {
        let frames = |first: Frame| [text("a"), first].into_iter().chain(late.clone());
        [
            case(CLOSE, name, frames(close(1000, "")))
                .tells([is_text("a")])
                .closes(Some(1000)),
            case(CODES, name, frames(close(1005, "")))
                .tells([is_text("a")])
                .fails(1002),
        ]
    }));
}
