//! `wsee listen`, the server.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::time::Duration;

use rustix::process::Signal;
use tokio_tungstenite::tungstenite::client::client;

use crate::support::DEADLINE;
use crate::support::output::Output;
use crate::support::peer::Peer;
use crate::support::run::{Run, Running, wsee};
use crate::support::wire::read_head;

mod echo;
mod handshake;
mod hostile;
mod http2;
mod on_top;
mod program;
mod prompt;
mod record;
mod replay;
mod rules;
mod socketio;
mod start;
mod stop;
mod tls;

/// A server that runs.
pub struct Listening {
    pub running: Running,
    pub port: u16,
}

/// Starts `wsee listen` on a free port.
#[track_caller]
pub fn listening(args: &[&str]) -> Listening {
    listening_for(DEADLINE, args)
}

/// The same, with more time than usual.
#[track_caller]
pub fn listening_for(deadline: Duration, args: &[&str]) -> Listening {
    started(wsee(&[&["listen", "127.0.0.1:0"], args].concat()).deadline(deadline))
}

/// The same, started in `folder`.
#[track_caller]
pub fn listening_in(folder: &Path, args: &[&str]) -> Listening {
    started(wsee(&[&["listen", "127.0.0.1:0"], args].concat()).current_dir(folder))
}

#[track_caller]
pub fn started(run: Run) -> Listening {
    let running = run.spawn();
    let line = running.wait_for_stderr("\n");
    let port = line.split("://127.0.0.1:").nth(1).and_then(|rest| {
        let port = rest.split(|c: char| !c.is_ascii_digit()).next()?;
        port.parse().ok()
    });
    let port = port.unwrap_or_else(|| panic!("no address in {line:?}"));
    Listening { running, port }
}

impl Listening {
    pub fn url(&self) -> String {
        format!("ws://127.0.0.1:{}/", self.port)
    }

    /// A TCP connection.
    pub fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(("127.0.0.1", self.port)).expect("wsee listens");
        for set in [TcpStream::set_read_timeout, TcpStream::set_write_timeout] {
            set(&stream, Some(DEADLINE)).expect("a socket");
        }
        stream
    }

    /// A WebSocket connection of tungstenite's.
    pub fn open(&self) -> Peer {
        let opened = client(self.url(), self.connect());
        Peer::new(opened.expect("an opening handshake").0)
    }

    /// Ends it with `signal`.
    #[track_caller]
    pub fn stop(self, signal: Signal) -> Output {
        self.running.signal(signal);
        self.running.wait()
    }
}

/// Sends a request, and reads the head of the response.
#[track_caller]
pub fn exchange(stream: &mut (impl Read + Write), request: impl AsRef<[u8]>) -> String {
    stream.write_all(request.as_ref()).expect("a connection");
    read_head(stream)
}

/// A request as RFC 6455 §1.3 shows it, with these fields more.
pub fn request(fields: &str) -> String {
    format!(
        "GET /chat HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n{fields}\r\n"
    )
}
