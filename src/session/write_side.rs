//! The sending direction of a stream, and the bytes lost with it.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Instant;

use super::transport::Transport;
use crate::proto::connection::Connection;

/// The most that a stream holds back of what it took, in bytes: the default limit of rustls's buffer.
const MOST_HELD: usize = 64 << 10;

#[derive(Debug, Default)]
pub(super) enum WriteSide {
    #[default]
    Clean,
    /// The stream took this many bytes of messages and may still hold them.
    Unflushed(usize),
    ShutDown,
    /// Writing failed, and this many bytes of messages were lost. Reading continues.
    Broken {
        lost: usize,
    },
}

impl WriteSide {
    /// Writes what the stream takes and flushes it; shuts the sending direction down when the engine asks for that.
    ///
    /// Returns whether the stream took anything.
    pub(super) fn write<S: Transport>(
        &mut self,
        cx: &mut Context<'_>,
        stream: &mut S,
        connection: &mut Connection,
        now: Instant,
    ) -> bool {
        let mut moved = false;
        while !connection.sender().output().is_empty() {
            let before = connection.sender().unwritten_data();
            let output = connection.sender().output();
            if let Self::Broken { lost } = self {
                let n = output.len();
                *lost += before;
                connection.written(n, now);
                continue;
            }
            match Pin::new(&mut *stream).poll_write(cx, output) {
                Poll::Ready(Ok(n @ 1..)) => {
                    connection.written(n, now);
                    let left = connection.sender().unwritten_data();
                    let held = self.lost() + before.saturating_sub(left);
                    *self = Self::Unflushed(held.min(MOST_HELD));
                    moved = true;
                }
                Poll::Ready(_) => self.fail(),
                Poll::Pending => break,
            }
        }
        self.flush(cx, stream, connection);
        moved
    }

    fn flush<S: Transport>(
        &mut self,
        cx: &mut Context<'_>,
        stream: &mut S,
        connection: &Connection,
    ) {
        if let Self::Unflushed(_) = self {
            match Pin::new(&mut *stream).poll_flush(cx) {
                Poll::Ready(Ok(())) => *self = Self::Clean,
                Poll::Ready(Err(_)) => self.fail(),
                Poll::Pending => {}
            }
        }
        if let Self::Clean = self
            && connection.wants_shutdown()
            && Pin::new(stream).poll_shutdown(cx).is_ready()
        {
            *self = Self::ShutDown;
        }
    }

    /// Ends the stream's sending direction once everything is done, as far as it takes that at once.
    ///
    /// The server ends it first (RFC 6455 §7.1.1), but TLS wants its end announced by both (RFC 8446 §6.1).
    pub(super) fn finish<S: Transport>(&mut self, cx: &mut Context<'_>, stream: &mut S) {
        if let Self::Clean = self {
            let _ = Pin::new(stream).poll_shutdown(cx);
            *self = Self::ShutDown;
        }
    }

    /// Notes that the stream holds back what another engine wrote.
    pub(super) fn hold(&mut self) {
        if let Self::Clean = self {
            *self = Self::Unflushed(0);
        }
    }

    fn fail(&mut self) {
        *self = Self::Broken { lost: self.lost() };
    }

    pub(super) fn is_broken(&self) -> bool {
        matches!(self, Self::Broken { .. })
    }

    /// Bytes of messages that are lost if the stream ends now.
    pub(super) fn lost(&self) -> usize {
        match *self {
            Self::Clean | Self::ShutDown => 0,
            Self::Unflushed(bytes) | Self::Broken { lost: bytes } => bytes,
        }
    }
}
