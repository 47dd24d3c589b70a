//! A server that does not stop talking.

use std::io::Write;
use std::net::TcpStream;
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::support::DEADLINE;
use crate::support::peer::{Message, Peer, Received, scripted};
use crate::support::pty::{Terminal, terminal};
use crate::support::server::Server;
use crate::support::wire::after_handshake;

/// How soon a REPL ends, whatever the server does.
const SOON: Duration = Duration::from_secs(2);

/// How long a flood may take on a busy machine.
const FLOODED: Duration = Duration::from_mins(1);

/// Starts a server that sends 1000 numbered messages per second, then records; it signals whenever it has sent
/// another 50.
fn chatting(count: u32) -> (Server<Received>, Receiver<()>) {
    let (progressed, progress) = mpsc::channel();
    let server = scripted(move |mut peer: Peer| {
        let started = Instant::now();
        for number in 0..count {
            let due = Duration::from_millis(number.into());
            thread::sleep(due.saturating_sub(started.elapsed()));
            peer.send(Message::text(format!("message {number:05}")));
            if number % 50 == 49 {
                // The test may have seen enough.
                let _ = progressed.send(());
            }
        }
        peer.record()
    });
    (server, progress)
}

/// Starts a server that sends messages as fast as they are taken, until the client says something; tells when so many
/// wait to be read that no more are taken.
fn flooding() -> (Server<Received>, Receiver<()>) {
    let (full, is_full) = mpsc::channel();
    let server = Server::start(move |stream| {
        let mut raw = stream.try_clone().expect("a socket");
        let peer = Peer::accept(stream);
        let messages = b"\x81\x14all work and no play".repeat(100);
        while !is_ready(&raw, PollFlags::IN) {
            if !is_ready(&raw, PollFlags::OUT) {
                // The test may have heard it before.
                let _ = full.send(());
            }
            raw.write_all(&messages).expect("a client that reads");
        }
        peer.record()
    });
    (server, is_full)
}

fn is_ready(stream: &TcpStream, direction: PollFlags) -> bool {
    let mut polled = [PollFd::new(stream, direction)];
    poll(&mut polled, Some(&Timespec::default())).expect("a socket") > 0
}

/// The numbers of the messages that were drawn, in that order.
fn numbers(bytes: &[u8]) -> Vec<u32> {
    let text = String::from_utf8_lossy(bytes);
    let after = text.split("message ").skip(1);
    after
        .filter_map(|rest| rest.get(..5)?.parse().ok())
        .collect()
}

fn contains(bytes: &[u8], text: &str) -> bool {
    String::from_utf8_lossy(bytes).contains(text)
}

/// Claims that messages were drawn from the first one on, for a second at least, and that the others were summed up.
#[track_caller]
fn were_shown_and_then_summed_up(terminal: &Terminal) {
    let bytes = terminal.bytes();
    let shown = numbers(&bytes);
    let count = u32::try_from(shown.len()).expect("a count");
    assert!(count > 200 && shown.into_iter().eq(0..count), "{count}");
    assert!(contains(&bytes, "* more than 200 messages a second: "));
}

#[test]
fn the_line_being_typed_stays_whole() {
    let (server, progress) = chatting(2_500);
    let mut terminal = terminal(&[server.url()]).start();
    let typed = "the quick brown fox 漢字 äöü jumps";
    for key in typed.chars() {
        progress.recv_timeout(DEADLINE).expect("more messages");
        terminal.press(&key.to_string());
    }
    terminal.wait_for("* every message is shown again; ");
    terminal.wait_for_line(&format!("> {typed}"));
    were_shown_and_then_summed_up(&terminal);
    for line in terminal.painted_lines() {
        let shown = line.strip_prefix("> ");
        assert!(
            shown.is_some_and(|shown| typed.starts_with(shown)),
            "{line:?}"
        );
    }
    terminal.press("\r");
    terminal.wait_for(&format!("   {typed}\n> "));
    terminal.press("\x04");
    assert_eq!(terminal.finish(), 0);
    assert_eq!(server.finish().messages, [Message::text(typed)]);
}

#[test]
fn every_line_typed_during_a_flood_is_sent() {
    let (server, progress) = chatting(3_000);
    let mut terminal = terminal(&[server.url()]).start();
    for line in 0..50 {
        progress.recv_timeout(DEADLINE).expect("more messages");
        terminal.press(&format!("typed {line}\r"));
    }
    terminal.wait_for("* every message is shown again; ");
    terminal.press("/find typed 49\r");
    terminal.wait_for("   typed 49\n1 match in ");
    terminal.leave();
    were_shown_and_then_summed_up(&terminal);
    let expected: Vec<_> = (0..50)
        .map(|line| Message::text(format!("typed {line}")))
        .collect();
    assert_eq!(server.finish().messages, expected);
}

/// What a REPL may take besides what it keeps: the same as before the flood.
const GROWTH: u64 = 8 << 20;

#[test]
fn a_flood_does_not_grow_what_is_kept() {
    let (first, more) = (20_000_u32, 100_000_u32);
    let (progressed, go) = (mpsc::channel(), mpsc::channel());
    let (sender, receiver) = (progressed.0, go.1);
    let server = scripted(move |mut peer: Peer| {
        let mut number = 0;
        for count in [first, more] {
            for _ in 0..count {
                number += 1;
                peer.send(Message::text(format!("message {number:07} of a flood")));
                if number % 1000 == 0 {
                    // Two seconds at least: what is over within one is no flood, and is shown line by line.
                    thread::sleep(Duration::from_millis(100));
                }
            }
            // An answer to what comes after the flood shows that all of it has arrived.
            peer.expect("done?");
            peer.send(Message::text(format!("done with {number}")));
            sender.send(()).expect("a test");
            receiver.recv().expect("a test");
        }
        peer.record()
    });
    let mut terminal = terminal(&[server.url(), "--no-compress"]).prompt();
    let mut peaks = Vec::new();
    for count in [first, first + more] {
        terminal.press("done?\r");
        progressed.1.recv_timeout(FLOODED).expect("an answer");
        // The flood ends a second after the last message at the earliest.
        let ends = |bytes: &[u8]| {
            let text = String::from_utf8_lossy(bytes);
            text.matches("* every message is shown again; ").count()
        };
        let before = ends(&terminal.bytes());
        terminal.wait("the end of the flood", |_, bytes| ends(bytes) > before);
        let line = format!("/find done with {count}\r");
        terminal.press(&line);
        terminal.wait_for(&format!("   done with {count}\n1 match in 10000 messages"));
        peaks.push(terminal.peak());
        go.0.send(()).expect("a server");
    }
    let [before, after] = peaks[..] else {
        unreachable!("two floods")
    };
    assert!(after < before + GROWTH, "{before} and then {after} bytes");
    terminal.leave();
    server.finish();
}

#[test]
fn quitting_is_soon_over() {
    let (server, is_full) = flooding();
    let mut terminal = terminal(&[server.url()]).start();
    is_full.recv_timeout(DEADLINE).expect("a backlog");
    terminal.wait_for("all work and no play\n> ");
    terminal.press("\x04");
    assert_eq!(terminal.finish_within(SOON), 0);
    terminal.wait_for("\nclosed: 1000 normal closure after ");
    assert_eq!(server.finish().close, Some((1000, String::new())));
}

#[test]
fn an_interrupt_does_not_wait_for_a_server_that_does_not_listen() {
    let server = after_handshake(|mut wire| wire.flood(&b"\x81\x04spam".repeat(1_000)));
    let mut terminal = terminal(&[server.url()]).start();
    terminal.wait_for("spam\n> ");
    terminal.press("\x03\x03");
    assert_eq!(terminal.finish_within(SOON), 130);
    terminal.wait_for("\ninterrupted; ");
}

#[test]
fn a_second_interrupt_ends_at_once() {
    let server = after_handshake(|mut wire| {
        wire.read_to_close();
        wire.wait_for_end();
    });
    let mut terminal = terminal(&[server.url(), "--close-timeout", "1m"]).prompt();
    terminal.press("\x04");
    terminal.wait_for("→ close 1000 normal closure\n");
    terminal.press("\x03");
    assert_eq!(terminal.finish_within(SOON), 130);
}

#[test]
fn all_that_came_before_the_close_is_shown_or_summed_up() {
    let server = scripted(|mut peer: Peer| {
        for number in 0..20_000 {
            peer.send(Message::text(format!("message {number:05}")));
        }
        peer.close(1000, "done")
    });
    let mut terminal = terminal(&[server.url()]).start();
    assert_eq!(terminal.finish(), 0);
    terminal.wait_for("\nclosed by server: 1000 normal closure \"done\" after ");
    let shown = numbers(&terminal.bytes());
    let count = u32::try_from(shown.len()).expect("a count");
    assert!(shown.into_iter().eq(0..count));
    // Their numbers count from 1.
    let bytes = terminal.bytes();
    let summed_up = contains(&bytes, &format!("… #{} to #", count + 1));
    assert!(count == 20_000 || summed_up && contains(&bytes, " to #20000 ← text "));
}

#[test]
fn ctrl_d_is_not_delayed_by_a_server_that_keeps_sending() {
    let server = after_handshake(|mut wire| wire.flood(b"\x81\x02hi"));
    let mut terminal = terminal(&[server.url(), "--close-timeout", "300ms"]).prompt();
    terminal.wait_for("← text 2 B   hi");
    terminal.press("\x04");
    assert_eq!(terminal.finish_within(SOON), 110);
    terminal.wait_for("the server did not answer the Close frame in time");
    server.finish();
}
