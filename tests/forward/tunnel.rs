//! What is not opened.

use std::io::{Read, Write};
use std::net::Shutdown;

use rustix::process::Signal;

use super::{ask, forwarding, secure};
use crate::support::run::wsee;
use crate::support::server::{Server, Untouched};

/// A server that has read everything before it answers with it.
fn reversing() -> Server<Vec<u8>> {
    Server::start(|mut stream| {
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).expect("an end");
        bytes.reverse();
        stream.write_all(&bytes).expect("a client that reads");
        bytes
    })
}

#[test]
fn bytes_pass_as_they_are_and_each_end_closes_its_own_half() {
    let proxy = forwarding(&[]);
    let server = reversing();
    let mut client = proxy.tunnel(server.port());
    let sent: Vec<u8> = (0..300_000_u32).map(|n| n.to_le_bytes()[0]).collect();
    client.write_all(&sent).expect("a tunnel");
    client.shutdown(Shutdown::Write).expect("a tunnel");
    let mut received = Vec::new();
    client.read_to_end(&mut received).expect("an answer");
    received.reverse();
    assert!(received == sent, "{} bytes", received.len());
    let port = server.port();
    server.finish();
    let line = format!("@1 * tunnel to 127.0.0.1:{port}: ");
    proxy.proxy.running.wait_for_stderr(&line);
    let log = proxy.proxy.stop(Signal::INT).exits(130);
    log.says("(client: 293.0 KiB; server: 293.0 KiB)\n");
}

#[test]
fn what_a_client_sends_with_its_request_is_not_lost() {
    let proxy = forwarding(&[]);
    let server = reversing();
    let request = format!("CONNECT 127.0.0.1:{} HTTP/1.1\r\n\r\nabc", server.port());
    let mut client = proxy.proxy.connect();
    client.write_all(request.as_bytes()).expect("a connection");
    client.shutdown(Shutdown::Write).expect("a connection");
    let mut response = String::new();
    client.read_to_string(&mut response).expect("an answer");
    assert!(response.starts_with("HTTP/1.1 200 "), "{response}");
    assert!(response.ends_with("\r\n\r\ncba"), "{response}");
    server.finish();
}

#[test]
fn a_reset_passes_as_a_reset() {
    let proxy = forwarding(&[]);
    let server = Server::start(|stream| {
        rustix::net::sockopt::set_socket_linger(&stream, Some(std::time::Duration::ZERO))
            .expect("a socket");
    });
    let mut client = proxy.tunnel(server.port());
    let error = client.read(&mut [0; 1]).expect_err("a reset");
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
    server.finish();
    let log = proxy.proxy.running.wait_for_stderr("lost the server: ");
    assert!(log.contains("tunnel to 127.0.0.1"), "{log}");
}

#[test]
fn tls_of_others_passes_with_the_certificate_of_the_server() {
    let server = secure(&[]);
    let proxy = forwarding(&["--intercept", "elsewhere.example"]);
    wsee(&[&server.url(), "-x", &proxy.url(), "-q", "-1"])
        .arg("--cacert", server.authority.path())
        .stdin("hello\n")
        .run()
        .exits(0)
        .prints("hello\n");
    proxy.proxy.running.wait_for_stderr("tunnel to localhost:");
    proxy.proxy.stop(Signal::INT).never_says("hello");
    server.server.stop(Signal::INT);
}

#[test]
fn a_server_that_is_not_reached_is_answered_with_502_and_the_reason() {
    let proxy = forwarding(&["--connect-timeout", "10s"]);
    let port = Untouched::start().port();
    let response = proxy.answer(&format!("CONNECT 127.0.0.1:{port} HTTP/1.1\r\n\r\n"));
    assert!(response.starts_with("HTTP/1.1 502 Bad Gateway\r\n"));
    assert!(response.contains("127.0.0.1 refused"), "{response}");
    let response = proxy.answer("GET http://no.such.invalid/ HTTP/1.1\r\nHost: x\r\n\r\n");
    assert!(response.starts_with("HTTP/1.1 502 "), "{response}");
    assert!(response.contains("no.such.invalid"), "{response}");
    let log = proxy.proxy.stop(Signal::INT);
    log.says("127.0.0.1 refused").says("no.such.invalid");
}

#[test]
fn the_same_failure_is_shown_once_in_a_while() {
    let proxy = forwarding(&[]);
    let port = Untouched::start().port();
    for _ in 0..5 {
        let response = proxy.answer(&format!("CONNECT 127.0.0.1:{port} HTTP/1.1\r\n\r\n"));
        assert!(response.starts_with("HTTP/1.1 502 "), "{response}");
    }
    let log = proxy.proxy.stop(Signal::INT);
    assert_eq!(log.stderr.matches("refused").count(), 1, "{}", log.stderr);
}

#[test]
fn a_loop_is_refused_however_the_proxy_is_named() {
    let other = "other.example";
    // Any port of that name is one of this machine's.
    let to = format!("{other}::127.0.0.1:");
    let proxy = forwarding(&["--connect-to", &to, "--intercept", "*"]);
    let port = proxy.proxy.port;
    for request in [
        format!("CONNECT 127.0.0.1:{port} HTTP/1.1\r\n\r\n"),
        format!("CONNECT localhost:{port} HTTP/1.1\r\n\r\n"),
        format!("GET http://[::ffff:127.0.0.1]:{port}/ HTTP/1.1\r\n\r\n"),
        format!("GET http://{other}:{port}/ HTTP/1.1\r\n\r\n"),
        format!(
            "GET http://{other}:{port}/ HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        ),
    ] {
        let response = proxy.answer(&request);
        assert!(
            response.starts_with("HTTP/1.1 508 "),
            "{request}: {response}"
        );
        assert!(response.contains("leads to the proxy itself"), "{response}");
    }
    proxy.proxy.stop(Signal::INT).exits(130);
}

#[test]
fn many_tunnels_are_open_at_once() {
    const TUNNELS: usize = 100;
    let proxy = forwarding(&[]);
    let server = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = server.local_addr().expect("an address").port();
    let mut ends = Vec::new();
    for number in 0..TUNNELS {
        let client = proxy.tunnel(port);
        let (end, _) = server.accept().expect("a tunnel");
        ends.push((client, end, number));
    }
    for (client, end, number) in &mut ends {
        client.write_all(&number.to_be_bytes()).expect("a tunnel");
        let mut read = [0; size_of::<usize>()];
        end.read_exact(&mut read).expect("a tunnel");
        assert_eq!(usize::from_be_bytes(read), *number);
    }
    drop(ends);
    proxy
        .proxy
        .running
        .wait_for_stderr(&format!("@{TUNNELS} * tunnel to "));
    proxy.proxy.stop(Signal::INT).exits(130);
}

#[test]
fn a_stop_ends_tunnels_at_once() {
    let proxy = forwarding(&[]);
    let server = reversing();
    let mut client = proxy.tunnel(server.port());
    client.write_all(b"abc").expect("a tunnel");
    let output = proxy.proxy.stop(Signal::TERM).exits(143);
    assert!(output.took < std::time::Duration::from_secs(5));
    let _ = client.read_to_end(&mut Vec::new());
    server.finish();
}

#[test]
fn connect_has_no_body_and_one_host() {
    let proxy = forwarding(&[]);
    for (line, text) in [
        ("CONNECT h HTTP/1.1", "CONNECT takes HOST:PORT"),
        ("CONNECT u@h:1 HTTP/1.1", "user name"),
        ("GET / HTTP/1.1", "the request names no host"),
        ("GET https://h/ HTTP/1.1", "need CONNECT"),
    ] {
        let mut stream = proxy.proxy.connect();
        let head = ask(&mut stream, line);
        assert!(head.starts_with("HTTP/1.1 400 "), "{line}: {head}");
        let mut body = String::new();
        stream.read_to_string(&mut body).expect("a body");
        assert!(body.contains(text), "{line}: {body}");
    }
    let response = proxy.answer("CONNECT h:1 HTTP/1.1\r\nContent-Length: 1\r\n\r\na");
    assert!(response.contains("CONNECT has no body"), "{response}");
}
