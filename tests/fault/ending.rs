//! Connections that end badly.

use std::io::{ErrorKind, Write};
use std::time::Duration;

use rustix::process::Signal;

use super::{echo, expect_and_silence, faulty, faulty_with, opened, rest, send, stop_after, timed};
use crate::listen::listening;
use crate::support::peer::Message;

#[test]
fn fin_ends_the_stream_in_order_after_the_messages() {
    let server = faulty(&["fin after 2 messages"]);
    let mut stream = opened(&server);
    send(&mut stream, &["one", "two", "three"]);
    let found = rest(&mut stream).expect("an orderly end");
    assert_eq!(found, [echo("one"), echo("two")].concat());
    drop(stream);
    stop_after(
        server,
        "@1 * connection dropped by us (TCP FIN), no Close frame sent",
    )
    .says("fault: fin after 2 messages\n");
}

#[test]
fn rst_resets_the_stream() {
    let server = faulty(&["rst after 1 message"]);
    let mut stream = opened(&server);
    send(&mut stream, &["one"]);
    let error = rest(&mut stream).expect_err("a reset");
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    stop_after(server, "@1 * connection dropped by us (TCP RST)")
        .says("fault: rst after 1 message\n");
}

#[test]
fn bytes_are_counted_to_the_byte() {
    let server = faulty(&["fin after 7 bytes"]);
    let mut stream = opened(&server);
    send(&mut stream, &["one", "two"]);
    let found = rest(&mut stream).expect("an orderly end");
    assert_eq!(found, b"\x81\x03one\x81\x03");
}

#[test]
fn time_is_counted_from_the_opening() {
    let server = faulty(&["fin after 300ms"]);
    let ((mut stream, found), took) = timed(|| {
        let mut stream = opened(&server);
        send(&mut stream, &["one"]);
        let found = rest(&mut stream).expect("an orderly end");
        (stream, found)
    });
    assert_eq!(found, echo("one"));
    assert!(took >= Duration::from_millis(300), "{took:?}");
    // The client may take its time.
    let _ = stream.write_all(&super::text("late"));
    stop_after(server, "fault: fin after 300ms\n");
}

#[test]
fn a_close_code_comes_after_the_messages() {
    let server = faulty(&["close 1012 after 1 message"]);
    let mut client = server.open();
    for message in ["one", "two"] {
        client.send(message);
    }
    let received = client.record();
    assert_eq!(received.messages, [Message::text("one")]);
    assert_eq!(received.close, Some((1012, String::new())));
    stop_after(server, "@1 * closed: 1012 service restart")
        .says("fault: close 1012 after 1 message\n");
}

#[test]
fn a_cut_leaves_a_message_unfinished() {
    let server = faulty(&["cut in message 2"]);
    let mut stream = opened(&server);
    send(&mut stream, &["one", "twelve", "three"]);
    let found = rest(&mut stream).expect("an orderly end");
    assert_eq!(found, b"\x81\x03one\x81\x06tw");
    stop_after(server, "fault: cut in message 2\n");
}

#[test]
fn an_unanswered_close_leaves_the_stream_open() {
    let server = faulty(&["no-close"]);
    let mut stream = opened(&server);
    send(&mut stream, &["one"]);
    stream.write_all(b"\x88\x80\0\0\0\0").expect("a connection");
    expect_and_silence(&mut stream, &echo("one"));
    // Longer than the server's own patience with the end of the stream.
    std::thread::sleep(Duration::from_millis(1200));
    expect_and_silence(&mut stream, &[]);
    drop(stream);
    stop_after(server, " later\n")
        .says("fault: no-close, the client's Close is not answered\n")
        .says("@1 * the client left ");
}

#[test]
fn a_stream_that_is_kept_open_does_not_keep_the_server_from_ending() {
    let server = faulty(&["no-close"]);
    let mut stream = opened(&server);
    stream.write_all(b"\x88\x80\0\0\0\0").expect("a connection");
    server.running.wait_for_stderr("@1 * closed by client");
    let (output, took) = timed(|| server.stop(Signal::INT));
    output.exits(130);
    assert!(took < Duration::from_millis(1500), "{took:?}");
}

#[test]
fn faults_are_those_of_tls_connections_as_well() {
    let server = faulty_with(&["cut in message 2"], &["--tls"]);
    let url = format!("wss://127.0.0.1:{}/", server.port);
    let run = crate::support::run::wsee(&[&url, "-k", "--wait", "forever"]);
    run.stdin("one\ntwelve\n").run().exits(110).prints("one\n");
    stop_after(server, "fault: cut in message 2\n");
}

#[test]
fn a_replayed_server_has_faults_too() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("feed.jsonl");
    let source = listening(&[]);
    let args = [
        &source.url(),
        "--record",
        file.to_str().expect("UTF-8"),
        "-n",
        "3",
    ];
    crate::support::run::wsee(&args)
        .stdin("a\nb\nc\n")
        .run()
        .exits(0);
    let server = faulty_with(
        &["fin after 2 messages"],
        &["--replay", file.to_str().expect("UTF-8"), "--speed", "max"],
    );
    let mut stream = opened(&server);
    assert_eq!(
        rest(&mut stream).expect("an orderly end"),
        [echo("a"), echo("b")].concat()
    );
}
