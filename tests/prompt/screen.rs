//! Whole screens at three sizes, as files in `tests/prompt/screens/`: `WSEE_BLESS=1` rewrites them.

use std::cell::Cell;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use std::{env, fs, thread};

use regex::Regex;
use vt100::Screen;

use crate::support::peer::{Message, Peer, Received, scripted};
use crate::support::pty::{Terminal, terminal};
use crate::support::server::Server;

/// How long a screen stays the same that is complete, when the files are rewritten.
const DRAWN: Duration = Duration::from_millis(300);
/// How long it may stay what it was before.
const UNCHANGED: Duration = Duration::from_secs(3);

/// Rows and columns.
type Size = (u16, u16);

const SMALL: Size = (24, 80);
const MEDIUM: Size = (30, 100);
const LARGE: Size = (40, 140);

/// The screen with other times, ports, rates and masking keys, each as long as it is.
fn seen(screen: &Screen) -> String {
    let mut text = screen.contents();
    for (varies, shown) in [
        (r"\d\d:\d\d:\d\d\.\d{3}", "12:00:00.000"),
        (r"127\.0\.0\.1:\d{5}", "127.0.0.1:54321"),
        (r"\d+/s, [\d.]+ (B|KiB)/s", "100/s, 1.0 KiB/s"),
        (r"in \d\.\d s were", "in 1.0 s were"),
    ] {
        let varies = Regex::new(varies).expect("an expression");
        text = varies.replace_all(&text, shown).into_owned();
    }
    let rows = text.lines().map(str::trim_end);
    rows.fold(String::new(), |text, row| text + row + "\n")
}

fn file(name: &str, (rows, columns): Size) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/prompt/screens");
    folder.join(format!("{name}-{columns}x{rows}"))
}

/// What is on the screen now.
fn now(terminal: &Terminal) -> String {
    let text = Cell::new(String::new());
    terminal.wait("any screen", |screen, _| {
        text.set(seen(screen));
        true
    });
    text.into_inner()
}

/// Waits for the screen of this name, which is another one than `before`.
#[track_caller]
fn claim(terminal: &Terminal, before: &str, name: &str, size: Size) {
    let path = file(name, size);
    if env::var_os("WSEE_BLESS").is_some() {
        return fs::write(&path, changed(terminal, before)).expect("a file");
    }
    let expected = fs::read_to_string(&path).expect("a screen");
    let what = format!("{name} of {} columns, as in {}", size.1, path.display());
    terminal.wait(&what, |screen, _| seen(screen) == expected);
}

/// The screen once it is another one and stays the same.
fn changed(terminal: &Terminal, before: &str) -> String {
    let started = Instant::now();
    let mut last = before.to_owned();
    loop {
        thread::sleep(DRAWN);
        let shown = now(terminal);
        let is_new = shown != before || started.elapsed() > UNCHANGED;
        if is_new && shown == last {
            return shown;
        }
        last = shown;
    }
}

/// Presses keys, and waits for the screen that they lead to.
#[track_caller]
fn press(terminal: &mut Terminal, keys: &str, name: &str, size: Size) {
    let before = now(terminal);
    terminal.press(keys);
    claim(terminal, &before, name, size);
}

/// The same for a line of the prompt, on an empty screen.
#[track_caller]
fn enter(terminal: &mut Terminal, line: &str, name: &str, size: Size) {
    terminal.press("\x0c");
    terminal.wait("an empty screen", |screen, _| {
        screen.contents().trim_end().ends_with('>') && screen.contents().trim_end().len() < 40
    });
    press(terminal, &format!("{line}\r"), name, size);
}

/// A server that sends messages of all kinds, once it was asked for them.
fn chatty() -> Server<Received> {
    scripted(|mut peer: Peer| {
        peer.expect("go");
        for number in 1..=30 {
            let price = 100 + number % 7;
            let text = format!(r#"{{"op":"trade","id":{number},"price":{price}.50,"qty":2}}"#);
            peer.send(Message::text(text));
        }
        peer.send(Message::text("plain text"));
        peer.send(Message::text("漢字 and \u{1f600}, wide"));
        peer.send(Message::text("escaped \x1b[2J, \u{202e} and \x07"));
        peer.send(Message::text("long ".repeat(100)));
        peer.send(Message::binary(
            b"\x82\xa1a\x01\xa1b\xc4\x02\xde\xad".to_vec(),
        ));
        peer.send(Message::binary((0..=255).collect::<Vec<u8>>()));
        peer.send(Message::text(
            r#"{"op":"book","bids":[[101.5,2],[101,7]],"asks":[[102,1]],"note":{"text":"é","ok":true}}"#,
        ));
        peer.record()
    })
}

/// The messages of a server in lists, pages and forms.
fn look_around(size: Size) {
    let (server, other) = (chatty(), scripted(Peer::record));
    let mut terminal = terminal(&[server.url()]).sized(size.0, size.1).prompt();
    terminal.press("go\r");
    terminal.wait("the last message", |screen, _| {
        screen.contents().contains("#38 ")
    });
    enter(&mut terminal, "/last 12", "last", size);
    enter(&mut terminal, "/find (?i)wide|price\":10[35]", "find", size);
    enter(
        &mut terminal,
        "/find jq .price | select(. > 105)",
        "find-jq",
        size,
    );
    enter(&mut terminal, "/show $", "show", size);
    press(&mut terminal, "/view\r", "view", size);
    press(&mut terminal, "kk4", "view-binary", size);
    press(&mut terminal, "k1", "view-long", size);
    press(&mut terminal, "G2\r", "view-json", size);
    press(&mut terminal, "\x1b?", "view-help", size);
    press(
        &mut terminal,
        " freceived text >30 trade\r",
        "view-filter",
        size,
    );
    press(&mut terminal, "/\"id\":1\\d,\r", "view-search", size);
    terminal.press("q");
    terminal.wait("the prompt", |screen, _| !screen.alternate_screen());
    terminal.press(&format!("/connect b {}\r", other.url()));
    terminal.wait_for("* open; /use b sends on it");
    enter(&mut terminal, "/list", "list", size);
    terminal.press("\x04");
    assert_eq!(terminal.finish(), 0);
}

#[test]
fn messages_on_a_screen_of_80_columns() {
    look_around(SMALL);
}

#[test]
fn messages_on_a_screen_of_100_columns() {
    look_around(MEDIUM);
}

#[test]
fn messages_on_a_screen_of_140_columns() {
    look_around(LARGE);
}

/// A flood, which is summed up, and its end.
fn be_flooded(size: Size) {
    let server = scripted(|mut peer: Peer| {
        peer.expect("go");
        for _ in 0..300 {
            peer.send(Message::text("all work and no play"));
        }
        // The second in which there are too many is over.
        thread::sleep(Duration::from_millis(1_200));
        for _ in 0..100 {
            peer.send(Message::text("all work and no play"));
        }
        peer.record()
    });
    let mut terminal = terminal(&[server.url()]).sized(size.0, size.1).prompt();
    terminal.press("go\r");
    terminal.wait_for("* every message is shown again; ");
    claim(&terminal, "", "flood", size);
    terminal.leave();
}

/// A recording in the full screen.
fn open_a_file(size: Size) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("afternoon.jsonl");
    let mut text = "{\"event\":\"open\",\"time\":\"2026-11-20T12:00:00Z\",\
        \"request\":{\"line\":\"GET /x HTTP/1.1\",\"headers\":[{\"name\":\"Host\",\"value\":\"h\"}]},\
        \"response\":{\"line\":\"HTTP/1.1 101 Switching Protocols\",\"headers\":[]}}\n"
        .to_owned();
    for number in 1..=50 {
        let direction = if number % 5 == 0 { "sent" } else { "received" };
        let _ = writeln!(
            text,
            "{{\"event\":\"message\",\"n\":{number},\"direction\":\"{direction}\",\
             \"time\":\"2026-11-20T14:00:01Z\",\"type\":\"text\",\"data\":\"{{\\\"id\\\":{number}}}\"}}"
        );
    }
    fs::write(&path, text).expect("a file");
    let path = path.to_str().expect("UTF-8");
    let mut terminal = terminal(&["view", path]).sized(size.0, size.1).start();
    claim(&terminal, "\n", "file", size);
    press(&mut terminal, "kkk7", "file-handshake", size);
    terminal.press("q");
    assert_eq!(terminal.finish(), 0);
}

/// The events of Socket.IO, with its packets below them.
fn look_at_events(size: Size) {
    let server = scripted(|mut peer: Peer| {
        peer.send(Message::text(
            r#"0{"sid":"s","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}"#,
        ));
        peer.expect("40");
        peer.send(Message::text(r#"40{"sid":"t"}"#));
        peer.send(Message::text(
            r#"427["price",{"s":"EURUSD","bids":[1.5,2.5]}]"#,
        ));
        peer.send(Message::text("2"));
        peer.expect("3");
        peer.expect(r#"42["chat","hi",{"to":["a","b"]}]"#);
        peer.send(Message::text(
            r#"451-["file",{"_placeholder":true,"num":0}]"#,
        ));
        peer.send(Message::binary(b"\x01\x02\x03".to_vec()));
        peer.record()
    });
    let args = ["--as", "socket.io", server.url()];
    let mut terminal = terminal(&args).sized(size.0, size.1).prompt();
    terminal.wait("an event", |screen, _| {
        screen.contents().contains("ack wanted: /ack 7")
    });
    terminal.press("chat \"hi\" {\"to\":[\"a\",\"b\"]}\r");
    terminal.wait("another one", |screen, _| {
        screen.contents().contains("event \"file\"")
    });
    enter(&mut terminal, "/last", "events-last", size);
    enter(
        &mut terminal,
        "/find jq .event[1].bids",
        "events-find-jq",
        size,
    );
    enter(&mut terminal, "/show $", "events-show", size);
    press(&mut terminal, "/view\r", "events", size);
    press(&mut terminal, "/EURUSD\r", "events-view", size);
    press(&mut terminal, "\r", "events-open", size);
    press(&mut terminal, "1", "events-raw", size);
    terminal.press("\x1bq");
    terminal.wait("the prompt", |screen, _| !screen.alternate_screen());
    terminal.press("\x04");
    assert_eq!(terminal.finish(), 0);
}

#[test]
fn floods_files_and_events_on_a_screen_of_80_columns() {
    all_of(SMALL);
}

#[test]
fn floods_files_and_events_on_a_screen_of_100_columns() {
    all_of(MEDIUM);
}

#[test]
fn floods_files_and_events_on_a_screen_of_140_columns() {
    all_of(LARGE);
}

/// The others, during the flood.
fn all_of(size: Size) {
    let flood = thread::spawn(move || be_flooded(size));
    open_a_file(size);
    look_at_events(size);
    flood.join().expect("a flood");
}
