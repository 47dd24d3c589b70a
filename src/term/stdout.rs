//! Standard output, written without blocking.

use std::fmt;
use std::future::poll_fn;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags};
use rustix::fs::OFlags;
use rustix::io::Errno;
use rustix::net::SendFlags;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

use super::descriptor::{Descriptor, classify, watch, widen};

pub struct Stdout {
    fd: OwnedFd,
    how: WriteMode,
    /// Registered when output has to wait for the first time.
    writable: Option<AsyncFd<OwnedFd>>,
    hang_up: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
}

#[derive(Debug, Clone, Copy)]
enum WriteMode {
    NonBlocking,
    Socket,
    /// Polled before each write, of at most [`PIPE_BUF`] bytes.
    AskFirst,
    File,
}

/// What a pipe that polls as writable takes without blocking: the least that POSIX allows.
const PIPE_BUF: usize = 512;

impl Stdout {
    /// The process's standard output; needs a tokio runtime.
    ///
    /// A pipe whose reader is already gone is an error of kind [`io::ErrorKind::BrokenPipe`].
    pub fn open() -> io::Result<Self> {
        let (fd, how) = match classify(io::stdout().as_fd(), OFlags::WRONLY)? {
            Descriptor::Own { fd, .. } => (fd, WriteMode::NonBlocking),
            Descriptor::Socket(fd) => (fd, WriteMode::Socket),
            Descriptor::File(fd) => (fd, WriteMode::File),
            Descriptor::Shared(fd) => (fd, WriteMode::AskFirst),
        };
        let hang_up = match how {
            WriteMode::File => None,
            _ => Some(hang_up(fd.try_clone()?)?),
        };
        Ok(Self {
            fd,
            how,
            writable: None,
            hang_up,
        })
    }

    pub fn poll_write(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        loop {
            match self.write_now(bytes) {
                Ok(n) => return Poll::Ready(Ok(n)),
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => ready!(self.poll_writable(cx))?,
                Err(error) => return Poll::Ready(Err(error.into())),
            }
        }
    }

    pub fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        Ok(self.write_now(bytes)?)
    }

    /// Ready when the reader is gone, even while nothing is written.
    pub fn poll_hang_up(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(hang_up) = &mut self.hang_up else {
            return Poll::Pending;
        };
        ready!(hang_up.as_mut().poll(cx));
        self.hang_up = None;
        Poll::Ready(())
    }

    fn write_now(&self, bytes: &[u8]) -> rustix::io::Result<usize> {
        match self.how {
            WriteMode::NonBlocking | WriteMode::File => rustix::io::write(&self.fd, bytes),
            WriteMode::Socket => {
                rustix::net::send(&self.fd, bytes, SendFlags::DONTWAIT | SendFlags::NOSIGNAL)
            }
            WriteMode::AskFirst => {
                let mut asked = [PollFd::new(&self.fd, PollFlags::OUT)];
                match rustix::event::poll(&mut asked, Some(&rustix::event::Timespec::default()))? {
                    0 => Err(Errno::AGAIN),
                    _ => rustix::io::write(&self.fd, &bytes[..bytes.len().min(PIPE_BUF)]),
                }
            }
        }
    }

    fn poll_writable(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.writable.is_none() {
            widen(&self.fd);
            let copy = self.fd.try_clone()?;
            self.writable = Some(watch(copy, Interest::WRITABLE)?);
        }
        if let Some(writable) = &self.writable {
            ready!(writable.poll_write_ready(cx))?.clear_ready();
        }
        Poll::Ready(Ok(()))
    }
}

/// Writes all of `bytes` to standard output; an error of kind [`io::ErrorKind::TimedOut`] when that takes longer.
///
/// Needs a tokio runtime.
pub async fn write_within(limit: Duration, bytes: &[u8]) -> io::Result<()> {
    let mut stdout = Stdout::open()?;
    let mut rest = bytes;
    let write = poll_fn(|cx| {
        while !rest.is_empty() {
            let written = ready!(stdout.poll_write(cx, rest))?;
            rest = &rest[written..];
        }
        Poll::Ready(Ok(()))
    });
    match tokio::time::timeout(limit, write).await {
        Ok(written) => written,
        Err(_elapsed) => Err(io::ErrorKind::TimedOut.into()),
    }
}

/// Completes when the other side of `fd` is gone.
fn hang_up(fd: OwnedFd) -> io::Result<Pin<Box<dyn Future<Output = ()> + Send>>> {
    let fd = watch(fd, Interest::ERROR)?;
    Ok(Box::pin(async move {
        // If the wait itself fails, the next write reports the error.
        if fd.ready(Interest::ERROR).await.is_err() {
            std::future::pending::<()>().await;
        }
    }))
}

impl fmt::Debug for Stdout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stdout")
            .field("fd", &self.fd)
            .field("how", &self.how)
            .finish_non_exhaustive()
    }
}
