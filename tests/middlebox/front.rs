//! A program in front of a server, and what each of them has to let through.

use std::fs;
use std::process::Command;

use tempfile::{NamedTempFile, TempDir};

use super::{Daemon, free_port};
use crate::support::peer::{Peer, echoing};
use crate::support::run::{Run, wsee};
use crate::support::server::Server;
use crate::support::tls::Authority;

/// A program with a plain and a TLS port in front of a server.
pub struct Front {
    _daemon: Daemon,
    plain: u16,
    tls: u16,
    pub authority: Authority,
    /// Some read them a second time once they listen.
    _files: (NamedTempFile, NamedTempFile),
}

/// What a configuration needs.
pub struct Place<'a> {
    pub directory: &'a TempDir,
    pub plain: u16,
    pub tls: u16,
    pub certificate: String,
    pub key: String,
}

impl Front {
    /// Starts a program with a configuration in the file `name`.
    pub fn start(
        name: &str,
        configure: impl FnOnce(&Place<'_>) -> String,
        command: impl FnOnce(&Place<'_>) -> Command,
    ) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let authority = Authority::new();
        let files = authority.issue(&["localhost"]).write();
        let place = Place {
            directory: &directory,
            plain: free_port(),
            tls: free_port(),
            certificate: files.0.path().display().to_string(),
            key: files.1.path().display().to_string(),
        };
        fs::write(place.directory.path().join(name), configure(&place)).expect("a file");
        let mut command = command(&place);
        command.arg(place.directory.path().join(name));
        let Place { plain, tls, .. } = place;
        Self {
            _daemon: Daemon::start(command, directory, plain),
            plain,
            tls,
            authority,
            _files: files,
        }
    }

    pub fn ws(&self, path: &str) -> String {
        format!("ws://localhost:{}{path}", self.plain)
    }

    pub fn wss(&self, path: &str) -> String {
        format!("wss://localhost:{}{path}", self.tls)
    }

    /// A wsee that trusts it, at its TLS port.
    pub fn visit(&self, path: &str, args: &[&str]) -> Run {
        let url = self.wss(path);
        wsee(&[&[&url, "--cacert", self.authority.path()], args].concat())
    }

    /// The same with a version of HTTP, and its handshake shown.
    pub fn over_http(&self, path: &str, version: &str, args: &[&str]) -> Run {
        self.visit(path, &[&["--http", version, "-v"], args].concat())
    }
}

/// Messages go both ways where it ends TLS.
pub fn passes_messages(start: impl Fn(u16) -> Front) {
    let server = echoing();
    let front = start(server.port());
    let input = format!("one\ntwo\n{}\n", "x".repeat(1 << 20));
    let run = front.visit("/", &["-n", "3"]).stdin(input.clone()).run();
    run.exits(0).prints(input);
    assert_eq!(server.finish().messages.len(), 3);
}

/// Messages go both ways where it makes HTTP/1.1 of HTTP/2.
pub fn passes_messages_over_http2(start: impl Fn(u16) -> Front) {
    let server = Server::start_many(2, |_, stream| Peer::accept(stream).echo());
    let front = start(server.port());
    let big = "x".repeat(1 << 20);
    let input = format!("one\n/bin 00 ff\n{big}\n");
    for version in ["2", "auto"] {
        front
            .over_http("/", version, &["--commands", "-n", "3"])
            .stdin(input.clone())
            .run()
            .exits(0)
            .prints(format!("one\nAP8=\n{big}\n"))
            .says("ENABLE_CONNECT_PROTOCOL 1")
            .says("< HTTP/2 200");
    }
    server.finish();
}

/// It cuts what is idle for two seconds, which is abnormal; a ping keeps a connection.
pub fn cuts_what_is_idle(start: impl Fn(u16) -> Front) {
    let server = Server::start_many(2, |_, stream| Peer::accept(stream).record());
    let front = start(server.port());
    wsee(&[&front.ws("/")])
        .stdin_held_open()
        .run()
        .exits(110)
        .ends_with_line("abnormal closure (1006")
        .says("after 2.0 s without a frame");
    wsee(&[&front.ws("/"), "--ping-interval", "500ms", "-m", "4s"])
        .stdin_held_open()
        .run()
        .exits(28)
        .ends_with_line("stopped by --max-time (4.0 s); closed: 1000");
    drop(server.finish());
}
