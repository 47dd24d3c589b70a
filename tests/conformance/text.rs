//! Text has to be UTF-8, and is refused at the first byte that cannot be (RFC 6455 §8.1).

use super::case::{Case, bytes, case, continuation, is_ping, is_text, ping, text};
use super::run::hold;

const UTF8: &str = "RFC 6455 §8.1";

/// Texts that are UTF-8: first and last of each length, the borders of the surrogates, noncharacters.
const VALID: &[&str] = &[
    "48656c6c6f2dc2b540c39fc3b6c3a4c3bcc3a0c3a12d5554462d382121",
    "cebae1bdb9cf83cebcceb5",
    "00",
    "7f",
    "c280",
    "dfbf",
    "e0a080",
    "efbfbf",
    "f0908080",
    "f48fbfbf",
    "ed9fbf",
    "ee8080",
    "efbfbd",
    "efbfbe",
    "f09fbfbe",
    "f48fbfbe",
    "efb790",
    "f0aa9abb",
];

/// Sequences that are not UTF-8, at whatever follows.
const INVALID: &[&str] = &[
    // Continuation bytes alone.
    "80",
    "bf",
    "80bf",
    "80bf80bf80bf",
    // Starts without what has to follow.
    "c020",
    "c320",
    "df20",
    "e020",
    "e1a020",
    "ef20",
    "f020",
    "f0908020",
    "f490",
    "f820",
    "fc20",
    // Bytes that never stand in UTF-8.
    "c0",
    "c1",
    "f5",
    "f8888080 80",
    "fc8480808080",
    "fe",
    "ff",
    "fefeffff",
    // Overlong forms.
    "c0af",
    "c1bf",
    "e080af",
    "e09fbf",
    "f08080af",
    "f08fbfbf",
    "f8808080af",
    "f887bfbfbf",
    "fc80808080af",
    "c080",
    "e08080",
    "f0808080",
    // Surrogates, alone and in pairs.
    "eda080",
    "edadbf",
    "edae80",
    "edafbf",
    "edb080",
    "edbe80",
    "edbfbf",
    "eda080edb080",
    "edafbfedbfbf",
    // Beyond U+10FFFF.
    "f4908080",
    "f7bfbfbf",
    "fbbfbfbfbf",
    "fdbfbfbfbfbf",
];

/// Characters whose end is missing.
const UNFINISHED: &[&str] = &[
    "c3", "df", "e0a0", "e1", "ed9f", "efbf", "f0", "f090", "f09080", "f48fbf",
];

/// The text in frames of one byte each.
fn bytewise(name: String, payload: &[u8]) -> Case {
    let last = payload.len() - 1;
    let frames = payload.iter().enumerate().map(|(i, byte)| {
        let frame = if i == 0 {
            text([*byte])
        } else {
            continuation([*byte])
        };
        if i == last { frame } else { frame.more() }
    });
    case(UTF8, name, frames)
}

#[test]
fn valid_text_arrives_in_one_frame_and_in_many() {
    hold(VALID.iter().flat_map(|hex| {
        let payload = bytes(hex);
        let told = [is_text(&payload)];
        [
            case(UTF8, *hex, [text(&payload)]).tells(told.clone()),
            bytewise(format!("{hex} in fragments"), &payload).tells(told),
        ]
    }));
}

#[test]
fn invalid_text_fails_in_one_frame_and_in_many() {
    hold(INVALID.iter().chain(UNFINISHED).flat_map(|hex| {
        let payload = [b"ok", &bytes(hex)[..]].concat();
        [
            case(UTF8, *hex, [text(&payload), ping("")]).fails(1007),
            bytewise(format!("{hex} in fragments"), &payload).fails(1007),
        ]
    }));
}

#[test]
fn invalid_text_fails_before_the_rest_of_the_frame_or_message_comes() {
    hold(INVALID.iter().flat_map(|hex| {
        let payload = [b"ok", &bytes(hex)[..]].concat();
        [
            case(
                UTF8,
                format!("{hex} in a frame that goes on"),
                [text(&payload).declares(1000)],
            ),
            case(
                UTF8,
                format!("{hex} in a message that goes on"),
                [text(&payload).more()],
            ),
            case(
                UTF8,
                format!("{hex} in a continuation that goes on"),
                [
                    text("ok").more(),
                    ping("p"),
                    continuation(&payload).more().declares(70_000),
                ],
            )
            .tells([is_ping("p")]),
        ]
        .map(|case| case.fails(1007))
    }));
}

#[test]
fn an_unfinished_character_waits_for_its_end() {
    hold(UNFINISHED.iter().flat_map(|hex| {
        let payload = bytes(hex);
        [
            case(
                UTF8,
                format!("{hex} in a frame that goes on"),
                [text(&payload).declares(1000)],
            ),
            case(
                UTF8,
                format!("{hex} in a message that goes on"),
                [text(&payload).more()],
            ),
            case(
                UTF8,
                format!("{hex} at the end"),
                [text(&payload).more(), continuation("")],
            )
            .fails(1007),
        ]
    }));
}

#[test]
fn a_new_message_starts_with_no_character_under_way() {
    hold([
        case(UTF8, "after a whole one", [text("ä"), text([0xa4])])
            .tells([is_text("ä")])
            .fails(1007),
        case(
            UTF8,
            "after a fragmented one",
            [text("ä").more(), continuation("ö"), text("ü")],
        )
        .tells([is_text("äö"), is_text("ü")]),
    ]);
}
