//! The client's end of a connection, up to its answer.

use std::io;

use tokio::io::AsyncWriteExt;

use crate::acceptor::http2::Exchange;
use crate::proto::http1::Head;
use crate::session::Transport;

/// Where a client waits for its answer.
pub(super) enum Front<'a> {
    Http1(&'a mut dyn Transport),
    Http2(&'a mut Exchange),
}

impl Front<'_> {
    /// What it sends while it waits, and gets after the head of its answer.
    pub(super) fn stream(&mut self) -> &mut dyn Transport {
        match self {
            Self::Http1(stream) => *stream,
            Self::Http2(exchange) => *exchange,
        }
    }

    pub(super) fn is_http2(&self) -> bool {
        matches!(self, Self::Http2(_))
    }

    /// Sends the head of the answer, which is one of this version of HTTP.
    pub(super) async fn answer(&mut self, head: &Head) -> io::Result<()> {
        match self {
            Self::Http1(stream) => {
                stream.write_all(head.as_bytes()).await?;
                stream.flush().await
            }
            Self::Http2(exchange) => exchange.answer(head),
        }
    }
}
