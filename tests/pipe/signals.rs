//! Signals: a closing handshake, then the status of the signal.

use std::sync::mpsc;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::support::peer::scripted;
use crate::support::run::wsee;
use crate::support::wire::{CLOSE, Wire, after_handshake, before_handshake};

/// Sends `signal` to a wsee with an open connection; claims its exit status and the Close it sends.
#[track_caller]
fn ends_on(signal: Signal, status: i32, close_code: u16) {
    let server = scripted(|mut peer| {
        peer.send("ready");
        peer.record()
    });
    let running = wsee(&[server.url()]).stdin_held_open().spawn();
    running.wait_for_stdout("ready\n");
    running.signal(signal);
    running.wait().exits(status).within(Duration::from_secs(3));
    let close = server.finish().close.map(|(code, _)| code);
    assert_eq!(close, Some(close_code));
}

#[test]
fn interrupt_closes_with_1000_and_exits_130() {
    ends_on(Signal::INT, 130, 1000);
}

#[test]
fn terminate_closes_with_1001_and_exits_143() {
    ends_on(Signal::TERM, 143, 1001);
}

#[test]
fn hangup_closes_with_1001_and_exits_129() {
    ends_on(Signal::HUP, 129, 1001);
}

#[test]
fn an_interrupt_waits_a_second_for_a_server_that_does_not_answer() {
    let server = after_handshake(|mut wire| {
        wire.write_hex("8105 7265616479");
        wire.wait_for_end();
    });
    let running = wsee(&[server.url()]).stdin_held_open().spawn();
    running.wait_for_stdout("ready\n");
    let signalled = Instant::now();
    running.signal(Signal::INT);
    running.wait().exits(130);
    assert!(signalled.elapsed() < Duration::from_secs(2));
}

#[test]
fn a_second_interrupt_ends_at_once() {
    let (closing, is_closing) = mpsc::channel();
    let server = after_handshake(move |mut wire| {
        wire.write_hex("8105 7265616479");
        assert_eq!(wire.read_frame().opcode, CLOSE);
        closing.send(()).expect("a test");
        wire.wait_for_end();
    });
    let running = wsee(&[server.url()]).stdin_held_open().spawn();
    running.wait_for_stdout("ready\n");
    running.signal(Signal::INT);
    is_closing.recv().expect("a Close frame");
    let signalled = Instant::now();
    running.signal(Signal::INT);
    running.wait().exits(130);
    assert!(signalled.elapsed() < Duration::from_millis(700));
}

#[test]
fn an_interrupt_during_the_handshake_exits_130() {
    let server = before_handshake(Wire::wait_for_end);
    let running = wsee(&[server.url(), "-v"]).stdin_held_open().spawn();
    running.wait_for_stderr("> GET / HTTP/1.1");
    running.signal(Signal::INT);
    running.wait().exits(130).within(Duration::from_secs(3));
}
