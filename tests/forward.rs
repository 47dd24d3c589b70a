//! `wsee proxy --forward`, for clients that cannot change their URL.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::time::Duration;

use tempfile::TempDir;

use crate::listen::{Listening, listening_for, started};
use crate::support::run::{Run, wsee};
use crate::support::tls::{Authority, path};
use crate::support::wire::read_head;

mod authority;
mod opened;
mod prompt;
mod request;
mod smuggling;
mod tunnel;
mod usage;

/// How long they may run: a browser takes its time to start.
pub const PATIENCE: Duration = Duration::from_mins(1);

/// A proxy with a CA of its own.
pub struct Forwarding {
    pub proxy: Listening,
    data: TempDir,
}

/// Starts a proxy that clients name their servers to.
#[track_caller]
pub fn forwarding(args: &[&str]) -> Forwarding {
    let data = tempfile::tempdir().expect("a folder");
    let run = forward(&data, args);
    Forwarding {
        proxy: started(run),
        data,
    }
}

fn forward(data: &TempDir, args: &[&str]) -> Run {
    let run = wsee(&[&["proxy", "--forward", "127.0.0.1:0"], args].concat());
    let run = run.deadline(PATIENCE);
    run.env("XDG_DATA_HOME", data.path().to_str().expect("UTF-8"))
}

impl Forwarding {
    /// As a client's flag names it.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.proxy.port)
    }

    /// The certificate that clients trust.
    pub fn ca(&self) -> String {
        let path: PathBuf = self.data.path().join("wsee/proxy-ca.pem");
        path.to_str().expect("UTF-8").to_owned()
    }

    /// The hash of the CA's key, as Chromium's flag names it.
    #[track_caller]
    pub fn hash(&self) -> String {
        let data = self.data.path().to_str().expect("UTF-8");
        let ca = wsee(&["proxy", "ca"]).env("XDG_DATA_HOME", data).run();
        let shown = ca.stderr.split("--ignore-certificate-errors-spki-list=");
        let hash = shown.last().and_then(|rest| rest.lines().next());
        hash.expect("a hash").to_owned()
    }

    /// A tunnel to a port of this machine, which is open.
    #[track_caller]
    pub fn tunnel(&self, port: u16) -> TcpStream {
        let mut stream = self.proxy.connect();
        let head = ask(&mut stream, &format!("CONNECT 127.0.0.1:{port} HTTP/1.1"));
        assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
        stream
    }

    /// The whole response to what is sent on a connection of its own.
    #[track_caller]
    pub fn answer(&self, request: &str) -> String {
        let mut stream = self.proxy.connect();
        stream.write_all(request.as_bytes()).expect("a connection");
        let mut response = String::new();
        stream.read_to_string(&mut response).expect("a response");
        response
    }
}

/// Sends a request without a body, and reads the head of the response.
#[track_caller]
pub fn ask(stream: &mut TcpStream, line: &str) -> String {
    write!(stream, "{line}\r\nHost: x\r\n\r\n").expect("a connection");
    read_head(stream)
}

/// A server that echoes over TLS, whose certificate is for localhost.
pub struct Secure {
    pub server: Listening,
    pub authority: Authority,
}

#[track_caller]
pub fn secure(args: &[&str]) -> Secure {
    secure_as("localhost", args)
}

/// The same, with a certificate for this name alone.
#[track_caller]
pub fn secure_as(name: &str, args: &[&str]) -> Secure {
    let authority = Authority::new();
    let (cert, key) = authority.issue(&[name]).write();
    let files = ["--cert", path(&cert), "--key", path(&key)];
    let server = listening_for(PATIENCE, &[&files[..], args].concat());
    Secure { server, authority }
}

impl Secure {
    pub fn url(&self) -> String {
        format!("wss://localhost:{}/", self.server.port)
    }
}
