//! Clients that misbehave.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::thread;
use std::time::Duration;

use rustix::process::Signal;

use super::{Listening, exchange, listening, request};
use crate::support::DEADLINE;
use crate::support::peer::Message;

/// Sends frames to a server; the status code of the Close frame that comes, and what stderr said.
#[track_caller]
fn failed(args: &[&str], frames: &[u8]) -> (Option<u16>, String) {
    let server = listening(args);
    let mut stream = opened(&server);
    stream.write_all(frames).expect("a connection");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).expect("the end");
    let code = match answer[..] {
        [0x88, _, high, low, ..] => Some(u16::from_be_bytes([high, low])),
        _ => None,
    };
    drop(stream);
    server.running.wait_for_stderr(" after ");
    let output = server.stop(Signal::INT).exits(130).prints("");
    (code, output.stderr)
}

fn opened(server: &Listening) -> TcpStream {
    let mut stream = server.connect();
    exchange(&mut stream, request(""));
    stream
}

/// Claims that `server` still echoes.
#[track_caller]
fn assert_serves(server: &Listening) {
    let mut client = server.open();
    client.send("still there?");
    client.expect("still there?");
}

#[test]
fn an_unmasked_frame_fails_with_1002_and_is_named() {
    let (code, stderr) = failed(&[], b"\x81\x02hi");
    assert_eq!(code, Some(1002));
    assert!(stderr.contains("mask"), "{stderr}");
    assert!(stderr.contains("RFC 6455 §5.1"), "{stderr}");
    assert!(stderr.contains("bytes 81 02 at offset 0"), "{stderr}");
    assert!(
        stderr.contains("@1 * protocol violation by the client: "),
        "{stderr}"
    );
}

#[test]
fn frames_that_break_other_rules_fail_with_the_right_code() {
    let cases: [(&[u8], u16); 5] = [
        (b"\xc1\x80\0\0\0\0", 1002),
        (b"\x83\x80\0\0\0\0", 1002),
        (b"\x09\x80\0\0\0\0", 1002),
        (b"\x80\x80\0\0\0\0", 1002),
        (b"\x81\x81\0\0\0\0\xff", 1007),
    ];
    for (frame, expected) in cases {
        let (code, stderr) = failed(&[], frame);
        assert_eq!(code, Some(expected), "{frame:02x?}; {stderr}");
    }
}

#[test]
fn a_message_over_the_limit_fails_with_1009() {
    let (code, stderr) = failed(&["--max-message", "10"], b"\x81\x8b\0\0\0\0hello world");
    assert_eq!(code, Some(1009), "{stderr}");
}

#[test]
fn clients_that_stall_in_the_handshake_block_nobody() {
    let server = listening(&[]);
    let mut stalled: Vec<_> = (0..20).map(|_| server.connect()).collect();
    for stream in &mut stalled[10..] {
        stream
            .write_all(b"GET / HTTP/1.1\r\nHost:")
            .expect("a connection");
    }
    assert_serves(&server);
    drop(stalled);
    assert_serves(&server);
}

#[test]
fn a_client_that_vanishes_is_logged_and_the_server_continues() {
    let server = listening(&[]);
    drop(server.connect());
    server
        .running
        .wait_for_stderr("the client left before its request was complete");
    let half_a_frame = opened(&server);
    (&half_a_frame)
        .write_all(b"\x81\xfe\x10\0\0\0\0\0half")
        .expect("a connection");
    half_a_frame
        .shutdown(Shutdown::Write)
        .expect("a connection");
    server
        .running
        .wait_for_stderr("@2 * abnormal closure (1006");
    assert_serves(&server);
}

#[test]
fn a_malformed_request_is_logged_and_the_server_continues() {
    let server = listening(&[]);
    for junk in [
        "SSH-2.0-OpenSSH_9.6\r\n\r\n",
        "\x16\x03\x01\x02\0\x01\0",
        "\r\n\0\0\r\n\r\n",
    ] {
        let mut stream = server.connect();
        stream.write_all(junk.as_bytes()).expect("a connection");
        stream.shutdown(Shutdown::Write).expect("a connection");
        let mut answer = String::new();
        let _ = stream.read_to_string(&mut answer);
        assert!(!answer.starts_with("HTTP/1.1 101"), "{answer}");
    }
    server.running.wait_for_stderr("@3 ! ");
    assert_serves(&server);
}

#[test]
fn a_head_without_end_is_cut_off() {
    let server = listening(&[]);
    let mut stream = server.connect();
    let field = format!("X: {}\r\n", "x".repeat(1_000));
    let _ = stream.write_all(b"GET / HTTP/1.1\r\n");
    let is_cut_off = (0..10_000).any(|_| stream.write_all(field.as_bytes()).is_err());
    assert!(is_cut_off, "10 MB of head were taken");
    assert_serves(&server);
}

#[test]
fn a_client_cannot_command_the_terminal() {
    let server = listening(&["-v"]);
    let mut stream = server.connect();
    exchange(
        &mut stream,
        request("User-Agent: \u{9b}31m\u{202e}evil\r\n"),
    );
    stream
        .write_all(b"\x81\x85\0\0\0\0\x1b[2J\r\x88\x86\0\0\0\0\x03\xe8\x1b[2J")
        .expect("a connection");
    server.running.wait_for_stderr("@1 * closed by client: ");
    let stderr = server.stop(Signal::INT).exits(130).stderr;
    let is_foreign = |c: char| c.is_control() && c != '\n' || c == '\u{202e}';
    assert!(!stderr.contains(is_foreign), "{stderr:?}");
    assert!(stderr.contains(r"\x1b[2J\r"), "{stderr}");
}

#[test]
fn a_client_that_floods_and_does_not_read_costs_little_memory() {
    let server = listening(&[]);
    let mut stream = opened(&server);
    let payload = vec![b'x'; 256 << 10];
    let frame = [&b"\x82\xff\0\0\0\0\0\x04\0\0\0\0\0\0"[..], &payload].concat();
    let flood = frame.repeat(200);
    let sent = write_until_stalled(&mut stream, &flood);
    assert!(sent < flood.len(), "the server took all of it");
    assert_serves(&server);
    let mut reader = stream.try_clone().expect("a socket");
    let echoed = thread::spawn(move || {
        let mut echo = vec![0; (payload.len() + 10) * 200];
        reader.read_exact(&mut echo).expect("all echoes");
    });
    stream.set_write_timeout(Some(DEADLINE)).expect("a socket");
    stream
        .write_all(&flood[sent..])
        .expect("a server that goes on");
    echoed.join().expect("all echoes");
    // The client does not answer the Close frame: there is time to look at the server's memory.
    let output = server.stop(Signal::INT).exits(130);
    let peak = output.peak_memory;
    assert!((1..32 << 20).contains(&peak), "{} KiB", peak >> 10);
}

#[test]
fn a_client_that_reads_nothing_is_cut_after_10_s_or_once_16_mib_wait_for_it() {
    let echoing = listening(&[]);
    let mut stalled = opened(&echoing);
    let frame = [&b"\x82\xfe\xff\xff\0\0\0\0"[..], &vec![b'x'; 0xffff]].concat();
    let flood = frame.repeat(400);
    let taken = write_until_stalled(&mut stalled, &flood);
    assert!(taken < flood.len(), "the server took all of it");
    let passing = listening(&["--broadcast"]);
    let silent = opened(&passing);
    let mut speaker = passing.open();
    let message = vec![b'x'; 1 << 20];
    for _ in 0..40 {
        speaker.send(Message::binary(message.clone()));
    }
    let why = "@1 * the client leaves more than 16 MiB unread; ";
    passing.running.wait_for_stderr(why);
    drop(silent);
    speaker.close(1000, "");
    let peak = passing.stop(Signal::INT).exits(130).peak_memory;
    assert!((1..80 << 20).contains(&peak), "{} KiB", peak >> 10);
    let why = "@1 * the client has read nothing for 10 s; ";
    echoing.running.wait_for_stderr(why);
    assert_serves(&echoing);
}

/// Writes until nothing was taken for a while; how much was taken.
fn write_until_stalled(stream: &mut TcpStream, bytes: &[u8]) -> usize {
    let patience = Duration::from_millis(500);
    stream.set_write_timeout(Some(patience)).expect("a socket");
    let mut sent = 0;
    while sent < bytes.len() {
        match stream.write(&bytes[sent..]) {
            Ok(n) => sent += n,
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                break;
            }
            Err(error) => panic!("{error}"),
        }
    }
    sent
}
