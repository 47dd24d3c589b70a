//! Standard output, written without blocking.

use std::fmt;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use rustix::event::{PollFd, PollFlags};
use rustix::fs::OFlags;
use rustix::io::Errno;
use rustix::net::SendFlags;
use tokio::io::unix::AsyncFd;
use tokio::io::{Interest, Ready};

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
    /// One that was closed (`>&-`) is `/dev/null` by now: Rust's runtime opens it before `main`, with the flags that
    /// Python's `subprocess.DEVNULL` has too, so that it cannot be told from one that is meant.
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
            // Where it cannot be watched, the next write finds out.
            _ => hang_up(fd.try_clone()?).ok(),
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
            // Rust ignores SIGPIPE, so no flag has to.
            WriteMode::Socket => rustix::net::send(&self.fd, bytes, SendFlags::DONTWAIT),
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

/// Completes when the other side of `fd` is gone.
fn hang_up(fd: OwnedFd) -> io::Result<Pin<Box<dyn Future<Output = ()> + Send>>> {
    let fd = watch(fd, GONE)?;
    Ok(Box::pin(async move {
        while let Ok(mut guard) = fd.ready(GONE).await {
            if is_gone(guard.ready()) {
                return;
            }
            guard.clear_ready();
        }
        // If the wait itself fails, the next write reports the error.
        std::future::pending::<()>().await;
    }))
}

/// How the end of a reader shows; kqueue has no event of its own for it.
const GONE: Interest = if cfg!(target_os = "linux") {
    Interest::ERROR
} else {
    Interest::WRITABLE
};

fn is_gone(ready: Ready) -> bool {
    ready.is_error() || ready.is_write_closed()
}

impl fmt::Debug for Stdout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stdout")
            .field("fd", &self.fd)
            .field("how", &self.how)
            .finish_non_exhaustive()
    }
}
