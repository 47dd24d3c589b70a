//! Every output of the binary that tells what a peer, a proxy or a file said, but the payload in a pipe.

use std::fs;

use super::{LINE, TEXT, is_safe};
use crate::support::output::Output;
use crate::support::peer::{Peer, scripted};
use crate::support::pty::terminal;
use crate::support::run::wsee;
use crate::support::tls;
use crate::support::wire::{Wire, after_handshake, before_handshake};

/// Claims that neither stdout nor stderr steers a terminal, and that what was hostile is told.
#[track_caller]
fn is_printed_safely(output: &Output, args: &[&str]) {
    let stdout = String::from_utf8_lossy(&output.stdout);
    for text in [&stdout, output.stderr.as_str()] {
        is_safe(text, &format!("{args:?}"));
        is_one_line(text);
    }
    let is_told = stdout.contains("evil") || output.stderr.contains("evil");
    assert!(is_told, "{args:?}: {stdout}{}", output.stderr);
}

/// Ends the reason of a hostile Close frame.
const FORGED: &str = "\nforged";

/// Claims that no line is a peer's alone.
#[track_caller]
fn is_one_line(text: &str) {
    assert!(!text.contains(FORGED), "a forged line in {text:?}");
}

/// A text message and a Close frame, hostile both.
fn attack(wire: &mut Wire) {
    let reason = [&[0x0f, 0xa0], TEXT.as_bytes(), FORGED.as_bytes()].concat();
    for (start, payload) in [(0x81, TEXT.as_bytes()), (0x88, &reason)] {
        let len = u8::try_from(payload.len()).expect("a short payload");
        wire.write([&[start, len], payload].concat());
    }
}

#[test]
fn reports_of_a_failed_test() {
    for args in [
        &[][..],
        &["--report-junit", "-"],
        &["--report-tap", "-"],
        &["--report-json", "-"],
    ] {
        for step in [
            ["--expect", "hello"],
            ["--expect-json", "{\"a\": \"evil\"}"],
            ["--expect-re", "^evil"],
            ["--expect-jq", ".evil"],
            ["--expect-hex", "00 01"],
            ["--expect-close=1000", "-q"],
        ] {
            let server = after_handshake(|mut wire| {
                attack(&mut wire);
                wire.wait_for_end();
            });
            let args = [&["test", server.url(), "--timeout", "5s"], &step[..], args].concat();
            let output = wsee(&args).env("GITHUB_ACTIONS", "true").run().exits(1);
            is_printed_safely(&output, &args);
        }
    }
}

#[test]
fn events_and_payload_on_a_terminal() {
    for args in [&["--jsonl"][..], &["--no-repl"], &["--no-repl", "-vv"]] {
        let server = after_handshake(|mut wire| {
            attack(&mut wire);
            wire.wait_for_end();
        });
        on_a_terminal(&[&[server.url()], args].concat());
    }
}

/// Claims that a run shows nothing but its own sequences on its terminal.
#[track_caller]
fn on_a_terminal(args: &[&str]) {
    let mut terminal = terminal(args).start();
    assert_eq!(terminal.finish(), 111);
    let text = String::from_utf8(terminal.bytes()).expect("UTF-8");
    assert!(text.contains("evil"), "{text}");
    // Line ends, and what gives the terminal back.
    let own = ["\r\n", "\x1b[?2026l", "\x1b[?2004l"];
    let rest = own.iter().fold(text, |text, own| text.replace(own, "\n"));
    let rest = colourless(&rest);
    is_safe(&rest, &format!("{args:?}"));
    is_one_line(&rest);
}

/// The text without changes of colour.
fn colourless(text: &str) -> String {
    let mut parts = text.split("\x1b[");
    let mut rest = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        match part.split_once('m') {
            Some((colour, after)) if colour.bytes().all(|it| b"0123456789;".contains(&it)) => {
                rest.push_str(after);
            }
            _ => {
                rest.push_str("\x1b[");
                rest.push_str(part);
            }
        }
    }
    rest
}

#[test]
fn write_out_is_escaped() {
    let server = before_handshake(|mut wire| {
        let response = wire.response();
        let field = format!("\r\nServer: {LINE}\r\n\r\n");
        wire.write(response.replace("\r\n\r\n", &field));
        attack(&mut wire);
        wire.wait_for_end();
    });
    let format = "%{close_reason} %{errormsg} %{json}\\n";
    let args = [server.url(), "-w", format, "--no-repl"];
    on_a_terminal(&args);
}

#[test]
fn a_proxys_response_is_escaped() {
    for status in [200, 302, 403, 407, 502] {
        let proxy = before_handshake(move |mut wire| {
            let body = TEXT.repeat(2);
            wire.write(format!(
                "HTTP/1.1 {status} {LINE}\r\nProxy-Authenticate: {LINE}\r\nVia: {LINE}\r\n\
                 Content-Length: {}\r\n\r\n{body}",
                body.len()
            ));
            wire.wait_for_end();
        });
        let url = proxy.url().replace("ws:", "http:");
        let args = ["ws://server.invalid", "-x", &url, "-v"];
        let output = wsee(&args).run();
        assert_ne!(output.status, 0, "{status}");
        is_safe(&output.stderr, "an answer of a proxy");
    }
    let proxy = before_handshake(|mut wire| {
        wire.write(format!("220 {TEXT} ready\r\n"));
        wire.wait_for_end();
    });
    let url = proxy.url().replace("ws:", "http:");
    let args = ["ws://server.invalid", "-x", &url];
    is_printed_safely(&wsee(&args).run().exits(97), &args);
}

#[test]
fn a_certificate_and_a_response_with_every_message_of_the_program() {
    let server = tls::serving(tls::named(TEXT, &["localhost"]), |stream| {
        let mut peer = Peer::accept(stream);
        peer.send(TEXT);
        peer.record();
    });
    let url = tls::url(&server);
    let args = [
        &url,
        "--insecure",
        "--debug",
        "-vv",
        "--jsonl",
        "--count",
        "1",
    ];
    is_printed_safely(&wsee(&args).run(), &args);
}

#[test]
fn a_session_that_a_pasted_curl_command_starts() {
    let server = after_handshake(|mut wire| {
        attack(&mut wire);
        wire.wait_for_end();
    });
    let url = server.url().replace("ws:", "http:");
    let args = ["curl", "--", "curl", "-v", &url, "-H", "X-A: b"];
    let output = wsee(&args).run().exits(111).says("evil");
    is_safe(&output.stderr, "wsee curl");
}

#[test]
fn files_that_cannot_be_read() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, text).expect("a file");
        path.to_str().expect("UTF-8").to_owned()
    };
    let one_line = TEXT.replace('\n', "");
    for (index, text) in [
        format!("{one_line}\n"),
        format!("connect {one_line}\n"),
        format!("connect ws://127.0.0.1:1\n101\n> ok\n< json {{\"{one_line}\n"),
        format!("connect ws://127.0.0.1:1\n101\n< re ({one_line}\n"),
        format!("connect ws://127.0.0.1:1\nX{one_line}: a\n"),
        format!("connect ws://127.0.0.1:1/{{{{{one_line}}}}}\n101\n"),
    ]
    .iter()
    .enumerate()
    {
        let scenario = path(&format!("{index}.wsee"), text);
        for args in [
            &["test", &scenario][..],
            &["fmt", &scenario],
            &["fmt", "--check", &scenario],
        ] {
            let output = wsee(args).run();
            assert_ne!(output.status, 0, "{args:?}");
            is_printed_safely(&output, args);
        }
    }
    for text in [
        format!("{one_line} = 1\n"),
        format!("[{one_line}\n"),
        format!("[profile.\"a\"]\nurl = \"{one_line}\"\n"),
        format!("[profile.a]\nno_such_{one_line} = 1\n"),
    ] {
        let output = wsee(&["@a"]).config(&text).run();
        assert_ne!(output.status, 0, "{text:?}");
        is_safe(&output.stderr, &text);
    }
    let hostile = path("plain", &format!("{one_line}\n"));
    for args in [
        vec!["replay", &hostile, "ws://127.0.0.1:1"],
        vec!["ws://127.0.0.1:1", "--netrc-file", &hostile],
        vec!["ws://127.0.0.1:1", "-H", &format!("@{hostile}")],
        vec!["ws://127.0.0.1:1", "--cacert", &hostile],
        vec!["ws://127.0.0.1:1", "-b", &hostile],
    ] {
        let output = wsee(&args).run();
        assert_ne!(output.status, 0, "{args:?}");
        is_safe(&output.stderr, &format!("{args:?}"));
    }
    let named = folder.path().join(format!("{one_line}.jsonl"));
    let named = named.to_str().expect("UTF-8");
    fs::write(named, "{}\n").expect("a file");
    for args in [
        vec!["replay", named, "ws://127.0.0.1:1"],
        vec!["ws://127.0.0.1:1", "--record", named],
    ] {
        let output = wsee(&args).run();
        assert_ne!(output.status, 0, "{args:?}");
        is_printed_safely(&output, &args);
    }
}

#[test]
fn a_closing_handshake_of_a_peer_that_speaks_websocket() {
    let server = scripted(|peer: Peer| peer.close(4000, TEXT));
    let args = [server.url(), "-v"];
    is_printed_safely(&wsee(&args).stdin_held_open().run().exits(111), &args);
}
