//! Closing handshakes.

use std::time::Duration;

use crate::support::output::Output;
use crate::support::peer::{Peer, scripted};
use crate::support::run::wsee;
use crate::support::wire::{CLOSE, after_handshake};

/// Runs wsee against a server that takes a message, sends two and closes.
#[track_caller]
fn closed_with(code: u16, reason: &'static str) -> Output {
    let server = scripted(move |mut peer: Peer| {
        peer.expect("hello");
        peer.send("one");
        peer.send("two");
        peer.close(code, reason)
    });
    let output = wsee(&[server.url()]).stdin("hello\n").run();
    let answer = server.finish().close.map(|(code, _)| code);
    assert_eq!(answer, Some(code), "the answer to the Close frame");
    output.prints("one\ntwo\n")
}

#[test]
fn closes_without_an_error_exit_0() {
    closed_with(1000, "")
        .exits(0)
        .ends_with_line("closed by server: 1000 ");
    closed_with(1001, "")
        .exits(0)
        .ends_with_line("closed by server: 1001 going away");
}

#[test]
fn closes_with_an_error_exit_111() {
    closed_with(1011, "")
        .exits(111)
        .ends_with_line("closed by server: 1011 ");
    closed_with(4001, "token").exits(111).says("4001");
}

#[test]
fn the_last_line_shows_code_reason_time_and_counts() {
    let output = closed_with(1008, "token expired").exits(111);
    let line = output.last_line();
    let start = "closed by server: 1008 policy violation \"token expired\" after ";
    assert!(line.starts_with(start), "{line}");
    assert!(line.ends_with("s (1 sent, 2 received)"), "{line}");
}

#[test]
fn a_reason_cannot_command_the_terminal() {
    let output = closed_with(1008, "\x1b[2Jhi\r\nclosed by server: 1000\u{202e}").exits(111);
    assert!(
        !output.stderr.contains(['\x1b', '\r', '\u{202e}']),
        "{:?}",
        output.stderr
    );
    output.ends_with_line("closed by server: 1008 policy violation \"\\x1b[2Jhi");
}

#[test]
fn a_close_without_a_code_exits_0_and_1005_is_said_to_be_local() {
    let server = after_handshake(|mut wire| {
        wire.write_hex("8800");
        wire.read_frame()
    });
    wsee(&[server.url()])
        .run()
        .exits(0)
        .ends_with_line("closed by server");
    let answer = server.finish();
    assert_eq!(
        (answer.opcode, answer.payload.as_slice()),
        (CLOSE, &b""[..])
    );
}

#[test]
fn the_last_line_shows_that_we_closed() {
    let server = scripted(Peer::record);
    let output = wsee(&[server.url(), "--wait", "0"])
        .stdin("a\nb\n")
        .run()
        .exits(0);
    let line = output.last_line();
    assert!(line.starts_with("closed"), "{line}");
    assert!(line.contains("1000"), "{line}");
    assert!(line.ends_with("(2 sent, 0 received)"), "{line}");
}

#[test]
fn a_close_that_is_not_answered_is_abnormal() {
    let server = after_handshake(|mut wire| {
        let frames = wire.read_to_close();
        wire.wait_for_end();
        frames.len()
    });
    wsee(&[server.url(), "--wait", "0", "--close-timeout", "300ms"])
        .stdin("a\n")
        .run()
        .exits(110)
        .within(Duration::from_secs(3));
    assert_eq!(server.finish(), 2);
}

#[test]
fn a_server_that_keeps_the_connection_after_the_closing_handshake_is_left() {
    let server = after_handshake(|mut wire| {
        wire.write_hex("8802 03e8");
        wire.read_to_close();
        wire.wait_for_end();
    });
    wsee(&[server.url(), "--close-timeout", "300ms"])
        .run()
        .exits(0)
        .within(Duration::from_secs(3));
}

#[test]
fn a_message_after_the_close_frame_is_not_printed() {
    let server = after_handshake(|mut wire| {
        wire.write_hex("8101 61 8802 03e8 8101 62");
        wire.read_to_close();
    });
    wsee(&[server.url()]).run().exits(0).prints("a\n");
}

#[test]
fn a_close_within_a_fragmented_message_is_an_error() {
    let server = after_handshake(|mut wire| {
        wire.write_hex("0101 61 8802 03e8");
        wire.read_to_close();
    });
    wsee(&[server.url()])
        .run()
        .exits(111)
        .prints("")
        .ends_with_line("closed by server in the middle of a fragmented message: 1000");
}
