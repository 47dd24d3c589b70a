//! Requests that are no `WebSockets` pass as they are.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use rustix::process::Signal;

use super::forwarding;
use crate::support::server::Server;
use crate::support::wire::read_head;

/// A server that answers each request with the next of `answers`, on one connection; gives back what it has read.
fn answering(answers: &'static [&'static str]) -> Server<String> {
    Server::start(move |mut stream| {
        let mut read = String::new();
        for answer in answers {
            let request = read_request(&mut stream);
            read.push_str(&request);
            stream.write_all(answer.as_bytes()).expect("a connection");
        }
        read
    })
}

/// A request with its body of one line.
fn read_request(stream: &mut TcpStream) -> String {
    let mut request = read_head(stream);
    let end = if request.contains("chunked") {
        "0\r\n\r\n"
    } else if request.contains("Content-Length") {
        "\n"
    } else {
        ""
    };
    while !request.ends_with(end) {
        let mut byte = [0; 1];
        stream.read_exact(&mut byte).expect("a body");
        request.push(byte[0].into());
    }
    request
}

#[test]
fn requests_on_one_connection_pass_one_after_the_other() {
    const ANSWERS: &[&str] = &[
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
        "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n",
        "HTTP/1.1 204 No Content\r\n\r\n",
        "HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;a=b\r\nabc\r\n0\r\nX: y\r\n\r\n",
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n!",
        "HTTP/1.1 200 OK\r\n\r\nuntil the end",
    ];
    let server = answering(ANSWERS);
    let proxy = forwarding(&["-v"]);
    let host = format!("127.0.0.1:{}", server.port());
    let requests = [
        ("GET", "\r\n"),
        ("HEAD", "\r\n"),
        ("DELETE", "\r\n"),
        ("GET", "If-None-Match: *\r\n\r\n"),
        (
            "POST",
            "Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
        ),
        (
            "PUT",
            "Expect: 100-continue\r\nContent-Length: 3\r\n\r\nab\n",
        ),
        ("M-SEARCH", "A: b\r\n\r\n"),
        ("GET", "\r\n"),
    ];
    let mut client = proxy.proxy.connect();
    let mut asked = Vec::new();
    // All at once: a client need not wait for an answer (RFC 9112 §9.3.2).
    for (number, (method, rest)) in requests.iter().enumerate() {
        let path = format!("/{number}?q=%20");
        let fields = "Host: other\r\nProxy-Connection: keep-alive\r\n";
        write!(
            client,
            "{method} http://{host}{path} HTTP/1.1\r\n{fields}{rest}"
        )
        .expect("a connection");
        asked.push(format!(
            "{method} {path} HTTP/1.1\r\nHost: {host}\r\n{rest}"
        ));
    }
    let mut received = String::new();
    client.read_to_string(&mut received).expect("answers");
    assert_eq!(received, ANSWERS.concat());
    assert_eq!(server.finish(), asked.concat());
    proxy
        .proxy
        .running
        .wait_for_stderr(&format!("* 8 requests to {host} in "));
    let log = proxy.proxy.stop(Signal::INT).exits(130);
    log.says(&format!("@1 * M-SEARCH http://{host}/6?q=%20 → 200 in "));
}

#[test]
fn another_host_gets_a_connection_of_its_own() {
    let (first, second) = (
        answering(&["HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n1"]),
        answering(&["HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: close\r\n\r\n2"]),
    );
    let proxy = forwarding(&[]);
    let mut client = proxy.proxy.connect();
    for port in [first.port(), second.port()] {
        write!(client, "GET http://127.0.0.1:{port}/ HTTP/1.1\r\n\r\n").expect("a connection");
    }
    let mut received = String::new();
    client.read_to_string(&mut received).expect("answers");
    assert!(received.ends_with("close\r\n\r\n2"), "{received}");
    first.finish();
    second.finish();
    let line = proxy.proxy.running.wait_for_stderr("and others in ");
    assert!(line.contains("* 2 requests to "), "{line}");
}

#[test]
fn a_response_that_breaks_off_does_not_look_complete() {
    for answer in [
        "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nabc",
    ] {
        let server = Server::start(move |mut stream| {
            read_head(&mut stream);
            stream.write_all(answer.as_bytes()).expect("a connection");
        });
        let proxy = forwarding(&[]);
        let mut client = proxy.proxy.connect();
        let port = server.port();
        write!(client, "GET http://127.0.0.1:{port}/ HTTP/1.1\r\n\r\n").expect("a connection");
        let error = client.read_to_end(&mut Vec::new()).expect_err("a reset");
        assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
        server.finish();
        let text = "! the server's response ended early: GET http://127.0.0.1:";
        proxy.proxy.running.wait_for_stderr(text);
    }
}

#[test]
fn a_server_whose_answer_cannot_be_understood_is_502() {
    for (answer, text) in [
        ("", "closed the connection without an answer"),
        ("SSH-2.0-x\r\n", "does not speak HTTP"),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
            "length of its body is not clear",
        ),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
            "length of its body is not clear",
        ),
        ("HTTP/1.1 101 x\r\n\r\n", "101 without a request to upgrade"),
        (
            "HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n",
            "continues the line before",
        ),
    ] {
        let server = Server::start(move |mut stream| {
            read_head(&mut stream);
            stream.write_all(answer.as_bytes()).expect("a connection");
        });
        let proxy = forwarding(&[]);
        let port = server.port();
        let response = proxy.answer(&format!("GET http://127.0.0.1:{port}/ HTTP/1.1\r\n\r\n"));
        assert!(
            response.starts_with("HTTP/1.1 502 "),
            "{answer}: {response}"
        );
        assert!(response.contains(text), "{answer}: {response}");
        server.finish();
    }
}

#[test]
fn another_protocol_on_an_upgraded_connection_passes_unseen() {
    let server = Server::start(|mut stream| {
        let request = read_head(&mut stream);
        assert!(request.contains("Upgrade: chat/1\r\n"), "{request}");
        let answer = "HTTP/1.1 101 Go\r\nUpgrade: chat/1\r\nConnection: Upgrade\r\n\r\nhello";
        stream.write_all(answer.as_bytes()).expect("a connection");
        let mut bytes = [0; 3];
        stream.read_exact(&mut bytes).expect("a connection");
        bytes
    });
    let proxy = forwarding(&["--intercept", "*"]);
    let mut client = proxy.proxy.connect();
    let port = server.port();
    write!(
        client,
        "GET http://127.0.0.1:{port}/ HTTP/1.1\r\nUpgrade: chat/1\r\nConnection: Upgrade\r\n\r\nhey"
    )
    .expect("a connection");
    let mut received = String::new();
    client.read_to_string(&mut received).expect("an answer");
    assert!(received.ends_with("\r\n\r\nhello"), "{received}");
    drop(client);
    assert_eq!(&server.finish(), b"hey");
    let text = "the other protocol with 127.0.0.1";
    proxy.proxy.running.wait_for_stderr(text);
}

#[test]
fn an_answer_before_the_end_of_the_request_reaches_the_client() {
    let server = Server::start(|mut stream| {
        read_head(&mut stream);
        let answer = "HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno";
        stream.write_all(answer.as_bytes()).expect("a connection");
        // The client still sends.
        std::thread::sleep(Duration::from_millis(50));
    });
    let proxy = forwarding(&[]);
    let mut client = proxy.proxy.connect();
    let port = server.port();
    write!(
        client,
        "POST http://127.0.0.1:{port}/ HTTP/1.1\r\nContent-Length: 1000000\r\n\r\nabc"
    )
    .expect("a connection");
    let head = read_head(&mut client);
    assert!(head.starts_with("HTTP/1.1 413 "), "{head}");
    let mut body = [0; 2];
    client.read_exact(&mut body).expect("a body");
    assert_eq!(&body, b"no");
    server.finish();
}
