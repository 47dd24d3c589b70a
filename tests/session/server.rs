//! The server of a session with faults: what it sends, and what came to it.

use std::time::Duration;

use flate2::{Decompress, FlushDecompress};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use wsee::proto::Role;

use crate::conformance::case::{binary, close, continuation, deflated, ping, text};

/// What the server sends; each with the message that is whole with it.
pub fn frames() -> Vec<(Vec<u8>, Option<&'static [u8]>)> {
    let all = [
        (text("one"), Some(&b"one"[..])),
        (text("tw").more(), None),
        (ping("p"), None),
        (continuation("o"), Some(b"two")),
        // RFC 7692 §7.2.3.1: "Hello".
        (deflated("f248 cdc9 c907 00"), Some(b"Hello")),
        (binary([7; 300]), Some(&[7; 300])),
        (close(1000, "bye"), None),
    ];
    let encode = |(frame, message): (crate::conformance::case::Frame, _)| {
        (frame.encode(Role::Server), message)
    };
    all.into_iter().map(encode).collect()
}

/// Bytes that the server writes at once.
const CHUNK: usize = 9;

/// What the server answers the opening handshake with.
#[derive(Debug, Clone, Copy)]
pub enum Response {
    Agrees,
    Refuses,
}

/// The body of a refusal.
pub const BODY: &str = "no such chat";

impl Response {
    /// Its head, to a request with this `Sec-WebSocket-Key`: of the same length for all.
    pub fn head(self, key: &str) -> String {
        match self {
            Self::Agrees => format!(
                "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                 Sec-WebSocket-Extensions: permessage-deflate\r\nSec-WebSocket-Accept: {}\r\n\r\n",
                derive_accept_key(key.as_bytes())
            ),
            Self::Refuses => format!(
                "HTTP/1.1 404 Not Found\r\nContent-Length: {}\r\n\r\n",
                BODY.len()
            ),
        }
    }

    fn bytes(self, key: &str) -> Vec<u8> {
        let rest = match self {
            Self::Agrees => frames().into_iter().flat_map(|(frame, _)| frame).collect(),
            Self::Refuses => BODY.as_bytes().to_vec(),
        };
        [self.head(key).into_bytes(), rest].concat()
    }
}

/// Reads a request's head, and returns its `Sec-WebSocket-Key`; `None` when it does not come.
async fn request(stream: &mut (impl AsyncRead + Unpin)) -> Option<String> {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        request.push(stream.read_u8().await.ok()?);
    }
    let request = String::from_utf8(request).ok()?;
    let key = |line: &str| line.strip_prefix("Sec-WebSocket-Key: ").map(str::to_owned);
    request.lines().find_map(key)
}

/// Plays its part in small pieces, and ends the stream when the client has, or does not want to; returns what came.
pub async fn serve<S: AsyncRead + AsyncWrite + Unpin>(
    mut stream: S,
    response: Response,
) -> Vec<u8> {
    let mut rest = Vec::new();
    let Some(key) = request(&mut stream).await else {
        return rest;
    };
    for chunk in response.bytes(&key).chunks(CHUNK) {
        if stream.write_all(chunk).await.is_err() || stream.flush().await.is_err() {
            break;
        }
        // Time passes, so that the client reads each piece by itself.
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    // A client whose writing is broken says nothing more.
    let _ = timeout(Duration::from_millis(500), stream.read_to_end(&mut rest)).await;
    let _ = stream.shutdown().await;
    rest
}

/// The messages of a client's frames, each a frame of its own; one that is torn is none.
pub fn messages_in(mut bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut inflater = Decompress::new(false);
    let mut messages = Vec::new();
    while let Some((first, payload, rest)) = frame_in(bytes) {
        match (first & 0x0f, first & 0x40) {
            (1 | 2, 0) => messages.push(payload),
            (1 | 2, _) => {
                // RFC 7692 §7.2.2: the tail that was left out.
                let payload = [&payload[..], &[0, 0, 0xff, 0xff]].concat();
                let mut message = Vec::with_capacity(1 << 10);
                inflater
                    .decompress_vec(&payload, &mut message, FlushDecompress::Sync)
                    .expect("a compressed message");
                messages.push(message);
            }
            _ => {}
        }
        bytes = rest;
    }
    messages
}

/// The first byte of the first frame, its payload without the mask, and what follows it.
fn frame_in(bytes: &[u8]) -> Option<(u8, Vec<u8>, &[u8])> {
    let (&[first, second], rest) = bytes.split_first_chunk()?;
    let (len, rest) = match second & 0x7f {
        126 => {
            let (len, rest) = rest.split_first_chunk()?;
            (u16::from_be_bytes(*len), rest)
        }
        len => (u16::from(len), rest),
    };
    let (key, rest) = rest.split_first_chunk::<4>()?;
    let (payload, rest) = rest.split_at_checked(usize::from(len))?;
    let payload = payload.iter().zip(key.iter().cycle());
    Some((first, payload.map(|(byte, key)| byte ^ key).collect(), rest))
}
