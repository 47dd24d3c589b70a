//! `/edit`: a message from the user's own editor.

use std::fs;
use std::sync::mpsc;

use crate::support::DEADLINE;
use crate::support::peer::{Message, Peer, echoing, scripted};
use crate::support::pty::terminal;

/// An editor that writes one line from the terminal.
const LINE_EDITOR: &str = "f() { echo editing; read -r line; echo \"$line\" >\"$1\"; }; f";

#[test]
fn the_saved_text_becomes_one_message() {
    let server = echoing();
    let editor = "printf 'a\\n\\nb/{{user}}\\n' >";
    let mut terminal = terminal(&[server.url()]).env("EDITOR", editor).prompt();
    terminal.press("/set user bob\r/edit\r");
    terminal.wait_for("← text 8 B");
    terminal.leave();
    assert_eq!(server.finish().messages, [Message::text("a\n\nb/bob")]);
}

#[test]
fn edit_starts_with_the_last_message() {
    let server = echoing();
    let setup = terminal(&[server.url()]).env("EDITOR", "false");
    let mut terminal = setup.env("VISUAL", "sed -i s/one/two/").prompt();
    terminal.press("one\r");
    terminal.wait_for("← text 3 B   one\n");
    terminal.press("/edit\r");
    terminal.wait_for("← text 3 B   two\n");
    terminal.press("/edit\r");
    terminal.wait_for("\nnothing was changed; nothing was sent\n");
    terminal.press("/edit one more\r");
    terminal.wait_for("← text 8 B   two more\n");
    terminal.leave();
    let expected = ["one", "two", "two more"].map(Message::text);
    assert_eq!(server.finish().messages, expected);
}

#[test]
fn messages_wait_until_the_terminal_is_back() {
    let (go, gone) = mpsc::channel();
    let (seen, is_seen) = mpsc::channel();
    let server = scripted(move |mut peer: Peer| {
        gone.recv_timeout(DEADLINE).expect("an editor");
        peer.send(Message::text("meanwhile"));
        peer.send(Message::Ping("seen?".into()));
        assert_eq!(peer.receive(), Message::Pong("seen?".into()));
        seen.send(()).expect("a test");
        peer.record()
    });
    let mut terminal = terminal(&[server.url()])
        .env("EDITOR", LINE_EDITOR)
        .prompt();
    terminal.press("/edit\r");
    terminal.wait_for("\nediting");
    go.send(()).expect("a server");
    is_seen.recv_timeout(DEADLINE).expect("an answer");
    terminal.press("typed");
    terminal.wait_for("\nediting\ntyped");
    terminal.press(" text\r");
    terminal.wait_for("→ text 10 B   typed text\n");
    let screen = terminal.contents();
    let after = screen.split("editing\ntyped text\n").nth(1);
    assert!(
        after.is_some_and(|it| it.contains("← text 9 B   meanwhile\n")),
        "{screen}"
    );
    terminal.leave();
    assert_eq!(server.finish().messages, [Message::text("typed text")]);
}

#[test]
fn ctrl_c_ends_the_editor_only() {
    let server = echoing();
    let mut terminal = terminal(&[server.url()])
        .env("EDITOR", LINE_EDITOR)
        .prompt();
    terminal.press("/edit\r");
    terminal.wait_for("\nediting");
    terminal.press("\x03");
    terminal.wait_for("nothing was sent\n");
    terminal.press("still here\r");
    terminal.wait_for("← text 10 B   still here\n");
    terminal.leave();
    server.finish();
}

#[test]
fn a_text_that_cannot_be_sent_any_more_is_kept() {
    let (go, gone) = mpsc::channel();
    let server = scripted(move |peer: Peer| {
        gone.recv_timeout(DEADLINE).expect("an editor");
        peer.close(1000, "")
    });
    let folder = tempfile::tempdir().expect("a directory");
    let setup = terminal(&[server.url(), "--exit-on-close"]).env("EDITOR", LINE_EDITOR);
    let path = folder.path().to_str().expect("UTF-8");
    let mut terminal = setup.env("TMPDIR", path).prompt();
    terminal.press("/edit\r");
    terminal.wait_for("\nediting");
    go.send(()).expect("a server");
    server.finish();
    terminal.press("too late\r");
    assert_eq!(terminal.finish(), 0);
    terminal.wait("the place of the text", |screen, _| {
        screen
            .contents()
            .replace('\n', "")
            .contains("the text is in ")
    });
    terminal.wait_for("closed by server: 1000 normal closure after ");
    let mut files = fs::read_dir(folder.path()).expect("a directory");
    let file = files.next().expect("a file").expect("a file");
    assert_eq!(fs::read_to_string(file.path()).unwrap(), "too late\n");
}
