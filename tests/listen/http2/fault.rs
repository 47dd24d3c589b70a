//! `--fault` for clients over HTTP/2.

use rustix::process::Signal;

use super::{CLEAR, calling, data, echo, open, serving, text};
use crate::support::http2::{CONNECT, DATA, RST_STREAM};
use crate::support::run::wsee;

#[test]
fn fin_ends_the_stream_and_the_connection_stays() {
    let server = serving(&["--fault", "fin after 1 message on connection 1"]);
    let mut http2 = calling(&server);
    open(&mut http2, 1);
    open(&mut http2, 3);
    http2.write_frame(DATA, 0, 1, &text("one"));
    assert_eq!(data(&mut http2), (1, b"\x81\x03one".to_vec()));
    let end = http2.read_on_stream().expect("a frame");
    assert!(end.ends_stream() && end.stream == 1, "{end:?}");
    http2.write_frame(DATA, 0, 3, &text("two"));
    assert_eq!(data(&mut http2), (3, b"\x81\x03two".to_vec()));
    server
        .stop(Signal::INT)
        .says("! fault: fin after 1 message\n")
        .says("@1 * connection dropped by us (END_STREAM), no Close frame sent");
}

#[test]
fn rst_resets_the_stream_and_the_connection_stays() {
    let server = serving(&["--fault", "rst after 1 message on connection 1"]);
    let mut http2 = calling(&server);
    open(&mut http2, 1);
    open(&mut http2, 3);
    http2.write_frame(DATA, 0, 1, &text("one"));
    assert_eq!(data(&mut http2), (1, b"\x81\x03one".to_vec()));
    let end = http2.read_on_stream().expect("a frame");
    assert_eq!((end.kind, end.stream, end.code()), (RST_STREAM, 1, 8));
    http2.write_frame(DATA, 0, 3, &text("two"));
    assert_eq!(data(&mut http2), (3, b"\x81\x03two".to_vec()));
    server
        .stop(Signal::INT)
        .says("@1 * connection dropped by us (RST_STREAM CANCEL), no Close frame sent");
}

#[test]
fn a_client_is_told_apart_what_fin_and_rst_did() {
    for (fault, last_line) in [
        ("fin after 1 message", "END_STREAM"),
        ("rst after 1 message", "reset the HTTP/2 stream with CANCEL"),
    ] {
        let server = serving(&["--fault", fault]);
        wsee(&[&server.url(), CLEAR])
            .stdin("hello\n")
            .run()
            .exits(110)
            .prints("hello\n")
            .says(last_line);
    }
}

#[test]
fn a_stream_that_is_mute_or_late_is_not_the_connection() {
    let server = serving(&[
        "--fault",
        "mute on connection 2",
        "--fault",
        "late 100ms on connection 1",
    ]);
    let mut http2 = calling(&server);
    for stream in [1, 3, 5] {
        http2.request(stream, CONNECT);
    }
    let answered = [(); 2].map(|()| http2.read_on_stream().expect("a frame").stream);
    assert_eq!(answered, [5, 1]);
    server
        .stop(Signal::INT)
        .says("! fault: mute\n")
        .says("! fault: late, the answer follows in 100.0 ms\n");
}

#[test]
fn extended_connect_is_advertised_and_refused_while_http1_works() {
    let server = serving(&["--tls", "--fault", "http2-refuse"]);
    let url = format!("wss://127.0.0.1:{}/", server.port);
    wsee(&[&url, "-k", "--http", "auto"])
        .stdin("hello\n")
        .run()
        .exits(22)
        .says("502")
        .says("--http 1.1 works");
    wsee(&[&url, "-k", "-n", "1"])
        .stdin("hello\n")
        .run()
        .exits(0)
        .prints("hello\n");
    server
        .stop(Signal::INT)
        .says("! faults: http2-refuse 502\n")
        .says("@1 > HTTP/2 502\n")
        .says("! fault: http2-refuse 502\n");
}

#[test]
fn the_status_of_a_refusal_and_its_connection_are_chosen() {
    let server = serving(&["--fault", "http2-refuse 404 on connection 2"]);
    echo(&server, &[]).run().exits(0).prints("hello\n");
    echo(&server, &[]).run().exits(22).says("404");
}

#[test]
fn extended_connect_is_advertised_and_reset() {
    let server = serving(&["--fault", "http2-reset REFUSED_STREAM"]);
    echo(&server, &[])
        .run()
        .exits(22)
        .says("reset the stream of the CONNECT with REFUSED_STREAM");
    server
        .stop(Signal::INT)
        .says("@1 < CONNECT / HTTP/2\n")
        .says("! fault: http2-reset REFUSED_STREAM\n");
}

#[test]
fn no_stream_is_allowed_though_extended_connect_is() {
    let server = serving(&["--fault", "http2-no-streams"]);
    echo(&server, &["-v"])
        .run()
        .exits(22)
        .says("MAX_CONCURRENT_STREAMS 0");
    server.stop(Signal::INT).says("! fault: http2-no-streams\n");
}

#[test]
fn faults_that_cannot_strike_are_a_usage_error() {
    for (args, problem) in [
        (
            ["--fault", "http2-reset"],
            "--fault \"http2-reset PROTOCOL_ERROR\" does not fit: it strikes clients over HTTP/2; add --http2",
        ),
        (
            ["--fault", "http2-reset CANCELLED"],
            "\"CANCELLED\" at character 13 is not an error code of HTTP/2; write a name such as PROTOCOL_ERROR",
        ),
        (
            ["--fault", "http2-refuse 200"],
            "\"200\" at character 14 does not refuse; write a status from 400 to 599",
        ),
    ] {
        wsee(&[&["listen"], &args[..]].concat())
            .run()
            .exits(2)
            .says(problem);
    }
    wsee(&["listen", "--http2", "--fault", "wrong-accept"])
        .run()
        .exits(2)
        .says("over HTTP/2 there is no Sec-WebSocket-Accept; leave out --http2");
    wsee(&[
        "proxy",
        "9001",
        "ws://127.0.0.1:9/",
        "--fault",
        "http2-no-streams",
    ])
    .run()
    .exits(2)
    .says("does not fit");
}
