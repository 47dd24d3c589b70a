//! How connections end that HTTP/2 ends.

use std::iter;

use super::run;
use crate::support::http2::{
    DATA, ENABLE_CONNECT_PROTOCOL, Frame, Http2, MAX_CONCURRENT_STREAMS, RST_STREAM, asked, opened,
};
use crate::support::run::wsee;
use crate::support::server::Server;

fn begins(script: impl FnOnce(Http2) + Send + 'static) -> Server<()> {
    Server::start(|stream| script(Http2::begun(stream)))
}

#[test]
fn a_reset_before_the_answer_exits_22() {
    let server = asked(|mut http2| {
        http2.reset(7);
        http2.read_to_end()
    });
    run(&server, &[]).exits(22).ends_with_line(
        "wsee: the server reset the stream of the CONNECT with REFUSED_STREAM (RST_STREAM)",
    );
    server.finish();
}

#[test]
fn a_go_away_before_the_answer_exits_112() {
    let server = asked(|mut http2| {
        http2.write_frame(7, 0, 0, b"\0\0\0\0\0\0\0\x0bslow \x1b[31m");
        http2.read_to_end()
    });
    run(&server, &[])
        .exits(112)
        .says("GOAWAY ENHANCE_YOUR_CALM (\"slow \\")
        .never_says("\x1b");
    server.finish();
}

#[test]
fn a_hang_up_before_the_answer_exits_112() {
    let server = asked(drop);
    run(&server, &[])
        .exits(112)
        .ends_with_line("wsee: the server ended the connection without an answer to the CONNECT");
    server.finish();
    let server = begins(drop);
    run(&server, &[])
        .exits(112)
        .ends_with_line("wsee: the server ended the connection before its SETTINGS");
    server.finish();
}

#[test]
fn a_server_without_the_setting_exits_22() {
    let server = begins(|mut http2| {
        http2.settings(&[]);
        http2.read_to_end();
    });
    run(&server, &[])
        .exits(22)
        .says("its SETTINGS lack ENABLE_CONNECT_PROTOCOL");
    server.finish();
}

#[test]
fn a_server_that_allows_no_stream_exits_22() {
    let server = begins(|mut http2| {
        http2.settings(&[(ENABLE_CONNECT_PROTOCOL, 1), (MAX_CONCURRENT_STREAMS, 0)]);
        http2.read_to_end();
    });
    run(&server, &[]).exits(22).says("MAX_CONCURRENT_STREAMS 0");
    server.finish();
}

#[test]
fn settings_that_do_not_come_exit_28() {
    let server = begins(|http2| drop(http2.read_to_end()));
    run(&server, &["--connect-timeout", "300ms"])
        .exits(28)
        .says("the server did not send the SETTINGS of HTTP/2 for ");
    server.finish();
}

#[test]
fn a_server_of_another_protocol_exits_112() {
    let server = begins(|mut http2| {
        let stream = &mut http2;
        stream.write_raw(b"HTTP/1.1 400 Bad Request\r\n\r\n");
    });
    run(&server, &[])
        .exits(112)
        .says("the server does not speak HTTP/2 on this port; it sent \"HTTP/1.1 400 Bad Request");
    server.finish();
}

#[test]
fn what_ends_an_open_stream_is_in_the_last_line() {
    type Script = fn(&mut Http2);
    // One that is read to its end leaves nothing that would make the end a reset of TCP.
    let reads = |http2: Http2| drop(http2.read_to_end());
    let ends: [(Script, &str); 4] = [
        (
            |it| it.reset(2),
            "the server reset the HTTP/2 stream with INTERNAL_ERROR",
        ),
        (
            |it| it.go_away(11, "calm\x1b[31m"),
            "the server sent GOAWAY ENHANCE_YOUR_CALM (\"calm\\x1b[31m\")",
        ),
        (
            |it| it.end_stream(),
            "the server ended the HTTP/2 stream (END_STREAM) without a Close frame",
        ),
        (
            |_| (),
            "the server ended the HTTP/2 connection without END_STREAM",
        ),
    ];
    for (script, text) in ends {
        let is_ended = !text.contains("stream");
        let server = opened(move |mut http2| {
            script(&mut http2);
            if !is_ended {
                reads(http2);
            }
        });
        let line = format!("abnormal closure (1006, which is never on the wire): {text}");
        run(&server, &["--wait", "forever"]).exits(110).says(&line);
        server.finish();
    }
}

#[test]
fn a_flag_that_cannot_work_exits_2() {
    for (args, text) in [
        (
            &["ws://127.0.0.1:1", "--http", "2"][..],
            "takes --http2-prior-knowledge",
        ),
        (&["wss://127.0.0.1:1", "--http", "3"], "wsee lacks it"),
        (
            &["wss://127.0.0.1:1", "--http", "2.0"],
            "expected 1.1, 2 or auto",
        ),
        (
            &[
                "wss://127.0.0.1:1",
                "--http",
                "auto",
                "--http2-prior-knowledge",
            ],
            "drop one of them",
        ),
    ] {
        wsee(args).stdin("").run().exits(2).says(text);
    }
}

#[test]
fn drop_and_reset_end_the_stream() {
    for (command, by, kind) in [
        ("/drop\n", "END_STREAM", DATA),
        ("/reset\n", "RST_STREAM CANCEL", RST_STREAM),
    ] {
        let server = opened(|mut http2| iter::from_fn(|| http2.read_frame().ok()).collect());
        wsee(&[server.url(), super::CLEAR, "--commands"])
            .stdin(command)
            .run()
            .exits(0)
            .ends_with_line(&format!(
                "connection dropped by us ({by}), no Close frame sent"
            ));
        let frames: Vec<Frame> = server.finish();
        let end = frames
            .iter()
            .find(|it| matches!(it.kind, DATA | RST_STREAM));
        let end = end.map(|it| (it.kind, it.ends_stream()));
        assert_eq!(end, Some((kind, kind == DATA)), "{frames:?}");
    }
}
