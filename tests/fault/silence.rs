//! Connections that stay open and say nothing.

use std::io::Write;
use std::time::Duration;

use super::{echo, expect_and_silence, faulty, opened, send, stop_after};
use crate::support::run::wsee;

#[test]
fn a_silent_server_delivers_nothing_more_and_stays_open() {
    let server = faulty(&["silent after 1 message"]);
    let mut stream = opened(&server);
    send(&mut stream, &["one", "two"]);
    // A ping and a Close.
    stream
        .write_all(b"\x89\x80\0\0\0\0\x88\x80\0\0\0\0")
        .expect("a connection");
    expect_and_silence(&mut stream, &echo("one"));
    drop(stream);
    stop_after(server, " later\n")
        .says("fault: silent after 1 message, nothing is sent from now on\n")
        .says("fault: 1 message after that was not sent\n");
}

#[test]
fn what_a_silent_server_withholds_is_not_shown_as_sent() {
    let server = faulty(&["silent after 0s"]);
    let mut stream = opened(&server);
    send(&mut stream, &["one"]);
    stream.write_all(b"\x88\x80\0\0\0\0").expect("a connection");
    expect_and_silence(&mut stream, &[]);
    drop(stream);
    stop_after(server, " later\n")
        .says("fault: silent after 0s, nothing is sent from now on\n")
        .says("fault: text 3 B is not sent\n")
        .says("(0 sent, 1 received)")
        .never_says("→ ");
}

#[test]
fn silence_may_begin_with_the_opening_or_at_a_time() {
    for fault in ["silent after 0 messages", "silent after 0s"] {
        let server = faulty(&[fault]);
        let mut stream = opened(&server);
        send(&mut stream, &["one"]);
        expect_and_silence(&mut stream, &[]);
    }
}

#[test]
fn a_client_with_an_idle_limit_notices_silence() {
    let server = faulty(&["silent after 1 message"]);
    wsee(&[
        &server.url(),
        "--idle-timeout",
        "300ms",
        "--close-timeout",
        "300ms",
        "--wait",
        "forever",
    ])
    .stdin("one\ntwo\n")
    .run()
    .exits(28)
    .prints("one\n");
}

#[test]
fn pings_stay_without_an_answer_and_messages_do_not() {
    let server = faulty(&["no-pong"]);
    let mut stream = opened(&server);
    stream.write_all(b"\x89\x80\0\0\0\0").expect("a connection");
    send(&mut stream, &["one"]);
    expect_and_silence(&mut stream, &echo("one"));
    stop_after(server, "fault: no-pong, a ping is not answered\n");
}

#[test]
fn a_client_that_pings_gives_up_without_pongs() {
    let server = faulty(&["no-pong"]);
    let args = [
        &server.url(),
        "--ping-interval",
        "100ms",
        "--ping-timeout",
        "100ms",
        "--no-stdin",
    ];
    wsee(&args).run().exits(114);
}

#[test]
fn a_server_that_does_not_read_takes_no_messages() {
    let server = faulty(&["no-read"]);
    let mut stream = opened(&server);
    send(&mut stream, &["one"]);
    expect_and_silence(&mut stream, &[]);
    stream
        .set_write_timeout(Some(Duration::from_millis(500)))
        .expect("a socket");
    let block = vec![0; 1 << 20];
    let error = std::iter::repeat_with(|| stream.write_all(&block)).take(64);
    error.collect::<Result<(), _>>().expect_err("a full stream");
}

#[test]
fn the_end_of_a_client_that_is_not_read_is_noticed() {
    let server = faulty(&["no-read"]);
    let mut stream = opened(&server);
    send(&mut stream, &["one"]);
    drop(stream);
    stop_after(server, "@1 * abnormal closure (1006").says("fault: no-read\n");
}
