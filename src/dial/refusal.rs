//! What follows the head of a response that refuses something.

use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt};

use crate::proto::http1::{Body, Head};

/// How long the body of a refusal is waited for.
const PATIENCE: Duration = Duration::from_secs(2);

/// Reads the start of the body of `response`, which need not come; `received` is what came with the head.
pub async fn read_body(
    stream: &mut (impl AsyncRead + Unpin),
    response: &Head,
    received: &[u8],
) -> Body {
    let mut body = Body::new(response);
    body.push(received);
    let rest = async {
        let mut block = [0; 4 << 10];
        while !body.is_done() {
            match stream.read(&mut block).await {
                Ok(n @ 1..) => body.push(&block[..n]),
                _ => break,
            }
        }
    };
    // Whatever came until then is what there is to show.
    let _ = tokio::time::timeout(PATIENCE, rest).await;
    body
}
