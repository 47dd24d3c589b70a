//! Responses to the upgrade: their meaning does not depend on how they are split.

#![no_main]

use libfuzzer_sys::fuzz_target;
use wsee::proto::deflate;
use wsee::proto::handshake::client::Handshake;
use wsee::proto::handshake::{Offer, Outcome};

fuzz_target!(|input: (u8, &[u8])| {
    let (size, response) = input;
    let mut whole = handshake();
    let expected = whole.read(response);
    let mut pieces = handshake();
    let mut read = Ok(None);
    for end in (0..response.len()).step_by(1 + usize::from(size)) {
        read = pieces.read(&response[..end]);
        if !matches!(read, Ok(None)) {
            break;
        }
    }
    if let Ok(None) = read {
        read = pieces.read(response);
    }
    match (&expected, &read) {
        (Ok(Some((outcome, used))), Ok(Some((other, used_too)))) => {
            assert_eq!((outcome, used), (other, used_too));
            assert!(*used <= response.len());
            if let Outcome::Agreed(agreed) = outcome {
                assert_eq!(agreed.response.status(), Some(101));
            }
        }
        // A head that is too large, or no HTTP, is refused as soon as that is clear.
        (Err(_), Err(_)) | (Ok(None), Ok(None)) => {}
        (whole, pieces) => panic!("{whole:?} in one piece, {pieces:?} in several"),
    }
});

/// A handshake that asks for all there is; its key is that of RFC 6455 §1.3.
fn handshake() -> Handshake {
    let offer = Offer {
        target: "/chat".to_owned(),
        host: "server.example.com".to_owned(),
        subprotocols: vec!["chat".to_owned(), "superchat".to_owned()],
        require_subprotocol: false,
        compression: vec![deflate::Offer::BROWSER],
        lenient: false,
        user_agent: None,
        origin: None,
        fields: Vec::new(),
        edits: Vec::new(),
        relayed: None,
        like: None,
    };
    Handshake::new(&offer, "dGhlIHNhbXBsZSBub25jZQ==")
}
