//! Time limits, pings and pongs.

use std::thread::sleep;
use std::time::Duration;

use crate::support::peer::{Message, echoing, recording, scripted};
use crate::support::run::wsee;
use crate::support::wire::{PING, PONG, Wire, after_handshake, before_handshake};

#[test]
fn max_time_ends_the_run_with_28() {
    let server = recording();
    wsee(&[server.url(), "--max-time", "300ms"])
        .stdin_held_open()
        .run()
        .exits(28)
        .within(Duration::from_secs(2));
    assert!(server.finish().is_closed);
}

#[test]
fn max_time_counts_from_the_start_of_the_handshake() {
    let server = before_handshake(Wire::wait_for_end);
    wsee(&[server.url(), "--max-time", "300ms"])
        .run()
        .exits(28)
        .within(Duration::from_secs(2));
}

#[test]
fn max_time_does_not_wait_for_a_server_that_does_not_answer_the_close() {
    let server = after_handshake(Wire::wait_for_end);
    wsee(&[server.url(), "--max-time", "300ms"])
        .run()
        .exits(28)
        .within(Duration::from_secs(3));
}

#[test]
fn idle_timeout_ends_the_run_with_28() {
    let server = recording();
    wsee(&[server.url(), "--idle-timeout", "300ms"])
        .stdin_held_open()
        .run()
        .exits(28)
        .within(Duration::from_secs(2));
    assert!(server.finish().is_closed);
}

#[test]
fn received_messages_restart_the_idle_timeout() {
    let server = scripted(|mut peer| {
        for n in 0..4 {
            sleep(Duration::from_millis(300));
            peer.send(n.to_string());
        }
        peer.close(1000, "")
    });
    wsee(&[server.url(), "--idle-timeout", "800ms"])
        .run()
        .exits(0)
        .prints("0\n1\n2\n3\n");
}

#[test]
fn a_server_that_does_not_answer_pings_is_given_up() {
    let server = after_handshake(|mut wire| {
        let frame = wire.read_frame();
        wire.wait_for_end();
        frame.opcode
    });
    wsee(&[
        server.url(),
        "--ping-interval",
        "100ms",
        "--ping-timeout",
        "200ms",
    ])
    .stdin_held_open()
    .run()
    .exits(114)
    .within(Duration::from_secs(3));
    assert_eq!(server.finish(), PING);
}

#[test]
fn a_server_that_answers_pings_is_kept() {
    let server = scripted(|mut peer| {
        for _ in 0..4 {
            assert!(matches!(peer.receive(), Message::Ping(_)));
        }
        peer.close(1000, "")
    });
    wsee(&[
        server.url(),
        "--ping-interval",
        "100ms",
        "--ping-timeout",
        "2s",
        "-v",
    ])
    .stdin_held_open()
    .run()
    .exits(0)
    .says("← pong");
}

#[test]
fn pings_do_not_put_off_the_end_of_the_wait() {
    let server = echoing();
    let args = ["--ping-interval", "100ms", "--wait", "500ms"];
    wsee(&[&[server.url()], &args[..]].concat())
        .stdin("x\n")
        .run()
        .exits(0)
        .prints("x\n")
        .within(Duration::from_secs(5));
}

#[test]
fn pings_are_answered_with_their_payload_and_shown() {
    let server = after_handshake(|mut wire| {
        wire.write_hex("8904 61626364");
        let pong = wire.read_frame();
        wire.write_hex("8802 03e8");
        wire.read_to_close();
        pong
    });
    wsee(&[server.url(), "-v"])
        .run()
        .exits(0)
        .says("← ping 4 B \"abcd\"")
        .says("(pong sent)");
    let pong = server.finish();
    assert_eq!((pong.opcode, pong.payload.as_slice()), (PONG, &b"abcd"[..]));
}

#[test]
fn no_auto_pong_leaves_pings_unanswered() {
    let server = after_handshake(|mut wire| {
        wire.write_hex("8904 61626364 8802 03e8");
        wire.read_to_close()
    });
    wsee(&[server.url(), "--no-auto-pong"]).run().exits(0);
    assert_eq!(server.finish().len(), 1, "frames besides the Close");
}

#[test]
fn pings_and_pongs_are_not_shown_unless_asked_for() {
    let server = after_handshake(|mut wire| {
        wire.write_hex("8904 61626364");
        wire.read_frame();
        wire.write_hex("8802 03e8");
        wire.read_to_close();
    });
    wsee(&[server.url()]).run().exits(0).never_says("ping");
}

#[test]
fn very_verbose_shows_every_frame() {
    let server = after_handshake(|mut wire| {
        wire.write_hex("0102 6162 8901 78 8002 6364 8802 03e8");
        wire.read_to_close();
    });
    let output = wsee(&[server.url(), "-vv"]).run().exits(0).prints("abcd\n");
    let lower = output.stderr.to_lowercase();
    for word in ["fin", "continuation", "mask"] {
        assert!(lower.contains(word), "no {word} in\n{}", output.stderr);
    }
}
