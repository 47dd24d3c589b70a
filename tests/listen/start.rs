//! Command lines.

use std::io::Write;
use std::net::TcpListener;

use rustix::process::Signal;
use tempfile::NamedTempFile;

use super::listening;
use crate::support::run::wsee;
use crate::support::tls::self_signed;

#[test]
fn shows_where_it_listens_and_how_to_connect() {
    let server = listening(&[]);
    let url = server.url();
    let line = format!("* listening on {url} (echo); connect with: wsee {url}\n");
    assert_eq!(server.running.wait_for_stderr("\n"), line);
    wsee(&[&url, "-1"])
        .stdin("hello\n")
        .run()
        .exits(0)
        .prints("hello\n");
}

#[test]
fn quiet_shows_nothing() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener
        .local_addr()
        .expect("an address")
        .port()
        .to_string();
    drop(listener);
    let running = wsee(&["listen", &port, "-q"]).spawn();
    let url = format!("ws://127.0.0.1:{port}/");
    let connected = (0..500).any(|_| {
        let output = wsee(&[&url, "-1"]).stdin("hello\n").run();
        output.status == 0
    });
    assert!(connected, "nobody listens");
    running.signal(rustix::process::Signal::INT);
    let output = running.wait().exits(130).prints("");
    assert_eq!(output.stderr, "");
}

#[test]
fn a_port_in_use_exits_7_and_is_named() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address").to_string();
    let output = wsee(&["listen", &address]).run().exits(7).prints("");
    let output = output.says(&format!("wsee: cannot listen on {address}: "));
    let output = output.says("; try another port, or 0 for any free one\n");
    assert_eq!(output.stderr.lines().count(), 1, "{}", output.stderr);
}

#[test]
fn an_address_of_another_machine_exits_7() {
    // RFC 5737: an address for documentation.
    let output = wsee(&["listen", "192.0.2.1:0"]).run();
    output
        .exits(7)
        .says("wsee: cannot listen on 192.0.2.1:0: ")
        .says("; use an address of this machine, such as 127.0.0.1\n");
}

#[test]
fn an_invalid_address_is_a_usage_error() {
    for address in [
        "99999",
        "127.0.0.1:",
        "localhost:http",
        "[::1",
        "ws://localhost:1",
    ] {
        wsee(&["listen", address])
            .run()
            .exits(2)
            .prints("")
            .says(address);
    }
}

#[test]
fn certificate_and_key_go_together() {
    let (certificate, key) = self_signed(&["localhost"]).write();
    wsee(&["listen", "--cert", path(&certificate)])
        .run()
        .exits(2)
        .says("--key");
    wsee(&["listen", "--key", path(&key)])
        .run()
        .exits(2)
        .says("--cert");
}

#[test]
fn a_file_without_a_certificate_is_named() {
    let (certificate, key) = self_signed(&["localhost"]).write();
    let mut other = NamedTempFile::new().expect("a file");
    other
        .write_all(b"-----BEGIN NONSENSE-----\n!\n")
        .expect("a file");
    let missing = "/nonexistent/file.pem";
    for (cert, key, named) in [
        (path(&other), path(&key), path(&other)),
        (path(&certificate), path(&other), path(&other)),
        (path(&key), path(&key), path(&key)),
        (path(&certificate), path(&certificate), path(&certificate)),
        (missing, path(&key), missing),
        (path(&certificate), missing, missing),
    ] {
        let args = ["listen", "127.0.0.1:0", "--cert", cert, "--key", key];
        let output = wsee(&args).run().exits(2).prints("").says(named);
        assert_eq!(output.stderr.lines().count(), 1, "{}", output.stderr);
    }
}

#[test]
fn a_key_of_another_certificate_is_refused() {
    let (certificate, _) = self_signed(&["localhost"]).write();
    let (_, key) = self_signed(&["localhost"]).write();
    let args = [
        "listen",
        "127.0.0.1:0",
        "--cert",
        path(&certificate),
        "--key",
        path(&key),
    ];
    wsee(&args).run().exits(2).says("certificate and key");
}

fn path(file: &NamedTempFile) -> &str {
    file.path().to_str().expect("a path in UTF-8")
}

#[test]
fn a_flag_that_would_have_no_effect_is_a_usage_error() {
    for flags in [
        &["--as", "socket.io", "--split", "events"][..],
        &["--as", "socket.io", "--jsonl"],
        &["--as", "socket.io", "--script", "a.wsee"],
        &["--as", "socket.io", "--", "cat"],
        &["--connect-timeout", "1s"],
        &["--namespace", "/a"],
        &["--echo"],
        &["--check", "a.wsee", "--", "cat"],
        &["--seed", "1"],
        &["--speed", "2x"],
    ] {
        wsee(&[&["listen", "0"], flags].concat()).run().exits(2);
    }
}

#[test]
fn an_address_that_others_reach_says_so_in_one_line() {
    for (address, says) in [
        (
            "0.0.0.0:0",
            "* anybody on every network of this machine can connect; --origin limits web pages only\n",
        ),
        (
            "[::]:0",
            "* anybody on every network of this machine can connect; --origin limits web pages only\n",
        ),
    ] {
        let running = wsee(&["listen", address]).spawn();
        running.wait_for_stderr(says);
        running.signal(Signal::INT);
        running.wait().exits(130);
    }
    let running = wsee(&["listen", "127.0.0.1:0"]).spawn();
    running.wait_for_stderr("* listening on ");
    running.signal(Signal::INT);
    let log = running.wait().stderr;
    assert!(!log.contains("anybody"), "{log}");
}
