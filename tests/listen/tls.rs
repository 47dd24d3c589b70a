//! wss://.

use std::io::Write;

use rustix::process::Signal;

use super::listening;
use crate::support::run::wsee;
use crate::support::tls::Authority;

#[test]
fn a_certificate_of_its_own_is_served_and_its_flag_told() {
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
    server.stop(Signal::INT).exits(130).prints("");
}

#[test]
fn a_certificate_from_files_is_served() {
    let authority = Authority::new();
    let (certificate, key) = authority.issue(&["localhost"]).write();
    let path = |file: &tempfile::NamedTempFile| file.path().display().to_string();
    let server = listening(&["--cert", &path(&certificate), "--key", &path(&key)]);
    let url = format!("wss://localhost:{}/", server.port);
    wsee(&[&url, "--cacert", authority.path(), "-1"])
        .stdin("hello\n")
        .run()
        .exits(0)
        .prints("hello\n");
}

#[test]
fn a_client_without_tls_is_told_and_ends_nothing() {
    let server = listening(&["--tls"]);
    wsee(&[&server.url()]).run().exits(112).prints("");
    server.running.wait_for_stderr("#1 ! TLS failed: ");
    let mut stalled = server.connect();
    stalled.write_all(b"\x16\x03\x01").expect("a connection");
    let url = format!("wss://127.0.0.1:{}/", server.port);
    wsee(&[&url, "-k", "-1"])
        .stdin("hello\n")
        .run()
        .exits(0)
        .prints("hello\n");
}
