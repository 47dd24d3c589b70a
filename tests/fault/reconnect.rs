//! wsee itself connects through each fault, and what it says of it.

use rustix::process::Signal;

use super::{faulty, faulty_with, stop_after};
use crate::support::run::wsee;

/// Faults of the first connection, what a client needs to notice them, and what it says.
const LOST: [(&str, &[&str], &str); 10] = [
    ("refuse 1 503", &[], "refused the upgrade with status 503"),
    (
        "mute",
        &["--connect-timeout", "300ms"],
        "did not answer for",
    ),
    (
        "late 2s",
        &["--connect-timeout", "300ms"],
        "did not answer for",
    ),
    (
        "fin after 1 message",
        &[],
        "the server ended TCP without a Close frame",
    ),
    ("rst after 1 message", &[], "connection lost"),
    ("close 1012 after 1 message", &[], "1012 service restart"),
    ("cut in message 2", &[], "in the middle of a frame"),
    (
        "silent after 1 message",
        &["--idle-timeout", "300ms", "--close-timeout", "300ms"],
        "reconnecting",
    ),
    (
        "no-pong",
        &["--ping-interval", "100ms", "--ping-timeout", "100ms"],
        "no pong",
    ),
    (
        "no-read",
        &["--idle-timeout", "300ms", "--close-timeout", "300ms"],
        "reconnecting",
    ),
];

/// Faults that leave a connection open, one for each connection, and what a client prints and says.
const LEFT: [(&str, &str, i32, &str); 13] = [
    ("late 200ms", ECHOES, 0, "got 3 messages"),
    ("latency 20ms±10ms", ECHOES, 0, "got 3 messages"),
    ("bandwidth 2K/s", ECHOES, 0, "got 3 messages"),
    ("one-byte", ECHOES, 0, "got 3 messages"),
    (
        "duplicate 100%",
        "one\none\ntwo\ntwo\nthree\nthree\n",
        0,
        "(3 sent, 6 received)",
    ),
    ("reorder 100%", "two\none\nthree\n", 0, "got 3 messages"),
    ("corrupt 100%", "ooe\ntvo\ntiree\n", 0, "got 3 messages"),
    ("truncate 100%", "on\n\nt\n", 0, "got 3 messages"),
    ("fragments", ECHOES, 0, "got 3 messages"),
    (
        "no-close",
        ECHOES,
        0,
        "the server did not answer the Close frame in time",
    ),
    ("drop 100%", "", 0, "no reply within 200.0 ms"),
    ("bad-utf8 100%", "", 113, "text is not UTF-8 at byte 1"),
    ("redirect /elsewhere", ECHOES, 0, "got 3 messages"),
];
const ECHOES: &str = "one\ntwo\nthree\n";
/// Answers after which it does not connect again.
const FINAL: [&str; 2] = ["wrong-accept", "wrong-subprotocol"];

#[test]
fn no_fault_is_left_out() {
    let lost = LOST.iter().map(|(fault, ..)| *fault);
    let left = LEFT.iter().map(|(fault, ..)| *fault);
    let tried: Vec<_> = lost.chain(left).chain(FINAL).collect();
    // Those of HTTP/2 have tests of their own.
    for name in wsee::fault::names().filter(|name| !name.starts_with("http2-")) {
        let is_it = |fault: &&str| fault.split(' ').next() == Some(name);
        assert!(tried.iter().any(is_it), "{name}");
    }
}

#[test]
fn a_client_prints_what_faults_leave_and_connects_again() {
    let numbered = (1..).zip(LEFT);
    let faults: Vec<_> = numbered
        .map(|(number, (fault, ..))| format!("{fault} on connection {number}"))
        .collect();
    let faults: Vec<_> = faults.iter().map(String::as_str).collect();
    // What is corrupted is the same in each run.
    let server = faulty_with(&faults, &["--seed", "1"]);
    let url = server.url();
    for (_, printed, status, says) in LEFT {
        let count = printed.lines().count().to_string();
        let until = match printed {
            "" => ["--wait", "200ms"],
            _ => ["-n", &count],
        };
        let flags = [&url, "--reconnect", "-L", "--close-timeout", "300ms"];
        let client = wsee(&[&flags[..], &until].concat()).stdin(ECHOES);
        client.run().exits(status).prints(printed).says(says);
    }
    stop_after(server, "fault: redirect /elsewhere\n");
}

#[test]
fn a_client_reconnects_after_every_fault_that_loses_the_connection() {
    for (fault, args, says) in LOST {
        let server = faulty(&[&format!("{fault} on connection 1")]);
        let url = server.url();
        let args = [&[&url, "--reconnect"], args].concat();
        let mut client = wsee(&args).stdin_held_open().spawn();
        if fault != "mute" && fault != "late 2s" && !fault.starts_with("refuse") {
            client.send("one\ntwo\n");
        }
        server.running.wait_for_stderr("@2 > HTTP/1.1 101 ");
        client.send("after\n");
        client.wait_for_stdout("after\n");
        // With an idle limit it would reconnect again and again.
        client.signal(Signal::INT);
        client.wait().says(says);
        stop_after(server, "@2 * closed by client")
            .says("@1 ")
            .says("fault: ");
    }
}

#[test]
fn a_wrong_answer_is_final() {
    for fault in FINAL {
        let server = faulty(&[fault]);
        let args = [&server.url(), "--reconnect", "-s", "chat", "-1"];
        wsee(&args).run().exits(112);
    }
    // Only a deliberate close ends the run.
    let server = faulty(&["close 4001 after 0 messages"]);
    wsee(&[&server.url(), "--reconnect", "--no-stdin"])
        .run()
        .exits(111);
}
