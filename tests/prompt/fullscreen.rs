//! `/view`, F2 and `wsee view FILE`: the messages in a full screen.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use regex::Regex;

use crate::support::peer::{Message, Peer, scripted};
use crate::support::pty::{Terminal, terminal};
use crate::support::run::wsee;
use crate::support::wire::after_handshake;

/// A prompt of this size that has sent three messages to an echo server.
fn echoed(rows: u16, columns: u16) -> Terminal {
    let args = ["demo", "--no-compress", "--color", "never"];
    let mut terminal = terminal(&args).prompt();
    terminal.resize(rows, columns);
    for (line, end) in [
        ("{\"op\":\"buy\",\"list\":[1,2]}", "#2 "),
        ("漢字 \u{1f600} wide", "#4 "),
        ("/bin deadbeef00ff", "#6 "),
    ] {
        terminal.press(&format!("{line}\r"));
        terminal.wait("an echo", |screen, _| screen.contents().contains(end));
    }
    terminal.press("/view\r");
    terminal.wait("the page", |screen, _| {
        screen.alternate_screen() && screen.contents().contains("[hex]")
    });
    terminal
}

/// The screen without times.
fn seen(terminal: &Terminal) -> String {
    let time = Regex::new(r"\d\d:\d\d:\d\d\.\d{3}").expect("an expression");
    time.replace_all(&terminal.contents(), "…:…:…").into_owned()
}

fn wait_for(terminal: &Terminal, text: &str) {
    terminal.wait(text, |screen, _| screen.contents().contains(text));
}

/// Presses keys one after the other, and waits each time for what they lead to.
#[track_caller]
fn follow(terminal: &mut Terminal, steps: &[(&str, &str)]) {
    for (keys, text) in steps {
        terminal.press(keys);
        wait_for(terminal, text);
    }
}

/// Leaves the page; the prompt is as it was.
fn leave(terminal: &mut Terminal) {
    terminal.press("q");
    terminal.wait("the prompt", |screen, _| !screen.alternate_screen());
    terminal.leave();
}

#[test]
fn the_page_fits_a_terminal_of_24_rows_and_80_columns() {
    let mut terminal = echoed(24, 80);
    assert_eq!(
        seen(&terminal),
        "demo  6 messages  following\n\n\n\n\n\n\n\n
  #1 …:…:… → text 25 B   {\"op\":\"buy\",\"list\":[1,2]}
  #2 …:…:… ← text 25 B   {\"op\":\"buy\",\"list\":[1,2]}
  #3 …:…:… → text 16 B   漢字 \u{1f600} wide
  #4 …:…:… ← text 16 B   漢字 \u{1f600} wide
  #5 …:…:… → binary 6 B   de ad be ef 00 ff
> #6 …:…:… ← binary 6 B   de ad be ef 00 ff
#6 …:…:… ← binary 6 B  text json decoded [hex] base64 frames handshake
  00000000  de ad be ef 00 ff                                 |......|\n\n\n\n\n\n
Enter open  / search  f filter  r e y s  : command  ? help  q back"
    );
    leave(&mut terminal);
}

#[test]
fn the_page_fits_a_narrow_terminal() {
    let mut terminal = echoed(12, 44);
    terminal.press("kkkkk");
    wait_for(&terminal, "> #1 ");
    wait_for(&terminal, "[json]");
    assert_eq!(
        seen(&terminal),
        "demo  6 messages
> #1 …:…:… → text 25 B   {\"op\":\"buy\"…
  #2 …:…:… ← text 25 B   {\"op\":\"buy\"…
  #3 …:…:… → text 16 B   漢字 \u{1f600} wide
  #4 …:…:… ← text 16 B   漢字 \u{1f600} wide
  #5 …:…:… → binary 6 B   de ad be e…
  #6 …:…:… ← binary 6 B   de ad be e…
#1 …:…:… → text 25 B  [json]
▾ {
▾   \"op\": \"buy\",
"
        .replace("▾   \"op\"", "    \"op\"")
            + "▾   \"list\": [\nEnter  / f r e y s :  ? help  q back"
    );
    leave(&mut terminal);
}

#[test]
fn the_page_fits_a_wide_terminal_and_folds_json() {
    let mut terminal = echoed(24, 132);
    follow(&mut terminal, &[("g\r", "Esc list"), ("jj\r", "… 2 items")]);
    assert_eq!(
        seen(&terminal).trim_end_matches('\n'),
        "demo  6 messages
#1 …:…:… → text 25 B  text [json] decoded hex base64 frames handshake
▾ {
    \"op\": \"buy\",
▸>  \"list\": [ … 2 items ]
  }\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n
Tab form  Enter fold  Esc list  / search  r e y s  : command  ? help"
    );
    let forms = [
        ("4", "00000000  7b 22 6f 70"),
        ("5", "eyJvcCI6ImJ1eSIsImxpc3QiOlsxLDJdfQ=="),
        ("6", "FIN text, mask "),
        ("7", "> GET / HTTP/1.1"),
        ("7", "< HTTP/1.1 101 Switching Protocols"),
        ("3", "(looks like JSON)"),
        ("1", "{\"op\":\"buy\",\"list\":[1,2]}"),
        ("\x1b", "Enter open"),
    ];
    follow(&mut terminal, &forms);
    leave(&mut terminal);
}

#[test]
fn messages_are_searched_and_filtered() {
    let mut terminal = echoed(24, 80);
    let steps = [
        ("/wide\r", "> #4 "),
        ("n", "> #3 "),
        ("fsent text\r", "demo  2 messages  filter: sent text"),
        (
            "f\x15jq .op == \"buy\"\r",
            "demo  2 messages  filter: jq .op == \"buy\"",
        ),
        ("f\x15a(\r", "column 2: unclosed group"),
        ("f\x15\r", "demo  6 messages"),
        ("?", "with a regular expression"),
        ("x", "Enter open"),
    ];
    follow(&mut terminal, &steps);
    leave(&mut terminal);
}

#[test]
fn messages_are_sent_again_saved_and_copied() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("saved");
    let save = format!("s\x15{}\r", path.display());
    let mut terminal = echoed(24, 80);
    terminal.press("gr");
    wait_for(&terminal, "#1 is sent again");
    wait_for(&terminal, "demo  8 messages");
    let steps = [
        ("y", "* #1 (25 B) copied"),
        (&*save, "* #1 (25 B) saved in"),
        (":text by command\r", "demo  10 messages"),
        (":find by command\r", "2 matches in 10 messages"),
        ("x:status\r", "readyState"),
        ("x:nonsense\r", "unknown command /nonsense"),
    ];
    follow(&mut terminal, &steps);
    leave(&mut terminal);
    let saved = fs::read_to_string(path).expect("a file");
    assert_eq!(saved, "{\"op\":\"buy\",\"list\":[1,2]}");
}

#[test]
fn f2_keeps_what_is_typed() {
    let mut terminal = terminal(&["demo", "--no-compress"]).prompt();
    terminal.press("half a li");
    terminal.wait_for_line("> half a li");
    terminal.press("\x1bOQ");
    terminal.wait("the page", |screen, _| screen.alternate_screen());
    terminal.resize(24, 80);
    terminal.press("q");
    terminal.wait("the prompt", |screen, _| !screen.alternate_screen());
    terminal.wait_for_line("> half a li");
    terminal.press("ne\r");
    terminal.wait_for("#2 ");
    terminal.wait_for("   half a line\n");
    terminal.leave();
}

#[test]
fn what_is_typed_after_the_page_is_for_the_prompt() {
    let mut terminal = terminal(&["demo", "--no-compress"]).prompt();
    for (keys, rest) in [("q", ""), ("q", "half"), ("\x1bOQ", " of it\rmore")] {
        terminal.press("\x1bOQ");
        terminal.wait("the page", |screen, _| screen.alternate_screen());
        terminal.press(&format!("{keys}{rest}"));
        terminal.wait("the prompt", |screen, _| !screen.alternate_screen());
    }
    terminal.wait_for("   half of it\n");
    terminal.wait_for_line("> more");
    terminal.press("\x15");
    terminal.leave();
}

#[test]
fn the_end_of_the_session_gives_the_terminal_back() {
    let server = scripted(|mut peer: Peer| {
        peer.send(Message::text("hello"));
        peer.receive();
        peer.close(1001, "restarting");
    });
    let mut terminal = terminal(&[server.url(), "--exit-on-close"]).prompt();
    terminal.wait_for("#1 ");
    terminal.press("/view\r");
    terminal.wait("the page", |screen, _| screen.alternate_screen());
    terminal.press("r");
    terminal.wait_for("closed by server: 1001 going away \"restarting\" after ");
    assert_eq!(terminal.finish(), 0);
}

/// The number of the selected message.
fn selected(contents: &str) -> u64 {
    let row = contents.lines().find_map(|row| row.strip_prefix("> #"));
    let number = row.and_then(|row| row.split(' ').next()?.parse().ok());
    number.unwrap_or(0)
}

#[test]
fn a_flood_goes_on_behind_the_page() {
    let server = after_handshake(|mut wire| {
        wire.read_frame();
        wire.flood(&b"\x81\x04spam".repeat(1_000));
    });
    let mut terminal = terminal(&[server.url()]).prompt();
    terminal.press("/view\r");
    terminal.wait("the page", |screen, _| screen.alternate_screen());
    terminal.press(":text go\r");
    wait_for(&terminal, "10000 messages");
    let (first, started) = (selected(&terminal.contents()), Instant::now());
    let before = terminal.bytes().len();
    terminal.wait("more messages", |screen, _| {
        selected(&screen.contents()) > first + 20_000
    });
    let (bytes, took) = (terminal.bytes().len() - before, started.elapsed());
    assert!(took < Duration::from_secs(20));
    // Besides what it begins and ends with, two pages.
    let most = 20 * took.as_millis() + 10_000;
    assert!((bytes as u128) < most, "{bytes} bytes in {took:?}");
    terminal.press("kq");
    terminal.wait("the prompt", |screen, _| !screen.alternate_screen());
    terminal.wait_for("while the view was paused; /last, /find and /view show them");
    terminal.press("\x03\x03");
    terminal.finish();
}

#[test]
fn a_terminal_that_is_too_small_keeps_the_prompt() {
    let mut terminal = terminal(&["demo", "--no-compress"]).prompt();
    terminal.resize(9, 100);
    terminal.press("/view\r");
    terminal.wait_for("has 100 columns and 9 rows; the full screen needs 40 columns and 10 rows");
    terminal.leave();
}

/// A recording of `count` messages.
fn recording(count: u32) -> String {
    let mut text = "{\"event\":\"open\",\"time\":\"2026-11-20T12:00:00Z\",\
        \"request\":{\"line\":\"GET /x HTTP/1.1\",\"headers\":[{\"name\":\"Host\",\"value\":\"h\"}]},\
        \"response\":{\"line\":\"HTTP/1.1 101 Switching Protocols\",\"headers\":[]}}\n"
        .to_owned();
    for number in 1..=count {
        let _ = writeln!(
            text,
            "{{\"event\":\"message\",\"n\":{number},\"direction\":\"received\",\"time\":\"2026-11-20T14:00:01Z\",\
             \"type\":\"text\",\"data\":\"{{\\\"id\\\":{number}}}\"}}"
        );
    }
    text
}

#[test]
fn a_recording_of_many_messages_is_looked_at() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("afternoon.jsonl");
    fs::write(&path, recording(100_000)).expect("a file");
    let mut terminal = terminal(&["view", path.to_str().expect("UTF-8")]).start();
    wait_for(&terminal, "afternoon.jsonl  100000 messages");
    wait_for(&terminal, "#100000 ");
    let started = Instant::now();
    for key in ["g", "G", "\x1b[5~", "\x1b[6~"] {
        terminal.press(key);
    }
    terminal.press("/\"id\":777}\r");
    wait_for(&terminal, "#777 ");
    terminal.press("fjq .id % 50000 == 0\r");
    wait_for(&terminal, "afternoon.jsonl  2 messages");
    assert!(
        started.elapsed() < Duration::from_secs(30),
        "{:?}",
        started.elapsed()
    );
    terminal.press("7");
    wait_for(&terminal, "> GET /x HTTP/1.1");
    terminal.press("r");
    wait_for(&terminal, "a recording has no connection");
    terminal.press(":find 99999\r");
    wait_for(&terminal, "1 match in 100000 messages");
    terminal.press("q:every 1s x\r");
    wait_for(
        &terminal,
        "find, last, show, save, diff and copy work on a recording",
    );
    terminal.press("q");
    assert_eq!(terminal.finish(), 0);
}

/// Writes a recording with messages at these seconds.
fn record(path: &Path, numbered: &str, messages: &[(u32, &str)]) {
    let line = |(second, text): &(u32, &str)| {
        format!(
            "{{\"event\":\"message\",{numbered}\"direction\":\"sent\",\"time\":\"2026-11-20T14:00:{second:02}Z\",\
             \"type\":\"text\",\"data\":\"{text}\"}}\n"
        )
    };
    let lines: String = messages.iter().map(line).collect();
    fs::write(path, lines).expect("a file");
}

#[test]
fn a_folder_of_recordings_is_one_list_in_the_order_of_time() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    record(&at("T-0001.jsonl"), "", &[(1, "one"), (4, "four")]);
    record(&at("T-0012.jsonl"), "", &[(2, "two"), (3, "three")]);
    fs::write(at("notes.txt"), "no recording").expect("a file");
    let folder = folder.path().to_str().expect("UTF-8");
    let mut terminal = terminal(&["view", folder]).start();
    wait_for(&terminal, "  4 messages  following");
    for line in [
        "#1 …:…:… @1 → text 3 B   one",
        "#2 …:…:… @12 → text 3 B   two",
    ] {
        assert!(seen(&terminal).contains(line), "{}", seen(&terminal));
    }
    assert!(seen(&terminal).contains("#4 …:…:… @1 → text 4 B   four"));
    let steps = [
        ("f@12\r", "  2 messages  filter: @12"),
        ("f\x15@12 thr\r", "  1 message  filter: @12 thr"),
        ("f\x15@3\r", "none of 4 messages matches"),
        ("f\x15\r", "  4 messages"),
        (":find one\r", "1 match in 4 messages"),
    ];
    follow(&mut terminal, &steps);
    terminal.press("qq");
    assert_eq!(terminal.finish(), 0);
}

#[test]
fn events_of_a_proxy_have_the_number_of_their_connection() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("log.jsonl");
    let line = |number: u32| format!("\"connection\":{number},");
    let part = folder.path().join("part");
    let mut events = String::new();
    for (number, second, text) in [(1, 1, "a"), (2, 2, "b"), (1, 3, "c")] {
        record(&part, &line(number), &[(second, text)]);
        events += &fs::read_to_string(&part).expect("a file");
    }
    fs::write(&path, events).expect("a file");
    let mut terminal = terminal(&["view", path.to_str().expect("UTF-8")]).start();
    wait_for(&terminal, "log.jsonl  3 messages");
    for line in ["#2 …:…:… @2 → text 1 B   b", "#3 …:…:… @1 → text 1 B   c"] {
        assert!(seen(&terminal).contains(line), "{}", seen(&terminal));
    }
    terminal.press("f@1\r");
    wait_for(&terminal, "log.jsonl  2 messages  filter: @1");
    terminal.press("q");
    assert_eq!(terminal.finish(), 0);
}

#[test]
fn a_folder_without_recordings_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut terminal = terminal(&["view", folder.path().to_str().expect("UTF-8")]).start();
    terminal.wait_for("is a recording, by its name");
    assert_eq!(terminal.finish(), 26);
}

#[test]
fn what_is_no_recording_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("picture");
    fs::write(&path, b"\x89PNG\r\n").expect("a file");
    let mut terminal = terminal(&["view", path.to_str().expect("UTF-8")]).start();
    terminal.wait_for("a PNG image");
    assert_eq!(terminal.finish(), 2);
    wsee(&["view", path.to_str().expect("UTF-8")])
        .run()
        .exits(2)
        .says("wsee view needs a terminal that can move its cursor");
}
