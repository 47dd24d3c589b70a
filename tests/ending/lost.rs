//! Connections that end without a closing handshake.

use crate::support::peer::scripted;
use crate::support::run::wsee;
use crate::support::wire::after_handshake;

#[test]
fn an_end_without_a_close_frame_is_abnormal() {
    let server = after_handshake(|mut wire| {
        wire.write_hex("8102 6869");
        wire.end();
    });
    wsee(&[server.url()])
        .stdin_held_open()
        .run()
        .exits(110)
        .prints("hi\n")
        .ends_with_line("abnormal closure (1006");
}

#[test]
fn an_end_within_a_frame_shows_how_much_arrived() {
    let server = after_handshake(|mut wire| {
        wire.write_hex("827e 0190 0102030405060708090a0b0c0d0e0f1011");
        wire.end();
    });
    wsee(&[server.url()])
        .run()
        .exits(110)
        .prints("")
        .ends_with_line("abnormal closure (1006")
        .says("(17 of 400 bytes)");
}

#[test]
fn a_reset_within_a_frame_shows_how_much_arrived() {
    let server = after_handshake(|mut wire| {
        wire.write_hex("8904 72656164 827e 0190 0102030405060708090a0b0c0d0e0f1011");
        // The pong shows that the client has read what came before the reset.
        wire.read_frame();
        wire.reset();
    });
    wsee(&[server.url()])
        .run()
        .exits(110)
        .ends_with_line("abnormal closure (1006")
        .says("TCP reset in the middle of a frame (17 of 400 bytes)");
}

#[test]
fn a_fragmented_message_that_is_not_finished_is_not_printed() {
    let server = after_handshake(|mut wire| {
        wire.write_hex("0102 6869");
        wire.end();
    });
    wsee(&[server.url()]).run().exits(110).prints("");
}

#[test]
fn a_peer_that_vanishes_while_input_is_sent_is_abnormal() {
    let server = scripted(|mut peer| {
        peer.receive();
    });
    wsee(&[server.url()])
        .stdin("a line\n".repeat(4 << 20))
        .run()
        .exits(110)
        .ends_with_line("abnormal closure (1006");
}
