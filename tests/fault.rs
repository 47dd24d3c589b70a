//! `wsee listen --fault`, `--flap` and `--seed`: faults on purpose, against real clients.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::listen::{Listening, exchange, listening, request};
use crate::support::output::Output;

mod ending;
mod flap;
mod message;
mod opening;
mod reconnect;
mod silence;
mod timing;
mod usage;

/// A server with these faults.
#[track_caller]
fn faulty(faults: &[&str]) -> Listening {
    faulty_with(faults, &[])
}

/// The same, with more arguments.
#[track_caller]
fn faulty_with(faults: &[&str], more: &[&str]) -> Listening {
    let faults = faults.iter().flat_map(|fault| ["--fault", *fault]);
    let args: Vec<&str> = faults.chain(more.iter().copied()).collect();
    listening(&args)
}

/// An open connection without a library in between.
#[track_caller]
fn opened(server: &Listening) -> TcpStream {
    opened_with(server, "")
}

/// The same, with these fields in the request.
#[track_caller]
fn opened_with(server: &Listening, fields: &str) -> TcpStream {
    let mut stream = server.connect();
    let response = exchange(&mut stream, request(fields));
    assert!(response.starts_with("HTTP/1.1 101 "), "{response}");
    stream
}

/// A text message of a client, masked with zeros.
fn text(payload: &str) -> Vec<u8> {
    let len = u8::try_from(payload.len()).expect("a short message");
    [&[0x81, 0x80 | len, 0, 0, 0, 0], payload.as_bytes()].concat()
}

/// A text message of a server.
fn echo(payload: &str) -> Vec<u8> {
    let len = u8::try_from(payload.len()).expect("a short message");
    [&[0x81, len], payload.as_bytes()].concat()
}

fn send(stream: &mut TcpStream, messages: &[&str]) {
    for message in messages {
        stream.write_all(&text(message)).expect("a connection");
    }
}

/// Claims that these bytes come, and then nothing for a while, with the stream still open.
#[track_caller]
fn expect_and_silence(stream: &mut TcpStream, expected: &[u8]) {
    let mut found = vec![0; expected.len()];
    stream.read_exact(&mut found).expect("the bytes");
    assert_eq!(found, expected);
    let silence = Some(Duration::from_millis(300));
    stream.set_read_timeout(silence).expect("a socket");
    let more = stream.read(&mut [0; 64]).map_err(|error| error.kind());
    assert_eq!(more, Err(std::io::ErrorKind::WouldBlock));
}

/// What comes up to the end of the stream; an error is a reset.
fn rest(stream: &mut TcpStream) -> std::io::Result<Vec<u8>> {
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).map(|_| rest)
}

/// Ends the server once it has said `text`.
#[track_caller]
fn stop_after(server: Listening, text: &str) -> Output {
    server.running.wait_for_stderr(text);
    server.stop(Signal::INT).exits(130)
}

/// How long `work` takes.
fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let started = Instant::now();
    let result = work();
    (result, started.elapsed())
}
