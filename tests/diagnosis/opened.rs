//! Connections that open, and end in a way that has a cause.

use std::thread;
use std::time::Duration;

use super::SetUp;
use crate::support::run::wsee;
use crate::support::wire::{Wire, after_handshake};

/// A Close frame of a server, in bytes.
fn close(code: u16, reason: &str) -> Vec<u8> {
    let len = u8::try_from(2 + reason.len()).expect("a short reason");
    let code = code.to_be_bytes();
    [&[0x88, len, code[0], code[1]], reason.as_bytes()].concat()
}

macro_rules! closes {
    ($($code:literal $reason:literal, [$($arg:literal),*] => $exit:literal, [$($says:literal),*] but [$($never:literal),*];)*) => {
        &[$((
            SetUp {
                name: $reason,
                target: "/",
                args: &[$($arg),*],
                exit: $exit,
                says: &[concat!("closed by server: ", $code), $($says),*],
                never: &[$($never),*],
            },
            $code,
            $reason,
        )),*]
    };
}

const CLOSES: &[(SetUp, u16, &str)] = closes! {
    1000 "", [] => 0, [] but ["hint"];
    1001 "", [] => 0, ["is shutting down or restarting; try again later, or use --reconnect", "--reconnect"] but [];
    1001 "idle timeout", [] => 0, ["names an idle limit", "--ping-interval 1s"] but ["shuts down"];
    1011 "keepalive ping timeout", [] => 111, ["pings were not answered in time"] but ["code failed"];
    1008 "token expired", [] => 111, ["wants credentials", "--bearer TOKEN"] but [];
    1008 "token expired", ["--bearer", "t"] => 111, ["does not accept the token that was sent", "renew"] but ["--bearer"];
    1008 "unexpected token in JSON", [] => 111, ["a rule of the server"] but ["--bearer"];
    1008 "slow down", [] => 111, ["a rule of the server", "look into its log"] but [];
    1009 "max 64", [] => 111, ["larger than the server takes"] but [];
    1011 "", [] => 111, ["the server's code failed; look into its log"] but [];
    1013 "", [] => 111, ["restarting or overloaded"] but [];
    4400 "", [] => 111, ["does not understand a message"] but [];
    4401 "Unauthorized", [] => 111, ["wants credentials"] but [];
    4406 "Subprotocol not acceptable", [] => 111, ["graphql-ws", "add -s graphql-transport-ws"] but [];
    4406 "Subprotocol not acceptable", ["-s", "chat"] => 111, ["does not speak the subprotocol chat"] but ["add -s"];
    4408 "Connection initialisation timeout", [] => 111, ["{\"type\":\"connection_init\"}", "--send"] but [];
    4999 "x", [] => 111, ["4999 has the meaning that the application gives it"] but [];
};

#[test]
fn a_close_code_has_a_next_step() {
    for (set_up, code, reason) in CLOSES {
        let frame = close(*code, reason);
        set_up.meets(&after_handshake(move |mut wire: Wire| {
            wire.write(frame);
            wire.wait_for_end();
        }));
    }
}

#[test]
fn http_after_the_101_is_shown_as_that() {
    let server = after_handshake(|mut wire| {
        wire.write(
            "HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\n\r\n\
             {\"code\":5,\"message\":\"Unsupported protocol version\"}",
        );
        wire.wait_for_end();
    });
    let url = format!("{}/socket.io/?EIO=3&transport=websocket", server.url());
    wsee(&[&url])
        .run()
        .exits(113)
        .ends_with_line("after its 101 the server sent HTTP: 400 Bad Request \"{\"code\":5")
        .says("hint: Socket.IO does not speak this version of its protocol; ask for EIO=4");
}

#[test]
fn a_short_silence_before_the_end_points_at_the_process_first() {
    let server = after_handshake(|wire| {
        thread::sleep(Duration::from_millis(2200));
        wire.end();
    });
    wsee(&[server.url()])
        .stdin_held_open()
        .run()
        .exits(110)
        .ends_with_line("abnormal closure (1006")
        .says("hint: the server's process may have ended or crashed, or a proxy gave up; look into its log")
        .says("; if every silence of 2.")
        .says(" s ends it so, try --ping-interval 1s");
}

#[test]
fn a_close_after_a_silence_does_not_pass_for_the_end_of_the_data() {
    for frame in [close(1000, ""), close(1001, "idle timeout"), vec![0x88, 0]] {
        let server = after_handshake(move |mut wire| {
            thread::sleep(Duration::from_millis(5200));
            wire.write(frame);
            wire.wait_for_end();
        });
        let url = format!("{}/socket/websocket?vsn=2.0.0", server.url());
        wsee(&[&url])
            .deadline(Duration::from_secs(20))
            .run()
            .exits(111)
            .says("nothing had passed for 5.")
            .says("heartbeat");
    }
}

#[test]
fn a_message_before_the_close_ends_the_silence() {
    let server = after_handshake(|mut wire| {
        thread::sleep(Duration::from_millis(5200));
        wire.write([&[0x81, 2, b'o', b'k'][..], &close(1000, "")].concat());
        wire.wait_for_end();
    });
    wsee(&[server.url()])
        .deadline(Duration::from_secs(20))
        .run()
        .exits(0)
        .prints("ok\n")
        .never_says("hint");
}

#[test]
fn socket_io_without_its_heartbeat_is_no_success() {
    let server = after_handshake(|mut wire| {
        wire.write([&[0x81, 1, b'2'][..]].concat());
        thread::sleep(Duration::from_millis(1200));
        wire.write([0x88, 0]);
        wire.wait_for_end();
    });
    let url = format!("{}/socket.io/?EIO=4&transport=websocket", server.url());
    wsee(&[&url])
        .run()
        .exits(111)
        .says("a \"2\" that nobody answered")
        .says("--as socket.io does both");
}

#[test]
fn violations_that_can_be_tolerated_name_lenient() {
    for frame in [
        &[0xc1, 0x07][..],
        &[0x81, 0x02, 0xff, 0xfe],
        &[0x81, 0x85, 1, 2, 3, 4],
    ] {
        let server = after_handshake(move |mut wire| {
            wire.write(frame);
            wire.wait_for_end();
        });
        wsee(&[server.url()])
            .run()
            .exits(113)
            .says("--lenient continues after it");
    }
}

#[test]
fn a_reset_points_at_the_process_and_a_missing_pong_at_both() {
    let server = after_handshake(|mut wire| {
        wire.read_frame();
        wire.reset();
    });
    wsee(&[server.url(), "--send", "hi"])
        .stdin_held_open()
        .run()
        .exits(110)
        .says("the server's process may have died; look into its log")
        .never_says("os error");

    let server = after_handshake(Wire::wait_for_end);
    wsee(&[
        server.url(),
        "--ping-interval",
        "100ms",
        "--ping-timeout",
        "200ms",
    ])
    .run()
    .exits(114)
    .says("the server hangs, or the network connection to it was lost");
}

#[test]
fn a_stuck_send_names_what_was_left() {
    let server = after_handshake(|wire| {
        thread::sleep(Duration::from_secs(6));
        drop(wire);
    });
    wsee(&["-m", "3s", server.url()])
        .stdin(format!("{}\n", "x".repeat(99)).repeat(400_000))
        .deadline(Duration::from_secs(20))
        .run()
        .exits(28)
        .ends_with_line("stopped by --max-time (3.0 s); ")
        .says("the server has read nothing for ")
        .says(" not sent")
        .says("slower than the input");
}

#[test]
fn a_subprotocol_that_is_no_token_names_the_field_that_takes_it() {
    wsee(&["ws://127.0.0.1:1/", "-s", "a b"])
        .run()
        .exits(2)
        .says("-H 'Sec-WebSocket-Protocol: VALUE'");
    let server = crate::support::wire::before_handshake(|mut wire| {
        let field = "\r\nSec-WebSocket-Protocol: a b\r\n\r\n";
        let response = wire.response().replace("\r\n\r\n", field);
        wire.write(response);
        wire.write(close(1000, ""));
        wire.wait_for_end();
    });
    wsee(&[server.url(), "-H", "Sec-WebSocket-Protocol: a b"])
        .run()
        .exits(0);
}

#[test]
fn a_test_gives_the_hint_of_an_end() {
    let server = after_handshake(|mut wire| {
        wire.write(close(4406, "Subprotocol not acceptable"));
        wire.wait_for_end();
    });
    let output = wsee(&["test", server.url(), "--expect", "x"])
        .run()
        .exits(1);
    let report = String::from_utf8_lossy(&output.stdout);
    assert!(report.contains("hint: graphql-ws closes so"), "{report}");
}

#[test]
fn a_limit_that_was_given_is_no_fault_of_the_server() {
    let server = after_handshake(Wire::wait_for_end);
    wsee(&["-m", "300ms", server.url()])
        .run()
        .exits(28)
        .never_says("hint");
    let server = after_handshake(|mut wire| {
        wire.write([0x81, 2, b'o', b'k']);
        wire.wait_for_end();
    });
    wsee(&["--count", "1", server.url()])
        .run()
        .exits(0)
        .never_says("hint");
}
