//! `wsee listen` as the server.

use std::fmt::Debug;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;

use rustix::process::Signal;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use tokio_tungstenite::tungstenite::client::client;

use crate::support::DEADLINE;
use crate::support::peer::{Message, Peer};
use crate::support::run::{Running, wsee};
use crate::support::tls::Authority;

/// Starts `wsee listen` on a free port; gives back that port too.
pub fn listening(args: &[&str]) -> (Running, u16) {
    let running = wsee(&[&["listen", "127.0.0.1:0"], args].concat()).spawn();
    let text = running.wait_for_stderr("\n");
    let port = text.split("127.0.0.1:").nth(1).and_then(|rest| {
        rest.split(|c: char| !c.is_ascii_digit())
            .next()?
            .parse()
            .ok()
    });
    (
        running,
        port.unwrap_or_else(|| panic!("no address in {text:?}")),
    )
}

pub fn connect(port: u16) -> TcpStream {
    let stream = TcpStream::connect(("127.0.0.1", port)).expect("wsee listens");
    stream.set_read_timeout(Some(DEADLINE)).expect("a socket");
    stream
}

fn open<S: Read + Write + Debug>(stream: S, url: &str) -> Peer<S> {
    let (socket, _) = client(url, stream).expect("an opening handshake");
    Peer::new(socket)
}

fn converse<S: Read + Write + Debug>(mut peer: Peer<S>) {
    let messages = [
        Message::text("text"),
        Message::text(""),
        Message::binary((0..=255).collect::<Vec<u8>>()),
        Message::text("0123456789abcdef".repeat(64 << 10)),
        Message::binary(vec![0xa5; 1 << 20]),
    ];
    for message in messages {
        peer.send(message.clone());
        assert!(peer.receive() == message, "another message came back");
    }
    peer.send(Message::Ping(b"ping".to_vec().into()));
    assert_eq!(peer.receive(), Message::Pong(b"ping".to_vec().into()));
    let close = peer.close(4321, "enough");
    assert_eq!(close.close.map(|(code, _)| code), Some(4321));
}

#[test]
fn echoes_over_ws_to_many_clients() {
    let (running, port) = listening(&[]);
    let clients: Vec<_> = (0..4)
        .map(|_| std::thread::spawn(move || converse(open(connect(port), "ws://localhost/"))))
        .collect();
    for client in clients {
        client.join().expect("an echo");
    }
    running.signal(Signal::INT);
    running.wait();
}

#[test]
fn echoes_over_wss() {
    let authority = Authority::new();
    let (certificate, key) = authority.issue(&["localhost"]).write();
    let (_running, port) = listening(&["--cert", path(&certificate), "--key", path(&key)]);
    converse(open(connect_tls(port, &authority), "wss://localhost/"));
}

fn path(file: &tempfile::NamedTempFile) -> &str {
    file.path().to_str().expect("a path in UTF-8")
}

fn connect_tls(port: u16, authority: &Authority) -> StreamOwned<ClientConnection, TcpStream> {
    let mut roots = RootCertStore::empty();
    let root = CertificateDer::from_pem_file(authority.path()).expect("a certificate");
    roots.add(root).expect("a certificate");
    let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("protocol versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from("localhost").expect("a name");
    let connection = ClientConnection::new(Arc::new(config), name).expect("a configuration");
    StreamOwned::new(connection, connect(port))
}
