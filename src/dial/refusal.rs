//! The body of a response that refuses something.

use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt};

use crate::proto::http1::{Body, Head};

/// How long to wait for the body, which is only shown. Servers that send none, or without end, exist.
const PATIENCE: Duration = Duration::from_secs(2);

/// Reads the start of the body of `response`, which may never arrive; `received` arrived with the head.
pub async fn read_body(
    stream: &mut (impl AsyncRead + Unpin),
    response: &Head,
    received: &[u8],
) -> Body {
    read_body_of(stream, response, received, Body::MAX_CONTENT).await
}

/// Reads the body of `response`, of which `limit` bytes are kept.
pub async fn read_body_of(
    stream: &mut (impl AsyncRead + Unpin),
    response: &Head,
    received: &[u8],
    limit: usize,
) -> Body {
    let mut body = Body::of_response(response, limit);
    body.push(received);
    // Show what arrived until then.
    let _ = tokio::time::timeout(PATIENCE, read_rest(stream, &mut body)).await;
    body
}

/// Reads what is left of `body`, or of the part of it that is kept.
pub async fn read_rest(stream: &mut (impl AsyncRead + Unpin), body: &mut Body) {
    let mut block = [0; 4 << 10];
    while !body.is_done() {
        match stream.read(&mut block).await {
            Ok(n @ 1..) => body.push(&block[..n]),
            _ => break,
        };
    }
}
