//! Ends of streams that pass, in the nearest form of the other version.

use std::io::{ErrorKind, Read, Write};
use std::net::Shutdown;

use rustix::net::sockopt::set_socket_linger;
use rustix::process::Signal;

use super::super::exact::{raw, read};
use super::{Version, between, opened, proxy_for, seen, upstream};
use crate::listen::{Listening, exchange, request};
use crate::support::http2::{DATA, GOAWAY, Http2, RST_STREAM};

const CANCEL: u32 = 8;
const INTERNAL_ERROR: u32 = 2;
const CALM: u32 = 11;

/// The code of the next frame, which is a reset of its stream.
#[track_caller]
fn reset<S: Read + Write + std::fmt::Debug>(http2: &mut Http2<S>) -> u32 {
    let frame = http2.read_on_stream().expect("a frame");
    assert_eq!(frame.kind, RST_STREAM, "{frame:?}");
    frame.code()
}

#[test]
fn the_code_of_a_reset_passes_between_streams() {
    let server = upstream(Version::Http2, |mut http2| {
        http2.respond("200");
        http2.write_frame(DATA, 0, 1, b"\x81\x01a");
        http2.reset(INTERNAL_ERROR);
        http2.read_to_end();
    });
    let proxy = proxy_for(server.url(), Version::Http2, &[]);
    let mut client = opened(&proxy);
    assert_eq!(client.read_on_stream().expect("data").payload, b"\x81\x01a");
    assert_eq!(reset(&mut client), INTERNAL_ERROR);
    seen(server);
    proxy
        .running
        .wait_for_stderr("to the client: RST_STREAM INTERNAL_ERROR, stream 1\n");
    proxy
        .stop(Signal::INT)
        .says("@1 * HTTP/2 from the server: RST_STREAM INTERNAL_ERROR, stream 1\n")
        .says("@1 * the server reset the HTTP/2 stream with INTERNAL_ERROR after ");
    let server = upstream(Version::Http2, |mut http2| {
        http2.respond("200");
        reset(&mut http2)
    });
    let proxy = proxy_for(server.url(), Version::Http2, &[]);
    let mut client = opened(&proxy);
    client.reset(CALM);
    assert_eq!(seen(server), CALM);
    proxy
        .stop(Signal::INT)
        .says("@1 * HTTP/2 from the client: RST_STREAM ENHANCE_YOUR_CALM, stream 1\n")
        .says("@1 * HTTP/2 to the server: RST_STREAM ENHANCE_YOUR_CALM, stream 1\n")
        .says("@1 * the client reset the HTTP/2 stream with ENHANCE_YOUR_CALM after ");
}

#[test]
fn a_reset_of_a_stream_is_one_of_tcp_and_the_other_way_round() {
    let server = upstream(Version::Http1, |mut http2| {
        http2.respond("200");
        http2.reset(INTERNAL_ERROR);
        http2.read_to_end();
    });
    let proxy = proxy_for(server.url(), Version::Http2, &[]);
    let mut client = proxy.connect();
    exchange(&mut client, request(""));
    let end = client.read(&mut [0]).map_err(|error| error.kind());
    assert_eq!(end, Err(ErrorKind::ConnectionReset));
    seen(server);
    // A reset of TCP has no code; that of the stream is the one of RFC 8441 §5.
    let server = raw("", |stream| {
        set_socket_linger(&stream, Some(std::time::Duration::ZERO)).expect("a socket");
    });
    let proxy = proxy_for(server.url(), Version::Http1, &[]);
    assert_eq!(reset(&mut opened(&proxy)), CANCEL);
    server.finish();
    let server = raw("", |mut stream| {
        stream.read(&mut [0]).map_err(|error| error.kind())
    });
    let proxy = proxy_for(server.url(), Version::Http1, &[]);
    opened(&proxy).reset(CALM);
    assert_eq!(server.finish(), Err(ErrorKind::ConnectionReset));
}

#[test]
fn a_go_away_with_a_code_is_a_reset_with_it() {
    let server = upstream(Version::Http2, |mut http2| {
        http2.respond("200");
        http2.go_away(CALM, "too much");
    });
    let proxy = proxy_for(server.url(), Version::Http2, &[]);
    assert_eq!(reset(&mut opened(&proxy)), CALM);
    seen(server);
    proxy
        .stop(Signal::INT)
        .says("from the server: GOAWAY ENHANCE_YOUR_CALM, last stream 1 \"too much\"\n")
        .says("@1 * the server sent GOAWAY ENHANCE_YOUR_CALM (\"too much\") after ");
}

#[test]
fn an_end_of_a_stream_is_one_of_tcp_and_the_other_way_round() {
    // The server ends, and still reads.
    let server = upstream(Version::Http1, |mut http2| {
        http2.respond("200");
        http2.end_stream();
        read(&mut http2, 7)
    });
    let proxy = proxy_for(server.url(), Version::Http2, &[]);
    let mut client = proxy.connect();
    exchange(&mut client, request(""));
    assert_eq!(client.read(&mut [0]).expect("an orderly end"), 0);
    client
        .write_all(b"\x81\x81\0\0\0\0a")
        .expect("a connection");
    assert_eq!(seen(server).len(), 7);
    drop(client);
    proxy.running.wait_for_stderr(
        "@1 * the server ended the HTTP/2 stream (END_STREAM) without a Close frame after ",
    );
    // The client ends, and still reads.
    let server = raw("", |mut stream| {
        let mut all = Vec::new();
        stream.read_to_end(&mut all).expect("an orderly end");
        stream.write_all(b"\x81\x04late").expect("a connection");
        all.len()
    });
    let proxy = proxy_for(server.url(), Version::Http1, &[]);
    let mut client = opened(&proxy);
    client.write_frame(DATA, 1, 1, b"\x81\x85abcd12");
    assert_eq!(read(&mut client, 6), b"\x81\x04late");
    let end = client.read_on_stream().expect("the end");
    assert!(end.ends_stream(), "{end:?}");
    assert_eq!(server.finish(), 8);
    drop(client);
    proxy
        .running
        .wait_for_stderr("without a Close frame in the middle of a frame (2 of 5 bytes) after ");
}

#[test]
fn a_client_whose_connection_is_gone_ends_its_streams() {
    for version in [Version::Http1, Version::Http2] {
        let client = |stream: Box<dyn super::Bytes>, proxy: &Listening| {
            drop(stream);
            proxy.running.wait_for_stderr(
                "@1 * the client ended the HTTP/2 connection without END_STREAM after ",
            );
        };
        let (end, _) = between((Version::Http2, version), &[], client, |mut stream| {
            stream.read(&mut [0]).map_err(|error| error.kind())
        });
        assert_eq!(end, Ok(0), "{version:?}");
    }
}

#[test]
fn a_close_is_seen_through_and_the_streams_end_in_order() {
    for pair in super::PAIRS {
        let client = |mut stream: Box<dyn super::Bytes>, _: &Listening| {
            let close = b"\x88\x82\0\0\0\0\x0f\xa1";
            stream.write_all(close).expect("a connection");
            assert_eq!(read(&mut stream, 4), b"\x88\x02\x0f\xa1");
            assert_eq!(stream.read(&mut [0]).expect("an orderly end"), 0);
        };
        let ((), proxy) = between(pair, &[], client, |mut stream| {
            read(&mut stream, 8);
            stream.write_all(b"\x88\x02\x0f\xa1").expect("a connection");
        });
        proxy
            .stop(Signal::INT)
            .says("@1 * closed by client: 4001 private use after ");
    }
}

#[test]
fn what_was_said_before_a_reset_arrives_while_the_client_writes() {
    let server = upstream(Version::Http1, |mut http2| {
        http2.respond("200");
        read(&mut http2, 1 << 10);
        http2.write_frame(DATA, 0, 1, b"\x88\x02\x03\xf1");
        http2.reset(INTERNAL_ERROR);
        http2.read_to_end();
    });
    let proxy = proxy_for(server.url(), Version::Http2, &[]);
    let mut client = proxy.connect();
    exchange(&mut client, request(""));
    let mut writer = client.try_clone().expect("a socket");
    let thread = std::thread::spawn(move || {
        let _ = writer.write_all(b"\x82\xff\0\0\0\0\x01\0\0\0abcd");
        while writer.write_all(&[0; 1 << 10]).is_ok() {}
    });
    assert_eq!(read(&mut client, 4), b"\x88\x02\x03\xf1");
    seen(server);
    thread.join().expect("a thread");
    proxy.stop(Signal::INT).says("@1 * closed by server: 1009 ");
}

#[test]
fn a_client_that_goes_away_is_named() {
    let server = raw("", |mut stream| {
        stream.read(&mut [0]).map_err(|error| error.kind())
    });
    let proxy = proxy_for(server.url(), Version::Http1, &[]);
    let mut client = opened(&proxy);
    client.write_frame(GOAWAY, 0, 0, b"\0\0\0\0\0\0\0\x0bslow");
    drop(client);
    proxy
        .running
        .wait_for_stderr("@1 * HTTP/2 from the client: GOAWAY ENHANCE_YOUR_CALM, last stream 0");
    proxy
        .running
        .wait_for_stderr("@1 * the client sent GOAWAY ENHANCE_YOUR_CALM (\"slow\") after ");
    assert_eq!(server.finish(), Err(ErrorKind::ConnectionReset));
}

#[test]
fn a_half_closed_client_of_http1_ends_its_stream() {
    let server = upstream(Version::Http1, |mut http2| {
        http2.respond("200");
        let frame = http2.read_on_stream().expect("a frame");
        let is_end = frame.ends_stream();
        http2.write_frame(DATA, 1, 1, b"\x81\x04late");
        is_end
    });
    let proxy = proxy_for(server.url(), Version::Http2, &[]);
    let mut client = proxy.connect();
    exchange(&mut client, request(""));
    client.shutdown(Shutdown::Write).expect("a connection");
    let mut got = Vec::new();
    client.read_to_end(&mut got).expect("an orderly end");
    assert_eq!(got, b"\x81\x04late");
    assert!(seen(server));
}
