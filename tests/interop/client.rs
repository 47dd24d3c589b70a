//! wsee as the client.

use std::fmt::Debug;
use std::io::{Read, Write};

use crate::support::peer::{Message, Peer, scripted};
use crate::support::run::wsee;
use crate::support::tls::{self, Authority};

fn large_text() -> String {
    "0123456789abcde\n".repeat(64 << 10)
}

/// What the server does in each of the tests; both ends echo.
fn converse<S: Read + Write + Debug>(mut peer: Peer<S>) {
    let messages = [
        Message::text("text"),
        Message::text(""),
        Message::text("ünïcode 🦀"),
        Message::binary((0..=255).collect::<Vec<u8>>()),
        Message::text(large_text()),
        Message::binary(vec![0xa5; 1 << 20]),
    ];
    for message in messages {
        peer.send(message.clone());
        assert!(peer.receive() == message, "another message came back");
    }
    peer.send(Message::Ping(b"are you there".to_vec().into()));
    assert_eq!(
        peer.receive(),
        Message::Pong(b"are you there".to_vec().into())
    );
    peer.send(Message::Pong(b"unsolicited".to_vec().into()));
    let close = peer.close(4321, "enough");
    assert_eq!(close.close.map(|(code, _)| code), Some(4321));
}

#[test]
fn echoes_all_kinds_of_messages_over_ws() {
    let server = scripted(converse);
    wsee(&[server.url(), "--echo"])
        .run()
        .exits(111)
        .ends_with_line("closed by server: 4321");
}

#[test]
fn echoes_all_kinds_of_messages_over_wss() {
    let authority = Authority::new();
    let server = tls::serving(authority.issue(&["localhost"]), |stream| {
        converse(Peer::accept(stream));
    });
    wsee(&[&tls::url(&server), "--cacert", authority.path(), "--echo"])
        .run()
        .exits(111)
        .ends_with_line("closed by server: 4321");
}

#[test]
fn echoes_in_fragments() {
    let server = scripted(converse);
    wsee(&[server.url(), "--echo", "--fragment", "1000"])
        .run()
        .exits(111);
}

#[test]
fn sends_close_codes_that_the_server_understands() {
    for code in [1000, 1001, 1003, 1011, 3000, 4999] {
        let server = scripted(Peer::record);
        wsee(&[
            server.url(),
            "--wait",
            "0",
            "--close-code",
            &code.to_string(),
        ])
        .stdin("a\n")
        .run()
        .exits(0);
        assert_eq!(server.finish().close, Some((code, String::new())));
    }
}
