//! Clients over HTTP/2 that want more than there is.

use std::net::TcpStream;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::super::{exchange, request};
use super::{Listening, calling, data, echo, open, serving, text, with};
use crate::support::http2::{
    CONNECT, CONTINUATION, DATA, Frame, GOAWAY, HEADERS, Http2, INITIAL_WINDOW_SIZE, PING,
    RST_STREAM, SETTINGS, block, frame,
};
use crate::support::output::Output;
use crate::support::run::peak_memory_of;

const MIB: u64 = 1 << 20;

/// Claims that the server still serves, and has cost little; ends it.
#[track_caller]
fn survives(server: Listening) -> Output {
    echo(&server, &[]).run().exits(0).prints("hello\n");
    let peak = peak_memory_of(server.running.id());
    assert!(peak < 60 * MIB, "{} KiB", peak >> 10);
    server.stop(Signal::INT).exits(130)
}

/// Writes frames until the server has had enough; reads what it said up to the end of the connection.
fn flood(
    mut http2: Http2<TcpStream>,
    mut write: impl FnMut(&mut Http2<TcpStream>, u32) -> std::io::Result<()>,
) -> Vec<Frame> {
    for number in 0..50_000 {
        if write(&mut http2, number).is_err() {
            break;
        }
    }
    std::iter::from_fn(|| http2.read_frame().ok()).collect()
}

#[test]
fn of_a_thousand_streams_those_that_are_too_many_are_refused() {
    let server = serving(&[]);
    let mut http2 = calling(&server);
    for number in 0..1000 {
        http2.request(1 + 2 * number, CONNECT);
    }
    let (mut opened, mut refused) = (0, 0);
    while opened + refused < 1000 {
        let frame = http2.read_on_stream().expect("a frame");
        match frame.kind {
            HEADERS => opened += 1,
            RST_STREAM => {
                assert_eq!(frame.code(), 7);
                refused += 1;
            }
            _ => panic!("{frame:?}"),
        }
    }
    assert_eq!((opened, refused), (256, 744));
    http2.write_frame(DATA, 0, 511, &text("last"));
    assert_eq!(data(&mut http2), (511, b"\x81\x04last".to_vec()));
    survives(server).says(
        "@1 ! HTTP/2: stream 513 reset with REFUSED_STREAM: more streams than MAX_CONCURRENT_STREAMS allows\n",
    );
}

#[test]
fn max_clients_counts_streams() {
    let server = serving(&["--max-clients", "2"]);
    let mut http2 = calling(&server);
    open(&mut http2, 1);
    open(&mut http2, 3);
    http2.request(5, CONNECT);
    assert_eq!(http2.read_status(), Some(503));
    // A connection of its own gets the same, in its version.
    echo(&server, &[]).run().exits(22).says("status 503");
    let one = exchange(&mut server.connect(), request(""));
    assert!(one.starts_with("HTTP/1.1 503 "), "{one}");
    // A place becomes free with its stream.
    http2.write_frame(RST_STREAM, 0, 1, &8_u32.to_be_bytes());
    server
        .running
        .wait_for_stderr("reset the HTTP/2 stream with CANCEL");
    http2.request(7, CONNECT);
    assert_eq!(status_of(&mut http2, 7), Some(200));
    server
        .stop(Signal::INT)
        .says("@3 ! refused: as many clients are connected as --max-clients allows\n");
}

/// The status of the response on this stream; frames on others are passed over.
fn status_of(http2: &mut Http2<TcpStream>, stream: u32) -> Option<u16> {
    let mut frames = std::iter::from_fn(|| http2.read_on_stream().ok());
    frames.find_map(|it| it.status().filter(|_| it.stream == stream))
}

/// Opens a stream and writes a frame on it at once; waits for what the log says, and that nothing was answered.
#[track_caller]
fn ends_unanswered(fields: &[(&str, &str)], end: &[u8], said: &str) {
    let server = serving(&[]);
    let mut http2 = calling(&server);
    http2.write_raw(&[frame(HEADERS, 4, 1, &block(fields)), end.to_vec()].concat());
    server.running.wait_for_stderr(said);
    // The connection stays, and may have carried a reset of the first stream.
    http2.request(3, CONNECT);
    assert_eq!(status_of(&mut http2, 3), Some(200));
    drop(http2);
    survives(server)
        .says("@1 < CONNECT /chat HTTP/2\n")
        .never_says("@1 > HTTP/2 200");
}

#[test]
fn a_stream_that_is_over_before_its_answer_gets_none() {
    ends_unanswered(
        CONNECT,
        &frame(RST_STREAM, 0, 1, &8_u32.to_be_bytes()),
        "@1 ! the client reset the HTTP/2 stream with CANCEL\n",
    );
    ends_unanswered(
        &with("content-length", "5"),
        &frame(DATA, 0, 1, &text("more than five")),
        "@1 ! wsee reset the HTTP/2 stream with PROTOCOL_ERROR\n",
    );
    ends_unanswered(
        CONNECT,
        &frame(HEADERS, 4, 1, &block(&[("a", "b")])),
        "@1 ! wsee reset the HTTP/2 stream with PROTOCOL_ERROR\n",
    );
}

#[test]
fn a_flood_of_frames_is_summed_up() {
    let server = serving(&[]);
    let mut http2 = calling(&server);
    let settings = frame(SETTINGS, 0, 0, b"\0\x05\0\0\x40\0");
    for _ in 0..200 {
        http2.write_raw(&settings.repeat(50));
    }
    server
        .running
        .wait_for_stderr("* more than 2000 events a second: from here on they are summed up");
    server.running.wait_for_stderr("… ← HTTP/2 frames ");
    drop(http2);
    let output = survives(server);
    let shown = output.stderr.matches("HTTP/2 ← SETTINGS").count();
    assert!((2000..2100).contains(&shown), "{shown} lines");
}

#[test]
fn rapid_resets_end_the_connection() {
    let server = serving(&[]);
    let block = block(CONNECT);
    let frames = flood(calling(&server), |http2, number| {
        let stream = 1 + 2 * number;
        http2.try_write_frame(HEADERS, 4, stream, &block)?;
        http2.try_write_frame(RST_STREAM, 0, stream, &8_u32.to_be_bytes())
    });
    let go_away = frames.iter().find(|it| it.kind == GOAWAY);
    // A server that accepts as fast as streams are reset serves them all.
    assert!(go_away.is_none_or(|it| it.code() == 11), "{go_away:?}");
    survives(server);
}

#[test]
fn a_header_block_without_end_ends_the_connection() {
    let server = serving(&[]);
    let frames = flood(calling(&server), |http2, number| match number {
        0 => http2.try_write_frame(HEADERS, 0, 1, &block(CONNECT)),
        _ => http2.try_write_frame(CONTINUATION, 0, 1, &[0x20; 16]),
    });
    assert!(frames.iter().any(|it| it.kind == GOAWAY), "{frames:?}");
    server
        .running
        .wait_for_stderr("@1 ! HTTP/2: the client breaks HTTP/2; wsee ended the connection with ");
    survives(server);
}

#[test]
fn a_huge_header_block_is_refused() {
    let server = serving(&[]);
    let mut http2 = calling(&server);
    http2.write_frame(HEADERS, 0, 1, &block(CONNECT));
    let field = block(&[("x", &"y".repeat(100))]);
    for _ in 0..20 {
        http2.write_frame(CONTINUATION, 0, 1, &field.repeat(40));
    }
    http2.write_frame(CONTINUATION, 4, 1, b"");
    let answer = http2.read_on_stream().expect("an answer");
    match answer.kind {
        HEADERS => assert_eq!(answer.status(), Some(431)),
        kind => assert_eq!(kind, GOAWAY),
    }
    server.running.wait_for_stderr("@1 ! HTTP/2: ");
    let mut http2 = calling(&server);
    let many: Vec<(&str, &str)> = with("a", "b")
        .into_iter()
        .chain([("x", "y"); 200])
        .collect();
    http2.request(1, &many);
    assert_eq!(http2.read_status(), Some(400));
    survives(server).says("! the head has more than 128 headers\n");
}

#[test]
fn windows_that_stay_shut_hold_up_no_one_else() {
    let server = serving(&["--broadcast"]);
    let mut http2 = Http2::calling(server.connect(), &[(INITIAL_WINDOW_SIZE, 0)]);
    open(&mut http2, 1);
    let mut other = calling(&server);
    open(&mut other, 1);
    open(&mut other, 3);
    let start = Instant::now();
    for _ in 0..50 {
        other.write_frame(DATA, 0, 1, &text("message"));
        assert_eq!(data(&mut other).0, 3);
    }
    assert!(start.elapsed() < Duration::from_secs(5));
    drop((http2, other));
    let server = {
        let peak = peak_memory_of(server.running.id());
        assert!(peak < 60 * MIB, "{} KiB", peak >> 10);
        server
    };
    server.stop(Signal::INT).exits(130);
}

#[test]
fn a_client_without_settings_or_with_too_many_is_served_or_cut() {
    let server = serving(&[]);
    // The preface alone: others are served meanwhile.
    let mut silent = server.connect();
    std::io::Write::write_all(&mut silent, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").expect("a socket");
    for (kind, payload) in [(SETTINGS, &b"\0\x05\0\0\x40\0"[..]), (PING, b"12345678")] {
        let mut http2 = calling(&server);
        for _ in 0..20_000 {
            if http2.try_write_frame(kind, 0, 0, payload).is_err() {
                break;
            }
        }
    }
    survives(server);
}

#[test]
fn bytes_that_are_no_http2_are_named() {
    let server = serving(&[]);
    let mut http2 = calling(&server);
    open(&mut http2, 1);
    // A frame longer than allowed.
    http2.write_raw(&[0xff; 32]);
    server.running.wait_for_stderr(
        "@1 ! HTTP/2: the client breaks HTTP/2; wsee ended the connection with FRAME_SIZE_ERROR",
    );
    let mut stream = server.connect();
    std::io::Write::write_all(&mut stream, b"PRI * HTTP/9.9\r\n\r\nSM\r\n\r\n").expect("a socket");
    server.running.wait_for_stderr("@2 ! HTTP/2: ");
    survives(server);
}
