//! Standard input, read when it is ready.

use std::io::{self, Read};
use std::os::fd::{AsFd, OwnedFd};
use std::task::{Context, Poll, ready};

use rustix::event::{PollFd, PollFlags};
use rustix::fs::OFlags;
use rustix::net::RecvFlags;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

use super::descriptor::{Descriptor, classify, watch, widen};
use crate::sys::blocks::Blocks;

#[derive(Debug)]
pub struct Stdin(Source);

#[derive(Debug)]
enum Source {
    Ready {
        fd: AsyncFd<OwnedFd>,
        how: ReadMode,
        widened: bool,
    },
    /// A regular file, for example, which cannot be polled.
    Thread(Blocks),
    /// Closed before wsee started, or open for writing only, as nohup leaves it.
    Closed,
}

#[derive(Debug, Clone, Copy)]
enum ReadMode {
    NonBlocking {
        short_read_empties: bool,
    },
    /// Each call asks it not to.
    Socket,
    /// Polled before each read.
    AskFirst,
}

/// The usual capacity of a pipe, in bytes: after a read of this much its writer is probably waiting.
const FULL_PIPE: usize = 64 << 10;

impl Stdin {
    /// The process's standard input; needs a tokio runtime.
    pub fn open() -> io::Result<Self> {
        if !is_readable() {
            return Ok(Self(Source::Closed));
        }
        let Ok(descriptor) = classify(io::stdin().as_fd(), OFlags::RDONLY) else {
            return Ok(Self(Source::Closed));
        };
        let (fd, how) = match descriptor {
            Descriptor::Own {
                fd,
                short_read_empties,
            } => (fd, ReadMode::NonBlocking { short_read_empties }),
            Descriptor::Socket(fd) => (fd, ReadMode::Socket),
            Descriptor::Shared(fd) => (fd, ReadMode::AskFirst),
            Descriptor::File(fd) => return Ok(Self(Source::Thread(thread(fd)))),
        };
        let Ok(fd) = watch(fd, Interest::READABLE) else {
            // Not every system can watch every terminal.
            let stdin = io::stdin().as_fd().try_clone_to_owned()?;
            return Ok(Self(Source::Thread(thread(stdin))));
        };
        let widened = false;
        Ok(Self(Source::Ready { fd, how, widened }))
    }

    pub fn empty() -> Self {
        Self(Source::Closed)
    }

    pub fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        match &mut self.0 {
            Source::Closed => Poll::Ready(Ok(0)),
            Source::Thread(blocks) => blocks.poll_read(cx, buffer),
            Source::Ready { fd, how, widened } => {
                let read = ready!(poll_fd(fd, *how, cx, buffer))?;
                if read >= FULL_PIPE && !std::mem::replace(widened, true) {
                    widen(fd);
                }
                Poll::Ready(Ok(read))
            }
        }
    }
}

/// Whether standard input is open for reading.
///
/// Asked before it is opened again: the other end of a pipe can be opened for reading, and is not our input.
pub fn is_readable() -> bool {
    rustix::fs::fcntl_getfl(rustix::stdio::stdin())
        .is_ok_and(|flags| flags & OFlags::RWMODE != OFlags::WRONLY)
}

/// Appends what is there to `text`, waiting for it; false at the end of input.
///
/// Takes nothing beyond that, so that a [`Stdin`] opened later continues there.
pub fn read_some(text: &mut Vec<u8>) -> io::Result<bool> {
    let mut block = [0; 4 << 10];
    loop {
        match rustix::io::read(rustix::stdio::stdin(), &mut block) {
            Ok(n) => {
                text.extend_from_slice(&block[..n]);
                return Ok(n > 0);
            }
            Err(rustix::io::Errno::INTR) => {}
            Err(rustix::io::Errno::BADF) => return Ok(false),
            Err(error) => return Err(error.into()),
        }
    }
}

pub fn read_all(bytes: &mut Vec<u8>) -> io::Result<usize> {
    io::stdin().lock().read_to_end(bytes)
}

fn thread(fd: OwnedFd) -> Blocks {
    Blocks::start(move |block| Ok(rustix::io::read(&fd, block)?))
}

fn poll_fd(
    fd: &AsyncFd<OwnedFd>,
    how: ReadMode,
    cx: &mut Context<'_>,
    buffer: &mut [u8],
) -> Poll<io::Result<usize>> {
    loop {
        let mut guard = ready!(fd.poll_read_ready(cx))?;
        match read_now(fd.get_ref(), how, buffer) {
            Ok(n) => {
                let empties = !matches!(
                    how,
                    ReadMode::AskFirst
                        | ReadMode::NonBlocking {
                            short_read_empties: false
                        }
                );
                if empties && n > 0 && n < buffer.len() {
                    // Saves a read that would only return EAGAIN.
                    guard.clear_ready();
                }
                return Poll::Ready(Ok(n));
            }
            Err(rustix::io::Errno::AGAIN) => guard.clear_ready(),
            Err(rustix::io::Errno::INTR) => {}
            // A terminal whose other side is gone.
            Err(rustix::io::Errno::IO) => return Poll::Ready(Ok(0)),
            Err(error) => return Poll::Ready(Err(error.into())),
        }
    }
}

fn read_now(fd: &OwnedFd, how: ReadMode, buffer: &mut [u8]) -> rustix::io::Result<usize> {
    match how {
        ReadMode::NonBlocking { .. } => rustix::io::read(fd, buffer),
        ReadMode::Socket => rustix::net::recv(fd, buffer, RecvFlags::DONTWAIT).map(|(_, n)| n),
        ReadMode::AskFirst => {
            let mut asked = [PollFd::new(fd, PollFlags::IN)];
            match rustix::event::poll(&mut asked, Some(&rustix::event::Timespec::default()))? {
                0 => Err(rustix::io::Errno::AGAIN),
                _ => rustix::io::read(fd, buffer),
            }
        }
    }
}
