//! The password that `-u USER` asks for.

use data_encoding::BASE64;
use rustix::process::Signal;

use crate::support::pty::{shell, terminal};
use crate::support::run::wsee;
use crate::support::server::{Server, Untouched};
use crate::support::site::{site, values};

const PROMPT: &str = "password of me at 127.0.0.1: ";

/// The value of Authorization in the one request to `server`.
#[track_caller]
fn authorization(server: Server<Vec<String>>) -> String {
    values(&server.finish()[0], "Authorization")[0].to_owned()
}

fn basic(pair: &str) -> String {
    format!("Basic {}", BASE64.encode(pair.as_bytes()))
}

#[test]
fn is_asked_for_and_not_shown() {
    let server = site(&["101"]);
    let mut terminal = terminal(&[server.url(), "-u", "me"]).start();
    terminal.wait_for_line(PROMPT);
    terminal.press("s3cret wörd\r");
    terminal.wait_for("* open");
    assert_eq!(terminal.finish(), 0);
    assert!(!terminal.contents().contains("s3cret"));
    assert_eq!(authorization(server), basic("me:s3cret wörd"));
}

#[test]
fn is_asked_for_when_stdin_and_stdout_are_pipes() {
    let server = site(&["101"]);
    let script = format!(
        "echo hello | $WSEE {} -u me 2>/dev/null | cat",
        server.url()
    );
    let mut terminal = shell(&script).start();
    terminal.wait_for_line(PROMPT);
    terminal.press("s3cret\r");
    assert_eq!(terminal.finish(), 0);
    assert_eq!(authorization(server), basic("me:s3cret"));
}

#[test]
fn can_be_corrected_while_it_is_typed() {
    let server = site(&["101"]);
    let mut terminal = terminal(&[server.url(), "-u", "me"]).start();
    terminal.wait_for_line(PROMPT);
    terminal.press("wrong\x15s3cret!\x7f\r");
    assert_eq!(terminal.finish(), 0);
    assert_eq!(authorization(server), basic("me:s3cret"));
}

#[test]
fn interrupted_sends_nothing_and_gives_the_terminal_back() {
    for (key, status, text) in [
        ("\x03", 130, "interrupted at the prompt"),
        ("half\x03", 130, "interrupted at the prompt"),
        ("\x04", 2, "no password was entered"),
    ] {
        let server = Untouched::start();
        let url = format!("ws://127.0.0.1:{}", server.port());
        let mut terminal = terminal(&[&url, "-u", "me"]).start();
        terminal.wait_for_line(PROMPT);
        terminal.press(key);
        // Claims that echo and signals are as before.
        assert_eq!(terminal.finish(), status);
        terminal.wait_for(text);
    }
}

#[test]
fn a_signal_gives_the_terminal_back() {
    for (signal, status, text) in [
        (Signal::TERM, 143, "ended by SIGTERM at the prompt"),
        (Signal::HUP, 129, "ended by SIGHUP at the prompt"),
    ] {
        let server = Untouched::start();
        let url = format!("ws://127.0.0.1:{}", server.port());
        let mut terminal = terminal(&[&url, "-u", "me"]).start();
        terminal.wait_for_line(PROMPT);
        terminal.signal(signal);
        // Claims that echo and signals are as before.
        assert_eq!(terminal.finish(), status);
        terminal.wait_for(text);
    }
}

#[test]
fn without_a_terminal_is_a_usage_error() {
    let server = Untouched::start();
    let url = format!("ws://127.0.0.1:{}", server.port());
    wsee(&[&url, "-u", "me"])
        .without_terminal()
        .run()
        .exits(2)
        .prints("")
        .says("-u USER:PASS")
        .says("--netrc");
}

#[test]
fn is_not_asked_for_a_command_line_that_is_refused() {
    let mut terminal = terminal(&["ws://127.0.0.1:1", "-u", "me", "-H", "bad"]).start();
    assert_eq!(terminal.finish(), 2);
    assert!(!terminal.contents().contains("password"));
}

#[test]
fn empty_or_known_is_not_asked_for() {
    let server = site(&["101"]);
    wsee(&[server.url(), "-u", "me:"])
        .without_terminal()
        .run()
        .exits(0);
    assert_eq!(authorization(server), basic("me:"));
    let server = site(&["101"]);
    let run = wsee(&[server.url(), "-u", "me", "--netrc"]).without_terminal();
    let netrc = "default login you password wrong\ndefault login me password s3cret";
    std::fs::write(run.home().join(".netrc"), netrc).expect("a file");
    run.run().exits(0);
    assert_eq!(authorization(server), basic("me:s3cret"));
}
