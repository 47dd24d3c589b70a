//! Backpressure: much data, slow readers, and nothing lost.

use std::fmt::Write as _;
use std::io::{Read, Write};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use crate::support::DEADLINE;
use crate::support::peer::echoing;
use crate::support::run::wsee;

/// `count` lines of `width` bytes, each with its number.
fn numbered_lines(count: usize, width: usize) -> String {
    let mut lines = String::with_capacity(count * width);
    for n in 0..count {
        writeln!(lines, "{n:0width$}", width = width - 1).expect("memory");
    }
    lines
}

#[test]
fn each_reply_is_printed_before_there_is_more_input() {
    let server = echoing();
    let mut running = wsee(&[server.url(), "--wait", "0"])
        .stdin_held_open()
        .spawn();
    for n in 0..5 {
        running.send(format!("line {n}\n"));
        running.wait_for_stdout(&format!("line {n}\n"));
    }
    running.end_stdin();
    running.wait().exits(0);
}

#[test]
fn many_lines_come_back_complete_and_in_order() {
    let lines = numbered_lines(200_000, 100);
    let server = echoing();
    wsee(&[server.url(), "-n", "200000"])
        .stdin(lines.clone())
        .run()
        .exits(0)
        .prints(lines);
}

#[test]
fn a_slow_reader_loses_nothing_and_blocks_nobody() {
    let lines = numbered_lines(3_200, 16 << 10);
    let server = echoing();
    let run = wsee(&[server.url(), "-n", "3200"]).stdin(lines.clone());
    let (running, mut stdout) = run.spawn_with_stdout();
    let reader = thread::spawn(move || {
        thread::sleep(Duration::from_secs(1));
        let mut output = Vec::new();
        stdout.read_to_end(&mut output).expect("a pipe");
        output
    });
    running.wait().exits(0);
    let output = reader.join().expect("a reader");
    assert!(output == lines.as_bytes(), "{} bytes came", output.len());
}

/// A consumer that writes to wsee's stdin before it reads on must not lead to a deadlock.
#[test]
fn a_consumer_that_feeds_back_into_stdin_is_served() {
    const ROUNDS: usize = 200;
    let block = numbered_lines(64, 1 << 10);
    let server = echoing();
    let run = wsee(&[server.url(), "--wait", "0"]).stdin_held_open();
    let (mut running, mut stdout) = run.spawn_with_stdout();
    let mut stdin = running.take_stdin();
    let (done, is_done) = mpsc::channel();
    let expected = block.clone();
    thread::spawn(move || {
        let mut read = vec![0; expected.len()];
        stdin.write_all(expected.as_bytes()).expect("a pipe");
        for _ in 0..ROUNDS {
            stdout.read_exact(&mut read).expect("a pipe");
            assert!(read == expected.as_bytes());
            stdin.write_all(&read).expect("a pipe");
        }
        stdout.read_exact(&mut read).expect("a pipe");
        done.send(()).expect("a test");
        drop(stdin);
        stdout.read_to_end(&mut read).expect("a pipe");
    });
    is_done.recv_timeout(DEADLINE).expect("all rounds");
    running.wait().exits(0);
}
