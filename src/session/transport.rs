use std::io;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, Interest};
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;

use crate::dial::{Socket, Step, Stream};
use crate::event::Carried;
use crate::proto::connection::Connection;
use crate::proto::http2::frame::ErrorCode;

pub trait Transport: AsyncRead + AsyncWrite + Unpin {
    /// Makes the end of the stream a reset (RST) instead of an orderly end (FIN), if it can.
    fn reset_on_drop(&mut self);

    /// The same with this code, if it is a stream of HTTP/2.
    fn reset_with(&mut self, _code: ErrorCode) {
        self.reset_on_drop();
    }

    /// Why a stream of HTTP/2 takes nothing more; what was received and not read is lost.
    fn failure(&mut self) -> Option<io::Error> {
        None
    }

    /// Whether the peer is known to have ended the stream, even while nothing is read.
    fn is_ended_by_peer(&mut self) -> bool {
        false
    }

    /// Whether it carries the frames of the engine, rather than what they stand for.
    fn has_frames(&self) -> bool {
        true
    }

    /// Whether something happened below the session.
    fn has_event(&self) -> bool {
        false
    }

    fn take_event(&mut self) -> Option<Carried> {
        None
    }

    /// The engine for what is read and written from now on, once everything before is read.
    fn take_successor(&mut self) -> Option<Box<Connection>> {
        None
    }
}

macro_rules! delegate {
    ($pointer:ty) => {
        impl<T: Transport + ?Sized> Transport for $pointer {
            fn reset_on_drop(&mut self) {
                (**self).reset_on_drop();
            }

            fn reset_with(&mut self, code: ErrorCode) {
                (**self).reset_with(code);
            }

            fn failure(&mut self) -> Option<io::Error> {
                (**self).failure()
            }

            fn is_ended_by_peer(&mut self) -> bool {
                (**self).is_ended_by_peer()
            }

            fn has_frames(&self) -> bool {
                (**self).has_frames()
            }

            fn has_event(&self) -> bool {
                (**self).has_event()
            }

            fn take_event(&mut self) -> Option<Carried> {
                (**self).take_event()
            }

            fn take_successor(&mut self) -> Option<Box<Connection>> {
                (**self).take_successor()
            }
        }
    };
}

delegate!(&mut T);
delegate!(Box<T>);

impl Transport for TcpStream {
    fn reset_on_drop(&mut self) {
        // RFC 9293 §3.10.4: with nothing left to linger for, closing sends a reset.
        let _ = self.set_zero_linger();
    }

    fn is_ended_by_peer(&mut self) -> bool {
        // Asked once, without waiting for it.
        let mut context = Context::from_waker(Waker::noop());
        let ready = pin!(self.ready(Interest::READABLE)).poll(&mut context);
        matches!(ready, Poll::Ready(Ok(ready)) if ready.is_read_closed())
    }
}

impl<S: Transport> Transport for TlsStream<S> {
    fn reset_on_drop(&mut self) {
        self.get_mut().0.reset_on_drop();
    }

    fn is_ended_by_peer(&mut self) -> bool {
        self.get_mut().0.is_ended_by_peer()
    }
}

impl Transport for Stream {
    fn reset_on_drop(&mut self) {
        self.reset_with(ErrorCode::CANCEL);
    }

    fn reset_with(&mut self, code: ErrorCode) {
        if let Self::Http2(tunnel) = self {
            return tunnel.reset(code);
        }
        match self.socket() {
            // TLS has no reset of its own; resetting the socket below also sends no `close_notify`.
            Some(Socket::Tcp(tcp)) => tcp.reset_on_drop(),
            // A Unix socket cannot be reset.
            Some(Socket::Unix(_)) | None => {}
        }
    }

    fn failure(&mut self) -> Option<io::Error> {
        self.http2()?.failure()
    }

    fn has_event(&self) -> bool {
        match self {
            Self::Http2(tunnel) => tunnel.has_seen(),
            _ => false,
        }
    }

    fn take_event(&mut self) -> Option<Carried> {
        let seen = self.http2()?.take_seen()?;
        Some(Carried::Step(Step::Http2(seen)))
    }
}

impl Transport for DuplexStream {
    fn reset_on_drop(&mut self) {}
}
