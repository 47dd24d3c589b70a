//! `/file`: small files, and large ones that are on their way for a while.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::mpsc;

use tempfile::TempDir;

use crate::support::peer::{Message, Peer, Received, echoing, scripted};
use crate::support::pty::{Terminal, terminal};
use crate::support::server::Server;

const MIB: usize = 1 << 20;

/// A file of so many MiB, and its directory.
fn large(mib: usize) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a directory");
    let path = folder.path().join("large.bin");
    let file = File::create(&path).expect("a file");
    file.set_len((mib * MIB) as u64).expect("a large file");
    (folder, path)
}

#[track_caller]
fn send(terminal: &mut Terminal, path: &Path) {
    terminal.press(&format!("/file {}\r", path.display()));
}

/// A server that reads nothing until it is told to, or its teller is gone.
fn slow() -> (mpsc::Sender<()>, Server<Received>) {
    let (release, released) = mpsc::channel();
    let server = scripted(move |peer: Peer| {
        let _ = released.recv();
        peer.record()
    });
    (release, server)
}

#[test]
fn a_large_file_is_one_message() {
    let (_folder, path) = large(3);
    let server = echoing();
    let mut terminal = terminal(&[server.url(), "--max-message", "1MiB"]).prompt();
    fs::write(&path, vec![b'x'; 3 * MIB]).expect("a file");
    terminal.press(&format!("/file {} text\r", path.display()));
    terminal.wait_for("/file sent ");
    terminal.wait_for("one text message, 3.0 MiB in 48 frames");
    terminal.finish();
    let expected = Message::text("x".repeat(3 * MIB));
    assert_eq!(server.finish().messages, [expected]);
}

#[test]
fn a_bar_is_shown_as_long_as_it_lasts_and_leaves_nothing() {
    let (_folder, path) = large(48);
    let (release, server) = slow();
    let mut terminal = terminal(&[server.url()]).prompt();
    send(&mut terminal, &path);
    terminal.wait_for("Ctrl-C stops");
    // The prompt stays usable, and the bar right above it.
    terminal.press("/set a b\r");
    terminal.wait_for("a = b\n");
    terminal.press("half");
    terminal.wait("a bar above the line", |screen, _| {
        let contents = screen.contents();
        let lines: Vec<&str> = contents.lines().collect();
        let bars = lines.iter().filter(|line| line.contains("Ctrl-C stops"));
        bars.count() == 1 && matches!(lines[..], [.., bar, line] if bar.contains(" % sent, ") && line.ends_with("> half"))
    });
    terminal.press("\x15later\r");
    terminal.wait_for("* queued; it will be sent after");
    release.send(()).expect("a server");
    terminal.wait_for("large.bin: one binary message, 48.0 MiB in 768 frames");
    terminal.wait_for("→ text 5 B   later\n");
    terminal.wait_for_line("> ");
    let screen = terminal.contents();
    assert!(!screen.contains("Ctrl-C stops"), "{screen}");
    terminal.press("\x04");
    assert_eq!(terminal.finish(), 0);
    let messages = server.finish().messages;
    assert_eq!(messages[0].len(), 48 * MIB);
    assert_eq!(messages[1], Message::text("later"));
}

#[test]
fn ctrl_c_stops_it_and_closes() {
    let (_folder, path) = large(48);
    let (release, server) = slow();
    let mut terminal = terminal(&[server.url()]).prompt();
    send(&mut terminal, &path);
    terminal.wait_for("Ctrl-C stops");
    terminal.press("\x03");
    assert_eq!(terminal.finish(), 130);
    terminal.wait_for(" of 48.0 MiB of ");
    terminal.wait_for("cannot be abandoned half-sent, so the connection is closed");
    let screen = terminal.contents();
    assert!(!screen.contains("Ctrl-C stops"), "{screen}");
    drop((release, server));
}

#[test]
fn a_file_that_cannot_be_sent_is_named() {
    let folder = tempfile::tempdir().expect("a directory");
    let latin = folder.path().join("latin1.txt");
    let mut text = "é".repeat(100_000).into_bytes();
    text.push(0xe9);
    fs::write(&latin, text).expect("a file");
    let mut terminal = terminal(&["demo", "--no-compress"]).prompt();
    let name = folder.path().display();
    terminal.press(&format!("/file {name}/nothing\r"));
    terminal.wait_for("/nothing: No such file or directory");
    terminal.press(&format!("/file {name}\r"));
    terminal.wait_for(": not a regular file\n");
    terminal.press(&format!("/file {name}/latin1.txt text\r"));
    terminal.wait_for(
        "latin1.txt, byte 200001 is not valid UTF-8; without \"text\" it is sent as binary",
    );
    terminal.press("still there\r");
    terminal.wait_for("← text 11 B   still there\n");
    terminal.leave();
}

#[test]
fn a_file_that_ends_early_ends_the_connection() {
    let (_folder, path) = large(48);
    let (release, server) = slow();
    let mut terminal = terminal(&[server.url()]).prompt();
    send(&mut terminal, &path);
    terminal.wait_for("Ctrl-C stops");
    let file = File::options().write(true).open(&path).expect("a file");
    file.set_len(0).expect("a short file");
    release.send(()).expect("a server");
    assert_eq!(terminal.finish(), 26);
    terminal.wait_for("it became shorter while it was read");
    server.finish();
}

#[test]
fn an_incomplete_file_is_reported_when_the_connection_is_lost() {
    let (_folder, path) = large(48);
    let (go, gone) = mpsc::channel();
    let server = scripted(move |peer: Peer| {
        let _ = gone.recv();
        drop(peer);
    });
    let mut terminal = terminal(&[server.url()]).prompt();
    send(&mut terminal, &path);
    terminal.wait_for("Ctrl-C stops");
    go.send(()).expect("a server");
    assert_eq!(terminal.finish(), 110);
    terminal.wait_for("large.bin; the message is incomplete\n");
    terminal.wait_for("; 1 message of input");
    server.finish();
}

#[test]
fn a_path_may_begin_at_home() {
    let home = tempfile::tempdir().expect("a directory");
    fs::write(home.path().join("hello.txt"), "hello").expect("a file");
    let setup = terminal(&["demo", "--no-compress"]).home(home.path());
    let mut terminal = setup.prompt();
    terminal.press("/file ~/hello.txt text\r");
    terminal.wait_for("← text 5 B   hello\n");
    terminal.leave();
}
