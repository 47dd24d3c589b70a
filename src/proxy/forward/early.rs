//! A stream some of which has been read already.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::proto::buffer::Buffer;
use crate::session::Transport;

/// Gives the bytes that were read early, then those of the stream.
#[derive(Debug)]
pub(super) struct Early<S> {
    pub(super) bytes: Buffer,
    pub(super) stream: S,
}

impl<S: AsyncRead + Unpin> AsyncRead for Early<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let early = self.get_mut();
        if early.bytes.is_empty() {
            return Pin::new(&mut early.stream).poll_read(cx, buf);
        }
        let n = early.bytes.len().min(buf.remaining());
        buf.put_slice(&early.bytes.filled()[..n]);
        early.bytes.consume(n);
        if early.bytes.is_empty() {
            early.bytes = Buffer::with_capacity(0);
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Early<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(cx, buf)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}

impl<S: Transport> Transport for Early<S> {
    fn reset_on_drop(&mut self) {
        self.stream.reset_on_drop();
    }

    fn is_ended_by_peer(&mut self) -> bool {
        self.bytes.is_empty() && self.stream.is_ended_by_peer()
    }
}
