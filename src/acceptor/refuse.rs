//! A client's request, and the answer to one that is not served.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::linger;
use crate::proto::buffer::Buffer;
use crate::proto::handshake::server::Handshake;
use crate::proto::http1::Head;
use crate::proto::receiver::small_input_buffer;

pub const BAD_REQUEST: &str = "HTTP/1.1 400 Bad Request";
const UNAVAILABLE: &str = "HTTP/1.1 503 Service Unavailable";

/// Reads a request; more than its head may have come. One that is none gets 400 with the reason, from `server`.
///
/// # Errors
///
/// If there is no request.
pub async fn read_request<S>(stream: &mut S, server: &str) -> io::Result<(Head, Buffer)>
where
    S: AsyncRead + AsyncWrite + Unpin + ?Sized,
{
    let mut handshake = Handshake::default();
    let mut input = small_input_buffer();
    loop {
        match handshake.read(input.filled()) {
            Ok(Some((request, used))) => {
                input.consume(used);
                return Ok((request, input));
            }
            Ok(None) => {}
            Err(error) => {
                let response = plain_response(BAD_REQUEST, &format!("{server}: {error}"), &[]);
                answer(stream, &response).await?;
                return Err(io::Error::other(error));
            }
        }
        match stream.read(input.spare(1)).await? {
            0 => {
                let text = "the client left before its request was complete";
                return Err(io::Error::other(text));
            }
            n => input.commit(n),
        }
    }
}

/// Answers a client for which `server` has no place, without reading its request.
pub async fn turn_away<S: AsyncRead + AsyncWrite + Unpin>(mut stream: S, server: &str) {
    let text = format!("{server}: as many clients are connected as are allowed");
    let _ = answer(&mut stream, &plain_response(UNAVAILABLE, &text, &[])).await;
}

/// Sends a response, and ends the stream.
///
/// # Errors
///
/// If the client is gone.
pub async fn answer<S>(mut stream: &mut S, response: &[u8]) -> io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin + ?Sized,
{
    stream.write_all(response).await?;
    stream.flush().await?;
    linger(&mut stream).await
}

/// A response with one line of text, after which the connection is closed.
pub fn plain_response(status: &str, text: &str, more: &[(&str, &str)]) -> Vec<u8> {
    let body = format!("{text}\n");
    let length = body.len().to_string();
    let fields = [
        ("Connection", "close"),
        ("Content-Type", "text/plain; charset=utf-8"),
        ("Content-Length", length.as_str()),
    ];
    let head = Head::encode(status, fields.into_iter().chain(more.iter().copied()));
    [head.as_bytes(), body.as_bytes()].concat()
}
