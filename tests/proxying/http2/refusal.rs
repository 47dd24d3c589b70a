//! Clients that get no WebSocket, and what they get in its place.

use std::io::{Read, Write};
use std::net::TcpStream;

use rustix::process::Signal;

use super::{Version, calling, proxy_for, seen, upstream};
use crate::listen::{Listening, request};
use crate::support::http2::{CONNECT, DATA, HEADERS, Http2, RST_STREAM};
use crate::support::server::Server;
use crate::support::wire::read_head;

/// What a client over HTTP/1.1 gets, up to the end.
fn ask(proxy: &Listening) -> String {
    let mut client = proxy.connect();
    let asked = request("");
    client.write_all(asked.as_bytes()).expect("a connection");
    let mut got = String::new();
    client.read_to_string(&mut got).expect("the end");
    got
}

/// The status and the body of the response to a request over HTTP/2.
#[track_caller]
fn answer(http2: &mut Http2<TcpStream>, fields: &[(&str, &str)]) -> (Option<u16>, String) {
    http2.request(1, fields);
    let status = http2.read_status();
    let mut body = Vec::new();
    loop {
        let frame = http2.read_on_stream().expect("the end of the body");
        assert_eq!(frame.kind, DATA, "{frame:?}");
        body.extend_from_slice(&frame.payload);
        if frame.ends_stream() {
            return (status, String::from_utf8(body).expect("text"));
        }
    }
}

#[test]
fn a_status_passes_with_its_body_to_http2() {
    for (framing, body) in [
        ("Content-Length: 6\r\n\r\nnot me", "not me"),
        ("\r\nuntil the end", "until the end"),
        (
            "Transfer-Encoding: chunked\r\n\r\n3\r\nnot\r\n3;a=b\r\n me\r\n0\r\n\r\n",
            "not me",
        ),
    ] {
        let server = Server::start(move |mut stream| {
            read_head(&mut stream);
            let response = format!("HTTP/1.1 403 No\r\nX-A: 1\r\n{framing}");
            stream.write_all(response.as_bytes()).expect("a connection");
        });
        let proxy = proxy_for(server.url(), Version::Http1, &[]);
        let answer = answer(&mut calling(&proxy), CONNECT);
        assert_eq!(answer, (Some(403), body.to_owned()));
        server.finish();
        proxy
            .stop(Signal::INT)
            .says("@1 < HTTP/1.1 403 No  ⇒  HTTP/2 403\n")
            .says("@1 wsee: the server refused the upgrade with status 403\n");
    }
}

#[test]
fn a_status_passes_with_its_body_from_http2() {
    let server = upstream(Version::Http1, |mut http2| {
        http2.respond("403");
        http2.write_frame(DATA, 1, 1, b"not me");
    });
    let proxy = proxy_for(server.url(), Version::Http2, &[]);
    let got = ask(&proxy);
    assert_eq!(
        got,
        "HTTP/1.1 403 Forbidden\r\nConnection: close\r\n\r\nnot me"
    );
    seen(server);
    let server = upstream(Version::Http2, |mut http2| {
        http2.respond("403");
        http2.write_frame(DATA, 1, 1, b"not me");
    });
    let proxy = proxy_for(server.url(), Version::Http2, &[]);
    let answer = answer(&mut calling(&proxy), CONNECT);
    assert_eq!(answer, (Some(403), "not me".to_owned()));
    seen(server);
}

#[test]
fn a_reset_before_the_answer_is_one_with_the_same_code() {
    type End = fn(&mut Http2);
    let ends: [(End, u32, &str); 3] = [
        (
            |it| it.reset(11),
            11,
            "the server reset the stream of the CONNECT with ENHANCE_YOUR_CALM",
        ),
        (
            |it| it.go_away(11, ""),
            11,
            "the server sent GOAWAY ENHANCE_YOUR_CALM, before it answered",
        ),
        // Nothing was done, so that the client may ask again.
        (
            |it| it.write_frame(crate::support::http2::GOAWAY, 0, 0, &[0; 8]),
            7,
            "the server sent GOAWAY NO_ERROR, before it answered",
        ),
    ];
    for (end, code, text) in ends {
        let server = upstream(Version::Http2, move |mut http2| end(&mut http2));
        let proxy = proxy_for(server.url(), Version::Http2, &[]);
        let mut client = calling(&proxy);
        client.request(1, CONNECT);
        let frame = client.read_on_stream().expect("a frame");
        assert_eq!((frame.kind, frame.code()), (RST_STREAM, code), "{text}");
        seen(server);
        proxy.stop(Signal::INT).says(text);
        // Over HTTP/1.1 there is a status for it.
        let server = upstream(Version::Http1, move |mut http2| end(&mut http2));
        let proxy = proxy_for(server.url(), Version::Http2, &[]);
        let got = ask(&proxy);
        assert!(
            got.starts_with("HTTP/1.1 502 ") && got.contains(text),
            "{got}"
        );
        seen(server);
    }
}

#[test]
fn a_server_without_http2_or_its_settings_is_a_bad_gateway_with_the_reason() {
    let http1 = || {
        Server::start_many(2, |_, mut stream| {
            let _ = stream.read(&mut [0; 100]);
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
        })
    };
    let silent = || {
        Server::start_many(
            2,
            |_, mut stream| {
                while matches!(stream.read(&mut [0; 100]), Ok(1..)) {}
            },
        )
    };
    for (server, text) in [
        (
            http1(),
            "the server does not speak HTTP/2 on this port; it sent",
        ),
        (
            silent(),
            "the server did not send the SETTINGS of HTTP/2 for ",
        ),
    ] {
        let args = ["--connect-timeout", "400ms"];
        let proxy = proxy_for(server.url(), Version::Http2, &args);
        let (status, body) = answer(&mut calling(&proxy), CONNECT);
        assert_eq!(status, Some(502));
        assert!(
            body.starts_with("wsee proxy: ") && body.contains(text),
            "{body}"
        );
        proxy
            .stop(Signal::INT)
            .says(
                "@1 ! HTTP/2: extended CONNECT is offered without knowing the server's SETTINGS: ",
            )
            .says(&format!("@1 wsee: {text}"));
        server.finish();
    }
    let proxy = proxy_for("ws://127.0.0.1:1", Version::Http2, &[]);
    let (status, body) = answer(&mut calling(&proxy), CONNECT);
    assert_eq!(status, Some(502));
    assert!(body.contains("127.0.0.1 refused"), "{body}");
}

#[test]
fn requests_that_ask_for_something_else_are_refused() {
    let proxy = proxy_for(
        "ws://127.0.0.1:1",
        Version::Http1,
        &["--allow-origin", "http://a"],
    );
    let get = [
        (":method", "GET"),
        (":scheme", "http"),
        (":authority", "localhost"),
        (":path", "/"),
    ];
    let udp: Vec<_> = CONNECT
        .iter()
        .map(|&(name, value)| match name {
            ":protocol" => (name, "connect-udp"),
            _ => (name, value),
        })
        .collect();
    for (fields, status, text) in [
        (&get[..], 426, "only WebSocket connections pass here"),
        (&udp, 501, ":protocol is \"connect-udp\", not \"websocket\""),
        (CONNECT, 403, "the origin (none) is not allowed"),
    ] {
        let (found, body) = answer(&mut calling(&proxy), fields);
        assert_eq!(found, Some(status));
        assert!(body.contains(text), "{body}");
    }
    proxy
        .stop(Signal::INT)
        .says("@2 < HTTP/2 501\n")
        .says("@2 ! refused: :protocol is \"connect-udp\"");
}

#[test]
fn a_client_that_resets_before_the_answer_is_named_and_the_server_is_left() {
    let server = Server::start(|mut stream| {
        read_head(&mut stream);
        stream.read(&mut [0]).expect("the end")
    });
    let proxy = proxy_for(server.url(), Version::Http1, &["--connect-timeout", "0"]);
    let mut client = calling(&proxy);
    client.request(1, CONNECT);
    proxy
        .running
        .wait_for_stderr("@1 > CONNECT /chat HTTP/2  ⇒  GET /chat HTTP/1.1");
    client.reset(8);
    proxy.running.wait_for_stderr(
        "wsee: the client reset the HTTP/2 stream with CANCEL before the server answered",
    );
    assert_eq!(server.finish(), 0);
}

#[test]
fn of_a_thousand_streams_those_that_are_too_many_are_refused() {
    let server = crate::listen::listening(&[]);
    let proxy = proxy_for(&server.url(), Version::Http1, &[]);
    let mut http2 = calling(&proxy);
    for number in 0..1000 {
        http2.request(1 + 2 * number, CONNECT);
    }
    let (mut opened, mut refused) = (0, 0);
    while opened + refused < 1000 {
        let frame = http2.read_on_stream().expect("a frame");
        match frame.kind {
            HEADERS => opened += 1,
            RST_STREAM => refused += 1,
            _ => panic!("{frame:?}"),
        }
    }
    assert_eq!((opened, refused), (256, 744));
    http2.write_frame(DATA, 0, 511, b"\x81\x81\0\0\0\0a");
    let echo = http2.read_on_stream().expect("a frame");
    assert_eq!((echo.stream, echo.payload), (511, b"\x81\x01a".to_vec()));
}
