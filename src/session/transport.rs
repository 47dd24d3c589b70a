use tokio::io::{AsyncRead, AsyncWrite, DuplexStream};
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;

use crate::dial::{Socket, Stream};

pub trait Transport: AsyncRead + AsyncWrite + Unpin {
    /// Makes the end of the stream a reset (RST) instead of an orderly end (FIN), if it can.
    fn reset_on_drop(&mut self);
}

impl Transport for TcpStream {
    fn reset_on_drop(&mut self) {
        // RFC 9293 §3.10.4: with nothing left to linger for, closing sends a reset.
        let _ = self.set_zero_linger();
    }
}

impl Transport for TlsStream<TcpStream> {
    fn reset_on_drop(&mut self) {
        self.get_mut().0.reset_on_drop();
    }
}

impl Transport for Stream {
    fn reset_on_drop(&mut self) {
        match self.socket() {
            // TLS has no reset of its own; resetting the socket below also sends no `close_notify`.
            Socket::Tcp(tcp) => tcp.reset_on_drop(),
            // A Unix socket cannot be reset.
            Socket::Unix(_) => {}
        }
    }
}

impl Transport for DuplexStream {
    fn reset_on_drop(&mut self) {}
}
