//! A server that does not stop talking.

use std::io::Write;
use std::net::TcpStream;
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::support::DEADLINE;
use crate::support::peer::{Message, Peer, Received, scripted};
use crate::support::pty::terminal;
use crate::support::server::Server;
use crate::support::wire::after_handshake;

/// How soon a REPL ends, whatever the server does.
const SOON: Duration = Duration::from_secs(2);

/// Starts a server that sends 125 numbered messages per second, which is no flood, and goes on to record.
fn chatting(count: u32) -> Server<Received> {
    scripted(move |mut peer: Peer| {
        let started = Instant::now();
        for number in 0..count {
            let due = Duration::from_millis(u64::from(number) * 8);
            thread::sleep(due.saturating_sub(started.elapsed()));
            peer.send(Message::text(format!("message {number:05}")));
        }
        peer.record()
    })
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

#[test]
fn the_line_being_typed_stays_whole() {
    let server = chatting(500);
    let mut terminal = terminal(&[server.url()]).start();
    let typed = "the quick brown fox 漢字 äöü jumps";
    for (index, key) in typed.chars().enumerate() {
        terminal.wait("more messages", |_, bytes| {
            numbers(bytes).len() > index * 10
        });
        terminal.press(&key.to_string());
    }
    terminal.wait("all messages", |_, bytes| numbers(bytes).len() >= 500);
    terminal.wait_for_line(&format!("> {typed}"));
    assert!(numbers(&terminal.bytes()).into_iter().eq(0..500));
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
    let server = chatting(300);
    let mut terminal = terminal(&[server.url()]).start();
    for line in 0..50 {
        terminal.wait("more messages", |_, bytes| numbers(bytes).len() > line * 5);
        terminal.press(&format!("typed {line}\r"));
    }
    terminal.wait("all messages", |_, bytes| numbers(bytes).len() >= 300);
    terminal.wait("the last line", |_, bytes| {
        contains(bytes, "   typed 49\r\n")
    });
    terminal.leave();
    assert!(numbers(&terminal.bytes()).into_iter().eq(0..300));
    let expected: Vec<_> = (0..50)
        .map(|line| Message::text(format!("typed {line}")))
        .collect();
    assert_eq!(server.finish().messages, expected);
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
