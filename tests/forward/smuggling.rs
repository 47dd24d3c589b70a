//! Requests that two readers could understand differently are refused, never guessed.

use std::io::{Read, Write};
use std::net::Shutdown;

use rustix::process::Signal;

use super::forwarding;
use crate::support::server::Untouched;

#[test]
fn a_request_whose_end_is_not_clear_is_400_and_reaches_no_server() {
    let server = Untouched::start();
    let proxy = forwarding(&["--intercept", "*"]);
    let start = format!(
        "POST http://127.0.0.1:{}/ HTTP/1.1\r\nHost: x\r\n",
        server.port()
    );
    let unclear = "the length of the request's body is not clear (RFC 9112 §6.3)";
    for (fields, text) in [
        (
            "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
            unclear,
        ),
        (
            "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
            unclear,
        ),
        ("Content-Length: 5\r\nContent-Length: 6\r\n", unclear),
        ("Content-Length: 5\r\nContent-Length: 5\r\n", unclear),
        ("Content-Length: 5, 5\r\n", unclear),
        ("Content-Length: +5\r\n", unclear),
        ("Content-Length: 0x5\r\n", unclear),
        ("Content-Length: \r\n", unclear),
        ("Content-Length: 99999999999999999999999\r\n", unclear),
        ("Transfer-Encoding: xchunked\r\n", unclear),
        ("Transfer-Encoding: chunked, identity\r\n", unclear),
        (
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
            unclear,
        ),
        ("A: b\r\n c\r\n", "continues the line before"),
        (
            "A: b\r\n\tContent-Length: 3\r\n",
            "continues the line before",
        ),
        ("Content-Length : 5\r\n", "whitespace before the colon"),
        ("A: b\nContent-Length: 5\r\n", "ends in LF instead of CRLF"),
        ("A: b\rContent-Length: 5\r\n", "control character"),
        ("A\r\n", "no colon"),
        (": b\r\n", "not a valid field name"),
        ("A: b\x00\r\n", "control character"),
    ] {
        let response = proxy.answer(&format!("{start}{fields}\r\n"));
        assert!(
            response.starts_with("HTTP/1.1 400 "),
            "{fields:?}: {response}"
        );
        assert!(response.contains(text), "{fields:?}: {response}");
    }
    let many = "A: b\r\n".repeat(200);
    let response = proxy.answer(&format!("{start}{many}\r\n"));
    assert!(response.contains("more than 128 headers"), "{response}");
    proxy
        .proxy
        .stop(Signal::INT)
        .says("! refused: the length of");
}

#[test]
fn a_request_in_an_opened_tunnel_has_one_host() {
    let server = Untouched::start();
    let proxy = forwarding(&["--intercept", "*"]);
    for (fields, text) in [
        ("Host: a\r\nHost: b\r\n", "several Host fields"),
        ("A: b\r\n", "no Host"),
    ] {
        let mut client = proxy.tunnel(server.port());
        write!(client, "GET / HTTP/1.1\r\n{fields}\r\n").expect("a tunnel");
        let mut response = String::new();
        client.read_to_string(&mut response).expect("a response");
        assert!(response.starts_with("HTTP/1.1 400 "), "{response}");
        assert!(response.contains(text), "{response}");
    }
}

#[test]
fn the_log_has_no_secrets_of_what_is_refused_or_breaks_off() {
    let server = crate::support::server::Server::start(|mut stream| {
        let _ = stream.read_to_end(&mut Vec::new());
    });
    let proxy = forwarding(&[]);
    let port = server.port();
    let start = format!("POST http://127.0.0.1:{port}/a?token=s3cret HTTP/1.1\r\n");
    for (rest, text) in [
        ("Cookie : sid=s3cret\r\n\r\n", "\"Cookie: …\""),
        (
            "Authorization: Bearer s3cret\x01\r\n\r\n",
            "\"Authorization: …\"",
        ),
        (
            "Transfer-Encoding: chunked\r\n\r\n5\r\nab",
            "left in the middle",
        ),
    ] {
        let mut client = proxy.proxy.connect();
        write!(client, "{start}{rest}").expect("a connection");
        client.shutdown(Shutdown::Write).expect("a connection");
        let _ = client.read_to_end(&mut Vec::new());
        proxy.proxy.running.wait_for_stderr(text);
    }
    server.finish();
    let log = proxy.proxy.stop(Signal::INT);
    log.never_says("s3cret").says("POST http://127.0.0.1:");
}

#[test]
fn codings_are_not_for_http_1_0() {
    let server = Untouched::start();
    let proxy = forwarding(&[]);
    let port = server.port();
    let response = proxy.answer(&format!(
        "POST http://127.0.0.1:{port}/ HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    ));
    assert!(response.starts_with("HTTP/1.1 400 "), "{response}");
}

#[test]
fn chunks_that_break_off_the_coding_end_the_connection() {
    for (chunks, text) in [
        ("5\r\nhelloXX0\r\n\r\n", "breaks the chunked coding"),
        ("zz\r\n", "breaks the chunked coding"),
        ("5\nhello\r\n", "breaks the chunked coding"),
        ("5\r\nhel", "the client left in the middle of a request"),
    ] {
        let server = crate::support::server::Server::start(|mut stream| {
            let _ = std::io::Read::read_to_end(&mut stream, &mut Vec::new());
        });
        let proxy = forwarding(&[]);
        let mut client = proxy.proxy.connect();
        std::io::Write::write_all(
            &mut client,
            format!(
                "POST http://127.0.0.1:{}/ HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n{chunks}",
                server.port()
            )
            .as_bytes(),
        )
        .expect("a connection");
        let _ = client.shutdown(std::net::Shutdown::Write);
        proxy.proxy.running.wait_for_stderr(text);
        server.finish();
    }
}
