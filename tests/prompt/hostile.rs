//! A server that tries to command the terminal.

use std::collections::BTreeSet;

use crate::support::peer::{Message, Peer, scripted};
use crate::support::pty::{Terminal, terminal};
use crate::support::wire::{after_handshake, before_handshake};

/// Sets the title and the clipboard, clears the screen, asks for an answer, starts a device control
/// string, says the same in C1, turns the text around, and goes back to write over the line.
const ATTACK: &str = "\x1b]0;owned\x07\x1b]52;c;aGk=\x07\x1b[2J\x1b[6n\x1bP1;2|x\x1b\\\x1bc\
                      \u{9b}31m\u{9d}0;owned\u{9c}\u{90}\u{202e}evil\u{2066}\rOVER\x08\x7f\u{2028}";
/// The same without what a JSON string or header field cannot hold.
const ATTACK_WITHOUT_C0: &str =
    "\u{9b}31m\u{9d}0;owned\u{9c}\u{90}1;2|x\u{202e}evil\u{2066}\u{2028}";

/// Claims that nothing reached the terminal but text and what wsee itself writes.
#[track_caller]
fn assert_harmless(terminal: &Terminal) {
    let bytes = terminal.bytes();
    let text = std::str::from_utf8(&bytes).expect("UTF-8");
    let foreign: BTreeSet<&str> = sequences(text)
        .filter(|sequence| !is_own(sequence))
        .collect();
    assert!(foreign.is_empty(), "sequences {foreign:?} were written");
    let foreign: BTreeSet<char> = text.chars().filter(|&c| is_foreign(c)).collect();
    assert!(foreign.is_empty(), "characters {foreign:?} were written");
    assert!(!text.contains("\rOVER"), "a line was written over");
}

/// What stands between `ESC [` and the end of each sequence; the first characters of any other.
fn sequences(text: &str) -> impl Iterator<Item = &str> {
    text.split('\x1b')
        .skip(1)
        .map(|rest| match rest.strip_prefix('[') {
            Some(rest) => {
                let end = rest.find(|c: char| ('@'..='~').contains(&c));
                &rest[..end.map_or(rest.len(), |end| end + 1)]
            }
            None => &rest[..rest.floor_char_boundary(8)],
        })
}

/// Whether wsee and its line editor write it: erasing, two modes, moves of the cursor, and colours.
fn is_own(sequence: &str) -> bool {
    const FIXED: [&str; 6] = ["K", "J", "?2004h", "?2004l", "?2026h", "?2026l"];
    let (parameters, end) = sequence.split_at(sequence.len().saturating_sub(1));
    let has_only = |allowed: &str| parameters.chars().all(|c| allowed.contains(c));
    match end {
        "A" | "B" | "C" => has_only("0123456789"),
        "m" => has_only("0123456789;"),
        _ => FIXED.contains(&sequence),
    }
}

fn is_foreign(c: char) -> bool {
    c.is_control() && !matches!(c, '\x1b' | '\r' | '\n')
        || matches!(c, '\u{202e}' | '\u{2066}' | '\u{2028}')
}

/// Runs the REPL against a server that sends `message`; waits until `shown` is.
#[track_caller]
fn attacked_by(message: Message, shown: &str) {
    let server = scripted(move |mut peer: Peer| {
        peer.send(message);
        peer.record()
    });
    let mut terminal = terminal(&[server.url()]).prompt();
    terminal.wait_for(shown);
    terminal.leave();
    assert_harmless(&terminal);
}

#[test]
fn in_a_text_message() {
    attacked_by(Message::text(ATTACK), r"\x1b]0;owned\x07\x1b]52;c;");
    attacked_by(Message::text(ATTACK_WITHOUT_C0), "evil");
}

#[test]
fn in_a_text_message_of_many_lines() {
    attacked_by(
        Message::text(format!("{ATTACK}\n{ATTACK}\n")),
        r"\x1b]0;owned",
    );
}

#[test]
fn in_json() {
    let key = ATTACK_WITHOUT_C0;
    attacked_by(Message::text(format!("{{\"{key}\":[\"{key}\"]}}")), "evil");
    let escaped = r#"{"a":"\u001b]0;owned\u0007\u001b[2J\u009b31m\u202eevil\r"}"#;
    attacked_by(Message::text(escaped), "evil");
    attacked_by(Message::text(format!("{{\"a\":\"{ATTACK}\"}}")), "evil");
}

#[test]
fn in_a_binary_message() {
    attacked_by(Message::binary(ATTACK.as_bytes()), "1b 5d 30 3b");
}

#[test]
fn in_a_ping_and_a_pong() {
    let payload = ATTACK.as_bytes().to_vec();
    attacked_by(Message::Ping(payload.clone().into()), r"\x1b]0;owned");
    attacked_by(Message::Pong(payload.into()), r"\x1b]0;owned");
    attacked_by(Message::Ping(b"\xff\x1b[2J"[..].into()), r"\xff\x1b[2J");
}

#[test]
fn in_a_close_reason() {
    let server = scripted(|peer: Peer| peer.close(1008, ATTACK));
    let mut terminal = terminal(&[server.url()]).start();
    assert_eq!(terminal.finish(), 111);
    terminal.wait_for("closed by server: 1008 policy violation\n  \"\\x1b]0;owned\\x07");
    assert_harmless(&terminal);
}

#[test]
fn in_a_header_field() {
    let server = before_handshake(|mut wire| {
        let response = wire.response();
        let field = format!("X-Evil: {ATTACK_WITHOUT_C0}\r\n\r\n");
        wire.write(response.replace("\r\n\r\n", &format!("\r\n{field}")));
        wire.wait_for_end();
    });
    let mut terminal = terminal(&[server.url()]).prompt();
    terminal.wait_for("< X-Evil: ");
    terminal.press("/headers\r");
    terminal.wait("the header twice", |screen, _| {
        screen.contents().matches("< X-Evil: ").count() == 2
    });
    terminal.press("\x03\x03");
    assert_eq!(terminal.finish(), 130);
    assert_harmless(&terminal);
}

/// Runs the REPL against a server that answers the request with `response`; claims the exit status.
#[track_caller]
fn refused_by(response: String, status: u32) {
    let server = before_handshake(|mut wire| {
        wire.write(response);
        wire.wait_for_end();
    });
    let mut terminal = terminal(&[server.url()]).start();
    assert_eq!(terminal.finish(), status);
    assert_harmless(&terminal);
}

#[test]
fn in_a_response_that_refuses() {
    let end = "Connection: close\r\nContent-Length: 0\r\n\r\n";
    refused_by(format!("HTTP/1.1 403 {ATTACK_WITHOUT_C0}\r\n{end}"), 22);
    refused_by(
        format!("HTTP/1.1 302 Found\r\nLocation: ws://{ATTACK_WITHOUT_C0}\r\n{end}"),
        22,
    );
    let len = ATTACK.len();
    refused_by(
        format!("HTTP/1.1 403 Forbidden\r\nContent-Length: {len}\r\n\r\n{ATTACK}"),
        22,
    );
}

#[test]
fn in_a_response_that_is_none() {
    refused_by(format!("HTTP/1.1 101 {ATTACK}\r\n\r\n"), 112);
    refused_by(
        format!("HTTP/1.1 101 Switching\r\nX: {ATTACK}\r\n\r\n"),
        112,
    );
    refused_by(format!("{ATTACK}\r\n\r\n"), 112);
}

#[test]
fn in_a_frame_that_breaks_the_rules() {
    let server = after_handshake(|mut wire| {
        wire.write(b"\x81\x06\x1b[2J\xff\xfe");
        wire.read_to_close();
    });
    let mut terminal = terminal(&[server.url()]).start();
    assert_eq!(terminal.finish(), 113);
    assert_harmless(&terminal);
}

#[test]
fn in_a_pipe_that_ends_at_the_terminal() {
    let server = scripted(|mut peer: Peer| {
        peer.send(Message::text(ATTACK));
        peer.close(1000, ATTACK)
    });
    let mut terminal = terminal(&[server.url(), "--no-repl", "-v"]).start();
    assert_eq!(terminal.finish(), 0);
    terminal.wait_for(r"\x1b]0;owned");
    assert_harmless(&terminal);
}
