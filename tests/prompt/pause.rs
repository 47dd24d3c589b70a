//! `/pause`, and floods that become a line a second.

use std::thread;
use std::time::{Duration, Instant};

use crate::support::peer::{Message, Peer, Received, scripted};
use crate::support::pty::{Terminal, terminal};
use crate::support::server::Server;

/// A server that sends `count` messages for each message it gets.
fn replying(count: u32) -> Server<Received> {
    scripted(move |mut peer: Peer| {
        peer.receive();
        for number in 0..count {
            peer.send(Message::text(format!("reply {number}")));
        }
        peer.record()
    })
}

fn paused(server: &Server<Received>) -> Terminal {
    let mut terminal = terminal(&[server.url(), "--timestamps", "none"]).prompt();
    terminal.press("/pause\r");
    terminal.wait_for("paused; Enter or /resume continues\n> ");
    terminal.press("go\r");
    // What the user sends is shown at once.
    terminal.wait_for("#1 → text 2 B   go\n");
    terminal
}

#[test]
fn a_paused_view_says_how_many_wait_and_shows_them() {
    let server = replying(3);
    let mut terminal = paused(&server);
    terminal.wait_for("paused, 3 messages wait; Enter or /resume shows them\n> ");
    assert!(!terminal.contents().contains("reply"));
    terminal.press("\r");
    terminal
        .wait_for("#2 ← text 7 B   reply 0\n#3 ← text 7 B   reply 1\n#4 ← text 7 B   reply 2\n> ");
    assert!(!terminal.contents().contains("messages wait"));
    terminal.press("/resume\r");
    terminal.wait_for("not paused; /pause stops the view\n");
    terminal.leave();
    server.finish();
}

#[test]
fn more_than_a_screen_is_summed_up_and_still_kept() {
    let server = replying(150);
    let mut terminal = paused(&server);
    terminal
        .wait_for("paused, 150 messages wait; Enter or /resume sums them up, /last shows them\n");
    terminal.press("/resume\r");
    terminal.wait_for("… #2 to #151 ← text 150 while the view was paused; /last,");
    terminal.press("/find reply 77\r");
    terminal.wait_for("   reply 77\n1 match in 151 messages\n");
    terminal.leave();
    server.finish();
}

#[test]
fn commands_are_answered_while_the_view_is_paused_and_no_row_is_left_at_the_end() {
    let server = scripted(|mut peer: Peer| {
        peer.receive();
        for _ in 0..150 {
            peer.send(Message::text("tick"));
        }
        peer.record()
    });
    let mut terminal = paused(&server);
    terminal.wait_for("paused, 150 messages wait;");
    for (line, answer) in [
        ("/save sub", "* sub is go; /send sub sends it\n"),
        ("/send sub", "→ text 2 B   go\n"),
        ("{\"op\":1}", "→ text 8 B   { \"op\": 1 }\n"),
        ("/ping", "(round trip "),
        ("/pong", "→ pong 0 B\n"),
    ] {
        terminal.press(&format!("\x0c{line}\r"));
        terminal.wait_for(answer);
        terminal.wait_for("paused, 150 messages wait;");
    }
    terminal.press("/quit\r");
    terminal.wait_for("while the view was paused");
    terminal.wait_for("closed");
    assert_eq!(terminal.finish(), 0);
    server.finish();
}

#[test]
fn an_end_of_the_connection_ends_the_pause() {
    let server = scripted(|mut peer: Peer| {
        peer.receive();
        peer.send(Message::text("last words"));
        peer.close(1001, "restarting");
    });
    let mut terminal = terminal(&[server.url(), "--timestamps", "none"]).prompt();
    terminal.press("/pause\r");
    terminal.wait_for("paused; Enter");
    terminal.press("go\r");
    terminal.wait_for("#2 ← text 10 B   last words\n");
    terminal.wait_for("closed by server: 1001 going away");
    terminal.press("\x04");
    terminal.finish();
}

#[test]
fn a_flood_becomes_a_line_a_second_of_few_bytes() {
    let server = scripted(|mut peer: Peer| {
        peer.receive();
        let started = Instant::now();
        for number in 0..12_000_u64 {
            let due = Duration::from_millis(number);
            thread::sleep(due.saturating_sub(started.elapsed()));
            if !peer.try_send(Message::text("spam")) {
                break;
            }
        }
        peer.record()
    });
    let mut terminal = terminal(&[server.url(), "--timestamps", "none"]).prompt();
    terminal.press("go\r");
    terminal.wait_for("/last, /find and /view show\n  them, /pause stops\n");
    // What was drawn before the flood was noticed is still on its way.
    terminal.wait_for("/s\n");
    let (start, before) = (Instant::now(), terminal.bytes().len());
    let lines = |bytes: &[u8]| String::from_utf8_lossy(bytes).matches(" ← text ").count();
    let first = lines(&terminal.bytes());
    thread::sleep(Duration::from_secs(3));
    terminal.wait("more lines", |_, bytes| lines(bytes) >= first + 2);
    let bytes = terminal.bytes().len() - before;
    let second = start.elapsed().as_millis();
    assert!(
        bytes as u128 * 1000 / second < 20_000,
        "{bytes} bytes in {second} ms"
    );
    terminal.press("/last 1\r");
    // A line about the flood may come in between.
    terminal.wait("the last message", |screen, _| {
        let contents = screen.contents();
        let after = contents.rsplit_once("> /last 1\n");
        after.is_some_and(|(_, after)| after.lines().any(|line| line.starts_with('#')))
    });
    terminal.press("\x03\x03");
    terminal.finish();
}
