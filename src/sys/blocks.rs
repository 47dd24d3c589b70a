//! Input that cannot be polled, read by a thread.

use std::io;
use std::task::{Context, Poll, ready};

use tokio::sync::mpsc;

/// The blocks that a thread reads ahead, until the end of the input or an error.
#[derive(Debug)]
pub(super) struct Blocks {
    receiver: mpsc::Receiver<io::Result<Vec<u8>>>,
    current: Vec<u8>,
    taken: usize,
}

/// Bytes of a block: what a pipe is read in elsewhere.
const SIZE: usize = 256 << 10;
/// Blocks that the thread reads ahead.
const AHEAD: usize = 2;

impl Blocks {
    pub(super) fn start(
        mut read: impl FnMut(&mut [u8]) -> io::Result<usize> + Send + 'static,
    ) -> Self {
        let (sender, receiver) = mpsc::channel(AHEAD);
        std::thread::spawn(move || {
            loop {
                let mut block = vec![0; SIZE];
                let read = read(&mut block);
                if matches!(&read, Err(error) if error.kind() == io::ErrorKind::Interrupted) {
                    continue;
                }
                let over = !matches!(read, Ok(1..));
                let result = read.map(|n| {
                    block.truncate(n);
                    block
                });
                if sender.blocking_send(result).is_err() || over {
                    return;
                }
            }
        });
        Self {
            receiver,
            current: Vec::new(),
            taken: 0,
        }
    }

    pub(super) fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        if self.taken == self.current.len() {
            match ready!(self.receiver.poll_recv(cx)) {
                Some(block) => self.current = block?,
                None => return Poll::Ready(Ok(0)),
            }
            self.taken = 0;
        }
        let rest = &self.current[self.taken..];
        let n = rest.len().min(buffer.len());
        buffer[..n].copy_from_slice(&rest[..n]);
        self.taken += n;
        Poll::Ready(Ok(n))
    }
}
