//! wsee itself reconnects through each fault.

use rustix::process::Signal;

use super::{faulty, stop_after};
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
    for fault in ["wrong-accept", "wrong-subprotocol"] {
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
