//! Bytes that pass unseen: they are counted, and nothing else.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::acceptor::wait;
use crate::dial::io_text;
use crate::event::Side;
use crate::proxy::Signals;
use crate::session::Transport;

/// How much is read at a time, in bytes, in each direction: a record of TLS.
const BLOCK: usize = 16 << 10;

/// What has passed.
#[derive(Debug)]
pub(super) struct Passed {
    /// From the client, and from the server.
    pub(super) bytes: [u64; 2],
    /// Which end failed, and how.
    pub(super) failure: Option<(Side, String)>,
}

/// Passes bytes on until both ends have ended, one fails, or the run ends; an end passes on as an end, a reset as a
/// reset.
pub(super) async fn relay(
    client: &mut dyn Transport,
    server: &mut dyn Transport,
    signals: &Signals,
) -> Passed {
    let mut client = Counted::new(client);
    let mut server = Counted::new(server);
    let copy = tokio::io::copy_bidirectional_with_sizes(&mut client, &mut server, BLOCK, BLOCK);
    let copied = tokio::select! {
        copied = copy => copied.map(drop),
        _ = wait(signals.clone()) => Ok(()),
    };
    if let Err(error) = copied
        && matches!(
            error.kind(),
            io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe
        )
    {
        client.stream.reset_on_drop();
        server.stream.reset_on_drop();
    }
    let failure = |side, text: Option<String>| text.map(|text| (side, text));
    Passed {
        bytes: [client.read, server.read],
        failure: failure(Side::Client, client.failure)
            .or_else(|| failure(Side::Server, server.failure)),
    }
}

/// Counts what is read, and keeps the first failure.
struct Counted<'a> {
    stream: &'a mut dyn Transport,
    read: u64,
    failure: Option<String>,
}

impl<'a> Counted<'a> {
    fn new(stream: &'a mut dyn Transport) -> Self {
        Self {
            stream,
            read: 0,
            failure: None,
        }
    }

    fn note<T>(&mut self, done: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if let Poll::Ready(Err(error)) = &done {
            self.failure.get_or_insert_with(|| io_text(error));
        }
        done
    }
}

impl AsyncRead for Counted<'_> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let counted = self.get_mut();
        let before = buf.filled().len();
        let done = Pin::new(&mut *counted.stream).poll_read(cx, buf);
        counted.read += (buf.filled().len() - before) as u64;
        counted.note(done)
    }
}

impl AsyncWrite for Counted<'_> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let counted = self.get_mut();
        let done = Pin::new(&mut *counted.stream).poll_write(cx, buf);
        counted.note(done)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let counted = self.get_mut();
        let done = Pin::new(&mut *counted.stream).poll_flush(cx);
        counted.note(done)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let counted = self.get_mut();
        let done = Pin::new(&mut *counted.stream).poll_shutdown(cx);
        counted.note(done)
    }
}
