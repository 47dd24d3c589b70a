//! From the command line to the prompt.

use crate::support::peer::{Message, Peer, echoing, scripted};
use crate::support::pty::{Terminal, terminal};
use crate::support::wire::before_handshake;

/// The codes that set colours and weight.
fn is_colored(terminal: &Terminal) -> bool {
    let bytes = terminal.bytes();
    let text = String::from_utf8_lossy(&bytes);
    let mut codes = text.split("\x1b[").skip(1);
    codes.any(|code| {
        code.trim_start_matches(|c: char| c.is_ascii_digit() || c == ';')
            .starts_with('m')
    })
}

/// Whether `texts` are on the screen, one below the other.
#[track_caller]
fn assert_in_order(screen: &str, texts: &[&str]) {
    let mut rest = screen;
    for text in texts {
        let found = rest.split_once(text);
        rest = found
            .unwrap_or_else(|| panic!("no {text:?} in its place:\n{screen}"))
            .1;
    }
}

#[test]
fn shows_the_handshake_and_then_the_prompt() {
    let mut terminal = terminal(&["demo"]).prompt();
    assert_in_order(
        &terminal.contents(),
        &[
            "* connected to 127.0.0.1:",
            "> GET / HTTP/1.1\n",
            "> Host: 127.0.0.1:",
            "> Upgrade: websocket\n",
            "> Sec-WebSocket-Key: ",
            "< HTTP/1.1 101 Switching Protocols\n",
            "< Sec-WebSocket-Accept: ",
            "* open",
            "> ",
        ],
    );
    terminal.press("\x04");
    assert_eq!(terminal.finish(), 0);
}

#[test]
fn shows_which_addresses_a_name_has() {
    let server = scripted(Peer::record);
    let url = format!("ws://localhost:{}/", server.port());
    let mut terminal = terminal(&[&url]).prompt();
    terminal.wait_for("* resolved localhost → ");
    terminal.press("\x04");
    assert_eq!(terminal.finish(), 0);
}

#[test]
fn sends_a_typed_line_and_shows_the_echo() {
    let server = echoing();
    let mut terminal = terminal(&[server.url()]).prompt();
    terminal.press("hello, wörld\r");
    terminal.wait_for("→ text 13 B   hello, wörld\n");
    terminal.wait_for("← text 13 B   hello, wörld\n> ");
    terminal.press("\x04");
    assert_eq!(terminal.finish(), 0);
    let received = server.finish();
    assert_eq!(received.messages, [Message::text("hello, wörld")]);
    assert_eq!(received.close, Some((1000, String::new())));
}

#[test]
fn messages_of_the_command_line_are_sent_first() {
    let server = echoing();
    let mut terminal = terminal(&[server.url(), "--send", "one", "--send", "two"]).prompt();
    terminal.wait_for("← text 3 B   two\n");
    terminal.press("three\r");
    terminal.wait_for("← text 5 B   three\n");
    terminal.press("\x04");
    assert_eq!(terminal.finish(), 0);
    assert_eq!(
        server.finish().messages,
        ["one", "two", "three"].map(Message::text)
    );
}

#[test]
fn masks_secrets() {
    let server = echoing();
    let url = format!("{}/?token=abc123", server.url());
    let mut terminal = terminal(&[&url, "-H", "Authorization: Bearer abc123"]).prompt();
    terminal.wait_for("> GET /?token=*** HTTP/1.1\n");
    terminal.press("/headers\r/status\r");
    terminal.wait_for("/?token=***\n  HTTP ");
    assert!(!terminal.contents().contains("abc123"));
    terminal.press("\x04");
    assert_eq!(terminal.finish(), 0);
}

#[test]
fn a_refused_upgrade_leaves_the_terminal_as_it_was() {
    let server = before_handshake(|mut wire| {
        wire.write("HTTP/1.1 404 Not Found\r\nContent-Length: 8\r\n\r\nnot here");
        wire.wait_for_end();
    });
    let mut terminal = terminal(&[server.url()]).start();
    terminal.wait_for("< HTTP/1.1 404 Not Found\n");
    terminal.wait_for("\n  not here\n");
    assert_eq!(terminal.finish(), 22);
}

#[test]
fn is_coloured_by_default() {
    let mut terminal = terminal(&["demo"]).prompt();
    assert!(is_colored(&terminal));
    terminal.press("\x04");
    assert_eq!(terminal.finish(), 0);
}

#[test]
fn is_not_coloured_if_that_is_not_wanted() {
    let plain = [
        terminal(&["demo"]).env("NO_COLOR", "1"),
        terminal(&["demo", "--color", "never"]),
        terminal(&["demo", "--color", "never"]).env("CLICOLOR_FORCE", "1"),
    ];
    for setup in plain {
        let mut terminal = setup.prompt();
        terminal.press("{\"a\":1}\r/bin 00 ff\r/ping\r/clo\t\x03/statsu\r");
        terminal.wait_for("unknown command");
        terminal.press("\x04");
        assert_eq!(terminal.finish(), 0);
        assert!(!is_colored(&terminal));
    }
}

#[test]
fn keeps_its_colours_with_no_color_if_they_are_asked_for() {
    let setup = terminal(&["demo", "--color", "always"]);
    let terminal = setup.env("NO_COLOR", "1").prompt();
    assert!(is_colored(&terminal));
}

#[test]
fn no_repl_is_a_pipe_at_the_terminal() {
    let server = echoing();
    let mut terminal = terminal(&[server.url(), "--no-repl", "-n", "1"]).start();
    terminal.press("hello\n");
    terminal.wait_for("hello\nhello\n");
    assert_eq!(terminal.finish(), 0);
    assert_eq!(server.finish().messages, [Message::text("hello")]);
}

#[test]
fn a_terminal_without_a_prompt_says_how_commands_work() {
    let server = echoing();
    let setup = terminal(&[server.url(), "--wait", "0"]).env("TERM", "dumb");
    let mut terminal = setup.start();
    terminal.wait_for(
        "each line is sent as a message;\n  --commands takes lines that start with / as commands",
    );
    terminal.press("hello\n\x04");
    assert_eq!(terminal.finish(), 0);
    assert_eq!(server.finish().messages, [Message::text("hello")]);
}

#[test]
fn prose_is_wrapped_at_words() {
    let mut terminal = terminal(&["demo", "--no-compress"]).prompt();
    terminal.resize(40, 40);
    terminal.press("/help\r");
    terminal.wait_for(
        "\n  /copy MESSAGE\n      copy the payload of a message to\n      the clipboard\n",
    );
    terminal.press("/hlep\r");
    terminal.wait_for(
        "unknown command /hlep; did you mean\n  /help? (//hlep sends the text \"/hlep\")\n",
    );
    terminal.leave();
}
