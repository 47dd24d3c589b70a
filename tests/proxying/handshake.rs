//! What is changed in the handshake, and clients that are not passed on.

use std::io::{Read, Write};

use rustix::process::Signal;

use super::exact::raw;
use super::proxying;
use crate::listen::{exchange, request};
use crate::support::server::Server;
use crate::support::wire::{read_head, requested, response_to};

/// Lets a client with this request through; returns the request that the server gets.
#[track_caller]
fn passed(path: &str, args: &[&str], request: &str) -> (String, String) {
    let server = requested();
    let proxy = proxying(&format!("{}{path}", server.url()), args);
    let mut client = proxy.connect();
    exchange(&mut client, request);
    let _ = client.write_all(b"\x88\x80abcd");
    let _ = client.read_to_end(&mut Vec::new());
    let upstream = server.url().replace("ws://", "");
    let request = server.finish();
    let log = proxy.stop(Signal::INT).exits(130).stderr;
    (request.replace(&upstream, "UPSTREAM"), log)
}

#[test]
fn host_and_origin_become_those_of_the_server_and_the_rest_stays() {
    let fields = "oRigin: http://localhost:3000\r\nX-A:  1\r\nX-a: 2\r\nCookie: a=1\r\n";
    let (got, log) = passed("", &[], &request(fields));
    let expected = request("oRigin: http://UPSTREAM\r\nX-A: 1\r\nX-a: 2\r\nCookie: a=1\r\n");
    assert_eq!(got, expected.replace("Host: localhost", "Host: UPSTREAM"));
    assert!(log.contains("@1 > Host: localhost  ⇒  127.0.0.1:"), "{log}");
    assert!(
        log.contains("@1 > oRigin: http://localhost:3000  ⇒  http://127.0.0.1:"),
        "{log}"
    );
    assert!(
        log.contains("* the client's Host and Origin become those of 127.0.0.1:"),
        "{log}"
    );
    assert!(
        log.contains("--keep-host and --keep-origin keep them"),
        "{log}"
    );
    assert!(log.contains("@1 > Cookie: ***\n"), "{log}");
}

#[test]
fn host_and_origin_can_be_kept() {
    let request = request("Origin: http://a\r\n");
    let (got, log) = passed("", &["--keep-host", "--keep-origin"], &request);
    assert_eq!(got, request);
    assert!(!log.contains('⇒'), "{log}");
}

#[test]
fn a_path_of_the_upstream_goes_in_front() {
    for (path, target) in [
        ("", "/chat"),
        ("/api", "/api/chat"),
        ("/api/?k=v", "/api/chat?k=v"),
    ] {
        let (got, _) = passed(path, &[], &request(""));
        assert!(
            got.starts_with(&format!("GET {target} HTTP/1.1\r\n")),
            "{got}"
        );
    }
}

#[test]
fn flags_of_a_connection_change_the_request() {
    let args = [
        "-H",
        "X-B: 2",
        "-u",
        "a:b",
        "--no-compress",
        "-A",
        "me",
        "-s",
        "v2",
        "--origin",
        "http://o",
        "-b",
        "c=3",
    ];
    let fields = "Sec-WebSocket-Extensions: permessage-deflate\r\nSec-WebSocket-Protocol: v1\r\nCookie: a=1\r\n";
    let (got, log) = passed("", &args, &request(fields));
    for line in [
        "X-B: 2",
        "Authorization: Basic YTpi",
        "User-Agent: me",
        "Sec-WebSocket-Protocol: v2",
        "Origin: http://o",
        "Cookie: a=1; c=3",
    ] {
        assert!(got.contains(&format!("\r\n{line}\r\n")), "{line} in {got}");
    }
    assert!(!got.contains("permessage-deflate"), "{got}");
    assert!(
        log.contains("> Sec-WebSocket-Extensions: permessage-deflate  ⇒  (left out)\n"),
        "{log}"
    );
    assert!(
        log.contains("> (added)  ⇒  Authorization: Basic ***\n"),
        "{log}"
    );
}

#[test]
fn a_response_passes_as_it_came_even_if_it_is_wrong() {
    let server = Server::start(|mut stream| {
        let request = read_head(&mut stream);
        let response = response_to(&request)
            .replace("Accept: ", "Accept: x")
            .replace("Upgrade: w", "upGrade:  W");
        stream.write_all(response.as_bytes()).expect("a connection");
        response
    });
    let proxy = proxying(server.url(), &[]);
    let mut client = proxy.connect();
    let got = exchange(&mut client, request(""));
    assert_eq!(got, server.finish());
    drop(client);
    let output = proxy.stop(Signal::INT).exits(130);
    output.says(
        "! the response breaks a rule, and is passed on: the server sent \"Sec-WebSocket-Accept: x",
    );
}

#[test]
fn cookies_are_loosened_on_request() {
    let fields = "Set-Cookie: a=b; Domain=x.example; Secure; Path=/\r\n";
    for (args, kept) in [
        (&[][..], fields),
        (&["--rewrite-cookies"], "Set-Cookie: a=b; Path=/\r\n"),
    ] {
        let server = raw(fields, |mut stream| {
            stream.read(&mut [0]).unwrap_or_default()
        });
        let proxy = proxying(server.url(), args);
        let mut client = proxy.connect();
        let got = exchange(&mut client, request(""));
        assert!(got.contains(kept), "{got}");
        drop(client);
        server.finish();
    }
}

#[test]
fn a_refusal_of_the_server_passes_with_its_body() {
    let response = "HTTP/1.1 403 No\r\nX-A: 1\r\nContent-Length: 6\r\n\r\nnot me";
    let server = Server::start(move |mut stream| {
        read_head(&mut stream);
        stream.write_all(response.as_bytes()).expect("a connection");
    });
    let proxy = proxying(server.url(), &[]);
    let mut client = proxy.connect();
    client
        .write_all(request("").as_bytes())
        .expect("a connection");
    let mut got = String::new();
    client.read_to_string(&mut got).expect("the end");
    assert_eq!(got, response);
    server.finish();
    let output = proxy.stop(Signal::INT).exits(130);
    output
        .says("@1 wsee: the server refused the upgrade with status 403\n")
        .says("@1 hint: ");
}

#[test]
fn a_server_that_is_down_is_a_bad_gateway_with_the_reason() {
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .expect("a port")
        .local_addr()
        .expect("an address")
        .port();
    let proxy = proxying(&format!("ws://127.0.0.1:{port}"), &[]);
    let mut client = proxy.connect();
    client
        .write_all(request("").as_bytes())
        .expect("a connection");
    let mut got = String::new();
    client.read_to_string(&mut got).expect("the end");
    assert!(got.starts_with("HTTP/1.1 502 Bad Gateway\r\n"), "{got}");
    let reason = format!("cannot connect to 127.0.0.1:{port}: 127.0.0.1 refused");
    assert!(
        got.contains(&format!("\r\n\r\nwsee proxy: {reason} (")),
        "{got}"
    );
    let output = proxy.stop(Signal::INT).exits(130);
    output
        .says(&format!("@1 wsee: {reason}\n"))
        .says("@1 hint: is the server running on this port?\n");
}

#[test]
fn clients_that_are_not_websocket_and_other_origins_are_told_so() {
    let proxy = proxying("ws://127.0.0.1:9", &["--allow-origin", "http://a"]);
    for (request, status, text) in [
        (
            "GET / HTTP/1.1\r\nHost: a\r\n\r\n".to_owned(),
            "426 Upgrade Required",
            "only WebSocket connections pass",
        ),
        (
            "GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: a\r\n\r\n".to_owned(),
            "426 Upgrade Required",
            "give it transports: ['websocket'], or use wsee proxy --forward",
        ),
        (
            request("Origin: http://b\r\n"),
            "403 ",
            "the origin http://b is not allowed",
        ),
        (request(""), "403 ", "the origin (none) is not allowed"),
        ("nonsense\r\n\r\n".to_owned(), "400 Bad Request", ""),
    ] {
        let mut client = proxy.connect();
        client.write_all(request.as_bytes()).expect("a connection");
        let mut got = String::new();
        client.read_to_string(&mut got).expect("the end");
        assert!(
            got.starts_with(&format!("HTTP/1.1 {status}")) && got.contains(text),
            "{got}"
        );
        assert_eq!(
            got.lines().count()
                - got
                    .split("\r\n\r\n")
                    .next()
                    .unwrap_or_default()
                    .lines()
                    .count(),
            2
        );
    }
}
