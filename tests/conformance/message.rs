//! Fragmented messages, and control frames inside them (RFC 6455 §5.4).

use super::case::{
    Case, binary, case, close, continuation, is_binary, is_ping, is_pong, is_text, ping, pong, text,
};
use super::run::hold;

const FRAGMENTS: &str = "RFC 6455 §5.4";

fn fragments(name: &str, frames: impl IntoIterator<Item = super::case::Frame>) -> Case {
    case(FRAGMENTS, name, frames)
}

#[test]
fn fragments_become_one_message() {
    hold([
        fragments("two", [text("Hel").more(), continuation("lo")]).tells([is_text("Hello")]),
        fragments(
            "three",
            [
                text("a").more(),
                continuation("b").more(),
                continuation("c"),
            ],
        )
        .tells([is_text("abc")]),
        fragments("binary", [binary([0]).more(), continuation([0xff])])
            .tells([is_binary([0, 0xff])]),
        fragments(
            "all empty",
            [text("").more(), continuation("").more(), continuation("")],
        )
        .tells([is_text("")]),
        fragments("an empty start", [text("").more(), continuation("a")]).tells([is_text("a")]),
        fragments("an empty end", [text("a").more(), continuation("")]).tells([is_text("a")]),
        fragments(
            "an empty middle",
            [text("a").more(), continuation("").more(), continuation("b")],
        )
        .tells([is_text("ab")]),
        fragments(
            "two messages",
            [
                text("a").more(),
                continuation("b"),
                binary("c").more(),
                continuation("d"),
            ],
        )
        .tells([is_text("ab"), is_binary("cd")]),
        fragments(
            "of all sizes",
            [
                binary(vec![1; 125]).more(),
                continuation(vec![2; 65_535]).more(),
                continuation(vec![3; 65_536]),
            ],
        )
        .tells([is_binary(
            [vec![1; 125], vec![2; 65_535], vec![3; 65_536]].concat(),
        )]),
    ]);
}

#[test]
fn a_thousand_fragments_become_one_message() {
    let middle = (0..998).map(|_| continuation("*").more());
    let frames = [text("*").more()]
        .into_iter()
        .chain(middle)
        .chain([continuation("*")]);
    hold([fragments("1000 of one byte", frames).tells([is_text("*".repeat(1000))])]);
}

#[test]
fn control_frames_may_come_between_fragments() {
    hold([
        fragments("a ping", [text("a").more(), ping("p"), continuation("b")])
            .tells([is_ping("p"), is_text("ab")]),
        fragments("a pong", [text("a").more(), pong("p"), continuation("b")])
            .tells([is_pong("p"), is_text("ab")]),
        fragments(
            "pings in every gap",
            [
                text("a").more(),
                ping("1"),
                continuation("b").more(),
                ping("2"),
                continuation("c"),
                ping("3"),
            ],
        )
        .tells([is_ping("1"), is_ping("2"), is_text("abc"), is_ping("3")]),
        fragments(
            "a ping in a character",
            [text([0xc3]).more(), ping(""), continuation([0xa4])],
        )
        .tells([is_ping(""), is_text("ä")]),
        fragments(
            "a close",
            [text("a").more(), close(1000, ""), continuation("b")],
        )
        .closes(Some(1000)),
    ]);
}

#[test]
fn continuations_of_nothing_fail() {
    hold([
        fragments("with FIN", [continuation("x")]).fails(1002),
        fragments("without FIN", [continuation("x").more()]).fails(1002),
        fragments("empty", [continuation("")]).fails(1002),
        fragments("before a message", [continuation("x"), text("a")]).fails(1002),
        fragments("after a whole message", [text("a"), continuation("x")])
            .tells([is_text("a")])
            .fails(1002),
        fragments(
            "after a fragmented message",
            [text("a").more(), continuation("b"), continuation("x")],
        )
        .tells([is_text("ab")])
        .fails(1002),
        fragments(
            "after a ping",
            [ping("p"), continuation("x").more(), text("a")],
        )
        .tells([is_ping("p")])
        .fails(1002),
    ]);
}

#[test]
fn a_message_inside_another_fails() {
    hold([
        fragments("text in text", [text("a").more(), text("b")]).fails(1002),
        fragments("binary in text", [text("a").more(), binary("b")]).fails(1002),
        fragments("text in binary", [binary("a").more(), text("b").more()]).fails(1002),
        fragments("after an empty start", [text("").more(), text("")]).fails(1002),
        fragments("after a ping", [text("a").more(), ping("p"), text("b")])
            .tells([is_ping("p")])
            .fails(1002),
        fragments(
            "after a continuation",
            [text("a").more(), continuation("b").more(), text("c")],
        )
        .fails(1002),
        fragments(
            "after a whole message",
            [text("a"), text("b").more(), text("c")],
        )
        .tells([is_text("a")])
        .fails(1002),
    ]);
}

#[test]
fn unfinished_messages_are_not_reported() {
    hold([
        fragments("a header", [text("").declares(5)]),
        fragments("a frame", [text("Hel").declares(5)]),
        fragments("a message", [text("Hello").more()]),
        fragments("a ping", [ping("Hel").declares(5)]),
        fragments("after a message", [text("a"), binary("b").more()]).tells([is_text("a")]),
    ]);
}
