//! What carries a client's session.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::polling::Polling;
use super::transport::Transport;
use crate::dial::Stream;
use crate::event::Carried;
use crate::proto::connection::Connection;

#[derive(Debug)]
pub enum Carrier {
    Socket(Stream),
    Polling(Box<Polling>),
}

macro_rules! delegate {
    ($self:expr, $carrier:ident => $call:expr) => {
        match $self {
            Carrier::Socket($carrier) => $call,
            Carrier::Polling($carrier) => $call,
        }
    };
}

impl AsyncRead for Carrier {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        delegate!(self.get_mut(), it => Pin::new(it).poll_read(cx, buf))
    }
}

impl AsyncWrite for Carrier {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        delegate!(self.get_mut(), it => Pin::new(it).poll_write(cx, buf))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        delegate!(self.get_mut(), it => Pin::new(it).poll_flush(cx))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        delegate!(self.get_mut(), it => Pin::new(it).poll_shutdown(cx))
    }
}

impl Transport for Carrier {
    fn reset_on_drop(&mut self) {
        delegate!(self, it => it.reset_on_drop());
    }

    fn is_ended_by_peer(&mut self) -> bool {
        delegate!(self, it => it.is_ended_by_peer())
    }

    fn has_frames(&self) -> bool {
        delegate!(self, it => it.has_frames())
    }

    fn has_event(&self) -> bool {
        delegate!(self, it => it.has_event())
    }

    fn take_event(&mut self) -> Option<Carried> {
        delegate!(self, it => it.take_event())
    }

    fn take_successor(&mut self) -> Option<Box<Connection>> {
        delegate!(self, it => it.take_successor())
    }
}
