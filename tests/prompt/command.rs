//! Lines that start with `/`.

use std::io::Write;

use crate::support::peer::{Message, Peer, Received, echoing, scripted};
use crate::support::pty::terminal;
use crate::support::wire::{CONTINUATION, Frame, TEXT, after_handshake};

/// Types `line` into the REPL of an echo server, waits for `shown` and closes; what the server has received.
#[track_caller]
fn command(line: &str, shown: &str) -> Received {
    let server = echoing();
    let mut terminal = terminal(&[server.url()]).prompt();
    terminal.press(&format!("{line}\r"));
    terminal.wait_for(shown);
    terminal.leave();
    server.finish()
}

/// Types `line` into the REPL, which tells `error` and sends nothing.
#[track_caller]
fn rejected(line: &str, error: &str) {
    let received = command(line, error);
    assert_eq!(received.messages, [], "{line}");
}

#[test]
fn an_unknown_command_is_not_sent_but_suggests() {
    rejected("/statsu", "unknown command /statsu; did you mean /status?");
    rejected("/xyzzy", "unknown command /xyzzy; /help lists them");
    rejected("/exit", "did you mean /quit?");
}

#[test]
fn wrong_arguments_are_not_sent() {
    rejected("/bin 0g", "column 7: 'g' is not a hex digit");
    rejected("/bin 012", "an odd number of hex digits (3)");
    rejected("/b64 !", "column 6: not valid base64");
    rejected("/file /nonexistent", "cannot read /nonexistent: ");
    rejected("/fragment 0 x", "column 11: \"0\" is not ");
    rejected("/close 1005", "close code 1005 may not be sent");
    rejected("/close 1006", "close code 1006 may not be sent");
    rejected("/status now", "/status does not take \"now\"");
    rejected("/show colour off", "\"colour\" is not known to /show");
    rejected(&format!("/ping {}", "x".repeat(126)), "has 126 bytes");
}

#[test]
fn help_lists_every_command() {
    let mut terminal = terminal(&["demo", "--no-compress"]).prompt();
    terminal.resize(80, 100);
    terminal.press("/help\r");
    terminal.wait_for("//x sends /x");
    let screen = format!("\n{}", terminal.contents());
    for name in [
        "text", "bin", "b64", "file", "fragment", "ping", "pong", "close", "status", "headers",
        "show", "history", "help", "quit", "edit", "set", "capture", "every", "repeat", "stats",
    ] {
        assert!(
            screen.contains(&format!("\n  /{name} ")),
            "{name}:\n{screen}"
        );
    }
    terminal.leave();
}

#[test]
fn help_explains_a_command() {
    let received = command("/help ping", "/ping [DATA] send a ping\n");
    assert_eq!(received.messages, []);
}

#[test]
fn text_sends_text_that_no_plain_line_can() {
    let received = command("/text {", "← text 1 B   {\n");
    assert_eq!(received.messages, [Message::text("{")]);
    let received = command("/text", "← text 0 B\n");
    assert_eq!(received.messages, [Message::text("")]);
}

#[test]
fn bin_and_b64_send_bytes() {
    let hexdump = "  00000000  de ad be ef                                       |....|\n";
    for line in ["/bin de ad BEEF", "/b64 3q2+7w==", "/b64 3q2-7w"] {
        let received = command(line, &format!("← binary 4 B\n{hexdump}"));
        assert_eq!(
            received.messages,
            [Message::binary(&b"\xde\xad\xbe\xef"[..])]
        );
    }
}

#[test]
fn file_sends_a_file_as_it_is() {
    let mut file = tempfile::NamedTempFile::new().expect("a file");
    file.write_all(b"[1]\n").expect("a file");
    let path = file.path().display();
    let received = command(
        &format!("/file {path}"),
        "← binary 4 B (looks like JSON)   [1]\n",
    );
    assert_eq!(received.messages, [Message::binary(&b"[1]\n"[..])]);
    let received = command(&format!("/file {path} text"), "← text 4 B ");
    assert_eq!(received.messages, [Message::text("[1]\n")]);
}

#[test]
fn file_names_the_first_byte_that_is_not_utf8() {
    let mut file = tempfile::NamedTempFile::new().expect("a file");
    file.write_all(b"ab\xff").expect("a file");
    let path = file.path().display();
    rejected(&format!("/file {path} text"), "byte 3 is not valid UTF-8");
}

#[test]
fn ping_is_answered_with_its_payload() {
    let server = echoing();
    let mut terminal = terminal(&[server.url()]).prompt();
    terminal.press("/ping are you there\r");
    terminal.wait_for("→ ping 13 B \"are you there\"\n");
    terminal.wait_for("← pong 13 B \"are you there\"   (round trip ");
    terminal.press("/status\r");
    terminal.wait("the round trip", |screen, _| {
        screen.contents().contains("\n  round trip      last ")
    });
    terminal.leave();
    assert_eq!(
        server.finish().messages,
        [Message::Ping(b"are you there"[..].into())]
    );
}

#[test]
fn pong_is_sent_unasked() {
    let received = command("/pong heartbeat", "→ pong 9 B \"heartbeat\"\n");
    assert_eq!(received.messages, [Message::Pong(b"heartbeat"[..].into())]);
}

#[test]
fn close_sends_code_and_reason() {
    let server = scripted(Peer::record);
    let mut terminal = terminal(&[server.url()]).prompt();
    terminal.press("/close 4000 bye now\r");
    terminal.wait_for("→ close 4000 private use \"bye now\"\n");
    terminal.wait_for("\nclosed: 4000 private use \"bye now\" after ");
    assert_eq!(terminal.finish(), 0);
    assert_eq!(server.finish().close, Some((4000, "bye now".to_owned())));
}

#[test]
fn close_without_a_code_is_an_empty_frame() {
    let server = after_handshake(|mut wire| {
        let close = wire.read_frame();
        wire.write_hex("8800");
        close.payload
    });
    let mut terminal = terminal(&[server.url()]).prompt();
    terminal.press("/close\r");
    assert_eq!(terminal.finish(), 0);
    assert_eq!(server.finish(), b"");
}

#[test]
fn quit_closes_with_1000() {
    let server = scripted(Peer::record);
    let mut terminal = terminal(&[server.url()]).prompt();
    terminal.press("/quit\r");
    terminal.wait_for("\nclosed: 1000 normal closure after ");
    assert_eq!(terminal.finish(), 0);
    assert_eq!(server.finish().close, Some((1000, String::new())));
}

#[test]
fn fragment_sends_as_many_frames() {
    let server = after_handshake(|mut wire| {
        let frames = wire.read_to_close();
        wire.write_hex("8802 03e8");
        frames
    });
    let mut terminal = terminal(&[server.url()]).prompt();
    terminal.press("/fragment 3 hello world\r");
    terminal.wait_for("→ text 11 B   hello world\n");
    terminal.leave();
    let frame = |fin, opcode, payload: &str| Frame {
        fin,
        opcode,
        payload: payload.into(),
    };
    let expected = [
        frame(false, TEXT, "hel"),
        frame(false, CONTINUATION, "lo w"),
        frame(true, CONTINUATION, "orld"),
    ];
    assert_eq!(server.finish()[..3], expected);
}

#[test]
fn status_shows_the_state_of_the_connection() {
    let server = echoing();
    let mut terminal = terminal(&[server.url()]).prompt();
    terminal.press("hello\r");
    terminal.wait_for("← text 5 B   hello\n");
    terminal.press("/status\r");
    terminal.wait_for("\n  round trip ");
    let screen = terminal.contents();
    for row in [
        format!("  url             {}/\n", server.url()),
        "  readyState      OPEN (1)\n".to_owned(),
        "  protocol        none\n".to_owned(),
        "  bufferedAmount  0 B\n".to_owned(),
        format!("  peer            127.0.0.1:{}\n", server.port()),
        "  sent            1 message, 5 B\n".to_owned(),
        "  received        1 message, 5 B\n".to_owned(),
    ] {
        assert!(screen.contains(&row), "no {row:?}:\n{screen}");
    }
    terminal.leave();
}

#[test]
fn headers_are_shown_again() {
    let mut terminal = terminal(&["demo", "--no-compress", "-H", "X-Mixed-CASE: v"]).prompt();
    terminal.press("/headers\r");
    terminal.wait("both heads twice", |screen, _| {
        let text = screen.contents();
        let twice = |line| text.matches(line).count() == 2;
        twice("> GET / HTTP/1.1\n") && twice("> X-Mixed-CASE: v\n") && twice("< HTTP/1.1 101 ")
    });
    terminal.leave();
}

#[test]
fn show_frames_shows_every_frame() {
    let server = echoing();
    let mut terminal = terminal(&[server.url()]).prompt();
    terminal.press("/show frames on\r");
    terminal.wait_for(", frames on, ");
    terminal.press("/fragment 2 ab\r");
    terminal.wait_for("← text 2 B   ab\n");
    let screen = terminal.contents();
    for line in [
        "→ frame text, mask ",
        "→ frame FIN continuation, mask ",
        "← frame FIN text, no mask, 2 B (7-bit), header 81 02 at ",
    ] {
        assert!(screen.contains(line), "no {line:?}:\n{screen}");
    }
    terminal.press("/show frames off\r");
    terminal.wait_for(", frames off, ");
    terminal.press("cd\r");
    terminal.wait_for("← text 2 B   cd\n");
    assert_eq!(terminal.contents().matches("← frame").count(), 1);
    terminal.leave();
}

#[test]
fn show_lists_and_changes_the_view() {
    let mut terminal = terminal(&["demo", "--no-compress"]).prompt();
    terminal.press("/show\r");
    terminal
        .wait_for("\nshown: ping on, pong on, frames off, raw off, time on, json on, compact off, hex on, decode auto\n");
    terminal
        .press("/show json off\r/show time off\r/show hex off\r/show pong off\r/show decode off\r");
    terminal.wait_for(
        "\nshown: ping on, pong off, frames off, raw off, time off, json off, compact off, hex off, decode off\n",
    );
    terminal.press("{\"a\":1}\r");
    terminal.wait_for("\n#2 ← text 7 B   {\"a\":1}\n");
    terminal.press("/bin 00\r");
    terminal.wait_for("\n#4 ← binary 1 B\n> ");
    terminal.press("/ping\r/ping\rend\r");
    terminal.wait_for("← text 3 B   end\n");
    assert!(!terminal.contents().contains("← pong"));
    terminal.leave();
}

#[test]
fn history_lists_the_last_lines() {
    let mut terminal = terminal(&["demo", "--no-compress"]).prompt();
    terminal.press("one\rtwo\r/history 2\r");
    terminal.wait_for("\n  two\n  /history 2\n");
    terminal.leave();
}
