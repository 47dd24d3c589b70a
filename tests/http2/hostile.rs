//! Servers that want more memory or time than there is: what they are called, and what they cost.

use super::run;
use crate::support::http2::{
    CONTINUATION, ENABLE_CONNECT_PROTOCOL, HEADERS, Http2, INITIAL_WINDOW_SIZE, RST_STREAM,
    SETTINGS, asked, opened,
};
use crate::support::output::Output;
use crate::support::server::Server;

const MIB: u64 = 1 << 20;

#[track_caller]
fn costs_little(output: &Output) {
    let peak = output.peak_memory;
    assert!(peak < 40 * MIB, "{} KiB; {}", peak >> 10, output.stderr);
}

/// Sends frames until the client has had enough.
fn floods(mut http2: Http2, kind: u8, flags: u8, stream: u32, payload: &[u8]) {
    for _ in 0..200_000 {
        if http2.try_write_frame(kind, flags, stream, payload).is_err() {
            break;
        }
    }
}

#[test]
fn a_thousand_settings_before_the_answer_are_too_many() {
    let server = asked(|http2| floods(http2, SETTINGS, 0, 0, b"\0\x05\0\0\x40\0"));
    let output = run(&server, &["-vv"]);
    costs_little(&output);
    output
        .exits(112)
        .says("more than 256 frames before an answer");
    server.finish();
}

#[test]
fn a_header_block_without_end_is_refused() {
    let server = asked(|mut http2| {
        http2.write_frame(HEADERS, 0, 1, b"\x08\x03200");
        floods(http2, CONTINUATION, 0, 1, &[0x20; 16]);
    });
    let output = run(&server, &[]);
    costs_little(&output);
    output.exits(112);
    server.finish();
    // A field of 1 GiB: its length, and then its value.
    let server = asked(|mut http2| {
        http2.write_frame(
            HEADERS,
            0,
            1,
            b"\x08\x03200\x00\x01a\x7f\x81\xff\xff\xff\x03",
        );
        floods(http2, CONTINUATION, 0, 1, &[b'a'; 16 << 10]);
    });
    let output = run(&server, &[]);
    costs_little(&output);
    output.exits(112);
    server.finish();
}

#[test]
fn windows_that_stay_shut_do_not_keep_a_limit_from_ending_it() {
    let server = Server::start(|stream| {
        let mut http2 = Http2::begun(stream);
        http2.settings(&[(ENABLE_CONNECT_PROTOCOL, 1), (INITIAL_WINDOW_SIZE, 0)]);
        http2.read_request();
        http2.respond("200");
        http2.read_to_end()
    });
    run(&server, &["--max-time", "500ms"]).exits(28);
    server.finish();
}

#[test]
fn resets_of_streams_that_nobody_opened_end_the_connection() {
    let server = opened(|http2| floods(http2, RST_STREAM, 0, 7, &[0, 0, 0, 8]));
    let output = run(&server, &["--wait", "forever"]);
    costs_little(&output);
    output.exits(110).says("the server breaks HTTP/2");
    server.finish();
}

#[test]
fn settings_without_end_after_the_answer_cost_little() {
    let server = opened(|mut http2| {
        for _ in 0..20_000 {
            if http2
                .try_write_frame(SETTINGS, 0, 0, b"\0\x05\0\0\x40\0")
                .is_err()
            {
                break;
            }
        }
        http2.end_stream();
    });
    let output = run(&server, &["--wait", "forever", "-v"]);
    costs_little(&output);
    output.exits(110);
}
