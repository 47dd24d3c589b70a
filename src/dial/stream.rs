//! The connected byte stream, with or without TLS.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

use super::http2::Tunnel;
use crate::sys::net::UnixStream;

/// With TLS, an end of the stream below without `close_notify` (RFC 8446 §6.1) is a read error of
/// kind [`io::ErrorKind::UnexpectedEof`], so that a truncated stream does not look complete.
#[derive(Debug)]
pub enum Stream {
    Tcp(TcpStream),
    Unix(UnixStream),
    Tls(Box<TlsStream<Stream>>),
    Early(Box<Early>),
    /// One stream of an HTTP/2 connection.
    Http2(Box<Tunnel>),
}

#[derive(Debug)]
pub struct Early {
    bytes: Vec<u8>,
    given: usize,
    stream: Stream,
}

impl Stream {
    pub(super) fn with_early(self, bytes: &[u8]) -> Self {
        if bytes.is_empty() {
            return self;
        }
        Self::Early(Box::new(Early {
            bytes: bytes.to_vec(),
            given: 0,
            stream: self,
        }))
    }

    /// The socket below, if it carries nothing else.
    pub fn socket(&mut self) -> Option<Socket<'_>> {
        match self {
            Self::Tcp(tcp) => Some(Socket::Tcp(tcp)),
            Self::Unix(unix) => Some(Socket::Unix(unix)),
            Self::Tls(tls) => tls.get_mut().0.socket(),
            Self::Early(early) => early.stream.socket(),
            Self::Http2(_) => None,
        }
    }

    /// The protocol that the server chose (RFC 7301), lossily decoded.
    pub(super) fn alpn(&self) -> Option<String> {
        let Self::Tls(tls) = self else {
            return None;
        };
        let chosen = tls.get_ref().1.alpn_protocol()?;
        Some(String::from_utf8_lossy(chosen).into_owned())
    }

    pub fn http2(&mut self) -> Option<&mut Tunnel> {
        match self {
            Self::Http2(tunnel) => Some(tunnel),
            _ => None,
        }
    }
}

#[derive(Debug)]
pub enum Socket<'a> {
    Tcp(&'a mut TcpStream),
    Unix(&'a mut UnixStream),
}

macro_rules! delegate {
    ($self:ident, $stream:ident => $call:expr) => {
        match $self.get_mut() {
            Self::Tcp($stream) => $call,
            Self::Unix($stream) => $call,
            Self::Tls($stream) => $call,
            Self::Http2($stream) => $call,
            Self::Early(early) => {
                let $stream = &mut early.stream;
                $call
            }
        }
    };
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(tcp) => Pin::new(tcp).poll_read(cx, buf),
            Self::Unix(unix) => Pin::new(unix).poll_read(cx, buf),
            Self::Tls(tls) => Pin::new(tls).poll_read(cx, buf),
            Self::Early(early) => early.poll_read(cx, buf),
            Self::Http2(tunnel) => Pin::new(tunnel.as_mut()).poll_read(cx, buf),
        }
    }
}

impl Early {
    fn poll_read(&mut self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let left = &self.bytes[self.given..];
        if left.is_empty() {
            return Pin::new(&mut self.stream).poll_read(cx, buf);
        }
        let n = left.len().min(buf.remaining());
        buf.put_slice(&left[..n]);
        self.given += n;
        if self.given == self.bytes.len() {
            (self.bytes, self.given) = (Vec::new(), 0);
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        delegate!(self, stream => Pin::new(stream).poll_write(cx, buf))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        delegate!(self, stream => Pin::new(stream).poll_flush(cx))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        delegate!(self, stream => Pin::new(stream).poll_shutdown(cx))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        delegate!(self, stream => Pin::new(stream).poll_write_vectored(cx, bufs))
    }

    fn is_write_vectored(&self) -> bool {
        match self {
            Self::Tcp(tcp) => tcp.is_write_vectored(),
            Self::Unix(unix) => unix.is_write_vectored(),
            Self::Tls(tls) => tls.is_write_vectored(),
            Self::Early(early) => early.stream.is_write_vectored(),
            Self::Http2(_) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    #[tokio::test]
    async fn early_bytes_are_read_before_those_of_the_stream() {
        let (near, mut far) = UnixStream::pair().unwrap();
        let mut stream = Stream::Unix(near).with_early(b"early");
        far.write_all(b", late").await.unwrap();
        drop(far);
        let mut first = [0; 2];
        stream.read_exact(&mut first).await.unwrap();
        assert_eq!(&first, b"ea");
        let mut rest = Vec::new();
        stream.read_to_end(&mut rest).await.unwrap();
        assert_eq!(rest, b"rly, late");
    }
}
