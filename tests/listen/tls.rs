//! wss://.

use std::io::Write;

use rustix::process::Signal;

use super::listening;
use crate::support::run::wsee;
use crate::support::tls::{Authority, path};

#[test]
fn a_self_made_certificate_is_served_and_the_flag_for_it_shown() {
    let server = listening(&["--tls"]);
    let url = format!("wss://127.0.0.1:{}/", server.port);
    server
        .running
        .wait_for_stderr(&format!("connect with: wsee -k {url}\n"));
    wsee(&[&url, "-k", "-1"])
        .stdin("hello\n")
        .run()
        .exits(0)
        .prints("hello\n");
    wsee(&[&url]).stdin("hello\n").run().exits(60).prints("");
    server
        .running
        .wait_for_stderr("! TLS failed: the client does not trust the certificate (there: -k");
    server.stop(Signal::INT).exits(130).prints("");
}

#[test]
fn a_certificate_from_files_is_served() {
    let authority = Authority::new();
    let (certificate, key) = authority.issue(&["localhost"]).write();
    let server = listening(&["--cert", path(&certificate), "--key", path(&key)]);
    let url = format!("wss://localhost:{}/", server.port);
    wsee(&[&url, "--cacert", authority.path(), "-1"])
        .stdin("hello\n")
        .run()
        .exits(0)
        .prints("hello\n");
}

#[test]
fn only_clients_with_a_certificate_of_the_given_authority_are_let_in() {
    let authority = Authority::new();
    let server = listening(&["--client-ca", authority.path()]);
    let url = format!("wss://127.0.0.1:{}/", server.port);
    wsee(&[&url, "-k"])
        .stdin("hello\n")
        .run()
        .exits(58)
        .prints("");
    server.running.wait_for_stderr("@1 ! TLS failed: ");
    let (certificate, key) = authority.issue_client("me").write();
    wsee(&[&url, "-k", "-1"])
        .arg("--cert", path(&certificate))
        .arg("--key", path(&key))
        .stdin("hello\n")
        .run()
        .exits(0)
        .prints("hello\n");
}

#[test]
fn authorities_that_cannot_be_read_are_a_usage_error() {
    wsee(&["listen", "--client-ca", "/nonexistent/ca.pem"])
        .run()
        .exits(2)
        .says("/nonexistent/ca.pem");
}

#[test]
fn a_client_without_tls_is_logged_and_the_server_continues() {
    let server = listening(&["--tls"]);
    wsee(&[&server.url()]).run().exits(112).prints("");
    server.running.wait_for_stderr(
        "@1 ! TLS failed: the client does not speak TLS, as with http:// or ws://\n",
    );
    let mut stalled = server.connect();
    stalled.write_all(b"\x16\x03\x01").expect("a connection");
    let url = format!("wss://127.0.0.1:{}/", server.port);
    wsee(&[&url, "-k", "-1"])
        .stdin("hello\n")
        .run()
        .exits(0)
        .prints("hello\n");
}

#[test]
fn more_clients_than_allowed_get_503_in_the_version_they_chose() {
    for (http2, version) in [(true, "2"), (true, "1.1"), (false, "1.1")] {
        let args = ["--max-clients", "1", "--tls", "--http2"];
        let server = listening(&args[..if http2 { 4 } else { 3 }]);
        let url = format!("wss://127.0.0.1:{}/", server.port);
        let first = wsee(&[&url, "-k"]).stdin_held_open().spawn();
        server.running.wait_for_stderr("@1 > HTTP/1.1 101 ");
        wsee(&[&url, "-k", "--http", version])
            .stdin("")
            .run()
            .exits(22)
            .says("status 503");
        drop(first);
        server
            .stop(Signal::INT)
            .says("@2 ! refused: as many clients are connected as --max-clients allows\n");
    }
}
