//! wsee listens to others' clients over HTTP/2.

use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::process::Signal;
use sha2::{Digest, Sha256};
use tempfile::NamedTempFile;

use super::browser::{chromium, firefox_with};
use crate::listen::{Listening, listening};
use crate::support::peer::{Message, Received, recording};
use crate::support::run::{Run, program};
use crate::support::server::Server;
use crate::support::tls::{Authority, path};

pub fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/peer")
        .join(name)
}

/// Python's h2 at a server without TLS.
pub fn python(server: &Listening) -> Run {
    let home = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/peer/venv/bin/python");
    let mut command = Command::new(home);
    command.arg(script("http2_client.py"));
    command.arg(server.port.to_string());
    program(command)
}

#[test]
#[ignore = "needs Python's h2"]
fn python_finds_an_echo_and_each_fault_of_http2() {
    let offered = "extended CONNECT 1 streams 256\n";
    for (args, found) in [
        (&[][..], "status 200\nmessage hello\nclosed 1000\nended\n"),
        (&["--fault", "http2-refuse"], "status 502\n"),
        (&["--fault", "http2-reset"], "reset PROTOCOL_ERROR\n"),
        (
            &["--fault", "rst after 1 message"],
            "status 200\nmessage hello\nreset CANCEL\n",
        ),
    ] {
        let server = listening(&[&["--http2"], args].concat());
        let found = [offered, found].concat();
        python(&server).run().exits(0).prints(found);
    }
    let server = listening(&["--http2", "--fault", "http2-no-streams"]);
    let found = "extended CONNECT 1 streams 0\n";
    python(&server).run().exits(0).prints(found);
}

/// Claims that Node finds an echo at a server with TLS, in three streams of a connection.
#[track_caller]
pub fn node_finds_an_echo(server: &Listening) {
    let mut command = Command::new("node");
    command.arg(script("http2_client.js"));
    command.arg(format!("https://127.0.0.1:{}", server.port));
    let came = |text| format!("{text} came back, closed with 0\n");
    let found = ["one", "two", "three"].map(came).concat();
    program(command)
        .run()
        .exits(0)
        .prints(format!("extended CONNECT true\n{found}"));
}

#[test]
#[ignore = "needs Node"]
fn node_has_three_websockets_in_one_connection() {
    let server = listening(&["--http2", "--tls"]);
    node_finds_an_echo(&server);
    server
        .stop(Signal::INT)
        .says("@3 * HTTP/2, stream 5 of the connection of @1\n")
        .says("@3 * closed by client: 4000 ");
}

/// The page that talks to the server over HTTP/2, as a URL.
fn page(port: u16, report: &Server<Received>) -> String {
    let (page, report) = (script("browser.html"), report.port());
    let origin = format!("//127.0.0.1:{port}/");
    let page = page.display();
    format!("file://{page}?url=wss:{origin}&before=https:{origin}&report={report}&size=100000")
}

/// Claims that the page found everything in order, up to an end by the server.
#[track_caller]
pub fn reports_everything(report: Server<Received>) {
    let found = [
        "all messages came back",
        "10000 messages came back in order",
        "closed 4321 true",
        "closed 1001 true",
    ];
    assert_eq!(report.serve().messages, found.map(Message::text));
}

/// The same over HTTP/2.
#[track_caller]
fn finds_everything(server: Listening, report: Server<Received>) {
    server.running.wait_for_stderr("@3 > HTTP/2 200");
    server.running.signal(Signal::TERM);
    reports_everything(report);
    server
        .running
        .wait()
        .exits(143)
        .says("@1 > HTTP/2 426\n")
        .says(" of the connection of @1\n@2 < CONNECT / HTTP/2\n")
        .says("@2 > sec-websocket-extensions: permessage-deflate")
        .says("closed by client: 4321 private use \"enough\" after ");
}

#[test]
#[ignore = "needs Chromium"]
fn chromium_finds_an_echo_over_http2() {
    let server = listening(&["--http2", "--tls"]);
    let report = recording();
    let _chromium = chromium_at(server.port, &report).spawn();
    finds_everything(server, report);
}

/// Chromium with the page.
pub fn chromium_at(port: u16, report: &Server<Received>) -> Run {
    trusting_chromium(&page(port, report))
}

/// Chromium, which trusts every certificate.
pub fn trusting_chromium(url: &str) -> Run {
    let run = chromium(&["--ignore-certificate-errors"]);
    let profile = format!("--user-data-dir={}/profile", run.home().display());
    run.arg(&profile, url)
}

/// A certificate and its key, and what the user of Firefox has excepted of it.
pub struct Excepted {
    pub certificate: NamedTempFile,
    pub key: NamedTempFile,
    digest: Vec<u8>,
}

impl Excepted {
    pub fn new() -> Self {
        let identity = Authority::new().issue(&["127.0.0.1"]);
        let digest = Sha256::digest(identity.chain()[0].as_ref()).to_vec();
        let (certificate, key) = identity.write();
        Self {
            certificate,
            key,
            digest,
        }
    }

    /// Firefox with the page.
    pub fn firefox_at(&self, port: u16, report: &Server<Received>) -> Run {
        self.firefox(port, &page(port, report))
    }

    /// Firefox, which trusts this certificate on `port`.
    pub fn firefox(&self, port: u16, url: &str) -> Run {
        let digits: Vec<String> = self.digest.iter().map(|it| format!("{it:02X}")).collect();
        // As a file of the profile: the OID is that of SHA-256.
        let exception = format!(
            "127.0.0.1:{port}:\tOID.2.16.840.1.101.3.4.2.1\t{}\t\n",
            digits.join(":")
        );
        let files = [("cert_override.txt", exception.as_str())];
        firefox_with(&files, url)
    }
}

#[test]
#[ignore = "needs Firefox"]
fn firefox_finds_an_echo_over_http2() {
    let excepted = Excepted::new();
    let (certificate, key) = (path(&excepted.certificate), path(&excepted.key));
    let server = listening(&["--http2", "--cert", certificate, "--key", key]);
    let report = recording();
    let _firefox = excepted.firefox_at(server.port, &report).spawn();
    finds_everything(server, report);
}
