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

use crate::listen::listening;
use crate::support::peer::{Message, Peer};
use crate::support::tls::Authority;

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
    let server = listening(&[]);
    let clients: Vec<_> = (0..4)
        .map(|_| server.connect())
        .map(|stream| std::thread::spawn(|| converse(open(stream, "ws://localhost/"))))
        .collect();
    for client in clients {
        client.join().expect("an echo");
    }
    server.stop(Signal::INT);
}

#[test]
fn echoes_over_wss() {
    let authority = Authority::new();
    let (certificate, key) = authority.issue(&["localhost"]).write();
    let server = listening(&["--cert", path(&certificate), "--key", path(&key)]);
    let stream = over_tls(server.connect(), &authority);
    converse(open(stream, "wss://localhost/"));
}

fn path(file: &tempfile::NamedTempFile) -> &str {
    file.path().to_str().expect("a path in UTF-8")
}

fn over_tls(stream: TcpStream, authority: &Authority) -> StreamOwned<ClientConnection, TcpStream> {
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
    StreamOwned::new(connection, stream)
}
