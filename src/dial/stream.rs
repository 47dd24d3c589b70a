//! The connected byte stream, with or without TLS.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpStream, UnixStream};
use tokio_rustls::client::TlsStream;

/// A connected byte stream.
///
/// On TLS, an end of the stream below without `close_notify` (RFC 8446 §6.1) is a read error of
/// kind [`io::ErrorKind::UnexpectedEof`]: what was cut off must not look complete.
#[derive(Debug)]
pub enum Stream {
    /// Bytes go over TCP as they are.
    Tcp(TcpStream),
    /// Bytes go over a Unix socket as they are.
    Unix(UnixStream),
    /// Bytes go over another stream inside TLS.
    Tls(Box<TlsStream<Stream>>),
    /// Bytes go over another stream of which some were read too early.
    Early(Box<Early>),
}

/// A stream, and what has to be read before it.
#[derive(Debug)]
pub struct Early {
    /// Bytes that came together with something else.
    bytes: Vec<u8>,
    /// How many of them were given on.
    given: usize,
    stream: Stream,
}

impl Stream {
    /// Puts `bytes` in front of what is read from the stream.
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

    /// The socket below all.
    pub fn socket(&mut self) -> Socket<'_> {
        match self {
            Self::Tcp(tcp) => Socket::Tcp(tcp),
            Self::Unix(unix) => Socket::Unix(unix),
            Self::Tls(tls) => tls.get_mut().0.socket(),
            Self::Early(early) => early.stream.socket(),
        }
    }
}

/// What a stream runs on.
#[derive(Debug)]
pub enum Socket<'a> {
    /// A TCP connection.
    Tcp(&'a mut TcpStream),
    /// A connection on this machine.
    Unix(&'a mut UnixStream),
}

/// Calls a method of whatever stream it is.
macro_rules! delegate {
    ($self:ident, $stream:ident => $call:expr) => {
        match $self.get_mut() {
            Self::Tcp($stream) => $call,
            Self::Unix($stream) => $call,
            Self::Tls($stream) => $call,
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
