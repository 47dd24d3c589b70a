//! How messages become stdout.

use std::io::Read;
use std::time::Duration;

use crate::support::binary;
use crate::support::output::Output;
use crate::support::peer::{Message, Peer, echoing, scripted};
use crate::support::run::wsee;
use crate::support::wire::after_handshake;

/// Runs wsee against a server that sends `messages` and closes with 1000.
#[track_caller]
fn received(messages: Vec<Message>, args: &[&str]) -> Output {
    let server = scripted(|mut peer| {
        for message in messages {
            peer.send(message);
        }
        peer.close(1000, "")
    });
    let output = wsee(&[&[server.url()], args].concat()).run();
    server.finish();
    output
}

#[test]
fn prints_text_messages_as_lines() {
    let messages = vec![Message::text("a"), Message::text(""), Message::text("b\nc")];
    received(messages, &[]).exits(0).prints("a\n\nb\nc\n");
}

#[test]
fn a_pipe_gets_exact_bytes() {
    let text = "\x1b[31mred\x07 \u{202e}\0é";
    let expected = format!("{text}\n");
    received(vec![Message::text(text)], &[])
        .exits(0)
        .prints(expected);
}

#[test]
fn prints_binary_messages_as_base64_and_notes_that_once() {
    let binary = || Message::binary(b"\xde\xad\xbe\xef".to_vec());
    let output = received(vec![binary(), Message::text("t"), binary()], &[]);
    let output = output.exits(0).prints("3q2+7w==\nt\n3q2+7w==\n");
    let notes = output.stderr.matches("base64").count();
    assert_eq!(notes, 1, "notes in stderr:\n{}", output.stderr);
}

#[test]
fn raw_prints_payload_and_nothing_else() {
    let messages = vec![Message::text("a"), Message::binary(b"\xff".to_vec())];
    received(messages, &["--raw"]).exits(0).prints(b"a\xff");
}

#[test]
fn binary_prints_raw_bytes() {
    let messages = vec![Message::text("a"), Message::binary(b"\xff\0".to_vec())];
    received(messages, &["--binary"])
        .exits(0)
        .prints(b"a\xff\0");
}

#[test]
fn null_ends_each_message_with_nul() {
    let messages = vec![Message::text("a\nb"), Message::text("c")];
    received(messages, &["-0"]).exits(0).prints("a\nb\0c\0");
}

#[test]
fn stdout_is_payload_only_however_verbose() {
    let messages = || vec![Message::text("a"), Message::Ping(b"x".to_vec().into())];
    received(messages(), &["-v"]).exits(0).prints("a\n");
    received(messages(), &["-vv"]).exits(0).prints("a\n");
}

/// Two texts with a ping after each, and a Close frame, in one segment.
const TEXTS_AND_PINGS: &str = "8101 61 8901 70 8101 62 8901 71 8802 03e8";

#[test]
fn where_both_streams_lead_to_one_place_they_keep_the_order_of_the_wire() {
    let file = tempfile::NamedTempFile::new().expect("a file");
    let to_file = format!(">{} 2>&1", file.path().display());
    for redirected in ["2>&1", "1>&2", &to_file] {
        for flags in [&["-v"][..], &["-v", "-0"], &["-v", "--jsonl"]] {
            let server = after_handshake(|mut wire| {
                wire.write_hex(TEXTS_AND_PINGS);
                wire.wait_for_end();
            });
            let run = wsee(&[&[server.url(), "--timestamps", "none"], flags].concat());
            let output = run.redirected(redirected).run();
            let bytes = [output.stdout.as_slice(), output.stderr.as_bytes()].concat();
            let written = std::fs::read(file.path()).expect("a file");
            let text = String::from_utf8_lossy(&[bytes, written].concat()).replace('\0', "\n");
            let is_wanted = |line: &&str| {
                ["a", "b"].contains(line)
                    || line.starts_with("← ")
                    || line.starts_with("closed by")
                    || line.contains("\"event\":\"message\"")
            };
            let lines: Vec<&str> = text.lines().filter(is_wanted).collect();
            let kinds: Vec<&str> = lines
                .iter()
                .map(|line| match line.split_whitespace().nth(1) {
                    Some("ping") => "ping",
                    Some("close") => "close",
                    Some("by") => "end",
                    _ => "message",
                })
                .collect();
            let wire = ["message", "ping", "message", "ping", "close", "end"];
            assert_eq!(kinds, wire, "{redirected} {flags:?}:\n{text}");
        }
    }
}

#[test]
fn a_note_on_a_message_comes_before_the_next_message() {
    let server = after_handshake(|mut wire| {
        wire.write_hex("8102 5b5d 8101 31 8102 5b5d 8802 03e8");
        wire.wait_for_end();
    });
    let output = wsee(&[server.url(), "--jq", ".[0] // \"none\""])
        .redirected("2>&1")
        .run();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0], "\"none\"", "{text}");
    assert!(lines[1].starts_with("wsee: jq: "), "{text}");
    assert_eq!(lines[2], "\"none\"", "{text}");
}

#[test]
fn quiet_leaves_stderr_empty_when_all_is_well() {
    let messages = vec![Message::text("a")];
    let output = received(messages, &["--quiet"]).exits(0).prints("a\n");
    assert_eq!(output.stderr, "");
}

#[test]
fn count_ends_the_run_at_the_nth_message() {
    let server = scripted(|mut peer| {
        for n in 0..10 {
            peer.send(n.to_string());
        }
        peer.record()
    });
    wsee(&[server.url(), "-n", "3"])
        .stdin_held_open()
        .run()
        .exits(0)
        .prints("0\n1\n2\n");
    assert_eq!(server.finish().close, Some((1000, String::new())));
}

#[test]
fn one_ends_the_run_at_the_first_message() {
    let server = scripted(|mut peer| {
        peer.send("a");
        peer.record()
    });
    wsee(&[server.url(), "-1"])
        .stdin_held_open()
        .run()
        .exits(0)
        .prints("a\n");
}

#[test]
fn a_count_that_is_not_reached_is_a_failure() {
    let messages = vec![Message::text("a"), Message::text("b")];
    received(messages, &["-n", "3"]).exits(1).prints("a\nb\n");
}

#[test]
fn a_url_where_the_count_should_be_is_taken_for_wscat() {
    wsee(&["-n", "wss://example.com"])
        .run()
        .exits(2)
        .says("did you mean -k?");
}

#[test]
fn echo_answers_each_message_with_its_own_type() {
    let server = scripted(|mut peer| {
        for message in [Message::text("t"), Message::binary(vec![0xff])] {
            peer.send(message.clone());
            assert_eq!(peer.receive(), message);
        }
        peer.close(1000, "")
    });
    wsee(&[server.url(), "--echo"])
        .stdin("never sent\n")
        .run()
        .exits(0)
        .prints("t\n/w==\n");
}

#[test]
fn ends_soon_after_the_reader_of_stdout_is_gone_though_the_server_is_quiet() {
    let server = scripted(|mut peer: Peer| {
        peer.send("first");
        peer.record()
    });
    let run = wsee(&[server.url()]).stdin_held_open();
    let (running, mut stdout) = run.spawn_with_stdout();
    let mut line = [0; 6];
    stdout.read_exact(&mut line).expect("a line");
    assert_eq!(&line, b"first\n");
    drop(stdout);
    running
        .wait()
        .exits(0)
        .never_says("panicked")
        .within(Duration::from_secs(2));
    assert_eq!(server.finish().close, Some((1000, String::new())));
}

#[test]
fn a_full_disk_is_a_write_error_even_when_the_count_is_reached() {
    let server = scripted(|mut peer| {
        peer.send("lost");
        peer.record()
    });
    let full = std::fs::File::create("/dev/full").expect("Linux has it");
    let output = std::process::Command::new(binary())
        .args([server.url(), "-1"])
        .stdin(std::process::Stdio::null())
        .stdout(full)
        .output()
        .expect("wsee starts");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(23), "{stderr}");
    assert!(stderr.contains("cannot write to stdout"), "{stderr}");
}

#[test]
fn a_full_disk_is_a_write_error_for_whatever_is_printed() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("a.wsee");
    std::fs::write(&file, "connect ws://127.0.0.1:1/\n").expect("a file");
    let file = file.to_str().expect("UTF-8");
    for args in [
        &["--help"][..],
        &["--version"],
        &["help", "test"],
        &["completions", "bash"],
        &["man"],
        &["schema", "events"],
        &["test", "--list", file],
        &["test", "--check", file],
    ] {
        let output = wsee(args).redirected("> /dev/full").run().exits(23);
        output.ends_with_line("wsee: cannot write to stdout: ");
    }
}

#[test]
fn a_report_that_cannot_be_printed_is_a_write_error_unless_the_test_failed() {
    let server = echoing();
    let passes = ["test", server.url(), "--send", "a", "--expect", "a"];
    let output = wsee(&passes).redirected("> /dev/full").run().exits(23);
    output.ends_with_line("wsee: cannot write to stdout: ");
    server.finish();
    let server = echoing();
    let fails = [
        "test",
        server.url(),
        "--send",
        "a",
        "--expect",
        "b",
        "--timeout",
        "100ms",
    ];
    let output = wsee(&fails).redirected("> /dev/full").run().exits(1);
    output.says("wsee: cannot write to stdout: ");
}
