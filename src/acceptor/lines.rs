//! `--jsonl`: the events of all clients on stdout.

use std::future::poll_fn;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use crate::term::Stdout;

/// Where the lines of all clients wait for stdout; clones are the same.
#[derive(Debug, Clone, Default)]
pub struct Lines(Arc<Mutex<Waiting>>);

#[derive(Debug, Default)]
struct Waiting {
    bytes: Vec<u8>,
    writer: Option<Waker>,
    /// Clients that wait for room.
    clients: Vec<Waker>,
    /// A block of lines is being written.
    is_writing: bool,
    is_broken: bool,
}

/// Runs a server and passes its events on to stdout, of which the last ones have `patience` after its end.
///
/// # Errors
///
/// If events cannot be written, which ends the server as well.
pub async fn with_events(
    serving: impl Future<Output = ()>,
    lines: Option<Lines>,
    patience: Duration,
) -> io::Result<()> {
    let Some(lines) = lines else {
        serving.await;
        return Ok(());
    };
    let served = async {
        serving.await;
        // Their reader may not read any more.
        let _ = tokio::time::timeout(patience, lines.written()).await;
    };
    tokio::select! {
        () = served => Ok(()),
        // Without a reader of its events, the server has no purpose.
        error = lines.pass_on() => Err(error),
    }
}

/// From this many bytes on clients are not read: what is not taken must not fill the memory.
const FULL: usize = 1 << 20;

impl Lines {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        // No writer leaves it half changed.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn write(&self, write: impl FnOnce(&mut Vec<u8>) -> io::Result<()>) {
        let waiting = &mut *self.lock();
        if !waiting.is_broken {
            // Writing to a Vec fails only for a value that is no JSON, and events are.
            let _ = write(&mut waiting.bytes);
        }
        if let Some(writer) = waiting.writer.take() {
            writer.wake();
        }
    }

    /// Ready while there is room for more.
    pub fn poll_room(&self, cx: &mut Context<'_>) -> Poll<()> {
        let waiting = &mut *self.lock();
        if waiting.bytes.len() < FULL {
            return Poll::Ready(());
        }
        if !waiting.clients.iter().any(|it| it.will_wake(cx.waker())) {
            waiting.clients.push(cx.waker().clone());
        }
        Poll::Pending
    }

    /// Writes lines to stdout; returns when its reader is gone.
    async fn pass_on(&self) -> io::Error {
        let mut stdout = match Stdout::open() {
            Ok(stdout) => stdout,
            Err(error) => return self.give_up(error),
        };
        let mut block = Vec::new();
        let mut written = 0;
        let error = poll_fn(|cx| {
            loop {
                if written == block.len() {
                    block.clear();
                    written = 0;
                    ready!(self.poll_block(cx, &mut block));
                }
                match ready!(stdout.poll_write(cx, &block[written..])) {
                    Ok(n) => written += n,
                    Err(error) => return Poll::Ready(error),
                }
            }
        });
        let error = error.await;
        self.give_up(error)
    }

    fn poll_block(&self, cx: &mut Context<'_>, block: &mut Vec<u8>) -> Poll<()> {
        let waiting = &mut *self.lock();
        waiting.is_writing = !waiting.bytes.is_empty();
        if waiting.bytes.is_empty() {
            waiting.clients.drain(..).for_each(Waker::wake);
            waiting.writer = Some(cx.waker().clone());
            return Poll::Pending;
        }
        std::mem::swap(&mut waiting.bytes, block);
        waiting.clients.drain(..).for_each(Waker::wake);
        Poll::Ready(())
    }

    fn give_up(&self, error: io::Error) -> io::Error {
        let waiting = &mut *self.lock();
        waiting.is_broken = true;
        waiting.bytes = Vec::new();
        waiting.clients.drain(..).for_each(Waker::wake);
        error
    }

    /// Completes when everything is written.
    async fn written(&self) {
        poll_fn(|cx| {
            let waiting = &mut *self.lock();
            if waiting.is_broken || waiting.bytes.is_empty() && !waiting.is_writing {
                return Poll::Ready(());
            }
            waiting.clients.push(cx.waker().clone());
            Poll::Pending
        })
        .await;
    }
}
