//! Bytes that take their time.

use std::io::{Read, Write};
use std::time::Duration;

use super::{echo, faulty, faulty_with, opened, send, stop_after, timed};
use crate::support::peer::Message;
use crate::support::run::wsee;

#[test]
fn latency_delays_both_directions() {
    let server = faulty(&["latency 150ms"]);
    let mut stream = opened(&server);
    let (found, took) = timed(|| {
        send(&mut stream, &["one"]);
        let mut found = vec![0; 5];
        stream.read_exact(&mut found).expect("an echo");
        found
    });
    assert_eq!(found, echo("one"));
    assert!(took >= Duration::from_millis(300), "{took:?}");
    stop_after(server, "fault: latency 150ms\n");
}

#[test]
fn latency_delays_the_opening_and_the_close_and_loses_nothing() {
    let server = faulty(&["latency 200ms"]);
    let output = wsee(&[&server.url(), "-n", "3"]).stdin("a\nb\nc\n").run();
    output.exits(0).prints("a\nb\nc\n").says("closed: 1000");
    stop_after(server, "@1 * closed by client: 1000");
}

#[test]
fn jitter_keeps_the_order() {
    let server = faulty(&["latency 20ms±20ms"]);
    let numbers: Vec<String> = (0..500).map(|number: u32| number.to_string()).collect();
    let lines = numbers.join("\n") + "\n";
    let run = wsee(&[&server.url(), "-q", "-n", "500"])
        .stdin(lines.clone())
        .run();
    run.exits(0).prints(lines);
}

#[test]
fn bandwidth_is_a_limit_in_both_directions() {
    let server = faulty(&["bandwidth 20000/s"]);
    let mut client = server.open();
    let message = Message::binary(vec![7; 8000]);
    let ((), took) = timed(|| {
        client.send(message.clone());
        assert!(client.receive() == message, "another message came back");
    });
    assert!(took >= Duration::from_millis(700), "{took:?}");
}

#[test]
fn a_message_in_segments_of_one_byte_is_whole() {
    let server = faulty_with(&["one-byte"], &["--no-compress"]);
    let message = "0123456789".repeat(2000);
    let args = [&server.url(), "-1"];
    let output = wsee(&args).stdin(format!("{message}\n")).run();
    output.exits(0).prints(format!("{message}\n"));
}

#[test]
fn a_client_that_does_not_read_makes_a_slow_server_wait() {
    let server = faulty(&["bandwidth 1/s"]);
    // The opening takes longer than the test.
    let mut stream = server.connect();
    let block = vec![b'x'; 1 << 20];
    stream
        .set_write_timeout(Some(Duration::from_millis(500)))
        .expect("a socket");
    let writes = std::iter::repeat_with(|| stream.write_all(&block)).take(64);
    writes
        .collect::<Result<(), _>>()
        .expect_err("a full stream");
}
