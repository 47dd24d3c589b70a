//! Servers that refuse the upgrade with a status other than 101.

use std::time::Duration;

use crate::support::output::Output;
use crate::support::run::wsee;
use crate::support::wire::before_handshake;

/// Runs wsee against a server that answers the upgrade with `response`, and leaves the connection open.
#[track_caller]
fn refused(response: impl Into<String>, args: &[&str]) -> Output {
    let response = response.into();
    let server = before_handshake(|mut wire| {
        wire.write(response);
        wire.wait_for_end();
    });
    let url = format!("{}/chat", server.url());
    wsee(&[&[url.as_str()], args].concat())
        .stdin("never sent\n")
        .run()
        .exits(22)
        .prints("")
        .within(Duration::from_secs(4))
}

/// A response with this status line, one more field, and a short body.
fn response(status: &str, field: &str) -> String {
    format!("HTTP/1.1 {status}\r\n{field}\r\nContent-Length: 6\r\n\r\nsorry!")
}

#[test]
fn shows_status_line_fields_and_body() {
    refused(response("404 Nothing Here", "x-oDd: Value"), &[])
        .says("HTTP/1.1 404 Nothing Here")
        .says("x-oDd: Value")
        .says("sorry!");
}

#[test]
fn hints_at_what_usually_causes_it() {
    let cases = [
        ("200 OK", "Server: a", "/chat"),
        ("400 Bad Request", "Server: a", "-s"),
        ("401 Unauthorized", "WWW-Authenticate: Bearer", "--bearer"),
        ("403 Forbidden", "Server: a", "--origin"),
        ("404 Not Found", "Server: a", "wsee --as socket.io http://"),
        (
            "426 Upgrade Required",
            "Sec-WebSocket-Version: 8",
            "version",
        ),
        ("429 Too Many Requests", "Retry-After: 17", "17"),
        ("503 Service Unavailable", "Retry-After: 17", "17"),
        ("502 Bad Gateway", "Server: a", "behind"),
    ];
    for (status, field, hint) in cases {
        let output = refused(response(status, field), &[]);
        let hints: Vec<_> = output
            .stderr
            .lines()
            .filter(|line| line.to_lowercase().contains("hint"))
            .collect();
        assert_eq!(hints.len(), 1, "{status}:\n{}", output.stderr);
        let hint_line = hints[0].to_lowercase();
        assert!(
            hint_line.contains(&hint.to_lowercase()),
            "{status}: {}",
            hints[0]
        );
    }
}

#[test]
fn names_the_target_of_a_redirection_and_does_not_go_there() {
    let location = "Location: wss://elsewhere.example/ws";
    refused(response("301 Moved Permanently", location), &[])
        .says("redirected to wss://elsewhere.example/ws");
}

#[test]
fn joins_the_chunks_of_a_body() {
    let head = "HTTP/1.1 403 Forbidden\r\nTransfer-Encoding: chunked\r\n\r\n";
    let body = "4;ext=1\r\ngo a\r\n3\r\nway\r\n0\r\n\r\n";
    refused(format!("{head}{body}"), &[]).says("go away");
}

#[test]
fn cuts_a_long_body_and_says_so() {
    let body = "q".repeat(8 << 10);
    let head = format!(
        "HTTP/1.1 403 Forbidden\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    let output = refused(head + &body, &[]);
    let shown = output.stderr.matches('q').count();
    assert!(
        (4000..=4 << 10).contains(&shown),
        "{shown} bytes of the body"
    );
    output.says("the body continues");
}

#[test]
fn escapes_a_body() {
    let head = "HTTP/1.1 403 Forbidden\r\nContent-Length: 7\r\n\r\n";
    let output = refused(format!("{head}\x1b[31m\n!"), &[]).never_says("\x1b");
    output.says("\\x1b[31m");
}

#[test]
fn masks_cookies_of_the_response() {
    refused(response("403 Forbidden", "Set-Cookie: id=s3cret"), &[])
        .never_says("s3cret")
        .says("Set-Cookie: ***");
}

#[test]
fn does_not_wait_for_a_body_that_never_comes() {
    refused("HTTP/1.1 403 Forbidden\r\n\r\n", &[]).says("403");
}

#[test]
fn shows_the_part_of_a_body_that_came() {
    refused(
        "HTTP/1.1 403 Forbidden\r\nContent-Length: 9\r\n\r\nhalf",
        &[],
    )
    .says("half");
}

#[test]
fn shows_the_response_once_when_verbose() {
    let output = refused(response("404 Nothing Here", "x-oDd: Value"), &["-v"]);
    assert_eq!(
        output.stderr.matches("404 Nothing Here").count(),
        1,
        "{}",
        output.stderr
    );
}
