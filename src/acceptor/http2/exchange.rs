//! A stream from its request on.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::request::Request;
use super::stream::Stream;
use crate::proto::http1::Head;
use crate::proto::http2::frame::ErrorCode;
use crate::session::Transport;

/// The stream of a client that waits for its answer, or has it; nothing can be written before.
#[derive(Debug)]
pub struct Exchange(State);

#[derive(Debug)]
enum State {
    Asked(Box<Request>),
    Answered(Stream),
    /// It was reset instead of an answer, or broke.
    Over,
}

impl Exchange {
    pub fn new(request: Box<Request>) -> Self {
        Self(State::Asked(request))
    }

    /// Answers, and leaves the stream open.
    ///
    /// # Errors
    ///
    /// If the stream is over, or HTTP/2 cannot carry the response.
    pub fn answer(&mut self, response: &Head) -> io::Result<()> {
        let State::Asked(request) = std::mem::replace(&mut self.0, State::Over) else {
            return Err(io::ErrorKind::NotConnected.into());
        };
        self.0 = State::Answered(request.accept(response)?);
        Ok(())
    }

    /// The stream, if it has its answer.
    pub fn into_stream(self) -> Option<Stream> {
        match self.0 {
            State::Answered(stream) => Some(stream),
            State::Asked(_) | State::Over => None,
        }
    }

    fn stream(&mut self) -> io::Result<Pin<&mut Stream>> {
        match &mut self.0 {
            State::Answered(stream) => Ok(Pin::new(stream)),
            State::Asked(_) | State::Over => Err(io::ErrorKind::NotConnected.into()),
        }
    }
}

impl AsyncRead for Exchange {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match &mut self.get_mut().0 {
            State::Asked(request) => Pin::new(&mut **request).poll_read(cx, buf),
            State::Answered(stream) => Pin::new(stream).poll_read(cx, buf),
            State::Over => Poll::Ready(Ok(())),
        }
    }
}

impl AsyncWrite for Exchange {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.get_mut().stream()?.poll_write(cx, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.get_mut().stream()?.poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.get_mut().stream()?.poll_shutdown(cx)
    }
}

impl Transport for Exchange {
    fn reset_on_drop(&mut self) {
        self.reset_with(ErrorCode::CANCEL);
    }

    fn reset_with(&mut self, code: ErrorCode) {
        match std::mem::replace(&mut self.0, State::Over) {
            State::Asked(request) => request.reset(code),
            State::Answered(mut stream) => {
                stream.reset_with(code);
                self.0 = State::Answered(stream);
            }
            State::Over => {}
        }
    }
}
