//! Smoke tests with steps on the command line.

use std::time::Duration;

use crate::support::peer::{Peer, echoing, recording, scripted};
use crate::support::run::wsee;
use crate::support::server::Untouched;
use crate::support::wire::{PING, PONG, after_handshake, before_handshake};

fn stdout(output: &crate::support::output::Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn without_steps_a_ping_and_the_close_must_be_answered() {
    let server = recording();
    wsee(&["test", server.url()]).run().exits(0);
    assert!(server.finish().is_closed);

    let server = after_handshake(|mut wire| {
        let ping = wire.read_frame();
        assert_eq!(ping.opcode, PING);
        wire.wait_for_end();
    });
    let output = wsee(&["test", server.url(), "--timeout", "200ms"])
        .run()
        .exits(1);
    assert!(stdout(&output).contains("no pong with this payload came within 200.0 ms"));
}

#[test]
fn a_close_that_is_not_answered_fails() {
    let server = after_handshake(|mut wire| {
        let ping = wire.read_frame();
        wire.write([
            0x80 | PONG,
            u8::try_from(ping.payload.len()).expect("short"),
        ]);
        wire.write(ping.payload);
        wire.read_frame();
        wire.wait_for_end();
    });
    let output = wsee(&["test", server.url(), "--timeout", "1s"])
        .run()
        .exits(1);
    let report = stdout(&output);
    assert!(
        report.contains("the Close frame was not answered"),
        "{report}"
    );
}

#[test]
fn a_server_that_closes_first_passes_as_steps_as_a_file_and_as_a_close_step() {
    let step = ["--expect-json", r#"{"result":42}"#];
    let file = "connect ws://{{host}}/\n\n< json {\"result\":42}\n";
    let closing = format!("{file}close 1000\n");
    for (code, statuses) in [("03e8", [0, 0, 0]), ("03f3", [0, 0, 1])] {
        for _ in 0..5 {
            let server = || {
                let wire = format!("810d {} 8802 {code}", hex::encode(r#"{"result":42}"#));
                after_handshake(move |mut socket| {
                    socket.write_hex(&wire);
                    socket.wait_for_end();
                })
            };
            let steps = server();
            let args = [&["test", steps.url()][..], &step].concat();
            wsee(&args).run().exits(statuses[0]);
            for (scenario, status) in [(file, statuses[1]), (&closing, statuses[2])] {
                let server = server();
                let folder = tempfile::tempdir().expect("a folder");
                std::fs::write(folder.path().join("x.wsee"), scenario).expect("a file");
                let host = format!("host={}", &server.url()["ws://".len()..]);
                wsee(&["test", "x.wsee", "--var", &host])
                    .current_dir(folder.path())
                    .run()
                    .exits(status);
            }
        }
    }
}

#[test]
fn a_server_that_ends_tcp_without_a_close_frame_fails_as_steps_as_in_a_file() {
    for waits_for_our_close in [false, true] {
        for _ in 0..5 {
            let server = || {
                after_handshake(move |mut wire| {
                    wire.write_hex("8102 3432");
                    if waits_for_our_close {
                        wire.read_to_close();
                    }
                    wire.end();
                })
            };
            let (steps, file) = (server(), server());
            let output = wsee(&["test", steps.url(), "--expect", "42"])
                .run()
                .exits(1);
            assert!(stdout(&output).contains("after the last step: "));
            let folder = tempfile::tempdir().expect("a folder");
            let scenario = "connect ws://{{host}}/\n\n< text 42\n";
            std::fs::write(folder.path().join("x.wsee"), scenario).expect("a file");
            let host = format!("host={}", &file.url()["ws://".len()..]);
            wsee(&["test", "x.wsee", "--var", &host])
                .current_dir(folder.path())
                .run()
                .exits(1);
        }
    }
}

#[test]
fn steps_are_done_in_the_order_given() {
    let server = scripted(|mut peer: Peer| {
        peer.expect("a");
        peer.send("skipped");
        peer.send(r#"{"op":"joined","n":1}"#);
        peer.expect("b");
        peer.send("next");
        peer.close(4001, "bye")
    });
    wsee(&[
        "test",
        server.url(),
        "--send",
        "a",
        "--expect-json",
        r#"{"op":"joined"}"#,
        "--send",
        "b",
        "--expect-next",
        "next",
        "--expect-close",
        "4001,4002",
    ])
    .run()
    .exits(0);
}

#[test]
fn a_failure_shows_all_messages_and_the_closest_one() {
    let server = scripted(|mut peer: Peer| {
        peer.send("\x1b[2Jfirst");
        peer.send(r#"{"op":"joining","room":"ci"}"#);
        peer.send(r#"{"op":"error"}"#);
        peer.record()
    });
    let pattern = r#"{"op":"joined","room":"ci"}"#;
    let output = wsee(&[
        "test",
        server.url(),
        "--expect-json",
        pattern,
        "--timeout",
        "2s",
    ])
    .run()
    .exits(1);
    let report = stdout(&output);
    for part in [
        "3 messages came and did not match",
        "\\x1b[2Jfirst",
        "closest: ",
        ".op: expected \"joined\", found \"joining\"",
        "0 passed, 1 failed",
    ] {
        assert!(report.contains(part), "no {part:?} in\n{report}");
    }
    assert!(!report.contains('\x1b'), "{report:?}");
}

#[test]
fn an_unexpected_message_fails_expect_none() {
    let server = scripted(|mut peer: Peer| {
        peer.send("oops");
        peer.record()
    });
    let output = wsee(&["test", server.url(), "--expect-none", "5s"])
        .run()
        .exits(1);
    assert!(stdout(&output).contains("received a message that was not allowed"));
    let server = recording();
    wsee(&["test", server.url(), "--expect-none", "100ms"])
        .run()
        .exits(0);
}

#[test]
fn a_refused_upgrade_can_be_expected() {
    let refusing = || {
        before_handshake(|mut wire| {
            wire.write("HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Bearer\r\nContent-Length: 3\r\n\r\nno\n");
            wire.wait_for_end();
        })
    };
    let server = refusing();
    wsee(&[
        "test",
        server.url(),
        "--expect-status",
        "401",
        "--expect-header",
        "WWW-Authenticate: B*",
    ])
    .run()
    .exits(0);
    let server = refusing();
    let output = wsee(&["test", server.url(), "--expect-status", "403"])
        .run()
        .exits(1);
    assert!(stdout(&output).contains("expected status 403, the server answered HTTP/1.1 401"));
    // An unexpected refusal has the exit status of wsee URL.
    let server = refusing();
    wsee(&["test", server.url()]).run().exits(22);
}

#[test]
fn a_url_that_cannot_be_connected_to_has_its_own_exit_status() {
    let server = before_handshake(|mut wire| {
        wire.write("HTTP/1.1 101 Switching Protocols\r\n\r\n");
        wire.wait_for_end();
    });
    wsee(&["test", server.url()]).run().exits(112);
    wsee(&["test", "ws://127.0.0.1:1/"]).run().exits(7);
    wsee(&["test", "ws://h/#x"]).run().exits(3);
}

#[test]
fn a_server_that_breaks_the_protocol_exits_113() {
    let server = after_handshake(|mut wire| {
        wire.write_hex("83 00");
        wire.wait_for_end();
    });
    wsee(&["test", server.url(), "--expect", "x"])
        .run()
        .exits(113);
}

#[test]
fn the_time_of_the_case_ends_it_with_28() {
    let server = recording();
    wsee(&["test", server.url(), "--expect", "x", "-m", "300ms"])
        .run()
        .exits(28)
        .within(Duration::from_secs(4));
    server.finish();
}

#[test]
fn retry_waits_for_a_server_that_starts_late() {
    let free = Untouched::start();
    let port = free.port();
    drop(free);
    let url = format!("ws://127.0.0.1:{port}");
    wsee(&["test", &url, "--retry", "1", "--retry-delay", "50ms"])
        .run()
        .exits(7);
    let running = wsee(&["test", &url, "--retry", "200", "--retry-delay", "50ms"]).spawn();
    let listen = wsee(&["listen", &format!("127.0.0.1:{port}")]).spawn();
    listen.wait_for_stderr("connect with");
    running.wait().exits(0);
}

#[test]
fn mistakes_in_steps_are_reported_before_anything_is_sent() {
    let server = Untouched::start();
    let url = format!("ws://127.0.0.1:{}", server.port());
    for (args, text) in [
        (
            &["--expect-json", "{"][..],
            "for '--expect-json <JSON>': column 1: not JSON",
        ),
        (
            &["--expect-re", "("],
            "for '--expect-re <REGEX>': column 1: regular expression: unclosed group",
        ),
        (
            &["--expect-jq", ".a |"],
            "for '--expect-jq <FILTER>': column 5: jq filter",
        ),
        (
            &["--send-hex", "0g"],
            "for '--send-hex <HEX>': column 2: 'g' is not a hex digit",
        ),
        (
            &["--expect", "{{a}}"],
            "--expect: the variable a has no value; give it with --var a=…",
        ),
        (
            &["--send", "{{env.A}}"],
            "--send: the environment variable A may not be read; allow it with --allow-env A",
        ),
        (
            &["--expect-close=x"],
            "for '--expect-close[=<CODES>]': column 1: \"x\" is not a close code",
        ),
        (
            &["--expect-none", "soon"],
            "for '--expect-none <TIME>': column 1: \"soon\" is not a time",
        ),
        (
            &["--expect-status", "401", "--send", "x"],
            "--send: no step can follow a refused upgrade",
        ),
        (&["--filter", "x"], "--filter needs scenario files"),
        (
            &["--report-tap", "-", "--report-json", "-"],
            "only one report can go to stdout",
        ),
        (
            &["--report-html", "a", "--report-junit", "a"],
            "two reports go to a, where the second would replace the first",
        ),
    ] {
        let mut all = vec!["test", &url];
        all.extend(args);
        wsee(&all).run().exits(2).says(text);
    }
}

#[test]
fn a_server_that_never_pauses_does_not_outlast_the_timeout() {
    let server = after_handshake(|mut wire| wire.flood(b"\x81\x05hello"));
    let output = wsee(&["test", server.url(), "--expect", "x", "--timeout", "100ms"]).run();
    // 63 on a slow machine, where the inbox fills up before the timeout.
    assert!(matches!(output.status, 1 | 63), "{}", stdout(&output));
    assert!(stdout(&output).contains("no message matched"));
    assert!(stdout(&output).len() < 8 << 10, "{}", stdout(&output));
}

#[test]
fn a_target_that_is_not_a_file_is_reported_as_a_url() {
    wsee(&["test", "nowhere.invalid"])
        .run()
        .exits(6)
        .says("no such file or folder: nowhere.invalid, so it is taken as a URL");
    wsee(&["test", "./nowhere"])
        .run()
        .exits(26)
        .says("cannot read ./nowhere");
    wsee(&["test", "nowhere", "ws://127.0.0.1:1"])
        .run()
        .exits(26)
        .says("no such file or folder: nowhere; for a host write wss://nowhere");
    wsee(&["test", "nowhere.invalid", "ws://127.0.0.1:1"])
        .run()
        .exits(2)
        .says("no such file or folder: nowhere.invalid; several targets must be files or folders");
}

#[test]
fn a_file_or_folder_that_is_misspelled_never_reaches_dns() {
    for target in [
        "tets/",
        "tets",
        "tets/login/",
        "login.wsee:12",
        "nowhere/login.wsee",
    ] {
        wsee(&["test", target])
            .run()
            .exits(26)
            .never_says("resolve");
    }
}

#[test]
fn a_ping_and_binary_messages_are_steps() {
    let server = echoing();
    wsee(&[
        "test",
        server.url(),
        "--ping=x",
        "--send-hex",
        "00 ff",
        "--expect-hex",
        "00ff",
    ])
    .run()
    .exits(0);
}

#[test]
fn header_fields_and_subprotocols_are_sent_as_by_wsee_url() {
    let server = before_handshake(|mut wire| {
        let response = wire
            .response()
            .replace("\r\n\r\n", "\r\nSec-WebSocket-Protocol: v2\r\n\r\n");
        wire.write(response);
        let request = wire.request().to_owned();
        wire.read_to_close();
        wire.write_hex("8802 03e8");
        request
    });
    let url = server.url().to_owned();
    wsee(&[
        "test",
        &url,
        "-H",
        "X-A: 1",
        "-s",
        "v1,v2",
        "--expect-subprotocol",
        "v2",
        "--expect-none",
        "1ms",
    ])
    .run()
    .exits(0);
    let request = server.finish();
    assert!(
        request.contains("X-A: 1\r\n") && request.contains("v1, v2"),
        "{request}"
    );
}
