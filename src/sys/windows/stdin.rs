//! Standard input, read by a thread: neither pipes nor the console report that they are ready.

use std::io::{self, BufRead, Read};
use std::task::{Context, Poll};

use crate::sys::blocks::Blocks;

#[derive(Debug)]
pub struct Stdin(Option<Blocks>);

impl Stdin {
    /// The process's standard input; an absent one is empty.
    pub fn open() -> io::Result<Self> {
        let read = |block: &mut [u8]| io::stdin().lock().read(block);
        Ok(Self(Some(Blocks::start(read))))
    }

    pub fn empty() -> Self {
        Self(None)
    }

    pub fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        match &mut self.0 {
            Some(blocks) => blocks.poll_read(cx, buffer),
            None => Poll::Ready(Ok(0)),
        }
    }
}

/// Whether standard input is open for reading; it is opened for nothing else here.
pub fn is_readable() -> bool {
    true
}

/// Appends what is there to `text`, waiting for it; false at the end of input.
///
/// Takes nothing beyond that, so that a [`Stdin`] opened later continues there.
pub fn read_some(text: &mut Vec<u8>) -> io::Result<bool> {
    let mut stdin = io::stdin().lock();
    let block = stdin.fill_buf()?;
    text.extend_from_slice(block);
    let taken = block.len();
    stdin.consume(taken);
    Ok(taken > 0)
}

pub fn read_all(bytes: &mut Vec<u8>) -> io::Result<usize> {
    io::stdin().lock().read_to_end(bytes)
}
